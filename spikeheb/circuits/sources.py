"""Where spikes come from: sources of trains. A population of sources is a population like any other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.circuits.equality import equal_by_value
from spikeheb.dimensions import FREQUENCY, TIME
from spikeheb.errors import ScheduleError
from spikeheb.numbers import quantities
from spikeheb.units import quantity

Floats = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int64]


@equal_by_value
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


@equal_by_value
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


@equal_by_value
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


@equal_by_value
@dataclass(frozen=True)
class Replayed:
    """Given trains.

    Attributes
    ----------
    trains : tuple of arrays of int
        Steps, rising; for private inputs those of the first cell's inputs, then those of the second's, and so on.
    cells : int
        Number of cells of private inputs, else 1.
    duplicates : {"error", "drop"}
        Whether a second spike of a train in one step is an error, or is left out and counted.
    """

    trains: tuple[Steps, ...]
    cells: int = 1
    duplicates: str = "error"

    @property
    def count(self) -> int:
        """Number of inputs of a cell."""
        return len(self.trains) // self.cells

    def mean_rates(self, dt: float) -> Floats:
        """Hertz, of each input: those of the first cell, over their own duration."""
        trains = self.trains[: self.count]
        return np.array([len(train) / ((int(train[-1]) + 1) * dt) if len(train) else 0.0 for train in trains])


@dataclass(frozen=True)
class Walk:
    """Independent trains, each with a rate that walks at random between two limits, and without long silences.

    Time goes in bins of length `every`. In each a train has a spike with probability rate times `every`, at a random time within the
    bin. Then the rate moves by slope times `every`, and the slope by a number drawn evenly from -`turn` to `turn`; both are kept within
    their limits. A spike is forced in the bin that begins `silence` after that of the train's last spike. Rate and slope begin anywhere
    within their limits. These are the inputs of Masquelier, Guyonneau & Thorpe 2008 (doi 10.1371/journal.pone.0001377), as the
    replication of Hathway & Goodman 2018 (doi 10.5281/zenodo.1327348) draws them; there times between spikes are at most `silence`,
    here a bin more.

    Attributes
    ----------
    count : int
        Number of inputs.
    low, high : float
        Limits of the rate, hertz.
    slope : float
        Largest slope of the rate, up or down, hertz per second.
    turn : float
        Largest change of the slope from one bin to the next, hertz per second.
    every : float
        Seconds.
    silence : float
        Seconds; infinite if no spike is forced.
    """

    count: int
    low: float
    high: float
    slope: float
    turn: float
    every: float
    silence: float = math.inf

    def bins(self, duration: float) -> float:
        """Of all trains, in so many seconds."""
        return self.count * duration / self.every

    def mean_rates(self, dt: float) -> Floats:
        """Hertz, of each input: about the middle between the limits; forced spikes come in addition."""
        return np.full(self.count, max(0.5 * (self.low + self.high), 1.0 / self.silence))


@dataclass(frozen=True)
class Pasted:
    """Trains of another source into which a window of them is pasted again and again: a frozen pattern.

    Time is cut into slots as long as the window. A slot has the pattern with probability ``share/(1 - share)`` if the one before it has
    not, and never if it has, so that `share` of all slots have it. The spikes of the first members in the first such slot are the
    pattern; in each later one they take the place of the members' own.

    Attributes
    ----------
    source : Poisson, Group, Regular, Replayed or Walk
    window : float
        Length of the pattern and of a slot, seconds.
    share : float
        Of the slots, above 0 and at most 0.5.
    members : int
        So many inputs, the first ones, have the pattern.
    jitter : float
        Each spike of each presentation is moved by a normal number of this standard deviation, seconds.
    deleted : float
        The probability of a spike, in each presentation anew, to be left out of the pattern; it comes at a random time of the slot in its
        train, so that rates stay as they are.
    noise : float
        Hertz of a Poisson process of each input, whose spikes are added at last.
    duplicates : {"error", "drop"}
        Whether a second spike of a train in one step is an error, or is left out and counted.
    """

    source: Poisson | Group | Regular | Replayed | Walk
    window: float
    share: float
    members: int
    jitter: float = 0.0
    deleted: float = 0.0
    noise: float = 0.0
    duplicates: str = "error"

    @property
    def count(self) -> int:
        """Number of inputs."""
        return self.source.count

    def mean_rates(self, dt: float) -> Floats:
        """Hertz, of each input; the pattern may have more or fewer spikes."""
        return self.source.mean_rates(dt) + self.noise


@dataclass(frozen=True)
class Repeated:
    """Trains of another source that begin anew after a time, the same again.

    Attributes
    ----------
    source : any source but those that are repeated or there only for a while
    every : float
        Seconds.
    """

    source: Poisson | Group | Regular | Replayed | Walk | Pasted
    every: float

    @property
    def count(self) -> int:
        """Number of inputs."""
        return self.source.count

    def mean_rates(self, dt: float) -> Floats:
        """Hertz, of each input."""
        return self.source.mean_rates(dt)


@dataclass(frozen=True)
class Between:
    """Trains of another source that are there only for a while.

    Attributes
    ----------
    source : any source but this kind
    start, stop : float
        Seconds: spikes from `start` on and before `stop` are kept.
    """

    source: Poisson | Group | Regular | Replayed | Walk | Pasted | Repeated
    start: float = 0.0
    stop: float = math.inf

    @property
    def count(self) -> int:
        """Number of inputs."""
        return self.source.count

    def mean_rates(self, dt: float) -> Floats:
        """Hertz, of each input, while it is there."""
        return self.source.mean_rates(dt)


Source = Poisson | Group | Regular | Replayed | Walk | Pasted | Repeated | Between
DUPLICATES = ("error", "drop")


def spike_counts(sources: Sequence[Source]) -> Steps:
    """How many spikes are given, of each given train."""
    trains = [train for source in map(innermost, sources) if isinstance(source, Replayed) for train in source.trains]
    return np.array([len(train) for train in trains], dtype=np.int64)


def expected_counts(sources: Sequence[Source], dt: float, steps: int) -> float:
    """How many spikes are expected of the sources whose trains are drawn before a run, all together."""
    beforehand = [source for source in sources if isinstance(innermost(source), Walk) or isinstance(source, Pasted | Repeated)]
    return sum(float(source.mean_rates(dt).sum()) * dt * steps for source in beforehand)


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
        group = innermost(inner)
        events = group.rate if isinstance(group, Group) else 0.0
        total += there * (float(np.sum(inner.mean_rates(dt))) + events)
    return total


def innermost(source: Source) -> Poisson | Group | Regular | Replayed | Walk:
    """What a source makes its trains of."""
    return innermost(source.source) if isinstance(source, Pasted | Repeated | Between) else source
