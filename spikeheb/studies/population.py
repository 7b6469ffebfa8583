"""How many synapses represent a rule.

One synapse of a rule that draws random numbers is a single random outcome; what is published is the mean of many. Such a rule is shown by a
population, a deterministic one by a single synapse. Random initial weights are spread evenly over their distribution, so that the
mean before is that of the distribution.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spikeheb.cells import Cell
from spikeheb.errors import ScheduleError
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import NOISE
from spikeheb.expressions.printers import evaluate
from spikeheb.limits import allowed_memory, whole
from spikeheb.rules.meaning import expand, is_noisy
from spikeheb.rules.rule import Rule
from spikeheb.studies.seeds import chosen_seeds

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

SYNAPSES = 200
"""Synapses that share a condition where the rule draws and no number is given; of a rule or cell whose noise is the cell's, cells."""
RANDOM = frozenset({"rand", "randn"})


@dataclass(frozen=True, slots=True)
class Population:
    """How many cells carry out every condition with each seed, and how many synapses their input has.

    The synapses of a cell get the same spikes and share the unit conductance, so that together they make the EPSP of one synapse
    with their mean efficacy.
    """

    seeds: tuple[int, ...]
    cells: int
    synapses: int

    @property
    def members(self) -> int:
        """Cells of one condition, over all seeds."""
        return len(self.seeds) * self.cells

    def attrs(self) -> dict[str, str | int]:
        """The attributes that describe it in a result."""
        return {"cells": self.cells, "synapses": self.synapses, "seeds": ", ".join(map(str, self.seeds))}


def draws_by_cell(rule: Rule, cell: Cell | None) -> bool:
    """Whether the synapses of one cell share what is drawn, so that chance is averaged out, and counted, over cells.

    That is so of noise of the membrane and of [post] variables, and of a rule that draws and whose synapses add to [post] variables.
    """
    own = rule.post.equations if rule.post else ()
    equations = [*own, *(cell.equations if cell else ())]
    if any(NOISE in t.names(equation.expression) for equation in equations if equation.expression is not None):
        return True
    added = {line.target for handler in rule.handlers for line in handler.lines} & {equation.name for equation in own}
    return bool(added) and is_noisy(rule)


def population(
    rule: Rule,
    cells: int | None = None,
    synapses: int | None = None,
    seeds: Sequence[int] | int | None = None,
    *,
    cell: Cell | None = None,
    many: int = SYNAPSES,
    seed: int = 0,
    copies: int = 1,
    start: Floats | None = None,
) -> Population:
    """The population that a rule needs, or the one that is asked for.

    Parameters
    ----------
    rule : Rule
    cells, synapses : int, optional
        By default one cell, and as many synapses as make 200 in all where the rule draws, else one. Where what is drawn is the same for
        all synapses of a cell, one synapse on each of `many` cells.
    seeds : sequence of int, or int, optional
        Seeds, or how many, from `seed` on; by default one.
    cell : Cell, optional
        The cell of the study, if it has one.
    many : int
        Cells over all seeds where the cells draw and no number is given.
    seed, copies : int
    start : array, shape (synapses,), optional
        Initial weights of the synapses of a cell.

    Raises
    ------
    ScheduleError
        For numbers below 1, negative seeds, and initial weights that are not one or as many as there are synapses.
    """
    whole(copies, "copies")
    chosen = chosen_seeds(1 if seeds is None else seeds, 0 if isinstance(seeds, Sequence | np.ndarray) else seed)
    by_cell = draws_by_cell(rule, cell)
    bodies = (math.ceil(many / len(chosen)) if by_cell else 1) if cells is None else whole(cells, "cells")
    given = start.size if start is not None and start.size > 1 else None
    if synapses is None:
        needed = math.ceil(SYNAPSES / (len(chosen) * bodies * copies)) if is_noisy(rule) and not by_cell else 1
        synapses = given or needed
    if given is not None and given != whole(synapses, "synapses"):
        raise ScheduleError(f"expected one initial weight, or one for each of {synapses} synapses (got {given})", key="w0")
    return Population(chosen, bodies, whole(synapses, "synapses"))


