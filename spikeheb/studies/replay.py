"""Replay: given spike trains, what does the rule make of the weight?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.engines.choice import carry_out, check_engine
from spikeheb.engines.job import NO_STEPS, Change, Job, Steps
from spikeheb.errors import ScheduleError
from spikeheb.rules.meaning import actions, stepped
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Reward, Times, check_step, spike_times, to_steps
from spikeheb.studies.calls import repeatable
from spikeheb.studies.labels import describe, provenance

if TYPE_CHECKING:
    import xarray as xr

Trains = Sequence[float] | Sequence[Sequence[float]] | npt.NDArray[np.float64] | Sequence[npt.NDArray[np.float64]]


AFTERMATH = 1.0
"""Seconds that a run goes on after the last event where the rule moves by the clock: a depolarisation or calcium still acts."""


@repeatable
def replay(
    rule: Rule | str,
    pre: Trains,
    post: Trains,
    w0: float | Sequence[float] | None = None,
    cell: Cell | str | None = None,
    events: Sequence[Reward] | Sequence[Sequence[Reward]] | None = None,
    record: bool | float = False,
    *,
    dt: float = 1e-4,
    engine: str = "auto",
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Run the rule on spike trains, a lane each.

    The run ends when the last event has reached its synapse; a rule that moves by the clock is followed for another second.

    Parameters
    ----------
    rule : Rule or str
        A rule, or its name or path.
    pre, post : list of arrays of float
        Spike times in seconds, one train for each lane (a single train is one lane); sorted, not negative.
    w0 : float or array, shape (lanes,), optional
        Initial weight; the rule's own where absent.
    cell : Cell or str, optional
        Where the rule reads the membrane potential. The cell's own spikes count as well as the imposed ones.
    events : list of Reward, or one list for each lane, optional
    record : bool or float
        True records the weight after every step in which a spike fell or an event reached the synapse; a number, every so
        many seconds.
    dt : float
        Time step in seconds; spike times are rounded to it, and the largest shift is in the result.
    engine, seed, progress
        See `run`.

    Returns
    -------
    xarray.Dataset
        ``w`` (lane,): the final weight; with `record` ``w_record`` (lane, time).

    Raises
    ------
    ScheduleError
        For unsorted, negative or non-finite times, two spikes of a train in one step, or unequal numbers of lanes.
    """
    import xarray as xr

    check_engine(engine)
    check_step(dt)
    rule, cell = library.rule(rule), _cell(cell)
    pre_times, post_times = _lanes(pre, "pre"), _lanes(post, "post")
    if len(pre_times) != len(post_times):
        raise ScheduleError(f"pre has {len(pre_times)} lanes and post has {len(post_times)}; give one train of each for every lane")
    pre_steps = tuple(to_steps(train, dt, f"pre[{n}]") for n, train in enumerate(pre_times))
    post_steps = tuple(to_steps(train, dt, f"post[{n}]") for n, train in enumerate(post_times))
    rewards = _rewards(events, len(pre_steps), dt)
    steps = _length(rule, (*pre_steps, *post_steps, *(np.array([r.step]) for r in rewards)), dt)
    samples = _samples(record, (*pre_steps, *post_steps, *_arrivals(rule, pre_steps, post_steps, rewards, dt)), steps, dt)
    lanes = len(pre_steps)
    initial = {} if w0 is None else {rule.weight: _weights(w0, lanes, rule)}
    job = Job(
        rule, cell, dt, steps, np.arange(lanes), pre_steps, post_steps,
        initial=initial, rewards=rewards, samples=samples, seed=seed, progress=progress,
    )  # fmt: skip
    recording = carry_out(job, engine)
    data = xr.Dataset({"w": ("lane", recording.w)}, coords={"lane": np.arange(lanes)})
    if samples.size:
        data = data.assign_coords(time=samples * dt).assign(w_record=(("lane", "time"), recording.weight))
    data.attrs = provenance("replay", rule, cell, recording.engine, seed, dt)
    data.attrs["largest_shift_s"] = largest_shift((*pre_times, *post_times), dt)
    return describe(
        data,
        {"w": ("1", "weight at the end"), "w_record": ("1", "weight"), "time": ("s", "time"), "lane": ("1", "lane")},
    )


