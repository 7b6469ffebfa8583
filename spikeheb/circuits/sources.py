"""Where spikes come from: sources of trains. A population of sources is a population like any other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeheb.dimensions import FREQUENCY, TIME
from spikeheb.errors import ScheduleError
from spikeheb.numbers import quantities
from spikeheb.units import quantity

Floats = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Poisson:
    """Independent trains: in each step a spike with probability rate times dt.

    Attributes
    ----------
    rates : array, shape (inputs,)
        Hertz.
    """

    rates: Floats

    @property
    def count(self) -> int:
        """Number of inputs."""
        return len(self.rates)

    def mean_rates(self, dt: float) -> Floats:
        """Hertz, of each input."""
        return np.asarray(self.rates, dtype=float)


@dataclass(frozen=True)
class Group:
    """Trains that follow common events.

    Events are Poisson: one in each step with probability rate times dt. In each of them every member takes part with
    probability `share`, independently; one that does fires `latency + floor(E*jitter/dt)` steps after the event, E
    exponential of mean 1. Two spikes of one member in one step count as one.

    Attributes
    ----------
    rate : float
        Events a second.
    share : float
        In (0, 1].
    latencies : array, shape (inputs,)
        Seconds.
    jitter : float
        Mean of the random delay, seconds.
    """

    rate: float
    share: float
    latencies: Floats
    jitter: float = 0.0

    @property
    def count(self) -> int:
        """Number of inputs."""
        return len(self.latencies)

    def mean_rates(self, dt: float) -> Floats:
        """Hertz, of each input."""
        return np.full(self.count, self.rate * self.share)


def correlated(count: int, rate: object, correlation: float, tau: object) -> Group:
    """Trains of a given rate of which any two are correlated.

    Each train is a thinned copy of one Poisson process of rate ``rate/correlation``, every spike moved to a later time by an
    exponential delay of mean `tau` of its own. The cross-covariance of two trains at lag s is
    ``correlation*rate*exp(-|s|/tau)/(2*tau)``; the correlation coefficient of spike counts tends to `correlation` in windows
    that are long against `tau`. Each train by itself is Poisson.

    Parameters
    ----------
    count : int
    rate : float
        Hertz, of each train.
    correlation : float
        In (0, 1].
    tau : float
        Seconds.

    Raises
    ------
    ScheduleError
    """
    if not 0 < correlation <= 1:
        raise ScheduleError(f"the correlation must be above 0 and at most 1 (got {correlation:g}); independent inputs are Poisson")
    return Group(quantity(rate, FREQUENCY, key="rate") / correlation, correlation, np.zeros(count), quantity(tau, TIME, key="tau"))


def early(latencies: object, rate: object, jitter: object = 0.0) -> Group:
    """Trains that all follow each common event, each after a latency of its own (seconds)."""
    hertz, mean = quantity(rate, FREQUENCY, key="rate"), quantity(jitter, TIME, key="jitter")
    return Group(hertz, 1.0, quantities(latencies, TIME, key="latencies"), mean)


@dataclass(frozen=True)
class Regular:
    """A spike every period: the k-th at the step nearest to ``(phase + k*period)/dt``.

    Attributes
    ----------
    periods, phases : array, shape (inputs,)
        Seconds.
    """

    periods: Floats
    phases: Floats

    @property
    def count(self) -> int:
        """Number of inputs."""
        return len(self.periods)

    def mean_rates(self, dt: float) -> Floats:
        """Hertz, of each input."""
        return 1.0 / np.asarray(self.periods, dtype=float)


@dataclass(frozen=True)
class Replayed:
    """Given trains.

    Attributes
    ----------
    trains : tuple of arrays of int
        Steps, rising; for private inputs those of the first cell's inputs, then those of the second's, and so on.
    cells : int
        Number of cells of private inputs, else 1.
    """

    trains: tuple[Steps, ...]
    cells: int = 1

    @property
    def count(self) -> int:
        """Number of inputs of a cell."""
        return len(self.trains) // self.cells

    def mean_rates(self, dt: float) -> Floats:
        """Hertz, of each input: those of the first cell, over their own duration."""
        trains = self.trains[: self.count]
        return np.array([len(train) / ((int(train[-1]) + 1) * dt) if len(train) else 0.0 for train in trains])


@dataclass(frozen=True)
class Between:
    """Trains of another source that are there only for a while.

    Attributes
    ----------
    source : Poisson, Group, Regular or Replayed
    start, stop : float
        Seconds: spikes from `start` on and before `stop` are kept.
    """

    source: Poisson | Group | Regular | Replayed
    start: float = 0.0
    stop: float = math.inf

    @property
    def count(self) -> int:
        """Number of inputs."""
        return self.source.count

    def mean_rates(self, dt: float) -> Floats:
        """Hertz, of each input, while it is there."""
        return self.source.mean_rates(dt)


Source = Poisson | Group | Regular | Replayed | Between


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
        case Replayed(trains, of_cells):
            if of_cells != cells or len(trains) % cells:
                raise ScheduleError(f"replayed trains are for {of_cells} cells, and {cells} have trains of their own")
            _check_rising(trains)
        case Between(inner, start, stop):
            check(inner, dt, cells)
            if not 0 <= start < stop:
                raise ScheduleError(f"a source is there from a time to a later one (got {start:g} s and {stop:g} s)")


def spike_counts(sources: Sequence[Source]) -> Steps:
    """How many spikes are given, of each given train."""
    whole = [source.source if isinstance(source, Between) else source for source in sources]
    return np.array([len(train) for source in whole if isinstance(source, Replayed) for train in source.trains], dtype=np.int64)


def expected_spikes(sources: Sequence[Source], duration: float, dt: float) -> float:
    """How many spikes are given or expected before a time, of all trains together; events of groups count too."""
    total = 0.0
    for source in sources:
        inner, there = source, duration
        if isinstance(source, Between):
            inner, there = source.source, max(0.0, min(source.stop, duration) - source.start)
        if isinstance(inner, Replayed):
            total += sum(len(train) for train in inner.trains)
            continue
        events = inner.rate if isinstance(inner, Group) else 0.0
        total += there * (float(np.sum(inner.mean_rates(dt))) + events)
    return total


def _check_rising(trains: tuple[Steps, ...]) -> None:
    steps = np.concatenate([np.zeros(0, dtype=np.int64), *trains])
    number = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    wrong = np.flatnonzero((np.diff(steps, prepend=-1) <= 0) & (np.diff(number, prepend=-1) == 0) | (steps < 0))
    if wrong.size:
        raise ScheduleError(f"the steps of train {number[wrong[0]]} must rise from 0 on, none twice; a smaller dt parts two that coincide")


def _check_numbers(values: Any, low: float, high: float, what: str, kind: str) -> None:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or not np.all(np.isfinite(array) & (array >= low) & (array <= high)):
        raise ScheduleError(f"{what} must be from {low:g} to {high:g} {kind}".rstrip())
