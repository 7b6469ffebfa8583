"""Result over data: the model's ratios, and the published ones with their standard errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from spikeheb.plots.style import GREY, LIGHT, End, branch_colours, minus
from spikeheb.studies.experiment.conditions import Branch, Row, arrange, heading, label, shown, value_text

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

SIDE_STEP = 0.016
"""Distance between published points of several branches at one place, as a fraction of the axis."""
LOWEST, HIGHER = 0.035, 0.06
"""Where the signs of directions stand above the lower edge, and how much higher the next one at the same place, as parts of the axis."""
DASHED = (0, (3, 2))
DIRECTIONS = {"LTP": ("^", "potentiation"), "LTD": ("v", "depression"), "none": ("D", "no change")}
"""Marker and meaning of each direction that a paper gives without a number."""


def draw_outcome(ax: Axes, data: xr.Dataset, row: Row) -> list[End]:
    """EPSP ratio and efficacy ratio of the model against the quantity of the axis, over the published points.

    Returns the names of the lines.
    """
    ax.axhline(1, color=LIGHT, linewidth=1, zorder=0)
    if row.axis == "delta_t":
        ax.axvline(0, color=LIGHT, linewidth=1, zorder=0)
    place = _places(data, row)
    aside = _steps_aside(row, place)
    colours = branch_colours([branch.sign for branch in row.branches])
    ends: list[End] = []
    for branch, colour in zip(row.branches, colours, strict=True):
        x = np.array([place[int(n)] for n in branch.index])
        stepped = x + np.array([aside[int(n)] for n in branch.index])
        alone = len(branch.index) == 1
        _draw_model(ax, data, branch, stepped if alone else x, colour)
        _draw_cells(ax, data, branch, stepped if alone else x, colour)
        draw_published(ax, data, branch, stepped, colour)
        if not alone and row.axis != "delta_t":
            ends.append((float(x[-1]), _last(data, branch), branch.label, colour))
    _draw_directions(ax, data, row, place, colours)
    if row.axis:
        _name_single(ax, row, colours, "s" if "epsp_ratio" in data else "x")
    else:
        _write_values(ax, data, place)
    _label_axes(ax, data, row, place)
    return ends


def legend_handles(data: xr.Dataset) -> list[Artist]:
    """Legend entries for lines and markers, in a neutral colour."""
    handles: list[Artist] = []
    if "published_ratio" in data and np.isfinite(data["published_ratio"].values).any():
        handles.append(Line2D([], [], color=GREY, marker="o", linestyle="", markersize=8, label="published ± SEM"))
    shown = {_direction(data, n) for n in range(data.sizes["condition"])}
    for direction, (marker, text) in DIRECTIONS.items():
        if direction in shown:
            handles.append(Line2D([], [], color=GREY, marker=marker, linestyle="", markersize=8, label=f"published: {text}"))
    lines = any(len(branch.index) > 1 for row in arrange(data) for branch in row.branches)
    end = at_the_end(data)
    if "cell" in data.dims:
        handles.append(Line2D([], [], color=GREY, marker=".", linestyle="", alpha=0.6, label="single cells (bar: SEM)"))
    for name, marker, line, text in (
        ("epsp_ratio", "s", "-", "model, EPSP"), (end, "x", DASHED, f"model, {end.removesuffix('_ratio')}"),
    ):  # fmt: skip
        if name in data:
            look = {"linestyle": line} if lines else {"linestyle": "", "marker": marker, "markersize": 8, "markerfacecolor": "none"}
            handles.append(Line2D([], [], color=GREY, linewidth=1.5 if line == DASHED else 2.0, label=text, **look))
    return handles


def _direction(data: xr.Dataset, n: int) -> str:
    """The published direction of a condition of which no number was published; else nothing."""
    if "published_outcome" not in data:
        return ""
    known = "published_ratio" in data and np.isfinite(data["published_ratio"].values[n])
    return "" if known else str(data["published_outcome"].values[n])


def _draw_directions(ax: Axes, data: xr.Dataset, row: Row, place: dict[int, float], colours: list[str]) -> None:
    """Directions without numbers, as signs along the lower edge: they have a place on the axis, but no value.

    Signs at one place stand one above the other.
    """
    below: dict[float, int] = {}
    for branch, colour in zip(row.branches, colours, strict=True):
        for n in branch.index:
            sign, x = DIRECTIONS.get(_direction(data, int(n))), place[int(n)]
            if sign is not None:
                level = LOWEST + HIGHER * below.get(x, 0)
                below[x] = below.get(x, 0) + 1
                ax.plot(
                    [x], [level], marker=sign[0], linestyle="", color=colour, markersize=9, clip_on=False, zorder=4,
                    transform=ax.get_xaxis_transform(), label="published direction",
                )  # fmt: skip


def _write_values(ax: Axes, data: xr.Dataset, place: dict[int, float]) -> None:
    """Where nothing varies there is no line to follow: each value is written beside its sign, which a stem joins to no change."""
    for name in ("epsp_ratio", at_the_end(data)):
        for n, x in place.items():
            value = float(data[name].values[n]) if name in data else np.nan
            if np.isfinite(value):
                ax.plot([x, x], [1, value], color=LIGHT, linewidth=4, zorder=1, solid_capstyle="butt", label="_")
                side = -1 if name == "epsp_ratio" else 1
                ax.annotate(
                    f"{value:.3g}", (x, value), (14 * side, 0), textcoords="offset points", va="center",
                    ha="right" if side < 0 else "left", fontsize=12,
                )  # fmt: skip


def at_the_end(data: xr.Dataset) -> str:
    """The quantity compared at the end of the induction: the rule's readout if it has one, else the efficacy."""
    return "readout_ratio" if "readout_ratio" in data else "efficacy_ratio"


