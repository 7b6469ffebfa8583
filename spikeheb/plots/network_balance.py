"""Excitation and inhibition of a cell of a network over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from spikeheb.errors import FormatError, unknown_name
from spikeheb.measure.activity import Balance, by_sign
from spikeheb.measure.activity import balance as balance_of
from spikeheb.plots.network_results import Floats, Window, populations, variable
from spikeheb.plots.style import BLACK, BLUE, LIGHT, VERMILION, minus, new_axes, styled

if TYPE_CHECKING:
    import xarray as xr

SHOWN = 0.5
"""Seconds that are shown where nothing else is said: single events can still be told apart."""
UNITS = ((1e-6, "uA"), (1e-9, "nA"), (1e-12, "pA"))


@styled
def balance(result: xr.Dataset, population: str, cell: int | None = None, window: Window | None = None, ax: Axes | None = None) -> Axes:
    """Excitatory and inhibitory synaptic current of a cell over time, and their sum.

    An injected current is in none of them. Correlation and ratio are of the second half of the run where the result has them, else of
    what is shown.

    Parameters
    ----------
    result : xarray.Dataset
        The result of a network.
    population : str
        One whose currents are recorded.
    cell : int, optional
        One of the recorded cells; where absent, that with the middle correlation of both currents.
    window : pair of float, optional
        Seconds; where absent, the last half second that is recorded.
    ax : matplotlib Axes, optional
        Where to draw; new Axes where absent.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    UnknownName
        For a population that is not there, or whose currents are not recorded.
    FormatError
        For a cell that is not recorded, and a window without a sample.
    """
    recorded = with_currents(result)
    if population not in recorded:
        raise unknown_name("population with recorded currents", population, recorded)
    current = variable(result, f"{population}_current")
    times, cells = (current[dim].values for dim in current.dims[1:])
    inside = _shown(times, window)
    if inside.sum() < 2:
        raise FormatError("there are no two samples" + ("" if window is None else f" from {window[0]:g} to {window[1]:g} s"), key="window")
    pair = by_sign(current.values[:, inside])
    measured, over = balance_of(*pair), "shown"
    if f"{population}_current_ratio" in result:
        measured, over = Balance(*(result[f"{population}_current_{what}"].values for what in ("correlation", "ratio"))), "second half"
    if cell is not None and cell not in cells:
        raise FormatError(f"cell {cell} is not among those whose currents are recorded: {', '.join(map(str, cells[:10]))}", key="cell")
    place = _middle(measured.correlation) if cell is None else int(np.flatnonzero(cells == cell)[0])
    ax = new_axes(10.0, 4.0) if ax is None else ax
    _draw(ax, times[inside], pair[0][place], pair[1][place])
    ax.set_xlim(times[inside][0], times[inside][-1])
    correlation, ratio = float(measured.correlation[place]), float(measured.ratio[place])
    measures = f"correlation of E and I {correlation:.2f}, mean E / mean I {ratio:.2f}"
    if not (np.isfinite(correlation) and np.isfinite(ratio)):
        measures = "excitation and inhibition are not both there, or do not change"
    ax.set_title(minus(f"cell {cells[place]} of {population}; {over}: {measures}"))
    return ax


def with_currents(result: xr.Dataset, window: Window | None = None) -> list[str]:
    """The populations whose currents are recorded, at two times in the window at least."""
    named = {name: variable(result, f"{name}_current") for name, _ in populations(result) if f"{name}_current" in result}
    return [name for name, current in named.items() if _shown(current[current.dims[1]].values, window).sum() > 1]


def _shown(times: Floats, window: Window | None) -> npt.NDArray[np.bool_]:
    """Which samples are shown: those of the window, or the last half second; all where they are few."""
    if window is not None:
        return np.asarray((times >= window[0]) & (times <= window[1]))
    late = times >= times.max(initial=0.0) - SHOWN
    return late if late.sum() > 1 else np.ones(times.shape, dtype=bool)


def _middle(correlation: Floats) -> int:
    """The cell with the middle of the correlations that are known; the first where none is."""
    known = np.flatnonzero(np.isfinite(correlation))
    return int(known[np.argsort(correlation[known], kind="stable")[known.size // 2]]) if known.size else 0


def _draw(ax: Axes, times: Floats, excitatory: Floats, inhibitory: Floats) -> None:
    largest = max(float(np.abs(excitatory).max()), float(np.abs(inhibitory).max()))
    size, unit = next(((size, unit) for size, unit in UNITS if largest >= size), UNITS[-1])
    ax.axhline(0.0, color=LIGHT, linewidth=1, zorder=0)
    for values, colour, name, width in (
        (excitatory, BLUE, "excitatory", 1.8), (inhibitory, VERMILION, "inhibitory", 1.8), (excitatory + inhibitory, BLACK, "sum", 1.0),
    ):  # fmt: skip
        ax.plot(times, values / size, color=colour, linewidth=width, label=name)
    ax.set_xlabel("time (s)")
    ax.set_ylabel(f"synaptic current ({unit})")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), labelcolor="linecolor", handlelength=1.2)
