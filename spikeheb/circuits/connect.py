"""Which source of a projection reaches which cell. Names are those of NEST and PyNN."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from spikeheb.circuits.equality import equal_by_value
from spikeheb.circuits.steps import Floats, Numbers, Steps
from spikeheb.errors import EngineError
from spikeheb.rules.numbers import LONGEST_DELAY

LARGEST = 2**31 - 1
"""Sources, and synapses of a projection, that can be numbered."""


@equal_by_value
@dataclass(frozen=True)
class Pairwise:
    """Each source reaches one cell.

    Attributes
    ----------
    cell : array of int, shape (sources,)
        The cell that each reaches; sorted.
    """

    cell: Steps | Numbers


@dataclass(frozen=True)
class OwnCopies:
    """Every source reaches every cell, and each cell has trains of its own from sources of the same kinds."""


@dataclass(frozen=True, kw_only=True)
class _Between:
    """What connects any two populations.

    Attributes
    ----------
    autapses : bool or None
        Whether a cell may reach itself; to be said where a population reaches itself, without effect elsewhere.
    """

    autapses: bool | None = None


@dataclass(frozen=True, kw_only=True)
class AllToAll(_Between):
    """Every source reaches every cell."""

    NAME: ClassVar[str] = "all_to_all"


@dataclass(frozen=True, kw_only=True)
class OneToOne:
    """The n-th source reaches the n-th cell; there are as many of both."""

    NAME: ClassVar[str] = "one_to_one"


@dataclass(frozen=True, kw_only=True)
class PairwiseBernoulli(_Between):
    """Every source reaches every cell with the same probability, independently.

    Attributes
    ----------
    probability : float
    """

    NAME: ClassVar[str] = "pairwise_bernoulli"
    probability: float


@dataclass(frozen=True, kw_only=True)
class FixedIndegree(_Between):
    """Every cell is reached by the same number of sources, drawn at random.

    Attributes
    ----------
    count : int
    multiple : bool
        Whether a source may reach a cell more than once.
    """

    NAME: ClassVar[str] = "fixed_indegree"
    count: int
    multiple: bool = False


@dataclass(frozen=True, kw_only=True)
class FixedOutdegree(_Between):
    """Every source reaches the same number of cells, drawn at random.

    Attributes
    ----------
    count : int
    multiple : bool
        Whether a source may reach a cell more than once.
    """

    NAME: ClassVar[str] = "fixed_outdegree"
    count: int
    multiple: bool = False


@dataclass(frozen=True, kw_only=True)
class FixedTotal(_Between):
    """A given number of synapses, each between a source and a cell that are drawn at random.

    Attributes
    ----------
    count : int
    multiple : bool
        Whether a source may reach a cell more than once.
    """

    NAME: ClassVar[str] = "fixed_total_number"
    count: int
    multiple: bool = False


@equal_by_value
@dataclass(frozen=True, kw_only=True)
class Explicit:
    """Every synapse is given.

    Attributes
    ----------
    pre, post : arrays of int, shape (synapses,)
        Source and cell of each, counted from 0; in any order.
    weight : array of float, shape (synapses,), or None
        The initial weight of each under a rule; without one its efficacy. None where the projection says it.
    delay : array of float, shape (synapses,), or None
        Seconds. None where the projection says it.
    file, population : str or None
        The SONATA file that they were read from, and which of its populations of edges.
    """

    NAME: ClassVar[str] = "explicit"
    pre: Steps
    post: Steps
    weight: Floats | None = None
    delay: Floats | None = None
    file: str | None = None
    population: str | None = None


Drawn = PairwiseBernoulli | FixedIndegree | FixedOutdegree | FixedTotal
Connector = Pairwise | OwnCopies | AllToAll | OneToOne | Explicit | Drawn
CONNECTORS: dict[str, type[Connector]] = {
    kind.NAME: kind for kind in (AllToAll, OneToOne, PairwiseBernoulli, FixedIndegree, FixedOutdegree, FixedTotal, Explicit)
}


def expected(connect: Connector, sources: int, cells: int) -> float:
    """The expected number of synapses."""
    match connect:
        case Pairwise() | OneToOne():
            return sources
        case Explicit(pre=pre):
            return len(pre)
        case PairwiseBernoulli(probability=probability):
            return probability * sources * cells
        case FixedIndegree(count=count):
            return float(count) * cells
        case FixedOutdegree(count=count):
            return float(count) * sources
        case FixedTotal(count=count):
            return count
        case _:
            return float(sources) * cells


def check(connect: Connector, sources: int, cells: int, *, itself: bool) -> None:
    """Raise for a connector that is impossible between these numbers of sources and cells; `itself` says whether they are one population.

    Raises
    ------
    EngineError
        Its key is that of a projection.
    """
    if itself and not isinstance(connect, OneToOne | Explicit) and getattr(connect, "autapses", None) is None:
        raise EngineError("it leads from a population to itself; say autapses = true or false", key="connect.autapses")
    there = sources - (itself and not getattr(connect, "autapses", True)), cells - (itself and not getattr(connect, "autapses", True))
    match connect:
        case Pairwise(cell=cell):
            _check_pairs(cell, sources, cells)
        case OneToOne() if sources != cells:
            counts = f"{sources:,} sources and {cells:,} cells"
            raise EngineError(f"one to one needs as many sources as cells (got {counts}); connect otherwise, or a part", key="connect")
        case PairwiseBernoulli(probability=probability) if not 0 <= probability <= 1:
            raise EngineError(f"a probability lies between 0 and 1 (got {probability:g})", key="connect.probability")
        case FixedIndegree(count=count, multiple=multiple):
            _check_count(count, there[0], multiple, "sources")
        case FixedOutdegree(count=count, multiple=multiple):
            _check_count(count, there[1], multiple, "cells")
        case FixedTotal(count=count, multiple=multiple):
            _check_count(count, there[0] * cells, multiple, "pairs of a source and a cell")
        case Explicit():
            _check_explicit(connect, sources, cells)
    if expected(connect, sources, cells) > LARGEST:
        raise EngineError(
            f"that would be {expected(connect, sources, cells):,.0f} synapses; at most {LARGEST:,} are possible", key="connect"
        )


def _check_count(count: int, there: int, multiple: bool, what: str) -> None:
    if count < 0 or (count > 0 and there < 1) or (count > there and not multiple):
        remedy = "" if count < 0 or there < 1 else ", or multiple = true"
        raise EngineError(f"expected a count from 0 to {there:,}, the number of {what}{remedy} (got {count:,})", key="connect.count")


def _check_pairs(cell: Steps | Numbers, sources: int, cells: int) -> None:
    if np.shape(cell) != (sources,):
        raise EngineError(f"expected a cell for each of {sources} sources (got {np.size(cell)})", key="reaches")
    if np.any(np.diff(cell) < 0):
        raise EngineError("expected sources sorted by the cell that they reach", key="reaches")
    if sources and not (cell[0] >= 0 and cell[-1] < cells):
        raise EngineError(f"there is no cell {cell[0] if cell[0] < 0 else cell[-1]}; there are {cells}, counted from 0", key="reaches")


def _check_explicit(connect: Explicit, sources: int, cells: int) -> None:
    pre, post = connect.pre, connect.post
    if np.ndim(pre) != 1 or np.shape(pre) != np.shape(post):
        raise EngineError(f"expected a source and a cell for each synapse (got {np.size(pre)} and {np.size(post)})", key="connect.post")
    for key, what, numbers, count in (("pre", "source", pre, sources), ("post", "cell", post, cells)):
        wrong = np.flatnonzero((numbers < 0) | (numbers >= count))
        if wrong.size:
            text = f"synapse {wrong[0]} has {what} {numbers[wrong[0]]}, but there are {count:,}, counted from 0"
            raise EngineError(text, key=_place(connect, key, wrong[0]))
    for what, values, least, most in (("weight", connect.weight, -np.inf, np.inf), ("delay", connect.delay, 0.0, LONGEST_DELAY)):
        if values is None:
            continue
        if np.shape(values) != np.shape(pre):
            raise EngineError(f"expected a {what} for each of {len(pre):,} synapses (got {np.size(values):,})", key=f"connect.{what}")
        wrong = np.flatnonzero(~(np.isfinite(values) & (values >= least) & (values <= most)))
        if wrong.size:
            allowed, unit = ("a finite number", "") if what == "weight" else (f"a time from 0 to {most:g} s", " s")
            text = f"expected {allowed} as {what} of synapse {wrong[0]} (got {values[wrong[0]]:g}{unit})"
            raise EngineError(text, key=_place(connect, what, wrong[0]))


def _place(connect: Explicit, what: str, number: int) -> str:
    """The key of a synapse that is given, or of the file that it stands in."""
    return f"connect.{what}[{number}]" if connect.file is None else "connect.file"


def options(kind: type[Connector]) -> tuple[str, ...]:
    """What a connector of a kind takes."""
    return tuple(field.name for field in fields(kind))
