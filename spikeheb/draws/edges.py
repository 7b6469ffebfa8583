"""Which synapses a network has, and the numbers that differ between them: a function of seed, projection and cell.

Synapses of a projection stand cell after cell, those of a cell by their source. What is drawn for a cell depends on nothing else, so that
every engine, with any number of threads, has the same graph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import (
    AllToAll,
    Explicit,
    FixedIndegree,
    FixedOutdegree,
    FixedTotal,
    OneToOne,
    OwnCopies,
    Pairwise,
)
from spikeheb.circuits.connect import PairwiseBernoulli as Bernoulli
from spikeheb.circuits.distributions import Distribution, LogNormal, Normal, Uniform
from spikeheb.circuits.drives import Drives
from spikeheb.circuits.equality import equal_by_value
from spikeheb.circuits.populations import Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Projection
from spikeheb.circuits.sources import Poisson, Source
from spikeheb.circuits.steps import Floats, Numbers, Steps
from spikeheb.draws import random
from spikeheb.draws.trains import IMPOSED, INPUTS, Clock, intervals, pattern_length, presentations, scales, trains_and_dropped
from spikeheb.errors import EngineError
from spikeheb.rules.numbers import LONGEST_DELAY
from spikeheb.rules.static import STATIC

CONNECTIONS, VALUES, CURRENTS, DELAYS = 64, 65, 66, 67
"""Purposes of streams of random numbers, beside those of `random.Purpose`."""
AT_ONCE = 1 << 20
"""Numbers that are drawn together, so that they stay in a processor's cache and little memory is taken."""
SMALL = np.int32
"""Of `Numbers`."""
REDRAWN = 1 << 32
"""From a number's counter to that of the one that takes its place."""


@equal_by_value
@dataclass(frozen=True)
class Edges:
    """The synapses of a projection, cell after cell.

    Attributes
    ----------
    pre, post : arrays of int, shape (synapses,)
    delay : array of int, shape (synapses,)
        Steps from the spike to the synapse.
    origin : array of int, shape (synapses,), or None
        After rewiring: for each the synapse of the start that it is, or whose place it has taken; None where all are those of the start.
    key : str
        What its random numbers are drawn by: the name of the projection, and after rewiring which time that was.
    """

    pre: Numbers
    post: Numbers
    delay: Numbers
    origin: Numbers | None = None
    key: str = ""


def edges_of(circuit: Circuit, name: str) -> Edges:
    """The synapses of a projection."""
    projection = circuit.projections[name]
    pre, post = _connected(circuit, name)
    if isinstance(projection.connect, Explicit) and projection.connect.delay is not None:
        given = projection.connect.delay[by_cell(projection.connect)]
        return Edges(pre, post, np.rint(given / circuit.dt).astype(SMALL), key=name)
    if not isinstance(projection.delay, Distribution):  # one for all, which takes no memory
        return Edges(pre, post, np.broadcast_to(SMALL(round(projection.delay / circuit.dt)), post.shape), key=name)
    delay = values_of(circuit, name, "delay", projection.delay, post)
    if not delay.max(initial=0.0) <= LONGEST_DELAY:
        text = f"a delay of {delay.max():g} s was drawn, and {LONGEST_DELAY:g} s are allowed; give the distribution a limit"
        raise EngineError(text, key=f"projections.{name}.delay")
    return Edges(pre, post, np.rint(delay / circuit.dt).astype(SMALL), key=name)


def values_of(circuit: Circuit, name: str, what: str, value: float | Floats | Distribution, post: Numbers) -> Floats:
    """A number for every synapse: one for all, given, or drawn."""
    if not isinstance(value, Distribution):
        array = np.asarray(value, dtype=float)
        if array.ndim and array.shape != post.shape:
            wanted = f"expected a number for {what}, or a list with one for each of the {len(post):,} synapses"
            key = "efficacy" if circuit.projections[name].rule is None else f"initial.{what}"
            raise EngineError(f"{wanted} (got shape {array.shape})", key=f"projections.{name}.{key}")
        return np.broadcast_to(array, post.shape)
    place = np.arange(len(post)) - np.searchsorted(post, post)
    streams = random.streams(seed_of(circuit, f"{name} {what}"), VALUES, post)
    match value:
        case Uniform(low=low, high=high):
            return low + (high - low) * random.uniform(streams, place)
        case LogNormal(median=median, sigma=sigma):
            with np.errstate(over="ignore"):
                return median * np.exp(sigma * random.normal(streams, place))
        case Normal():
            return _normal(value, streams, place)


