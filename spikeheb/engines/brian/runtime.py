"""Running a circuit inside this process, with Brian2's numpy or Cython target.

The clock is set forward over steps in which nothing can happen: with no membrane all of them between events; with one,
those in which every cell is on its way back to rest (see `quiet`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, TypeVar

import numpy as np

from spikeheb.cells import assemble
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.circuits.values import constants, efficacy, per_input
from spikeheb.draws.expanded import gathered
from spikeheb.engines import cache_folder
from spikeheb.engines.alone import Alone, Progress, alone
from spikeheb.engines.brian import importing, modules
from spikeheb.engines.brian.cells import CLAMPED, CURRENT_IN, HELD_UNTIL
from spikeheb.engines.brian.lanes import Built, build
from spikeheb.engines.brian.names import of_cell, users
from spikeheb.engines.brian.owned import of_rule, under_users_names
from spikeheb.engines.brian.quiet import Relaxation
from spikeheb.engines.brian.text import cancels
from spikeheb.engines.compiler import compiler_of_system
from spikeheb.errors import EngineError, NonFiniteError
from spikeheb.rules.meaning import actions, stepped

Result = TypeVar("Result")
CHECK_EVERY = 256
"""Steps between reports of progress, and between checks of large circuits."""
SMALL = 20_000
"""Numbers up to which all are looked at after every step."""
LONG = 1_000_000
"""Steps from which on compiling for half a minute pays."""


def run(circuit: Circuit, target: str = "auto", *, progress: Progress = None) -> Recording:
    """Carry a circuit out.

    Parameters
    ----------
    circuit : Circuit
    target : {"auto", "numpy", "cython"}
        ``auto`` is Cython for long runs where there is a compiler, else numpy; the recording says which.

    Raises
    ------
    EngineError, NonFiniteError
    """
    if circuit.precision != "float64":
        raise EngineError("Brian2 computes in double precision", key="precision")
    job = alone(of_rule(circuit), progress)
    return gathered(circuit, in_target(lambda chosen, note: _run(job, chosen, note), target, is_long=_needed(job)[0].size > LONG))


def in_target(work: Callable[[str, str], Result], target: str, *, is_long: bool) -> Result:
    """What `work` gives for numpy or Cython, whichever is asked for and can be had, and a note where it is another than asked for."""
    note = ""
    if target == "auto":
        target = "cython" if is_long and compiler_of_system() is not None else "numpy"
    elif target == "cython" and compiler_of_system() is None:
        target, note = "numpy", "no C++ compiler found that Brian2 can use, numpy instead of cython"
    try:
        return work(target, note)
    except Exception as error:
        if target != "cython" or not _is_compilers(error):
            raise
    return work("numpy", "Cython's modules could not be compiled, numpy instead of cython")


def _is_compilers(error: BaseException | None) -> bool:
    """Whether a C++ compiler's failure is behind the error."""
    while error is not None:
        if type(error).__name__ in ("CompileError", "LinkError", "DistutilsPlatformError"):
            return True
        error = error.__cause__ or error.__context__
    return False


def _run(job: Alone, target: str, note: str) -> Recording:
    b2 = importing.brian()
    importing.set_target(target, literal=cancels(job.rule))
    b2.start_scope()
    b2.seed(job.seed)
    with cache_folder.writing(), importing.refusals(job.rule.path), modules.built_for(target):
        built = build(job)
        watch = _Watch(job, built)
        built.network.add(watch.operation(b2))
        with np.errstate(all="ignore"):  # what is not finite is found by the watch, with time and index
            built.network.run(job.steps * job.dt * b2.second, namespace={})
    if watch.last_step != job.steps - 1:
        raise EngineError(f"the run stopped at {watch.last_step * job.dt:g} s of {job.steps * job.dt:g} s")
    check_values(built.network, built.values)
    engine = {"engine": f"brian:{target}", **importing.versions(), "steps_run": str(watch.steps_run)}
    return under_users_names(watch.recording({**engine, "note": note} if note else engine))


