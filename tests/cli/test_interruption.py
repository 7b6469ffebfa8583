"""Ctrl-C at any time: exit code 130, one line, no temporary file, no program left at work, and what was whole stays."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_wheel import fake_wheel

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")

PATIENCE = 60.0
"""Seconds until the command must be at work, and after the interruption until it must have ended: a bound, not a measurement."""
LONG_WEIGHTS = ("weights", "--rule", "pair", "--inputs", "200", "--duration", "200000 s", "--seeds", "6", "--memory", "8 GB")
TALE = """#!/bin/sh
case "$*" in
  *model.cpp*|*code_objects*) echo $$ > "{mark}"; sleep 300 & wait ;;
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


def interrupt(running, tmp_path) -> None:
    running.send_signal(signal.SIGINT)
    output, errors = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130, errors
    assert errors.splitlines()[-1] == "interrupted"
    assert "Traceback" not in errors
    assert output == ""
    assert list((tmp_path / "here").iterdir()) == []
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("arguments", [LONG_WEIGHTS, ("score", "--progress")], ids=["weights", "score"])
def test_kernels_that_run_side_by_side_stop(begin, tmp_path, arguments):
    """The works that have not begun would take minutes."""
    running = begin(*arguments)
    wait_for(lambda: cpu(running.pid) > 4.0, running)  # imports take one second, and what comes after them is the work
    interrupt(running, tmp_path)


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
    ],
    ids=["window", "weights", "standalone"],
)
def test_a_compiler_at_work_is_ended(begin, tmp_path, arguments):
    mark = tmp_path / "mark"
    cache = tmp_path / "cache"
    running = begin(*arguments, CXX=slow_compiler(tmp_path, mark), SPIKEHEB_CACHE=str(cache))
    wait_for(lambda: mark.exists() and mark.read_text().strip(), running)
    compiler = int(mark.read_text())
    interrupt(running, tmp_path)
    wait_for(lambda: not is_at_work(compiler))
    assert [path.name for path in cache.glob("*/*.*")] == []


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
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert (found.returncode, found.stdout, found.stderr) == (130, "", "interrupted\n")
