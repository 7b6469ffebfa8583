"""How figures look: colours that colour-blind readers can tell apart, text that stays legible at half size, no global state.

The palette is Okabe and Ito's (2008). In experiments the hue says the sign of delta_t: blue where the presynaptic spike
comes first, vermilion where it comes last, green for both at once.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from spikeheb.plots.shown import ShownAxes, ShownFigure

BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, BLACK = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#000000"
CYCLE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
DASHES = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (6, 2, 1, 2)))
GREY, LIGHT = "#6E6E6E", "#C8C8C8"
BY_SIGN = {1: (BLUE, SKY, PURPLE), -1: (VERMILION, ORANGE, BLACK), 0: (GREEN, PURPLE, BLACK)}

LINEAR_UP_TO = 5.0
NO_CHANGE = 0.05
"""Ratios are shown at least from 1 minus this to 1 plus this, so that no change looks like none."""

SETTINGS: Any = {
    "font.size": 13,
    "axes.titlesize": 13,
    "axes.labelsize": 13,
    "figure.titlesize": 14,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "legend.fontsize": 12,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.formatter.useoffset": False,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "white",
    "savefig.dpi": 150,
    "svg.hashsalt": "spikeheb",
}

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def styled(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Run the function with `SETTINGS`, and restore the caller's settings afterwards."""

    @functools.wraps(function)
    def inside(*args: Arguments.args, **options: Arguments.kwargs) -> Result:
        with matplotlib.rc_context(SETTINGS):
            return function(*args, **options)

    return inside


def new_figure(width: float, height: float) -> Figure:
    """An empty figure in inches, known to nobody else (no pyplot)."""
    return ShownFigure(figsize=(width, height), layout="constrained")


def new_axes(width: float = 7.0, height: float = 4.5) -> Axes:
    """The only Axes of a new figure."""
    return new_figure(width, height).add_subplot(axes_class=ShownAxes)


LIGHTEST, DARKEST = 0.72, 0.42
"""How much of a colour's distance from white its lightest shade has; how much of its light the darkest shade keeps."""


def shades(colour: str, count: int) -> list[str]:
    """From a light shade to a dark one, in even steps through the colour itself: later in the row is always darker.

    The lightest still stands out from white, so that its name in small letters can be read.
    """
    rgb = np.array(to_rgb(colour))
    if count == 1:
        return [to_hex(colour)]
    light, dark = 1 - (1 - rgb) * LIGHTEST, rgb * DARKEST
    halves = [(light + (rgb - light) * 2 * x) if x <= 0.5 else (rgb + (dark - rgb) * (2 * x - 1)) for x in np.linspace(0, 1, count)]
    return [to_hex((float(r), float(g), float(b))) for r, g, b in np.clip(halves, 0, 1)]


def branch_colours(signs: Sequence[int]) -> list[str]:
    """A colour for each branch: by the sign of its delta_t where signs differ, else one after the other."""
    if len(set(signs)) < 2:
        return [BY_SIGN[signs[0]][0] if len(signs) == 1 and signs[0] else CYCLE[n % len(CYCLE)] for n in range(len(signs))]
    seen = {1: 0, -1: 0, 0: 0}
    colours = []
    for sign in signs:
        colours.append(BY_SIGN[sign][seen[sign] % 3])
        seen[sign] += 1
    return colours


def spread(values: npt.ArrayLike, gap: float) -> npt.NDArray[np.float64]:
    """The values moved apart as little as makes neighbours differ by `gap`; the order stays."""
    wanted = np.asarray(values, dtype=float)
    order = np.argsort(wanted, kind="stable")
    groups: list[tuple[float, int]] = []
    for value in wanted[order]:
        groups.append((float(value), 1))
        while len(groups) > 1 and _overlap(groups[-2], groups[-1], gap):
            (first, n), (second, m) = groups[-2:]
            groups[-2:] = [((n * first + m * second) / (n + m), n + m)]
    placed = np.concatenate([centre + (np.arange(n) - (n - 1) / 2) * gap for centre, n in groups]) if groups else wanted
    spread_out = np.empty_like(wanted)
    spread_out[order] = placed
    return spread_out


def _overlap(low: tuple[float, int], high: tuple[float, int], gap: float) -> bool:
    return high[0] - (high[1] - 1) / 2 * gap < low[0] + (low[1] - 1) / 2 * gap + gap - 1e-12


End = tuple[float, float, str, str]
"""x, y, text and colour of a name at the right end of a line."""


def end_labels(ax: Axes, ends: Sequence[End], size: float = 12) -> None:
    """Names at the right ends of lines; names that would overlap are moved apart.

    To be called when the limits of the Axes are final.
    """
    if not ends:
        return
    ax.get_ylim()  # this updates the limits
    to_share = ax.transScale + ax.transLimits
    wanted = [float(to_share.transform((x, y))[1]) for x, y, _, _ in ends]
    for (x, _, text, colour), y in zip(ends, spread(wanted, size * 1.2 / _height_in_points(ax)), strict=True):
        ax.annotate(
            minus(text), (x, y), (8, 0), xycoords=ax.get_xaxis_transform(), textcoords="offset points", color=colour, fontsize=size,
            va="center", annotation_clip=False,
        )  # fmt: skip


def minus(text: str) -> str:
    """The text with a true minus before negative numbers."""
    return re.sub(r"(?<![\w.])-(?=[\d.])", "\N{MINUS SIGN}", text)


def ratio_axis(axes: Sequence[Axes], largest: float = LINEAR_UP_TO) -> None:
    """One scale for ratios on Axes that share it: doublings where they span more than a factor of `largest`."""
    for ax in axes:
        ax.update_datalim([(ax.dataLim.x0, 1 - NO_CHANGE), (ax.dataLim.x0, 1 + NO_CHANGE)])
    low = min(float(ax.dataLim.y0) for ax in axes)
    high = max(float(ax.dataLim.y1) for ax in axes)
    if not 0 < low < high / largest:
        return
    for ax in axes:
        ax.set_yscale("log", base=2)
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.yaxis.set_minor_locator(NullLocator())


def _height_in_points(ax: Axes) -> float:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return max(1.0, float(ax.get_window_extent().height * 72 / figure.dpi))  # in pixels also where the Axes are in a part of the figure
