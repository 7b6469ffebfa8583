"""What the sources of spikes may be: with which numbers their trains can be had."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikeheb.circuits.sources import DUPLICATES, Between, Group, Pasted, Poisson, Regular, Repeated, Replayed, Source, Steps, Walk
from spikeheb.errors import ScheduleError


def check(source: Source, dt: float, cells: int) -> None:
    """Whether the trains can be had with that time step.

    Raises
    ------
    ScheduleError
    """
    match source:
        case Poisson(rates):
            _check_numbers(rates, 0.0, 1.0 / dt, "rates of Poisson inputs", "Hz, a spike a step at most")
        case Group(rate, share, latencies, jitter):
            _check_numbers([rate], 0.0, 1.0 / dt, "the rate of common events", "Hz, one a step at most")
            _check_numbers([share], 1e-9, 1.0, "the share of members that follow an event", "")
            _check_numbers(latencies, 0.0, 1e6, "latencies", "s")
            _check_numbers([jitter], 0.0, 1e6, "the jitter", "s")
        case Regular(periods, phases):
            _check_numbers(periods, 1.000001 * dt, math.inf, "periods", "s, longer than a step")
            _check_numbers(phases, 0.0, 1e9, "phases", "s")
            if len(periods) != len(phases):
                raise ScheduleError(f"expected a phase for each period (got {len(phases)} and {len(periods)})")
        case Replayed(trains, of_cells, duplicates):
            _check_duplicates(duplicates)
            if of_cells != cells or len(trains) % cells:
                raise ScheduleError(f"replayed trains are for {of_cells} cells, and {cells} have trains of their own")
            _check_rising(trains, twice=duplicates == "drop")
        case Walk():
            _check_walk(source, dt)
        case Pasted():
            check(source.source, dt, cells)
            _check_pattern(source, dt)
        case Repeated(inner, every):
            check(inner, dt, cells)
            _check_numbers([every], dt, 1e9, "the time after which trains are repeated", "s, a step at least")
        case Between(inner, start, stop):
            check(inner, dt, cells)
            if not 0 <= start < stop:
                raise ScheduleError(f"a source must stop after it starts (got {start:g} s and {stop:g} s)")


def _check_walk(walk: Walk, dt: float) -> None:
    _check_numbers([walk.every], dt, 1e6, "the bins of walking rates", "s, a step at least")
    _check_numbers([walk.low], 0.0, walk.high, "the lowest rate of a walk", "Hz, the highest")
    _check_numbers([walk.high], 0.0, 1.0 / walk.every, "the highest rate of a walk", "Hz, a spike a bin at most")
    _check_numbers([walk.slope, walk.turn], 0.0, 1e12, "the slope of walking rates and its turn", "Hz/s")
    if not walk.silence >= walk.every:
        raise ScheduleError(f"the longest silence is a bin of {walk.every:g} s at least (got {walk.silence:g} s)")


def _check_pattern(pasted: Pasted, dt: float) -> None:
    _check_duplicates(pasted.duplicates)
    _check_numbers([pasted.window], dt, 1e6, "the window of a pattern", "s, a step at least")
    _check_numbers([pasted.share], 1e-6, 0.5, "the share of slots that have the pattern", "since they are never adjacent")
    _check_numbers([pasted.members], 1, pasted.count, "the inputs that have the pattern", "")
    _check_numbers([pasted.jitter], 0.0, pasted.window, "the jitter of a pattern", "s, its window")
    _check_numbers([pasted.deleted], 0.0, 1.0, "the share of a pattern's spikes that are deleted", "")
    _check_numbers([pasted.noise], 0.0, 1.0 / dt, "the noise added to a pattern", "Hz, a spike a step at most")


def _check_duplicates(kind: str) -> None:
    if kind not in DUPLICATES:
        raise ScheduleError(f'two spikes of a train in one step are an "error", or one is left out ("drop") (got "{kind}")')


def _check_rising(trains: tuple[Steps, ...], *, twice: bool) -> None:
    steps = np.concatenate([np.zeros(0, dtype=np.int64), *trains])
    number = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    wrong = np.flatnonzero((np.diff(steps, prepend=-1) < (0 if twice else 1)) & (np.diff(number, prepend=-1) == 0) | (steps < 0))
    if wrong.size:
        remedy = "" if twice else ', none twice; a smaller dt parts two that coincide, duplicates = "drop" leaves one out'
        raise ScheduleError(f"the steps of train {number[wrong[0]]} must rise from 0 on{remedy}")


def _check_numbers(values: Any, low: float, high: float, what: str, kind: str) -> None:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or not np.all(np.isfinite(array) & (array >= low) & (array <= high)):
        raise ScheduleError(f"{what} must be from {low:g} to {high:g} {kind}".rstrip())
