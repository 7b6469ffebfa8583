"""A job as the arrays that a kernel reads and writes: the counterpart of ``struct Job`` in `lanes_job.hpp`."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeheb.engines.job import NO_STEPS, Change, Floats, Job, Steps
from spikeheb.engines.values import constants, initial_values
from spikeheb.errors import EngineError, NonFiniteError
from spikeheb.expressions.printers import evaluate
from spikeheb.program.layout import Layout, layout, place_dtype, synapse_dtype
from spikeheb.program.program import Plan

FAR = np.iinfo(np.int64).max // 4
ROOM = 256
"""Spikes for which a lane with a cell has room at first, beyond those imposed."""


@dataclass
class Arrays:
    """All state and all input of a job. A run changes `synapses`, `states`, `places`, `history` and what is recorded."""

    job: Job
    synapses: Any
    states: Floats
    places: Any
    history: Floats
    spikes: Steps
    weight: Floats
    efficacy: Floats
    v: Floats
    failures: Steps
    fixed: dict[str, tuple[np.ndarray[Any, Any], int]]
    """Arrays that are only read, with the distance between two lanes (0 where all share one row)."""


def arrays(job: Job, plan: Plan) -> Arrays:
    """The arrays of a job that starts.

    Raises
    ------
    EngineError
        For sweeps that overlap, and a clamp without a cell.
    """
    if job.clamps and job.cell is None:
        raise EngineError("a voltage clamp needs a cell")
    if job.sweep_steps and np.any(np.diff(job.sweeps) < job.sweep_steps):
        raise EngineError("two recorded stretches of the membrane potential overlap")
    places = layout(plan)
    late_by = _late_by(job, plan)
    states = _states(job, plan, places)
    imposed = max((len(train) for train in job.post), default=0)
    made = Arrays(
        job=job,
        synapses=_synapses(job, plan),
        states=states,
        places=_places(job, plan),
        history=_history(plan, states, late_by),
        spikes=np.zeros((job.lanes, imposed + ROOM if job.cell is not None else 0), dtype=np.int64),
        weight=np.zeros((job.inputs, len(job.samples))),
        efficacy=np.zeros((job.inputs, len(job.samples))),
        v=np.zeros((job.lanes, len(job.sweeps), job.sweep_steps)),
        failures=np.full((job.lanes, 2), -1, dtype=np.int64),
        fixed={},
    )
    made.fixed = {**_inputs(job), **_numbers(job, plan, places, late_by), "start": (states[:1].copy(), 0)}
    return made


def _synapses(job: Job, plan: Plan) -> Any:
    synapses = np.zeros(job.inputs, dtype=synapse_dtype(plan))
    for name, values in initial_values(job).items():
        synapses[name] = values
    return synapses


def _states(job: Job, plan: Plan, places: Layout) -> Floats:
    states = np.zeros((job.lanes, places.state_size))
    if job.cell is not None:
        for name, value in job.cell.rest().items():
            states[:, places.cell.index(name)] = value
    if job.rule.post is not None:
        known = dict(constants(job))
        if job.cell is not None:
            known["v"] = job.cell.rest()["v"]
        for name, tree in job.rule.post.initial.items():
            start = np.asarray(evaluate(tree, known), dtype=float)
            if not np.all(np.isfinite(start)):
                raise NonFiniteError(f"the initial value of {name} is not finite", path=job.rule.path, key="post.initial")
            states[:, len(places.cell) + places.post.index(name)] = start
    return states


def _places(job: Job, plan: Plan) -> Any:
    places = np.zeros(job.lanes, dtype=place_dtype(plan))
    places["held_through"] = -1
    places["part_at"] = FAR
    return places


def _late_by(job: Job, plan: Plan) -> Steps:
    """By how many steps each delayed variable is read late; one row, or one for each lane."""
    values = constants(job)
    columns = [np.rint(np.asarray(values[by]) / job.dt).astype(np.int64) for _, by in plan.delayed.values()]
    rows = job.lanes if any(column.ndim for column in columns) else 1
    return _table(columns, rows)


def _table(columns: list[Steps], rows: int) -> Steps:
    table: Steps = np.zeros((rows, len(columns)), dtype=np.int64)
    for n, column in enumerate(columns):
        table[:, n] = column
    return table


def _history(plan: Plan, states: Floats, late_by: Steps) -> Floats:
    """Rings of past values by lane, one after the other, filled with the initial values."""
    places, lanes = layout(plan), len(states)
    by = np.broadcast_to(late_by, (lanes, len(plan.delayed)))
    history = np.zeros((lanes, int((by + 1).sum(axis=1).max(initial=0))))
    sources = [of for of, _ in plan.delayed.values()]
    columns = [places.cell.index(of) if of == "v" else len(places.cell) + places.post.index(of) for of in sources]
    for lane in range(lanes if columns else 0):
        values = np.repeat(states[lane, columns], by[lane] + 1)
        history[lane, : len(values)] = values
    return history


def _inputs(job: Job) -> dict[str, tuple[np.ndarray[Any, Any], int]]:
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
    for name, changes in (("current", job.currents), ("clamp", job.clamps), ("reward", job.rewards)):
        tables |= _changes(name, changes, job.lanes)
    return {name: (array, 0) for name, array in tables.items()}


def _joined(trains: Sequence[Steps]) -> Steps:
    joined: Steps = np.concatenate([*trains, NO_STEPS]).astype(np.int64)
    return joined


def _changes(name: str, changes: tuple[Change, ...], lanes: int) -> dict[str, np.ndarray[Any, Any]]:
    ordered = sorted(changes, key=lambda change: (change.lane, change.step))
    of_lane = np.array([change.lane for change in ordered], dtype=np.int64)
    return {
        f"{name}_first": np.searchsorted(of_lane, np.arange(lanes + 1)).astype(np.int64),
        f"{name}_steps": np.array([change.step for change in ordered], dtype=np.int64),
        f"{name}_values": np.array([change.value for change in ordered], dtype=np.float64),
    }


def _numbers(job: Job, plan: Plan, places: Layout, late_by: Steps) -> dict[str, tuple[np.ndarray[Any, Any], int]]:
    values = constants(job)
    rows = job.lanes if job.overrides else 1
    table = np.zeros((rows, max(1, len(plan.constants))))
    for column, name in enumerate(plan.constants):
        table[:, column] = values[name]
    delays = _delays(job, plan)
    return {
        "constants": (table, table.shape[1] if rows > 1 else 0),
        "cell": (_cell_numbers(job, plan, places), 0),
        "delays": (delays, delays.shape[1] if len(delays) > 1 else 0),
        "durations": (_durations(job), 0),
        "late_by": (late_by, late_by.shape[1] if len(late_by) > 1 else 0),
    }


def _cell_numbers(job: Job, plan: Plan, places: Layout) -> Floats:
    if plan.cell is None:
        return np.zeros(1)
    receptor = plan.cell.receptor
    values = dict(plan.cell.constants)
    values |= {places.released[state]: receptor.unit * abs(weight) for state, _, weight in receptor.parts}
    values |= {name: hold.v for name, hold in zip(places.shape, plan.cell.cell.shape, strict=True)}
    return np.array([values[name] for name in places.cell_constants])


def _delays(job: Job, plan: Plan) -> Steps:
    """Steps from a spike to each action; one row, or one for each lane where a delay is overridden."""
    handlers = [handler for event in ("pre", "post", "reward") for handler in job.rule.handlers if handler.event == event]
    if job.rule.coincidence == "post_first":
        handlers.sort(key=lambda handler: ("post", "pre", "reward").index(handler.event))
    columns = []
    for action, handler in zip(plan.actions, handlers, strict=True):
        delay = np.asarray(action.delay)
        if handler.delay is not None and handler.delay in job.overrides:
            delay = delay - job.rule.constants[handler.delay] + np.asarray(job.overrides[handler.delay])
        columns.append(np.rint(delay / job.dt).astype(np.int64))
    rows = job.lanes if any(column.ndim for column in columns) else 1
    return _table(columns, rows)


def _durations(job: Job) -> Steps:
    """Steps of the refractory time, and of each part of the spike's shape (one at least)."""
    if job.cell is None:
        return np.zeros(1, dtype=np.int64)
    parts = [max(1, round(hold.lasts / job.dt)) for hold in job.cell.shape]
    return np.array([round(job.cell.refractory / job.dt), *parts], dtype=np.int64)


