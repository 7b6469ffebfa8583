"""Heads of columns: ``time_ms``, ``Time (ms)``, ``-10.0``, ``Sweep 1 (mV)``; and the order of numbered names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from spikeheb.dimensions import TIME
from spikeheb.errors import UnitError
from spikeheb.units import parse_unit, plain

_TIME = re.compile(r"(?:time|t)(?:\s*(?:\(([^()]+)\)|\[([^\[\]]+)\]|[_/]\s*(\S+)))?", re.IGNORECASE)
_MINUTE = re.compile(r"([+-]?[0-9.,]+)\s*(?:min|minutes?)?", re.IGNORECASE)
_STIMULUS = re.compile(r"(?<![a-z])(?:stim|stimulus|stimulation|trigger|trig|ttl)(?![a-z])", re.IGNORECASE)
_WORDS = {"sec": "s", "secs": "s", "seconds": "s", "msec": "ms", "millisecond": "ms", "milliseconds": "ms", "minutes": "min"}


def split_head(head: str) -> tuple[str, str | None]:
    """Name and unit of a column: ``"Sweep 1 (mV)"`` is ``("Sweep 1", "mV")``."""
    head = head.strip()
    for opening, closing in ("()", "[]"):
        name, bracket, unit = head.rpartition(opening)
        if bracket and unit.endswith(closing) and closing not in unit[:-1]:
            return name.strip(), unit[:-1].strip() or None
    return head, None


def seconds_of(head: str, bare: float | None = None) -> float | None:
    """Seconds of the unit that the head of a column of times says; None for any other column.

    Parameters
    ----------
    head : str
    bare : float, optional
        What ``time`` without a unit stands for.
    """
    match = _TIME.fullmatch(head.strip())
    if not match:
        return None
    unit = (match[1] or match[2] or match[3] or "").strip()
    if not unit:
        return bare if match[0].lower() == "time" else None
    try:
        dimension, size = parse_unit(_WORDS.get(unit.lower(), unit))
    except UnitError:
        return None
    return float(size) if dimension == TIME else None


def minute_of(name: str) -> str | None:
    """The number of a head that is a minute, as text: ``"-10"`` of ``"-10 min"``."""
    match = _MINUTE.fullmatch(plain(name))
    return match[1] if match else None


def is_stimulus(name: str) -> bool:
    """Whether a column, channel or event of that name holds the stimulus: one of its words is stimulus, trigger or TTL."""
    return bool(_STIMULUS.search(name))


def numbered_order(names: Sequence[str]) -> list[int]:
    """Positions of the names in their order.

    Names that come sorted as text (``s0, s1, s10, s2``), as folders, shells and HDF5 list them, are put in the order of the
    numbers in them; any other order was made by someone, and stays.
    """
    positions = list(range(len(names)))
    if len(set(names)) < len(names) or list(names) != sorted(names):
        return positions
    return sorted(positions, key=lambda n: _parts(names[n]))


def _parts(name: str) -> list[tuple[int, int, str]]:
    """The name as text and numbers in turn, to sort by; the longer of two numbers without zeros in front is the larger."""
    parts = re.split(r"0*([0-9]+)", name)
    return [(1, len(part), part) if n % 2 else (0, 0, part) for n, part in enumerate(parts)]
