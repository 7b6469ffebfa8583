"""The page of a network: which cells fire when, how active each population is, and what becomes of plastic weights and of currents."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikeheb.errors import FormatError
from spikeheb.measure.activity import rate_course, rates
from spikeheb.plots.network_balance import balance, with_currents
from spikeheb.plots.network_detection import answers, that_answer
from spikeheb.plots.network_results import (
    Floats,
    Integers,
    Window,
    colour_of,
    has_spikes,
    plastic,
    populations,
    spikes,
    variable,
    window_of,
)
from spikeheb.plots.network_weights import draw_weight_course, draw_weights
from spikeheb.plots.style import LIGHT, End, end_labels, new_figure, styled

if TYPE_CHECKING:
    import xarray as xr

ROWS = 200
"""Cells in the raster, of all populations together."""
RATE_BINS = (20, 200)
"""Of the rates, at least and at most."""
SPIKES_OF_BIN = 20.0
"""In the mean, of the population with the fewest: then a rate is within a fifth or so of what it is."""
SHORTEST_BIN = 1e-3
"""Seconds; in a shorter one a population either fires or does not."""
RASTER, RATES, WEIGHTS, BALANCE, ANSWERS = 5.0, 2.0, 3.3, 2.8, 3.0
"""Inches that each part is high; the raster of a few cells is lower."""
LOWEST_RASTER, ROWS_OF_INCH = 0.9, 20


@styled
def network(result: xr.Dataset, window: Window | None = None) -> Figure:
    """The raster of some cells, the rate of each population on the same axis of time, the currents of a cell, and all plastic weights.

    Where a pattern comes back to a population of a few cells, it is shown how the first of them answers it.

    What is not recorded is left out, and so is a projection in which no synapse was drawn.

    Parameters
    ----------
    result : xarray.Dataset
        The result of a network.
    window : pair of float, optional
        Seconds that raster, rates and currents show; where absent, the whole run, or the last 2 s where it is longer than 5 s, and
        the last half second that is recorded of currents.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    FormatError
        For a data set that lacks what the result of a network has, and for a window without length.
    """
    projections = [name for name in plastic(result) if result.sizes.get(f"{name}_synapse") != 0]
    if window is not None and np.shape(window) != (2,):
        raise FormatError(f"expected start and stop in seconds (got {window!r:.40})", key="window")
    shown = window_of(result) if window is None else window
    drawn = [min(count, ROWS) for name, count in populations(result) if has_spikes(result, name)]
    tops = [(draw_raster, min(RASTER, LOWEST_RASTER + sum(drawn) / ROWS_OF_INCH))] if drawn else []
    tops += [(draw_rates, RATES)] if with_rates(result) else []
    currents = with_currents(result, window)
    answering = that_answer(result)
    heights = [sum(height for _, height in tops), ANSWERS * len(answering), BALANCE * len(currents), WEIGHTS * len(projections)]
    page = new_figure(10.0, sum(heights) or 1.0)
    there = [height for height in heights if height] or [1.0]
    parts: Any = iter(np.atleast_1d(np.asarray(page.subfigures(len(there), 1, height_ratios=there), dtype=object)))
    if tops:
        axes = next(parts).subplots(len(tops), 1, sharex=True, height_ratios=[height for _, height in tops], squeeze=False)
        for ax, (draw, _) in zip(axes[:, 0], tops, strict=True):
            draw(ax, result, shown)
    if answering:
        for ax, name in zip(next(parts).subplots(len(answering), 1, squeeze=False)[:, 0], answering, strict=True):
            answers(result, name, ax=ax)
    if currents:
        for ax, name in zip(next(parts).subplots(len(currents), 1, squeeze=False)[:, 0], currents, strict=True):
            balance(result, name, window=window, ax=ax)
    if projections:
        rows = next(parts).subplots(len(projections), 2, squeeze=False)
        for (left, right), projection in zip(rows, projections, strict=True):
            draw_weights(left, result, projection)
            draw_weight_course(right, result, projection)
    return page


def draw_network_panel(ax: Axes, result: xr.Dataset, panel: str) -> Axes:
    """One panel: ``raster`` or ``rates``; of the first plastic projection ``weights`` or ``course``; ``balance`` of the first currents;
    ``answers`` of the first population of a few cells to a pattern.

    Raises
    ------
    FormatError
        For weights of a network without plastic projections, and currents where none are recorded.
    """
    if panel in ("raster", "rates"):
        (draw_raster if panel == "raster" else draw_rates)(ax, result, window_of(result))
        return ax
    if panel == "balance":
        if not with_currents(result):
            raise FormatError("has no recorded currents; name cells and samples under probes.populations", key="probes")
        return balance(result, with_currents(result)[0], ax=ax)
    if panel == "answers":
        if not that_answer(result):
            raise FormatError("has no pattern that comes back to a population of a few cells whose spikes are recorded", key="patterns")
        return answers(result, that_answer(result)[0], ax=ax)
    projections = plastic(result)
    if not projections:
        raise FormatError("has no plastic projection, so there are no weights to show", key="plastic")
    (draw_weights if panel == "weights" else draw_weight_course)(ax, result, projections[0])
    return ax


def with_rates(result: xr.Dataset) -> list[str]:
    """The populations of which all spikes, or their counts in bins, are recorded."""
    return [name for name, _ in populations(result) if f"{name}_bin_rate" in result or _all_spikes(result, name)]


def _all_spikes(result: xr.Dataset, population: str) -> bool:
    return has_spikes(result, population) and f"{population}_recorded" not in result


def _recorded(result: xr.Dataset, population: str, count: int) -> Integers:
    """The cells of a population whose spikes are recorded."""
    name = f"{population}_recorded"
    return result[name].values if name in result else np.arange(count if has_spikes(result, population) else 0)


def draw_raster(ax: Axes, result: xr.Dataset, window: Window) -> Axes:
    """A stroke for each spike of some cells: random ones, the same whenever this is drawn, by number, the first population below."""
    named = [(n, name, count, _recorded(result, name, count)) for n, (name, count) in enumerate(populations(result))]
    named = [each for each in named if len(each[3])]
    total, every = sum(len(recorded) for *_, recorded in named), sum(count for _, _, count, _ in named)
    rng, base, middles, texts = np.random.default_rng(0), 0, [], []
    for n, name, count, recorded in named:
        chosen = np.sort(rng.permutation(recorded)[: max(1, ROWS * len(recorded) // max(total, ROWS))])
        times, cells = spikes(result, name, count, window)
        row = np.full(count, -1)
        row[chosen] = base + np.arange(chosen.size)
        there = row[cells] >= 0
        ax.plot(times[there], row[cells[there]], "|", color=colour_of(n), markersize=2.6, markeredgewidth=1.2, label=name, rasterized=True)
        middles.append(base + chosen.size / 2 - 0.5)
        texts.append(f"{name}\n{count} cell{'s' * (count > 1)}" if chosen.size == count else f"{name}\n{chosen.size} of {count}")
        base += chosen.size
        if n < named[-1][0]:
            ax.axhline(base - 0.5, color=LIGHT, linewidth=1, zorder=0)
    ax.set_title("spikes of all cells" if base == every else "spikes of some cells, chosen at random")
    ax.set_yticks(middles, texts)
    for n, text in enumerate(ax.get_yticklabels()):
        text.set_color(colour_of(n))
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelbottom=False)
    ax.set_ylim(-1, base)
    ax.set_xlim(*window)
    return ax


def draw_rates(ax: Axes, result: xr.Dataset, window: Window) -> Axes:
    """The mean rate of the cells of each population, in bins; at the end of each line its mean over the window.

    The bins are those in which spikes were counted where not all spikes are recorded.
    """
    bins = bins_of(result, window)
    width, counted = (window[1] - window[0]) / bins, set[float]()
    ends: list[End] = []
    for n, (name, count) in enumerate(populations(result)):
        if _all_spikes(result, name):
            times, cells = spikes(result, name, count, window)
            course, edges = rate_course(times, count, *window, width), np.linspace(*window, bins + 1)
            mean = float(rates(times, cells, count, *window).mean())
        elif f"{name}_bin_rate" in result:
            course, edges = _counted(result, name, window)
            counted.add(float(f"{edges[1] - edges[0]:.3g}"))
            mean = float(course.mean())
        else:
            continue
        ax.stairs(course, edges, baseline=None, color=colour_of(n), linewidth=1.3, label=name)
        ends.append((window[1], mean, f"mean {mean:.3g} Hz", colour_of(n)))
    ax.set_xlabel("time (s)")
    own = {float(f"{width:.3g}")} if any(_all_spikes(result, name) for name, _ in populations(result)) else set()
    ax.set_ylabel("rate of a cell (Hz)\nbins of " + " and ".join(f"{1e3 * each:.3g} ms" for each in sorted(own | counted)))
    ax.set_xlim(*window)
    ax.set_ylim(bottom=0)
    end_labels(ax, ends)
    return ax


def bins_of(result: xr.Dataset, window: Window) -> int:
    """How many bins of equal width the rates are drawn in: as fine as the spikes of the population with the fewest allow.

    The width is 1, 2 or 5 times a power of ten where such bins fill the window.
    """
    span = window[1] - window[0]
    spikes_of = [spikes(result, name, count, window)[0].size for name, count in populations(result) if _all_spikes(result, name)]
    fewest = min((number for number in spikes_of if number), default=1)
    least, most = RATE_BINS
    wanted = max(span / most, SHORTEST_BIN, SPIKES_OF_BIN * span / fewest) * (1 - 1e-9)
    powers = range(math.floor(math.log10(span)) - 4, math.ceil(math.log10(span)) + 1)
    widths = [width for power in powers for factor in (1, 2, 5) if (width := factor * 10.0**power) <= span / least * (1 + 1e-9)]
    width = next((width for width in widths if width >= wanted), widths[-1])
    return max(1, round(span / width))


def _counted(result: xr.Dataset, population: str, window: Window) -> tuple[Floats, Floats]:
    """The rates of a population as they were counted, and the edges of the bins in the window."""
    rate = variable(result, f"{population}_bin_rate")
    middles = rate[rate.dims[0]].values
    half = middles[0] if len(middles) else 0.0
    inside = (middles + half > window[0]) & (middles - half < window[1])
    if not inside.any():
        raise FormatError(f"no bin lies from {window[0]:g} to {window[1]:g} s", key="window")
    return rate.values[inside], np.append(middles[inside] - half, middles[inside][-1] + half)
