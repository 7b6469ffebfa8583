"""Fan-in: N inputs onto each of M cells of one kind, one plastic synapse for each input and cell.

A job says what spikes the inputs have, and what to record; an engine gives a recording back. All trains are functions of
the job's seed alone (`spikeheb.engines.kernel.inputs` computes them), so that every engine can be given the same ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeheb.cells import Cell
from spikeheb.dimensions import FREQUENCY, TIME
from spikeheb.engines.job import NO_STEPS, Floats, Steps
from spikeheb.errors import EngineError, ScheduleError
from spikeheb.limits import STEPS, check_seed
from spikeheb.numbers import quantities
from spikeheb.rules.rule import Rule
from spikeheb.units import quantity

PRECISIONS = ("float64", "float32")


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


Source = Poisson | Group | Regular | Replayed


@dataclass(frozen=True)
class Inhibition:
    """Inputs without plasticity, through a receptor of their own.

    Attributes
    ----------
    inputs : tuple of Source
    efficacy : float
        In unit conductances of the receptor.
    receptor : str
    delay : float
        From the spike to the synapse, seconds.
    """

    inputs: tuple[Source, ...]
    efficacy: float
    receptor: str
    delay: float = 0.0


NORMALISATIONS = ("none", "divisive", "subtractive")


@dataclass(frozen=True)
class Normalise:
    """The weights of each cell brought to a sum, within the rule's limits.

    Attributes
    ----------
    kind : {"divisive", "subtractive"}
        All weights times one factor, or the same amount from each that is not at its limit.
    target : float
        Their sum.
    every : float
        Seconds; 0 for after every event that reaches the cell's synapses (and once at the start).
    """

    kind: str
    target: float
    every: float = 0.0


@dataclass(frozen=True)
class PopulationJob:
    """Inputs onto the cells, and what to record.

    Attributes
    ----------
    rule : Rule
    cell : Cell or None
        None where the postsynaptic side is only its imposed spikes.
    dt : float
        Seconds.
    steps : int
        Steps 0 to steps - 1 are run.
    cells : int
    inputs : tuple of Source
        One after the other.
    private : bool
        Whether each cell has trains of its own, of the same kind (inhibition included).
    inhibition : Inhibition or None
    normalise : Normalise or None
    imposed : tuple of Source
        Spikes imposed on the cells: together as many trains as there are cells, or none.
    initial : mapping of str to float or array
        Initial values that replace the rule's own; an array has shape (cells, inputs) or (inputs,).
    current : float
        Constant current into every cell, amperes.
    rewards : tuple of (step, amount)
        For all synapses.
    snapshots : array of int, sorted
        Steps at whose end all weights are recorded.
    watched : array of int, shape (n, 2)
        Cell and input of the synapses whose weight is recorded at the end of the steps `watch`, sorted.
    histograms : array of int, sorted
        Steps at whose end all weights are counted in the bins that `edges` bound; as in `numpy.histogram` the last bin
        holds its right edge, and weights beyond are not counted.
    trains : bool
        Whether the steps of the cells' spikes are recorded.
    receptor : str or None
        The one that the plastic inputs drive.
    precision : {"float64", "float32"}
    progress : callable, optional
        Called with the fraction done.

    Raises
    ------
    ScheduleError, EngineError
    """

    rule: Rule
    cell: Cell | None
    dt: float
    steps: int
    cells: int
    inputs: tuple[Source, ...]
    private: bool = False
    inhibition: Inhibition | None = None
    normalise: Normalise | None = None
    imposed: tuple[Source, ...] = ()
    initial: Mapping[str, float | Floats] = field(default_factory=dict)
    current: float = 0.0
    rewards: tuple[tuple[int, float], ...] = ()
    snapshots: Steps = field(default_factory=lambda: NO_STEPS)
    watched: Steps = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))
    watch: Steps = field(default_factory=lambda: NO_STEPS)
    histograms: Steps = field(default_factory=lambda: NO_STEPS)
    edges: Floats = field(default_factory=lambda: np.zeros(0))
    trains: bool = False
    receptor: str | None = None
    seed: int = 0
    precision: str = "float64"
    progress: Callable[[float], None] | None = None

    def __post_init__(self) -> None:
        if self.cells < 1 or not 1 <= self.steps <= STEPS or self.input_count < 1:
            raise EngineError(f"expected cells, inputs and steps (got {self.cells}, {self.input_count} and {self.steps})")
        check_seed(self.seed)
        if self.precision not in PRECISIONS:
            raise EngineError(f'the precision is "float64" or "float32" (got "{self.precision}")')
        if self.imposed and sum(source.count for source in self.imposed) != self.cells:
            raise ScheduleError(f"imposed spikes need a train for each of the {self.cells} cells")
        if not math.isfinite(self.current):
            raise EngineError(f"the current must be a number (got {self.current})")
        if self.normalise is not None:
            _check_normalise(self.normalise)
        if self.inhibition is not None and self.cell is None:
            raise EngineError("inhibitory inputs need a cell")
        for source in self.inputs + (self.inhibition.inputs if self.inhibition else ()):
            check(source, self.dt, self.cells if self.private else 1)
        for source in self.imposed:
            check(source, self.dt, 1)
        for name in ("snapshots", "watch", "histograms"):
            _check_steps(getattr(self, name), self.steps, name)
        if len(self.histograms) and (len(self.edges) < 2 or not np.all(np.diff(self.edges) > 0)):
            raise EngineError("histograms need rising edges")
        outside = self.watched.size and (np.any(self.watched < 0) or np.any(self.watched >= [self.cells, self.input_count]))
        if self.watched.ndim != 2 or self.watched.shape[1] != 2 or outside:
            raise EngineError("each watched synapse is a cell and an input, counted from 0")

    @property
    def normalise_every(self) -> int:
        """Steps between normalisations; 0 for after every event."""
        return 0 if self.normalise is None or not self.normalise.every else max(1, round(self.normalise.every / self.dt))

    @property
    def input_count(self) -> int:
        """Number of plastic inputs of a cell."""
        return sum(source.count for source in self.inputs)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the weights."""
        return np.dtype(self.precision)


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
            for n, train in enumerate(trains):
                if len(train) and (train[0] < 0 or np.any(np.diff(train) <= 0)):
                    raise ScheduleError(f"the steps of train {n} must rise from 0 on, none twice; a smaller dt parts two that coincide")


