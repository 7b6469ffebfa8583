"""A network as NEST is told to build it; what NEST cannot do is refused here, by name, without NEST."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.drives import EVERY, Drives
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import OfCells, OfSynapses
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.circuits.values import initial_values
from spikeheb.draws.edges import Edges, alone_with, edges_of, trains_of_population
from spikeheb.engines.alone import FOR_NETWORKS
from spikeheb.engines.nest.cells import Model, model_of
from spikeheb.engines.nest.compiled import Compiled
from spikeheb.engines.nest.patterns import Late, Synapse
from spikeheb.engines.nest.synapses import synapse_of, why_none_is_compiled, why_not
from spikeheb.errors import EngineError
from spikeheb.program.analysis import analyse

STATIC = Synapse("static_synapse", {})
TINY = 1e-300
"""In place of a weight of 0 whose sign NEST wants to know."""


@dataclass(frozen=True)
class Connections:
    """A projection.

    Attributes
    ----------
    edges : Edges
    synapse : Synapse
    port : int
    scale : float
        NEST's weight for efficacy 1.
    weights : array, shape (synapses,)
        At the start, as the rule means them.
    before : array of int, shape (synapses,)
        Steps from the spike to a relay in front of the synapse, where that is not 0.
    delay : array of int, shape (synapses,)
        NEST's delay, steps: from the synapse to the cell, and from the cell's spike to the synapse.
    ahead : int
        Steps by which an event reaches NEST's synapse earlier than it does the rule's.
    rewards : array of int
        Steps at which rewards reach the rule's synapses.
    """

    edges: Edges
    synapse: Synapse
    port: int
    scale: float
    weights: Floats
    before: Steps
    delay: Steps
    ahead: int = 0
    rewards: Steps = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class Plan:
    """A network for NEST.

    Attributes
    ----------
    circuit : Circuit
    cells : mapping of str to Model
        By population of cells.
    trains : mapping of str to list of arrays of int
        By population of sources, or of cells that relay what is imposed on them, the steps of its spikes.
    connections : mapping of str to Connections
    notes : tuple of str
    """

    circuit: Circuit
    cells: dict[str, Model]
    trains: dict[str, list[Steps]]
    connections: dict[str, Connections]
    notes: tuple[str, ...]


def plan(circuit: Circuit) -> Plan:
    """The network as NEST builds it.

    Raises
    ------
    EngineError
        For what NEST cannot do, with the population or projection and the reason.
    """
    if not circuit.is_network:
        raise EngineError(FOR_NETWORKS, key="engine")
    if circuit.precision != "float64":
        raise EngineError("NEST computes in double precision", key="precision")
    if any(phase.rewire for phase in circuit.phases):
        raise EngineError("no projection is rewired in NEST; the kernel does it", key="phases")
    if circuit.triggers:
        raise EngineError("rewards that cells bring about are not carried out in NEST; the kernel does", key="triggers")
    _check_probes(circuit)
    cells = {name: _cells(circuit, name, group) for name, group in circuit.populations.items() if isinstance(group, Cells)}
    sending = [name for name, group in circuit.populations.items() if isinstance(group, Spikes) or cells[name].relay]
    known: dict[tuple[str, str], tuple[float, str]] = {}
    connections = {
        name: _connections(circuit, name, cells[projection.post], known)
        for name, projection in circuit.projections.items() if projection.rule is not None or not cells[projection.post].relay
    }  # fmt: skip
    notes = [note for model in cells.values() for note in model.notes]
    notes += [f'"{name}": {note}' for name, each in connections.items() for note in each.synapse.notes]
    return Plan(circuit, cells, {name: trains_of_population(circuit, name) for name in sending}, connections, tuple(dict.fromkeys(notes)))


def _check_probes(circuit: Circuit) -> None:
    """NEST's results have all spikes or none, and snapshots of all projections at the same steps."""
    populations = [name for name, of in circuit.probes.populations.items() if of != OfCells()]
    for name in populations + [name for name, of in circuit.probes.projections.items() if of != OfSynapses()]:
        why = "all spikes, and snapshots of all projections at once, are recorded in NEST; the kernel records the rest"
        raise EngineError(f'"{name}": {why}', key="probes")


