"""The program as a process: start, exit codes, interruption, what happens when it cannot write or compile."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import spikeheb as sh
from spikeheb.cli import output

NUMPY = ("--engine", "brian:numpy")
BARE = ("--test-pulses", "off", *NUMPY)
HEAVY = ("brian2", "matplotlib", "xarray", "scipy", "numpy", "h5py", "msgspec", "neo")


def process(*arguments, **options):
    command = [sys.executable, *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


MODULES = 500
"""As many as --help may import; numpy alone would bring another two hundred."""


def test_help_imports_little_and_nothing_heavy():
    code = (
        "import sys; sys.argv = ['spikeheb', '--help']\n"
        "from spikeheb.cli import main\n"
        "try: main()\n"
        f"finally: print([name for name in {HEAVY} if name in sys.modules], len(sys.modules), file=sys.stderr)"
    )
    done = process("-c", code)
    assert done.returncode == 0
    assert "analyse" in done.stdout
    heavy, _, count = done.stderr.strip().rpartition(" ")
    assert heavy == "[]"
    assert int(count) <= MODULES


def test_version_and_module():
    assert process("-m", "spikeheb", "--version").stdout.strip() == f"spikeheb {sh.__version__}"


def test_the_installed_command():
    command = shutil.which("spikeheb", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("not installed as a command")
    finished = subprocess.run([command, "list", "kells"], capture_output=True, text=True)
    assert finished.returncode == 2
    assert finished.stderr == 'error: no kind of thing named "kells"; did you mean "cells"?\n'


def test_a_protocol_runs_as_a_script(small, tmp_path):
    finished = process(small, "--rule", "pair", *BARE, "-p", "pairs=2", cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith("delta_t (ms)\tefficacy ratio\n")
    assert (tmp_path / "small-pair" / "result.nc").is_file()
    finished = process(small, "--rule", "pear", cwd=tmp_path)
    assert (finished.returncode, finished.stderr) == (2, 'error: no rule named "pear"; did you mean "pair"?\n')


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_interruption_leaves_no_half_result(tmp_path):
    command = [sys.executable, "-m", "spikeheb", "run", "sjostrom_2001", "--rule", "pair", *NUMPY, "--progress"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as running:
        assert running.stderr is not None
        assert running.stdout is not None
        assert "0 %" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        errors = running.stderr.read()
        assert running.wait(timeout=60) == 130
        assert running.stdout.read() == ""
    assert errors.splitlines()[-1] == "interrupted"
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("environment", [{"CXX": "/bin/false"}, {"CXX": "no-such-compiler"}])
def test_without_a_compiler_cython_falls_back_and_says_so(small, tmp_path, environment):
    env = {**os.environ, "SPIKEHEB_CACHE": str(tmp_path / "cache"), **environment}
    arguments = ["--rule", "pair", "--test-pulses", "off", "--engine", "brian:cython"]
    finished = process("-m", "spikeheb", "run", small, *arguments, "--out", "here", cwd=tmp_path, env=env)
    assert finished.returncode == 0, finished.stderr
    assert "engine: brian:numpy\nnote: no C++ compiler found that Brian2 can use, numpy instead of cython\n" in finished.stderr
    attrs = sh.load(tmp_path / "here" / "result.nc").attrs
    assert (attrs["engine"], attrs["engine_note"]) == ("brian:numpy", "no C++ compiler found that Brian2 can use, numpy instead of cython")


def test_a_full_disk_ends_in_one_line(small, tmp_path):
    """Files of more than a few bytes cannot be written anywhere: what was computed is on stdout at least."""
    resource = pytest.importorskip("resource")
    code = (
        "import resource, sys; from spikeheb.cli import main; import spikeheb.studies.experiment.experiment\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))\n"
        "main()"
    )
    assert resource is not None
    finished = process("-c", code, "run", small, "--rule", "pair", *BARE, "--out", "full", cwd=tmp_path)
    assert finished.returncode == 2, finished.stderr
    assert len(finished.stdout.splitlines()) == 3
    last = finished.stderr.splitlines()[-1]
    assert last.startswith("error: full/result.nc: could not be written whole (File too large); it could not be saved elsewhere either")
    assert "Traceback" not in finished.stderr
    assert list(tmp_path.iterdir()) == [small.parent]


def test_a_result_that_cannot_be_written_is_kept_elsewhere(spikeheb, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    true_replace = Path.replace

    def replace(self, target):
        if Path(target).parent.name == "pairing-pair":
            raise OSError(28, "No space left on device")
        return true_replace(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    line = spikeheb("run", "pairing", "--rule", "pair", "-p", "pairs=2", *BARE).err.splitlines()[-1]
    before, _, kept = line.partition("; the result is kept in ")
    assert before == "error: pairing-pair/result.nc: could not be written whole (No space left on device)"
    assert kept.startswith(str(tmp_path / "temporary"))
    assert sh.load(kept).sizes["condition"] == 6


def test_a_figure_that_cannot_be_written_leaves_the_result(spikeheb, tmp_path, monkeypatch):
    def refuse(figure, path):
        raise sh.StorageError("could not be written whole (No space left on device)", path=str(path))

    monkeypatch.setattr("spikeheb.plots.write", refuse)
    printed = spikeheb("run", "pairing", "--rule", "pair", "-p", "pairs=2", *BARE)
    assert printed.code == 2
    assert printed.err.splitlines()[-1].endswith("the result itself is complete in pairing-pair/result.nc")
    assert sh.load(tmp_path / "pairing-pair" / "result.nc").sizes["condition"] == 6


def test_a_result_that_appears_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "result.nc").write_text("another's")
    import xarray as xr

    with pytest.raises(sh.StorageError, match=r"exists already.*the result is kept in"):
        output.write(xr.Dataset({"w": 1.0}), tmp_path, force=False)
    assert (tmp_path / "result.nc").read_text() == "another's"


def test_closed_pipe_is_no_fault():
    finished = subprocess.run(
        f'"{sys.executable}" -m spikeheb show sjostrom_2001 | head -1', shell=True, capture_output=True, text=True, check=True
    )
    assert finished.stdout.startswith("sjostrom_2001")
    assert finished.stderr == ""


def test_a_result_is_written_though_nobody_reads_the_table(small, tmp_path):
    code = (
        "import os, sys; from spikeheb.cli import main; reading, writing = os.pipe(); os.close(reading); os.dup2(writing, 1)\n"
        "sys.stdout = os.fdopen(1, 'w', buffering=1)\n"
        "main()"
    )
    finished = process("-c", code, "run", small, "--rule", "pair", *BARE, "--out", "kept", cwd=tmp_path)
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
    assert sh.load(tmp_path / "kept" / "result.nc").sizes["condition"] == 2


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("sjostrom_2001", "triplet", "visual_cortex_all_min"), "sjostrom_2001-triplet-visual_cortex_all_min"),
        (("replay", "my file/..", "pair", ""), "replay-my_file_..-pair"),
    ],
)
def test_names_of_folders(words, name):
    assert output.folder_name(*words) == Path(name)


def test_a_command_in_a_script_returns_its_exit_code_and_python_goes_on():
    code = "import spikeheb as sh; print(sh.main(['list', 'rules']), sh.main(['show', 'nonsense']), 'goes on')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "0 2 goes on"
