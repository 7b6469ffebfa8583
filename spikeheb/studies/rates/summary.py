"""A study of rates as a table for a terminal: a row for each condition, the mean over seeds with its standard deviation."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from spikeheb.tables import number_text

if TYPE_CHECKING:
    import xarray as xr

TABLE = "table"
"""The attribute that names the variables of the table, separated by spaces: those over the seed and the dimensions of the first of them."""


def columns(data: xr.Dataset) -> list[str]:
    """The headings."""
    names, over = _shown(data)
    return [*over, *names]


def rows(data: xr.Dataset) -> list[list[str]]:
    """The rows, in the order of the dimensions."""
    names, over = _shown(data)
    table = []
    for place in itertools.product(*(range(data.sizes[name]) for name in over)):
        at = data.isel(dict(zip(over, place, strict=True)))
        cells = []
        for name in names:
            values = at[name]
            spread = f" +- {number_text(float(values.std(ddof=1)))}" if values.size > 1 else ""
            cells.append(f"{number_text(float(values.mean()))}{spread}")
        table.append([*(_text(at[name].item()) for name in over), *cells])
    return table


def _text(value: object) -> str:
    return number_text(value) if isinstance(value, float) else str(value)


def _shown(data: xr.Dataset) -> tuple[list[str], list[str]]:
    names = str(data.attrs[TABLE]).split()
    return names, [str(name) for name in data[names[0]].dims if name != "seed"]
