"""A circuit in which each source reaches one cell, as the engines read it: plain arrays, cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from spikeheb.cells import Cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import Pairwise
from spikeheb.circuits.drives import Change, by_cell
from spikeheb.circuits.signals import signals_of
from spikeheb.circuits.steps import Floats, Numbers, Steps
from spikeheb.draws.expanded import expanded, imposed_trains, trains_of
from spikeheb.errors import EngineError
from spikeheb.limits import BYTES_OF_SPIKE, check_memory
from spikeheb.rules.rule import Rule

Progress = Callable[[float], None] | None
"""Called with the fraction done."""
OF_NETWORKS = (
    "a network (cells connected to each other, several projections, or records of a population) is carried out by sh.network or "
    "spikeheb net"
)
"""Why a loop for cells that share nothing but sources refuses it."""
FOR_NETWORKS = 'the engine "nest" is for networks; for other circuits use "kernel", "plain" or "brian"'
"""Why NEST refuses any other circuit."""


@dataclass(frozen=True)
class Alone:
    """Cells that share no source, each with its synapses: lanes.

    Attributes
    ----------
    circuit : Circuit
    rule, cell, dt, steps, seed, exact, mirrored
        Of the circuit.
    lane_of_input : array of int, shape (inputs,)
        Sorted.
    pre : tuple of arrays of int
        Steps of the spikes of each input.
    post : tuple of arrays of int
        Steps of the imposed spikes of each lane.
    initial, overrides, receptor
        Of the projection with the rule.
    currents, clamps : tuple of Change
        By cell.
    signals : mapping of str to tuple of Change
        What the rule's handlers hear beside spikes, by cell: see `spikeheb.rules.meaning.signals`.
    samples, sweeps, sweep_steps
        Of the probes.
    progress : callable, optional
        Called with the fraction done.
    """

    circuit: Circuit
    rule: Rule
    cell: Cell | None
    dt: float
    steps: int
    lane_of_input: Steps | Numbers
    pre: tuple[Steps, ...]
    post: tuple[Steps, ...]
    initial: Mapping[str, float | Floats]
    overrides: Mapping[str, Floats]
    currents: tuple[Change, ...]
    clamps: tuple[Change, ...]
    signals: Mapping[str, tuple[Change, ...]]
    samples: Steps
    sweeps: Steps
    sweep_steps: int
    receptor: str | None
    seed: int
    exact: bool
    mirrored: bool
    progress: Progress = None

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return len(self.post)

    @property
    def inputs(self) -> int:
        """Number of inputs, over all lanes."""
        return len(self.pre)


def alone(circuit: Circuit, progress: Progress = None) -> Alone:
    """The circuit as lanes; where sources reach every cell, every synapse becomes an input of its own.

    Raises
    ------
    EngineError
        For initial values of another shape.
    """
    if circuit.is_network:
        raise EngineError(OF_NETWORKS)
    if circuit.is_pairwise and len(circuit.probes.weights) != len(circuit.probes.samples):
        raise EngineError("snapshots, watched weights and histograms are recorded where every source reaches every cell; take samples")
    if not all(isinstance(projection.connect, Pairwise) for projection in circuit.projections.values()):
        circuit = expanded(circuit)
    connect, plastic, drive, probes = circuit.plastic.connect, circuit.plastic, circuit.drive, circuit.probes
    assert isinstance(connect, Pairwise)
    currents, clamps = (by_cell(changes, circuit.cells.count) for changes in (drive.currents, drive.clamps))
    signals, cells = signals_of(circuit), circuit.cells.count
    count = sum(map(len, signals.values()))
    check_memory(BYTES_OF_SPIKE * count * cells, f"{count:,} rewards and times of the clock in {cells:,} cells", key="duration")
    heard = {name: by_cell(changes, cells) for name, changes in signals.items()}
    return Alone(
        circuit, circuit.rule, circuit.cell, circuit.dt, circuit.steps, connect.cell, tuple(trains_of(circuit, plastic)),
        tuple(imposed_trains(circuit)), plastic.fixed_initial, plastic.overrides, currents, clamps, heard, probes.samples, probes.sweeps,
        probes.sweep_steps, plastic.receptor, circuit.seed, circuit.exact, circuit.mirrored, progress,
    )  # fmt: skip


def arrivals_of_unplastic(job: Alone) -> dict[int, Floats]:
    """By step how many spikes of inputs without plasticity arrive at each lane."""
    projection, counts = job.circuit.unplastic, dict[int, Floats]()
    if projection is None:
        return counts
    assert isinstance(projection.connect, Pairwise)
    delay = round(projection.fixed_delay / job.dt)
    for lane, train in zip(projection.connect.cell, trains_of(job.circuit, projection), strict=True):
        for step in train:
            counts.setdefault(int(step) + delay, np.zeros(job.lanes))[lane] += 1
    return counts


def raised_by_unplastic(job: Alone) -> dict[str, float]:
    """The states of the cell that each of these spikes raises, and by how much, siemens."""
    projection = job.circuit.unplastic
    if projection is None or job.cell is None:
        return {}
    receptor = job.cell.receptor(projection.receptor)
    return {state: receptor.unit * abs(weight) * projection.fixed_efficacy for state, _, weight in receptor.parts}