_POINTER, _COUNT = ctypes.c_void_p, ctypes.c_int64


class JobStruct(ctypes.Structure):
    """``struct Job`` of `lanes_job.hpp`, member by member."""

    _fields_ = [
        ("lanes", _COUNT), ("inputs", _COUNT), ("steps", _COUNT),
        ("dt", ctypes.c_double),
        ("seed", ctypes.c_uint64),
        ("constants", _POINTER), ("constants_each", _COUNT),
        ("cell", _POINTER),
        ("delays", _POINTER), ("delays_each", _COUNT),
        ("durations", _POINTER),
        ("late_by", _POINTER), ("late_each", _COUNT),
        ("first_input", _POINTER),
        ("pre_first", _POINTER), ("pre_steps", _POINTER), ("pre_inputs", _POINTER),
        ("post_first", _POINTER), ("post_steps", _POINTER),
        ("current_first", _POINTER), ("current_steps", _POINTER), ("current_values", _POINTER),
        ("clamp_first", _POINTER), ("clamp_steps", _POINTER), ("clamp_values", _POINTER),
        ("reward_first", _POINTER), ("reward_steps", _POINTER), ("reward_values", _POINTER),
        ("samples", _POINTER), ("sample_count", _COUNT),
        ("sweeps", _POINTER), ("sweep_count", _COUNT), ("sweep_steps", _COUNT),
        ("synapses", _POINTER),
        ("states", _POINTER),
        ("places", _POINTER),
        ("history", _POINTER), ("history_each", _COUNT),
        ("weight", _POINTER), ("efficacy", _POINTER),
        ("v", _POINTER),
        ("spikes", _POINTER), ("capacity", _COUNT),
        ("start", _POINTER),
        ("failures", _POINTER),
        ("careful", _COUNT), ("exact", _COUNT),
    ]  # fmt: skip


def struct(arrays: Arrays, *, careful: bool = False) -> JobStruct:
    """The pointers to the arrays; they must outlive it. A careful run looks at every number after every event and step."""
    job = arrays.job
    job_struct = JobStruct(
        lanes=job.lanes, inputs=job.inputs, steps=job.steps, dt=job.dt, seed=job.seed & (2**64 - 1),
        careful=int(careful), exact=int(careful or job.exact),
    )  # fmt: skip
    job_struct.sample_count, job_struct.sweep_count, job_struct.sweep_steps = len(job.samples), len(job.sweeps), job.sweep_steps
    job_struct.history_each, job_struct.capacity = arrays.history.shape[1], arrays.spikes.shape[1]
    job_struct.constants_each, job_struct.delays_each, job_struct.late_each = (
        arrays.fixed[name][1] for name in ("constants", "delays", "late_by")
    )
    for name, (array, _) in arrays.fixed.items():
        setattr(job_struct, name, array.ctypes.data)
    for name in ("synapses", "states", "places", "history", "weight", "efficacy", "v", "spikes", "failures"):
        setattr(job_struct, name, getattr(arrays, name).ctypes.data)
    return job_struct
