"""The constraint theorem: weights against probabilities of promotion, and how the difference grows with the learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikeheb.plots.style import BLUE, GREY, LIGHT, VERMILION, new_figure

if TYPE_CHECKING:
    import xarray as xr

LOOK = {"hebbian": (BLUE, "o", "Hebbian: promotion"), "stdp": (VERMILION, "s", "STDP: promotion - demotion")}


def constraint_page(data: xr.Dataset) -> Figure:
    """On the diagonal at the slowest learning rate; the error against the learning rate."""
    page = new_figure(10.5, 4.9)
    left, right = page.subplots(1, 2)
    draw_diagonal(left, data)
    draw_bias(right, data)
    handles, names = left.get_legend_handles_labels()
    page.legend(handles, names, loc="outside upper left", ncols=2)
    return page


def draw_diagonal(ax: Axes, data: xr.Dataset) -> Axes:
    """Time-averaged weights against what promotions in other runs predict; bars are standard errors over seeds."""
    slow = data.isel(learning_rate=int(np.argmin(data["learning_rate"].values)))
    top = 1.08 * float(max(slow["weight"].max(), slow["predicted"].max()))
    ax.plot([0, top], [0, top], color=LIGHT, linewidth=1.5, zorder=0)
    for kind in slow["kind"].values:
        points = slow.sel(kind=kind)
        colour, marker, name = LOOK[str(kind)]
        ax.errorbar(
            points["predicted"].values, points["weight"].values, points["weight_sem"].values, points["predicted_sem"].values,
            fmt=marker, color=colour, markersize=6, elinewidth=1, label=name,
        )  # fmt: skip
    ax.set_xlabel("share of promotions (minus demotions)")
    ax.set_ylabel(f"weight, as a share of the sum\nlearning rate {float(slow['learning_rate']):g}")
    ax.set_xlim(0, top)
    ax.set_ylim(0, top)
    return ax


def draw_bias(ax: Axes, data: xr.Dataset) -> Axes:
    """Mean absolute difference against the learning rate, with a line of slope 1."""
    x = data["learning_rate"].values
    for kind in data["kind"].values:
        colour, marker, _ = LOOK[str(kind)]
        ax.loglog(x, data["bias"].sel(kind=kind).values, marker=marker, color=colour)
    anchor = float(data["bias"].isel(learning_rate=int(np.argmin(x))).max())
    ax.loglog(x, anchor * x / x.min(), "--", color=GREY, linewidth=1.2, label="proportional")
    ax.set_xlabel("learning rate (LTP of a pair / sum of weights)")
    ax.set_ylabel("mean |weight - prediction|")
    ax.legend(loc="best")
    return ax
