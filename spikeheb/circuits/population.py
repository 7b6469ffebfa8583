"""Fan-in: N inputs onto each of M cells of one kind, one plastic synapse for each input and cell.

A job says what spikes the inputs have, and what to record; an engine gives a recording back. All trains are functions of
the job's seed alone (`spikeheb.draws.fan_in`), so that every engine can be given the same ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikeheb.cells import Cell
from spikeheb.circuits.projections import Inhibition, Normalise, check_normalise
from spikeheb.circuits.sources import Source, check
from spikeheb.circuits.steps import NO_STEPS, Floats, Steps
from spikeheb.errors import EngineError, ScheduleError
from spikeheb.limits import STEPS, check_seed
from spikeheb.rules.rule import Rule

PRECISIONS = ("float64", "float32")


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
            check_normalise(self.normalise)
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
    def copies(self) -> int:
        """How many cells have trains of their own."""
        return self.cells if self.private else 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the weights."""
        return np.dtype(self.precision)


def _check_steps(steps: Steps, end: int, name: str) -> None:
    if len(steps) and (steps[0] < 0 or steps[-1] >= end or np.any(np.diff(steps) <= 0)):
        raise ScheduleError(f"{name} must rise, from step 0 to step {end - 1}")
