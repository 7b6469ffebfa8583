"""Spike trains as functions of seed, train and counter: what the kernel draws, spike by spike and bit for bit.

Uniform numbers are those of `random`; an exponential number is minus their logarithm, computed by operations that round
alike everywhere. A Poisson train has a spike in each step with probability p = rate times dt, so that its intervals are
``1 + floor(E*scale)`` steps with ``scale = -1/log(1 - p)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from spikeheb.circuits.sources import Between, Floats, Group, Pasted, Poisson, Regular, Repeated, Replayed, Source, Steps, Walk
from spikeheb.draws import patterns, random

INPUTS, INHIBITION, IMPOSED = 5, 6, 7
NEVER = 2.0**52
_BLOCK = 64
_AT_ONCE = 200_000
"""Random numbers that are drawn together: as many as stay in a processor's cache with what is computed from them."""


@dataclass(frozen=True)
class Clock:
    """What all trains of a run depend on besides their sources: a seed, the time step in seconds, and how many steps there are."""

    seed: int
    dt: float
    steps: int


def trains(sources: Sequence[Source], clock: Clock, stream: int, copies: int = 1) -> list[Steps]:
    """The steps of the spikes of each train.

    Parameters
    ----------
    sources : sequence of Source
    clock : Clock
    stream : int
        Populations of different streams are independent of each other.
    copies : int
        How many cells have trains of their own: those of the first cell come first, then those of the second, and so on.
    """
    return trains_and_dropped(sources, clock, stream, copies)[0]


def trains_and_dropped(sources: Sequence[Source], clock: Clock, stream: int, copies: int = 1) -> tuple[list[Steps], int]:
    """The same, and how many spikes are left out because their train has another in the same step.

    Raises
    ------
    ScheduleError
        For two spikes of a train in one step, of a source that is not to leave one out.
    """
    steps, dropped = [], 0
    for copy in range(copies):
        first = copy * sum(source.count for source in sources)
        for n, source in enumerate(sources):
            drawn, more = _once(source, _draw(source, clock, stream, copy, first, copy * len(sources) + n), clock)
            steps += drawn
            dropped += more
            first += source.count
    return steps, dropped


def _once(source: Source, drawn: list[Steps], clock: Clock) -> tuple[list[Steps], int]:
    """Trains without a second spike in a step, where there may be one."""
    match source:
        case Between(inner) | Repeated(inner):
            return _once(inner, drawn, clock)
        case Pasted(duplicates=duplicates) | Replayed(duplicates="drop" as duplicates):
            return patterns.once(drawn, duplicates, clock.dt)
    return drawn, 0


def presentations(sources: Sequence[Source], clock: Clock, stream: int) -> tuple[Steps, Steps]:
    """First step of each presentation of a pattern and number of the source that has it, source after source."""
    starts = [_presented(source, clock, stream, n) for n, source in enumerate(sources)]
    return np.concatenate([np.zeros(0, dtype=np.int64), *starts]), np.repeat(np.arange(len(sources)), [len(each) for each in starts])


def _presented(source: Source, clock: Clock, stream: int, group: int) -> Steps:
    match source:
        case Pasted():
            return patterns.presented(source, group, (clock.seed, stream), clock.dt, clock.steps)
        case Repeated(inner):
            period = _period(source, clock)
            return _again(_presented(inner, period, stream, group), period.steps, clock.steps)
        case Between(inner):
            first, end = _there(source, clock)
            starts = _presented(inner, replace(clock, steps=max(end, 1)), stream, group)
            return starts[(starts >= first) & (starts < end)]
    return np.zeros(0, dtype=np.int64)


def pattern_length(source: Source) -> float:
    """Seconds that the pattern of a source lasts; 0 where it has none."""
    match source:
        case Pasted():
            return source.window
        case Repeated(inner) | Between(inner):
            return pattern_length(inner)
    return 0.0


def _draw(source: Source, clock: Clock, stream: int, copy: int, first: int, group: int) -> list[Steps]:
    match source:
        case Poisson(rates):
            keys = random.streams(clock.seed, stream, np.arange(first, first + len(rates)))
            return _poisson(keys, scales(np.asarray(rates) * clock.dt), clock.steps)
        case Regular(periods, phases):
            return [_regular(phase / clock.dt, period / clock.dt, clock.steps) for period, phase in zip(periods, phases, strict=True)]
        case Replayed(given):
            mine = given[copy * source.count : (copy + 1) * source.count]
            return [_before(np.asarray(train, dtype=np.int64), clock.steps) for train in mine]
        case Between(inner):
            first_step, end = _there(source, clock)
            drawn = _draw(inner, replace(clock, steps=max(end, 1)), stream, copy, first, group)
            return [train[(train >= first_step) & (train < end)] for train in drawn]
        case Repeated(inner):
            period = _period(source, clock)
            return [_again(train, period.steps, clock.steps) for train in _draw(inner, period, stream, copy, first, group)]
        case Group():
            return _group(source, clock, random.streams(clock.seed, stream + random.Purpose.EVENTS_OF_GROUP, [group]))
        case Walk():
            return patterns.walking(source, first, (clock.seed, stream), clock.dt, clock.steps)
        case Pasted():
            drawn = _draw(source.source, clock, stream, copy, first, group)
            noise = _draw(Poisson(np.full(source.count, source.noise)), clock, stream + patterns.NOISE, copy, first, group)
            return patterns.pasted(source, drawn, noise, group, (clock.seed, stream), clock.dt, clock.steps)


def _there(source: Between, clock: Clock) -> tuple[int, int]:
    """The steps from the first to that after the last in which a source is there."""
    return round(source.start / clock.dt), min(round(min(source.stop, 1e12) / clock.dt), clock.steps)


