"""Replay: how a rule changes the weight under given spike trains."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.carried import carries_unit, is_row
from spikeheb.cells import Cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.drives import Change, Drives
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.sources import spike_counts
from spikeheb.circuits.steps import NO_STEPS, Steps
from spikeheb.circuits.usual import given
from spikeheb.circuits.usual import lanes as circuit_of_lanes
from spikeheb.circuits.values import initial_values
from spikeheb.declared import described, takes_settings
from spikeheb.dimensions import TIME
from spikeheb.engines.choice import carry_out, check_engine
from spikeheb.errors import ScheduleError, UnitError, check_kind
from spikeheb.limits import check_memory
from spikeheb.numbers import nearest_step, nearest_steps
from spikeheb.rules.meaning import actions, stepped
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Reward, Times, spike_times, to_steps
from spikeheb.studies.calls import repeatable
from spikeheb.studies.changes import Events, change_note, draw_note
from spikeheb.studies.experiment.delays import DELAYS, delays_of
from spikeheb.studies.labels import describe, provenance
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.settings.replay import Replay
from spikeheb.studies.start_weights import start_weights
from spikeheb.units import quantity

if TYPE_CHECKING:
    import xarray as xr

Trains = Any
"""A train of spike times, or a sequence of trains: arrays of seconds, text, quantities, neo.SpikeTrain."""

REWARDS = "rewards for all lanes, or a list of them for each"
AFTERMATH = 1.0
"""Seconds that a run goes on after the last event where the rule moves by the clock: a depolarisation or calcium still acts."""


@shows_progress
@repeatable
@takes_settings(Replay)
def replay(rule: Rule | str, pre: Trains, post: Trains, settings: Replay, *, progress: Progress = None) -> xr.Dataset:
    """Run the rule on spike trains, one lane for each pair of trains.

    The run ends when the last event has reached its synapse; a rule that moves by the clock is followed for another second. With a cell,
    its own spikes count as well as the imposed ones. Spike times are rounded to `dt`, and the largest shift is in the result.

    Parameters
    ----------
    rule : Rule or str
        A rule, or its name or path.
    pre, post : list of arrays of float
        Spike times, one train for each lane (a single train is one lane); sorted, not negative. Bare numbers are seconds; what
        carries its unit is converted: text (``"100 ms, 110 ms"``), quantities, neo.SpikeTrain.
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        ``w`` (lane,): the final weight; with `record` ``w_record`` (lane, time), and the spikes: ``pre_time`` and ``pre_lane``
        (pre_spike,), ``post_time`` and ``post_lane`` (post_spike,). The attribute ``note`` says where no weight
        changed and why, and of a rule that draws random numbers that a lane is one draw.

    Raises
    ------
    ScheduleError
        For unsorted, negative or non-finite times, quantities that are not times, two spikes of a train in one step, unequal numbers
        of lanes, or backpropagation delays that differ between lanes where a cell or a ``[post]`` variable acts at the spike itself.
    """
    import xarray as xr

    check_engine(settings.engine)
    rule, cell, dt = library.rule(rule), _cell(settings.cell), settings.dt
    pre_times, post_times = _lanes(pre, "pre"), _lanes(post, "post")
    if len(pre_times) != len(post_times):
        raise ScheduleError(f"pre has {len(pre_times)} lanes and post has {len(post_times)}; give one train of each for every lane")
    pre_steps = tuple(to_steps(train, dt, f"pre[{n}]") for n, train in enumerate(pre_times))
    post_steps = tuple(to_steps(train, dt, f"post[{n}]") for n, train in enumerate(post_times))
    delays = delays_of(rule, cell, len(pre_steps), settings.axonal_delay, settings.backpropagation_delay)
    rule, pre_steps = delays.rule, delays.shifted("axonal_delay", pre_steps, dt)
    post_steps = delays.shifted("backpropagation_delay", post_steps, dt)
    lanes = len(pre_steps)
    rewards = _rewards(settings.events, lanes, dt)
    steps = run_length(rule, (*pre_steps, *post_steps, *(np.array([r.step]) for r in rewards)), dt)
    samples = _samples(settings.record, (*pre_steps, *post_steps, *_arrivals(rule, pre_steps, post_steps, rewards, dt)), steps, lanes, dt)
    start = start_weights(settings.w0, rule, lanes, "lanes")
    initial = {} if start is None else {rule.weight: np.broadcast_to(start, (lanes,)).copy()}
    drives = Drives(imposed=given(post_steps), rewards=rewards)
    probes = Probes(samples=samples)
    circuit = circuit_of_lanes(rule, cell, dt, steps, np.arange(lanes), pre_steps, drives, probes, initial, seed=settings.seed)
    recording = carry_out(replace(circuit, exact=settings.exact), settings.engine, progress=report_of(progress))
    data = xr.Dataset({"w": ("lane", recording.w)}, coords={"lane": np.arange(lanes)})
    if samples.size:
        data = data.assign_coords(time=samples * dt).assign(w_record=(("lane", "time"), recording.weight))
        data = data.assign(_spikes("pre", pre_times) | _spikes("post", post_times))
    data.attrs = described(settings) | provenance("replay", rule, cell, recording.engine, settings.seed, dt)
    data = delays.noted(data)
    data.attrs["largest_shift_s"] = largest_shift((*pre_times, *post_times), dt)
    note = _note(circuit, recording)
    data.attrs |= {"note": note} if note else {}
    return describe(
        data,
        {
            "w": ("1", "weight at the end"),
            "w_record": ("1", "weight"),
            "time": ("s", "time"),
            "lane": ("1", "lane"),
            **DELAYS,
            **SPIKE_TEXTS,
        },
    )


SPIKE_TEXTS = {
    "pre_time": ("s", "presynaptic spikes of all lanes"),
    "pre_lane": ("1", "position of the lane of each presynaptic spike"),
    "post_time": ("s", "imposed postsynaptic spikes of all lanes"),
    "post_lane": ("1", "position of the lane of each imposed postsynaptic spike"),
}


def _spikes(side: str, trains: Sequence[Times]) -> dict[str, tuple[str, npt.NDArray[Any]]]:
    """The spikes of all lanes in one row, and the lane of each, as variables of a result."""
    times = np.concatenate([*trains, np.zeros(0)])
    lanes = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    return {f"{side}_time": (f"{side}_spike", times), f"{side}_lane": (f"{side}_spike", lanes)}


def _note(circuit: Circuit, recording: Recording) -> str:
    """The notes: whether weights changed, and whether a lane is only one random draw."""
    pre, post = spike_counts(circuit.sources.sources), np.array([len(train) for train in recording.spikes])
    rewarded = np.isin(np.arange(len(pre)), [reward.cell for reward in circuit.drive.rewards])
    events = Events(pre, post, rewards=rewarded, has_cell=circuit.cell is not None)
    parts = [change_note(circuit.rule, initial_values(circuit)[circuit.rule.weight], recording.w, events), draw_note(circuit.rule)]
    if circuit.drive.rewards and not any(handler.event == "reward" for handler in circuit.rule.handlers):
        parts.append("the rewards have no effect, because the rule does not read any")
    return "; ".join(part for part in parts if part)


def largest_shift(trains: Sequence[Times], dt: float) -> float:
    """The largest distance in seconds that rounding to the time step moves a spike."""
    return max((float(np.max(np.abs(train - nearest_steps(train, dt) * dt))) for train in trains if train.size), default=0.0)


def _cell(cell: Cell | str | None) -> Cell | None:
    return None if cell is None else library.cell(cell)


def _lanes(trains: Trains, side: str) -> list[Times]:
    array = getattr(trains, "ndim", None) == 1 and getattr(getattr(trains, "dtype", None), "kind", "") != "O"
    if array or not is_row(trains):
        trains = [trains]
    items: list[Any] = list(trains)
    if not items:
        return [spike_times([], f"{side}[0]")]
    if not any(is_row(item) for item in items) and not any(isinstance(item, str) and "," in item for item in items):
        items = [items]
    return [spike_times(train, f"{side}[{n}]") for n, train in enumerate(items)]


def _rewards(events: Sequence[Reward] | Sequence[Sequence[Reward]] | None, lanes: int, dt: float) -> tuple[Change, ...]:
    if not events:
        return ()
    check_kind(events, Iterable, REWARDS, key="events")
    shared = [event for event in events if isinstance(event, Reward)]
    own = [_row_of_rewards(items) for items in events if not isinstance(items, Reward)]
    if shared and own:
        raise ScheduleError(f"expected {REWARDS} (got both)", key="events")
    lists = [shared] * lanes if shared else own
    if len(lists) != lanes:
        raise ScheduleError(f"expected rewards for {lanes} lanes (got {len(lists)})", key="events")
    for reward in (reward for items in lists for reward in items):
        if not (reward.time >= 0 and math.isfinite(reward.time + reward.amount)):
            raise ScheduleError(f"a reward needs a time >= 0 and a finite amount (got {reward})", key="events")
    return tuple(Change(lane, nearest_step(reward.time, dt), reward.amount) for lane, items in enumerate(lists) for reward in items)


def _row_of_rewards(items: object) -> list[Reward]:
    check_kind(items, Iterable, REWARDS, key="events")
    rewards: list[Reward] = list(items)  # type: ignore[call-overload]  # iterable, as was checked
    for reward in rewards:
        check_kind(reward, Reward, REWARDS, key="events")
    return rewards


def run_length(rule: Rule, trains: Sequence[Steps], dt: float) -> int:
    """Steps until the last event has reached the synapse, and what it sets in motion there has passed."""
    longest = max((round(action.delay / dt) for action in actions(rule)), default=0)
    slowest = max((handler.every for handler in rule.handlers), default=0.0)
    aftermath = round(max(AFTERMATH, slowest) / dt) if stepped(rule) or slowest else 0
    return max((int(train[-1]) for train in trains if train.size), default=0) + longest + aftermath + 1


def _arrivals(rule: Rule, pre: Sequence[Steps], post: Sequence[Steps], rewards: Sequence[Change], dt: float) -> list[Steps]:
    """Steps at which events reach the synapse, after their delays."""
    events = {"pre": pre, "post": post, "reward": [np.array([reward.step for reward in rewards], dtype=np.int64)]}
    return [train + round(action.delay / dt) for action in actions(rule) for train in events.get(action.event, ())]


def _samples(record: object, trains: Sequence[Steps], steps: int, lanes: int, dt: float) -> Steps:
    if record is False:
        return NO_STEPS
    if record is True:
        return np.unique(np.concatenate([np.array([0, steps - 1], dtype=np.int64), *trains]))
    seconds = record if isinstance(record, float) and not carries_unit(record) else _seconds(record, "record")
    if not (seconds > 0 and math.isfinite(seconds)):
        raise ScheduleError(f"record is True, False or a time above 0 (got {record})", key="record")
    every = max(1, round(seconds / dt))
    check_memory(16.0 * lanes * (steps // every), f"the weights of {lanes:,} lanes at {steps // every:,} times", key="record")
    return np.arange(0, steps, every)


def _seconds(value: object, key: str) -> float:
    try:
        return quantity(value, TIME)
    except UnitError as error:
        raise ScheduleError(error.message, key=key) from None