def check_values(network: Any, values: Mapping[str, Floats]) -> None:
    """Constants must read back as they were set.

    Raises
    ------
    EngineError
    """
    groups = {each.name: each for each in network.objects}
    for label, value in values.items():
        owner, _, name = label.partition(".")
        group = groups[owner]
        if group.variables[name].constant and not np.array_equal(np.atleast_1d(group.variables[name].get_value()), value):
            raise EngineError(f"{label} did not keep the value that was set")


class _Watch:
    """Runs at the end of every step: records, checks that all is finite, and sets the clock forward."""

    def __init__(self, job: Alone, built: Built) -> None:
        self.job, self.built = job, built
        self.timestep = built.clock.variables["timestep"].get_value()
        self.time = built.clock.variables["t"].get_value()
        self.variables = {name: built.synapses.variables[name] for name in job.rule.variables}
        self.of_lanes = _of_lanes(job, built)
        self.small = sum(variable.size for variable in self.variables.values()) + len(self.of_lanes) * job.lanes <= SMALL
        self.known = {name: per_input(job.circuit, value) for name, value in constants(job.circuit).items()}
        self.samples = {int(step): n for n, step in enumerate(job.samples)}
        self.weight = np.zeros((job.inputs, len(job.samples)))
        self.efficacy = np.zeros((job.inputs, len(job.samples)))
        self.v = np.zeros((job.lanes, len(job.sweeps), job.sweep_steps))
        self.sweep_of = _sweep_of(job)
        self.needed, self.reach = _needed(job)
        self.may_skip = not stepped(job.rule) and job.rule.post is None and len(job.circuit.projections) == 1
        self.may_skip &= job.circuit.plastic.normalise is None
        self.relaxation = Relaxation(job.cell, job.dt) if job.cell is not None and self.may_skip else None
        self.states: list[Floats] = []
        self.busy_until = -1
        self.steps_run = 0
        self.last_step = -1

    def operation(self, b2: Any) -> Any:
        return b2.NetworkOperation(self.after_step, clock=self.built.clock, when="end", order=100, name="watch")

    def after_step(self) -> None:
        step = self.last_step = int(self.timestep[0])
        self.steps_run += 1
        if self.steps_run == 1 and self.relaxation is not None:
            self.states = [self.built.cells.variables[of_cell(name)].get_value() for name in self.relaxation.names]
        if step in self.samples:
            self.sample(self.samples[step])
        place = self.sweep_of.get(step)
        if place is not None:
            self.v[:, place[0], place[1]] = self.built.cells.variables["v"].get_value()
        if self.small or self.steps_run % CHECK_EVERY == 0:
            self.check(step)
        if self.steps_run % CHECK_EVERY == 0 and self.job.progress is not None:
            self.job.progress(step / self.job.steps)
        if self.may_skip:
            self.skip(step)

    def sample(self, n: int) -> None:
        values, circuit = self.values(), self.job.circuit
        of_cells = self.of_lanes | ({"v": self.built.cells.variables["v"]} if self.job.cell is not None else {})
        seen = {name: np.array(variable.get_value(), dtype=float)[circuit.cell_of_synapse] for name, variable in of_cells.items()}
        self.weight[:, n] = values[self.job.rule.weight]
        self.efficacy[:, n] = efficacy(circuit, seen | values, self.known)
        _finite(self.efficacy[:, n], "the efficacy", "input", int(self.job.samples[n]), self.job.dt)

    def values(self) -> dict[str, Floats]:
        return {name: np.array(variable.get_value(), dtype=float) for name, variable in self.variables.items()}

    def check(self, step: int) -> None:
        for name, variable in self.variables.items():
            _finite(variable.get_value(), users(name), "input", step, self.job.dt)
        if self.job.cell is not None:
            _finite(self.built.cells.variables["v"].get_value(), "v", "lane", step, self.job.dt)
        for name, variable in self.of_lanes.items():
            _finite(variable.get_value(), users(name), "lane", step, self.job.dt)

    def skip(self, step: int) -> None:
        """Set the clock so that its next tick lands on the next step in which something can happen."""
        if self.job.exact:
            return
        position = int(np.searchsorted(self.needed, step, side="right"))
        if position > 0 and self.needed[position - 1] == step:
            self.busy_until = max(self.busy_until, step + self.reach)
        upcoming = int(self.needed[position]) if position < len(self.needed) else self.job.steps
        if step < self.busy_until or upcoming <= step + 1:
            return
        if self.relaxation is not None:
            if step % 64 or self.held(step):
                return
            state = np.array(self.states)
            if not self.relaxation.can_jump(state):
                return
            for variable, value in zip(self.states, self.relaxation.jump(state, upcoming - 1 - step), strict=True):
                variable[:] = value
        self.timestep[0] = upcoming - 1
        self.time[0] = (upcoming - 1) * self.job.dt

    def held(self, step: int) -> bool:
        """Whether some cell is driven by a current, about to jump, clamped or refractory, so that the relaxation says nothing of it."""
        cell = self.job.cell
        for state in assemble(cell, self.job.dt).jumps if cell is not None else ():
            if np.any(self.built.cells.variables[of_cell(state)].get_value() != 0):
                return True
        if self.job.currents and np.any(self.built.cells.variables[CURRENT_IN].get_value() != 0):
            return True
        if self.job.clamps and np.any(self.built.cells.variables[CLAMPED].get_value() > 0):
            return True
        if cell is None or (cell.refractory == 0 and not cell.shape):
            return False
        return bool(np.any(self.built.cells.variables[HELD_UNTIL].get_value() > step * self.job.dt))

    def recording(self, engine: dict[str, str]) -> Recording:
        self.check(self.job.steps)
        values = self.values()
        spikes = self.built.spikes
        index = np.asarray(spikes.i)
        steps = np.rint(np.asarray(spikes.t / importing.brian().second) / self.job.dt).astype(np.int64)
        trains = tuple(steps[index == lane] for lane in range(self.job.lanes))
        return Recording(
            w=values[self.job.rule.weight],
            variables=values,
            weight=self.weight,
            efficacy=self.efficacy,
            v=self.v,
            spikes=trains,
            engine=engine,
        )


