"""Groups of cells of one population of a network, such as its assemblies, and how active each of them is over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from spikeheb.errors import FormatError, unknown_name
from spikeheb.measure import checked
from spikeheb.measure.activity import rate_course
from spikeheb.plots.networks import Window, populations, spikes
from spikeheb.plots.style import CYCLE, LIGHT, end_labels, new_axes, styled

if TYPE_CHECKING:
    import xarray as xr

BINS = 100
LOWEST = 0.5
"""Hertz at the lower end of the axis; lower rates, and 0, stand there."""


@styled
def group_rates(
    result: xr.Dataset,
    population: str,
    groups: Mapping[str, npt.ArrayLike],
    window: Window,
    marks: Mapping[str, Window] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The mean rate of the cells of each group in bins, on a logarithmic axis: equal ratios of rates have equal heights.

    For the completion of a pattern the groups are the cells that were cued, the other members of their assembly, other assemblies and
    the rest.

    Parameters
    ----------
    result : xarray.Dataset
        The result of a network.
    population : str
    groups : mapping of str to array of int or of bool, shape (cells,)
        The cells of each group by its name, at most seven groups.
    window : pair of float
        Seconds that are shown, in 100 bins.
    marks : mapping of str to pair of float, optional
        Stretches of time that are shaded, by name.
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
        For no group or too many, an empty one, cells that are not there, and a window without length.
    """
    counts = dict(populations(result))
    if population not in counts:
        raise unknown_name("population", population, counts)
    if not 0 < len(groups) <= len(CYCLE):
        raise FormatError(f"expected from one to {len(CYCLE)} groups (got {len(groups)})", key="groups")
    ax = new_axes(9.0, 4.5) if ax is None else ax
    times, cells = spikes(result, population, counts[population], window)
    width, ends = (window[1] - window[0]) / BINS, []
    for n, (name, group) in enumerate(groups.items()):
        member = checked.members(group, counts[population], name)
        course = rate_course(times[member[cells]], int(member.sum()), *window, width)
        ax.stairs(np.maximum(course, LOWEST), np.linspace(*window, BINS + 1), baseline=None, color=CYCLE[n], label=name, linewidth=1.8)
        ends.append((window[1], float(course[-1]), f"{name} ({int(member.sum()):,})", CYCLE[n]))
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set_ylim(bottom=LOWEST)
    for name, stretch in (marks or {}).items():
        ax.axvspan(*stretch, color=LIGHT, alpha=0.4, linewidth=0, zorder=0)
        ax.annotate(name, (sum(stretch) / 2, 1), (0, 4), xycoords=ax.get_xaxis_transform(), textcoords="offset points", ha="center")
    ax.set_xlim(*window)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.set_xlabel("time (s)")
    ax.set_ylabel(f"rate of a cell (Hz)\nbins of {1e3 * width:.3g} ms")
    end_labels(ax, [(x, max(y, LOWEST), text, colour) for x, y, text, colour in ends])
    return ax
