"""How the synapses of a projection lie in memory: their order, what is kept of them, and in numbers of which size."""

from __future__ import annotations

import numpy as np

from spikeheb.draws.edges import Edges
from spikeheb.engines.dense import Dense
from spikeheb.engines.kernel.contract import Array
from spikeheb.program.program import Program
from spikeheb.program.sites import Sites
from spikeheb.program.waiting import may_wait
from spikeheb.rules.static import STATIC


def are_few(sources: int, cells: int, edges: Edges) -> bool:
    """Whether the number of a cell, or of a row, takes 16 bits."""
    delays = 1 + int(edges.delay.max() - edges.delay.min()) if len(edges.delay) else 1
    return max(cells, sources * delays) <= 1 << 16


def are_equal(job: Dense) -> bool:
    """Whether all synapses have the same values, which nothing changes: one number was broadcast to all."""
    given = job.circuit.plastic.initial.get(STATIC.weight)
    return job.rule is STATIC and isinstance(given, np.ndarray) and given.strides == (0,)


def waits(job: Dense, program: Program, places: Sites) -> bool:
    """Whether what postsynaptic spikes do to synapses waits for the next presynaptic one, so that nothing goes through columns."""
    return job.circuit.low_memory and job.normalise is None and may_wait(program, places)


def rows_of(edges: Edges) -> tuple[Array, Array]:
    """The row of each synapse, and the different delays."""
    if not len(edges.delay) or edges.delay.min() == edges.delay.max():
        return edges.pre, edges.delay[:1] if len(edges.delay) else np.zeros(1, dtype=np.int32)
    delays, of_edge = np.unique(edges.delay, return_inverse=True)
    return edges.pre.astype(np.int64) * len(delays) + of_edge, delays


def order_of(row: Array, rows: int) -> Array:
    """The synapses row by row; numbers of 16 bits are sorted without comparing them."""
    return np.argsort(row.astype(np.uint16) if rows <= 1 << 16 else row, kind="stable").astype(np.int32)


def places_of(order: Array) -> Array:
    """Where each synapse stands in an order of all."""
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return place
