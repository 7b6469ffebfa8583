"""A whole session as a circuit: test pulses, induction, test pulses, and where its inputs and sweeps stand in the recording."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from spikeheb.cells import Cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.drives import RELEASED, Change, Drives
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.steps import Steps
from spikeheb.circuits.usual import given, lanes
from spikeheb.dimensions import CONCENTRATION
from spikeheb.numbers import nearest_step
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Lane, Schedule, to_steps

Floats = npt.NDArray[np.float64]

SWEEP_BEFORE = 5e-3
SWEEP_AFTER = 100e-3
SETTLE = 1.0
"""Seconds after the last spike of the induction at which the efficacy "at the end of induction" is read."""
CALCIUM = "Ca"
"""The name of the parameter of a rule that is the external calcium, if it is a concentration."""


def session(
    schedule: Schedule,
    rule: Rule,
    cell: Cell,
    seed: int = 0,
    initial: Mapping[str, Floats] | None = None,
) -> Circuit:
    """The whole session as a circuit: a cell for each lane.

    Parameters
    ----------
    schedule, rule, cell, seed
    initial : mapping of str to array, shape (inputs,), optional
        As in `Projection`.

    Raises
    ------
    ScheduleError
        Where two spikes of one train, test pulses included, fall into one time step.
    """
    dt = schedule.dt
    pulses, control = pulse_steps(schedule)
    twice = pulses if schedule.paired_pulse is None else np.union1d(pulses, pulses + round(schedule.paired_pulse / dt))
    pre: list[Steps] = []
    post: list[Steps] = []
    changes: dict[str, list[Change]] = {"currents": [], "clamps": [], "rewards": []}
    for n, lane in enumerate(schedule.lanes):
        start = nearest_step(schedule.induction_start(lane), dt)
        for k, train in enumerate(lane.pre):
            steps = to_steps(train, dt, f"{lane.label}: pre[{k}]") + start
            pre += [np.union1d(steps, twice) if k == schedule.tested else steps] * bundle(schedule)
        pre += [control] * control_count(schedule)
        post.append(to_steps(lane.post, dt, f"{lane.label}: post") + start)
        changes["currents"] += _steps_of([(c.start, c.lasts, c.amplitude) for c in lane.currents], 0.0, n, start, dt)
        changes["clamps"] += _steps_of([(c.start, c.lasts, c.v) for c in lane.clamps], RELEASED, n, start, dt)
        changes["rewards"] += [Change(n, start + nearest_step(reward.time, dt), reward.amount) for reward in lane.rewards]
    settled = settled_step(schedule)
    before, after = sweep_steps(schedule)
    last = max(int(pulses[-1]) + after if pulses.size else 0, settled)
    tests = np.union1d(pulses, control)
    sweep_length = before + after + 1 if tests.size else 0
    probes = Probes(samples=np.union1d(tests, [settled]), sweeps=tests - before, sweep_steps=sweep_length)
    currents, clamps, rewards = map(tuple, changes.values())
    drives = Drives(imposed=given(tuple(post)), currents=currents, clamps=clamps, rewards=rewards)
    lane_of_input = np.repeat(np.arange(len(schedule.lanes)), inputs_of_lanes(schedule))
    return lanes(
        rule,
        cell,
        dt,
        last + 1,
        lane_of_input,
        tuple(pre),
        drives,
        probes,
        initial or {},
        _overrides(schedule, rule),
        schedule.receptor,
        seed,
    )


def pulse_steps(schedule: Schedule) -> tuple[Steps, Steps]:
    """Steps of the test pulses (the first of each two), and of those of the control input."""
    dt = schedule.dt
    return to_steps(schedule.pulses, dt, "test pulses"), to_steps(schedule.control_pulses, dt, "test pulses of the control")


def settled_step(schedule: Schedule) -> int:
    """The step at which the efficacy at the end of the induction is read."""
    return round(schedule.induction_end / schedule.dt) + round(SETTLE / schedule.dt)


def sweep_steps(schedule: Schedule) -> tuple[int, int]:
    """How many steps a sweep has before and after its test pulse."""
    return round(SWEEP_BEFORE / schedule.dt), round((SWEEP_AFTER + (schedule.paired_pulse or 0.0)) / schedule.dt)


def bundle(schedule: Schedule) -> int:
    """How many synapses get the spikes of one of a lane's inputs."""
    return schedule.copies * schedule.synapses


def control_count(schedule: Schedule) -> int:
    """How many synapses the control input of a lane has."""
    return schedule.synapses if schedule.control else 0


def inputs_of_lanes(schedule: Schedule) -> Steps:
    """How many synapses each lane has."""
    return np.array([len(lane.pre) * bundle(schedule) + control_count(schedule) for lane in schedule.lanes], dtype=np.int64)


def places(schedule: Schedule) -> tuple[Steps, Steps]:
    """The lane of every synapse, and its place among the synapses that get the same spikes."""
    counts = inputs_of_lanes(schedule)
    place = [
        np.concatenate([np.tile(np.arange(bundle(schedule)), len(lane.pre)), np.arange(control_count(schedule))]) for lane in schedule.lanes
    ]
    return np.repeat(np.arange(len(schedule.lanes)), counts), np.concatenate(place)


def inputs_under_test(schedule: Schedule) -> Steps:
    """The synapses of the tested input of every lane, shape (lanes, copies*synapses)."""
    first = np.cumsum(inputs_of_lanes(schedule)) - inputs_of_lanes(schedule) + schedule.tested * bundle(schedule)
    return np.asarray(first[:, None] + np.arange(bundle(schedule)))


def control_inputs(schedule: Schedule) -> Steps:
    """The synapses of the control input of every lane, shape (lanes, synapses)."""
    return np.asarray(np.cumsum(inputs_of_lanes(schedule))[:, None] - control_count(schedule) + np.arange(control_count(schedule)))


def calcium_parameter(rule: Rule) -> str | None:
    """The rule's parameter that is the external calcium, if it has one."""
    parameter = rule.parameters.get(CALCIUM)
    return CALCIUM if parameter is not None and parameter.dimension == CONCENTRATION else None


def _steps_of(spans: list[tuple[float, float, float]], end: float, n: int, start: int, dt: float) -> list[Change]:
    """From each step's start its value, from its end on `end`; in the order in which they happen."""
    changes = []
    for begins, lasts, value in sorted(spans):
        changes += [Change(n, start + nearest_step(begins, dt), value), Change(n, start + nearest_step(begins + lasts, dt), end)]
    return sorted(changes, key=lambda change: change.step)


def _overrides(schedule: Schedule, rule: Rule) -> dict[str, Floats]:
    """Constants that some lane replaces, for every lane."""
    given = [_overrides_of(lane, calcium_parameter(rule)) for lane in schedule.lanes]
    own = rule.constants
    return {name: np.array([values.get(name, own.get(name, np.nan)) for values in given]) for name in sorted(set().union(*given))}


def _overrides_of(lane: Lane, calcium: str | None) -> dict[str, float]:
    return ({calcium: lane.calcium} if calcium and lane.calcium is not None else {}) | dict(lane.overrides)