def _check_normalise(normalise: Normalise) -> None:
    if normalise.kind not in NORMALISATIONS[1:]:
        raise EngineError(f'the weights are normalised "divisive" or "subtractive" (got "{normalise.kind}")')
    if not (0 < normalise.target < math.inf and 0 <= normalise.every < math.inf):
        raise EngineError(f"normalisation needs a sum above 0 and a time of 0 or more (got {normalise.target:g} and {normalise.every:g} s)")


def _check_numbers(values: Any, low: float, high: float, what: str, kind: str) -> None:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or not np.all(np.isfinite(array) & (array >= low) & (array <= high)):
        raise ScheduleError(f"{what} must be from {low:g} to {high:g} {kind}".rstrip())


def _check_steps(steps: Steps, end: int, name: str) -> None:
    if len(steps) and (steps[0] < 0 or steps[-1] >= end or np.any(np.diff(steps) <= 0)):
        raise ScheduleError(f"{name} must rise, from step 0 to step {end - 1}")


@dataclass(frozen=True)
class PopulationRecording:
    """What an engine recorded.

    Attributes
    ----------
    w : array, shape (cells, inputs)
        Weights at the end.
    counts : array of int, shape (cells,)
        Spikes of each cell, imposed ones included.
    spikes : tuple of arrays of int
        Their steps, if asked for.
    snapshots : array, shape (snapshots, cells, inputs)
    watched : array, shape (watched, watch)
    histograms : array of int, shape (histograms, bins)
    engine : mapping of str to str
        Which engine ran, with versions and flags.
    """

    w: npt.NDArray[np.floating[Any]]
    counts: Steps
    spikes: tuple[Steps, ...]
    snapshots: npt.NDArray[np.floating[Any]]
    watched: npt.NDArray[np.floating[Any]]
    histograms: Steps
    engine: Mapping[str, str]