def _cells(circuit: Circuit, name: str, group: Cells) -> Model:
    assert group.cell is not None  # a network's cells have a membrane
    drives = circuit.drives.get(name, Drives())
    driven = {group.cell.receptor(each.receptor).name for each in circuit.projections.values() if each.post == name}
    try:
        model = model_of(group.cell, driven, circuit.dt)
    except EngineError as error:
        raise EngineError(f'"{name}": {error.message}', path=error.path) from None
    if drives.noise is not None:
        raise EngineError(f'"{name}": random currents are not carried out in NEST', key="drives")
    if drives.imposed and not model.relay:
        why = "spikes are imposed in NEST only on cells that never fire by themselves (whose threshold reads constants alone)"
        raise EngineError(f'"{name}": {why}', key="drives")
    return model


def _rewards(circuit: Circuit, name: str) -> tuple[Steps, float]:
    """The steps at which rewards reach the synapses onto a population, and how large each is.

    Raises
    ------
    EngineError
        Where they differ between cells or in size, since NEST counts the spikes of one population that stands for all dopamine.
    """
    rewards = [reward for reward in circuit.drives.get(name, Drives()).rewards if reward.value != 0.0]
    amounts = sorted({reward.value for reward in rewards})
    if any(reward.cell != EVERY for reward in rewards):
        raise EngineError(f'"{name}": a reward reaches all cells in NEST', key="drives")
    if len(amounts) > 1 or (amounts and not 0.0 < amounts[0] < np.inf):
        text = f'"{name}": in NEST all rewards have one amount above 0 (got {", ".join(f"{amount:g}" for amount in amounts[:3])})'
        raise EngineError(text, key="drives")
    steps = np.array(sorted(reward.step for reward in rewards), dtype=np.int64)
    return steps, amounts[0] if amounts else 1.0


def _connections(circuit: Circuit, name: str, model: Model, known: dict[tuple[str, str], tuple[float, str]]) -> Connections:
    """A projection; `known` are the constants that cells must have for the projections before it."""
    projection, edges = circuit.projections[name], edges_of(circuit, name)
    reached = circuit.populations[projection.post]
    assert isinstance(reached, Cells) and reached.cell is not None
    port, scale = model.ports[reached.cell.receptor(projection.receptor).name]
    if projection.rule is None:
        weights = initial_values(alone_with(circuit, name, edges))["w"]
        if len(edges.pre) and edges.delay.min() < 1:
            raise _at_once(circuit, name)
        return Connections(edges, STATIC, port, scale, weights, np.zeros(len(edges.pre), dtype=np.int64), edges.delay.astype(np.int64))
    for what, given in {"normalisation": projection.normalise, "constants that differ between cells": projection.overrides}.items():
        if given:
            raise EngineError(f'"{name}": {what} cannot be had in NEST', path=projection.rule.path)
    try:
        connections = _built_in(circuit, name, model, edges, scale)
        _check_cells_agree(projection.post, name, connections.synapse, known)
    except EngineError:
        if why_none_is_compiled(projection.rule):
            raise
        connections = _compiled(circuit, name, model, edges, scale)
    return replace(connections, port=port)


def _built_in(circuit: Circuit, name: str, model: Model, edges: Edges, scale: float) -> Connections:
    """The projection with one of NEST's own synapses.

    Raises
    ------
    EngineError
        Where there is none for it.
    """
    projection = circuit.projections[name]
    rule, none = projection.rule, np.zeros(0, dtype=np.int64)
    assert rule is not None
    hears = any(handler.event == "reward" for handler in rule.handlers)
    rewards, amount = _rewards(circuit, projection.post) if hears else (none, 1.0)
    if any(name in phase.plastic or name in phase.parameters for phase in circuit.phases):
        why = "NEST's own synapses bring a weight up to date at its next presynaptic spike, so that nothing changes at a phase"
        raise EngineError(f'"{name}": {why}', key="phases")
    others = sorted(set(projection.initial) - {rule.weight})
    if others:
        raise EngineError(f'"{name}": in NEST only the weight may start elsewhere than the rule says (got {others[0]})', key="initial")
    synapse = synapse_of(rule, scale, amount)
    if synapse is None:
        raise EngineError(f'"{name}": {why_not(rule)}', path=rule.path)
    if isinstance(synapse.late, Late) and rule.coincidence != "discard":
        text = f'"{name}": in NEST a tie counts in neither order; write coincidence = "discard" in its rule (got "{rule.coincidence}")'
        raise EngineError(text, path=rule.path, key="coincidence")
    w = initial_values(alone_with(circuit, name, edges))[rule.weight]
    low, high = rule.bounds.w_min, rule.bounds.w_max
    if len(w) and (w.min() < (0.0 if low is None else low) or (high is not None and w.max() > high)):
        raise EngineError(f'"{name}": NEST needs initial weights within the bounds, and none below 0', key="initial")
    before, delay, ahead = _delays(circuit, name, edges, model, synapse)
    return Connections(edges, synapse, 0, scale, w, before, delay, ahead, rewards)


