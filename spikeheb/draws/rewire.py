"""Which synapses take the place of others where a network is rewired: a function of seed, projection, time, and cell or source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.phases import rewirings
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.draws import random
from spikeheb.draws.edges import CONNECTIONS, SMALL, Edges, seed_of
from spikeheb.errors import EngineError

ROUNDS = 16
"""In which numbers are drawn anew where they are taken; whoever then still needs some is given free ones in a random order."""
NEXT_ROUND = 1 << 32
"""From a number's counter to that of the number that takes its place."""

Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Rewired:
    """A projection after it was rewired.

    Attributes
    ----------
    edges : Edges
    before : array of int, shape (synapses,)
        For each synapse the one, before, that it is or whose place it has taken.
    fresh : array of bool, shape (synapses,)
        Whether it is new.
    """

    edges: Edges
    before: Steps
    fresh: Mask


def rewired(circuit: Circuit, name: str, time: int, edges: Edges, weights: Floats) -> Rewired:
    """A projection with other synapses in the place of its weak ones.

    Parameters
    ----------
    circuit : Circuit
    name : str
        Of the projection.
    time : int
        Which of its rewirings this is, counted from 0.
    edges : Edges
        As they are before.
    weights : array of float, shape (synapses,)
        As they are before.

    Raises
    ------
    EngineError
        Where there are not enough partners left.
    """
    how, key = rewirings(circuit.phases, name)[time][1], f"{name} rewired {time}"
    projection = circuit.projections[name]
    fresh = np.asarray(weights, dtype=float) < how.below
    by_cell = how.keep == "indegree"
    pre, post = edges.pre.astype(np.int64), edges.post.astype(np.int64)
    own, other = (post, pre) if by_cell else (pre, post)
    ends = circuit.taking_part(projection)
    low, high = ends[0] if by_cell else ends[1]
    itself = projection.pre == projection.post and not getattr(projection.connect, "autapses", False)
    draw = _Draw(name, low, high, itself, random.streams(seed_of(circuit, key), CONNECTIONS, np.arange(int(own.max(initial=0)) + 1)))
    partner = other.copy()
    partner[fresh] = draw.partners(own[fresh], own[~fresh], other[~fresh], multiple=getattr(projection.connect, "multiple", False))
    pre, post = (partner, own) if by_cell else (own, partner)
    order = np.lexsort((pre, post))
    origin = order if edges.origin is None else edges.origin[order]
    small = pre[order].astype(SMALL), post[order].astype(SMALL), edges.delay[order], origin.astype(SMALL)
    return Rewired(Edges(*small, key), order, fresh[order])


@dataclass(frozen=True)
class _Draw:
    """Partners from `low` to `high` - 1, by the stream of whoever needs them."""

    name: str
    low: int
    high: int
    itself: bool
    """Whether nobody is a partner of oneself."""
    streams: Any

    def partners(self, own: Steps, kept_own: Steps, kept: Steps, *, multiple: bool) -> Steps:
        """A partner for each of `own`, which is sorted or not; none twice or among those kept, unless `multiple`."""
        order = np.argsort(own, kind="stable")
        own = own[order]
        place = np.arange(len(own)) - np.searchsorted(own, own)
        drawn, open_ = np.zeros(len(own), dtype=np.int64), np.arange(len(own))
        taken = np.zeros(0, dtype=np.int64) if multiple else np.unique(self._pairs(kept_own, kept))
        grown, number = np.zeros(0, dtype=np.int64), 0
        while open_.size and (multiple or number < ROUNDS):
            uniform = random.uniform(self.streams[own[open_]], place[open_] + number * NEXT_ROUND)
            candidate = self.low + (uniform * (self.high - self.low)).astype(np.int64)
            pairs = self._pairs(own[open_], candidate)
            good = ~(self.itself & (candidate == own[open_]))
            if not multiple:
                first = np.zeros(len(pairs), dtype=bool)
                first[np.unique(pairs, return_index=True)[1]] = True
                good &= first & ~_is_in(pairs, taken) & ~_is_in(pairs, grown)
                grown = np.sort(np.concatenate([grown, pairs[good]]))
            drawn[open_[good]] = candidate[good]
            open_, number = open_[~good], number + 1
        taken = np.concatenate([taken, grown])
        for who in np.unique(own[open_]).tolist():
            wanting = open_[own[open_] == who]
            drawn[wanting] = self._free(who, taken[taken // self.high == who] % self.high, len(wanting))
        result = np.empty_like(drawn)
        result[order] = drawn
        return result

    def _pairs(self, own: Steps, partner: Steps) -> Steps:
        return own * self.high + partner

    def _free(self, who: int, taken: Steps, count: int) -> Steps:
        """Some that are free, in the order of a number drawn for each."""
        free = np.setdiff1d(np.arange(self.low, self.high), np.append(taken, who) if self.itself else taken)
        if len(free) < count:
            raise EngineError(f'"{self.name}" cannot be rewired: {count} synapses need a partner, and {len(free)} are free', key="phases")
        return free[np.argsort(random.uniform(self.streams[who], (ROUNDS + 1) * NEXT_ROUND + free), kind="stable")[:count]]


def _is_in(values: Steps, rising: Steps) -> Mask:
    """Which values stand in a rising row."""
    if not rising.size:
        return np.zeros(len(values), dtype=bool)
    there: Mask = rising[np.minimum(np.searchsorted(rising, values), len(rising) - 1)] == values
    return there