def _of_lanes(job: Alone, built: Built) -> dict[str, Any]:
    """Variables of [post] and conductances, by the names that messages have for them."""
    receptor = job.cell.receptor(job.receptor) if job.cell is not None else None
    states = {state: built.cells.variables[of_cell(state)] for state, _, _ in receptor.parts} if receptor is not None else {}
    post = [e.name for e in job.rule.post.equations if e.kind != "subexpression"] if job.rule.post is not None else []
    return states | {name: built.cells.variables[name] for name in post}


def _finite(array: Floats, name: str, what: str, step: int, dt: float) -> None:
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise NonFiniteError(f"{name} of {what} {bad[0]} became {np.ravel(array)[bad[0]]} at or before {step * dt:.4f} s")


def _sweep_of(job: Alone) -> dict[int, tuple[int, int]]:
    return {int(start) + k: (n, k) for n, start in enumerate(job.sweeps) for k in range(job.sweep_steps)}


def _needed(job: Alone) -> tuple[Steps, int]:
    """Steps that must be run, sorted, and how many steps after an event its longest delay ends."""
    events = [np.asarray(train, dtype=np.int64) for train in (*job.pre, *job.post)]
    changes = np.array([c.step for c in (*job.currents, *job.clamps, *chain.from_iterable(job.signals.values()))], dtype=np.int64)
    delays = {round(action.delay / job.dt) for action in actions(job.rule)}
    delayed = [train + delay for train in events for delay in delays if delay]
    sweeps = (job.sweeps[:, None] + np.arange(job.sweep_steps)).ravel() if job.sweep_steps else job.sweeps
    ends = np.array([job.steps - 1])
    steps = np.unique(np.concatenate([*events, *delayed, changes, job.samples, sweeps, ends]))
    return steps[(steps >= 0) & (steps < job.steps)], max(delays, default=0)
