"""Figures of the studies of rates: one page each, whose panels stand side by side and show the study's claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikeheb.plots.style import CYCLE, DASHES, GREY, new_figure

if TYPE_CHECKING:
    import xarray as xr

Draw = Callable[[Axes, "xr.Dataset"], Axes]
WORDS = {
    "unconstrained": "unconstrained", "diagonal": "diagonal kept", "excitatory_only": "excitatory only, flat inhibition",
    "both": "E and I plastic", "excitatory": "E plastic", "inhibitory": "I plastic", "magnitudes": "magnitudes rise at both",
    "uncancelled": "E and I, common mode left in",
}  # fmt: skip


def rates_page(data: xr.Dataset) -> Figure:
    """All panels of a study of rates, with the claim above them and its notes below."""
    panels = PANELS[str(data.attrs["study"])]
    page = new_figure(6.2 * len(panels), 5.2)
    for ax, draw in zip(np.atleast_1d(page.subplots(1, len(panels))), panels.values(), strict=True):
        draw(ax, data)
    page.suptitle(str(data.attrs.get("claim", "")), x=0.01, ha="left", wrap=True)
    if note := data.attrs.get("note"):
        page.supxlabel(str(note), x=0.01, ha="left", fontsize=11, color=GREY, wrap=True)
    return page


def band(ax: Axes, x: xr.DataArray, y: xr.DataArray, **look: object) -> None:
    """The mean over seeds, with one standard deviation on either side where there are several seeds."""
    middle, spread = y.mean("seed"), y.std("seed", ddof=1) if y.sizes["seed"] > 1 else None
    (line,) = ax.plot(x.values, middle.values, marker="o", markersize=4, **look)  # type: ignore[arg-type]  # matplotlib names its keywords one by one
    if spread is not None:
        ax.fill_between(x.values, (middle - spread).values, (middle + spread).values, color=line.get_color(), alpha=0.15, linewidth=0)


def draw_capacity(ax: Axes, data: xr.Dataset) -> Axes:
    """Overlap against load, with 0.138 marked."""
    _against_load(ax, data, "overlap")
    ax.axvline(0.138, color=GREY, linestyle=":", linewidth=1.5)
    ax.annotate("0.138", (0.138, 0.02), (4, 0), textcoords="offset points", color=GREY, fontsize=11)
    ax.set_ylabel("overlap after recall")
    ax.legend(loc="lower left")
    return ax


def draw_fixed(ax: Axes, data: xr.Dataset) -> Axes:
    """The share of exactly fixed patterns against load, with N/(2 ln N) and N/(4 ln N) marked for the largest network."""
    _against_load(ax, data, "fixed")
    largest = data.isel(cells=int(np.argmax(data["cells"].values)))
    for name, text in (("fixed_theory", "N/(2 ln N)"), ("all_fixed_theory", "N/(4 ln N)")):
        ax.axvline(float(largest[name]), color=GREY, linestyle=":", linewidth=1.5)
        ax.annotate(text, (float(largest[name]), -0.02), (3, 0), textcoords="offset points", color=GREY, fontsize=11, rotation=90)
    ax.set_ylabel("share of patterns exactly fixed")
    return ax


def _against_load(ax: Axes, data: xr.Dataset, name: str) -> None:
    for k, kind in enumerate(data["kind"].values):
        for n, size in enumerate(data["cells"].values):
            curve = data.sel(kind=kind, cells=size).sortby("load")
            words = [WORDS[str(kind)]] if data.sizes["kind"] > 1 else []
            words += [f"N = {size}"] if data.sizes["cells"] > 1 or not words else []
            band(
                ax,
                curve["load"],
                curve[name],
                color=CYCLE[k % len(CYCLE)],
                linestyle=DASHES[(data.sizes["cells"] - 1 - n) % len(DASHES)],
                label=", ".join(words),
            )
    ax.set_xlabel("load: stored patterns / cells")
    ax.set_ylim(-0.05, 1.05)


PANELS: Mapping[str, Mapping[str, Draw]] = {"capacity": {"overlap": draw_capacity, "fixed": draw_fixed}}
"""By study the panels of its figure, the first one being that of `spikeheb.plot`."""
