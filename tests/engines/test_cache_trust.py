"""Nothing is loaded that another user may have written, and nothing that a compiler did not make: it is built again, never stuck."""

import ctypes
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from spikeheb.engines import cache, cache_folder, compiler
from spikeheb.engines.compiler import SUFFIX
from spikeheb.engines.kernel import build as kernel_build
from spikeheb.errors import BuildError

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="owners and modes")

OTHER = 65533
"""A user that is not the one who runs the tests."""


@pytest.fixture
def place(tmp_path, monkeypatch):
    folder = tmp_path / "above" / "cache"
    monkeypatch.setenv("SPIKEHEB_CACHE", str(folder))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return folder


def write(folder: Path) -> None:
    (folder / "library.so").write_bytes(b"mine")


def give_away(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only the system's user can give a file away")
    os.chown(path, OTHER, OTHER, follow_symlinks=False)


def move_behind_link(path: Path, elsewhere: Path) -> None:
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def content(path: Path) -> bytes:
    return (path / "library.so").read_bytes()


def describe_anew(path: Path) -> None:
    """Write a manifest that fits what stands there."""
    (path / cache.MANIFEST).unlink()
    cache._write_manifest(path)


def planted(place: Path, plant) -> Path:
    """An entry as the cache would have it, with another's library in it."""
    path = cache.fetch("kernel", "abc", write)
    (path / "library.so").write_bytes(b"another's")
    describe_anew(path)
    plant(place, path)
    return path


PLANTS = {
    "the root is another's": lambda place, path: give_away(place),
    "the root is open to all": lambda place, path: place.chmod(0o777),
    "the root is open to the group": lambda place, path: place.chmod(0o770),
    "the root can be read by all": lambda place, path: place.chmod(0o755),
    "the folder of the kind is another's": lambda place, path: give_away(path.parent),
    "the folder of the kind is open": lambda place, path: path.parent.chmod(0o777),
    "the folder above is open": lambda place, path: place.parent.chmod(0o777),
    "the folder above is another's": lambda place, path: give_away(place.parent),
    "the entry is another's": lambda place, path: give_away(path),
    "the entry is open": lambda place, path: path.chmod(0o777),
    "the library is another's": lambda place, path: give_away(path / "library.so"),
    "the library can be written by all": lambda place, path: (path / "library.so").chmod(0o666),
    "the manifest is another's": lambda place, path: give_away(path / cache.MANIFEST),
    "the library has a second name": lambda place, path: os.link(path / "library.so", place.parent / "second"),
    "the library is a link": lambda place, path: move_behind_link(path / "library.so", place.parent / "x"),
    "the entry is a link": lambda place, path: move_behind_link(path, place.parent / "y"),
}  # fmt: skip


@pytest.mark.parametrize("plant", PLANTS)
def test_what_another_may_have_written_is_not_used(place, plant, capsys):
    planted(place, PLANTS[plant])
    capsys.readouterr()
    path = cache.fetch("kernel", "abc", write)
    assert content(path) == b"mine"
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) <= 1, "one line says it"
    if cache_folder.root() != place:
        assert lines[0].startswith("note: the build cache") and "is not used" in lines[0]
        assert cache.fetch("kernel", "abc", forbidden) == path, "what stands in for it lasts as long as the process"
        assert capsys.readouterr().err == ""


def forbidden(folder: Path) -> None:
    raise AssertionError("built again")


def test_a_plant_would_be_loaded_without_the_guard(place):
    """The same entry, with nothing wrong in its owners and modes, is handed out."""
    planted(place, lambda place, path: None)
    assert content(cache.fetch("kernel", "abc", forbidden)) == b"another's"


def test_the_way_through_a_link_is_looked_at(tmp_path, place, monkeypatch):
    target = tmp_path / "open" / "shared"
    target.mkdir(parents=True, mode=0o700)
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to("open/shared")
    monkeypatch.setenv("SPIKEHEB_CACHE", str(tmp_path / "link"))
    assert cache_folder.root() not in (target, tmp_path / "link")
    (tmp_path / "open").chmod(0o1777)  # a sticky folder lets nobody replace what belongs to another
    assert cache_folder.root() == tmp_path / "link"


