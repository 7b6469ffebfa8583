"""The hidden synapse: the cells of an experiment, and the ideal observer's posterior after each experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikeheb.plots.style import BLUE, CYCLE, GREY, LIGHT, End, end_labels, new_axes, ratio_axis

if TYPE_CHECKING:
    import xarray as xr

NAMED = 0.03
"""Probability from which on, at some time, a rule has its own colour and name."""
ACROSS = 0.24
"""Width over which the cells of a condition are spread."""


def draw_cells(ax: Axes, data: xr.Dataset) -> Axes:
    """The ratio of every cell by condition, and the mean with its standard error over cells."""
    ax.axhline(1, color=LIGHT, linewidth=1, zorder=0)
    for k, ratios in enumerate(data["ratio"].values):
        kept = ratios[np.isfinite(ratios)]
        ax.plot(k + np.linspace(-ACROSS, ACROSS, kept.size) if kept.size > 1 else [k], kept, "o", color=GREY, markersize=5, alpha=0.7)
        if kept.size > 1:
            ax.errorbar(k, kept.mean(), kept.std(ddof=1) / np.sqrt(kept.size), fmt="_", markersize=22, color=BLUE, capsize=4, linewidth=2)
    ax.set_xticks(range(data.sizes["condition"]), [str(text).replace(", ", "\n") for text in data["condition"].values])
    ax.set_xlim(-0.8, data.sizes["condition"] - 0.2)
    lost = int(np.isnan(data["ratio"].values).sum())
    ax.set_xlabel(data.attrs.get("besides", ""))
    ax.set_ylabel("EPSP after / before")
    ax.set_title(f"{data.attrs['protocol']}: each cell, mean ± SEM" + (f" ({lost} lost)" if lost else ""))
    ratio_axis([ax])
    return ax


def draw_posterior(ax: Axes, data: xr.Dataset) -> Axes:
    """The probability of each rule against the cells that were spent; the truth is thick, and a cross is what was handed in."""
    right = {name.strip() for name in str(data.attrs["same"]).split(",")}
    ends: list[End] = []
    spent, colours = data["cells"].values, iter(CYCLE * 3)
    for rule in data["rule"].values:
        shares = data["probability"].sel(rule=rule).values
        handed_in = float(data["handed_in"].sel(rule=rule))
        is_right = str(rule) in right
        named = is_right or shares[1:].max(initial=0.0) >= NAMED or handed_in >= NAMED
        colour = next(colours) if named else LIGHT
        ax.plot(spent, shares, "o-", color=colour, linewidth=3.5 if is_right else 1.5, markersize=6 if is_right else 4, zorder=2 + is_right)
        if named:
            ends.append((float(spent[-1]), float(shares[-1]), f"{rule} (the truth)" if is_right else str(rule), colour))
            if np.isfinite(handed_in):
                ax.plot(spent[-1], handed_in, "x", color=colour, markersize=9, markeredgewidth=2, zorder=5, clip_on=False)
    ax.set(xlabel="cells that were spent", ylabel="probability (ideal observer)", ylim=(-0.03, 1.03))
    ax.set_title("What the data say after each experiment (×: handed in)")
    end_labels(ax, ends)
    return ax


def mystery_page(data: xr.Dataset) -> Figure:
    """A page of the one panel."""
    ax = new_axes()
    (draw_posterior if data.attrs["study"] == "posterior" else draw_cells)(ax, data)
    page = ax.get_figure(root=True)
    assert page is not None
    return page
