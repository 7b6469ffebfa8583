"""The build cache: folders of built files, each checked by checksum before anything in it is loaded.

An entry is built in a temporary folder beside its place, under a lock that the operating system releases when its
holder dies, and renamed when it is whole. Its manifest holds the size and SHA-256 of every file: a truncated library
that is loaded kills the process, so an entry that does not match is built again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from spikeheb.errors import StorageError

MANIFEST = "manifest.json"
LOCKS = ".locks"
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder of the cache.

    Attributes
    ----------
    kind, key : str
        What was built (``"kernel"``), and the hash of all that decides how it comes out.
    path : Path
    size : int
        Bytes, over all files.
    built : float
        Seconds since 1970.
    intact : bool
        Whether every file is as its manifest says.
    """

    kind: str
    key: str
    path: Path
    size: int
    built: float
    intact: bool


def root() -> Path:
    """The cache's folder: ``SPIKEHEB_CACHE``, else ``spikeheb`` in the platform's folder for caches."""
    given = os.environ.get("SPIKEHEB_CACHE")
    if given:
        return Path(given).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "spikeheb"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "spikeheb" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spikeheb"


def fetch(kind: str, key: str, build: Callable[[Path], None]) -> Path:
    """The folder of an entry, built where it is missing or damaged.

    Parameters
    ----------
    kind, key : str
        Letters, digits, hyphens, underscores; the key is a hash of all that decides the outcome.
    build : callable
        Writes the entry's files into the folder that it is given. It runs once, however many processes ask.

    Raises
    ------
    StorageError
        Where the cache cannot be written. What `build` raises passes through, and nothing of the entry is left.
    """
    path = _place(kind, key)
    if is_intact(path):
        return path
    with writing():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _lock(kind, key):
            if not is_intact(path):
                _build(path, build)
    return path


@contextmanager
def writing() -> Iterator[None]:
    """Work that writes to the cache: where that fails, a StorageError says what to do."""
    try:
        yield
    except OSError as error:
        if isinstance(error, StorageError) or not _in_cache(error):
            raise
        raise _unwritable(error) from None


def is_intact(path: Path) -> bool:
    """Whether the folder has a manifest and every file in it has the size and checksum that it says."""
    files = _manifest(path)
    return files is not None and all(_matches(path / name, size, digest) for name, (size, digest) in files.items())


def entries() -> list[Entry]:
    """All entries, in order of kind and key."""
    found = []
    for path in sorted(root().glob("*/*")):
        if not path.parent.name.startswith(".") and _NAME.fullmatch(path.name) and path.is_dir():
            size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            found.append(Entry(path.parent.name, path.name, path, size, path.stat().st_mtime, is_intact(path)))
    return found


def verify() -> list[Entry]:
    """The entries that are damaged; each will be rebuilt when it is next asked for."""
    return [entry for entry in entries() if not entry.intact]


def clear(kind: str | None = None) -> list[Entry]:
    """Remove all entries (of one kind), with what broken-off builds left; gives back those that were removed.

    Raises
    ------
    StorageError
        Where a folder cannot be removed.
    """
    removed = [entry for entry in entries() if kind in (None, entry.kind)]
    try:
        for entry in removed:
            with _lock(entry.kind, entry.key):
                _remove(entry.path)
                _remove_leftovers(entry.path)
    except OSError as error:
        raise _unwritable(error) from None
    return removed


def _place(kind: str, key: str) -> Path:
    for name in (kind, key):
        if not _NAME.fullmatch(name):
            raise StorageError(f'"{name}" cannot name a cache entry: letters, digits, - and _ only')
    return root() / kind / key


def _build(path: Path, build: Callable[[Path], None]) -> None:
    """Build beside the place and rename; the caller holds the lock."""
    _remove(path)
    _remove_leftovers(path)
    scratch = Path(tempfile.mkdtemp(prefix=f"{path.name}.", dir=path.parent))
    try:
        build(scratch)
        _write_manifest(scratch)
        scratch.replace(path)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def _remove_leftovers(path: Path) -> None:
    """Remove scratch folders of builders that died; the caller holds the lock, so none is at work."""
    for leftover in path.parent.glob(f"{path.name}.*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _remove(path: Path) -> None:
    """Remove a folder in one step for others: renamed first, then deleted (a loaded library may linger on Windows)."""
    if not path.exists():
        return
    aside = Path(tempfile.mkdtemp(prefix=f"{path.name}.", dir=path.parent))
    path.replace(aside / "old")
    shutil.rmtree(aside, ignore_errors=True)


def _write_manifest(folder: Path) -> None:
    files = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            files[file.relative_to(folder).as_posix()] = [len(content), hashlib.sha256(content).hexdigest()]
    with (folder / MANIFEST).open("w", encoding="utf-8") as out:
        json.dump({"files": files}, out, indent=1)
        out.flush()
        os.fsync(out.fileno())


def _manifest(path: Path) -> dict[str, tuple[int, str]] | None:
    """Size and checksum of each file, or None where there is no manifest that can be read."""
    try:
        raw = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        return {str(name): (int(size), str(digest)) for name, (size, digest) in raw["files"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _matches(file: Path, size: int, digest: str) -> bool:
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return len(content) == size and hashlib.sha256(content).hexdigest() == digest


@contextmanager
def _lock(kind: str, key: str) -> Iterator[None]:
    """Exclude other threads and processes from an entry. The system frees the lock of a process that died."""
    folder = root() / LOCKS
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / f"{kind}-{key}").open("a+b") as file:
        _acquire(file.fileno())
        try:
            yield
        finally:
            _release(file.fileno())


if sys.platform == "win32":
    import msvcrt

    def _acquire(descriptor: int) -> None:
        while True:
            with suppress(OSError):
                os.lseek(descriptor, 0, os.SEEK_SET)
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
                return
            time.sleep(0.05)

    def _release(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _acquire(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _release(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _in_cache(error: OSError) -> bool:
    """Whether the error is about writing to the cache (a full disk names no file)."""
    if error.filename is None:
        return error.errno in FULL
    return str(error.filename).startswith(str(root()))


def _unwritable(error: OSError) -> StorageError:
    return StorageError(
        f"the build cache cannot be written ({error.strerror or error}); free space there, or set SPIKEHEB_CACHE to another folder",
        path=str(root()),
    )
