"""Weight distributions: overlaid histograms, their course, what inputs get, and how far rules are from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from spikeheb.measure.weights import wasserstein
from spikeheb.plots.style import CYCLE, DASHES, GREY, new_figure
from spikeheb.theory.measured_weights import epsp_density

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

BINS = 50
SHOWN = 500
"""Synapses drawn against their input."""


def weights_page(data: xr.Dataset) -> Figure:
    """Histograms (linear and logarithmic), the course of each, weight against input, and distances where there are several rules."""
    rules = data.sizes["rule"]
    page = new_figure(13.5, 4.4 + 3.2 * (1 + (rules - 1) // 3) + 0.4)
    parts: Any = page.subfigures(2, 1, height_ratios=[4.4, 3.2 * (1 + (rules - 1) // 3)])
    top, bottom = parts
    panels = np.atleast_1d(top.subplots(1, 4 if rules > 1 else 3))
    draw_histograms(panels[0], data)
    draw_histograms(panels[1], data, log=True)
    draw_against_input(panels[2], data)
    if rules > 1:
        draw_distances(panels[3], data)
    handles, names = panels[0].get_legend_handles_labels()
    if "theory_density" in data and np.isfinite(data["theory_density"]).any():
        handles, names = [*handles, Line2D([], [], color=GREY, linewidth=1)], [*names, "theory, spikes independent"]
    top.legend(handles, names, loc="outside upper left", ncols=min(4, len(names)))
    axes = bottom.subplots(1 + (rules - 1) // 3, min(3, rules), squeeze=False).ravel()
    for n, ax in enumerate(axes):
        draw_course(ax, data.isel(rule=n)) if n < rules else ax.set_axis_off()
    return page


def draw_panel(ax: Axes, data: xr.Dataset, panel: str) -> Axes:
    """One of the panels; the course is that of the first rule."""
    if panel == "course":
        return draw_course(ax, data.isel(rule=0))
    draw = {"histograms": draw_histograms, "against_input": draw_against_input, "distances": draw_distances}
    return draw_histograms(ax, data, log=True) if panel == "log_histograms" else draw[panel](ax, data)


def draw_histograms(ax: Axes, data: xr.Dataset, *, log: bool = False) -> Axes:
    """The final weights of each rule as a density, all seeds together; thin, the theory's density where the result has one.

    On the logarithmic axis the density is one of the decimal logarithm.
    """
    values = [data["weight"].isel(rule=n).values.ravel() for n in range(data.sizes["rule"])]
    pooled = np.concatenate(values)
    edges = _log_edges(pooled) if log else np.linspace(min(0.0, float(pooled.min())), max(1.0, float(pooled.max())), BINS + 1)
    width = np.diff(np.log10(edges)) if log else np.diff(edges)
    for n, (name, w) in enumerate(zip(data["rule"].values, values, strict=True)):
        colour = CYCLE[n % len(CYCLE)]
        share = np.histogram(w, edges)[0] / w.size / width
        ax.stairs(share, edges, label=str(name), linewidth=1.8, color=colour, linestyle=DASHES[n % len(DASHES)])
        if "theory_density" in data and np.isfinite(data["theory_density"].isel(rule=n)).all():
            x, density = (data[f"theory_{of}"].isel(rule=n).values for of in ("weight", "density"))
            ax.plot(x, density * x * np.log(10) if log else density, color=colour, linewidth=1, label="_")
    if "epsp_V" in data.attrs:
        _draw_measured(ax, edges, 1e3 * float(data.attrs["epsp_V"]), log)
    ax.set_xlabel(f"weight ({data.attrs['unit']})")
    ax.set_ylabel("density per decade" if log else "density")
    ax.set_ylim(0, _highest(ax))
    if log:
        ax.set_xscale("log")
        ax.set_xlim(edges[0], edges[-1])
    return ax


def _draw_measured(ax: Axes, edges: Floats, millivolts: float, log: bool) -> None:
    """The log-normal distribution of measured EPSPs, where a weight of 1 stands for so many millivolts."""
    x = np.geomspace(max(edges[0], 1e-4), edges[-1], 400)
    density = epsp_density(x * millivolts) * millivolts
    ax.plot(x, density * x * np.log(10) if log else density, color=GREY, linestyle=(0, (1, 1)), linewidth=2, label="measured EPSPs")


def _highest(ax: Axes) -> float:
    """Room for the histograms; a theory's spike may leave the picture."""
    tops = [float(np.nanmax(patch.get_data().values)) for patch in ax.patches]  # type: ignore[attr-defined]
    return 1.1 * max([*tops, 1e-9])


