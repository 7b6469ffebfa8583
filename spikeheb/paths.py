"""Test paths that a user typed: a name that is too long, a null character or a loop of links is no error but a path without a file."""

from __future__ import annotations

import stat
from pathlib import Path


def kind_at(path: Path | str) -> str:
    """``"file"``, ``"folder"`` or ``"device"``; empty where nothing is, or can be. A link counts as what it leads to."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return ""
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "device"


def exists(path: Path | str) -> bool:
    """Whether anything is there."""
    return kind_at(path) != ""


def is_file(path: Path | str) -> bool:
    """Whether an ordinary file is there: no folder, device or pipe."""
    return kind_at(path) == "file"


def is_folder(path: Path | str) -> bool:
    """Whether a folder is there."""
    return kind_at(path) == "folder"


def home_resolved(text: str) -> Path:
    """The path, a ``~`` at its start taken for the home folder where the system knows one."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)