def watched_synapses(circuit: Circuit, name: str, edges: Edges) -> Steps:
    """The numbers of the synapses of a projection whose weights are to be watched.

    Raises
    ------
    EngineError
        Where a source that was named does not reach the cell.
    """
    watched, count = circuit.probes.of_synapses(name).watched, len(edges.post)
    if isinstance(watched, int):
        return np.unique(np.linspace(0, count - 1, min(watched, count)).astype(np.int64))
    sources = circuit.populations[circuit.projections[name].pre].count
    joined, wanted = edges.post.astype(np.int64) * sources + edges.pre, watched[:, 0] * sources + watched[:, 1]
    for pair in watched[~np.isin(wanted, joined)].tolist():
        text = f"no synapse joins source {pair[1]} to cell {pair[0]}, so that there is none to watch"
        raise EngineError(text, key=f"probes.projections.{name}.watched")
    order = np.argsort(joined, kind="stable")
    first, last = np.searchsorted(joined[order], wanted), np.searchsorted(joined[order], wanted + 1)
    return np.concatenate([np.zeros(0, dtype=np.int64), *(order[low:high] for low, high in zip(first, last, strict=True))])


def trains_of_population(circuit: Circuit, name: str) -> list[Steps]:
    """The steps of the spikes of each source of a population, or of the spikes that are imposed on its cells; each has its own seed."""
    return counted_trains(circuit, name)[0]


def counted_trains(circuit: Circuit, name: str) -> tuple[list[Steps], int]:
    """The same, and how many spikes are left out because their train has another in the same step."""
    return trains_and_dropped(*_sources(circuit, name))


def presentations_of_population(circuit: Circuit, name: str) -> tuple[Steps, Steps]:
    """First step of each presentation of a pattern in a population of sources, and number of the source that has it."""
    return presentations(*_sources(circuit, name))


def presentation_lengths(circuit: Circuit, name: str) -> Floats:
    """Seconds that the pattern of each source of a population lasts; 0 where it has none."""
    return np.array([pattern_length(source) for source in _sources(circuit, name)[0]])


def _sources(circuit: Circuit, name: str) -> tuple[tuple[Source, ...], Clock, int]:
    """The sources of a population, what their trains depend on, and the purpose of their random numbers."""
    population = circuit.populations[name]
    own = Clock(seed_of(circuit, name) % 2**63, circuit.dt, circuit.steps)
    if isinstance(population, Spikes):
        return population.sources, own, INPUTS
    return circuit.drives.get(name, Drives()).imposed, own, IMPOSED


def alone_with(circuit: Circuit, name: str, edges: Edges) -> Circuit:
    """The projection as a circuit of its own, in which each synapse is the one of a silent source: what every engine reads of it.

    Its delay is 0, since that of each synapse is in `edges`.
    """
    projection = circuit.projections[name]
    rule, post = projection.rule or STATIC, edges.post
    initial: Any = starts_of(circuit, name, edges)
    silent = Spikes((Poisson(np.broadcast_to(0.0, post.shape)),))
    plastic = replace(
        projection,
        pre_cells=None,
        post_cells=None,
        pre="sources",
        connect=Pairwise(post),
        rule=rule,
        initial=initial,
        efficacy=1.0,
        delay=0.0,
    )
    return replace(
        circuit, populations={"sources": silent, projection.post: circuit.populations[projection.post]}, projections={name: plastic},
        drives={projection.post: _steady(circuit, projection.post)}, probes=Probes(), phases=(), triggers={},
        seed=seed_of(circuit, edges.key) % 2**63,
    )  # fmt: skip


