"""The scoreboard as a heat map: a line for each parameter set, a column for each data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from spikeheb.plots.style import BLACK, GREY, new_figure
from spikeheb.studies.standing import FITTED, NOT_APPLICABLE, REFITTED, SAME

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

SQUARE = 0.3
"""Inches of a square."""
LABELS, HEADS, LEGEND = 3.7, 3.6, 1.2
"""Inches for the names of lines and columns, and for what lies below."""
CEILING = "noise ceiling: the true rule"
FEWEST = 2
"""Points with numbers from which a data set is judged by skill, else by directions."""


def board_page(data: xr.Dataset) -> Figure:
    """Skill where there are numbers, and the share of right directions where there are only these."""
    there = (data["standing"] != NOT_APPLICABLE).values
    shown = data.isel(entry=np.flatnonzero(there.any(axis=1)))
    numbers = (shown["points"] >= FEWEST).values
    parts = [part for part in (np.flatnonzero(numbers), np.flatnonzero(~numbers & (shown["signs"] > 0).values)) if part.size]
    width = SQUARE * sum(part.size + 2 for part in parts) + LABELS
    page = new_figure(width, SQUARE * (shown.sizes["entry"] + 2) + HEADS + LEGEND)
    axes = page.subplots(1, len(parts), width_ratios=[part.size for part in parts], sharey=True, squeeze=False)[0]
    for ax, part in zip(axes, parts, strict=True):
        draw_board(ax, shown.isel(data_set=part))
        ax.tick_params(labelleft=ax is axes[0])
    page.legend(handles=_legend(), loc="outside lower left", ncols=4, handlelength=1.2, columnspacing=1.4)
    return page


def draw_board(ax: Axes, data: xr.Dataset) -> Axes:
    """One heat map; data sets of one kind only. The last line is the skill that the true rule would have, given the numbers of cells."""
    by_skill = bool((data["points"] >= FEWEST).all())
    values = data["skill"].values if by_skill else data["signs_right"].values / data["signs"].values
    names = [str(name) for name in data["entry"].values]
    ceiling = 1 - data["ceiling_error"].values / data["error_no_change"].values
    values = np.vstack([values, np.full(data.sizes["data_set"], np.nan), ceiling if by_skill else np.full(data.sizes["data_set"], np.nan)])
    image = ax.imshow(values, cmap=_map(by_skill), norm=Normalize(-1, 1) if by_skill else Normalize(0, 1), aspect="equal")
    rows = [*range(len(names)), len(names) + 1]
    ax.set_yticks(rows, [*names, CEILING], fontsize=11)
    ax.set_xticks(range(data.sizes["data_set"]), [_head(data, n) for n in range(data.sizes["data_set"])], rotation=90, fontsize=11)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    _lines_between_rules(ax, data)
    for row, column in np.ndindex(data["standing"].shape):
        _mark(ax, str(data["standing"].values[row, column]), row, column)
    _scale(ax, image, by_skill)
    return ax


def _map(by_skill: bool) -> Colormap:
    import matplotlib

    return matplotlib.colormaps["PuOr" if by_skill else "cividis"].with_extremes(bad="white")


def _head(data: xr.Dataset, column: int) -> str:
    count = int(data["points"].values[column]) or int(data["signs"].values[column])
    return f"{str(data['data_set'].values[column]).replace('_', ' ')}, {count}"


def _lines_between_rules(ax: Axes, data: xr.Dataset) -> None:
    names = [str(name).split(" / ")[0] for name in data["entry"].values]
    for n in range(1, len(names)):
        if names[n] != names[n - 1]:
            ax.axhline(n - 0.5, color="white", linewidth=2.5)


def _mark(ax: Axes, standing: str, row: int, column: int) -> None:
    frame = {FITTED: (2.0, "-"), REFITTED: (1.6, (0, (2, 1.2)))}
    if standing in frame:
        width, dashes = frame[standing]
        ax.add_patch(Rectangle((column - 0.42, row - 0.42), 0.84, 0.84, fill=False, edgecolor=BLACK, linewidth=width, linestyle=dashes))
    elif standing == NOT_APPLICABLE:
        ax.plot(column, row, marker="x", color="#C0C0C0", markersize=5, markeredgewidth=1)
    elif standing == SAME:
        ax.plot(column, row, marker="o", color=BLACK, markersize=4.5, markeredgecolor="white", markeredgewidth=0.7)


def _legend() -> list[Line2D]:
    square = {"marker": "s", "linestyle": "", "markerfacecolor": "none", "markeredgecolor": BLACK, "markersize": 13}
    dot = {"marker": "o", "linestyle": "", "color": BLACK, "markersize": 6}
    return [
        Line2D([], [], **square, markeredgewidth=2, label="fitted to these data"),  # type: ignore[arg-type]
        Line2D([], [], color=BLACK, linestyle=(0, (2, 1.2)), label="refitted here"),
        Line2D([], [], **dot, label="predicted, same preparation"),  # type: ignore[arg-type]
        Line2D([], [], marker="x", linestyle="", color=GREY, label="not applicable"),
    ]


def _scale(ax: Axes, image: AxesImage, by_skill: bool) -> None:
    figure = ax.get_figure(root=True)
    assert figure is not None
    title = "skill: 1 - E/E(no change)" if by_skill else "directions that are right"
    bar = figure.colorbar(image, ax=ax, orientation="horizontal", shrink=0.7, aspect=25, pad=0.01, extend="min" if by_skill else "neither")
    bar.set_label(title)
    bar.set_ticks([-1, 0, 1] if by_skill else [0, 0.5, 1], labels=["-1 or less", "0", "1"] if by_skill else ["none", "half", "all"])
    bar.outline.set_visible(False)