def _log_edges(values: Floats) -> Floats:
    positive = values[values > 0]
    low = max(1e-4, float(np.quantile(positive, 0.001))) if positive.size else 1e-4
    return np.geomspace(low, max(1.0, float(values.max())), BINS + 1)


def draw_course(ax: Axes, one: xr.Dataset) -> Axes:
    """The histogram of one rule over time, first seed: dark where weights are."""
    counts = one["histogram"].isel(seed=0).values.T
    edges = one["edge_high"].values
    used = 1 + int(np.flatnonzero(counts.any(axis=1)).max(initial=0))
    share = counts[:used] / max(1, counts.sum(axis=0).max())
    limits = (0, float(one["duration"]), 0, float(edges[used - 1]))
    ax.imshow(share, origin="lower", aspect="auto", extent=limits, cmap="Blues", vmax=float(np.quantile(share, 0.99)) or 1.0)
    ax.set_title(str(one["rule"].values), fontsize=11)
    ax.set_xlabel("time (s)")
    ax.set_ylabel(f"weight ({one.attrs['unit']})")
    return ax


def draw_against_input(ax: Axes, data: xr.Dataset) -> Axes:
    """Mean weight of each group of inputs, standard deviation as a bar."""
    groups = data["group"].values
    kinds = np.unique(groups)
    width = 0.8 / data.sizes["rule"]
    for n in range(data.sizes["rule"]):
        w = data["weight"].isel(rule=n).values
        means = [w[..., groups == kind].mean() for kind in kinds]
        spread = [w[..., groups == kind].std() for kind in kinds]
        place = np.arange(len(kinds)) + (n - (data.sizes["rule"] - 1) / 2) * width
        ax.errorbar(place, means, spread, fmt="o", color=CYCLE[n % len(CYCLE)], capsize=3, markersize=7)
    kinds_of = str(data.attrs.get("groups", "")).split("; ")
    names = [kinds_of[kind] if kind < len(kinds_of) else f"group {kind}" for kind in kinds] if len(kinds) > 1 else ["all inputs"]
    ax.set_xticks(range(len(kinds)), names)
    ax.set_xlim(-0.6, len(kinds) - 0.4)
    ax.set_xlabel("inputs")
    ax.set_ylabel(f"weight ({data.attrs['unit']}), mean ± SD")
    return ax


def draw_distances(ax: Axes, data: xr.Dataset) -> Axes:
    """Wasserstein distance of every two rules' weights."""
    values = [data["weight"].isel(rule=n).values for n in range(data.sizes["rule"])]
    distance = np.array([[wasserstein(a, b) for b in values] for a in values])
    ax.imshow(distance, cmap="Blues", vmin=0)
    for (row, column), value in np.ndenumerate(distance):
        dark = value > 0.6 * distance.max()
        ax.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=11, color="white" if dark else "black")
    ticks = [str(n + 1) for n in range(len(values))]
    ax.set_xticks(range(len(values)), ticks)
    ax.set_yticks(range(len(values)), ticks)
    ax.set_title("Wasserstein distance", fontsize=12)
    ax.set_xlabel("rule, in the order of the legend", color=GREY)
    ax.spines[:].set_visible(False)
    return ax
