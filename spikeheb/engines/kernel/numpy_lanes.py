"""Lanes without a compiler: what `lanes.hpp` does, on whole arrays.

Without a clock the first event of every input is handled, then the second of every input, and so on; with one, all lanes
go from step to step together. Quiet stretches are stepped, so that a long session with a cell is slow here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.drives import RELEASED
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.circuits.values import constants
from spikeheb.draws import random
from spikeheb.engines.alone import Alone, Progress, alone, arrivals_of_unplastic, raised_by_unplastic
from spikeheb.engines.compiler import remedy
from spikeheb.engines.emit.in_numpy import generate
from spikeheb.engines.kernel.arrays import Arrays, arrays
from spikeheb.engines.kernel.contract import FAR
from spikeheb.engines.kernel.flow import exprel, final_values, propagate
from spikeheb.engines.threads import stop_if_asked
from spikeheb.errors import NonFiniteError
from spikeheb.expressions.printers import numpy_scope
from spikeheb.program.handlers import DRAWS_PER_STEP
from spikeheb.program.layout import layout
from spikeheb.program.program import Program

REPORT_EVERY = 4096


def run(circuit: Circuit, program: Program, *, progress: Progress = None) -> Recording:
    """Carry a circuit out, every synapse by itself.

    Raises
    ------
    EngineError, NonFiniteError
    """
    with np.errstate(all="ignore"):
        return (_Clocked if program.clocked else _Events)(alone(circuit, progress), program).run()


class _Lanes:
    """State as arrays by name, and the generated functions."""

    def __init__(self, job: Alone, program: Program) -> None:
        self.job, self.program = job, program
        self.arrays: Arrays = arrays(job, program)
        places = layout(program)
        self.s = {name: self.arrays.synapses[name] for name in self.arrays.synapses.dtype.names}
        columns = [np.ascontiguousarray(column) for column in self.arrays.states.T]
        self.z = dict(zip(places.cell, columns, strict=False)) | {"I_ext": columns[-1]}
        self.n = dict(zip(places.post, columns[len(places.cell) :], strict=False))
        self.p = constants(job.circuit)
        self.q = dict(zip(places.cell_constants, self.arrays.fixed["cell"], strict=False))
        self.lane = np.asarray(job.lane_of_input, dtype=np.int64)
        self.source = generate(program, frozenset(job.overrides))
        self.code: dict[str, Any] = {**numpy_scope(), "_exprel": exprel, "_flow": _flow, "_draws": _draws}
        exec(compile(self.source, "<kernel>", "exec"), self.code)
        self.written = [sorted({line.target for line in action.lines if not line.target.startswith("_")}) for action in program.actions]
        self.released = places.released
        self.draw_keys = random.streams(job.seed, random.Purpose.DRAWS_OF_HANDLER, np.arange(job.inputs))

    def act(self, action: int, inputs: Steps, now: Any, amount: Any = 0.0) -> None:
        function: Callable[..., None] = self.code[f"on_{action}"]
        function(self.s, self.z, self.n, self.p, self.q, inputs, self.lane[inputs], now, amount, self.draw_keys, self.job.dt)
        for name in self.written[action]:
            if name in self.s:
                self.check(name, self.s[name][inputs], "input", now, inputs)
            elif name in self.n:
                self.check(name, self.n[name], "lane", np.max(now))
            else:
                for state in self.released:
                    self.check(state, self.z[state], "lane", np.max(now))

    def sample(self, inputs: Any, column: Any) -> None:
        self.arrays.weight[inputs, column] = self.s[self.job.rule.weight][inputs]
        strength = self.code["efficacy"](self.s, self.z, self.n, self.p, inputs, self.lane[inputs])
        self.check("the efficacy", np.broadcast_to(strength, np.shape(inputs)), "input", self.job.samples[column], inputs)
        self.arrays.efficacy[inputs, column] = strength

    def check(self, name: str, values: Floats, what: str, step: Any, indices: Any = None) -> None:
        """Raise for the earliest value that is not finite; `step` is that of all or of each, as are the `indices`."""
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            steps = np.broadcast_to(step, values.shape)
            first = bad[np.argmin(steps[bad])]
            where = first if indices is None else indices[first]
            raise NonFiniteError(f"{name} of {what} {where} is not finite at {steps[first] * self.job.dt:.4f} s", path=self.job.rule.path)

    def recording(self, spikes: tuple[Steps, ...]) -> Recording:
        for name in self.arrays.synapses.dtype.names:
            self.arrays.synapses[name] = self.s[name]
        variables = final_values(self.program, self.arrays.synapses, self.job)
        for name, values in variables.items():
            self.check(name, values, "input", self.job.steps)
        engine = {"engine": "kernel:numpy", "numpy": np.__version__, "note": f"no C++ compiler found, numpy instead; {remedy()}"}
        arrays_ = self.arrays
        return Recording(
            w=variables[self.job.rule.weight], variables=variables, weight=arrays_.weight, efficacy=arrays_.efficacy, v=arrays_.v,
            spikes=spikes, engine=engine,
        )  # fmt: skip


class _Events(_Lanes):
    """Inputs are independent: the k-th event of each, for all at once."""

    def run(self) -> Recording:
        inputs, steps, kinds, extras = self._all_events()
        order = np.lexsort((kinds, steps, inputs))
        inputs, steps, kinds, extras = inputs[order], steps[order], kinds[order], extras[order]
        first = np.searchsorted(inputs, inputs)
        rank = np.arange(len(inputs)) - first
        order = np.lexsort((inputs, kinds, rank))
        groups = np.flatnonzero(np.diff(np.stack([rank[order], kinds[order]]), prepend=-1).any(axis=0))
        for chosen in np.split(order, groups[1:]):
            if not chosen.size:
                continue
            stop_if_asked()
            kind = int(kinds[chosen[0]])
            if kind == len(self.program.actions):
                self.sample(inputs[chosen], extras[chosen].astype(int))
            else:
                self.act(kind, inputs[chosen], steps[chosen], extras[chosen])
        if self.job.progress is not None:
            self.job.progress(1.0)
        return self.recording(tuple(train[train < self.job.steps] for train in self.job.post))

    def _all_events(self) -> tuple[Steps, Steps, Steps, Floats]:
        """Input, step, kind (an action, or a sample) and amount (or the number of the sample) of everything that happens."""
        job = self.job
        events: list[tuple[Any, ...]] = []
        delays = np.broadcast_to(self.arrays.fixed["delays"], (job.lanes, len(self.program.actions)))
        for kind, action in enumerate(self.program.actions):
            for i in range(job.inputs):
                lane = int(self.lane[i])
                train, extra = self._train(action.event, i, lane)
                events.append((np.full(len(train), i), train + delays[lane, kind], np.full(len(train), kind), extra))
        for i in range(job.inputs if len(job.samples) else 0):
            count = len(job.samples)
            events.append((np.full(count, i), job.samples, np.full(count, len(self.program.actions)), np.arange(float(count))))
        if not events:
            events = [(np.zeros(0, int), np.zeros(0, int), np.zeros(0, int), np.zeros(0))]
        inputs, steps, kinds, extras = (np.concatenate([part[k] for part in events]) for k in range(4))
        kept = steps < job.steps
        return inputs[kept], steps[kept], kinds[kept], extras[kept]

    def _train(self, event: str, i: int, lane: int) -> tuple[Steps, Floats]:
        """Steps and amounts of the events of a kind at an input."""
        if event in self.job.signals:
            heard = [change for change in self.job.signals[event] if change.cell == lane]
            return np.array([change.step for change in heard], dtype=np.int64), np.array([change.value for change in heard])
        train = self.job.pre[i] if event == "pre" else self.job.post[lane]
        return train, np.zeros(len(train))


class _Clocked(_Lanes):
    """All lanes from step to step."""

    def __init__(self, job: Alone, program: Program) -> None:
        super().__init__(job, program)
        self.held_through = np.full(job.lanes, -1, dtype=np.int64)
        self.part = np.zeros(job.lanes, dtype=np.int64)
        self.part_at = np.full(job.lanes, FAR, dtype=np.int64)
        self.spikes: list[list[int]] = [[] for _ in range(job.lanes)]
        self.everyone = np.arange(job.inputs)
        self.delays = np.broadcast_to(self.arrays.fixed["delays"], (job.lanes, len(program.actions)))
        self.pre = [self._bucket(kind) if action.event == "pre" else {} for kind, action in enumerate(program.actions)]
        self.post: list[dict[int, list[int]]] = [{} for _ in program.actions]
        self.imposed: dict[int, list[int]] = {}
        for lane, train in enumerate(job.post):
            for step in train.tolist():
                self.imposed.setdefault(step, []).append(lane)
        self.unplastic, self.raised = arrivals_of_unplastic(job), raised_by_unplastic(job)
        self.currents = _by_step(job.currents)
        self.clamps, self.clamp = _by_step(job.clamps), np.full(job.lanes, RELEASED)
        self.signals = {name: _by_step(changes) for name, changes in job.signals.items()}
        self.samples = {int(step): n for n, step in enumerate(job.samples)}
        self.sweeps = {int(start) + k: (n, k) for n, start in enumerate(job.sweeps) for k in range(job.sweep_steps)}
        self.past = self._rings()

    def _bucket(self, kind: int) -> dict[int, list[int]]:
        """The inputs whose spikes arrive at each step."""
        inputs_at: dict[int, list[int]] = {}
        for i, train in enumerate(self.job.pre):
            for step in (train + self.delays[self.lane[i], kind]).tolist():
                inputs_at.setdefault(step, []).append(i)
        return inputs_at

    def _rings(self) -> list[tuple[str, str, Steps, Floats]]:
        """Name, source, delay by lane and past values (lanes x longest delay + 1) of each delayed variable."""
        late_by = np.broadcast_to(self.arrays.fixed["late_by"], (self.job.lanes, len(self.program.delayed)))
        rings = []
        for k, (name, (of, _)) in enumerate(self.program.delayed.items()):
            source = self.z["v"] if of == "v" else self.n[of]
            self.n[name] = source.copy()
            rings.append((name, of, late_by[:, k], np.repeat(source[:, None], int(late_by[:, k].max()) + 1, axis=1)))
        return rings

    def run(self) -> Recording:
        for now in range(self.job.steps):
            self.step(now)
            stop_if_asked()
            if now % REPORT_EVERY == 0 and self.job.progress is not None:
                self.job.progress(now / self.job.steps)
        return self.recording(tuple(np.array(train, dtype=np.int64) for train in self.spikes))

    def step(self, now: int) -> None:
        for change in self.currents.get(now, ()):
            self.z["I_ext"][change.cell] = change.value
        for change in self.clamps.get(now, ()):
            self.clamp[change.cell] = change.value
        self.update(now)
        spiking = self.fire(now)
        for state, raised_by in self.raised.items() if now in self.unplastic else ():
            self.z[state] += raised_by * self.unplastic[now]
        self.deliver(now, spiking)
        self.shape(now, spiking)
        if now in self.sweeps:
            self.arrays.v[:, *self.sweeps[now]] = self.z["v"]
        if now in self.samples:
            self.sample(self.everyone, self.samples[now])
        for name, values in (*self.z.items(), *self.n.items()):
            self.check(name, values, "lane", now)

    def update(self, now: int) -> None:
        job, program, code = self.job, self.program, self.code
        if program.cell is not None:
            before = self.z["v"].copy()
            code["step_cell"](self.z, self.q, self._noise(self._keys(random.Purpose.NOISE_OF_CELL), 1.0, now), job.dt)
            is_held = now <= self.held_through
            self.z["v"][is_held] = before[is_held]
            self.z["v"][:] = np.where(np.isnan(self.clamp), self.z["v"], self.clamp)
        for name, _, by, ring in self.past:
            late = ring[np.arange(job.lanes), (now - by) % ring.shape[1]]
            self.n[name] = np.where(by > 0, late, self.n[name])
        if program.post is not None:
            code["step_post"](self.z, self.n, self.p, self._noise(self._keys(random.Purpose.NOISE_OF_POST), 1.0, now), job.dt)
        for name, of, by, ring in self.past:
            ring[:, now % ring.shape[1]] = self.z["v"] if of == "v" else self.n[of]
            self.n[name] = np.where(by == 0, ring[:, now % ring.shape[1]], self.n[name])
        if program.stepped is not None:
            noise = self._noise(*random.of_synapses(job.seed, job.inputs, job.mirrored), now)
            code["step_synapses"](self.s, self.z, self.n, self.p, slice(None), self.lane, noise, job.dt)
            for name in program.stepped.names:
                self.check(name, self.s[name], "input", now)

    def _keys(self, purpose: int) -> Any:
        return random.streams(self.job.seed, purpose, np.arange(self.job.lanes))

    def _noise(self, keys: Any, sign: Floats | float, now: int) -> Callable[[], Floats]:
        def draw() -> Floats:
            numbers: Floats = np.sqrt(self.job.dt) * (sign * random.normal(keys, now))
            return numbers

        return draw

    def fire(self, now: int) -> Any:
        spiking = np.zeros(self.job.lanes, dtype=bool)
        spiking[self.imposed.get(now, [])] = True
        if self.program.cell is not None:
            drawn = random.uniform(self._keys(random.Purpose.DRAWS_OF_THRESHOLD), now) if self.program.cell.draws else None
            beyond = self.code["threshold"](self.z, self.q, self.job.dt, drawn)
            spiking |= (now > self.held_through) & np.isnan(self.clamp) & beyond
        for lane in np.flatnonzero(spiking).tolist():
            self.spikes[lane].append(now)
            for kind, action in enumerate(self.program.actions):
                if action.event == "post":
                    self.post[kind].setdefault(now + int(self.delays[lane, kind]), []).append(lane)
        return spiking

    def deliver(self, now: int, spiking: Any) -> None:
        for kind, action in enumerate(self.program.actions):
            if action.event == "pre":
                inputs = self.pre[kind].pop(now, [])
                if inputs:
                    self.act(kind, np.array(inputs), now)
            elif action.event == "post":
                lanes = self.post[kind].pop(now, [])
                if lanes:
                    self.act(kind, np.flatnonzero(np.isin(self.lane, lanes)), now)
            else:
                for change in self.signals[action.event].get(now, ()):
                    self.act(kind, np.flatnonzero(self.lane == change.cell), now, change.value)

    def shape(self, now: int, spiking: Any) -> None:
        if np.any(spiking):
            self._at(spiking, lambda z, n, p: self.code["on_spike"](z, n, p, self.job.dt))
        self.part[spiking] = 0
        self.part_at[spiking] = now
        due = self.part_at == now
        if self.program.cell is None:
            return
        durations = self.arrays.fixed["durations"]
        shapes = self.program.cell.cell.shape
        for part, hold in enumerate(shapes):
            begin = due & (self.part == part)
            self.z["v"][begin] = hold.v
            self.held_through[begin] = FAR
            self.part_at[begin] = now + durations[1 + part]
        ended = due & (self.part == len(shapes))
        self.part[due] += 1
        if np.any(ended):
            self._at(ended, lambda z, _n, _p: self.code["reset"](z, self.q, self.job.dt))
            self.held_through[ended] = now + durations[0] - 1
            self.part_at[ended] = FAR

    def _at(self, lanes: Any, change: Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], None]) -> None:
        """Carry a change out at some lanes only."""
        z, n = ({name: values[lanes] for name, values in group.items()} for group in (self.z, self.n))
        p = {name: value if isinstance(value, float) else value[lanes] for name, value in self.p.items()}
        change(z, n, p)
        for group, part in ((self.z, z), (self.n, n)):
            for name, values in part.items():
                group[name][lanes] = values


def _by_step(changes: Any) -> dict[int, list[Any]]:
    changes_at: dict[int, list[Any]] = {}
    for change in changes:
        changes_at.setdefault(change.step, []).append(change)
    return changes_at


def _draws(keys: Any, inputs: Any, now: Any) -> Callable[[int], Floats]:
    """The normal numbers of a handler, by their position in it."""
    return lambda n: random.normal(keys[inputs], DRAWS_PER_STEP * np.asarray(now) + n)


def _flow(slopes: Any, values: Any, rests: Any, dt: float, steps: Any) -> Any:
    """Coupled variables advanced to the present step; coefficients may be numbers or arrays over inputs."""
    count = len(steps)
    wide = np.array([[np.broadcast_to(slope, count) for slope in row] for row in slopes], dtype=float)
    b = np.array([np.broadcast_to(rest, count) for rest in rests], dtype=float)
    return propagate(np.moveaxis(wide, -1, 0), np.array(values).T, b.T, dt, np.asarray(steps, dtype=np.int64)).T