def largest_shift(trains: Sequence[Times], dt: float) -> float:
    """The largest distance in seconds that rounding to the time step moves a spike."""
    return max((float(np.max(np.abs(train - np.rint(train / dt) * dt))) for train in trains if train.size), default=0.0)


def _cell(cell: Cell | str | None) -> Cell | None:
    return cell if cell is None or isinstance(cell, Cell) else library.cell(cell)


def _lanes(trains: Trains, side: str) -> list[Times]:
    if isinstance(trains, np.ndarray) and trains.ndim == 1 and trains.dtype != object:
        trains = [trains]
    items: list[Any] = list(trains)
    if not items:
        return [spike_times([], f"{side}[0]")]
    if all(np.ndim(item) == 0 for item in items):
        items = [items]
    return [spike_times(train, f"{side}[{n}]") for n, train in enumerate(items)]


def _weights(w0: float | Sequence[float], lanes: int, rule: Rule) -> npt.NDArray[np.float64]:
    array = np.asarray(w0, dtype=float)
    if array.ndim > 1 or (array.ndim == 1 and array.size != lanes) or not np.all(np.isfinite(array)):
        raise ScheduleError(f"expected one finite weight, or one for each of {lanes} lanes", key="w0")
    low = -np.inf if rule.bounds.w_min is None else rule.bounds.w_min
    high = np.inf if rule.bounds.w_max is None else rule.bounds.w_max
    weights = np.broadcast_to(array, (lanes,)).copy()
    outside = weights[(weights < low) | (weights > high)]
    if outside.size:
        raise ScheduleError(f"{outside[0]:g} lies outside the bounds {low:g} to {high:g} of the weight", key="w0")
    return weights


def _rewards(events: Sequence[Reward] | Sequence[Sequence[Reward]] | None, lanes: int, dt: float) -> tuple[Change, ...]:
    if not events:
        return ()
    shared = [event for event in events if isinstance(event, Reward)]
    lists = [shared] * lanes if shared else [list(items) for items in events if not isinstance(items, Reward)]
    if len(lists) != lanes:
        raise ScheduleError(f"expected rewards for {lanes} lanes (got {len(lists)})", key="events")
    for reward in (reward for items in lists for reward in items):
        if not (reward.time >= 0 and math.isfinite(reward.time + reward.amount)):
            raise ScheduleError(f"a reward needs a time >= 0 and a finite amount (got {reward})", key="events")
    return tuple(Change(lane, round(reward.time / dt), reward.amount) for lane, items in enumerate(lists) for reward in items)


def _length(rule: Rule, trains: Sequence[Steps], dt: float) -> int:
    """Steps until the last event has reached the synapse, and what it sets in motion there has passed."""
    longest = max((round(action.delay / dt) for action in actions(rule)), default=0)
    aftermath = round(AFTERMATH / dt) if stepped(rule) else 0
    return max((int(train[-1]) for train in trains if train.size), default=0) + longest + aftermath + 1


def _arrivals(rule: Rule, pre: Sequence[Steps], post: Sequence[Steps], rewards: Sequence[Change], dt: float) -> list[Steps]:
    """Steps at which events reach the synapse, after their delays."""
    events = {"pre": pre, "post": post, "reward": [np.array([reward.step for reward in rewards], dtype=np.int64)]}
    return [train + round(action.delay / dt) for action in actions(rule) for train in events[action.event]]


def _samples(record: bool | float, trains: Sequence[Steps], steps: int, dt: float) -> Steps:
    if record is False:
        return NO_STEPS
    if record is True:
        return np.unique(np.concatenate([np.zeros(1, dtype=np.int64), *trains]))
    if not record > 0:
        raise ScheduleError(f"record is True, False or a number of seconds (got {record})", key="record")
    return np.arange(0, steps, max(1, round(record / dt)))
