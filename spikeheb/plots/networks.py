"""Networks: which cells fire when, how active each population is, what becomes of plastic weights, and who is connected with whom.

The result of a network names its populations (``attrs["populations"]``, JSON pairs of name and number of cells) and its plastic projections
(``attrs["plastic"]``, JSON names). Of each population P it has ``P_spike_time`` (s) and ``P_spike_cell``; of each projection Q ``Q_weight``
over ``snapshot`` (s) and synapses, and the cells ``Q_pre`` and ``Q_post`` of each synapse.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikeheb.errors import FormatError, unknown_name
from spikeheb.limits import MOST
from spikeheb.measure import checked
from spikeheb.measure.activity import rate_course, rates
from spikeheb.plots.style import CYCLE, GREEN, GREY, LIGHT, End, end_labels, new_axes, new_figure, styled
from spikeheb.plots.weights import BINS, mark_cut, shown_top

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Window = tuple[float, float]

ROWS = 200
"""Cells in the raster, of all populations together."""
LONGEST = 5.0
"""Seconds that are shown whole; of a longer run the last `SHOWN` are."""
SHOWN = 2.0
RATE_BINS = 200
BAND = (10.0, 90.0)
"""Percentiles of the weights between which the band of their course lies."""
BLOCKS = 150
"""Rows and columns of the connection matrix at most; where there are more cells, neighbours share one."""
SIDES = ("pre", "post")
FAINTEST = 0.15
"""The smallest mean of the matrix is as dark as this share of the scale, so that it differs from no connection."""


@styled
def network(result: xr.Dataset, window: Window | None = None) -> Figure:
    """The raster of some cells, the rate of each population on the same axis of time, and the weights of each plastic projection.

    Parameters
    ----------
    result : xarray.Dataset
        The result of a network.
    window : pair of float, optional
        Seconds that raster and rates show; where absent, the whole run, or the last 2 s where it is longer than 5 s.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    FormatError
        For a data set that lacks what the result of a network has, and for a window without length.
    """
    projections = plastic(result)
    if window is not None and np.shape(window) != (2,):
        raise FormatError(f"expected start and stop in seconds (got {window!r:.40})", key="window")
    shown = _window(result) if window is None else window
    page = new_figure(10.0, 7.0 + 3.3 * len(projections))
    parts: Any = page.subfigures(2 if projections else 1, 1, height_ratios=[7.0, 3.3 * len(projections)][: 2 if projections else 1])
    top, *bottom = np.atleast_1d(parts)
    raster, course = top.subplots(2, 1, sharex=True, height_ratios=[5, 2])
    draw_raster(raster, result, shown)
    draw_rates(course, result, shown)
    rows = bottom[0].subplots(len(projections), 2, squeeze=False) if projections else []
    for (left, right), projection in zip(rows, projections, strict=True):
        draw_weights(left, result, projection)
        draw_weight_course(right, result, projection)
    return page


def draw_network_panel(ax: Axes, result: xr.Dataset, panel: str) -> Axes:
    """One panel: ``raster`` or ``rates``; of the first plastic projection ``weights`` or ``course``.

    Raises
    ------
    FormatError
        For weights of a network without plastic projections.
    """
    if panel in ("raster", "rates"):
        (draw_raster if panel == "raster" else draw_rates)(ax, result, _window(result))
        return ax
    projections = plastic(result)
    if not projections:
        raise FormatError("has no plastic projection, so that there are no weights to show", key="plastic")
    (draw_weights if panel == "weights" else draw_weight_course)(ax, result, projections[0])
    return ax


@styled
def matrix(
    result: xr.Dataset,
    projection: str,
    order: npt.ArrayLike | None = None,
    post_order: npt.ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The last weights of a projection by presynaptic and postsynaptic cell; where there are many cells, means of neighbours.

    Parameters
    ----------
    result : xarray.Dataset
        The result of a network.
    projection : str
        One of its plastic projections.
    order : array of int, optional
        Cells in the order in which they stand, such as by assembly; those that it does not name are left out. Where absent, cells
        stand by number.
    post_order : array of int, optional
        The order of postsynaptic cells, where it is not to be that of presynaptic ones.
    ax : matplotlib Axes, optional
        Where to draw; new Axes where absent.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    UnknownName
        For a projection that is not plastic or not there.
    FormatError
        For an order that is not of different cells; for a data set that lacks what the result of a network has.
    """
    weight, pre, post = _synapses(result, projection)
    column = _places(order, pre, "order")
    row = _places(order if post_order is None else post_order, post, "order" if post_order is None else "post_order")
    means, edges = _block_means(weight.values[-1], (column[pre], row[post]), (int(column.max()) + 1, int(row.max()) + 1))
    ax = new_axes(7.0, 6.0) if ax is None else ax
    low, high = float(np.nanmin(means)), float(np.nanmax(means))
    span = high - low or abs(high) or 1.0
    mesh = ax.pcolormesh(*edges, means.T, cmap="Blues", vmin=low - FAINTEST * span, vmax=low + span, rasterized=True)
    figure = ax.get_figure(root=False)
    assert figure is not None
    bar = figure.colorbar(mesh, ax=ax, label=_label(weight, "mean of "))
    bar.ax.set_ylim(low, low + span)
    ax.set_box_aspect(1)
    ax.set_xlabel("presynaptic cells" + ("" if order is None else ", in the given order"))
    ax.set_ylabel("postsynaptic cells" + ("" if order is None and post_order is None else ", in the given order"))
    ax.set_title(f"{projection} at {float(result['snapshot'].values[-1]):g} s (white: no connection)")
    return ax


