"""A circuit: what is simulated, as a value that no engine owns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from spikeheb.circuits.connect import OwnCopies, Pairwise
from spikeheb.circuits.drives import EVERY, Drives
from spikeheb.circuits.populations import Cells, Population, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Projection
from spikeheb.circuits.sources import check, spike_counts
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.errors import EngineError, ScheduleError, unknown_name
from spikeheb.limits import BYTES_OF_SPIKE, STEPS, check_memory, check_seed, check_steps, check_work

if TYPE_CHECKING:
    from spikeheb.cells import Cell
    from spikeheb.rules.rule import Rule

PRECISIONS = ("float64", "float32")
INPUTS, CELLS, SYNAPSES, UNPLASTIC = "inputs", "cells", "synapses", "unplastic"
"""The usual names of populations and projections where one rule's synapses lead from sources to cells."""


@dataclass(frozen=True, kw_only=True)
class Circuit:
    """Populations, what connects them, what acts on them and what is recorded. Time is counted in steps.

    Attributes
    ----------
    dt : float
        Seconds.
    steps : int
        Steps 0 to steps - 1 are run.
    populations : mapping of str to Spikes or Cells
    projections : mapping of str to Projection
        One of them has a rule.
    drives : mapping of str to Drives
        By population of cells.
    probes : Probes
        Of the projection with a rule and its cells.
    seed : int
    precision : {"float64", "float32"}
    exact : bool
        Whether every step is carried out. Else quiet stretches are computed where that is as good: to 1e-6 mV for the membrane
        potential, to 1e-8 of its limit for a weight.
    mirrored : bool
        Whether the noise of every second synapse is that of the one before it, turned round: as good as any, and the mean of many
        varies less. Brian2 draws numbers of its own for each.

    Raises
    ------
    EngineError, ScheduleError, UnknownName
        For names that are not there, what no engine can do, and more steps, records or seeds than can be had.
    """

    dt: float
    steps: int
    populations: Mapping[str, Population]
    projections: Mapping[str, Projection]
    drives: Mapping[str, Drives] = field(default_factory=dict)
    probes: Probes = field(default_factory=Probes)
    seed: int = 0
    precision: str = "float64"
    exact: bool = False
    mirrored: bool = False

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if self.precision not in PRECISIONS:
            raise EngineError(f'the precision is "float64" or "float32" (got "{self.precision}")')
        self._check_names()
        if self.cells.count < 1 or not 1 <= self.steps <= STEPS or (self.sources.count < 1 and not self.is_pairwise):
            raise EngineError(f"expected cells, inputs and steps (got {self.cells.count}, {self.sources.count} and {self.steps})")
        check_steps(self.steps * self.dt, self.dt, "duration")
        self._check_size()
        self._check_trains()
        for name in ("samples", "sweeps", "snapshots", "watch", "histograms"):
            _check_steps(getattr(self.probes, name), self.steps, name)
        _check_sweeps(self.probes, self.steps)
        probes, shape = self.probes, (self.cells.count, self.sources.count)
        if len(probes.histograms) and (len(probes.edges) < 2 or not np.all(np.diff(probes.edges) > 0)):
            raise EngineError("histograms need rising edges")
        outside = probes.watched.size and (np.any(probes.watched < 0) or np.any(probes.watched >= shape))
        if probes.watched.ndim != 2 or probes.watched.shape[1] != 2 or outside:
            raise EngineError("each watched synapse is a cell and an input, counted from 0")

    # --- the synapses with a rule, and their cells ---

    @property
    def plastic(self) -> Projection:
        """The projection with a rule."""
        return self.projections[self._plastic_name]

    @property
    def rule(self) -> Rule:
        """Its rule."""
        rule = self.plastic.rule
        assert rule is not None
        return rule

    @property
    def sources(self) -> Spikes:
        """What it comes from."""
        population = self.populations[self.plastic.pre]
        assert isinstance(population, Spikes)
        return population

    @property
    def cells(self) -> Cells:
        """What it leads to."""
        population = self.populations[self.plastic.post]
        assert isinstance(population, Cells)
        return population

    @property
    def cell(self) -> Cell | None:
        """Their kind; None where they have only imposed spikes."""
        return self.cells.cell

    @property
    def drive(self) -> Drives:
        """What acts on them."""
        return self.drives.get(self.plastic.post, Drives())

    @property
    def unplastic(self) -> Projection | None:
        """The projection without a rule, if there is one."""
        return next((projection for projection in self.projections.values() if projection.rule is None), None)

    @property
    def is_pairwise(self) -> bool:
        """Whether each source reaches one cell."""
        return isinstance(self.plastic.connect, Pairwise)

    @property
    def copies(self) -> int:
        """How many cells have trains of their own."""
        return self.cells.count if isinstance(self.plastic.connect, OwnCopies) else 1

    @property
    def synapse_count(self) -> int:
        """Number of synapses with the rule."""
        return self.sources.count * (1 if self.is_pairwise else self.cells.count)

    @property
    def cell_of_synapse(self) -> Steps:
        """The cell that each synapse reaches; where every source reaches every cell, cell after cell."""
        connect = self.plastic.connect
        return connect.cell if isinstance(connect, Pairwise) else np.repeat(np.arange(self.cells.count), self.sources.count)

    # --- the same with something else ---

    def with_plastic(self, **changes: object) -> Circuit:
        """The circuit with other attributes of the projection with a rule."""
        plastic = replace(self.plastic, **changes)  # type: ignore[arg-type]
        return replace(self, projections={**self.projections, self._plastic_name: plastic})

    def starting_at(self, weights: float | Floats | None) -> Circuit:
        """The circuit with these initial weights; as it is if None."""
        return self if weights is None else self.with_plastic(initial={self.rule.weight: weights})

    # --- checks ---

    @property
    def _plastic_name(self) -> str:
        return next(name for name, projection in self.projections.items() if projection.rule is not None)

    def _check_names(self) -> None:
        for projection in self.projections.values():
            for name in (projection.pre, projection.post):
                if name not in self.populations:
                    raise unknown_name("population", name, self.populations)
        for name in self.drives:
            if name not in self.populations:
                raise unknown_name("population", name, self.populations, key="drives")
        ruled = [projection for projection in self.projections.values() if projection.rule is not None]
        if len(ruled) != 1 or len(self.projections) > 2:
            raise EngineError(f"expected one projection with a rule, and at most one without (got {len(ruled)} of {len(self.projections)})")
        for name, projection in self.projections.items():
            if not isinstance(self.populations[projection.pre], Spikes) or not isinstance(self.populations[projection.post], Cells):
                raise EngineError(f'"{name}" must lead from spikes to cells')
            if projection.post != ruled[0].post:
                raise EngineError(f'"{name}" leads to other cells than the rule\'s synapses')
        kinds = {isinstance(projection.connect, OwnCopies) for projection in self.projections.values()}
        if len({projection.pre for projection in self.projections.values()}) < len(self.projections) and len(kinds) > 1:
            raise EngineError("two projections from one population must agree on whether each cell has trains of its own")
        if self.unplastic is not None and self.cell is None:
            raise EngineError("inhibitory inputs need a cell")
        asked = {"a voltage clamp": self.drive.clamps, "a current": self.drive.currents, "a record of the potential": self.probes.sweeps}
        for what, given in asked.items():
            if len(given) and self.cell is None:
                raise EngineError(f"{what} needs a cell")
        for change in (*self.drive.currents, *self.drive.clamps, *self.drive.rewards):
            if not (change.cell == EVERY or 0 <= change.cell < self.cells.count):
                raise ScheduleError(f"there is no cell {change.cell} among {self.cells.count}")
        if any(math.isnan(change.value) for change in (*self.drive.currents, *self.drive.rewards)):
            raise EngineError("the current must be a number, and so must a reward (got nan)")

    def _check_size(self) -> None:
        probes, cells, synapses = self.probes, self.cells.count, self.synapse_count
        if self.cell is not None:
            check_work(float(self.steps) * cells, f"{self.steps:,} time steps of {cells:,} cells", key="duration")
        spikes = int(spike_counts((*self.sources.sources, *self.drive.imposed)).sum())
        check_memory(BYTES_OF_SPIKE * spikes, f"the {spikes:,} spikes of {synapses:,} synapses")
        check_memory(
            16.0 * synapses * len(probes.samples), f"the weights of {synapses:,} inputs at {len(probes.samples):,} times", key="record"
        )
        check_memory(
            8.0 * cells * len(probes.sweeps) * probes.sweep_steps, f"{len(probes.sweeps):,} sweeps of {cells:,} cells", key="sweeps"
        )

    def _check_trains(self) -> None:
        for projection in self.projections.values():
            population = self.populations[projection.pre]
            copies = self.cells.count if isinstance(projection.connect, OwnCopies) else 1
            for source in population.sources if isinstance(population, Spikes) else ():
                check(source, self.dt, copies)
        for source in self.drive.imposed:
            check(source, self.dt, 1)
        if self.drive.imposed and sum(source.count for source in self.drive.imposed) != self.cells.count:
            raise ScheduleError(f"imposed spikes need a train for each of the {self.cells.count} cells")
        for name, projection in self.projections.items():
            population = self.populations[projection.pre]
            if isinstance(projection.connect, Pairwise):
                _check_pairs(name, projection.connect.cell, population.count, self.cells.count)
        for name, values in self.plastic.overrides.items():
            if np.shape(values) not in ((), (self.cells.count,)):
                raise EngineError(f"expected {name} for each of {self.cells.count} cells (got shape {np.shape(values)})", key="overrides")