def test_missing_folders_are_made_for_the_user_alone(tmp_path, monkeypatch):
    before = os.umask(0)
    try:
        monkeypatch.setenv("SPIKEHEB_CACHE", str(tmp_path / "a" / "b"))
        path = cache.fetch("kernel", "abc", write)
    finally:
        os.umask(before)
    for folder in (tmp_path / "a", tmp_path / "a" / "b", path.parent, path, tmp_path / "a" / "b" / cache.LOCKS):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_stands_in_is_removed_at_the_end(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o700)
    folder.chmod(0o777)
    (tmp_path / "temporary").mkdir()
    code = "import sys; from spikeheb.engines import cache_folder; p = cache_folder.shelf('kernel'); print(p.is_dir(), p)"
    environment = {**os.environ, "SPIKEHEB_CACHE": str(folder), "TMPDIR": str(tmp_path / "temporary")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.startswith(f"True {tmp_path / 'temporary'}")
    assert list((tmp_path / "temporary").iterdir()) == []
    assert list(folder.iterdir()) == []


def test_a_relative_xdg_cache_home_is_ignored(tmp_path, monkeypatch):
    monkeypatch.delenv("SPIKEHEB_CACHE", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for text, expected in (("relative/cache", ".cache"), ("", ".cache"), (str(tmp_path / "own"), "own")):
        monkeypatch.setenv("XDG_CACHE_HOME", text)
        assert cache_folder.root() == tmp_path / expected / "spikeheb"


# --- what a compiler did not make -------------------------------------------------------------------------------------------


def test_a_build_that_makes_nothing_has_failed(place):
    with pytest.raises(BuildError, match="made no file"):
        cache.fetch("kernel", "abc", lambda folder: None)
    with pytest.raises(BuildError, match=r"made no model\.so"):
        cache.fetch("kernel", "abc", write, ("model.so",))
    with pytest.raises(BuildError, match=r"made no model\.so"):
        cache.fetch("kernel", "abc", lambda folder: (folder / "model.so").touch(), ("model.so",))
    assert list((place / "kernel").iterdir()) == []


@pytest.mark.parametrize("manifest", ['{"files":{}}', "{}", "[]", "", "null", '{"files": 1}', "[" * 100_000])
def test_an_entry_whose_manifest_says_nothing_is_rebuilt(place, manifest):
    path = cache.fetch("kernel", "abc", write)
    (path / cache.MANIFEST).write_text(manifest)
    (path / "library.so").unlink()
    assert [entry.key for entry in cache.verify()] == ["abc"]
    assert content(cache.fetch("kernel", "abc", write)) == b"mine"


def test_files_that_the_manifest_does_not_name_make_an_entry_damaged(place):
    path = cache.fetch("kernel", "abc", write)
    (path / "model.so").write_bytes(b"another's")
    assert not cache.is_intact(path)
    assert not (cache.fetch("kernel", "abc", write) / "model.so").exists()


@pytest.fixture
def working():
    compiler.compiler.cache_clear()
    chosen = compiler.compiler()
    yield chosen
    compiler.compiler.cache_clear()
    if chosen is None:
        pytest.skip("no C++ compiler here")


@pytest.mark.parametrize("made", [b"", b"no library at all", b"\x7fELF"])
def test_a_library_that_cannot_be_loaded_is_rebuilt(place, working, made):
    """It stands in the cache with a manifest that fits, as an odd compiler or a full disk may have left it."""
    source = 'extern "C" int seven() { return 7; }\n'
    library = kernel_build.load(source, "", working, (), ())
    (library.path / f"model{SUFFIX}").unlink()
    (library.path / f"model{SUFFIX}").write_bytes(made)
    describe_anew(library.path)
    again = kernel_build.load(source, "", working, (), ())
    assert again.loaded.seven.restype is ctypes.c_int
    assert again.loaded.seven() == 7


@pytest.mark.parametrize("does", ["exit 0", 'while [ "$1" != -o ]; do shift; done; : > "$2"', "echo text > /dev/null"])
def test_a_compiler_that_makes_nothing_is_none(place, tmp_path, monkeypatch, does):
    script = tmp_path / "odd"
    script.write_text(f"#!/bin/sh\n{does}\nexit 0\n")
    script.chmod(0o755)
    monkeypatch.setenv("CXX", str(script))
    compiler.compiler.cache_clear()
    try:
        assert compiler.compiler() is None
    finally:
        compiler.compiler.cache_clear()


@pytest.mark.parametrize("outcome", ["", "[]", "{}", '{"version": 1}', "null"])
def test_a_probe_that_cannot_be_read_is_made_again(place, working, outcome):
    (path,) = (entry.path for entry in cache.entries() if entry.kind == "compiler")
    (path / compiler.OUTCOME).write_text(outcome)
    files = {compiler.OUTCOME: [len(outcome), __import__("hashlib").sha256(outcome.encode()).hexdigest()]}
    (path / cache.MANIFEST).write_text(json.dumps({"files": files}))
    compiler.compiler.cache_clear()
    assert compiler.compiler() == working


@pytest.mark.parametrize("text", ['g++ "unbalanced', "g++ 'unbalanced", "g++ \\"])
def test_cxx_that_is_no_command_is_one_line(monkeypatch, text):
    monkeypatch.setenv("CXX", text)
    compiler.compiler.cache_clear()
    with pytest.raises(BuildError, match="CXX is not a command") as caught:
        compiler.compiler()
    assert str(caught.value).isprintable()
