"""The data set that every study returns: an `xarray.Dataset` whose page in a notebook stays short.

A result carries whole descriptions of rules and cells in its attributes, so that it can be repeated from the file alone. xarray
writes every attribute in full into a notebook's page; here long ones are cut there, and only there.
"""

from __future__ import annotations

import xarray as xr

LONGEST = 200
"""Characters of an attribute that a notebook shows."""


class Result(xr.Dataset):  # type: ignore[no-untyped-call]  # xarray has an untyped hook for subclasses
    """A result. What xarray makes of it (``isel``, ``assign``, ``mean``) is one too."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        shown = self.copy(deep=False)
        shown.attrs = {name: _shortened(value) for name, value in self.attrs.items()}
        return str(super(Result, shown)._repr_html_())


def as_result(data: xr.Dataset) -> Result:
    """The same variables, coordinates and attributes."""
    return data if isinstance(data, Result) else Result(data.data_vars, data.coords, data.attrs)


def _shortened(value: object) -> object:
    text = str(value)
    return value if len(text) <= LONGEST else f"{text[:LONGEST]} ... ({len(text)} characters; .attrs has them all)"
