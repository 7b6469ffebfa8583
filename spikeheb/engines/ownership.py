"""Whose folders and files are: what is loaded as a program must have been written by the user, and by nobody else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

MAX_LINKS = 40
OWN_MODE = 0o700


def make_private(folder: Path) -> None:
    """Make the folder and those above it that are missing, for the user alone.

    Raises
    ------
    OSError
    """
    for place in (*reversed(folder.parents), folder):
        if not place.is_dir():
            place.mkdir(mode=OWN_MODE, exist_ok=True)


def reason_against(folder: Path) -> str | None:
    """Why another user might have written into the folder, or might put another one in its place; None where nobody can.

    The folder must be the user's own and have mode 0700. Every folder on the way to it, those of symbolic links included, must
    belong to the user or to the system, and nobody else may be able to rename what is in it. A folder that is not there yet is
    judged by the way to it. On Windows nothing is known and nothing refused.
    """
    if not hasattr(os, "geteuid"):
        return None
    for place, is_end in _way(folder):
        try:
            status = place.lstat()
        except OSError:
            return None  # it is not there, or cannot be seen: whoever makes it will know
        reason = _against(place, status, is_end)
        if reason is not None:
            return reason
    return None


def is_own_folder(folder: Path) -> bool:
    """Whether it is a folder, no link, of the user's own and closed to others."""
    if not hasattr(os, "geteuid"):
        return folder.is_dir()
    status = _status(folder)
    return status is not None and stat.S_ISDIR(status.st_mode) and _against(folder, status, True) is None


def is_own_file(file: Path) -> bool:
    """Whether it is a file of the user's own that nobody else can write to and that has no second name elsewhere."""
    if not hasattr(os, "geteuid"):
        return file.is_file()
    status = _status(file)
    if status is None or not stat.S_ISREG(status.st_mode):
        return False
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022 and status.st_nlink == 1


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def _against(place: Path, status: os.stat_result, is_end: bool) -> str | None:
    """Why a folder or link on the way cannot be trusted, if it cannot."""
    user = os.geteuid()
    owners = (user,) if is_end and not stat.S_ISLNK(status.st_mode) else (user, 0)
    if status.st_uid not in owners:
        return f"{place} belongs to another user"
    if not stat.S_ISDIR(status.st_mode):
        return None
    mode = stat.S_IMODE(status.st_mode)
    if is_end:
        return None if mode & 0o077 == 0 else f"{place} is open to others (mode {mode:04o}); close it with chmod 700"
    if mode & stat.S_ISVTX or not mode & 0o022:
        return None
    if not mode & 0o002 and _is_own_group(status.st_gid):
        return None
    return f"others may replace what is in {place} (mode {mode:04o})"


def _is_own_group(group: int) -> bool:
    """Whether a group has nobody in it but the user, as far as its number tells, or is the system's."""
    return group == 0 or group == os.getegid() == os.geteuid()


def _way(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Every folder and link on the way from the root of the file system, and whether it is the end of the way."""
    waiting = list(reversed(folder.absolute().parts))
    place, links = Path(waiting.pop()), 0
    yield place, not waiting
    while waiting:
        name = waiting.pop()
        place = place.parent if name == ".." else place / name
        yield place, not waiting
        if place.is_symlink() and links < MAX_LINKS:
            links += 1
            target = place.readlink()
            place = Path(target.root) if target.is_absolute() else place.parent
            waiting += reversed(target.parts[1:] if target.is_absolute() else target.parts)
