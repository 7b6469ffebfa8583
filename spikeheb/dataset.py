"""The data set that every study returns: an `xarray.Dataset` whose page in a notebook stays short.

A result carries whole descriptions of rules and cells in its attributes, so that it can be repeated from the file alone, and dozens of
variables. xarray writes each of them with some hundred characters of markup and every attribute in full; here a table has a row for each.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from spikeheb.tables import html_table

LONGEST = 80
"""Characters of an attribute that a notebook shows."""
FEW = 3
"""Values of a variable that it shows, where there are more."""
MOST_ROWS = 100
COLUMNS = ("variable", "over", "values", "unit", "meaning")


class Result(xr.Dataset):  # type: ignore[no-untyped-call]  # xarray has an untyped hook for subclasses
    """A result. What xarray makes of it (``isel``, ``assign``, ``mean``) is one too."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        sizes = ", ".join(f"{name}: {size}" for name, size in self.sizes.items())
        caption = f"result of {self.attrs.get('study', 'a study')!s:.40} ({sizes})"
        variables = [_row(str(name), variable) for group in (self.data_vars, self.coords) for name, variable in group.items()]
        attributes = [[str(name), _shortened(value)] for name, value in self.attrs.items()]
        return html_table(caption, COLUMNS, variables, MOST_ROWS) + html_table("attributes", ("name", "value"), attributes, MOST_ROWS)


def as_result(data: xr.Dataset) -> Result:
    """The same variables, coordinates and attributes."""
    if isinstance(data, Result):
        return data
    return Result({name: data.variables[name] for name in data.data_vars}, data.coords, data.attrs)  # variables need no alignment


def _row(name: str, variable: xr.DataArray) -> list[str]:
    attributes = variable.attrs
    unit = str(attributes.get("units", ""))
    over = ", ".join(map(str, variable.dims))
    return [name, over, _values(variable.values), "" if unit == "1" else unit, str(attributes.get("long_name", ""))]


def _values(values: np.ndarray) -> str:
    """The first of them."""
    first = values.ravel()[: FEW + (values.size == FEW + 1)]
    texts = [f"{value:.4g}" if isinstance(value, float) else str(value)[:LONGEST] for value in first.tolist()]
    return ", ".join(texts) + (" ..." if values.size > len(texts) else "")


def _shortened(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... ({len(text)} characters; .attrs has them all)"
