"""Windows of several rules side by side, as one result."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spikeheb.errors import FormatError

if TYPE_CHECKING:
    import xarray as xr


def overlay(windows: Sequence[xr.Dataset]) -> xr.Dataset:
    """Windows of several rules over a new dimension ``rule``.

    What their attributes have in common stays an attribute; the attribute ``rules`` holds all attributes of each, as JSON.

    Parameters
    ----------
    windows : sequence of xarray.Dataset
        Results of `window` with the same delta_t.

    Raises
    ------
    FormatError
        Where there is none, or the values of delta_t differ.
    """
    import xarray as xr

    if not windows:
        raise FormatError("expected at least one window")
    first = next((single for single in windows if "change_sem" in single), windows[0])
    for other in windows:
        if not np.array_equal(other["delta_t"].values, first["delta_t"].values):
            raise FormatError("the windows have different delta_t; compute them for the same ones")
    labels = _labels([str(single.attrs["rule_label"]) for single in windows])
    notes = [f"{label}: {single.attrs['note']}" for label, single in zip(labels, windows, strict=True) if single.attrs.get("note")]
    data = xr.concat([_with_every(single, first) for single in windows], "rule", combine_attrs="drop_conflicts").assign_coords(rule=labels)
    data.attrs.pop("note", None)
    data.attrs |= {"note": "; ".join(notes)} if notes else {}
    for name in first.variables:
        data[name].attrs = dict(first[name].attrs)
    data.attrs["rules"] = json.dumps([{key: _plain(value) for key, value in single.attrs.items()} for single in windows])
    return data


def _with_every(single: xr.Dataset, other: xr.Dataset) -> xr.Dataset:
    """The window with the variables of the other, NaN where it has none: a deterministic rule has no standard error."""
    missing = [name for name in other.data_vars if name not in single]
    return single.assign({name: other[name] * np.nan for name in missing})


def _labels(labels: list[str]) -> list[str]:
    """The labels, numbered where two are the same."""
    return [f"{label} ({labels[: n + 1].count(label)})" if labels.count(label) > 1 else label for n, label in enumerate(labels)]


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value
