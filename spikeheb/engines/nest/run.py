"""Running a network with NEST: populations and connections as the plan says, then spikes and weights read back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.drives import by_cell
from spikeheb.circuits.phases import at
from spikeheb.circuits.populations import Cells
from spikeheb.circuits.recording import NetworkRecording
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.engines.alone import Progress
from spikeheb.engines.nest.cells import AT_NO_TIME, MILLI, PICO
from spikeheb.engines.nest.compiled import Compiled, install
from spikeheb.engines.nest.installed import module
from spikeheb.engines.nest.late import Ends, Train, brought_up, brought_up_with_rewards, train_of
from spikeheb.engines.nest.patterns import Late
from spikeheb.engines.nest.plan import TINY, Connections, Plan, plan
from spikeheb.engines.nest.processes import begin, of_all_processes
from spikeheb.engines.nest.reward import Rewarded, State
from spikeheb.engines.threads import allowed, needs_main_thread, stop_if_asked
from spikeheb.errors import EngineError, NonFiniteError

PIECES = 100
"""Parts of a run between which an interruption is looked for."""
OF_A_THREAD = 200_000
"""Synapses that are worth a thread."""
_alone = threading.Lock()
"""NEST has one network in a process."""


def run(circuit: Circuit, *, progress: Progress = None) -> NetworkRecording:
    """Carry a network out with NEST.

    Parameters
    ----------
    circuit : Circuit
    progress : callable, optional
        Called with the fraction done.

    Raises
    ------
    EngineError
        For what NEST cannot do, by name; and where it is not installed.
    NonFiniteError
    """
    needs_main_thread()
    planned = plan(circuit)
    nest = module()
    with _alone:
        begin(nest)
        try:
            network = _Network(nest, planned)
            network.advance(progress)
            return network.recording()
        except nest.NESTErrors.KernelException as error:
            raise EngineError(f"NEST: {error}", key="engine") from error
        finally:
            nest.ResetKernel()


@dataclass(frozen=True)
class _Handle:
    """The connections of a projection.

    Attributes
    ----------
    connections : SynapseCollection
        Those onto cells of this process, which are all where there is no other.
    places : array of int
        The place of each among them.
    mine : array of int
        Their places among the edges.
    """

    connections: Any
    places: Steps
    mine: Steps

    def read(self, *what: str) -> Iterator[Floats]:
        """Some numbers of each, in the order of the edges; all at once, since NEST's reading is slow."""
        for given in self.connections.get(list(what)).values():
            values = np.empty(len(self.places))
            values[self.places] = given
            yield values


