"""The scoreboard as a heat map: a line for each parameter set, a column for each data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from spikeheb.plots.shown import ShownAxes
from spikeheb.plots.style import BLACK, GREY, new_figure
from spikeheb.studies.board.standing import FITTED, MARK, NOT_APPLICABLE, REFITTED, SAME

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

SQUARE, GAP = 0.3, 0.35
"""Inches: the side of a square, and the gap between neighbouring parts."""
LETTERS = 11
"""Points of the names of lines and columns."""
SCALE, LEGEND_LINE, LEGEND_WIDTH = 0.75, 0.3, 2.25
"""Inches that a scale takes below its map, the height of a line of the legend, and the width of one of its words."""
SCALE_WIDTH = 2.7
NARROWEST = 6.3
CEILING = "noise ceiling: the true rule"
NOTHING = "nothing on this board applies"
UNVERIFIED = f"{MARK} unverified numbers"
FEWEST = 2
"""A data set with at least this many points with numbers is judged by skill, any other by directions."""


def board_page(data: xr.Dataset) -> Figure:
    """Skill where there are numbers, and the share of right directions where there are only these."""
    there = (data["standing"] != NOT_APPLICABLE).values
    shown = data.isel(entry=np.flatnonzero(there.any(axis=1)))
    numbers = (shown["points"] >= FEWEST).values
    parts = [part for part in (np.flatnonzero(numbers), np.flatnonzero(~numbers & (shown["signs"] > 0).values)) if part.size]
    if not parts or not shown.sizes["entry"]:
        return _empty_page()
    names, heads = _names(shown), [_head(shown, n) for part in parts for n in part]
    left, top = _width([*names, CEILING]) + 0.35, _width(heads) + 0.3
    slots = [max(SQUARE * part.size, SCALE_WIDTH) for part in parts]
    width = max(left + sum(slots) + GAP * len(parts), NARROWEST)
    legend = _legend(any(MARK in name for name in (*names, *heads)))
    columns = len(legend) if width >= LEGEND_WIDTH * len(legend) else 2
    bottom = SCALE + LEGEND_LINE * -(-len(legend) // columns) + 0.35
    height = SQUARE * (len(names) + 2)
    page = Figure(figsize=(width, top + height + bottom))
    x = left
    for part, slot in zip(parts, slots, strict=True):
        ax = page.add_axes(_box(page, x, bottom, SQUARE * part.size, height))
        draw_board(ax, shown.isel(data_set=part), page.add_axes(_box(page, x + 0.2, bottom - 0.25, min(slot, SCALE_WIDTH) - 0.6, 0.09)))
        ax.tick_params(labelleft=x == left)
        x += slot + GAP
    page.legend(handles=legend, loc="lower left", ncols=columns, handlelength=1.2, columnspacing=1.4, borderaxespad=0.3)
    return page


def axes_alone(data: xr.Dataset) -> tuple[Axes, Axes]:
    """Axes for one heat map and for its scale, in a figure of their own in which squares have the usual size and names have room."""
    heads = [_head(data, n) for n in range(data.sizes["data_set"])]
    left, top, bottom = _width([*_names(data), CEILING]) + 0.35, _width(heads) + 0.3, SCALE + 0.1
    across, up = SQUARE * len(heads), SQUARE * (data.sizes["entry"] + 2)
    page = new_figure(left + max(across, SCALE_WIDTH) + GAP, top + up + bottom)
    page.set_layout_engine("none")
    ax = page.add_axes(_box(page, left, bottom, across, up), axes_class=ShownAxes)
    return ax, page.add_axes(_box(page, left + 0.2, bottom - 0.25, SCALE_WIDTH - 0.6, 0.09))


def _empty_page() -> Figure:
    page = Figure(figsize=(NARROWEST, 1.5))
    page.text(0.5, 0.5, NOTHING, ha="center", va="center")
    return page


def _box(page: Figure, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    """Inches from the lower left corner as shares of the page."""
    across, up = page.get_size_inches()
    return x / across, y / up, width / across, height / up


def _names(data: xr.Dataset) -> list[str]:
    return [_marked(str(name), text) for name, text in zip(data["entry"].values, data["unverified_rule"].values, strict=True)]


def _marked(name: str, unverified: object) -> str:
    return f"{name} {MARK}" if str(unverified) else name


def _width(texts: list[str]) -> float:
    """Inches of the longest text."""
    from matplotlib.textpath import TextPath

    return max(float(TextPath((0, 0), text, size=LETTERS).get_extents().width) for text in texts) / 72


def draw_board(ax: Axes, data: xr.Dataset, scale: Axes | None = None) -> Axes:
    """One heat map; data sets of one kind only. The last line is the skill that the true rule would have, given the numbers of cells.

    The scale of colours gets `scale`, or a part of `ax`.
    """
    by_skill = bool((data["points"] >= FEWEST).all())
    values = data["skill"].values if by_skill else data["signs_right"].values / data["signs"].values
    names = _names(data)
    ceiling = 1 - data["ceiling_error"].values / data["error_no_change"].values
    values = np.vstack([values, np.full(data.sizes["data_set"], np.nan), ceiling if by_skill else np.full(data.sizes["data_set"], np.nan)])
    image = ax.imshow(values, cmap=_map(by_skill), norm=Normalize(-1, 1) if by_skill else Normalize(0, 1), aspect="equal")
    rows = [*range(len(names)), len(names) + 1]
    ax.set_yticks(rows, [*names, CEILING], fontsize=LETTERS)
    ax.set_xticks(range(data.sizes["data_set"]), [_head(data, n) for n in range(data.sizes["data_set"])], rotation=90, fontsize=LETTERS)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    _lines_between_rules(ax, data)
    for row, column in np.ndindex(data["standing"].shape):
        _mark(ax, str(data["standing"].values[row, column]), row, column)
    _scale(ax, image, by_skill, scale)
    return ax


def _map(by_skill: bool) -> Colormap:
    import matplotlib

    return matplotlib.colormaps["PuOr" if by_skill else "cividis"].with_extremes(bad="white")


def _head(data: xr.Dataset, column: int) -> str:
    points, signs = int(data["points"].values[column]), int(data["signs"].values[column])
    count, thing = (points, "point") if points >= FEWEST else (signs, "direction")
    head = f"{str(data['data_set'].values[column]).replace('_', ' ')}: {count} {thing}{'s' if count > 1 else ''}"
    return _marked(head, data["unverified_data"].values[column])


def _lines_between_rules(ax: Axes, data: xr.Dataset) -> None:
    names = [name.split(" / ")[0] for name in _names(data)]
    for n in range(1, len(names)):
        if names[n] != names[n - 1]:
            ax.axhline(n - 0.5, color="white", linewidth=2.5)


def _mark(ax: Axes, standing: str, row: int, column: int) -> None:
    frame = {FITTED: (2.0, "-"), REFITTED: (1.6, (0, (2, 1.2)))}
    if standing in frame:
        width, dashes = frame[standing]
        for colour, line, style in (("white", width + 1.6, "-"), (BLACK, width, dashes)):  # visible on dark squares too
            ax.add_patch(Rectangle((column - 0.4, row - 0.4), 0.8, 0.8, fill=False, edgecolor=colour, linewidth=line, linestyle=style))
    elif standing == NOT_APPLICABLE:
        ax.plot(column, row, marker="x", color="#A0A0A0", markersize=5, markeredgewidth=1.2)
    elif standing == SAME:
        ax.plot(column, row, marker="o", color=BLACK, markersize=4.5, markeredgecolor="white", markeredgewidth=0.7)


def _legend(unverified: bool) -> list[Line2D]:
    square: dict[str, Any] = {"marker": "s", "linestyle": "", "markerfacecolor": "none", "markeredgecolor": BLACK, "markersize": 13}
    dot: dict[str, Any] = {"marker": "o", "linestyle": "", "color": BLACK, "markersize": 6}
    return [
        Line2D([], [], **square, markeredgewidth=2, label="fitted to these data"),
        Line2D([], [], color=BLACK, linestyle=(0, (2, 1.2)), label="refitted here"),
        Line2D([], [], **dot, label="predicted, same preparation"),
        Line2D([], [], marker="x", linestyle="", color=GREY, label="not applicable"),
        *([Line2D([], [], linestyle="", label=UNVERIFIED)] if unverified else []),
    ]


def _scale(ax: Axes, image: AxesImage, by_skill: bool, scale: Axes | None) -> None:
    figure = ax.get_figure(root=True)
    assert figure is not None
    where: Any = {"ax": ax, "shrink": 0.7, "aspect": 25, "pad": 0.01} if scale is None else {"cax": scale}
    bar = figure.colorbar(image, orientation="horizontal", extend="min" if by_skill else "neither", **where)
    bar.set_label("skill: 1 - E/E(no change)" if by_skill else "directions that are right", fontsize=LETTERS)
    bar.set_ticks([-1, 0, 1] if by_skill else [0, 0.5, 1], labels=["-1 or less", "0", "1"] if by_skill else ["none", "half", "all"])
    bar.ax.tick_params(labelsize=LETTERS)
    bar.outline.set_visible(False)