def _period(source: Repeated, clock: Clock) -> Clock:
    """The time that is repeated."""
    return replace(clock, steps=min(max(1, round(source.every / clock.dt)), clock.steps))


def _again(train: Steps, period: int, steps: int) -> Steps:
    """A train of one period, again and again until the last step."""
    begins = np.arange(0, steps, period)
    return _before((begins[:, None] + train).ravel(), steps)


def _before(train: Steps, steps: int) -> Steps:
    return train if not len(train) or train[-1] < steps else train[train < steps]


def scales(probabilities: Any) -> Floats:
    """``-1/log(1 - p)``: what an exponential number is multiplied with, so that its floor is geometric."""
    with np.errstate(divide="ignore"):
        factors: Floats = np.minimum(-1.0 / np.log1p(-np.asarray(probabilities, dtype=float)), 1e300)
    return factors


def exponential(stream: Any, counter: Any) -> Floats:
    """Exponential numbers of mean 1."""
    bits = random.uniform(stream, counter).view(np.uint64)
    m = ((bits & np.uint64(0xFFFFFFFFFFFFF)) | np.uint64(0x3FF0000000000000)).view(float)
    high = m > 1.4142135623730951
    f = np.where(high, 0.5 * m, m) - 1.0
    e = (bits >> np.uint64(52)).astype(float) + np.where(high, -1022.0, -1023.0)
    s = f / (2.0 + f)
    z = s * s
    p = z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11 + z * (1.0 / 13 + z * (1.0 / 15)))))))
    numbers: Floats = -(e * 0.6931471805599453 + 2.0 * (s + s * p))
    return numbers


def intervals(stream: Any, counter: Any, scale: Any) -> Steps:
    """Geometric numbers from 1 on: how far it is to the next of independent successes."""
    with np.errstate(over="ignore"):
        steps: Steps = 1 + np.minimum(exponential(stream, counter) * scale, NEVER).astype(np.int64)
    return steps


def _poisson(keys: Any, scale: Floats, steps: int) -> list[Steps]:
    """All spikes of Poisson trains (or all events of groups) before the last step; trains of like rates are drawn together."""
    widths = np.minimum(1.2 * steps / np.maximum(scale, 1.0) + _BLOCK, 1e6).astype(np.int64)
    order = np.argsort(-widths, kind="stable")
    falling = widths[order]
    drawn: list[Steps] = [np.zeros(0, dtype=np.int64)] * len(order)
    first = 0
    while first < len(order):
        width = int(falling[first])
        alike = int(np.searchsorted(-falling, -width // 2, side="right"))
        some = order[first : min(alike, first + max(1, _AT_ONCE // width))]
        for n, train in zip(some, _of_like_rates(keys[some], scale[some], steps, width), strict=True):
            drawn[n] = train
        first += len(some)
    return drawn


def _of_like_rates(keys: Any, scale: Floats, steps: int, width: int) -> list[Steps]:
    parts: list[list[Steps]] = [[] for _ in keys]
    counter, last, left = 0, np.full(len(keys), -1, dtype=np.int64), np.arange(len(keys))
    while len(left):
        block = last[:, None] + np.cumsum(intervals(keys[left, None], np.arange(counter, counter + width), scale[left, None]), axis=1)
        inside = block < steps
        for n, part in zip(left, np.split(block[inside], np.cumsum(inside.sum(axis=1))[:-1]), strict=True):
            parts[n].append(part)
        going = inside[:, -1]
        last, left, counter = block[going, -1], left[going], counter + width
    return [part[0] if len(part) == 1 else np.concatenate(part) for part in parts]


def _regular(phase: float, period: float, steps: int) -> Steps:
    count = max(0, int(np.ceil((steps - phase) / period)) + 2)
    train = (phase + np.arange(count) * period + 0.5).astype(np.int64)
    return train[train < steps]


def _group(source: Group, clock: Clock, key: Any) -> list[Steps]:
    (events,) = _poisson(key, scales([source.rate * clock.dt]), clock.steps)
    latency = np.rint(np.asarray(source.latencies) / clock.dt).astype(np.int64)
    pairs = [np.zeros((2, 0), dtype=np.int64)]
    for event, member, delay in _members(source, clock.dt, events, key):
        pairs.append(np.stack([member, events[event] + latency[member] + delay]))
    members, steps = np.concatenate(pairs, axis=1)
    order = np.lexsort((steps, members))
    members, steps = members[order], steps[order]
    kept = steps < clock.steps
    edges = np.searchsorted(members[kept], np.arange(source.count + 1))
    return [np.unique(steps[kept][a:b]) for a, b in pairwise(edges)]


def _members(source: Group, dt: float, events: Steps, key: Any) -> Iterator[tuple[Steps, Steps, Steps]]:
    """Event, member and random delay of every spike of the group, one more of each event in each round."""
    event = np.arange(len(events))
    member, draw = np.full(len(events), -1, dtype=np.int64), 0
    streams = _substreams(key, event)
    skip = float(scales([source.share])[0]) if source.share < 1 else 0.0
    while event.size:
        member = member + intervals(streams, np.full(len(event), draw), skip)
        inside = member < source.count
        event, member, streams = event[inside], member[inside], streams[inside]
        delay = np.zeros(len(event), dtype=np.int64)
        if source.jitter > 0 and event.size:
            delay = intervals(streams, np.full(len(event), draw + 1), source.jitter / dt) - 1
        yield event, member, delay
        draw += 2


def _substreams(key: Any, index: Steps) -> Any:
    """The stream of each event's members."""
    return random.streams(int(np.asarray(key).ravel()[0]), random.Purpose.MEMBERS_OF_GROUP, index)