class _Network:
    """A network in NEST. Step n of the circuit ends at NEST's step ``first + n``."""

    def __init__(self, nest: Any, planned: Plan) -> None:
        self.nest, self.plan, self.circuit = nest, planned, planned.circuit
        self.step = MILLI * self.circuit.dt
        delays = [each.delay for each in planned.connections.values()] + [
            each.before[each.before > 0] for each in planned.connections.values()
        ]
        self.slice = min((int(delay.min()) for delay in delays if len(delay)), default=1)
        if self.circuit.phases or any(isinstance(each.synapse.late, Rewarded) for each in planned.connections.values()):
            self.slice = 1  # weights are read in the very step that is asked for: they move at any time, or differently from then on
        self.longest = max((int(delay.max()) for delay in delays if len(delay)), default=1)
        rest = max((each.synapse.rest for each in planned.connections.values()), default=0.0)
        ahead = [each.ahead for each in planned.connections.values() if isinstance(each.synapse.late, Rewarded)]
        least = 3 + max([0, *ahead]) if ahead else 1  # a reward of the first step can then be on its way to NEST's synapses
        self.silent = self.slice * max(least, int(np.ceil(rest / self.step / self.slice)))
        self.first = self.silent + 1
        nest.ResetKernel()
        compiled = {name: each.synapse.late for name, each in planned.connections.items() if isinstance(each.synapse.late, Compiled)}
        self.own_models = {name: install(nest, each.program) for name, each in compiled.items()}  # NEST takes them while it is empty
        nest.resolution = self.step
        synapses = sum(len(each.edges.pre) for each in planned.connections.values())
        nest.local_num_threads = max(1, min(allowed(), synapses // OF_A_THREAD))
        nest.set(min_delay=self.slice * self.step, max_delay=self.longest * self.step)
        self.nodes = {name: self._create(name) for name in self.circuit.populations}
        self.recorders = {name: self._recorder(name) for name in self.circuit.populations}
        self.models: dict[str, str] = {}
        self.ends: dict[str, tuple[Steps, Steps]] = {}
        for number, name in enumerate(planned.connections):
            self._connect(name, f"projection_{number}")
        self.handles: dict[str, _Handle] = {}
        self.snapshots: dict[str, list[Floats]] = {name: [] for name in self._ruled()}
        self.w: dict[str, Floats] = {}

    def _ruled(self) -> list[str]:
        return [name for name, each in self.circuit.projections.items() if each.rule is not None]

    # --- building ---

    def _create(self, name: str) -> Any:
        """A population: cells, or relays of given trains."""
        nest, count = self.nest, self.circuit.populations[name].count
        traces = {constant: value for n, each in self.plan.connections.items() if self.circuit.projections[n].post == name
                  for constant, value in each.synapse.cell.items()}  # fmt: skip
        if name in self.plan.trains:
            nodes = nest.Create("parrot_neuron", count, params=traces)
            early = self.silent - self.slice + 1
            times = [{"spike_times": (train + early) * self.step} for train in self.plan.trains[name]]
            if times:
                generators = nest.Create("spike_generator", count, params=times)
                nest.Connect(generators, nodes, "one_to_one", {"delay": self.slice * self.step})
            return nodes
        model = self.plan.cells[name]
        return nest.Create(model.model, count, params={**model.parameters, **traces, "V_th": AT_NO_TIME})

    def _recorder(self, name: str) -> Any:
        recorder = self.nest.Create("spike_recorder", params={"time_in_steps": True})
        self.nest.Connect(self.nodes[name], recorder, syn_spec={"delay": self.slice * self.step})
        return recorder

    def _connect(self, name: str, model: str) -> None:
        each, projection = self.plan.connections[name], self.circuit.projections[name]
        pre, post = (np.array(self.nodes[end].tolist()) for end in (projection.pre, projection.post))
        if not len(each.edges.pre):
            return
        given: dict[str, object] = {**each.synapse.parameters, "weight": each.scale}
        base, own = each.synapse.model, dict[str, Floats | Steps]()
        match each.synapse.late:
            case Rewarded():
                given["volume_transmitter"] = self._transmitter(each)
            case Compiled() as compiled:
                base, own = self.own_models[name], {**compiled.states, "place": np.arange(len(each.edges.pre))}
                given |= compiled.during(*at(self.circuit.phases, name, 0))
                given |= {"late": compiled.late, "until": float(self.first - each.ahead)}
        self.nest.CopyModel(base, model, given)
        self.models[name], self.ends[name] = model, (self._relayed(pre, each), post[each.edges.post])
        self.nest.Connect(
            *self.ends[name], "one_to_one",
            {"synapse_model": model, "weight": weights_of(each), "delay": each.delay * self.step,
             "receptor_type": np.full(len(each.edges.post), each.port), **own},
        )  # fmt: skip

    def _transmitter(self, each: Connections) -> Any:
        """What tells the synapses of a projection of rewards.

        It could also bring weights up to date every so often, but then a postsynaptic spike counts twice where it follows a
        presynaptic one within the last shortest delay. So it never does within a run.
        """
        nest, longer = self.nest, self.first + self.circuit.steps + 10  # the last reading may come two steps after the last step
        transmitter = nest.Create("volume_transmitter", params={"deliver_interval": longer})
        if len(each.rewards):
            times, counts = np.unique(self._reward_steps(each) - 2 * self.slice, return_counts=True)
            generator = nest.Create("spike_generator", params={"spike_times": times * self.step, "spike_multiplicities": counts})
            relay = nest.Create("parrot_neuron")
            for pre, post in ((generator, relay), (relay, transmitter)):
                nest.Connect(pre, post, syn_spec={"delay": self.slice * self.step})
        return transmitter

    def _reward_steps(self, each: Connections) -> Steps:
        """NEST's steps at which rewards reach the synapses."""
        steps: Steps = self.first + each.rewards - each.ahead
        return steps

    def _relayed(self, pre: Steps, each: Connections) -> Steps:
        """The node in front of each synapse: its source, or where spikes take a while to the synapse a relay for that time."""
        nodes = pre[each.edges.pre]
        late = np.flatnonzero(each.before)
        if len(late):
            longest = int(each.before.max()) + 1
            pairs, which = np.unique(each.edges.pre[late].astype(np.int64) * longest + each.before[late], return_inverse=True)
            relays = np.array(self.nest.Create("parrot_neuron", len(pairs)).tolist())
            passing = {"synapse_model": "static_synapse", "weight": np.ones(len(relays)), "delay": pairs % longest * self.step}
            self.nest.Connect(pre[pairs // longest], relays, "one_to_one", passing)
            nodes[late] = relays[which]
        return nodes

    # --- running ---

    def advance(self, progress: Progress) -> None:
        """Run to the end, and stop on the way where a current changes or a weight is read."""
        nest = self.nest
        nest.Prepare()
        try:
            nest.Run(self.silent * self.step)
            for name, model in self.plan.cells.items():
                if not model.relay:
                    self.nodes[name].set({"V_th": model.threshold, "V_m": model.start})
            for name in self._ruled():
                self.handles[name] = self._handle(name)
            now = self.silent
            for until, acts in sorted(self._stops().items()):
                while now < until:
                    ahead = min(until - now, max(1, self.circuit.steps // PIECES))
                    nest.Run(ahead * self.step)
                    now += ahead
                    stop_if_asked()
                    if progress is not None:
                        progress(min(1.0, (now - self.silent) / self.circuit.steps))
                for act in acts:
                    act()
        finally:
            nest.Cleanup()

    def _stops(self) -> dict[int, list[Any]]:
        """What is done at NEST's steps, in their order."""
        stops: dict[int, list[Any]] = {}
        for name, drives in self.circuit.drives.items():
            if name in self.plan.trains:
                continue
            for change in by_cell(drives.currents, self.circuit.populations[name].count):
                stops.setdefault(self.silent + change.step, []).append((name, change.cell, PICO * change.value))
        acts: dict[int, list[Any]] = {at: [self._currents(changes)] for at, changes in stops.items()}
        readings = [(step, True) for step in self.circuit.probes.snapshots.tolist()] + [(self.circuit.steps - 1, False)]
        for step, kept in readings:
            for name in self._ruled():
                target = (self.first + step - self.plan.connections[name].ahead) // self.slice * self.slice
                acts.setdefault(max(target + 1, self.silent), []).append(self._reading(name, target, kept))
        for step in sorted({phase.step for phase in self.circuit.phases if 0 < phase.step < self.circuit.steps}):
            for name in self.own_models:
                target = self.first + step - 1 - self.plan.connections[name].ahead
                acts.setdefault(max(target + 1, self.silent), []).append(self._entering(name, step, target))
        acts.setdefault(self.first + self.circuit.steps - 1, []).append(lambda: None)
        return acts

    def _currents(self, changes: list[tuple[str, int, float]]) -> Any:
        def act() -> None:
            for name in {name for name, _, _ in changes}:
                last = {cell: value for whose, cell, value in changes if whose == name}
                nodes = self.nodes[name]
                if len(last) == len(nodes) and len(set(last.values())) == 1:
                    nodes.I_e = next(iter(last.values()))
                else:
                    for cell, value in last.items():
                        nodes[cell].I_e = value

        return act

    def _reading(self, name: str, target: int, kept: bool) -> Any:
        def act() -> None:
            self.w[name] = self._weights(name, target)
            if kept:
                self.snapshots[name].append(self.w[name])

        return act

    def _entering(self, name: str, step: int, target: int) -> Any:
        """A phase begins: compiled synapses are brought up to date before other numbers hold."""

        def act() -> None:
            late = self.plan.connections[name].synapse.late
            if isinstance(late, Compiled) and name in self.ends:
                self._gathered(name, self.handles[name].connections, target)
                self.nest.SetDefaults(self.models[name], late.during(*at(self.circuit.phases, name, step)))

        return act

    # --- reading ---

    def _handle(self, name: str) -> _Handle:
        """NEST's connections of a projection; each is known by its ends, delay and weight at the start."""
        each = self.plan.connections[name]
        if name not in self.ends:
            return _Handle(None, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        connections = self.nest.GetConnections(synapse_model=self.models[name])
        if isinstance(each.synapse.late, Compiled):
            mine = np.flatnonzero(np.isfinite(self._gathered(name, connections, self.first - each.ahead - 1)))
            return _Handle(connections, np.arange(len(mine)), mine)
        there = {key: np.atleast_1d(values) for key, values in connections.get(["source", "target", "delay", "weight"]).items()}
        delays = np.rint(there["delay"] / self.step)
        order = np.lexsort((there["weight"], delays, there["source"], there["target"]))
        mine = np.flatnonzero(np.isin(self.ends[name][1], there["target"]))
        own = np.lexsort((weights_of(each)[mine], each.delay[mine], *(end[mine] for end in self.ends[name])))
        places = np.empty(len(mine), dtype=np.int64)
        places[order] = own
        return _Handle(connections, places, mine)

    def _weights(self, name: str, target: int) -> Floats:
        """The weights of this process's synapses when the spikes of NEST's step `target` have been delivered."""
        handle = self.handles[name]
        each, projection, mine = self.plan.connections[name], self.circuit.projections[name], handle.mine
        if not len(mine):
            return np.zeros(0)
        late = each.synapse.late
        if isinstance(late, Compiled):
            return self._gathered(name, handle.connections, target)[mine]
        ends = Ends(each.edges.pre[mine].astype(np.int64), each.edges.post[mine].astype(np.int64), each.before[mine], each.delay[mine])
        sources, cells = (self._train(end, target) for end in (projection.pre, projection.post))
        match late:
            case None:
                (w,) = handle.read("weight")
            case Rewarded():
                w, c, trace = handle.read("weight", "c", "Kplus")
                state = State(w, c, trace, np.zeros(len(mine)))
                w = brought_up_with_rewards(state, late, ends, sources, cells, self._reward_steps(each), target, self.step)
            case Late():
                w, trace = handle.read("weight", "Kplus") if late.adds else (*handle.read("weight"), np.ones(len(mine)))
                w = brought_up(w, trace, late, ends, sources, cells, target, self.step)
        return w / each.scale

    def _gathered(self, name: str, connections: Any, target: int) -> Floats:
        """The same of compiled synapses, in the order of the edges; NaN for those of other processes."""
        values = np.full(len(self.plan.connections[name].edges.pre), np.nan)
        self.nest.SetDefaults(self.models[name], {"into": values.ctypes.data})
        connections.set({"until": float(target)})
        self.nest.SetDefaults(self.models[name], {"into": 0})
        return values

    def _train(self, name: str, until: int) -> Train:
        steps, cells = self._spikes(name)
        kept = steps <= until
        return train_of(steps[kept], cells[kept], self.circuit.populations[name].count)

    def _spikes(self, name: str) -> tuple[Steps, Steps]:
        """NEST's step and the cell of every spike of a population."""
        events = self.recorders[name].events
        first = self.nodes[name][0].global_id if len(self.nodes[name]) else 0
        steps, cells = np.asarray(events["times"], dtype=np.int64), np.asarray(events["senders"], dtype=np.int64) - first
        return (of_all_processes(steps), of_all_processes(cells)) if self.nest.num_processes > 1 else (steps, cells)

    def _models(self) -> str:
        """Which of NEST's synapses each projection with a rule has."""
        return ", ".join(f"{name}: {self.own_models.get(name, self.plan.connections[name].synapse.model)}" for name in self._ruled())

    def recording(self) -> NetworkRecording:
        """What was recorded."""
        spikes, counts = {}, {}
        for name, group in self.circuit.populations.items():
            if isinstance(group, Cells):
                steps, cells = self._spikes(name)
                steps = steps - self.first
                kept = (steps >= 0) & (steps < self.circuit.steps)
                order = np.lexsort((cells[kept], steps[kept]))
                spikes[name] = steps[kept][order], cells[kept][order]
                counts[name] = np.bincount(cells[kept], minlength=group.count)
        ruled = {name: (self.plan.connections[name].edges, self.handles[name].mine) for name in self._ruled()}
        snapshots = {
            name: np.reshape(np.array(self.snapshots[name]), (len(self.snapshots[name]), len(mine))) for name, (_, mine) in ruled.items()
        }
        for name, w in self.w.items():
            if not np.all(np.isfinite(w)):
                raise NonFiniteError(f'a weight of "{name}" is not finite')
        notes = {"note": "; ".join(self.plan.notes)} if self.plan.notes else {}
        return NetworkRecording(
            engine={"engine": "nest", "nest": self.nest.__version__, "threads": str(self.nest.local_num_threads),
                    "processes": str(self.nest.num_processes), "synapses": self._models(), **notes},
            spikes=spikes if self.circuit.probes.trains else {},
            counts=counts,
            pre={name: edges.pre[mine] for name, (edges, mine) in ruled.items()},
            post={name: edges.post[mine] for name, (edges, mine) in ruled.items()},
            delay={name: edges.delay[mine] for name, (edges, mine) in ruled.items()},
            w=self.w,
            snapshots=snapshots,
        )  # fmt: skip


def weights_of(each: Connections) -> Floats:
    """The weights at the start as NEST has them; where they are below 0, so is one that stands at 0, or NEST would refuse its sign."""
    weights = each.weights * each.scale
    return np.where(weights == 0.0, -TINY, weights) if each.scale < 0 else weights
