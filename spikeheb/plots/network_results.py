"""What figures of networks read of a result.

The result of a network names its populations (``attrs["populations"]``, JSON pairs of name and number of cells) and its plastic
projections (``attrs["plastic"]``, JSON names). Of each population P it has ``P_spike_time`` (s) and ``P_spike_cell``, where spikes are
recorded; of each projection Q ``Q_weight`` over ``snapshot`` or ``Q_snapshot`` (s) and synapses, and the cells ``Q_pre`` and ``Q_post`` of
each synapse.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError, unknown_name
from spikeheb.limits import MOST
from spikeheb.measure import checked
from spikeheb.plots.style import CYCLE

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Window = tuple[float, float]

LONGEST = 5.0
"""Seconds that are shown whole; of a longer run the last `SHOWN` are."""
SHOWN = 2.0
SIDES = ("pre", "post")


def populations(result: xr.Dataset) -> list[tuple[str, int]]:
    """The populations of a network with their numbers of cells, the lowest of the raster first.

    Raises
    ------
    FormatError
    """
    pairs = listed(result, "populations")
    if not pairs or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise FormatError("expected names of populations with their numbers of cells", key="populations")
    return [(str(name), checked.cell_count(count)) for name, count in pairs]


def plastic(result: xr.Dataset) -> list[str]:
    """The names of the plastic projections of a network.

    Raises
    ------
    FormatError
    """
    return [str(name) for name in listed(result, "plastic")]


def listed(result: xr.Dataset, name: str) -> list[Any]:
    """What an attribute lists in JSON; a FormatError where it does not."""
    try:
        values = json.loads(result.attrs[name])
    except (AttributeError, KeyError, TypeError, ValueError):
        raise FormatError("expected the result of a network, which lists them in JSON", key=name) from None
    if not isinstance(values, list):
        raise FormatError(f"expected a list in JSON (got {type(values).__name__})", key=name)
    return values


def variable(result: xr.Dataset, name: str) -> xr.DataArray:
    """A variable; a FormatError where it is not there."""
    if name not in result:
        raise FormatError("expected the result of a network with this variable, which is missing", key=name)
    return result[name]


def spikes(result: xr.Dataset, population: str, count: int, window: Window) -> tuple[Floats, Integers]:
    """Times and cells of a population's spikes in the window."""
    times, cells = (variable(result, f"{population}_spike_{what}").values for what in ("time", "cell"))
    return checked.spikes_in(times, cells, count, *window)


def synapses(result: xr.Dataset, projection: str) -> tuple[xr.DataArray, Integers, Integers]:
    """Weights over snapshot and synapse, and the cells of each synapse (at the end, where it was rewired); a FormatError where none is."""
    if projection not in plastic(result):
        raise unknown_name("plastic projection", projection, plastic(result))
    weight = variable(result, f"{projection}_weight")
    checked.table(weight.values, f"{projection}_weight")
    ends = {f"{projection}_{side}": variable(result, f"{projection}_{side}").values for side in SIDES}
    pre, post = (checked.cell_numbers(cells[-1] if np.ndim(cells) == 2 and len(cells) else cells, MOST, key) for key, cells in ends.items())
    if weight.dims[0] not in ("snapshot", f"{projection}_snapshot") or not weight.shape[1] == pre.size == post.size:
        raise FormatError(f"expected weights over snapshot and {pre.size} synapses (got {dict(weight.sizes)})", key=f"{projection}_weight")
    return weight, pre, post


def has_spikes(result: xr.Dataset, population: str) -> bool:
    """Whether spikes of a population are recorded."""
    return any(f"{population}_spike_{what}" in result for what in ("time", "cell"))


def times_of(weight: xr.DataArray) -> Floats:
    """The times of snapshots, seconds."""
    return np.asarray(weight[weight.dims[0]].values, dtype=float)


def window_of(result: xr.Dataset) -> Window:
    """The whole run, or the last part of a long one; how long it was, where the result does not say it, is seen from what it has."""
    ends = [float(result.attrs["duration_s"])] if "duration_s" in result.attrs else []
    ends += [float(variable(result, f"{name}_spike_time").max()) for name, _ in populations(result) if result.sizes.get(f"{name}_spike")]
    ends += [float(result["snapshot"].max())] if result.sizes.get("snapshot") else []
    stop = max(ends, default=0.0)
    if not stop > 0:
        raise FormatError("there is neither a spike nor a snapshot in this result", key="populations")
    return (0.0 if stop <= LONGEST else stop - SHOWN), stop


def label(weight: xr.DataArray, prefix: str = "") -> str:
    """What the axis of weights is named."""
    return prefix + str(weight.attrs.get("long_name", "weight")) + unit_of(weight, " ({})")


def unit_of(weight: xr.DataArray, around: str) -> str:
    """The unit of the weights with what stands around it; nothing for pure numbers."""
    unit = str(weight.attrs.get("units", "1"))
    return "" if unit in ("", "1") else around.format(unit)


def colour_of(n: int) -> str:
    """Of the n-th population."""
    return CYCLE[n % len(CYCLE)]