def _compiled(circuit: Circuit, name: str, model: Model, edges: Edges, scale: float) -> Connections:
    """The projection with a synapse that is compiled from its rule.

    A spike waits in a relay as long as it can, so that the synapse knows which postsynaptic spikes have reached it when it passes on
    what is left of the way to the cell: no longer than those take back, and one step more where a tie counts as presynaptic first.
    """
    rule = circuit.projections[name].rule
    assert rule is not None
    start = initial_values(alone_with(circuit, name, edges))
    axonal, back = edges.delay.astype(np.int64) + round(rule.axonal_delay / circuit.dt), round(rule.backpropagation_delay / circuit.dt)
    least, known = int(axonal.min(initial=np.iinfo(np.int64).max)), back + (rule.coincidence != "post_first")
    passes_on = not model.relay
    if passes_on and least < 1:
        raise _at_once(circuit, name)
    if passes_on and known < 1:
        text = (
            f'"{name}": with coincidence = "post_first", postsynaptic spikes take one time step ({1e3 * circuit.dt:g} ms) at least back to'
            " the synapse in NEST: write it as backpropagation_delay in its rule (got 0)"
        )
        raise EngineError(text, path=rule.path, key="backpropagation_delay")
    ahead = min(least, known) if passes_on else min(least, back)
    before = axonal - ahead
    delay = np.full(len(axonal), ahead if passes_on else 1)
    late = Compiled(analyse(rule, None, circuit.dt), back - ahead, start)
    return Connections(edges, Synapse("", {"unit": scale}, late=late), 0, 1.0, start[rule.weight], before, delay, ahead)


def _delays(circuit: Circuit, name: str, edges: Edges, model: Model, synapse: Synapse) -> tuple[Steps, Steps, int]:
    """Steps before the synapse, and NEST's delay, so that spikes meet there, and reach the cell, as the rule says.

    A spike that takes `axonal` steps to the synapse and acts there at once, and a postsynaptic one that takes `back` steps to it, are in
    NEST a way of ``axonal - back/2`` to the synapse, and a delay of ``back/2`` that both directions share.
    """
    rule = circuit.projections[name].rule
    assert rule is not None
    axonal, back = edges.delay.astype(np.int64) + round(rule.axonal_delay / circuit.dt), round(rule.backpropagation_delay / circuit.dt)
    least = int(axonal.min()) if len(axonal) else 1
    if synapse.late is None or model.relay:  # either nothing comes back, or nothing goes on
        if least < 1 and not model.relay:
            raise _at_once(circuit, name)
        delay = np.maximum(axonal, 1) if synapse.late is None else np.full(len(axonal), max(1, back - least))
        before = np.zeros_like(axonal) if synapse.late is None else axonal - back + delay
        return before, delay, 0 if synapse.late is None else back - max(1, back - least)
    if back < 2 or back % 2 or least < back // 2:
        step, most = 1e3 * circuit.dt, max(1, least) * 2
        raise EngineError(
            f'"{name}": NEST has one delay for both ways between synapse and cell: backpropagation_delay in its rule must be an even'
            f" number of steps of {step:g} ms, 2 at least, and at most twice the delay of each spike; write {most * step:g} ms for NEST's"
            f" usual meaning of the delay (got {back * step:g} ms and a delay of {least * step:g} ms)",
            path=rule.path, key="backpropagation_delay",
        )  # fmt: skip
    return axonal - back // 2, np.full(len(axonal), back // 2), back // 2


def _at_once(circuit: Circuit, name: str) -> EngineError:
    return EngineError(f'"{name}": a delay is one time step ({1e3 * circuit.dt:g} ms) at least in NEST (got 0)', key="delay")


def _check_cells_agree(post: str, name: str, synapse: Synapse, known: dict[tuple[str, str], tuple[float, str]]) -> None:
    """Traces of postsynaptic spikes belong to NEST's cells, so that all synapses of a population share their time constants."""
    for constant, value in synapse.cell.items():
        other, whose = known.get((post, constant), (value, name))
        if other != value:
            text = f'the cells of "{post}" have one {constant} in NEST, and "{whose}" and "{name}" need {other:g} and {value:g} ms'
            raise EngineError(text, key="projections")
    known |= {(post, constant): (value, name) for constant, value in synapse.cell.items()}
