"""What a plan computes, as functions: each line of a step, a handler or a reset in its order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spikeheb.draws import random
from spikeheb.engines.plain.trees import Function, function
from spikeheb.expressions import tree as t
from spikeheb.program import methods
from spikeheb.program.handlers import number_draws
from spikeheb.program.program import Block, Decay, Plan


@dataclass(frozen=True)
class Line:
    """An assignment.

    Attributes
    ----------
    target : str
    value : Function
    draws : tuple of pairs
        Names that stand for normal numbers, with their place among those of the handler.
    """

    target: str
    value: Function
    draws: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Advance:
    """One step of variables that need the clock.

    Attributes
    ----------
    names : tuple of str
    lines : tuple of Line
    noise : int or None
        Whose random numbers drive it (a purpose of `spikeheb.draws.random`), if any do.
    """

    names: tuple[str, ...]
    lines: tuple[Line, ...]
    noise: int | None


@dataclass(frozen=True)
class Solution:
    """Slopes and rests of variables that are solved exactly, as functions."""

    names: tuple[str, ...]
    slopes: tuple[tuple[Function, ...], ...]
    rests: tuple[Function, ...]


class Model:
    """The functions of a plan.

    Parameters
    ----------
    plan : Plan
    constants : mapping of str to float
        Of the rule: those that are the same in every lane.
    dt : float
    """

    def __init__(self, plan: Plan, constants: Mapping[str, float], dt: float) -> None:
        rule = {**constants, "dt": dt}
        cell = {**plan.cell.constants, "dt": dt} if plan.cell else {}
        self.cell = _advance(plan.cell.block if plan.cell else None, cell, random.Purpose.NOISE_OF_CELL)
        self.post = _advance(plan.post, rule, random.Purpose.NOISE_OF_POST)
        self.synapses = _advance(plan.stepped, rule, random.Purpose.NOISE_OF_SYNAPSE)
        self.clip = _lines([t.Statement(plan.rule.weight, "=", plan.clip)] if plan.clip is not None else (), rule)
        self.threshold = function(plan.cell.threshold, cell) if plan.cell else None
        self.reset = _lines(plan.cell.reset if plan.cell else (), cell)
        self.on_spike = _lines(plan.on_spike, rule)
        self.actions = [_lines(action.lines, rule) for action in plan.actions]
        self.efficacy = function(plan.efficacy, rule)
        self.solutions = [_solution(decay, rule) for decay in plan.decays]


def _advance(block: Block | None, constants: Mapping[str, float], purpose: int) -> Advance | None:
    if block is None:
        return None
    return Advance(block.names, _lines(methods.step(block), constants), purpose if block.noisy else None)


def _lines(statements: Iterable[t.Statement], constants: Mapping[str, float]) -> tuple[Line, ...]:
    lines, draw = [], 0
    for statement in statements:
        tree, draw, drawn = number_draws(statement.expression, draw)
        lines.append(Line(statement.target, function(tree, constants), tuple(drawn)))
    return tuple(lines)


def _solution(decay: Decay, constants: Mapping[str, float]) -> Solution:
    slopes = tuple(tuple(function(tree, constants) for tree in row) for row in decay.slopes)
    return Solution(decay.names, slopes, tuple(function(tree, constants) for tree in decay.rests))
