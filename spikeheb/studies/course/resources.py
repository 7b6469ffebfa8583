"""What a notebook asks the machine: whether a long computation is affordable, and where a file of the course is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from spikeheb.errors import FormatError, UnknownName, unknown_name
from spikeheb.paths import is_file

Size = TypeVar("Size")
Result = TypeVar("Result")


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


def long_run(notebook: str, name: str, compute: Callable[[], Result]) -> Result:
    """The result of a long computation; without a compiler, what it was on another machine.

    Parameters
    ----------
    notebook : str
        The name of the notebook. Its stored results are in ``data/NOTEBOOK.json``, which ``tests/course_results.py`` writes.
    name : str
        Of the result in this file.
    compute : callable
        Computes it: numbers and text, and lists and dictionaries of them, as JSON has them.

    Raises
    ------
    UnknownName
        Where there is no such file, or no such result in it.
    FormatError
        Where the file is damaged.
    """
    if has_compiler():
        return compute()
    path = data_file(f"{notebook}.json")
    try:
        results: dict[str, Result] = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise FormatError(f"cannot be read ({error}); copy the course anew", path=str(path)) from None
    if name not in results:
        raise unknown_name("stored result", name, results, path=str(path))
    print(f"\"{name}\" is not computed here but read from {path.name}; pip install 'spikeheb[compiler]' brings a C++ compiler.")
    return results[name]
