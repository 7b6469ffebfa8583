"""Rows of numbers as a user gives them, and numbers that look as if their unit had been forgotten."""

from __future__ import annotations

import math
import re
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spikeheb import carried
from spikeheb.dimensions import NONE, Dimension, example
from spikeheb.errors import UnitError
from spikeheb.units import converted, format_quantity, in_si, parse_quantity, quantity

Floats = npt.NDArray[np.float64]

FAR = 100.0
"""How many times larger or smaller than the file's own value a bare number may be without a warning."""
_PLAIN = (float, int, np.float64, np.float32, np.int64, np.int32)
_PACKAGE = str(Path(__file__).parent)
_NUMBER_AND_UNIT = r"[-+\u2212]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?:\s*[^\W\d_]+)?"
_BY_SPACES = re.compile(rf"{_NUMBER_AND_UNIT}(?:\s+{_NUMBER_AND_UNIT})+")
_DECIMAL_COMMA = re.compile(r"(?:^|[\s;,(\[+\-])\d[\d.]*,\d[\d.]*\s*(?![eE][-+]?\d)[^\W\d_]")


class UnitWarning(UserWarning):
    """A number without a unit was read as SI although it is far from the value in the file: the unit may have been forgotten."""


def parts(text: str) -> list[str]:
    """The items of a row that is written as text: separated by commas, by semicolons, or by spaces alone (``"0 ms 50 ms"``).

    Raises
    ------
    UnitError
        For ``"0,5 ms"``, which may be one number with a decimal comma or two.
    """
    if _DECIMAL_COMMA.search(text):
        raise UnitError(f'"{text[:60]}" has a number without a unit before a comma; write a decimal point, or a unit after each number')
    pieces = [piece.strip() for piece in re.split("[,;]", text.strip("()[] "))]
    return [item for piece in pieces if piece for item in _by_spaces(piece)]


def _by_spaces(text: str) -> list[str]:
    return re.findall(_NUMBER_AND_UNIT, text) if _BY_SPACES.fullmatch(text) else [text]


def quantities(values: object, dimension: Dimension, *, path: str | None = None, key: str | None = None) -> Floats:
    """SI floats of a row of numbers, or of an array of any shape: what `quantity` takes, all at once or one by one.

    Text is a row of quantities as `parts` reads it: ``"0 ms, 10 ms"`` or ``"0 ms 10 ms"``. NaN and infinities are left as they are, for the
    caller knows what they mean.

    Raises
    ------
    UnitError
        As `quantity`; also for truth values, and for what is not a row of numbers.
    """
    if type(values) is np.ndarray and values.dtype.kind in "fiu":
        return values.astype(np.float64)
    if type(values) in (tuple, list) and all(type(item) in _PLAIN for item in values):  # type: ignore[attr-defined]  # a row
        return np.array(values, dtype=np.float64)
    expected = f'expected {dimension} such as "{example(dimension)}" for each'
    if carried.is_complex(values):
        raise UnitError(f"{expected} (got complex numbers)", path=path, key=key)
    try:
        own = None if isinstance(values, str) else converted(values, dimension)
    except UnitError as error:
        raise UnitError(f"{expected} ({error.message})", path=path, key=key) from None
    if own is not None:
        return np.array(own, dtype=np.float64)
    if isinstance(values, str):
        values = _items(values, expected, path, key)
    if not carried.is_row(values):
        return np.array(quantity(values, dimension, path=path, key=key))
    items: list[object] = list(values)  # type: ignore[call-overload]  # a row
    if all(type(item) in _PLAIN for item in items):
        return np.array(items, dtype=np.float64)
    rows = [_item(item, dimension, path, f"{key or 'value'}[{n}]") for n, item in enumerate(items)]
    try:
        return np.array(rows, dtype=np.float64)
    except ValueError:
        raise UnitError(f"{expected} (got rows of different length)", path=path, key=key) from None


def _items(text: str, expected: str, path: str | None, key: str | None) -> list[str]:
    try:
        return parts(text)
    except UnitError as error:
        raise UnitError(f"{expected} ({error.message})", path=path, key=key) from None


def _item(item: object, dimension: Dimension, path: str | None, key: str) -> float | Floats:
    """A number of a row, or a row of a table."""
    if isinstance(item, float) and not carried.is_of_brian(item):
        return float(item)
    read = quantities if carried.is_row(item) else quantity
    return read(item, dimension, path=path, key=key)


def nearest_step(time: float, dt: float) -> int:
    """The time step nearest to a time of an event."""
    return int(nearest_steps(np.array([time]), dt)[0])


def nearest_steps(times: npt.NDArray[np.floating], dt: float) -> npt.NDArray[np.int64]:
    """The time steps nearest to times of events; half-way ones all go down, so that any two events keep their distance."""
    steps: npt.NDArray[np.int64] = np.floor(times / dt + (0.5 - 1e-6)).astype(np.int64)
    return steps


def si(value: object) -> float:
    """The SI float of a number, of text or of a quantity, whatever its kind.

    Raises
    ------
    UnitError
    """
    if isinstance(value, str):
        return parse_quantity(value)[0]
    number = in_si(value)
    return quantity(value if number is None else number, NONE)


def check_near(value: object, own: float | Iterable[float], dimension: Dimension, name: str, usual: str = "the file has") -> None:
    """Warn where a bare number is more than 100 times, or less than a hundredth of, the file's own values.

    Parameters
    ----------
    value : object
        What the user gave; what carries its unit, and pure numbers, are never doubted. Rows are looked at one by one.
    own : float or floats
        SI; the file's own value or values. Zeros say nothing.
    dimension : Dimension
    name : str
        What the value is called in the warning.
    usual : str
        How the warning introduces the own value.
    """
    if dimension == NONE or isinstance(value, str | bytes | bool) or carried.carries_unit(value):
        return
    if isinstance(value, Iterable):
        for item in value:
            check_near(item, own, dimension, name, usual)
        return
    sizes = [abs(size) for size in (own if isinstance(own, Iterable) else (own,)) if size and math.isfinite(size)]
    number = abs(float(value)) if isinstance(value, float | int | np.number) else 0.0
    if sizes and number and math.isfinite(number) and not min(sizes) / FAR <= number <= max(sizes) * FAR:
        nearest = max(sizes) if number > max(sizes) else min(sizes)
        text = f"{name} = {value} is read in the SI unit, {dimension.brian}, and {usual} {format_quantity(nearest, dimension)}"
        warnings.warn(f'{text}; write the unit with it, such as "{example(dimension)}"', UnitWarning, stacklevel=_level())


def _level() -> int:
    """How far up the stack, seen from the function that warns, the caller outside this package stands."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    return level
