"""How a cell of a network answers a pattern that comes back: when it fires after the beginning of each presentation, and when else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from spikeheb.errors import FormatError, unknown_name
from spikeheb.measure.patterns import Detection, detection
from spikeheb.plots.network_results import Floats, has_spikes, populations, spikes, variable, window_of
from spikeheb.plots.style import CYCLE, GREY, new_axes, styled

if TYPE_CHECKING:
    import xarray as xr

FEW = 3
"""Cells at most that are looked at one by one."""
LATE = 3.0
"""The last third of the run is what the title tells of."""


@styled
def answers(result: xr.Dataset, population: str, patterns: str | None = None, cell: int = 0, ax: Axes | None = None) -> Axes:
    """The latency of the cell's first spike in each presentation of the pattern; below, missed presentations and spikes outside them.

    The title says hits, false alarms and mean latency in the last third of the run, as Masquelier et al. 2008 count them
    (doi 10.1371/journal.pone.0001377).

    Parameters
    ----------
    result : xarray.Dataset
        The result of a network.
    population : str
        That of the cell.
    patterns : str, optional
        The population of sources that have the pattern; where absent, the first with one.
    cell : int
    ax : matplotlib Axes, optional
        Where to draw; new Axes where absent.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    UnknownName
        For a population that is not there.
    FormatError
        For a network without a pattern, a cell that is not there, and patterns of several lengths or that overlap.
    """
    counts = dict(populations(result))
    if population not in counts:
        raise unknown_name("population", population, counts)
    if not 0 <= cell < counts[population]:
        raise FormatError(f"expected from 0 to {counts[population] - 1} (got {cell})", key="cell")
    known = with_patterns(result)
    if patterns is None and not known:
        raise FormatError("has no pattern that comes back; give a source of the network one", key="patterns")
    if patterns is not None and patterns not in known:
        raise unknown_name("population with a pattern", patterns, known)
    starts, length = _presentations(result, known[0] if patterns is None else patterns)
    stop = float(result.attrs.get("duration_s", window_of(result)[1]))
    times, cells = spikes(result, population, counts[population], (0.0, stop))
    times = times[cells == cell]
    whole = detection(times, starts, length, 0.0, stop)
    ax = new_axes(9.0, 3.5) if ax is None else ax
    _draw(ax, whole, starts[starts + length <= stop], _outside(times, starts, length), 1e3 * length)
    late = detection(times, starts, length, stop - stop / LATE, stop)
    hits = "no presentation" if not late.presentations else f"{100 * late.hit_rate:.0f} % of {late.presentations} presentations"
    latency = f" after {1e3 * late.latency:.1f} ms" if np.isfinite(late.latency) else ""
    ax.set_title(f"in the last third: answers {hits}{latency}, fires {late.false_alarms} times outside", loc="left")
    ax.set_xlim(0, stop)
    ax.set_xlabel("time (s)")
    return ax


def with_patterns(result: xr.Dataset) -> list[str]:
    """Populations of sources that have a pattern."""
    ending = "_presentation_length"
    return [str(name).removesuffix(ending) for name in result.data_vars if str(name).endswith(ending)]


def that_answer(result: xr.Dataset) -> list[str]:
    """Populations of so few cells that they can be shown, in a network with a pattern; those whose spikes are recorded."""
    few = [name for name, count in populations(result) if count <= FEW and has_spikes(result, name)]
    return few if with_patterns(result) else []


def _presentations(result: xr.Dataset, patterns: str) -> tuple[Floats, float]:
    starts, lengths = (variable(result, f"{patterns}_presentation_{what}").values for what in ("time", "length"))
    order = np.argsort(starts, kind="stable")
    if np.ptp(lengths) or np.any(np.diff(starts[order]) < lengths[0] * (1 - 1e-9)):
        raise FormatError("has patterns of several lengths, or that overlap; name a population with one pattern", key="patterns")
    return starts[order], float(lengths[0])


def _outside(times: Floats, starts: Floats, length: float) -> Floats:
    """Spikes outside all presentations."""
    before = np.searchsorted(starts, times, side="right") - 1
    inside = (before >= 0) & (times - starts[np.maximum(before, 0)] < length)
    outside: Floats = times[~inside]
    return outside


def _draw(ax: Axes, whole: Detection, starts: Floats, alarms: Floats, length: float) -> None:
    latencies = 1e3 * whole.latencies
    missed = ~np.isfinite(latencies)
    rows = {"missed": -0.08 * length, "outside": -0.16 * length}
    ax.plot(starts[~missed], latencies[~missed], ".", color=CYCLE[0], markersize=5)
    ax.plot(starts[missed], np.full(missed.sum(), rows["missed"]), "|", color=CYCLE[1], markersize=7)
    ax.plot(alarms, np.full(alarms.size, rows["outside"]), "|", color=GREY, markersize=7)
    ax.set_ylim(-0.22 * length, length)
    ticks = np.linspace(0, length, 6)
    ax.set_yticks([*ticks, *rows.values()], [*(f"{tick:g}" for tick in ticks), *rows])
    for label, colour in zip(ax.get_yticklabels()[len(ticks) :], (CYCLE[1], GREY), strict=True):
        label.set_color(colour)
    ax.set_ylabel("first spike after the\npattern begins (ms)")
