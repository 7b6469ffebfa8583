"""Looking at paths that others have typed: too long a name, a null character or a loop of links is no error, only nothing there."""

from __future__ import annotations

import stat
from pathlib import Path


def exists(path: Path | str) -> bool:
    """Whether anything is there; a link counts as what it leads to."""
    return _mode(path) is not None


def is_file(path: Path | str) -> bool:
    """Whether an ordinary file is there: no folder, device or pipe."""
    mode = _mode(path)
    return mode is not None and stat.S_ISREG(mode)


def is_folder(path: Path | str) -> bool:
    """Whether a folder is there."""
    mode = _mode(path)
    return mode is not None and stat.S_ISDIR(mode)


def home_resolved(text: str) -> Path:
    """The path, a ``~`` at its start taken for the home folder where the system knows one."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def _mode(path: Path | str) -> int | None:
    try:
        return Path(path).stat().st_mode
    except (OSError, ValueError):
        return None
