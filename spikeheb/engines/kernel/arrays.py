"""A job as the arrays that a kernel reads and writes: those that `contract.LANES` points to."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeheb.circuits.drives import Change
from spikeheb.circuits.steps import NO_STEPS, Floats, Steps
from spikeheb.circuits.values import constants, initial_values
from spikeheb.engines.alone import Alone, arrivals_of_unplastic, raised_by_unplastic
from spikeheb.engines.kernel.contract import FAR, LANES, PLACE, Array
from spikeheb.errors import NonFiniteError
from spikeheb.expressions.printers import evaluate
from spikeheb.program.layout import Layout, layout, synapse_dtype
from spikeheb.program.program import Program

ROOM = 256
"""Spikes for which a lane with a cell has room at first, beyond those imposed."""
STRIDES = {"constants_each": "constants", "delays_each": "delays", "late_each": "late_by"}
"""Arrays with one row, or one for each lane."""


@dataclass
class Arrays:
    """All state and all input of a job. A run changes `synapses`, `states`, `places`, `history` and what is recorded."""

    job: Alone
    synapses: Any
    states: Floats
    places: Any
    history: Floats
    spikes: Steps
    weight: Floats
    efficacy: Floats
    v: Floats
    failures: Steps
    fixed: dict[str, Array]
    """Arrays that are only read."""


def arrays(job: Alone, program: Program) -> Arrays:
    """The arrays of a job that starts."""
    places = layout(program)
    late_by = _late_by(job, program)
    states = _states(job, program, places)
    imposed = max((len(train) for train in job.post), default=0)
    made = Arrays(
        job=job,
        synapses=_synapses(job, program),
        states=states,
        places=_places(job, program),
        history=_history(program, states, late_by),
        spikes=np.zeros((job.lanes, imposed + ROOM if job.cell is not None else 0), dtype=np.int64),
        weight=np.zeros((job.inputs, len(job.samples))),
        efficacy=np.zeros((job.inputs, len(job.samples))),
        v=np.zeros((job.lanes, len(job.sweeps), job.sweep_steps)),
        failures=np.full((job.lanes, 3), FAR, dtype=np.int64),
        fixed={},
    )
    made.fixed = {**_inputs(job), **_unplastic(job, places), **_numbers(job, program, places, late_by), "start": states[:1].copy()}
    return made


def _synapses(job: Alone, program: Program) -> Any:
    synapses = np.zeros(job.inputs, dtype=synapse_dtype(program))
    for name, values in initial_values(job.circuit).items():
        synapses[name] = values
    return synapses


def _states(job: Alone, program: Program, places: Layout) -> Floats:
    states = np.zeros((job.lanes, places.state_size))
    if job.cell is not None:
        for name, value in job.cell.rest().items():
            states[:, places.cell.index(name)] = value
    if job.rule.post is not None:
        known = dict(constants(job.circuit))
        if job.cell is not None:
            known["v"] = job.cell.rest()["v"]
        for name, tree in job.rule.post.initial.items():
            start = np.asarray(evaluate(tree, known), dtype=float)
            if not np.all(np.isfinite(start)):
                raise NonFiniteError(f"the initial value of {name} is not finite", path=job.rule.path, key="post.initial")
            states[:, len(places.cell) + places.post.index(name)] = start
    return states


def _places(job: Alone, program: Program) -> Any:
    places = np.zeros(job.lanes, dtype=PLACE.ctype(max(1, len(program.actions))))
    places["held_through"] = -1
    places["part_at"] = FAR
    return places


def _late_by(job: Alone, program: Program) -> Steps:
    """By how many steps each delayed variable is read late; one row, or one for each lane."""
    values = constants(job.circuit)
    columns = [np.rint(np.asarray(values[by]) / job.dt).astype(np.int64) for _, by in program.delayed.values()]
    rows = job.lanes if any(column.ndim for column in columns) else 1
    return _table(columns, rows)


def _table(columns: list[Steps], rows: int) -> Steps:
    table: Steps = np.zeros((rows, len(columns)), dtype=np.int64)
    for n, column in enumerate(columns):
        table[:, n] = column
    return table


def _history(program: Program, states: Floats, late_by: Steps) -> Floats:
    """Rings of past values by lane, one after the other, filled with the initial values."""
    places, lanes = layout(program), len(states)
    by = np.broadcast_to(late_by, (lanes, len(program.delayed)))
    history = np.zeros((lanes, int((by + 1).sum(axis=1).max(initial=0))))
    sources = [of for of, _ in program.delayed.values()]
    columns = [places.cell.index(of) if of == "v" else len(places.cell) + places.post.index(of) for of in sources]
    for lane in range(lanes if columns else 0):
        values = np.repeat(states[lane, columns], by[lane] + 1)
        history[lane, : len(values)] = values
    return history


def _inputs(job: Alone) -> dict[str, Array]:
    lanes = np.asarray(job.lane_of_input, dtype=np.int64)
    first_input = np.searchsorted(lanes, np.arange(job.lanes + 1)).astype(np.int64)
    counts = np.array([len(train) for train in job.pre], dtype=np.int64)
    steps = _joined(job.pre)
    inputs = np.repeat(np.arange(job.inputs, dtype=np.int64), counts)
    if np.any(np.diff(first_input) > 1):
        order = np.lexsort((inputs, steps, lanes[inputs]))
        steps, inputs = steps[order], inputs[order]
    spikes_before = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    tables = {
        "first_input": first_input,
        "pre_first": spikes_before[first_input],
        "pre_steps": steps,
        "pre_inputs": inputs,
        "post_first": np.concatenate([[0], np.cumsum([len(train) for train in job.post])]).astype(np.int64),
        "post_steps": _joined(job.post),
        "samples": np.ascontiguousarray(job.samples, dtype=np.int64),
        "sweeps": np.ascontiguousarray(job.sweeps, dtype=np.int64),
    }
    for name, kinds in (("current", [job.currents]), ("clamp", [job.clamps]), ("signal", list(job.signals.values()))):
        tables |= _changes(name, kinds, job.lanes)
    return tables


def _unplastic(job: Alone, places: Layout) -> dict[str, Array]:
    """When how many spikes arrive at synapses without plasticity, lane after lane, and which states of the cell each raises by how much."""
    arrivals = sorted((lane, step, count[lane]) for step, count in arrivals_of_unplastic(job).items() for lane in np.flatnonzero(count))
    lanes, steps, counts = np.array(arrivals, dtype=float).reshape(-1, 3).T
    raised = raised_by_unplastic(job)
    return {
        "unplastic_first": np.searchsorted(lanes, np.arange(job.lanes + 1)).astype(np.int64),
        "unplastic_steps": steps.astype(np.int64),
        "unplastic_counts": np.ascontiguousarray(counts),
        "raised": np.array([places.cell.index(state) for state in raised], dtype=np.int64),
        "raised_by": np.array(list(raised.values())),
    }


def _joined(trains: Sequence[Steps]) -> Steps:
    joined: Steps = np.concatenate([*trains, NO_STEPS]).astype(np.int64)
    return joined


def _changes(name: str, kinds: Sequence[tuple[Change, ...]], lanes: int) -> dict[str, Array]:
    """Kind after kind, each by lane, those of a lane in the order of their steps."""
    ordered = [change for changes in kinds for change in sorted(changes, key=lambda change: (change.cell, change.step))]
    of_lane = np.array([kind * lanes + change.cell for kind, changes in enumerate(kinds) for change in changes], dtype=np.int64)
    return {
        f"{name}_first": np.searchsorted(np.sort(of_lane), np.arange(len(kinds) * lanes + 1)).astype(np.int64),
        f"{name}_steps": np.array([change.step for change in ordered], dtype=np.int64),
        f"{name}_values": np.array([change.value for change in ordered], dtype=np.float64),
    }


def _numbers(job: Alone, program: Program, places: Layout, late_by: Steps) -> dict[str, Array]:
    values = constants(job.circuit)
    table = np.zeros((job.lanes if job.overrides else 1, max(1, len(program.constants))))
    for column, name in enumerate(program.constants):
        table[:, column] = values[name]
    cell, delays = _cell_numbers(job, program, places), _delays(job, program)
    return {"constants": table, "cell": cell, "delays": delays, "durations": _durations(job), "late_by": late_by}


def _cell_numbers(job: Alone, program: Program, places: Layout) -> Floats:
    if program.cell is None:
        return np.zeros(1)
    receptor = program.cell.receptor
    values = dict(program.cell.constants)
    values |= {places.released[state]: receptor.unit * abs(weight) for state, _, weight in receptor.parts}
    values |= {name: hold.v for name, hold in zip(places.shape, program.cell.cell.shape, strict=True)}
    return np.array([values[name] for name in places.cell_constants])


def _delays(job: Alone, program: Program) -> Steps:
    """Steps from a spike to each action; one row, or one for each lane where a delay is overridden."""
    order = list(dict.fromkeys(action.event for action in program.actions))
    handlers = sorted(job.rule.handlers, key=lambda handler: order.index(handler.heard))
    columns = []
    for action, handler in zip(program.actions, handlers, strict=True):
        delay = np.asarray(action.delay)
        if handler.delay is not None and handler.delay in job.overrides:
            delay = delay - job.rule.constants[handler.delay] + np.asarray(job.overrides[handler.delay])
        columns.append(np.rint(delay / job.dt).astype(np.int64))
    rows = job.lanes if any(column.ndim for column in columns) else 1
    return _table(columns, rows)


def _durations(job: Alone) -> Steps:
    """Steps of the refractory time, and of each part of the spike's shape (one at least)."""
    if job.cell is None:
        return np.zeros(1, dtype=np.int64)
    parts = [max(1, round(hold.lasts / job.dt)) for hold in job.cell.shape]
    return np.array([round(job.cell.refractory / job.dt), *parts], dtype=np.int64)


def struct(arrays: Arrays) -> ctypes.Structure:
    """The pointers to the arrays; they must outlive it."""
    job, fixed = arrays.job, arrays.fixed
    each = {name: fixed[of].shape[1] if len(fixed[of]) > 1 else 0 for name, of in STRIDES.items()}
    numbers = {
        **each, "lanes": job.lanes, "inputs": job.inputs, "steps": job.steps, "dt": job.dt, "seed": job.seed & (2**64 - 1),
        "exact": int(job.exact), "mirrored": int(job.mirrored),
        "sample_count": len(job.samples), "sweep_count": len(job.sweeps), "sweep_steps": job.sweep_steps,
        "raised_count": len(fixed["raised"]),
        "history_each": arrays.history.shape[1], "capacity": arrays.spikes.shape[1],
    }  # fmt: skip
    return LANES.filled({**fixed, **vars(arrays)}, numbers)
