"""Folders that cannot be written: the home folder, the cache, the current folder, before a run and while it is at work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import spikeheb as sh

PATIENCE = 600.0
"""Seconds until a command counts as hanging: on a machine where compilers keep all processors busy, the slowest here takes minutes."""
RUN = ("run", "pairing", "--rule", "pair", "-p", "pairs=2", "--test-pulses", "off")
WITHOUT_RIGHTS = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""The system's user, whom no permission stops, without what makes it so."""


@pytest.fixture(scope="module")
def obeying(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """What a command is begun with so that permissions hold for it."""
    folder = tmp_path_factory.mktemp("locked")
    folder.chmod(0o555)
    for prefix in ((), WITHOUT_RIGHTS):
        if not prefix or shutil.which(prefix[0]):
            tried = subprocess.run([*prefix, sys.executable, "-c", f"open({str(folder / str(len(prefix)))!r}, 'w')"], capture_output=True)
            if tried.returncode == 1 and b"PermissionError" in tried.stderr:
                return prefix
    pytest.skip("permissions cannot be made to hold here")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    for name in ("here", "home", "temporary"):
        (tmp_path / name).mkdir()
    yield tmp_path
    for folder in (tmp_path, *tmp_path.rglob("*")):
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o755)


@pytest.fixture
def ended(obeying: tuple[str, ...], place: Path) -> Callable[..., tuple[int, list[str]]]:
    """Runs Python or a command to its end; exit code, and lines on stderr."""

    def run(*arguments: str, unset: tuple[str, ...] = (), **environment: str) -> tuple[int, list[str]]:
        own = {"HOME": str(place / "home"), "TMPDIR": str(place / "temporary"), "MPLCONFIGDIR": ""} | environment
        whole = {name: value for name, value in {**os.environ, **own}.items() if value and name not in unset}
        whole |= {name: "" for name, value in environment.items() if not value}
        program = ["-m", "spikeheb"] if arguments[0] != "-c" else []
        command = [*obeying, sys.executable, *program, *arguments]
        process = subprocess.run(command, capture_output=True, text=True, env=whole, cwd=place / "here", timeout=PATIENCE)
        return process.returncode, process.stderr.splitlines()

    return run


Ended = Callable[..., tuple[int, list[str]]]
FIRST = ["engine", "result", "figure"]


def kinds(lines: list[str]) -> list[str]:
    return [line.partition(":")[0] for line in lines]


@pytest.mark.parametrize(
    "inside", ["", *(pytest.param(f, marks=pytest.mark.full) for f in (".cache", ".cache/spikeheb")), ".cache/spikeheb/kernel"]
)
def test_a_home_that_cannot_be_written_is_no_hindrance(ended: Ended, place: Path, inside: str) -> None:
    """What is built is kept for the run, and nothing is left of it."""
    locked = place / "home" / inside
    locked.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (place / "home" / ".cache" / "spikeheb").is_dir():
        (place / "home" / ".cache" / "spikeheb").chmod(0o700)
    locked.chmod(0o500)
    code, lines = ended(*RUN, unset=("SPIKEHEB_CACHE", "XDG_CACHE_HOME"))
    assert code == 0, lines
    assert kinds(lines) == ["note", *FIRST]
    assert "is not used, and what is built is kept for this run only: it cannot be written (Permission denied)" in lines[0]
    assert list((place / "temporary").iterdir()) == []
    assert (place / "here" / "pairing-pair" / "result.nc").is_file()


def test_what_is_in_a_cache_that_cannot_be_written_is_used(ended: Ended, place: Path) -> None:
    cache = place / "cache"
    assert ended(*RUN, SPIKEHEB_CACHE=str(cache))[0] == 0
    for folder in (cache, *cache.rglob("*")):
        if folder.is_dir():
            folder.chmod(0o500)
    code, lines = ended(*RUN, "--force", SPIKEHEB_CACHE=str(cache))
    assert (code, kinds(lines)) == (0, FIRST), lines


def test_a_home_that_is_not_there_is_made_for_the_user_alone(ended: Ended, place: Path) -> None:
    home = place / "missing" / "home"
    code, lines = ended(*RUN, unset=("SPIKEHEB_CACHE", "XDG_CACHE_HOME"), HOME=str(home))
    assert (code, kinds(lines)) == (0, FIRST), lines
    assert (home / ".cache" / "spikeheb").stat().st_mode & 0o777 == 0o700


