"""The weights of a projection of a network: their distribution, and their course over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm

from spikeheb.plots.network_results import Floats, label, synapses, times_of, unit_of, variable
from spikeheb.plots.style import BLUE, GREEN, GREY, End, end_labels
from spikeheb.plots.weights import BINS, mark_cut, shown_top

if TYPE_CHECKING:
    import xarray as xr

BAND = (10.0, 90.0)
"""Percentiles of the weights between which the band of their course lies."""
WATCHED = 20
"""Synapses of which a line is drawn at most."""


def draw_weights(ax: Axes, result: xr.Dataset, projection: str) -> Axes:
    """The distribution of the weights of a projection at its first and at its last snapshot."""
    weight, _, _ = synapses(result, projection)
    times = times_of(weight)
    chosen = [(0, GREY), (-1, GREEN)] if len(times) > 1 else [(0, GREY)]
    values = [weight.values[k] for k, _ in chosen]
    low, high = min(0.0, *(float(w.min()) for w in values)), max(float(w.max()) for w in values)
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    shares = [np.histogram(w, edges)[0] / w.size / np.diff(edges) for w in values]
    ceiling = max(shown_top(share) for share in shares)
    for n, ((k, colour), share) in enumerate(zip(chosen, shares, strict=True)):
        ax.stairs(share, edges, color=colour, linewidth=2, label=f"at {float(times[k]):g} s")
        mark_cut(ax, share, edges, 1.1 * ceiling, colour, n)
    ax.set_xlabel(label(weight))
    ax.set_ylabel("density")
    ax.set_ylim(0, 1.1 * ceiling)
    ax.set_title(projection)
    ax.legend(loc="best", labelcolor="linecolor", handlelength=0, handletextpad=0)
    return ax


def draw_weight_course(ax: Axes, result: xr.Dataset, projection: str) -> Axes:
    """The course of the weights of a projection: how many lie where, where histograms are recorded, else the middle of the snapshots.

    Where the weights of single synapses are recorded, some of them stand over it as thin lines.
    """
    weight, _, _ = synapses(result, projection)
    times, mean = times_of(weight), weight.values.mean(axis=1)
    parts: list[str] = []
    if f"{projection}_histogram" in result:
        of_bins = _draw_shares(ax, result, projection)
        times, mean = of_bins if len(times) == 1 else (times, mean)
        ends: list[End] = []
        parts.append("grey: all")
    else:
        low, high = np.percentile(weight.values, BAND, axis=1)
        ax.fill_between(times, low, high, color=GREEN, alpha=0.25, linewidth=0, label="10-90 % of weights")
        ends = [(float(times[-1]), float(y[-1]), text, GREEN) for y, text in ((low, "10 %"), (high, "90 %"))]
    if f"{projection}_watched_weight" in result:
        parts.append(f"blue: {_draw_watched(ax, result, projection)} synapses")
    ax.plot(times, mean, color=GREEN, label="mean", marker="o" if len(times) == 1 else None, zorder=3)
    ax.set_title("\n".join([f"mean from {mean[0]:.3g} to {mean[-1]:.3g}{unit_of(weight, ' {}')}", *([", ".join(parts)] if parts else [])]))
    ax.set_xlabel("time (s)")
    ax.set_ylabel(label(weight) + ("\nmean and 10-90 %" if ends else ""))
    ax.margins(x=0)
    ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
    end_labels(ax, [*ends, (float(times[-1]), float(mean[-1]), "mean", GREEN)])
    return ax


def _draw_watched(ax: Axes, result: xr.Dataset, projection: str) -> int:
    """A thin line for each of some watched synapses; how many there are."""
    watched = variable(result, f"{projection}_watched_weight")
    chosen = np.unique(np.linspace(0, watched.shape[1] - 1, min(WATCHED, watched.shape[1])).astype(int))
    ax.plot(watched[watched.dims[0]].values, watched.values[:, chosen], color=BLUE, linewidth=0.7, alpha=0.7)
    return len(chosen)


def _draw_shares(ax: Axes, result: xr.Dataset, projection: str) -> tuple[Floats, Floats]:
    """The share of all weights in each bin by darkness, on a scale that shows rare ones too; times, and the means over bins."""
    counts, edges = variable(result, f"{projection}_histogram"), variable(result, f"{projection}_edge").values
    times = np.asarray(counts[counts.dims[0]].values, dtype=float)
    shares = counts.values / max(1, int(counts.values.sum(axis=1).max()))
    middles = np.append(times, times[-1] + (times[-1] - times[-2] if len(times) > 1 else 1.0))
    scale = PowerNorm(0.4, vmin=0.0, vmax=float(shares.max()) or 1.0)
    mesh = ax.pcolormesh(middles, edges, np.where(shares.T > 0, shares.T, np.nan), cmap="Greys", norm=scale, rasterized=True)
    figure = ax.get_figure(root=False)
    assert figure is not None
    figure.colorbar(mesh, ax=ax, label="share of synapses", pad=0.16, fraction=0.07)
    ax.set_ylim(top=1.05 * float(edges[1:][counts.values.any(axis=0)].max(initial=edges[1])))
    centres, total = (edges[1:] + edges[:-1]) / 2, np.maximum(1, counts.values.sum(axis=1))
    return times, counts.values @ centres / total