def _places(data: xr.Dataset, row: Row) -> dict[int, float]:
    """The place on the axis of each condition; words are counted."""
    index = [int(n) for branch in row.branches for n in branch.index]
    if not row.axis:
        return {n: float(k) for k, n in enumerate(index)}
    if data[row.axis].dtype.kind in "fiu":
        values = shown(data, row.axis)
        return {n: float(values[n]) for n in index}
    words = list(dict.fromkeys(str(data[row.axis].values[n]) for n in index))
    return {n: float(words.index(str(data[row.axis].values[n]))) for n in index}


def _steps_aside(row: Row, place: dict[int, float]) -> dict[int, float]:
    """How far each condition moves so that those at one place stand side by side."""
    width = float(np.ptp(list(place.values()))) or 1.0
    at: dict[float, list[int]] = {}
    for branch in sorted(row.branches, key=lambda branch: branch.sign):
        for n in branch.index:
            at.setdefault(place[int(n)], []).append(int(n))
    return {n: (k - (len(same) - 1) / 2) * SIDE_STEP * width for same in at.values() for k, n in enumerate(same)}


def _draw_model(ax: Axes, data: xr.Dataset, branch: Branch, x: Floats, colour: str) -> None:
    """Lines, dotted where nothing else shows what was computed; for a single condition an open square and a cross."""
    alone = len(branch.index) == 1
    dots = "" if "published_ratio" in data else "."
    for name, line, width, marker in ((at_the_end(data), DASHED, 1.5, "x"), ("epsp_ratio", "-", 2.0, "s")):
        if name in data:
            ax.plot(
                x, data[name].values[branch.index], color=colour, linestyle="" if alone else line, linewidth=width,
                marker=marker if alone else dots, markersize=8, markerfacecolor="none", label=name, zorder=2,
            )  # fmt: skip


def _draw_cells(ax: Axes, data: xr.Dataset, branch: Branch, x: Floats, colour: str) -> None:
    """Draw the single cells of a slice as dots, and the standard error of their mean as a bar."""
    name = next((name for name in ("epsp_ratio", at_the_end(data)) if f"cell_{name}" in data), None)
    if name is None:
        return
    mean, sem = data[name].values[branch.index], data[f"{name}_sem"].values[branch.index]
    for single in data[f"cell_{name}"].transpose("cell", "condition").values[:, branch.index]:
        ax.plot(x, single, linestyle="", marker=".", markersize=6, color=colour, alpha=0.5, label="_", zorder=1)
    ax.errorbar(x, mean, np.nan_to_num(sem), fmt="none", ecolor=colour, elinewidth=1.6, capsize=4, label="_", zorder=2)


def draw_published(ax: Axes, data: xr.Dataset, branch: Branch, x: Floats, colour: str) -> None:
    """The published ratios of a branch with their standard errors, as far as there are any."""
    if "published_ratio" not in data:
        return
    ratio, sem = data["published_ratio"].values[branch.index], data["published_sem"].values[branch.index]
    there = np.isfinite(ratio)
    if there.any():
        ax.errorbar(
            x[there], ratio[there], np.nan_to_num(sem[there]), fmt="o", color=colour, markersize=8, markeredgecolor="white",
            markeredgewidth=0.8, elinewidth=1.6, capsize=3, label="published", zorder=3,
        )  # fmt: skip


def _last(data: xr.Dataset, branch: Branch) -> float:
    return float(data["epsp_ratio" if "epsp_ratio" in data else at_the_end(data)].values[branch.index[-1]])


def _name_single(ax: Axes, row: Row, colours: list[str], marker: str) -> None:
    """The names of branches of one condition, in their colours, in a corner."""
    single = [(b.label, c) for b, c in zip(row.branches, colours, strict=True) if len(b.index) == 1 and row.axis != "delta_t" and b.label]
    if single:
        handles = [Line2D([], [], color=colour, marker=marker, linestyle="", markerfacecolor="none", markersize=8) for _, colour in single]
        ax.legend(handles, [minus(text) for text, _ in single], labelcolor="linecolor", loc="best", handletextpad=0.2, borderpad=0)


def _label_axes(ax: Axes, data: xr.Dataset, row: Row, place: dict[int, float]) -> None:
    ax.set_xlabel(heading(data, row.axis) if row.axis else "")
    ax.set_ylabel("after / before")
    ax.margins(x=0.06)
    if not row.axis:
        ax.set_xticks(list(place.values()), [minus(label(data, n).replace(", ", "\n")) for n in place])
        ax.set_xlim(min(place.values()) - 0.7, max(place.values()) + 0.7)
    elif data[row.axis].dtype.kind not in "fiu":
        ax.set_xticks(list(place.values()), [value_text(data, row.axis, n) for n in place])