def check_memory(needed: float, plan: Population) -> None:
    """Raise an error if the recording of a population would not fit into memory.

    Parameters
    ----------
    needed : float
        Estimated bytes of one seed.
    plan : Population

    Raises
    ------
    ScheduleError
        Naming the estimate and the limit.
    """
    allowed = allowed_memory()
    if needed > allowed:
        size = f"{plan.cells:,} x {plan.synapses:,} synapses (cells x synapses) for every condition need about {needed / 1e9:.2g} GB"
        raise ScheduleError(f"{size}, and {allowed / 1e9:g} GB are allowed; use fewer of them, or fewer or shorter conditions")


def counted(rule: Rule) -> tuple[str, t.Tree]:
    """The quantity in which a rule that draws is compared with data, and its tree: the readout, or the efficacy if it has none."""
    return ("efficacy", rule.efficacy) if rule.readout is None else ("readout", rule.readout)


def by_units(values: Floats, plan: Population, by_cell: bool) -> Floats:
    """What chance is counted over, from values of shape (rows, synapses of all seeds and cells): these synapses, or their means by cell."""
    return values.reshape(len(values), plan.members, plan.synapses).mean(axis=2) if by_cell else values


def value_of(tree: t.Tree, rule: Rule, values: Mapping[str, object], shape: tuple[int, ...]) -> Floats:
    """The tree's value in every synapse, from variables and constants by name, each of a shape that fits `shape`."""
    return np.broadcast_to(np.asarray(evaluate(expand(tree, rule), values), dtype=float), shape).copy()


def starts(rule: Rule, plan: Population, member: Index, place: Index, start: Floats | None, known: Mapping[str, object]) -> Floats | None:
    """Initial weights; None where they are the rule's own and none is drawn.

    Parameters
    ----------
    rule : Rule
    plan : Population
    member, place : arrays of int, one shape
        Of which cell of its condition each synapse is, counted over all seeds, and its place among the synapses of that cell.
    start : array, optional
        Given weights, one or as many as a cell has synapses.
    known : mapping
        Constants by name.
    """
    if start is not None:
        return start[place % start.size]
    if not t.functions(rule.initial[rule.weight]) & RANDOM:
        return None
    count = int(place.max()) + 1
    rank = place * plan.members + member
    return spread_evenly(rule.initial[rule.weight], known, rank, count * plan.members)


def spread_evenly(tree: t.Tree, known: Mapping[str, object], rank: Index, count: int | Index) -> Floats:
    """Values of a tree that draws, spread evenly over their distribution.

    The first draw of the tree takes the quantiles in order, and every further one in an order of its own, so that the draws are
    independent of each other (Latin hypercube sampling).

    Parameters
    ----------
    tree : Tree
    known : mapping
        Constants by name, arrays of the shape of `rank` or floats.
    rank : array of int
        The place of each value among the `count` that are spread together.
    count : int or array of int
    """
    number = itertools.count()

    def even() -> Floats:
        return np.asarray((_shuffled(rank, count, next(number)) + 0.5) / count)

    value = evaluate(tree, known, {"rand": even, "randn": lambda: normal_quantiles(even())})
    return np.broadcast_to(np.asarray(value, dtype=float), rank.shape).copy()


def _shuffled(rank: Index, count: int | Index, number: int) -> Index:
    """Another order of the ranks for each draw but the first, the same wherever the same ranks are spread."""
    if number == 0:
        return rank
    sizes = np.broadcast_to(count, rank.shape)
    shuffled = np.empty_like(rank)
    for size in np.unique(sizes):
        order = np.random.default_rng([0xE7E4, int(size), number]).permutation(int(size))
        shuffled[sizes == size] = order[rank[sizes == size]]
    return shuffled


def normal_quantiles(even: Floats) -> Floats:
    """The normal numbers below which these shares of all normal numbers lie."""
    from scipy.special import ndtri

    return np.asarray(ndtri(even))


def sharing(cell: Cell, synapses: int) -> Cell:
    """The cell whose unit conductance is shared by this number of synapses."""
    if synapses == 1:
        return cell
    return replace(cell, receptors={name: replace(receptor, unit=receptor.unit / synapses) for name, receptor in cell.receptors.items()})
