"""What networks of rates are given, checked once: finite numbers, patterns of -1 and 1, sizes that fit into memory."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError, NonFiniteError, ScheduleError
from spikeheb.limits import check_memory

Floats = npt.NDArray[np.float64]


def rows(given: npt.ArrayLike, key: str, columns: int | None = None) -> Floats:
    """A table of finite numbers; one row alone is a table of one.

    Raises
    ------
    FormatError
        For what is not a table of numbers, and for another number of columns than is needed.
    NonFiniteError
        Naming the first place that is not finite.
    """
    try:
        table = np.atleast_2d(np.asarray(given, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise FormatError(f"expected a table of numbers, a row for each sample ({str(error)[:80]})", key=key) from None
    if table.ndim != 2 or not table.size:
        raise FormatError(f"expected a table of numbers, a row for each sample (got the shape {np.shape(given)})", key=key)
    if columns is not None and table.shape[1] != columns:
        raise FormatError(f"expected {columns} columns (got {table.shape[1]})", key=key)
    finite(table, key)
    return table


def finite(values: Floats, key: str) -> None:
    """Refuse numbers that are not finite.

    Raises
    ------
    NonFiniteError
    """
    if not np.isfinite(values).all():
        place = tuple(int(n) for n in np.argwhere(~np.isfinite(values))[0])
        raise NonFiniteError(f"expected finite numbers (got {values[place]} at {list(place)})", key=key)


def patterns(given: npt.ArrayLike, key: str = "patterns", cells: int | None = None) -> Floats:
    """Patterns of -1 and 1, one a row.

    Raises
    ------
    FormatError, NonFiniteError
    """
    table = rows(given, key, cells)
    if not (np.abs(table) == 1).all():
        row, column = (int(n) for n in np.argwhere(np.abs(table) != 1)[0])
        hint = "; patterns of 0 and 1 are turned into such by 2*x - 1" if set(np.unique(table[:100])) <= {0.0, 1.0} else ""
        raise FormatError(f"expected patterns of -1 and 1 (got {table[row, column]:g} in row {row}, column {column}){hint}", key=key)
    return table


def bits(number: object, cells: int, key: str = "flips") -> int:
    """A number of flipped bits: whole, and not more than there are cells.

    Raises
    ------
    ScheduleError
    """
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or not 0 <= number <= cells:
        text = (
            f"expected a number of BITS from 0 to {cells} (got {number!r:.40}); a share of the cells is not accepted, since it is rounded"
        )
        raise ScheduleError(text, key=key)
    return int(number)


def room(arrays: Mapping[str, float], key: str | None = None) -> None:
    """Refuse arrays of 8-byte numbers that together do not fit into memory, the largest named.

    Parameters
    ----------
    arrays : mapping of str to float
        How many numbers each has.

    Raises
    ------
    EngineError
    """
    largest = max(arrays, key=lambda name: arrays[name])
    check_memory(8.0 * sum(arrays.values()), f"{largest} ({arrays[largest]:.3g} numbers)", key=key)
