"""Ctrl-C at any time: exit code 130, one line, no temporary file, no program left at work, and what was whole stays."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import xarray as xr
from fake_wheel import fake_wheel

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")

PATIENCE = 60.0
"""Seconds until the command must be at work, and after the interruption until it must have ended: a bound, not a measurement."""
LONG_WEIGHTS = ("weights", "--rule", "pair", "--inputs", "200", "--duration", "200000 s", "--seeds", "6", "--memory", "8 GB")
TALE = """#!/bin/sh
case "$*" in
  *model.cpp*|*code_objects*|*_cython_magic*) echo $$ > "{mark}"; sleep 300 & wait ;;
esac
exec "{compiler}" "$@"
"""


def wait_for(happened, running=None) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert running is None or running.poll() is None, running.stderr.read()
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


def cpu(process: int) -> float:
    """Seconds of all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_at_work(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def begin(tmp_path):
    """Starts a command in an empty folder, with a folder of its own for temporary files."""
    started = []
    (tmp_path / "here").mkdir()
    (tmp_path / "temporary").mkdir()

    def start(*arguments, **environment):
        running = subprocess.Popen(
            [sys.executable, "-m", "spikeheb", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=tmp_path / "here",
            env={**os.environ, "TMPDIR": str(tmp_path / "temporary"), **environment},
        )  # fmt: skip
        started.append(running)
        return running

    yield start
    for running in started:
        running.kill()
        running.communicate()


def interrupt(running, tmp_path, number=signal.SIGINT) -> None:
    running.send_signal(number)
    output, errors = running.communicate(timeout=PATIENCE)
    assert running.returncode == 128 + number, errors
    assert errors.splitlines()[-1] == "interrupted"
    assert "Traceback" not in errors
    assert output == ""
    assert list((tmp_path / "here").iterdir()) == []
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("arguments", [LONG_WEIGHTS, ("score", "--progress")], ids=["weights", "score"])
def test_kernels_that_run_side_by_side_stop(begin, tmp_path, arguments, number):
    """The works that have not begun would take minutes."""
    running = begin(*arguments)
    wait_for(lambda: cpu(running.pid) > 4.0, running)  # imports take one second, and what comes after them is the work
    interrupt(running, tmp_path, number)


def slow_compiler(tmp_path, mark: Path) -> str:
    """One that never ends where it is given a kernel, and says which process it is."""
    compiler = shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler here")
    script = tmp_path / "slow"
    script.write_text(TALE.format(mark=mark, compiler=compiler))
    script.chmod(0o755)
    return str(script)


@pytest.mark.parametrize(
    "arguments",
    [
        ("window", "--rule", "pair"),
        ("weights", "--rule", "pair", "--rule", "triplet", "--duration", "1 s"),
        ("run", "pairing", "--rule", "pair", "-p", "pairs=2", "--test-pulses", "off", "--engine", "brian:standalone"),
        ("run", "pairing", "--rule", "pair", "-p", "pairs=2", "--test-pulses", "off", "--engine", "brian:cython"),
    ],
    ids=["window", "weights", "standalone", "cython"],
)
def test_a_compiler_at_work_is_ended(begin, tmp_path, arguments):
    mark = tmp_path / "mark"
    cache = tmp_path / "cache"
    slow = slow_compiler(tmp_path, mark)
    running = begin(*arguments, CXX=slow, CC=slow, SPIKEHEB_CACHE=str(cache))
    wait_for(lambda: mark.exists() and mark.read_text().strip(), running)
    compiler = int(mark.read_text())
    interrupt(running, tmp_path)
    wait_for(lambda: not is_at_work(compiler))
    assert [path.name for path in cache.glob("*/*.*") if path.suffix != ".lock"] == []
    assert list(cache.rglob("*.o")) == []


SWALLOWING = """
import os, signal, sys, time
import spikeheb.cli as cli
from spikeheb.cli import app

def swallow(*_, **__):
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep({first})
    except BaseException:
        pass
    time.sleep(300)

def inside_of_exec(*_, **__):
    exec("import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(300)")

app.build = lambda: {name}
sys.argv = ["spikeheb", "list"]
cli.main()
"""


@pytest.mark.parametrize(("name", "code"), [("swallow", 143), ("inside_of_exec", 130)])
def test_an_interruption_is_not_swallowed(name, code):
    """Many libraries catch every exception while they are imported; Python has an exit code of its own after exec."""
    text = SWALLOWING.format(name=name, first=300)
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=PATIENCE)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "", "interrupted\n")


