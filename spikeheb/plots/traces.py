"""Averaged EPSPs before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from spikeheb.plots.style import GREY, branch_colours, minus, shades
from spikeheb.studies.conditions import Row, response, shown_unit, value_text

if TYPE_CHECKING:
    import xarray as xr

UNTIL = 50e-3
"""Seconds of the sweep that are shown."""


def extremes(data: xr.Dataset, row: Row) -> list[tuple[int, str]]:
    """The conditions of largest and smallest EPSP ratio, with their colours."""
    colours = branch_colours([branch.sign for branch in row.branches])
    colour = {int(n): tint for branch, tint in zip(row.branches, colours, strict=True) for n in branch.index}
    ratio = {n: float(data["epsp_ratio"].values[n]) for n in colour if np.isfinite(data["epsp_ratio"].values[n])}
    if not ratio:
        return []
    high, low = max(ratio, key=lambda n: ratio[n]), min(ratio, key=lambda n: ratio[n])
    if high == low:
        return [(high, colour[high])]
    alike = colour[high] == colour[low]
    return [(high, colour[high]), (low, shades(colour[low], 2)[0] if alike else colour[low])]


def draw_traces(ax: Axes, data: xr.Dataset, row: Row) -> None:
    """Averaged sweeps of the conditions that changed most: after in colour, before in grey, from the level at the pulse."""
    unit, factor = shown_unit(data, "v_before")
    time = data["time"].values
    there = time <= UNTIL
    pulse = int(np.argmin(np.abs(time)))

    def draw(name: str, n: int, colour: str, text: str, order: float) -> None:
        trace: npt.NDArray[np.float64] = data[name].values[n]
        ax.plot(time[there] * 1e3, (trace[there] - trace[pulse]) * factor, color=colour, label=minus(text), zorder=order)

    chosen = extremes(data, row)
    for number, (n, colour) in enumerate(chosen):
        text = ", ".join(value_text(data, name, n) for name in row.varied) or "after"
        draw("v_after", n, colour, text, 3)
        if number == 0 or not np.array_equal(data["v_before"].values[n], data["v_before"].values[chosen[0][0]]):
            draw("v_before", n, GREY, "before" if number == 0 else "_", 2)
    ax.set_xlabel("ms from test pulse")
    ax.set_ylabel(f"{response(data)} ({unit})")
    if chosen:
        ax.legend(loc="upper right", labelcolor="linecolor", handlelength=0, handletextpad=0, borderpad=0, borderaxespad=0, fontsize=11)
