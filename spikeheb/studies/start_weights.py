"""Initial weights that a user gives: a number, an array, or a file of numbers."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spikeheb.dimensions import NONE
from spikeheb.errors import FormatError, ScheduleError
from spikeheb.limits import check_file
from spikeheb.numbers import quantities
from spikeheb.paths import is_file
from spikeheb.rules.rule import Rule

Floats = npt.NDArray[np.float64]
Start = float | str | Path | Sequence[float] | npt.NDArray[np.float64]

COLUMN = "weight"
MOST = 10_000_000
"""Numbers in a file of weights."""


def start_weights(w0: Start | None, rule: Rule, count: int | None = None, of: str = "synapses") -> Floats | None:
    """Initial weights as an array; None where none are given.

    Parameters
    ----------
    w0 : float, array, or str or Path of a file
        Text that is a number counts as one; a file is ``.npy`` (one row of numbers) or ``.csv`` (the column ``weight``).
    rule : Rule
        Whose bounds the weights must keep.
    count : int, optional
        How many there must be where there is more than one; any number if not given.
    of : str
        What that many are, for the error.

    Returns
    -------
    array of float, shape (1,) or (weights,)

    Raises
    ------
    FormatError
        For a file that cannot be read.
    ScheduleError
        For weights that are not finite, lie outside the rule's bounds, or are too many or too few.
    """
    if w0 is None:
        return None
    weights = given_numbers(w0)
    if count is not None and weights.size not in (1, count):
        raise ScheduleError(f"expected one finite weight, or one for each of {count} {of} (got {weights.size})", key="w0")
    low = -math.inf if rule.bounds.w_min is None else rule.bounds.w_min
    high = math.inf if rule.bounds.w_max is None else rule.bounds.w_max
    outside = weights[(weights < low) | (weights > high)]
    if outside.size:
        raise ScheduleError(f"{outside[0]:g} lies outside the bounds {low:g} to {high:g} of the weight", key="w0")
    return weights


def given_numbers(w0: Start) -> Floats:
    """The weights as an array, for any rule.

    Raises
    ------
    FormatError, ScheduleError
    """
    if isinstance(w0, str | Path):
        number = _number(str(w0))
        weights = read_weights(w0) if number is None else np.array([number])
    else:
        try:
            weights = np.atleast_1d(quantities(w0, NONE))
        except (TypeError, ValueError):
            raise ScheduleError(f"expected one finite weight, a row of them, or a file of them (got {str(w0)[:40]})", key="w0") from None
    if weights.ndim != 1 or not weights.size or not np.all(np.isfinite(weights)):
        raise ScheduleError("expected one finite weight, or a row of finite weights", key="w0")
    return weights


def _number(text: str) -> float | None:
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def read_weights(path: str | Path) -> Floats:
    """The weights of a file: ``.npy`` with one row of numbers, or ``.csv`` with a column ``weight``.

    Raises
    ------
    FormatError
        Naming the file, and the line of a CSV.
    """
    file = Path(path)
    if file.suffix.lower() not in (".npy", ".csv"):
        raise FormatError(f'expected a number, or a file .npy or .csv with the column "{COLUMN}" (got "{str(path)[:80]}")', key="w0")
    if not is_file(file):
        raise FormatError("there is no such file of weights", path=str(path))
    return _of_npy(file) if file.suffix.lower() == ".npy" else _of_csv(file)


def _of_npy(file: Path) -> Floats:
    try:
        stored = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise FormatError(f"is not an array of numbers ({str(error)[:80]})", path=str(file)) from None
    if not isinstance(stored, np.ndarray) or stored.dtype.kind not in "fiu" or stored.ndim != 1:
        kind = f"{stored.dtype} of shape {stored.shape}" if isinstance(stored, np.ndarray) else "no array"
        raise FormatError(f"expected one row of real numbers (got {kind})", path=str(file))
    if stored.size > MOST:
        raise FormatError(f"holds {stored.size:,} numbers; at most {MOST:,} are read", path=str(file))
    return np.array(stored, dtype=float)


def _of_csv(file: Path) -> Floats:
    check_file(file)
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            first = lines.readline()
            separator = next((mark for mark in "\t;," if mark in first), ",")
            names = [name.strip().strip('"') for name in next(csv.reader([first], delimiter=separator), [])]
            if names.count(COLUMN) != 1:
                raise FormatError(f'expected one column "{COLUMN}" (found: {", ".join(names)[:80]})', path=str(file), key="line 1")
            return np.array(_column(csv.reader(lines, delimiter=separator), names, file), dtype=float)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"cannot be read ({error})", path=str(file)) from None


def _column(rows: Iterable[list[str]], names: list[str], file: Path) -> list[float]:
    values: list[float] = []
    for line, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(names):
            raise FormatError(f"expected {len(names)} columns (got {len(row)})", path=str(file), key=f"line {line}")
        value = _number(row[names.index(COLUMN)])
        if value is None or not math.isfinite(value):
            text = row[names.index(COLUMN)].strip()[:40]
            raise FormatError(f'a weight must be a finite number with a decimal point (got "{text}")', path=str(file), key=f"line {line}")
        values.append(value)
        if len(values) > MOST:
            raise FormatError(f"holds more than {MOST:,} numbers", path=str(file), key=f"line {line}")
    return values
