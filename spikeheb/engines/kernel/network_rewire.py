"""Rewiring a projection of the kernel: its arrays are built again, and what is kept goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.phases import rewirings
from spikeheb.circuits.recording import Rewiring
from spikeheb.draws.edges import SMALL, Edges
from spikeheb.draws.rewire import rewired
from spikeheb.engines.kernel.contract import Array
from spikeheb.engines.kernel.network_arrays import ProjectionArrays
from spikeheb.program.sites import SYNAPSE

UNDONE = -1
"""Removed synapses where a rewiring is still to come."""
SHARED = ("lane", "lane_since", "history")
"""What belongs to the cells, which stay."""


class Course:
    """How a projection has been rewired, as a checkpoint has it.

    Parameters
    ----------
    circuit : Circuit
    name : str
        Of the projection.
    build : callable
        Makes its arrays for synapses.
    """

    def __init__(self, circuit: Circuit, name: str, build: Callable[[Edges], ProjectionArrays]) -> None:
        self.circuit, self.name, self._build = circuit, name, build
        self.steps = [step for step, _ in rewirings(circuit.phases, name)]
        self.pruned = np.full(len(self.steps), UNDONE, dtype=np.int64)

    def start(self, arrays: ProjectionArrays) -> None:
        """The projection is as it is at the start."""
        edges = arrays.edges
        self.before = np.zeros((len(self.steps), 2, len(edges.pre)), dtype=SMALL)
        self.now = np.array([edges.pre, edges.post, edges.delay, np.arange(len(edges.pre))], dtype=SMALL)

    def rewire(self, arrays: ProjectionArrays, step: int) -> ProjectionArrays:
        """The arrays from a step on; the same where nothing is rewired then, or it is done."""
        time = int(np.count_nonzero(self.pruned != UNDONE))
        if time == len(self.steps) or self.steps[time] != step:
            return arrays
        change = rewired(self.circuit, self.name, time, arrays.edges, arrays.values(arrays.job.rule.weight))
        new = self._build(change.edges)
        _go_on(new, arrays, change.before, ~change.fresh, step)
        self.before[time] = arrays.edges.pre, arrays.edges.post
        self.pruned[time] = np.count_nonzero(change.fresh)
        for row, values in zip(self.now, (new.edges.pre, new.edges.post, new.edges.delay, new.edges.origin), strict=True):
            row[...] = values
        return new

    @property
    def done(self) -> tuple[Rewiring, ...]:
        """What was done so far."""
        return tuple(
            Rewiring(step=step, pruned=int(count), grown=int(count), pre=before[0].copy(), post=before[1].copy())
            for step, count, before in zip(self.steps, self.pruned, self.before, strict=True) if count != UNDONE
        )  # fmt: skip

    # --- checkpoints ---

    def state(self) -> dict[str, Array]:
        """All that was drawn on the way."""
        return {"before": self.before, "now": self.now, "pruned": self.pruned}

    def fits(self, state: Mapping[str, Array]) -> bool:
        """Whether a state's synapses lead from sources to cells that there are."""
        ends = self.circuit.taking_part(self.circuit.projections[self.name])
        pre, post, delay, origin = state["now"]
        inside = all(np.all((these >= low) & (these < high)) for these, (low, high) in ((pre, ends[0]), (post, ends[1])))
        falls = np.diff(post) < 0
        return bool(inside and not falls.any() and np.array_equal(np.sort(delay), np.sort(self.now[2])) and _are_places(origin))

    def restore(self, state: Mapping[str, Array]) -> ProjectionArrays:
        """The arrays of such a state, still with the values of the start."""
        for part, array in self.state().items():
            array[...] = state[part]
        time = int(np.count_nonzero(self.pruned != UNDONE))
        pre, post, delay, origin = self.now.copy()
        return self._build(Edges(pre, post, delay, origin if time else None, f"{self.name} rewired {time - 1}" if time else self.name))


def _are_places(numbers: Array) -> bool:
    return bool(np.array_equal(np.sort(numbers), np.arange(len(numbers))))


def _go_on(new: ProjectionArrays, old: ProjectionArrays, before: Array, kept: Array, step: int) -> None:
    """Values of kept synapses, and of all cells, go on; new ones begin at this step."""
    at = step % new.epoch or new.epoch  # where an epoch begins, what is stored is still that of the one before
    for n, decay in enumerate(new.sites.scaled):
        new.state["synapse"][new.sites.row[decay.names[0]]] *= new.fixed["factors"][n][1][at]
    for name in new.sites.names(SYNAPSE):
        _take(new.state["synapse"][new.sites.row[name]], old.values(name), new, before, kept)
    new.state["synapse_since"][...] = step
    for since, earlier in zip(new.state["synapse_since"], old.state["synapse_since"], strict=True):
        _take(since, old.by_edge(earlier), new, before, kept)
    for part in SHARED:
        new.state[part][...] = old.state[part]
    new.state["snapshots"][...] = old.snapshots()[:, new.order]
    new.state["histograms"][...] = old.state["histograms"]


def _take(values: Array, earlier: Array, new: ProjectionArrays, before: Array, kept: Array) -> None:
    """The earlier values of kept synapses, both in the order of the edges but for `values`, which is in that of the rows."""
    stays = kept[new.order]
    values[stays] = earlier[before[new.order]][stays]
