"""Weight distributions: overlaid histograms, their course in time, weights by input, and distances between rules."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from spikeheb.measure.weights import wasserstein
from spikeheb.plots.style import CYCLE, DASHES, GREY, new_figure
from spikeheb.theory.measured_weights import epsp_density

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

BINS = 50
COURSE_BINS = 60
BELOW = 0.06
"""Room under the lowest of the histograms that stand above each other, so that its line is seen beside the axis."""
OVERLAID = 3
"""Up to this many rules share an axis of densities; more are drawn above each other, each scaled to its own peak."""
ROOM = 2.5
"""The axis of densities is at most this many times as high as the lowest histogram needs; bars that leave it are marked."""
MIDDLE = (16.0, 84.0)
"""Percentiles between which the middle 68 % lie, as within one standard deviation of a normal distribution."""


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
    legend_above(top, handles, names, 13.5)
    axes = bottom.subplots(1 + (rules - 1) // 3, min(3, rules), squeeze=False).ravel()
    for n, ax in enumerate(axes):
        draw_course(ax, data.isel(rule=n)) if n < rules else ax.set_axis_off()
    return page


def draw_panel(ax: Axes, data: xr.Dataset, panel: str) -> Axes:
    """One of the panels, with the names of its rules; the course is that of the first rule."""
    if panel == "course":
        return draw_course(ax, data.isel(rule=0))
    if panel == "distances":
        draw_distances(ax, data)
        ax.set_yticks(range(data.sizes["rule"]), names_of(data))
        ax.set_xlabel("rule")
        return ax
    draw_against_input(ax, data) if panel == "against_input" else draw_histograms(ax, data, log=panel == "log_histograms")
    if panel != "against_input" and data.sizes["rule"] > OVERLAID:
        ax.set_yticks(ax.get_yticks(), names_of(data)[::-1])
        ax.set_ylabel("each to its own peak")
    else:
        ax.legend(loc="best")
    return ax


def names_of(data: xr.Dataset) -> list[str]:
    """The names of the rules; of several, with the numbers that stand for them where there is no room for names."""
    names = [str(name) for name in data["rule"].values]
    return [f"{n}  {name}" for n, name in enumerate(names, start=1)] if len(names) > 1 else names


def legend_above(part: Any, handles: Sequence[Any], names: Sequence[str], width: float) -> None:
    """A legend over the panels, in as many columns as fit into the width (inches); long names are broken."""
    room = _room(width)
    names = ["\n".join(textwrap.wrap(name, room - 10)) or name for name in names]
    part.legend(handles, names, loc="outside upper left", ncols=legend_columns(names, width))


def legend_columns(names: Sequence[str], width: float) -> int:
    """In how many columns, at most four, a legend fits into the width (inches)."""
    return next((count for count in range(min(4, len(names)), 1, -1) if _legend_width(names, count) <= _room(width)), 1)


def _room(width: float) -> int:
    """Characters that fit into a width in inches."""
    return int(width * 72 / 7.5)


def _legend_width(names: Sequence[str], columns: int) -> int:
    """Characters that a legend with this number of columns needs: each column is as wide as its longest name and its sign."""
    lengths = [max((len(line) for line in name.splitlines()), default=0) for name in names]
    short, longer = divmod(len(lengths), columns)
    stops = np.cumsum([short + (column < longer) for column in range(columns)])
    return sum(max(lengths[start:stop]) + 9 for start, stop in zip([0, *stops[:-1]], stops, strict=True))


def draw_histograms(ax: Axes, data: xr.Dataset, *, log: bool = False) -> Axes:
    """The final weights of each rule as a density, all seeds together; thin, the theory's density where the result has one.

    On the logarithmic axis the density is one of the decimal logarithm. Many weights in one bin, such as at a bound, do not flatten the
    rest: the bar leaves the picture, and its height is written at the top.
    """
    values = [data["weight"].isel(rule=n).values.ravel() for n in range(data.sizes["rule"])]
    pooled = np.concatenate(values)
    edges = _log_edges(pooled) if log else np.linspace(min(0.0, float(pooled.min())), max(1.0, float(pooled.max())), BINS + 1)
    width = np.diff(np.log10(edges)) if log else np.diff(edges)
    shares = [np.histogram(w, edges)[0] / w.size / width for w in values]
    tops = [shown_top(share) for share in shares]
    stacked = len(values) > OVERLAID
    ceiling = max(tops) if stacked else min(max(tops), ROOM * min(tops)) or 1.0
    for n, (name, share, top) in enumerate(zip(names_of(data), shares, tops, strict=True)):
        base, unit = (len(values) - 1 - n, 1.1 * top) if stacked else (0.0, 1.0)
        look: dict[str, Any] = {"color": CYCLE[n % len(CYCLE)], "clip_on": True}
        height = np.minimum(share, 1.1 * top) if stacked else share
        ax.stairs(base + height / unit, edges, baseline=base, label=name, linewidth=1.8, linestyle=DASHES[n % len(DASHES)], **look)
        if "theory_density" in data and np.isfinite(data["theory_density"].isel(rule=n)).all():
            x, density = (data[f"theory_{of}"].isel(rule=n).values for of in ("weight", "density"))
            density = density * x * np.log(10) if log else density
            ax.plot(x, base + (np.minimum(density, 1.1 * top) if stacked else density) / unit, linewidth=1, label="_", **look)
        mark_cut(ax, share, edges, 1.1 * (top if stacked else ceiling), CYCLE[n % len(CYCLE)], n, base + 1 if stacked else None)
    if "epsp_V" in data.attrs:
        _draw_measured(ax, edges, 1e3 * float(data.attrs["epsp_V"]), log, stacked)
    ax.set_xlabel(f"weight ({data.attrs['unit']})")
    if stacked:
        ax.set_yticks(range(len(values)), [str(len(values) - n) for n in range(len(values))])
        ax.set_ylim(-BELOW, len(values))
        ax.set_ylabel("rule, each to its own peak")
    else:
        ax.set_ylabel("density per decade" if log else "density")
        ax.set_ylim(0, 1.1 * ceiling)
    if log:
        ax.set_xscale("log")
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_xlim(edges[0], edges[-1])
    return ax


def shown_top(share: Floats) -> float:
    """How high a histogram needs its axis: its highest bar, those apart that stand alone at either end (of the occupied bins).

    Where nearly all weights are in such bars, these are what there is to show.
    """
    occupied = np.flatnonzero(share)
    inner = share[occupied[0] + 1 : occupied[-1]] if occupied.size > 2 else share[:0]
    few = inner.size == 0 or inner.sum() < 0.02 * share.sum()
    return float(share.max() if few else max(inner.max(), min(share.max(), 1.5 * inner.max())))


def mark_cut(ax: Axes, share: Floats, edges: Floats, limit: float, colour: str, n: int, y: float | None = None) -> None:
    """The height of the highest bar that leaves the picture, beside it: at the top, for the n-th histogram in the n-th line, or at `y`."""
    k = int(np.argmax(share))
    if share[k] <= limit * (1 + 1e-9):
        return
    first_half = k < share.size // 2
    place = (edges[k + 1] if first_half else edges[k], 1.0 if y is None else y)
    ax.annotate(
        f"\N{UPWARDS ARROW} {share[k]:.3g}", place, (3 if first_half else -3, -2 - (13 * n if y is None else 0)),
        xycoords=ax.get_xaxis_transform() if y is None else "data", textcoords="offset points", color=colour, fontsize=11,
        ha="left" if first_half else "right", va="top", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8}, zorder=5,
    )  # fmt: skip


def _draw_measured(ax: Axes, edges: Floats, millivolts: float, log: bool, stacked: bool) -> None:
    """The log-normal distribution of measured EPSPs, where a weight of 1 is this number of millivolts."""
    x = np.geomspace(max(edges[0], 1e-4), edges[-1], 400)
    density = epsp_density(x * millivolts) * millivolts
    height = density * x * np.log(10) if log else density
    name = "measured EPSPs (highest 1)" if stacked else "measured EPSPs"
    ax.plot(x, height / height.max() if stacked else height, color=GREY, linestyle=(0, (1, 1)), linewidth=2, label=name)


def _log_edges(values: Floats) -> Floats:
    positive = values[values > 0]
    low = max(1e-4, float(np.quantile(positive, 0.001))) if positive.size else 1e-4
    high = max(1.0, float(values.max()))
    return np.geomspace(min(low, 0.08 * high), high, BINS + 1)


def draw_course(ax: Axes, row: xr.Dataset) -> Axes:
    """The kept weights of one rule over time, first seed: dark where weights are, up to where the run was stopped."""
    shots = row["snapshot"].isel(seed=0).values
    reached = np.isfinite(shots).all(axis=1)
    shots, times = shots[reached], row["time_of_rule"].values[reached]
    low, high = min(0.0, float(shots.min())), float(shots.max())
    edges = np.linspace(low, high + 0.02 * (high - low or 1.0), COURSE_BINS + 1)
    share = np.array([np.histogram(w, edges)[0] / w.size for w in shots]).T
    ends = np.concatenate([[0.0], 0.5 * (times[1:] + times[:-1]), times[-1:]]) if len(times) > 1 else np.array([0.0, times[0]])
    dark = float(np.quantile(share[share > 0], 0.95))
    ax.pcolormesh(ends, edges, np.where(share > 0, share, np.nan), cmap="Blues", vmin=-0.15 * dark, vmax=dark, shading="flat")
    state = ", stopped" if not reached.all() else _state(row)
    ax.set_title("\n".join(textwrap.wrap(f"{row['rule'].values}{state}", 44)), fontsize=11)
    ax.set_xlabel("time (s)")
    ax.set_ylabel(f"weight ({row.attrs['unit']})")
    return ax


def _state(row: xr.Dataset) -> str:
    """Whether all seeds of a rule have settled, for its title."""
    verdicts = {str(verdict) for verdict in np.atleast_1d(row["settled"].values)}
    for verdict, text in (("no", "has not settled"), ("cannot tell", "cannot tell whether it has settled"), ("yes", "has settled")):
        if verdict in verdicts:
            return f": {text}"
    return ""


def draw_against_input(ax: Axes, data: xr.Dataset) -> Axes:
    """Mean weight of each group of inputs, the middle 68 % of its weights as a bar."""
    groups = data["group"].values
    kinds = np.unique(groups)
    width = 0.8 / data.sizes["rule"]
    for n in range(data.sizes["rule"]):
        w = data["weight"].isel(rule=n).values
        means = np.array([w[..., groups == kind].mean() for kind in kinds])
        middle = np.array([np.percentile(w[..., groups == kind], MIDDLE) for kind in kinds])
        place = np.arange(len(kinds)) + (n - (data.sizes["rule"] - 1) / 2) * width
        colour = CYCLE[n % len(CYCLE)]
        ax.vlines(place, middle[:, 0], middle[:, 1], color=colour, linewidth=2)
        ax.plot(place, means, "o", color=colour, markersize=7, label=names_of(data)[n])
    kinds_of = str(data.attrs.get("groups", "")).split("; ")
    names = [kinds_of[kind] if kind < len(kinds_of) else f"group {kind}" for kind in kinds] if len(kinds) > 1 else ["all inputs"]
    ax.set_xticks(range(len(kinds)), names)
    ax.set_xlim(-0.6, len(kinds) - 0.4)
    ax.set_xlabel("inputs")
    ax.set_ylabel(f"mean weight ({data.attrs['unit']})\nand middle 68 % of weights")
    ax.set_ylim(bottom=min(0.0, float(data["weight"].min())))
    return ax


def draw_distances(ax: Axes, data: xr.Dataset) -> Axes:
    """Wasserstein distance of every two rules' weights."""
    values = [data["weight"].isel(rule=n).values for n in range(data.sizes["rule"])]
    return draw_matrix(ax, np.array([[wasserstein(a, b) for b in values] for a in values]), "rule")


def draw_matrix(ax: Axes, distance: Floats, what: str) -> Axes:
    """The distance of every two, numbered as in the legend."""
    ax.imshow(distance, cmap="Blues", vmin=0)
    digits = ".2f" if 0.01 <= distance.max() < 100 else ".2g"
    for (row, column), value in np.ndenumerate(distance):
        dark = value > 0.6 * distance.max()
        ax.text(
            column,
            row,
            f"{value:{digits}}",
            ha="center",
            va="center",
            fontsize=11,
            color="white" if dark else "black",
        )
    ticks = [str(n + 1) for n in range(len(distance))]
    ax.set_xticks(range(len(distance)), ticks)
    ax.set_yticks(range(len(distance)), ticks)
    ax.set_title("Wasserstein distance", fontsize=12)
    ax.set_xlabel(f"{what}, as in the legend", color=GREY)
    ax.spines[:].set_visible(False)
    return ax
