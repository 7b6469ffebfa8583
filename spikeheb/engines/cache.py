"""The build cache: folders of built files, each checked by owner and checksum before anything in it is loaded.

An entry is built in a temporary folder beside its place, under a lock that the operating system releases when its
holder dies, and renamed when it is whole. Its manifest holds the size and SHA-256 of every file: a truncated library
that is loaded kills the process, so an entry that does not match is built again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from spikeheb.engines.cache_folder import root, shelf, trusted, writing
from spikeheb.engines.locks import held
from spikeheb.engines.ownership import is_own_file, is_own_folder
from spikeheb.errors import BuildError, StorageError

Opened = TypeVar("Opened")

MANIFEST = "manifest.json"
LOCKS = ".locks"
TOOLS = {"zig": ".zig"}
"""Folders that a compiler fills as it likes, each by the kind under which it is listed as one entry."""
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


def opened(kind: str, key: str, build: Callable[[Path], None], needs: tuple[str, ...], use: Callable[[Path], Opened]) -> Opened:
    """What `use` makes of an entry; where it cannot, the entry is built once more.

    Parameters
    ----------
    kind, key, build
        As in `fetch`.
    needs : tuple of str
        Files that the entry must have, none of them empty.
    use : callable
        Raises an OSError, ValueError, KeyError or TypeError where the entry is of no use.

    Raises
    ------
    BuildError
        Where what was just built is of no use either.
    StorageError
    """
    path = fetch(kind, key, build, needs)
    try:
        return use(path)
    except (OSError, ValueError, KeyError, TypeError):
        discard(path)
    try:
        return use(fetch(kind, key, build, needs))
    except (OSError, ValueError, KeyError, TypeError) as error:
        discard(path)
        if isinstance(error, StorageError | BuildError):
            raise
        raise BuildError(f"what was built cannot be used ({error})", path=str(path)) from None


def discard(path: Path) -> None:
    """Remove an entry.

    Raises
    ------
    StorageError
    """
    with writing(), _lock(path.parent.name, path.name):
        _remove(path)


def fetch(kind: str, key: str, build: Callable[[Path], None], needs: tuple[str, ...] = ()) -> Path:
    """The folder of an entry, built where it is missing or damaged.

    Parameters
    ----------
    kind, key : str
        Letters, digits, hyphens, underscores; the key is a hash of all that decides the outcome.
    build : callable
        Writes the entry's files into the folder that it is given. It runs once, however many processes ask.
    needs : tuple of str
        Files that the entry must have, none of them empty.

    Raises
    ------
    BuildError
        Where `build` wrote nothing, or not what is needed.
    StorageError
        Where the cache cannot be written. What `build` raises passes through, and nothing of the entry is left.
    """
    _check_names(kind, key)
    path = trusted(root() / kind) / key  # which may be there where nothing can be written
    if is_intact(path, needs):
        return path
    path = shelf(kind) / key
    if is_intact(path, needs):
        return path
    with writing(), _lock(kind, key):
        if not is_intact(path, needs):
            _build(path, build, needs)
    return path


def is_intact(path: Path, needs: tuple[str, ...] = ()) -> bool:
    """Whether the folder is the user's own, has just the files that its manifest says, as it says, and those that are needed."""
    files = _manifest(path) if is_own_folder(path) else None
    if not files or any(files.get(name, (0, ""))[0] == 0 for name in needs) or set(files) != _names(path):
        return False
    return all(_matches(path / name, size, digest) for name, (size, digest) in files.items())


def _names(folder: Path) -> set[str]:
    """All files of an entry, and whatever else is no folder, but for the manifest."""
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}
    return names - {MANIFEST}


def entries() -> list[Entry]:
    """All entries, in order of kind and key, and after them the folders of tools, of which nothing can be checked."""
    listed = []
    for path in sorted(root().glob("*/*")):
        if not path.parent.name.startswith(".") and _NAME.fullmatch(path.name) and path.is_dir():
            listed.append(Entry(path.parent.name, path.name, path, _size(path), path.stat().st_mtime, is_intact(path)))
    folders = {kind: root() / name for kind, name in TOOLS.items()}
    tools = [Entry(kind, "all", path, _size(path), path.stat().st_mtime, True) for kind, path in folders.items() if path.is_dir()]
    return [*listed, *tools]


def _size(folder: Path) -> int:
    """Bytes of all its files."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file())


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
    with writing():
        for entry in removed:
            with _lock(entry.kind, entry.key):
                _remove(entry.path)
                _remove_leftovers(entry.path)
    return removed


def _check_names(kind: str, key: str) -> None:
    for name in (kind, key):
        if not _NAME.fullmatch(name):
            raise StorageError(f'"{name}" cannot name a cache entry: letters, digits, - and _ only')


def _build(path: Path, build: Callable[[Path], None], needs: tuple[str, ...]) -> None:
    """Build beside the place and rename; the caller holds the lock."""
    _remove(path)
    _remove_leftovers(path)
    scratch = Path(tempfile.mkdtemp(prefix=f"{path.name}.", dir=path.parent))
    try:
        build(scratch)
        _check_made(scratch, needs)
        _write_manifest(scratch)
        scratch.replace(path)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def _check_made(folder: Path, needs: tuple[str, ...]) -> None:
    """A build that says nothing and makes nothing has failed."""
    missing = [name for name in needs if not (folder / name).is_file() or not (folder / name).stat().st_size]
    if missing or not _names(folder):
        raise BuildError(f"the build ended without an error and made no {missing[0] if missing else 'file'}")


def _remove_leftovers(path: Path) -> None:
    """Remove scratch folders of builders that died; the caller holds the lock, so none is at work."""
    for leftover in path.parent.glob(f"{path.name}.*"):
        _delete(leftover)


def _delete(path: Path) -> None:
    """Delete a folder, or whatever stands in its place, as far as that can be done."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _remove(path: Path) -> None:
    """Remove a folder in one step for others: renamed first, then deleted (a loaded library may linger on Windows)."""
    if not path.exists() and not path.is_symlink():
        return
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    path.rename(aside)
    _delete(aside)


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
    if not is_own_file(path / MANIFEST):
        return None
    try:
        raw = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        return {str(name): (int(size), str(digest)) for name, (size, digest) in raw["files"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _matches(file: Path, size: int, digest: str) -> bool:
    if not is_own_file(file):
        return False
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return len(content) == size and hashlib.sha256(content).hexdigest() == digest


@contextmanager
def _lock(kind: str, key: str) -> Iterator[None]:
    """Exclude other threads and processes from an entry. The system frees the lock of a process that died."""
    with held(shelf(LOCKS) / f"{kind}-{key}"):
        yield
