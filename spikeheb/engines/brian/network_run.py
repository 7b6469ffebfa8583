"""Running a network inside this process, with Brian2's numpy or Cython target."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.recording import NetworkRecording
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.draws.edges import presentations_of_population
from spikeheb.engines import cache_folder
from spikeheb.engines.alone import Progress
from spikeheb.engines.brian import importing, modules
from spikeheb.engines.brian.names import of_cell, users
from spikeheb.engines.brian.network import Built, Planned, build, enter, plan
from spikeheb.engines.brian.runtime import CHECK_EVERY, check_values, in_target
from spikeheb.engines.brian.text import cancels
from spikeheb.engines.recorder import Recorder
from spikeheb.engines.threads import stop_if_asked
from spikeheb.errors import EngineError, NonFiniteError

LONG = 100_000
"""Steps from which on it pays to compile every handler and every equation."""


def run(circuit: Circuit, target: str = "auto", *, progress: Progress = None) -> NetworkRecording:
    """Carry a network out.

    Parameters
    ----------
    circuit : Circuit
    target : {"auto", "numpy", "cython"}
        ``auto`` is Cython for long runs where there is a compiler, else numpy; the recording says which.
    progress : callable, optional
        Called with the fraction done.

    Raises
    ------
    EngineError
        For what is not carried out in Brian2, by its name.
    NonFiniteError
        With the time, and the synapse or the cell.
    """
    planned = plan(circuit)
    return in_target(lambda chosen, note: _run(planned, chosen, note, progress), target, is_long=circuit.steps > LONG)


def _run(planned: Planned, target: str, note: str, progress: Progress) -> NetworkRecording:
    b2, circuit = importing.brian(), planned.circuit
    importing.set_target(target, literal=any(cancels(part.job.rule) for part in planned.parts.values()))
    b2.start_scope()
    b2.seed(circuit.seed)
    with cache_folder.writing(), importing.refusals(""), modules.built_for(target):
        built = build(planned)
        watch = _Watch(planned, built, progress)
        built.network.add(b2.NetworkOperation(watch.after_step, clock=built.clock, when="end", order=100, name="watch"))
        with np.errstate(all="ignore"):  # what is not finite is found by the watch
            begins = [0, *(phase.step for phase in circuit.phases)]
            for begin, end in zip(begins, [*begins[1:], circuit.steps], strict=True):
                enter(planned, built, begin)
                built.network.run((end - begin) * circuit.dt * b2.second, namespace={})
    if watch.step != circuit.steps - 1:
        raise EngineError(f"the run stopped at {watch.step * circuit.dt:g} s of {circuit.steps * circuit.dt:g} s")
    watch.check(circuit.steps)
    check_values(built.network, built.values)
    engine = {"engine": f"brian:{target}", **importing.versions()}
    return recording(planned, built, watch.recorder, {**engine, "note": note} if note else engine)


class _Watch:
    """Runs at the end of every step: records, and checks now and then that all is finite."""

    def __init__(self, planned: Planned, built: Built, progress: Progress) -> None:
        self.planned, self.built, self.progress = planned, built, progress
        self.step = -1
        self.recorder = recorder_of(planned, built)

    def after_step(self) -> None:
        self.step += 1
        self.recorder.record(self.step)
        if self.step % CHECK_EVERY == 0:
            stop_if_asked()
            self.check(self.step)
            if self.progress is not None:
                self.progress(self.step / self.planned.circuit.steps)

    def check(self, step: int) -> None:
        """Raise where anything is not finite."""
        check_finite(self.planned, self.built, step)


def check_finite(planned: Planned, built: Built, step: int) -> None:
    """Raise where a variable of cells or synapses is not finite.

    Raises
    ------
    NonFiniteError
    """
    when = f"at or before {step * planned.circuit.dt:.4f} s"
    for name in planned.cells:
        for state in planned.states(name):
            bad = _flaw(built.groups[name].variables[of_cell(state)].get_value())
            if bad is not None:
                raise NonFiniteError(f'{state} of cell {bad} of "{name}" is not finite {when}')
    for name, made in built.synapses.items():
        for variable in planned.parts[name].job.rule.variables:
            bad = _flaw(made.variables[variable].get_value())
            if bad is not None:
                ends = planned.edges[name].pre[bad], planned.edges[name].post[bad]
                raise NonFiniteError(f'{users(variable)} of a synapse of "{name}", from {ends[0]} to {ends[1]}, is not finite {when}')


def _flaw(values: Floats) -> int | None:
    """Where the first number is that is not finite."""
    bad = np.flatnonzero(~np.isfinite(values))
    return int(bad[0]) if bad.size else None


def recorder_of(planned: Planned, built: Built) -> Recorder:
    """What records, from Brian2's own arrays."""
    cells = {}
    for name in planned.cells:
        variables = built.groups[name].variables
        cells[name] = {state: variables[of_cell(state)].get_value() for state in planned.states(name)}
    weights = {name: weights_of(planned, built, name) for name in planned.ruled}
    return Recorder(planned.circuit, cells, weights, planned.edges)


def weights_of(planned: Planned, built: Built, name: str) -> Floats:
    """The weights of a projection, as they stand."""
    if name not in built.synapses:
        return np.zeros(0)
    weights: Floats = built.synapses[name].variables[planned.parts[name].job.rule.weight].get_value()
    return weights


def recording(planned: Planned, built: Built, recorder: Recorder, engine: dict[str, str]) -> NetworkRecording:
    """What was recorded, and the weights as they stand."""
    circuit, ruled = planned.circuit, planned.ruled
    return NetworkRecording(
        engine=engine,
        pre={name: planned.edges[name].pre for name in ruled},
        post={name: planned.edges[name].post for name in ruled},
        delay={name: planned.edges[name].delay for name in ruled},
        w={name: np.array(weights_of(planned, built, name)) for name in ruled},
        **recorder.recorded({name: _in_order(monitor, circuit.dt) for name, monitor in built.spikes.items()}),
        presentations={name: presentations_of_population(circuit, name) for name in planned.trains},
        dropped=planned.dropped,
    )


def _in_order(monitor: Any, dt: float) -> tuple[Steps, Steps]:
    """Step and cell of each spike, in order."""
    cells = np.asarray(monitor.i).astype(np.int64)
    steps = np.rint(np.asarray(monitor.t_) / dt).astype(np.int64)
    order = np.lexsort((cells, steps))
    return steps[order], cells[order]
