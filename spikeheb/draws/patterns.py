"""Trains with walking rates, and trains into which a window of them is pasted again and again.

All numbers are drawn by stream and counter, as in `spikeheb.draws.trains`: those of a train depend on its number, those of a
presentation on its slot, and nothing on how long the run is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeheb.circuits.sources import Pasted, Steps, Walk
from spikeheb.draws import random
from spikeheb.errors import ScheduleError

BEGINNING, WITHIN, SLOTS, JITTER, NOISE = 96, 112, 128, 144, 160
"""Purposes of streams of random numbers, to which that of the trains is added, beside those of `random.Purpose`."""
AT_ONCE = 8
"""Bins whose numbers are drawn together, so that they stay in a processor's cache."""
HALF = 2.0**26
"""A uniform number of 52 bits is two of half as many."""


@dataclass(frozen=True)
class Flat:
    """The spikes of all trains of a source: train and step of each, in no order."""

    train: Steps
    step: Steps


def flat(trains: list[Steps]) -> Flat:
    """The spikes of a list of trains."""
    lengths = [len(train) for train in trains]
    return Flat(np.repeat(np.arange(len(trains)), lengths), np.concatenate([np.zeros(0, dtype=np.int64), *trains]))


def in_trains(spikes: Flat, count: int, steps: int) -> list[Steps]:
    """The steps of each train, rising, of spikes from step 0 to `steps` - 1."""
    key = spikes.train * steps + spikes.step
    key.sort()
    edges = np.searchsorted(key, np.arange(1, count) * steps)
    return np.split(key % steps, edges)[:count]


def once(trains: list[Steps], duplicates: str, dt: float) -> tuple[list[Steps], int]:
    """The trains with at most one spike of each in a step, and how many are left out.

    Raises
    ------
    ScheduleError
        For two spikes in one step, unless they may be dropped.
    """
    again = [np.flatnonzero(np.diff(train) == 0) + 1 for train in trains]
    dropped = sum(len(places) for places in again)
    if dropped and duplicates == "error":
        number = next(n for n, places in enumerate(again) if len(places))
        step = trains[number][again[number][0]]
        remedy = 'take a smaller dt, or let one be left out: duplicates = "drop"'
        raise ScheduleError(f"train {number} has two spikes in the step of {step * dt:g} s; {remedy}")
    return [np.delete(train, places) if len(places) else train for train, places in zip(trains, again, strict=True)], dropped


# --- walking rates ---


def walking(walk: Walk, first: int, seeds: tuple[int, int], dt: float, steps: int) -> list[Steps]:
    """The trains of a `Walk`.

    Parameters
    ----------
    walk : Walk
    first : int
        Number of the first train in its population.
    seeds : tuple of int
        Seed and purpose of the trains.
    dt : float
        Seconds.
    steps : int
    """
    bins = math.ceil(steps * dt / walk.every - 1e-9)
    begin = random.streams(*_other(seeds, BEGINNING), np.arange(first, first + walk.count))
    keys = random.streams(*seeds, np.arange(first, first + walk.count))
    train, at = _bins_with_spikes(walk, keys, begin, bins)
    train, at = _with_silences_ended(walk, train, at, begin, bins)
    places = random.streams(*_other(seeds, WITHIN), first + train)
    step = ((at + random.uniform(places, at)) * (walk.every / dt)).astype(np.int64)
    inside = step < steps
    return in_trains(Flat(train[inside], step[inside]), walk.count, steps)


def _bins_with_spikes(walk: Walk, keys: Any, begin: Any, bins: int) -> tuple[Steps, Steps]:
    """Train and bin of each spike that is not forced.

    A number of 52 bits makes two: the low half decides on the spike of a bin, the high half on how the slope turns after it. Rates are
    in spikes a bin, slopes in spikes a bin and bin.
    """
    low, high = walk.low * walk.every, walk.high * walk.every
    steepest, most = walk.slope * walk.every**2, walk.turn * walk.every**2
    rate = low + (high - low) * random.uniform(begin, 0)
    slope = steepest * (2.0 * random.uniform(begin, 1) - 1.0)
    trains, places = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for first in range(0, bins, AT_ONCE):
        numbers = random.uniform(keys[None, :], np.arange(first, min(first + AT_ONCE, bins))[:, None]) * HALF
        turned = np.floor(numbers)
        numbers -= turned
        turns = turned * (2.0 * most / HALF) - most
        for n in range(len(numbers)):
            numbers[n] -= rate
            rate += slope
            slope += turns[n]
            np.minimum(np.maximum(slope, -steepest, out=slope), steepest, out=slope)
            np.minimum(np.maximum(rate, low, out=rate), high, out=rate)
        bin_, train = np.nonzero(numbers < 0.0)
        trains.append(train)
        places.append(bin_ + first)
    return np.concatenate(trains), np.concatenate(places)