def starts_of(circuit: Circuit, name: str, edges: Edges) -> dict[str, Floats]:
    """What a projection says of the initial values of its synapses; without a rule their efficacy, as the weight of `STATIC`."""
    projection, connect = circuit.projections[name], circuit.projections[name].connect
    given: dict[str, float | Floats | Distribution] = dict(projection.initial)
    weight = STATIC.weight if projection.rule is None else projection.rule.weight
    if isinstance(connect, Explicit) and connect.weight is not None:
        given[weight] = np.asarray(connect.weight, dtype=float)[by_cell(connect)]
    elif projection.rule is None:
        given[weight] = projection.efficacy
    if edges.origin is not None:
        arrays = {variable: value for variable, value in given.items() if isinstance(value, np.ndarray) and value.ndim}
        given |= {variable: value[edges.origin] for variable, value in arrays.items()}
    return {variable: values_of(circuit, edges.key, variable, value, edges.post) for variable, value in given.items()}


def without_synapses(circuit: Circuit, population: str) -> Circuit:
    """The cells of a population as a circuit of their own: what every engine reads of them."""
    none = np.zeros(0, dtype=np.int64)
    whole = replace(circuit, projections={"none": Projection("sources", population, Pairwise(none), STATIC)},
                    populations={"sources": Spikes(()), population: circuit.populations[population]},
                    drives={population: _steady(circuit, population)}, probes=Probes(), phases=(), triggers={})  # fmt: skip
    return replace(whole, seed=seed_of(circuit, population) % 2**63)


def noise_streams(circuit: Circuit, population: str) -> Any:
    """The streams of the random current into each cell; the counter is the step at which it is drawn."""
    return random.streams(seed_of(circuit, population), CURRENTS, np.arange(circuit.populations[population].count))


def trigger_stream(circuit: Circuit, name: str) -> Any:
    """The stream of the delays of a trigger; the counter is the number of the event."""
    return random.streams(seed_of(circuit, name), DELAYS, np.zeros(1, dtype=np.int64))[0]


def _steady(circuit: Circuit, population: str) -> Drives:
    """What acts on a population, but for what only networks have."""
    return replace(circuit.drives.get(population, Drives()), noise=None)


def seed_of(circuit: Circuit, what: str) -> int:
    """The seed of what is drawn for a part of the network."""
    mark = int.from_bytes(blake2b(what.encode(), digest_size=8).digest(), "little")
    return (circuit.seed + mark) % 2**64


def _normal(value: Normal, streams: Any, place: Steps) -> Floats:
    drawn = value.mean + value.sd * random.normal(streams, place)
    rounds, outside = 0, np.flatnonzero((drawn < value.low) | (drawn > value.high))
    while outside.size:
        rounds += 1
        drawn[outside] = value.mean + value.sd * random.normal(streams[outside], place[outside] + rounds * REDRAWN)
        outside = outside[(drawn[outside] < value.low) | (drawn[outside] > value.high)]
    return drawn


# --- connections ---


def _connected(circuit: Circuit, name: str) -> tuple[Numbers, Numbers]:
    """Source and cell of every synapse, cell after cell."""
    (first, last), (low, high) = circuit.taking_part(circuit.projections[name])
    pre, post = _between(circuit, name, last - first, high - low)
    pre += first  # in place, for there may be many
    post += low
    return pre, post


def _between(circuit: Circuit, name: str, sources: int, cells: int) -> tuple[Numbers, Numbers]:
    """The same among those that take part, counted from 0."""
    projection = circuit.projections[name]
    ends = circuit.taking_part(projection)
    connect, itself = projection.connect, projection.pre == projection.post and ends[0] == ends[1]
    pre: Numbers
    post: Numbers
    spared = itself and not getattr(connect, "autapses", True)  # whether a cell does not reach itself
    there, keys = sources - spared, _keys(circuit, name)
    match connect:
        case Pairwise(cell=cell):
            return np.arange(sources, dtype=SMALL), np.array(cell, dtype=SMALL)
        case OneToOne():
            return np.arange(sources, dtype=SMALL), np.arange(sources, dtype=SMALL)
        case Explicit():
            order = by_cell(connect)
            return np.asarray(connect.pre, dtype=SMALL)[order], np.asarray(connect.post, dtype=SMALL)[order]
        case AllToAll() | OwnCopies():
            pre, post = np.tile(np.arange(there, dtype=SMALL), cells), np.repeat(np.arange(cells, dtype=SMALL), there)
        case Bernoulli(probability=probability):
            pre, post = _in_parts(lambda rows: _thinned(keys(rows), there, probability), cells, probability * there)
        case FixedIndegree(count=count, multiple=multiple):
            pre, post = _in_parts(lambda rows: _chosen(keys(rows), there, count, multiple), cells, count)
        case FixedOutdegree(count=count, multiple=multiple):
            post, pre = _in_parts(lambda rows: _chosen(keys(rows), cells - spared, count, multiple), sources, count)
            post += spared & (post >= pre)
            return _by_cell(pre, post)
        case FixedTotal(count=count, multiple=multiple):
            pre, post = _parted(_chosen(keys(np.zeros(1, dtype=np.int64)), there * cells, count, multiple)[0], there)
    if spared:
        pre += pre >= post
    return pre, post


