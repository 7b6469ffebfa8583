"""Spike sources as the compiled kernel reads them: arrays, and the struct that points to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikeheb.circuits.sources import Floats, Group, Poisson, Regular, Replayed, Source, Steps
from spikeheb.draws.trains import Clock, scales
from spikeheb.engines.kernel.contract import KINDS, TRAINS, Array


class SourceArrays:
    """Sources as arrays, and the struct that points to them.

    Parameters
    ----------
    sources : sequence of Source
    clock : Clock
    stream : int
    copies : int
        Cells with trains of their own, else 1.
    """

    def __init__(self, sources: Sequence[Source], clock: Clock, stream: int, copies: int) -> None:
        count = sum(source.count for source in sources)
        self.arrays: dict[str, Array] = {
            "kind": np.array([KINDS.index(type(source)) for source in sources], dtype=np.int64),
            "first": np.concatenate([[0], np.cumsum([source.count for source in sources])]).astype(np.int64),
            "value": np.concatenate([_values(source, clock.dt) for source in sources]),
            "start": np.concatenate([_starts(source, clock.dt) for source in sources]),
        }
        groups = [source if isinstance(source, Group) else Group(0.0, 1.0, np.zeros(0)) for source in sources]
        self.arrays |= {
            "event_scale": scales([group.rate * clock.dt for group in groups]),
            "skip_scale": np.array([float(scales([group.share])[0]) if group.share < 1 else 0.0 for group in groups]),
            "jitter": np.array([group.jitter / clock.dt for group in groups]),
        }
        self.arrays |= _replayed(sources, copies)
        numbers = {"count": count, "seed": clock.seed & (2**64 - 1), "purpose": stream, "sources": len(sources)}
        self.struct = TRAINS.filled(self.arrays, numbers)


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


def _replayed(sources: Sequence[Source], copies: int) -> dict[str, Array]:
    if not any(isinstance(source, Replayed) for source in sources):
        return {"replay_first": np.zeros(1, dtype=np.int64), "replay": np.zeros(0, dtype=np.int64)}
    rows: list[Steps] = []
    for copy in range(copies):
        for source in sources:
            given = source.trains[copy * source.count : (copy + 1) * source.count] if isinstance(source, Replayed) else ()
            rows += list(given) if given else [np.zeros(0, dtype=np.int64)] * source.count
    first = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return {"replay_first": first, "replay": np.concatenate([*rows, np.zeros(0, dtype=np.int64)]).astype(np.int64)}
