"""Carrying a network out with the plain engine: each projection is lanes of its own, which share the cells that they reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.phases import at
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.recording import NetworkRecording, Rewiring
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.draws.edges import Edges, alone_with, edges_of, trains_of_population, without_synapses
from spikeheb.draws.rewire import rewired
from spikeheb.engines.alone import Progress, alone
from spikeheb.engines.plain.lanes import Lanes
from spikeheb.engines.plain.run import REPORT_EVERY
from spikeheb.engines.plain.step import (
    change,
    deliver,
    fire,
    normalise,
    shape_and_reset,
    switch_drives,
    update_cells,
    update_post,
    update_synapses,
)
from spikeheb.engines.threads import stop_if_asked
from spikeheb.errors import EngineError
from spikeheb.program.analysis import analyse


def run(circuit: Circuit, *, progress: Progress = None) -> NetworkRecording:
    """Carry a network out.

    Raises
    ------
    EngineError
        For single precision, and for what the analysis of a rule refuses.
    NonFiniteError
        With the time, and the synapse or the cell.
    """
    if circuit.precision != "float64":
        raise EngineError("the plain engine computes in double precision", key="precision")
    network = _Network(circuit)
    with np.errstate(all="ignore"):
        begins = {phase.step for phase in circuit.phases}
        for now in range(circuit.steps):
            if now in begins:
                network.enter(now)  # after what the phase rewires
            network.step(now)
            stop_if_asked()
            if now % REPORT_EVERY == 0 and progress is not None:
                progress(now / circuit.steps)
    if progress is not None:
        progress(1.0)
    return network.recording()


@dataclass(frozen=True)
class _Synapses:
    """A projection on its way, with its synapses by their source."""

    lanes: Lanes
    edges: Edges
    by_source: tuple[Steps, ...]

    @property
    def weights(self) -> Floats:
        """As they stand."""
        return self.lanes.synapse[self.lanes.job.rule.weight]

    def hear(self, sources: Steps, now: int) -> None:
        """Spikes of sources are under way to every handler of presynaptic ones."""
        reached = np.concatenate([np.zeros(0, dtype=np.int64), *(self.by_source[source] for source in sources)])
        events = self.lanes.events
        for n, action in enumerate(self.lanes.program.actions):
            if action.event == "pre" and reached.size:
                steps = now + events.delays[n, self.edges.post[reached]] + self.edges.delay[reached]
                for step in np.unique(steps).tolist():
                    there = events.pre[n].get(step, np.zeros(0, dtype=np.int64))
                    events.pre[n][step] = np.sort(np.concatenate([there, reached[steps == step]]))


class _Network:
    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.cells = {
            name: _lanes(without_synapses(circuit, name)) for name, group in circuit.populations.items() if isinstance(group, Cells)
        }
        self.synapses = {name: self._synapses(name, edges_of(circuit, name)) for name in circuit.projections}
        self.trains = {
            name: _by_step(trains_of_population(circuit, name))
            for name, group in circuit.populations.items() if isinstance(group, Spikes)
        }  # fmt: skip
        self.snapshots: dict[str, list[Floats]] = {name: [] for name in circuit.projections}
        self.rewirings: dict[str, list[Rewiring]] = {name: [] for name in circuit.projections}
        self.fired: dict[int, dict[str, Steps]] = {}

    def _synapses(self, name: str, edges: Edges) -> _Synapses:
        projection = self.circuit.projections[name]
        lanes = _lanes(alone_with(self.circuit, name, edges))
        lanes.cell = self.cells[projection.post].cell
        order = np.argsort(edges.pre, kind="stable")
        first = np.searchsorted(edges.pre[order], np.arange(self.circuit.populations[projection.pre].count + 1))
        return _Synapses(lanes, edges, tuple(np.split(order, first[1:-1])))

    def enter(self, now: int) -> None:
        """A phase begins."""
        for phase in self.circuit.phases:
            for name in phase.rewire if phase.step == now else ():
                self._rewire(name, now)
        for name, each in self.synapses.items():
            each.lanes.enter(*at(self.circuit.phases, name, now))

    def _rewire(self, name: str, now: int) -> None:
        """Other synapses in the place of weak ones: what is kept goes on, what is new begins, and what is under way arrives."""
        old, done = self.synapses[name], self.rewirings[name]
        change = rewired(self.circuit, name, len(done), old.edges, old.weights)
        new = self.synapses[name] = self._synapses(name, change.edges)
        new.lanes.go_on(old.lanes, change.before, change.fresh, now)
        for step, fired in self.fired.items():
            new.hear(fired[self.circuit.projections[name].pre], step)
        count = int(np.count_nonzero(change.fresh))
        done.append(Rewiring(step=now, pruned=count, grown=count, pre=old.edges.pre, post=old.edges.post))

    def step(self, now: int) -> None:
        """One step; the order within it is that of `spikeheb.engines.plain.step`."""
        projections = self.circuit.projections
        for lanes in self.cells.values():
            switch_drives(lanes, now)
            update_cells(lanes, now)
        for each in self.synapses.values():
            update_post(each.lanes, now)
            update_synapses(each.lanes, now)
        spiking = {name: fire(lanes, now) for name, lanes in self.cells.items()}
        fired = {name: np.flatnonzero(which) for name, which in spiking.items()}
        fired |= {name: steps.get(now, np.zeros(0, dtype=np.int64)) for name, steps in self.trains.items()}
        if any(phase.rewire for phase in self.circuit.phases):
            self.fired[now] = fired
        for name, each in self.synapses.items():
            each.hear(fired[projections[name].pre], now)
            for cell in fired[projections[name].post].tolist():
                each.lanes.events.spike(cell, now)
        for each in self.synapses.values():
            normalise(each.lanes, now, deliver(each.lanes, now))
        for name, each in self.synapses.items():
            change(each.lanes, "on_spike", spiking[projections[name].post], now)
            if now in self.circuit.probes.snapshots:
                self.snapshots[name].append(each.weights.copy())
        for name, lanes in self.cells.items():
            shape_and_reset(lanes, now, spiking[name])

    def recording(self) -> NetworkRecording:
        """What was recorded, and the weights as they stand."""
        ruled = [name for name, projection in self.circuit.projections.items() if projection.rule is not None]
        synapses = self.synapses
        spikes = {name: _in_order(lanes.spikes) for name, lanes in self.cells.items()}
        return NetworkRecording(
            engine={"engine": "plain", "numpy": np.__version__},
            spikes=spikes if self.circuit.probes.trains else {},
            counts={name: np.array([len(train) for train in lanes.spikes]) for name, lanes in self.cells.items()},
            pre={name: synapses[name].edges.pre for name in ruled},
            post={name: synapses[name].edges.post for name in ruled},
            delay={name: synapses[name].edges.delay for name in ruled},
            w={name: synapses[name].weights.copy() for name in ruled},
            snapshots={
                name: np.reshape(self.snapshots[name], (len(self.snapshots[name]), len(synapses[name].edges.pre))) for name in ruled
            },
            rewirings={name: tuple(self.rewirings[name]) for name in ruled},
        )


def _lanes(circuit: Circuit) -> Lanes:
    job = alone(circuit)
    return Lanes(job, analyse(job.rule, job.cell, job.dt, receptor=job.receptor, varying=frozenset(job.overrides)))


def _by_step(trains_: list[Steps]) -> dict[int, Steps]:
    """By step the sources that fire in it."""
    steps, numbers = _in_order([train.tolist() for train in trains_])
    each, first = np.unique(steps, return_index=True)
    return dict(zip(each.tolist(), np.split(numbers, first[1:]), strict=False))


def _in_order(trains_: list[list[int]]) -> tuple[Steps, Steps]:
    """Step and number of each spike, in order."""
    steps = np.concatenate([np.zeros(0, dtype=np.int64), *map(np.array, trains_)]).astype(np.int64)
    numbers = np.repeat(np.arange(len(trains_)), [len(train) for train in trains_])
    order = np.lexsort((numbers, steps))
    return steps[order], numbers[order]
