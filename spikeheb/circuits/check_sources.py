"""What the sources of spikes may be: with which numbers their trains can be had."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikeheb.circuits.sources import DUPLICATES, Between, Group, Pasted, Poisson, Regular, Repeated, Replayed, Source, Steps, Walk
from spikeheb.errors import ScheduleError

LONGEST = 1e9
"""Seconds of a time that a source has: 30 years."""
LONGEST_OF_PATTERN = 1e6
"""Seconds of a time within a pattern or a bin, which is drawn as a whole."""


class _Limits(NamedTuple):
    """What a number may be, and how its limits come about."""

    low: float
    high: float
    unit: str = ""
    why: str = ""


def check(source: Source, dt: float, cells: int) -> None:
    """Whether the trains can be had with that time step.

    Raises
    ------
    ScheduleError
        Its key is that of the table of a source.
    """
    rates = _Limits(0.0, 1.0 / dt, "Hz", "one spike a step at most")
    match source:
        case Poisson(values):
            _check_numbers(values, rates, "the rate", "rate")
        case Group(rate, share, latencies, jitter):
            _check_numbers(rate, rates, "the rate of common events", "rate")
            _check_numbers(share, _Limits(1e-9, 1.0), "the share of members that follow an event", "share")
            _check_numbers(latencies, _Limits(0.0, LONGEST_OF_PATTERN, "s"), "the latency", "latency")
            _check_numbers(jitter, _Limits(0.0, LONGEST_OF_PATTERN, "s"), "the jitter", "jitter")
        case Regular(periods, phases):
            _check_numbers(periods, _Limits(1.000001 * dt, LONGEST, "s", "longer than a time step"), "the period", "period")
            _check_numbers(phases, _Limits(0.0, LONGEST, "s"), "the phase", "phase")
            if len(periods) != len(phases):
                raise ScheduleError(f"expected a phase for each period (got {len(phases)} and {len(periods)})", key="phase")
        case Replayed(trains, of_cells, duplicates):
            _check_duplicates(duplicates)
            if of_cells != cells or len(trains) % cells:
                raise ScheduleError(f"replayed trains are for {of_cells} cells, and {cells} have trains of their own", key="cells")
            _check_rising(trains, twice=duplicates == "drop")
        case Walk():
            _check_walk(source, dt)
        case Pasted():
            check(source.source, dt, cells)
            _check_pattern(source, dt)
        case Repeated(inner, every):
            check(inner, dt, cells)
            limits = _Limits(dt, LONGEST, "s", "a time step at least")
            _check_numbers(every, limits, "the time after which trains are repeated", "repeat")
        case Between(inner, start, stop):
            check(inner, dt, cells)
            if not 0 <= start < stop:
                raise ScheduleError(f"a source must stop after it starts (got {start:g} s and {stop:g} s)", key="until")


def _check_walk(walk: Walk, dt: float) -> None:
    _check_numbers(walk.every, _Limits(dt, LONGEST_OF_PATTERN, "s", "a time step at least"), "the bin of walking rates", "every")
    _check_numbers(walk.high, _Limits(0.0, 1.0 / walk.every, "Hz", "one spike a bin at most"), "the highest rate of a walk", "high")
    _check_numbers(walk.low, _Limits(0.0, walk.high, "Hz", "the highest rate at most"), "the lowest rate of a walk", "low")
    _check_numbers(walk.slope, _Limits(0.0, 1e12, "Hz/s"), "the slope of walking rates", "slope")
    _check_numbers(walk.turn, _Limits(0.0, 1e12, "Hz/s"), "the turn of walking rates", "turn")
    if not walk.silence >= walk.every:
        raise ScheduleError(f"the longest silence is a bin of {walk.every:g} s at least (got {walk.silence:g} s)", key="silence")


def _check_pattern(pasted: Pasted, dt: float) -> None:
    _check_duplicates(pasted.duplicates)
    window = _Limits(dt, LONGEST_OF_PATTERN, "s", "a time step at least")
    share = _Limits(1e-6, 0.5, "", "since two slots with the pattern are never adjacent")
    members = _Limits(1, pasted.count, "", "the inputs that there are at most")
    _check_numbers(pasted.window, window, "the window of a pattern", "pattern.window")
    _check_numbers(pasted.share, share, "the share of slots that have the pattern", "pattern.share")
    _check_numbers(pasted.members, members, "the number of inputs that have the pattern", "pattern.members")
    _check_numbers(pasted.jitter, _Limits(0.0, pasted.window, "s", "the window at most"), "the jitter of a pattern", "pattern.jitter")
    _check_numbers(pasted.deleted, _Limits(0.0, 1.0), "the share of a pattern's spikes that are deleted", "pattern.deleted")
    _check_numbers(pasted.noise, _Limits(0.0, 1.0 / dt, "Hz", "one spike a step at most"), "the noise added to a pattern", "pattern.noise")


def _check_duplicates(kind: str) -> None:
    if kind not in DUPLICATES:
        message = f'two spikes of a train in one step are an "error", or one is left out ("drop") (got "{kind}")'
        raise ScheduleError(message, key="duplicates")


def _check_rising(trains: tuple[Steps, ...], *, twice: bool) -> None:
    steps = np.concatenate([np.zeros(0, dtype=np.int64), *trains])
    number = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    wrong = np.flatnonzero((np.diff(steps, prepend=-1) < (0 if twice else 1)) & (np.diff(number, prepend=-1) == 0) | (steps < 0))
    if wrong.size:
        remedy = "" if twice else ', none twice; a smaller dt parts two that coincide, duplicates = "drop" leaves one out'
        train = number[wrong[0]]
        raise ScheduleError(f"the steps of train {train} must rise from 0 on{remedy}", key=f"trains[{train}]")


def _check_numbers(values: Any, limits: _Limits, what: str, key: str) -> None:
    """Raise unless a number, or each in a row, lies within the limits; the first that does not is named."""
    low, high, unit, why = limits
    row = np.atleast_1d(np.asarray(values, dtype=float))
    if row.ndim != 1:
        raise ScheduleError(f"{what} is a number, or a row of numbers (got shape {row.shape})", key=key)
    wrong = np.flatnonzero(~(np.isfinite(row) & (row >= low) & (row <= high)))
    if wrong.size:
        allowed = " ".join(part for part in (f"from {low:.6g} to {high:.6g}", unit) if part) + (f", {why}" if why else "")
        place = key if len(set(row.tolist())) == 1 else f"{key}[{wrong[0]}]"
        raise ScheduleError(f"{what} must be {allowed} (got {row[wrong[0]]:g}{' ' if unit else ''}{unit})", key=place)
