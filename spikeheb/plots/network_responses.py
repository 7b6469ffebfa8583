"""Which groups of inputs a cell of a network answers, in several stretches of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from spikeheb.errors import FormatError, unknown_name
from spikeheb.measure.responses import AFTER, responses
from spikeheb.plots.network_results import Window, populations, spikes
from spikeheb.plots.style import CYCLE, new_axes, styled

if TYPE_CHECKING:
    import xarray as xr

MARKERS = "osD^vP*"


@styled
def group_responses(
    result: xr.Dataset,
    sources: str,
    groups: Mapping[str, npt.ArrayLike],
    to: tuple[str, int],
    windows: Mapping[str, Window],
    ax: Axes | None = None,
) -> Axes:
    """The rate of a cell in the 20 ms after spikes of each group of its inputs: one point for each, one line for each stretch of time.

    Parameters
    ----------
    result : xarray.Dataset
        The result of a network, with the spikes of both populations.
    sources : str
        The population of the inputs.
    groups : mapping of str to array of int or of bool, shape (cells,)
        The inputs of each group, by its name.
    to : pair of str and int
        Population and number of the cell that answers.
    windows : mapping of str to pair of float
        Seconds, by name; at most seven.
    ax : matplotlib Axes, optional
        Where to draw; new Axes where absent.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    UnknownName
        For a population that is not there.
    FormatError
        For no group, no window or too many, cells that are not there, and a window without length.
    """
    counts = dict(populations(result))
    for population in (sources, to[0]):
        if population not in counts:
            raise unknown_name("population", population, counts)
    if not groups:
        raise FormatError("expected at least one group of inputs", key="groups")
    if not 0 < len(windows) <= len(CYCLE):
        raise FormatError(f"expected from one to {len(CYCLE)} stretches of time (got {len(windows)})", key="windows")
    if not 0 <= to[1] < counts[to[0]]:
        raise FormatError(f'there is no cell {to[1]} of "{to[0]}"; there are {counts[to[0]]}', key="to")
    ax = new_axes(8.0, 4.5) if ax is None else ax
    for n, (name, window) in enumerate(windows.items()):
        times, cells = spikes(result, to[0], counts[to[0]], window)
        answers = responses(*spikes(result, sources, counts[sources], window), counts[sources], groups, times[cells == to[1]], *window)
        label = f"{name} ({window[0]:g} to {window[1]:g} s)"
        ax.plot(np.arange(len(groups)), answers, MARKERS[n], color=CYCLE[n], label=label, markersize=8, linestyle="-", linewidth=0.8)
    ax.set_xticks(np.arange(len(groups)), list(groups))
    ax.set_ylim(bottom=0)
    ax.set_xlabel(f"group of inputs ({sources})")
    ax.set_ylabel(f"rate of {to[0]} in the {1e3 * AFTER:g} ms\nafter spikes of the group (Hz)")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, frameon=False)
    return ax