def _with_silences_ended(walk: Walk, train: Steps, at: Steps, begin: Any, bins: int) -> tuple[Steps, Steps]:
    """The same with a spike in the bin that begins `silence` after that of the last one, again and again.

    The last spike before the run is in any of the bins of a silence before it.
    """
    if math.isinf(walk.silence):
        return train, at
    longest = max(1, round(walk.silence / walk.every))
    each, width = np.arange(walk.count), longest + bins + 1
    before = (random.uniform(begin, 2) * longest).astype(np.int64)
    key = np.sort(np.concatenate([train * width + longest + at, each * width + before, each * width + width - 1]))
    missing = (np.diff(key) - 1) // longest
    number = np.arange(missing.sum()) - np.repeat(np.cumsum(missing) - missing, missing)
    forced = np.repeat(key[:-1], missing) + (number + 1) * longest
    train, at = np.divmod(np.concatenate([key, forced]), width)
    inside = (at >= longest) & (at < longest + bins)
    return train[inside], at[inside] - longest


# --- patterns ---


def presented(source: Pasted, group: int, seeds: tuple[int, int], dt: float, steps: int) -> Steps:
    """The first step of each presentation.

    Parameters
    ----------
    source : Pasted
    group : int
        Number of the source in its population.
    seeds : tuple of int
        Seed and purpose of the trains.
    dt : float
        Seconds.
    steps : int
    """
    length = round(source.window / dt)
    slots = -(-steps // length)
    stream = random.streams(*_other(seeds, SLOTS), [group])
    wanted = random.uniform(stream, np.arange(slots)) < source.share / (1.0 - source.share)
    # in a row of wanted slots every second one has the pattern, beginning with the first
    begins = np.flatnonzero(wanted & ~np.concatenate([[False], wanted[:-1]]))
    row = np.arange(slots) - begins[np.maximum(np.searchsorted(begins, np.arange(slots), side="right") - 1, 0)] if begins.size else 0
    return np.flatnonzero(wanted & (np.asarray(row) % 2 == 0)) * length


def pasted(
    source: Pasted, trains: list[Steps], noise: list[Steps], group: int, seeds: tuple[int, int], dt: float, steps: int
) -> list[Steps]:
    """The trains with the pattern in all its presentations, and noise; a train may have several spikes in a step.

    Parameters
    ----------
    source : Pasted
    trains, noise : list of arrays of int
        What the pattern is made of and pasted into, and what is added to each train.
    group, seeds, dt, steps
        As for `presented`.
    """
    spikes, added = flat(trains), flat(noise)
    starts = presented(source, group, seeds, dt, steps)
    if starts.size:
        spikes = _with_pattern(source, spikes, starts, random.streams(*_other(seeds, JITTER), [group])[0], dt, steps)
    return in_trains(Flat(np.concatenate([spikes.train, added.train]), np.concatenate([spikes.step, added.step])), source.count, steps)


def _with_pattern(source: Pasted, spikes: Flat, starts: Steps, key: Any, dt: float, steps: int) -> Flat:
    length = round(source.window / dt)
    shown = np.zeros(-(-steps // length), dtype=bool)
    shown[starts // length] = True
    is_member = spikes.train < source.members
    chosen = is_member & (spikes.step // length == starts[0] // length)
    train, step = spikes.train[chosen], spikes.step[chosen] - starts[0]
    order = np.lexsort((step, train))
    copied = _copies(source, train[order], step[order], starts, key, dt)
    kept = ~(is_member & shown[spikes.step // length])
    inside = copied.step < steps
    return Flat(np.concatenate([spikes.train[kept], copied.train[inside]]), np.concatenate([spikes.step[kept], copied.step[inside]]))


def _copies(source: Pasted, train: Steps, step: Steps, starts: Steps, key: Any, dt: float) -> Flat:
    """The spikes of all presentations, each with its jitter, or at a random place if it is deleted."""
    length, number = round(source.window / dt), np.arange(len(step))
    streams = random.streams(int(key), JITTER, starts // length)[:, None]
    places = np.broadcast_to(step.astype(float), (len(starts), len(step)))
    if source.deleted > 0:
        deleted = random.uniform(streams, 3 * number) < source.deleted
        places = np.where(deleted, np.floor(random.uniform(streams, 3 * number + 1) * length), places)
    if source.jitter > 0:
        places = places + random.normal(streams, 3 * number + 2) * (source.jitter / dt)
    at = np.maximum(starts[:, None] + np.rint(places).astype(np.int64), 0)
    return Flat(np.tile(train, len(starts)), at.ravel())


def _other(seeds: tuple[int, int], purpose: int) -> tuple[int, int]:
    return seeds[0], seeds[1] + purpose