def populations(result: xr.Dataset) -> list[tuple[str, int]]:
    """The populations of a network with their numbers of cells, the lowest of the raster first.

    Raises
    ------
    FormatError
    """
    pairs = _listed(result, "populations")
    if not pairs or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise FormatError("expected names of populations with their numbers of cells", key="populations")
    return [(str(name), checked.cell_count(count)) for name, count in pairs]


def plastic(result: xr.Dataset) -> list[str]:
    """The names of the plastic projections of a network.

    Raises
    ------
    FormatError
    """
    return [str(name) for name in _listed(result, "plastic")]


def draw_raster(ax: Axes, result: xr.Dataset, window: Window) -> Axes:
    """A stroke for each spike of some cells: random ones, the same whenever this is drawn, by number, the first population below."""
    named = populations(result)
    total = sum(count for _, count in named)
    rng, base, middles, texts = np.random.default_rng(0), 0, [], []
    for n, (name, count) in enumerate(named):
        chosen = np.sort(rng.permutation(count)[: max(1, ROWS * count // max(total, ROWS))])
        times, cells = spikes(result, name, count, window)
        row = np.full(count, -1)
        row[chosen] = base + np.arange(chosen.size)
        there = row[cells] >= 0
        ax.plot(times[there], row[cells[there]], "|", color=_colour(n), markersize=2.6, markeredgewidth=1.2, label=name, rasterized=True)
        middles.append(base + chosen.size / 2 - 0.5)
        texts.append(f"{name}\n{count} cells" if chosen.size == count else f"{name}\n{chosen.size} of {count}")
        base += chosen.size
        if n < len(named) - 1:
            ax.axhline(base - 0.5, color=LIGHT, linewidth=1, zorder=0)
    ax.set_title("spikes of all cells" if base == total else "spikes of some cells, chosen at random")
    ax.set_yticks(middles, texts)
    for n, text in enumerate(ax.get_yticklabels()):
        text.set_color(_colour(n))
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelbottom=False)
    ax.set_ylim(-1, base)
    ax.set_xlim(*window)
    return ax


def draw_rates(ax: Axes, result: xr.Dataset, window: Window) -> Axes:
    """The mean rate of the cells of each population, in bins; at the end of each line its mean over the window."""
    width = (window[1] - window[0]) / RATE_BINS
    ends: list[End] = []
    for n, (name, count) in enumerate(populations(result)):
        times, cells = spikes(result, name, count, window)
        course = rate_course(times, count, *window, width)
        mean = float(rates(times, cells, count, *window).mean())
        ax.stairs(course, np.linspace(*window, RATE_BINS + 1), baseline=None, color=_colour(n), linewidth=1.3, label=name)
        ends.append((window[1], mean, f"mean {mean:.3g} Hz", _colour(n)))
    ax.set_xlabel("time (s)")
    ax.set_ylabel(f"rate of a cell (Hz)\nbins of {1e3 * width:.3g} ms")
    ax.set_xlim(*window)
    ax.set_ylim(bottom=0)
    end_labels(ax, ends)
    return ax


def draw_weights(ax: Axes, result: xr.Dataset, projection: str) -> Axes:
    """The distribution of the weights of a projection at its first and at its last snapshot."""
    weight, _, _ = _synapses(result, projection)
    times = result["snapshot"].values
    chosen = [(0, GREY), (-1, GREEN)] if len(times) > 1 else [(0, GREY)]
    values = [weight.values[k] for k, _ in chosen]
    low, high = min(0.0, *(float(w.min()) for w in values)), max(float(w.max()) for w in values)
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    shares = [np.histogram(w, edges)[0] / w.size / np.diff(edges) for w in values]
    ceiling = max(shown_top(share) for share in shares)
    for n, ((k, colour), share) in enumerate(zip(chosen, shares, strict=True)):
        ax.stairs(share, edges, color=colour, linewidth=2, label=f"at {float(times[k]):g} s")
        mark_cut(ax, share, edges, 1.1 * ceiling, colour, n)
    ax.set_xlabel(_label(weight))
    ax.set_ylabel("density")
    ax.set_ylim(0, 1.1 * ceiling)
    ax.set_title(projection)
    ax.legend(loc="best", labelcolor="linecolor", handlelength=0, handletextpad=0)
    return ax


def draw_weight_course(ax: Axes, result: xr.Dataset, projection: str) -> Axes:
    """The mean of the weights of a projection over time, and the band in which four in five of them lie."""
    weight, _, _ = _synapses(result, projection)
    times, mean = result["snapshot"].values, weight.values.mean(axis=1)
    low, high = np.percentile(weight.values, BAND, axis=1)
    ax.fill_between(times, low, high, color=GREEN, alpha=0.25, linewidth=0, label="10-90 % of weights")
    ax.plot(times, mean, color=GREEN, label="mean", marker="o" if len(times) == 1 else None)
    ax.set_title(f"mean from {mean[0]:.3g} to {mean[-1]:.3g}{_unit(weight, ' {}')}")
    ax.set_xlabel("time (s)")
    ax.set_ylabel(f"{_label(weight)}\nmean and 10-90 %")
    ax.set_ylim(bottom=min(0.0, float(low.min())))
    ax.margins(x=0)
    end_labels(ax, [(float(times[-1]), float(y[-1]), text, GREEN) for y, text in ((low, "10 %"), (mean, "mean"), (high, "90 %"))])
    return ax


def _listed(result: xr.Dataset, name: str) -> list[Any]:
    try:
        listed = json.loads(result.attrs[name])
    except (AttributeError, KeyError, TypeError, ValueError):
        raise FormatError("expected the result of a network, which lists them in JSON; this one does not", key=name) from None
    if not isinstance(listed, list):
        raise FormatError(f"expected a list in JSON (got {type(listed).__name__})", key=name)
    return listed


def _variable(result: xr.Dataset, name: str) -> xr.DataArray:
    if name not in result:
        raise FormatError("expected the result of a network with this variable; it lacks it", key=name)
    return result[name]


def spikes(result: xr.Dataset, population: str, count: int, window: Window) -> tuple[Floats, Integers]:
    """Times and cells of a population's spikes in the window."""
    times, cells = (_variable(result, f"{population}_spike_{what}").values for what in ("time", "cell"))
    return checked.spikes_in(times, cells, count, *window)


def _synapses(result: xr.Dataset, projection: str) -> tuple[xr.DataArray, Integers, Integers]:
    """Weights over snapshot and synapse, and the cells of each synapse; a FormatError where there is none."""
    if projection not in plastic(result):
        raise unknown_name("plastic projection", projection, plastic(result))
    weight = _variable(result, f"{projection}_weight")
    checked.table(weight.values, f"{projection}_weight")
    pre, post = (checked.cell_numbers(_variable(result, f"{projection}_{side}").values, MOST, f"{projection}_{side}") for side in SIDES)
    if weight.dims[0] != "snapshot" or not weight.shape[1] == pre.size == post.size:
        raise FormatError(f"expected weights over snapshot and {pre.size} synapses (got {dict(weight.sizes)})", key=f"{projection}_weight")
    return weight, pre, post


def _window(result: xr.Dataset) -> Window:
    """The whole run, or the last part of a long one."""
    ends = [float(_variable(result, f"{name}_spike_time").max()) for name, _ in populations(result) if result.sizes.get(f"{name}_spike")]
    ends += [float(result["snapshot"].max())] if result.sizes.get("snapshot") else []
    stop = max(ends, default=0.0)
    if not stop > 0:
        raise FormatError("there is neither a spike nor a snapshot in this result", key="populations")
    return (0.0 if stop <= LONGEST else stop - SHOWN), stop


def _places(order: npt.ArrayLike | None, cells: Integers, key: str) -> Integers:
    """Where each cell stands, by its number; -1 for those that stand nowhere."""
    order = np.arange(cells.max() + 1) if order is None else checked.cell_numbers(order, MOST, key)
    if not order.size or np.unique(order).size < order.size:
        raise FormatError("expected different cells, at least one" + ("" if order.size else " (got none)"), key=key)
    places = np.full(max(int(order.max()), int(cells.max())) + 1, -1)
    places[order] = np.arange(order.size)
    return places


def _block_means(weights: Floats, at: tuple[Integers, Integers], sizes: tuple[int, int]) -> tuple[Floats, list[Floats]]:
    """Mean weight by block of column and row, NaN without a connection, and the edges of blocks along both."""
    inside = (at[0] >= 0) & (at[1] >= 0)
    if not inside.any():
        raise FormatError("no synapse joins cells of this order", key="order")
    widths = [-(-size // BLOCKS) for size in sizes]
    shape = [-(-size // width) for size, width in zip(sizes, widths, strict=True)]
    block = at[0][inside] // widths[0] * shape[1] + at[1][inside] // widths[1]
    number = np.bincount(block, minlength=shape[0] * shape[1])
    with np.errstate(invalid="ignore"):
        means = (np.bincount(block, weights[inside], minlength=number.size) / number).reshape(shape)
    edges = [np.minimum(np.arange(n + 1) * width, size) - 0.5 for n, width, size in zip(shape, widths, sizes, strict=True)]
    return means, edges


def _label(weight: xr.DataArray, prefix: str = "") -> str:
    return prefix + str(weight.attrs.get("long_name", "weight")) + _unit(weight, " ({})")


def _unit(weight: xr.DataArray, around: str) -> str:
    """The unit of the weights with what stands around it; nothing for pure numbers."""
    unit = str(weight.attrs.get("units", "1"))
    return "" if unit in ("", "1") else around.format(unit)


def _colour(n: int) -> str:
    return CYCLE[n % len(CYCLE)]