def _keys(circuit: Circuit, name: str) -> Callable[[Steps], Any]:
    seed = seed_of(circuit, name)
    return lambda rows: random.streams(seed, CONNECTIONS, rows)


def by_cell(connect: Explicit) -> Steps:
    """The places of given synapses, cell after cell and those of a cell by their source; of equal ones the first stays first."""
    order: Steps = np.lexsort((connect.pre, connect.post))
    return order


def _by_cell(pre: npt.NDArray[np.integer], post: npt.NDArray[np.integer]) -> tuple[Numbers, Numbers]:
    sources = int(pre.max(initial=0)) + 1
    places = post.astype(np.int64) * sources
    places += pre
    places.sort()
    return _parted(places, sources)


def _parted(places: Steps, sources: int) -> tuple[Numbers, Numbers]:
    """Source and cell of each place in a table of cells by sources."""
    post = (places // sources).astype(SMALL)
    return (places - post * np.int64(sources)).astype(SMALL), post


def _in_parts(draw: Callable[[Steps], tuple[Steps, Steps]], rows: int, each: float) -> tuple[Numbers, Numbers]:
    """What is drawn for each row (number, row), for some rows at a time."""
    size = max(1, int(AT_ONCE / max(each, 1.0)))
    parts = (draw(np.arange(first, min(first + size, rows))) for first in range(0, rows, size))
    numbers, counts = zip(*((drawn.astype(SMALL), of_row) for drawn, of_row in parts), strict=True)
    return np.concatenate(numbers), np.repeat(np.arange(rows, dtype=SMALL), np.concatenate(counts))


def _thinned(keys: Any, there: int, probability: float) -> tuple[Steps, Steps]:
    """The numbers below `there` that are chosen for each key, each with the same probability; and how many."""
    if probability >= 1 or probability == 0 or there == 0:
        taken = there if probability >= 1 else 0
        return np.tile(np.arange(taken), len(keys)), np.full(len(keys), taken)
    scale, mean = scales([probability])[0], there * probability
    size, counter = int(mean + 6.0 * np.sqrt(mean)) + 8, 0
    at = np.zeros((len(keys), 0), dtype=np.int64)
    while not at.size or at[:, -1].min() < there:
        gaps = np.minimum(intervals(keys[:, None], np.arange(counter, counter + size)[None, :], scale), there + 1)
        at = np.concatenate([at, (at[:, -1:] if at.size else -1) + np.cumsum(gaps, axis=1)], axis=1)
        counter += size
    inside = at < there
    return at[inside], inside.sum(axis=1)


def _chosen(keys: Any, there: int, count: int, multiple: bool) -> tuple[Steps, Steps]:
    """`count` of the numbers below `there` for each key, rising; and how many."""
    rest = not multiple and count > there // 2
    drawn = np.arange((there - count) if rest else count)
    numbers = np.sort((random.uniform(keys[:, None], drawn[None, :]) * there).astype(np.int64), axis=1)
    counter, again = len(drawn), np.arange(0 if multiple or not len(drawn) else len(keys))
    while again.size:
        double = np.zeros((len(again), len(drawn)), dtype=bool)
        double[:, 1:] = numbers[again, 1:] == numbers[again, :-1]
        double, again = double[double.any(axis=1)], again[double.any(axis=1)]
        anew = (random.uniform(keys[again, None], counter + drawn[None, :]) * there).astype(np.int64)
        numbers[again] = np.sort(np.where(double, anew, numbers[again]), axis=1)
        counter += len(drawn)
    if rest:
        free = np.ones((len(keys), there), dtype=bool)
        free[np.arange(len(keys))[:, None], numbers] = False
        numbers = np.nonzero(free)[1].reshape(len(keys), count)
    return numbers.reshape(-1), np.full(len(keys), count)
