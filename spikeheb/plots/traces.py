"""Averaged EPSPs before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from spikeheb.measure.measurement import Measurement
from spikeheb.measure.windows import ROUNDING, baseline_samples
from spikeheb.plots.course import MOST
from spikeheb.plots.style import GREY, branch_colours, minus, shades
from spikeheb.studies.experiment.conditions import Row, named_text, response, shown_unit

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

AFTER = 50e-3
"""Seconds of the sweep that are shown after the last test pulse."""
MARGIN = 0.05
"""Part of the responses' range that is left free above and below them."""


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
    both = next((list(branch.index) for branch in row.branches if high in branch.index and low in branch.index), None)
    if both is not None and len(both) <= MOST:
        tints = shades(colour[high], len(both))
        return [(n, tints[both.index(n)]) for n in (high, low)]
    return [(high, colour[high]), (low, shades(colour[low], 2)[0] if colour[high] == colour[low] else colour[low])]


def draw_traces(ax: Axes, data: xr.Dataset, row: Row) -> None:
    """Averaged sweeps of the conditions that changed most: after in colour, before in grey, from the mean before the first pulse.

    The axis fits the responses: of a stimulus artefact that is larger, only what lies in this range is seen.
    """
    unit, factor = shown_unit(data, "v_before")
    time = data["time"].values
    pulses = _pulses(data)
    there = time <= pulses[-1] + AFTER
    level, _ = baseline_samples(time, pulses[0], _baseline(data))
    response_there = there & ~_blanked(data, time, pulses)
    heights: list[Floats] = []

    def draw(name: str, n: int, colour: str, text: str, order: float) -> None:
        trace: Floats = (data[name].values[n] - np.mean(data[name].values[n][level])) * factor
        heights.append(trace[response_there])
        ax.plot(time[there] * 1e3, trace[there], color=colour, label=minus(text), zorder=order)

    chosen = extremes(data, row)
    for number, (n, colour) in enumerate(chosen):
        text = ", ".join(named_text(data, name, n) for name in row.varied) or "after"
        draw("v_after", n, colour, text, 3)
        if number == 0 or not np.array_equal(data["v_before"].values[n], data["v_before"].values[chosen[0][0]]):
            draw("v_before", n, GREY, "before" if number == 0 else "_", 2)
    _fit(ax, np.concatenate(heights) if heights else np.array([]))
    ax.set_xlabel("ms from test pulse")
    ax.set_ylabel(f"{response(data)} ({unit})")
    if chosen:
        ax.legend(loc="upper right", labelcolor="linecolor", handlelength=0, handletextpad=0, borderpad=0, borderaxespad=0, fontsize=11)


def _pulses(data: xr.Dataset) -> list[float]:
    """The times of the test pulses in a sweep, in seconds."""
    if "pulses_s" in data.attrs:
        return [float(pulse) for pulse in np.atleast_1d(data.attrs["pulses_s"])]
    second = float(data.attrs.get("paired_pulse_s", 0.0))
    return [0.0, second] if second > 0 else [0.0]


def _baseline(data: xr.Dataset) -> tuple[float, float]:
    """The window before the pulse whose mean is the level."""
    chosen = data.attrs.get("baseline_s") if data.attrs.get("study") == "recording" else None
    start, stop = np.asarray(Measurement().baseline if chosen is None else chosen, dtype=float)
    return float(start), float(stop)


def _blanked(data: xr.Dataset, time: Floats, pulses: list[float]) -> npt.NDArray[np.bool_]:
    """The samples in which a stimulus artefact may lie; there is none in a virtual sweep."""
    blank = float(data.attrs.get("blank_s", 0.0))
    near = [(time >= pulse - ROUNDING) & (time <= pulse + blank + ROUNDING) for pulse in pulses] if blank > 0 else []
    return np.any(near, axis=0) if near else np.zeros(time.shape, dtype=bool)


def _fit(ax: Axes, heights: Floats) -> None:
    heights = heights[np.isfinite(heights)]
    if heights.size and np.ptp(heights) > 0:
        free = MARGIN * float(np.ptp(heights))
        ax.set_ylim(float(heights.min()) - free, float(heights.max()) + free)
