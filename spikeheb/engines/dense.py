"""A circuit in which every source reaches every cell, or a projection of a network by itself, as loops over many cells read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeheb.cells import Cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import OwnCopies
from spikeheb.circuits.drives import Change
from spikeheb.circuits.populations import Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Normalise, Projection
from spikeheb.circuits.signals import signals_of
from spikeheb.circuits.sources import Between, Pasted, Repeated, Replayed, Source, Walk
from spikeheb.circuits.steps import Floats
from spikeheb.engines.alone import OF_NETWORKS, Progress
from spikeheb.errors import EngineError
from spikeheb.rules.rule import Rule


@dataclass(frozen=True)
class Dense:
    """Inputs onto cells of one kind, a synapse with the rule for each input and cell.

    Attributes
    ----------
    circuit : Circuit
    rule, cell, dt, steps, seed, precision
        Of the circuit.
    cells : int
    inputs : tuple of Source
    private : bool
        Whether each cell has trains of its own, of the same kind (those without a rule included).
    unplastic : Projection or None
    unplastic_inputs : tuple of Source
    normalise : Normalise or None
    normalise_every : int
        Steps; 0 for after every event.
    imposed : tuple of Source
    initial, receptor
        Of the projection with the rule.
    currents, clamps : tuple of Change
    signals : mapping of str to tuple of Change
        What the rule's handlers hear beside spikes: see `spikeheb.rules.meaning.signals`.
    probes : Probes
    progress : callable, optional
        Called with the fraction done.
    """

    circuit: Circuit
    rule: Rule
    cell: Cell | None
    dt: float
    steps: int
    seed: int
    precision: str
    cells: int
    inputs: tuple[Source, ...]
    private: bool
    unplastic: Projection | None
    unplastic_inputs: tuple[Source, ...]
    normalise: Normalise | None
    normalise_every: int
    imposed: tuple[Source, ...]
    initial: Mapping[str, float | Floats]
    receptor: str | None
    currents: tuple[Change, ...]
    clamps: tuple[Change, ...]
    signals: Mapping[str, tuple[Change, ...]]
    probes: Probes
    progress: Progress = None

    @property
    def input_count(self) -> int:
        """Number of inputs of a cell under the rule."""
        return self.circuit.sources.count

    @property
    def copies(self) -> int:
        """How many cells have trains of their own."""
        return self.circuit.copies

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the weights."""
        return np.dtype(self.precision)


def dense(circuit: Circuit, progress: Progress = None) -> Dense:
    """The circuit as inputs that all reach every cell.

    Raises
    ------
    EngineError
        For a circuit of another shape, and for what cannot be had in this shape.
    """
    if circuit.is_network:
        raise EngineError(OF_NETWORKS)
    _refuse(circuit)
    return as_dense(circuit, progress)


def as_dense(circuit: Circuit, progress: Progress = None) -> Dense:
    """The same for every shape of connections: what is read of the cells and the rule exists in every circuit that is not a network."""
    plastic, drive, other = circuit.plastic, circuit.drive, circuit.unplastic
    return Dense(
        circuit, circuit.rule, circuit.cell, circuit.dt, circuit.steps, circuit.seed, circuit.precision, circuit.cells.count,
        circuit.sources.sources, isinstance(plastic.connect, OwnCopies), other, _sources(circuit, other), plastic.normalise,
        plastic.normalise.steps(circuit.dt) if plastic.normalise else 0, drive.imposed, plastic.fixed_initial, plastic.receptor,
        drive.currents, drive.clamps, signals_of(circuit), circuit.probes, progress,
    )  # fmt: skip


def _sources(circuit: Circuit, projection: Projection | None) -> tuple[Source, ...]:
    population = circuit.populations[projection.pre] if projection is not None else None
    return population.sources if isinstance(population, Spikes) else ()


def _refuse(circuit: Circuit) -> None:
    """Refuse what this loop cannot run; the same circuit can run with every synapse separately, but more slowly."""
    plastic, other = circuit.plastic, circuit.unplastic
    sources = (*circuit.sources.sources, *_sources(circuit, other), *circuit.drive.imposed)
    kinds = {
        "sources that are there only for a while": any(isinstance(source, Between) for source in sources),
        "walking rates, patterns and what is repeated": any(isinstance(source, Walk | Pasted | Repeated) for source in sources),
        "trains that leave out duplicates": any(isinstance(source, Replayed) and source.duplicates == "drop" for source in sources),
        "sources that reach one cell each": circuit.is_pairwise,
        "two projections that are connected differently": other is not None and type(other.connect) is not type(plastic.connect),
        "two projections from one population": other is not None and other.pre == plastic.pre,
    }
    for kind, asked in kinds.items():
        if asked:
            raise EngineError(f"{kind} are not possible where the weights of all sources onto all cells are kept together")
