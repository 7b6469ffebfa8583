"""A network as one explicit Brian2 network: a group for each population, Synapses for each projection.

The order within a time step is that of the other engines: the state updates of all cells, of all [post] variables and of all synapses,
then thresholds, then the handlers of one projection after the other, then resets. Synapses, delays, weights and input spikes are the
arrays that every engine is given. Only noise within equations and handlers is drawn by Brian2 itself, so that with it results agree in
distribution.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.phases import at
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.draws.currents import RandomCurrent
from spikeheb.draws.edges import Edges, alone_with, counted_trains, edges_of, without_synapses
from spikeheb.engines.alone import Alone, alone
from spikeheb.engines.brian import normalising, rewards
from spikeheb.engines.brian.cells import drives, generator, population
from spikeheb.engines.brian.importing import brian
from spikeheb.engines.brian.names import owned
from spikeheb.engines.brian.owned import of_rule
from spikeheb.engines.brian.part import Part
from spikeheb.engines.brian.settings import settings
from spikeheb.engines.brian.synapses import PLASTIC, of_post, set_values, signals, synapses
from spikeheb.errors import EngineError


@dataclass(frozen=True)
class Planned:
    """What is built, as plain values.

    Attributes
    ----------
    circuit : Circuit
    cells : mapping of str to Alone
        By population of cells.
    trains : mapping of str to list of arrays of int
        By population of sources the steps of their spikes.
    dropped : mapping of str to int
    edges : mapping of str to Edges
        By projection.
    parts : mapping of str to Part
        By projection.
    """

    circuit: Circuit
    cells: Mapping[str, Alone]
    trains: Mapping[str, list[Steps]]
    dropped: Mapping[str, int]
    edges: Mapping[str, Edges]
    parts: Mapping[str, Part]

    @property
    def ruled(self) -> list[str]:
        """The projections with a rule."""
        return [name for name, projection in self.circuit.projections.items() if projection.rule is not None]

    def states(self, name: str) -> list[str]:
        """What differs between the cells of a population and changes in time."""
        cell = self.cells[name].cell
        assert cell is not None  # a network's cells have a membrane
        return [*cell.rest(), *(state for receptor in cell.receptors.values() for state in receptor.states)]


@dataclass(frozen=True)
class Built:
    """The Brian2 objects that are read or set, by population and by projection."""

    network: Any
    clock: Any
    groups: Mapping[str, Any]
    synapses: Mapping[str, Any]
    post: Mapping[str, Any]
    spikes: Mapping[str, Any]
    values: dict[str, Floats]


def owners(name: str, made: Mapping[str, Any], post: Mapping[str, Any]) -> dict[str, Any]:
    """The groups of a projection under the names that `settings` has for them."""
    return {what: there[name] for what, there in (("synapses", made), ("post", post)) if name in there}


def enter(planned: Planned, built: Built, now: int) -> None:
    """A phase begins: whether weights may change, and constants of rules."""
    for name, part in planned.parts.items():
        plastic, constants = at(planned.circuit.phases, name, now)
        changed = {owned(constant, part.number): value for constant, value in constants.items()}
        labels = {f"{owner}.{constant}": value for owner in ("synapses", "post") for constant, value in changed.items()}
        if part.stands_still:
            labels[f"synapses.{PLASTIC}"] = float(plastic)
        values = {label: np.array([value]) for label, value in labels.items() if label.partition(".")[2] not in part.job.overrides}
        built.values.update(set_values(values, owners(name, built.synapses, built.post)))


def plan(circuit: Circuit) -> Planned:
    """What is to be built.

    Raises
    ------
    EngineError
        For what is not carried out in Brian2, by its name.
    """
    if circuit.precision != "float64":
        raise EngineError("Brian2 computes in double precision", key="precision")
    if any(phase.rewire for phase in circuit.phases):
        raise EngineError("no projection is rewired in Brian2; the kernel does it", key="phases")
    groups = circuit.populations
    driven = {name: circuit.driven_cell(name) for name, group in groups.items() if isinstance(group, Cells)}
    cells = {name: replace(alone(without_synapses(circuit, name)), cell=cell) for name, cell in driven.items()}
    drawn = {name: counted_trains(circuit, name) for name, group in groups.items() if isinstance(group, Spikes)}
    edges = {name: edges_of(circuit, name) for name in circuit.projections}
    parts = {
        name: Part(alone(of_rule(alone_with(circuit, name, edges[name]), number)), number, _stands_still(circuit, name))
        for number, name in enumerate(circuit.projections)
    }  # fmt: skip
    trains, dropped = ({name: each[n] for name, each in drawn.items()} for n in (0, 1))
    return Planned(circuit, cells, trains, dropped, edges, parts)  # type: ignore[arg-type]  # a pair of lists and numbers, taken apart


def _stands_still(circuit: Circuit, name: str) -> bool:
    return any(not phase.plastic.get(name, True) for phase in circuit.phases)


def build(planned: Planned) -> Built:
    """The network, with every value set.

    Raises
    ------
    EngineError
        For what Brian2 cannot do.
    """
    b2, circuit = brian(), planned.circuit
    clock = b2.Clock(dt=circuit.dt * b2.second, name="clock")
    groups: dict[str, Any] = {}
    objects, values = [], dict[str, Floats]()
    for number, name in enumerate(circuit.populations):
        if name in planned.trains:
            groups[name] = generator(planned.trains[name], circuit.dt, clock, f"sources_{number}", "thresholds")
            continue
        reaching = [part for each, part in planned.parts.items() if circuit.projections[each].post == name]
        groups[name] = population(planned.cells[name], clock, reaching, name=f"cells_{number}")
        noisy = name in circuit.drives and circuit.drives[name].noise is not None
        objects += drives(planned.cells[name], groups[name], clock, RandomCurrent(circuit, name) if noisy else None)
        values |= set_values(settings(planned.cells[name]), {"cells": groups[name]})
    made, post = {}, {}
    for name, part in planned.parts.items():
        projection, edges = circuit.projections[name], planned.edges[name]
        cells = groups[projection.post]
        of_cells = of_post(part, cells, clock)
        if len(edges.pre):
            made[name] = synapses(part, groups[projection.pre], edges.pre, cells, clock, edges.delay)
            objects.append(made[name])
        if of_cells:
            post[name] = of_cells[0]
        objects += [*of_cells, *signals(part, cells, clock)]
        if projection.normalise is not None and name in made:
            objects.append(normalising.operation(part, made[name], clock))
        values |= set_values(settings(part.job), owners(name, made, post))
    if circuit.triggers:
        objects.append(rewards.operation(circuit, groups, planned.parts, clock))
    spikes = {name: b2.SpikeMonitor(groups[name], name=f"spikes_of_{groups[name].name}") for name in planned.cells}
    network = b2.Network(*groups.values(), *objects, *spikes.values())
    return Built(network, clock, groups, made, post, spikes, values)
