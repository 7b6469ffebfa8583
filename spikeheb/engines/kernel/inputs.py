"""Spike trains as functions of seed, train and counter: what the kernel draws, spike by spike and bit for bit.

Uniform numbers are those of `random`; an exponential number is minus their logarithm, computed by operations that round
alike everywhere. A Poisson train has a spike in each step with probability p = rate times dt, so that its intervals are
``1 + floor(E*scale)`` steps with ``scale = -1/log(1 - p)``.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from spikeheb.engines.job import Floats, Steps
from spikeheb.engines.kernel import random
from spikeheb.engines.population import Group, Poisson, PopulationJob, Regular, Replayed, Source

INPUTS, INHIBITION, IMPOSED = 5, 6, 7
EVENTS_OF_GROUP, MEMBERS_OF_GROUP = 16, 32
NEVER = 2.0**52
KINDS = {Poisson: 0, Group: 1, Regular: 2, Replayed: 3}
_BLOCK = 64


def trains(job: PopulationJob) -> list[Steps]:
    """The steps of the spikes of each input; with private inputs those of the first cell, then of the second, and so on."""
    return _all(job.inputs, job, INPUTS, job.cells if job.private else 1)


def inhibitory_trains(job: PopulationJob) -> list[Steps]:
    """The same for the inputs without plasticity."""
    return _all(job.inhibition.inputs if job.inhibition else (), job, INHIBITION, job.cells if job.private else 1)


def imposed_trains(job: PopulationJob) -> list[Steps]:
    """The steps of the imposed spikes of each cell; empty where nothing is imposed."""
    return _all(job.imposed, job, IMPOSED, 1) or [np.zeros(0, dtype=np.int64) for _ in range(job.cells)]


def _all(sources: Sequence[Source], job: PopulationJob, purpose: int, copies: int) -> list[Steps]:
    trains = []
    for copy in range(copies):
        first = copy * sum(source.count for source in sources)
        for n, source in enumerate(sources):
            trains += _draw(source, job, purpose, copy, first, copy * len(sources) + n)
            first += source.count
    return trains


def _draw(source: Source, job: PopulationJob, purpose: int, copy: int, first: int, group: int) -> list[Steps]:
    match source:
        case Poisson(rates):
            keys = random.streams(job.seed, purpose, np.arange(first, first + len(rates)))
            return [_poisson(key, scale, job.steps) for key, scale in zip(keys, scales(np.asarray(rates) * job.dt), strict=True)]
        case Regular(periods, phases):
            return [_regular(phase / job.dt, period / job.dt, job.steps) for period, phase in zip(periods, phases, strict=True)]
        case Replayed(given):
            mine = given[copy * source.count : (copy + 1) * source.count]
            return [np.asarray(train[train < job.steps], dtype=np.int64) for train in mine]
        case Group():
            return _group(source, job, random.streams(job.seed, purpose + EVENTS_OF_GROUP, [group]))


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


def _intervals(stream: Any, counter: Any, scale: Any) -> Steps:
    with np.errstate(over="ignore"):
        steps: Steps = 1 + np.minimum(exponential(stream, counter) * scale, NEVER).astype(np.int64)
    return steps


def _poisson(key: Any, scale: float, steps: int) -> Steps:
    """All spikes of one Poisson train (or all events of a group) before the last step."""
    parts, last = [np.zeros(0, dtype=np.int64)], -1
    counter, size = 0, int(min(1.2 * steps / scale + _BLOCK, 1e6))
    while last < steps:
        block = last + np.cumsum(_intervals(np.broadcast_to(key, (size,)), np.arange(counter, counter + size), scale))
        parts.append(block)
        last, counter = int(block[-1]), counter + size
    train = np.concatenate(parts)
    return train[train < steps]


def _regular(phase: float, period: float, steps: int) -> Steps:
    count = max(0, int(np.ceil((steps - phase) / period)) + 2)
    train = (phase + np.arange(count) * period + 0.5).astype(np.int64)
    return train[train < steps]


def _group(source: Group, job: PopulationJob, key: Any) -> list[Steps]:
    events = _poisson(key, float(scales([source.rate * job.dt])[0]), job.steps)
    latency = np.rint(np.asarray(source.latencies) / job.dt).astype(np.int64)
    pairs = [np.zeros((2, 0), dtype=np.int64)]
    for event, member, delay in _members(source, job.dt, events, key):
        pairs.append(np.stack([member, events[event] + latency[member] + delay]))
    members, steps = np.concatenate(pairs, axis=1)
    order = np.lexsort((steps, members))
    members, steps = members[order], steps[order]
    kept = steps < job.steps
    edges = np.searchsorted(members[kept], np.arange(source.count + 1))
    return [np.unique(steps[kept][a:b]) for a, b in pairwise(edges)]


def _members(source: Group, dt: float, events: Steps, key: Any) -> Iterator[tuple[Steps, Steps, Steps]]:
    """Event, member and random delay of every spike of the group, one more of each event in each round."""
    event = np.arange(len(events))
    member, draw = np.full(len(events), -1, dtype=np.int64), 0
    streams = _substreams(key, event)
    skip = float(scales([source.share])[0]) if source.share < 1 else 0.0
    while event.size:
        member = member + _intervals(streams, np.full(len(event), draw), skip)
        inside = member < source.count
        event, member, streams = event[inside], member[inside], streams[inside]
        delay = np.zeros(len(event), dtype=np.int64)
        if source.jitter > 0 and event.size:
            delay = _intervals(streams, np.full(len(event), draw + 1), source.jitter / dt) - 1
        yield event, member, delay
        draw += 2


def _substreams(key: Any, index: Steps) -> Any:
    """The stream of each event's members."""
    return random.streams(int(np.asarray(key).ravel()[0]), MEMBERS_OF_GROUP, index)


