"""Where the build cache is, and what stands in for it where it cannot be used.

What is in the cache is run as a program. So the cache is used only where nobody but the user can have written to it: a folder
that is open to others, or another's, is left alone with one line, and a private folder that lasts as long as the process
stands in for it.
"""

from __future__ import annotations

import atexit
import errno
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spikeheb.engines.ownership import make_private, reason_against
from spikeheb.errors import StorageError, one_line
from spikeheb.paths import home_resolved

VARIABLE = "SPIKEHEB_CACHE"
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)


def root() -> Path:
    """The cache's folder: ``SPIKEHEB_CACHE``, else ``spikeheb`` in the platform's folder for caches.

    Where others may have written to it, a private folder that is removed when the process ends.
    """
    return trusted(_wanted())


def shelf(name: str) -> Path:
    """A folder in the cache to write to, made where it is missing.

    Where the user has named no cache and the usual one cannot be written, as with a home folder that is read-only, a private folder
    stands in for it.

    Raises
    ------
    StorageError
        Where it cannot be made or written.
    """
    try:
        folder = trusted(root() / name)
        reason = _reason_against_writing(folder)
        if reason is not None:
            folder = _instead_of(root(), reason) / name
            make_private(folder)
    except OSError as error:
        raise _unwritable(error) from None
    return folder


def _reason_against_writing(folder: Path) -> str | None:
    """Make the folder; why it cannot be written, which is an error where the user has named the cache, or the disk is full."""
    try:
        make_private(folder)
        if os.access(folder, os.W_OK | os.X_OK):
            return None
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    except OSError as error:
        if os.environ.get(VARIABLE) or error.errno in FULL:
            raise
        return f"it cannot be written ({error.strerror})"


def _wanted() -> Path:
    """The cache's folder by the environment; a relative ``XDG_CACHE_HOME`` is ignored, as its specification says."""
    given = os.environ.get(VARIABLE)
    if given:
        return home_resolved(given).absolute()
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches" / "spikeheb"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or _home() / "AppData" / "Local") / "spikeheb" / "cache"
    standard = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (standard if standard.is_absolute() else _home() / ".cache") / "spikeheb"


def _home() -> Path:
    """The user's home folder; the folder for temporary files where the system knows none, as in a container with a user of its own."""
    home = home_resolved("~")
    return home if home.is_absolute() else Path(tempfile.gettempdir())


_INSTEAD: dict[Path, Path] = {}
"""What stands in for a folder that is not used."""
_REFUSING = threading.Lock()


def trusted(folder: Path) -> Path:
    """The folder itself, or what stands in for it where others may have written to it."""
    reason = reason_against(folder)
    return folder if reason is None else _instead_of(folder, reason)


def _instead_of(folder: Path, reason: str) -> Path:
    """What stands in for a folder, made and announced when it is first needed."""
    with _REFUSING:
        if folder not in _INSTEAD or not _INSTEAD[folder].is_dir():
            _INSTEAD[folder] = Path(tempfile.mkdtemp(prefix="spikeheb-cache-"))
            atexit.register(_remove_of, os.getpid(), _INSTEAD[folder])
            text = f"the build cache {folder} is not used, and what is built is kept for this run only: {reason}"
            print(f"note: {one_line(text, 400)}", file=sys.stderr)
    return _INSTEAD[folder]


def _remove_of(process: int, folder: Path) -> None:
    """At the end of the process that made it."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def writing() -> Iterator[None]:
    """Work that writes to the cache: where that fails, a StorageError says what to do."""
    try:
        yield
    except OSError as error:
        if isinstance(error, StorageError) or not _in_cache(error):
            raise
        raise _unwritable(error) from None


def _in_cache(error: OSError) -> bool:
    """Whether the error is about writing to the cache (a full disk names no file)."""
    if error.filename is None:
        return error.errno in FULL
    return str(error.filename).startswith(tuple(map(str, (root(), *_INSTEAD.values()))))


def _unwritable(error: OSError) -> StorageError:
    advice = f"free space there, or set {VARIABLE} to another folder" if error.errno in FULL else f"set {VARIABLE} to another folder"
    return StorageError(f"the build cache cannot be written ({error.strerror or error}); {advice}", path=str(root()))