def test_a_home_that_is_no_place_leaves_nothing_in_the_current_folder(ended: Ended, place: Path) -> None:
    code, lines = ended(*RUN, unset=("SPIKEHEB_CACHE", "XDG_CACHE_HOME"), HOME="")
    assert (code, kinds(lines)) == (0, FIRST), lines
    assert [path.name for path in (place / "here").iterdir()] == ["pairing-pair"]


NOBODY = """
import pwd
def unknown(_): raise KeyError("uid not found")
pwd.getpwuid = unknown
from spikeheb.cli import main
import sys
sys.argv = ["spikeheb", *sys.argv[1:]]
main()
"""


def test_a_user_whom_the_system_does_not_know_has_a_cache(ended: Ended, place: Path) -> None:
    """As in a container that is run under a number."""
    code, lines = ended("-c", NOBODY, *RUN, unset=("HOME", "SPIKEHEB_CACHE", "XDG_CACHE_HOME"))
    assert (code, kinds(lines)) == (0, FIRST), lines
    assert (place / "temporary" / ".cache" / "spikeheb" / "kernel").is_dir()


WEIGHTS = ("weights", "--rule", "pair", "--duration", "1 s", "--inputs", "5")


@pytest.mark.parametrize(
    ("command", "cache"),
    [
        *((RUN, cache) for cache in ("file", "file/below", "locked/below", "/dev/null", "x" * 300)),
        (WEIGHTS, "locked/below"),
        (("window", "--rule", "pair"), "file"),
    ],
)
def test_a_cache_that_cannot_be_is_one_line(ended: Ended, place: Path, cache: str, command: tuple[str, ...]) -> None:
    """Every kind of place with one command, and every command with one such place: they ask for the same cache."""
    (place / "file").write_text("no folder")
    (place / "locked").mkdir(mode=0o500)
    code, lines = ended(*command, SPIKEHEB_CACHE=str(place / cache))
    assert (code, len(lines)) == (2, 1), lines
    assert "the build cache cannot be written (" in lines[0]
    assert lines[0].endswith("); set SPIKEHEB_CACHE to another folder")
    assert list((place / "here").iterdir()) == []


@pytest.mark.parametrize("cache", ["file", "locked"])
def test_a_cache_that_cannot_be_is_listed_as_empty(ended: Ended, place: Path, cache: str) -> None:
    (place / "file").write_text("no folder")
    (place / "locked").mkdir(mode=0o500)
    code, lines = ended("cache", SPIKEHEB_CACHE=str(place / cache))
    assert (code, lines) == (0, [f"{place / cache}: 0 of 0 entries"])


@pytest.mark.parametrize("command", [RUN, ("weights", "--rule", "pair"), ("window", "--rule", "pair"), ("score",)])
def test_a_current_folder_that_cannot_be_written_is_seen_before_anything_is_computed(
    ended: Ended, place: Path, command: tuple[str, ...]
) -> None:
    (place / "here").chmod(0o555)
    code, lines = ended(*command)
    assert (code, len(lines)) == (2, 1), lines
    assert lines[0].endswith("cannot be written (Permission denied); choose another folder with --out")


LOCKED_MEANWHILE = """
import os, sys
from spikeheb import results
from spikeheb.cli import main
save = results.save
def lock(data, target, **options):
    results.save = save
    for folder in [target.parent, *{locked}]:
        os.chmod(folder, 0o555)
    return save(data, target, **options)
results.save = lock
sys.argv = ["spikeheb", *sys.argv[1:]]
main()
"""
STUDIES = {
    "experiment": RUN,
    "weights": WEIGHTS,
    "window": ("window", "--rule", "pair"),
    "score": ("score", "--rule", "pair:additive", "--protocol", "markram_1997", "--no-refit"),
}


@pytest.mark.parametrize("command", STUDIES)
@pytest.mark.parametrize("temporary", [True, False])
def test_a_folder_that_is_locked_meanwhile_costs_no_result(ended: Ended, place: Path, command: str, temporary: bool) -> None:
    locked = [] if temporary else [str(place / "temporary")]
    code, lines = ended("-c", LOCKED_MEANWHILE.format(locked=locked), *STUDIES[command])
    assert code == 2
    kept = Path(lines[-1].rpartition("; the result is kept in ")[2])
    assert "Permission denied" in lines[-1]
    assert kept.is_relative_to(place / "temporary") is temporary
    assert sh.load(kept).attrs["study"] == command
    shutil.rmtree(kept.parent)