# --- for the compiled kernel ------------------------------------------------------------------------------------------

_POINTER, _COUNT = ctypes.c_void_p, ctypes.c_int64


class TrainsStruct(ctypes.Structure):
    """``struct Trains`` of `inputs.hpp`, member by member."""

    _fields_ = [
        ("count", _COUNT),
        ("seed", ctypes.c_uint64),
        ("purpose", _COUNT), ("sources", _COUNT),
        ("kind", _POINTER), ("first", _POINTER),
        ("value", _POINTER), ("start", _POINTER),
        ("event_scale", _POINTER), ("skip_scale", _POINTER), ("jitter", _POINTER),
        ("replay_first", _POINTER), ("replay", _POINTER),
    ]  # fmt: skip


class Told:
    """Sources as arrays, and the struct that points to them.

    Parameters
    ----------
    sources : sequence of Source
    job : PopulationJob
    purpose : int
    copies : int
        Cells with trains of their own, else 1.
    """

    def __init__(self, sources: Sequence[Source], job: PopulationJob, purpose: int, copies: int) -> None:
        count = sum(source.count for source in sources)
        self.arrays: dict[str, np.ndarray[Any, Any]] = {
            "kind": np.array([KINDS[type(source)] for source in sources], dtype=np.int64),
            "first": np.concatenate([[0], np.cumsum([source.count for source in sources])]).astype(np.int64),
            "value": np.concatenate([_values(source, job.dt) for source in sources]),
            "start": np.concatenate([_starts(source, job.dt) for source in sources]),
        }
        groups = [source if isinstance(source, Group) else Group(0.0, 1.0, np.zeros(0)) for source in sources]
        self.arrays |= {
            "event_scale": scales([group.rate * job.dt for group in groups]),
            "skip_scale": np.array([float(scales([group.share])[0]) if group.share < 1 else 0.0 for group in groups]),
            "jitter": np.array([group.jitter / job.dt for group in groups]),
        }
        self.arrays |= _replayed(sources, copies)
        self.struct = TrainsStruct(count=count, seed=job.seed & (2**64 - 1), purpose=purpose, sources=len(sources))
        for name, array in self.arrays.items():
            setattr(self.struct, name, array.ctypes.data)


def _values(source: Source, dt: float) -> Floats:
    match source:
        case Poisson(rates):
            return scales(np.asarray(rates) * dt)
        case Regular(periods, _):
            return np.asarray(periods, dtype=float) / dt
    return np.zeros(source.count)


def _starts(source: Source, dt: float) -> Floats:
    match source:
        case Regular(_, phases):
            return np.asarray(phases, dtype=float) / dt
        case Group():
            return np.rint(np.asarray(source.latencies, dtype=float) / dt)
    return np.zeros(source.count)


def _replayed(sources: Sequence[Source], copies: int) -> dict[str, np.ndarray[Any, Any]]:
    if not any(isinstance(source, Replayed) for source in sources):
        return {"replay_first": np.zeros(1, dtype=np.int64), "replay": np.zeros(0, dtype=np.int64)}
    rows: list[Steps] = []
    for copy in range(copies):
        for source in sources:
            given = source.trains[copy * source.count : (copy + 1) * source.count] if isinstance(source, Replayed) else ()
            rows += list(given) if given else [np.zeros(0, dtype=np.int64)] * source.count
    first = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return {"replay_first": first, "replay": np.concatenate([*rows, np.zeros(0, dtype=np.int64)]).astype(np.int64)}
