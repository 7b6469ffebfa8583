"""Quantities on the command line that stand in several words: ``--baseline "-10 ms" "-1 ms"``, ``--duration 10 s``."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from spikeheb.paths import exists

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_QUANTITY = re.compile(rf"{_NUMBER}\s*(?:[^\W\d_]{{1,4}})?,?")
_BARE = re.compile(_NUMBER)
_UNIT = re.compile(r"[^\W\d_]{1,4},?")


def joined(arguments: Sequence[str], single: Container[str], rows: Container[str]) -> list[str]:
    """The arguments with the words of each quantity as one: a unit behind its number, and the further quantities of a row.

    Parameters
    ----------
    arguments : sequence of str
    single : container of str
        The options that take one quantity, with their dashes.
    rows : container of str
        Those that take several.
    """
    words: list[str] = []
    left = list(arguments)
    while left:
        words.append(left.pop(0))
        if left and (words[-1] in single or words[-1] in rows):
            words.append(_value(left, words[-1] in rows))
    return words


def _value(left: list[str], row: bool) -> str:
    """Remove from the list the words at its beginning that are one value; a word that is not part of a quantity is a value alone."""
    parts = [left.pop(0)]
    while left and _QUANTITY.fullmatch(parts[-1].strip()) and not exists(left[0]):
        unit = _BARE.fullmatch(parts[-1]) and _UNIT.fullmatch(left[0])
        if not unit and not (row and _QUANTITY.fullmatch(left[0].strip())):
            break
        parts[-1:] = [f"{parts[-1]} {left.pop(0)}"] if unit else [parts[-1], left.pop(0)]
    return " ".join(parts)
