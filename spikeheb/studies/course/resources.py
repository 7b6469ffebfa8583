"""What a notebook asks the machine: whether a long computation is affordable, and where a file of the course is."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from spikeheb.errors import UnknownName
from spikeheb.paths import is_file

Size = TypeVar("Size")


def folder() -> Path:
    """Where the notebooks of the course are: inside the installed package, or beside it in a clone."""
    package = Path(__file__).parents[2]
    inside = package / "_library" / "notebooks"
    return inside if inside.is_dir() else package.parent / "notebooks"


def has_compiler() -> bool:
    """Whether kernels can be built on this machine."""
    from spikeheb.engines.choice import hint_on_compiler

    return not hint_on_compiler()


def affordable(full: Size, without_compiler: Size) -> Size:
    """The first size where kernels can be built, else the second, smaller one; a line says so.

    Parameters
    ----------
    full, without_compiler : same type
        For instance numbers of pairs, or durations.
    """
    if has_compiler():
        return full
    print(f"Without a C++ compiler this cell uses {without_compiler} in place of {full}; pip install 'spikeheb[compiler]' brings one.")
    return without_compiler


def data_file(name: str) -> Path:
    """A file that the course brings along: in the folder ``data`` beside the notebook, else in the library.

    Raises
    ------
    UnknownName
    """
    for place in (Path("data"), folder() / "data"):
        if is_file(place / name):
            return place / name
    raise UnknownName(f'the course has no file "{name}"; "spikeheb course copy DIR" copies the files that the notebooks need')
