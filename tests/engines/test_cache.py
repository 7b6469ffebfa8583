"""The build cache builds once, never hands out what is damaged, and leaves nothing of what failed."""

import errno
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from spikeheb.engines import cache, cache_folder
from spikeheb.engines.brian import importing
from spikeheb.errors import BuildError, StorageError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SPIKEHEB_CACHE", str(tmp_path / "cache"))


def write(folder: Path) -> None:
    (folder / "library.so").write_bytes(b"code" * 1000)
    (folder / "sub").mkdir()
    (folder / "sub" / "source.cpp").write_text("int x;\n")


def forbidden(folder: Path) -> None:
    raise AssertionError("built again")


def test_built_once_and_listed():
    path = cache.fetch("kernel", "abc", write)
    assert cache.fetch("kernel", "abc", forbidden) == path == cache_folder.root() / "kernel" / "abc"
    (entry,) = cache.entries()
    assert (entry.kind, entry.key, entry.intact) == ("kernel", "abc", True)
    assert entry.size > 4000
    assert cache.verify() == []


@pytest.mark.parametrize("damage", ["truncated", "altered", "missing", "manifest"])
def test_damaged_entry_is_rebuilt(damage):
    path = cache.fetch("kernel", "abc", write)
    library = path / "library.so"
    match damage:
        case "truncated":
            os.truncate(library, 100)
        case "altered":
            library.write_bytes(b"edoc" * 1000)
        case "missing":
            library.unlink()
        case "manifest":
            (path / cache.MANIFEST).write_text('{"files": ')
    assert [entry.key for entry in cache.verify()] == ["abc"]
    assert cache.fetch("kernel", "abc", write) == path
    assert library.read_bytes() == b"code" * 1000
    assert cache.verify() == []


def test_failed_build_leaves_nothing():
    def fail(folder: Path) -> None:
        write(folder)
        raise BuildError("g++ failed")

    with pytest.raises(BuildError, match="g\\+\\+ failed"):
        cache.fetch("kernel", "abc", fail)
    assert list((cache_folder.root() / "kernel").iterdir()) == []
    assert cache.fetch("kernel", "abc", write).is_dir()


def slow_build(folder: Path) -> None:
    time.sleep(0.3)
    write(folder)
    with (cache_folder.root() / "builds").open("a") as log:
        log.write("x")


def fetch_slowly(_: int) -> str:
    return str(cache.fetch("kernel", "abc", slow_build))


def test_two_processes_build_once():
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        paths = pool.map(fetch_slowly, range(2), chunksize=1)
    assert len(set(paths)) == 1
    assert (cache_folder.root() / "builds").read_text() == "x"


def test_two_threads_build_once():
    threads = [threading.Thread(target=fetch_slowly, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (cache_folder.root() / "builds").read_text() == "x"


def test_a_builder_that_died_blocks_nobody():
    script = (
        "import os, pathlib, signal\n"
        "from spikeheb.engines import cache\n"
        "def die(folder):\n"
        "    (folder / 'half').write_text('x')\n"
        "    os._exit(3)\n"
        "cache.fetch('kernel', 'abc', die)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=30).returncode == 3
    kernels = cache_folder.root() / "kernel"
    assert len(list(kernels.iterdir())) == 1, "the dead builder's scratch folder"
    assert cache.entries() == []
    cache.fetch("kernel", "abc", write)  # it would wait for ever
    assert [path.name for path in kernels.iterdir()] == ["abc"]


def test_clear_removes_one_kind_or_all():
    cache.fetch("kernel", "abc", write)
    cache.fetch("compiler", "def", write)
    assert [entry.key for entry in cache.clear("kernel")] == ["abc"]
    assert [entry.kind for entry in cache.entries()] == ["compiler"]
    cache.clear()
    assert cache.entries() == []


def test_full_disk_is_one_line():
    def fill(folder: Path) -> None:
        write(folder)
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageError, match=r"build cache cannot be written \(No space left on device\); free space") as caught:
        cache.fetch("kernel", "abc", fill)
    assert "\n" not in str(caught.value)
    assert list((cache_folder.root() / "kernel").iterdir()) == []


def test_unwritable_folder_is_one_line(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("SPIKEHEB_CACHE", str(blocked / "cache"))
    with pytest.raises(StorageError, match="set SPIKEHEB_CACHE to another folder"):
        cache.fetch("kernel", "abc", write)
    assert cache.entries() == []


def test_error_of_another_file_passes_through():
    def build(folder: Path) -> None:
        Path("/nonexistent/file").read_text()

    with pytest.raises(FileNotFoundError):
        cache.fetch("kernel", "abc", build)


def test_error_that_names_no_file_is_the_disk_only_if_it_says_so():
    with pytest.raises(BrokenPipeError), cache_folder.writing():
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")
    with pytest.raises(StorageError, match="No space left"), cache_folder.writing():
        raise OSError(errno.ENOSPC, "No space left on device")


def test_brian_says_it_as_well(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("SPIKEHEB_CACHE", str(blocked / "cache"))
    with pytest.raises(StorageError, match="set SPIKEHEB_CACHE to another folder"):
        importing.set_target("cython")
    importing.set_target("numpy")


def test_names_cannot_leave_the_cache():
    with pytest.raises(StorageError, match="cannot name a cache entry"):
        cache.fetch("kernel", "../abc", write)


@pytest.mark.skipif(sys.platform == "win32", reason="other locks")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK])
def test_a_file_system_without_locks_is_one_line_that_says_what_to_do(monkeypatch, number):
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    cache.fetch("kernel", "abc", write)
    monkeypatch.setattr(fcntl, "flock", refuse)
    for work in (lambda: cache.fetch("kernel", "def", write), lambda: cache.discard(cache_folder.root() / "kernel" / "abc"), cache.clear):
        with pytest.raises(StorageError, match="set SPIKEHEB_CACHE to another folder") as error:
            work()
        assert str(error.value).count("build cache") == 1