def test_what_is_to_be_ignored_stays_ignored():
    """A shell starts what goes on in the background so."""
    text = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from spikeheb.cli import app, main\n"
        "app.build = lambda: lambda **_: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.argv = ['spikeheb', 'list']; main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=PATIENCE)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_result_that_is_computed_is_kept_when_its_table_is_interrupted(tmp_path):
    from spikeheb.cli import output

    def interrupted():
        raise KeyboardInterrupt

    data = xr.Dataset({"w": ("lane", [1.0])}, attrs={"study": "replay"})
    with pytest.raises(KeyboardInterrupt):
        output.deliver(data, tmp_path, False, output.STANDARD, output.Words(interrupted))
    assert [path.name for path in tmp_path.iterdir()] == ["result.nc"]


def test_half_built_modules_are_removed_and_those_of_others_stay(tmp_path):
    from spikeheb.engines.brian import modules
    from spikeheb.engines.locks import held

    for name in ("mine", "others", "whole"):
        (tmp_path / f"{name}.so").write_bytes(b"")
    for name in ("mine", "others"):
        for suffix in (".pyx", ".cpp", ".lock"):
            (tmp_path / f"{name}{suffix}").write_bytes(b"")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "mine.o").write_bytes(b"")
    with held(tmp_path / "others.lock"):
        modules.remove_half_built(tmp_path)
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"others.so", "others.pyx", "others.cpp", "others.lock", "whole.so"}


def test_the_wheels_compiler_at_work_is_ended(begin, tmp_path):
    """There is no other compiler: Python calls the wheel's, which starts another program."""
    mark, cache = tmp_path / "mark", tmp_path / "cache"
    script = Path(slow_compiler(tmp_path, mark)).read_text().replace("\n", f'\nPATH="{os.environ["PATH"]}"; export PATH\n', 1)
    wheel = fake_wheel(tmp_path, script.replace("exec ", "shift; exec "))
    path = os.pathsep.join([str(wheel), str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    environment = {"PATH": str(tmp_path / "here"), "PYTHONPATH": path, "SPIKEHEB_CACHE": str(cache), "CXX": ""}
    running = begin("window", "--rule", "pair", **environment)
    wait_for(lambda: mark.exists() and mark.read_text().strip(), running)
    compiler = int(mark.read_text())
    interrupt(running, tmp_path)
    wait_for(lambda: not is_at_work(compiler))
    assert [path.name for path in cache.glob("*/*.*")] == []


def test_what_waits_for_another_process_stops(begin, tmp_path):
    """The lock of an entry is held by a process that goes on for long."""
    mark = tmp_path / "mark"
    environment = {"CXX": slow_compiler(tmp_path, mark), "SPIKEHEB_CACHE": str(tmp_path / "cache")}
    other = begin("window", "--rule", "pair", "--out", "other", **environment)
    wait_for(mark.exists, other)
    running = begin("weights", "--rule", "pair", "--duration", "1 s", "--engine", "kernel", **environment)
    wait_for(lambda: cpu(running.pid) > 0.5, running)
    other.send_signal(signal.SIGINT)
    other.communicate(timeout=PATIENCE)
    assert other.returncode == 130
    interrupt(running, tmp_path)


def test_an_interruption_before_the_first_command_line_is_read():
    code = (
        "import os, signal, sys, builtins\n"
        "import spikeheb.cli as cli\n"
        "true = builtins.__import__\n"
        "def first(name, *rest, **more):\n"
        "    if name == 'spikeheb.cli.app': os.kill(os.getpid(), signal.SIGINT)\n"
        "    return true(name, *rest, **more)\n"
        "builtins.__import__ = first\n"
        "sys.argv = ['spikeheb', 'list']\n"
        "cli.main()\n"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert (finished.returncode, finished.stdout, finished.stderr) == (130, "", "interrupted\n")
