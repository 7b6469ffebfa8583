"""What a file is: a rule, a cell or a protocol."""

from __future__ import annotations

import re
from pathlib import Path

from spikeheb.errors import FormatError, UnknownName, unknown_name
from spikeheb.paths import kind_at

KINDS = ("rule", "cell", "protocol")
_MEMBRANE = re.compile(rb"^[ \t]*\[[ \t]*membrane[ \t]*\]", re.MULTILINE)
_ENOUGH = 40_000


def kind_of(path: Path) -> str:
    """``"protocol"`` for a script; a TOML file with a ``[membrane]`` is a cell, any other a rule.

    Raises
    ------
    UnknownName
        Where there is no such file.
    FormatError
        For any other file.
    """
    if path.suffix not in (".py", ".toml"):
        raise FormatError("rules and cells are .toml files, protocols .py files", path=str(path))
    if kind_at(path) != "file":
        raise UnknownName(f"is a {kind_at(path)}" if kind_at(path) else "there is no such file", path=str(path))
    if path.suffix == ".py":
        return "protocol"
    try:
        with path.open("rb") as file:
            return "cell" if _MEMBRANE.search(file.read(_ENOUGH)) else "rule"
    except OSError as error:
        raise FormatError(f"cannot be read ({error.strerror or error})", path=str(path)) from None


def find(name_or_path: str) -> list[tuple[str, Path]]:
    """Kind and file of everything that has this name, or of the path.

    Raises
    ------
    UnknownName
        Where there is none; the nearest names of all kinds are offered.
    """
    from spikeheb import library

    if library.is_path(name_or_path):
        return [(kind_of(Path(name_or_path)), Path(name_or_path))]
    known = {kind: library.names(kind) for kind in KINDS}
    found = [(kind, files[name_or_path]) for kind, files in known.items() if name_or_path in files]
    if not found:
        raise unknown_name("rule, cell or protocol", name_or_path, {name for files in known.values() for name in files})
    return found