def _check_pairs(name: str, cell: Steps, sources: int, cells: int) -> None:
    if np.shape(cell) != (sources,):
        raise EngineError(f'"{name}" needs a cell for each of {sources} sources (got {np.size(cell)})')
    if np.any(np.diff(cell) < 0):
        raise EngineError(f'"{name}" needs its sources sorted by the cell that they reach')
    if sources and not (cell[0] >= 0 and cell[-1] < cells):
        raise EngineError(f'"{name}" reaches cell {cell[0] if cell[0] < 0 else cell[-1]}, and there are {cells}, counted from 0')


def _check_steps(steps: Steps, end: int, name: str) -> None:
    if len(steps) and (steps[0] < 0 or steps[-1] >= end or np.any(np.diff(steps) <= 0)):
        raise ScheduleError(f"{name} must rise, from step 0 to step {end - 1}")


def _check_sweeps(probes: Probes, end: int) -> None:
    if len(probes.sweeps) and probes.sweep_steps < 1:
        raise ScheduleError(f"sweeps have at least one step (got {probes.sweep_steps})")
    ends = probes.sweeps + probes.sweep_steps
    if len(ends) and (ends[-1] > end or np.any(ends[:-1] > probes.sweeps[1:])):
        raise ScheduleError(f"sweeps of {probes.sweep_steps:,} steps overlap, or the last ends after the {end:,} steps of the run")
