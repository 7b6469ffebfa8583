"""Compared weight distributions: their densities, and the distance of every two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikeheb.plots.style import CYCLE, DASHES, new_figure
from spikeheb.plots.weights import BELOW, OVERLAID, draw_matrix, legend_above

if TYPE_CHECKING:
    import xarray as xr

WIDTH, HEIGHT = 11.0, 4.4


def comparison_page(data: xr.Dataset) -> Figure:
    """Densities, and beside them the distances where there are several samples."""
    several = data.sizes["sample"] > 1
    page = new_figure(WIDTH if several else WIDTH / 2, HEIGHT + 0.25 * data.sizes["sample"])
    axes = np.atleast_1d(page.subplots(1, 1 + several, width_ratios=[1.5, 1][: 1 + several]))
    draw_densities(axes[0], data)
    if several:
        draw_matrix(axes[1], data["wasserstein"].values, "sample")
    handles, names = axes[0].get_legend_handles_labels()
    legend_above(page, handles, names, WIDTH if several else WIDTH / 2)
    return page


def draw_densities(ax: Axes, data: xr.Dataset) -> Axes:
    """The density of each sample; more than three stand above each other, each scaled to its own peak."""
    centres, density = data["bin"].values, data["density"].values
    width = centres[1] - centres[0]
    edges = np.append(centres - width / 2, centres[-1] + width / 2)
    stacked = len(density) > OVERLAID
    for n, (name, values) in enumerate(zip(sample_names(data), density, strict=True)):
        base, unit = (len(density) - 1 - n, 1.1 * values.max()) if stacked else (0.0, 1.0)
        look: dict[str, Any] = {"color": CYCLE[n % len(CYCLE)], "linestyle": DASHES[n % len(DASHES)], "linewidth": 1.8}
        ax.stairs(base + values / unit, edges, baseline=base, label=name, **look)
    if stacked:
        ax.set_yticks(range(len(density)), [str(len(density) - n) for n in range(len(density))])
        ax.set_ylim(-BELOW, len(density))
    ax.set_xlabel("weight (as given)")
    ax.set_ylabel("sample, each to its own peak" if stacked else "density")
    return ax


def sample_names(data: xr.Dataset) -> list[str]:
    """The names of the samples; of several, with the numbers that stand for them where there is no room for names."""
    names = [str(name) for name in data["sample"].values]
    return [f"{n}  {name}" for n, name in enumerate(names, start=1)] if len(names) > 1 else names


def draw_compared_panel(ax: Axes, data: xr.Dataset, panel: str) -> Axes:
    """One of the panels, with the names of its samples."""
    if panel == "densities":
        draw_densities(ax, data).legend(loc="best")
        return ax
    draw_matrix(ax, data["wasserstein"].values, "sample").set_yticks(range(data.sizes["sample"]), sample_names(data))
    ax.set_xlabel("sample")
    return ax
