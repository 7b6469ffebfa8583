"""What measures of populations are given, as arrays and numbers that can be computed with; what cannot is refused in one line."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError
from spikeheb.limits import MOST

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ROUNDING = 1e-9
"""Seconds by which a time may miss the edge of a window or bin that it lies on: far below any time step."""
SHAPES = {1: "one row", 2: "a table", 3: "an array of three dimensions"}


def number(value: object, key: str, low: float = -math.inf) -> float:
    """A finite number that is not below `low`.

    Raises
    ------
    FormatError
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value) or value < low:
        allowed = "a finite number" if low == -math.inf else f"a finite number from {low:g} on"
        raise FormatError(f"expected {allowed} (got {value!r:.40})", key=key)
    return float(value)


def positive(value: object, key: str) -> float:
    """A finite number above 0.

    Raises
    ------
    FormatError
    """
    if not number(value, key) > 0:
        raise FormatError(f"expected a number above 0 (got {value!r:.40})", key=key)
    return float(value)  # type: ignore[arg-type]  # a number


def cell_count(value: object, low: int = 1) -> int:
    """A number of cells, at least `low`.

    Raises
    ------
    FormatError
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= int(value) <= MOST:
        raise FormatError(f"expected a whole number of cells from {low} to {MOST} (got {value!r:.40})", key="count")
    return int(value)


def numbers(values: npt.ArrayLike, key: str, dimensions: tuple[int, ...] = (1,), kinds: str = "iuf") -> npt.NDArray[Any]:
    """Finite numbers in one row (or what `dimensions` allow), of numpy's `kinds`; an empty list is a row of any kind.

    Raises
    ------
    FormatError
    """
    allowed = " or ".join(SHAPES[n] for n in dimensions)
    what = {"iu": "whole numbers", "b": "truth values", "biu": "numbers of cells or truth values"}.get(kinds, "numbers")
    try:
        array = np.asarray(values)
    except ValueError:
        raise FormatError(f"expected {what} in {allowed} (got rows of different length)", key=key) from None
    if (array.dtype.kind not in kinds and array.size) or array.ndim not in dimensions:
        raise FormatError(f"expected {what} in {allowed} (got {array.dtype} of shape {array.shape})", key=key)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise FormatError(f"expected finite numbers (got {array[~np.isfinite(array)][0]:g}); leave such values out", key=key)
    return array


def cell_numbers(values: npt.ArrayLike, count: int, key: str) -> Integers:
    """Numbers of cells, each from 0 to `count` - 1.

    Raises
    ------
    FormatError
    """
    array = numbers(values, key, kinds="iu")
    outside = (array < 0) | (array >= count)
    if outside.any():
        raise FormatError(f"expected cells from 0 to {count - 1} (got {array[outside][0]})", key=key)
    return array.astype(np.int64)


def spikes_in(times: npt.ArrayLike, cells: npt.ArrayLike, count: int, start: float, stop: float) -> tuple[Floats, Integers]:
    """Times and cells of the spikes in a window, all of them checked.

    Raises
    ------
    FormatError
    """
    at, cell = numbers(times, "times").astype(np.float64), cell_numbers(cells, cell_count(count), "cells")
    if at.shape != cell.shape:
        raise FormatError(f"expected one cell for each of {at.size} times (got {cell.size})", key="cells")
    if not number(start, "start") < number(stop, "stop"):
        raise FormatError(f"expected a window that stops after its start, {start:g} s (got {stop:g} s)", key="stop")
    falls = np.flatnonzero(np.diff(at) < 0)
    if falls.size:
        n = int(falls[0]) + 1
        raise FormatError(f"expected rising times (number {n} is {at[n]:g} s, after {at[n - 1]:g} s); sort both by time", key="times")
    first, last = np.searchsorted(at, (start - ROUNDING, stop - ROUNDING))
    return at[first:last], cell[first:last]


def table(values: npt.ArrayLike, key: str) -> Floats:
    """Finite numbers by cell and time, at least one of each.

    Raises
    ------
    FormatError
    """
    array = numbers(values, key, (2,)).astype(np.float64)
    if not array.size:
        raise FormatError(f"expected at least one cell and one time (got a table of {array.shape[0]} x {array.shape[1]})", key=key)
    return array


def activity(values: npt.ArrayLike, key: str, dimensions: tuple[int, ...]) -> Floats:
    """Rates or counts, by cell first, none of them negative.

    Raises
    ------
    FormatError
    """
    array = numbers(values, key, dimensions).astype(np.float64)
    if array.size and array.min() < 0:
        raise FormatError(f"expected no negative activity (got {array.min():g})", key=key)
    return array


def members(group: npt.ArrayLike, count: int, key: str) -> Flags:
    """Which cells belong to a group that is given by numbers of cells or by one truth value for each cell.

    Raises
    ------
    FormatError
    """
    array = numbers(group, key, kinds="biu")
    if array.dtype.kind == "b" and array.size != count:
        raise FormatError(f"expected one truth value for each of {count} cells (got {array.size})", key=key)
    if not array.any() if array.dtype.kind == "b" else not array.size:
        raise FormatError("expected at least one cell", key=key)
    chosen = np.zeros(count, dtype=bool)
    chosen[array if array.dtype.kind == "b" else cell_numbers(array, count, key)] = True
    return chosen
