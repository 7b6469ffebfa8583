"""Carrying a network out with the plain engine: each projection is lanes of its own, which share the cells that they reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.drives import Change
from spikeheb.circuits.phases import at
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.recording import NetworkRecording, Rewiring
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.draws.currents import RandomCurrent
from spikeheb.draws.edges import (
    Edges,
    alone_with,
    counted_trains,
    edges_of,
    presentations_of_population,
    without_synapses,
)
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
from spikeheb.engines.recorder import Recorder
from spikeheb.engines.threads import stop_if_asked
from spikeheb.engines.triggers import Watched
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

    def reward(self, amounts: list[float], now: int) -> None:
        """All synapses hear rewards, after those that were given beforehand."""
        heard = self.lanes.events.signals.get("reward")
        if heard is not None:
            heard.setdefault(now, []).extend(Change(lane, now, amount) for amount in amounts for lane in range(self.lanes.job.lanes))


class _Current:
    """The current into the cells of a population that have a random one beside the one that is given."""

    def __init__(self, circuit: Circuit, name: str) -> None:
        self.random, self.steady = RandomCurrent(circuit, name), np.zeros(circuit.populations[name].count)

    def flow(self, lanes: Lanes, now: int) -> None:
        """The current of this step."""
        lanes.cell["I_ext"][:] = self.steady
        switch_drives(lanes, now)
        self.steady[:] = lanes.cell["I_ext"]
        lanes.cell["I_ext"][:] = self.steady + self.random.at(now)


class _Network:
    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.cells = {
            name: _lanes(without_synapses(circuit, name)) for name, group in circuit.populations.items() if isinstance(group, Cells)
        }
        self.synapses = {name: self._synapses(name, edges_of(circuit, name)) for name in circuit.projections}
        drawn = {name: counted_trains(circuit, name) for name, group in circuit.populations.items() if isinstance(group, Spikes)}
        self.trains = {name: _by_step(steps) for name, (steps, _) in drawn.items()}
        self.dropped = {name: dropped for name, (_, dropped) in drawn.items()}
        self.edges = {name: each.edges for name, each in self.synapses.items()}
        self.weights = {name: each.weights for name, each in self.synapses.items() if circuit.projections[name].rule is not None}
        self.recorder = Recorder(circuit, {name: lanes.cell for name, lanes in self.cells.items()}, self.weights, self.edges)
        self.noise = {name: _Current(circuit, name) for name, drives in circuit.drives.items() if drives.noise is not None}
        self.triggers = {name: Watched(circuit, name) for name in circuit.triggers}
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
        self.edges[name], self.weights[name] = new.edges, new.weights
        count = int(np.count_nonzero(change.fresh))
        done.append(Rewiring(step=now, pruned=count, grown=count, pre=old.edges.pre, post=old.edges.post))

    def step(self, now: int) -> None:
        """One step; the order within it is that of `spikeheb.engines.plain.step`."""
        projections = self.circuit.projections
        for name, lanes in self.cells.items():
            if name in self.noise:
                self.noise[name].flow(lanes, now)
            else:
                switch_drives(lanes, now)
            update_cells(lanes, now)
        for each in self.synapses.values():
            update_post(each.lanes, now)
            update_synapses(each.lanes, now)
        spiking = {name: fire(lanes, now) for name, lanes in self.cells.items()}
        fired = {name: np.flatnonzero(which) for name, which in spiking.items()}
        fired |= {name: steps.get(now, np.zeros(0, dtype=np.int64)) for name, steps in self.trains.items()}
        for trigger in self.triggers.values():
            due = trigger.rewards(fired, now)
            for name, each in self.synapses.items():
                if due and projections[name].post in trigger.populations:
                    each.reward(due, now)
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
        for name, lanes in self.cells.items():
            shape_and_reset(lanes, now, spiking[name])
        self.recorder.record(now)

    def recording(self) -> NetworkRecording:
        """What was recorded, and the weights as they stand."""
        return NetworkRecording(
            engine={"engine": "plain", "numpy": np.__version__},
            pre={name: self.edges[name].pre for name in self.weights},
            post={name: self.edges[name].post for name in self.weights},
            delay={name: self.edges[name].delay for name in self.weights},
            w={name: weights.copy() for name, weights in self.weights.items()},
            **self.recorder.recorded({name: _in_order(lanes.spikes) for name, lanes in self.cells.items()}),
            presentations={name: presentations_of_population(self.circuit, name) for name in self.trains},
            dropped=self.dropped,
            rewirings={name: tuple(self.rewirings[name]) for name in self.weights},
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
