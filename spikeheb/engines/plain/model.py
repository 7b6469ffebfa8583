"""What a plan computes, as functions: each line of a step, a handler or a reset in its order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

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
        self.cell = _step(plan.cell.block if plan.cell else None, cell)
        self.post = _step(plan.post, rule)
        self.synapses = _step(plan.stepped, rule)
        self.threshold = function(plan.cell.threshold, cell) if plan.cell else None
        self.reset = _lines(plan.cell.reset if plan.cell else (), cell)
        self.on_spike = _lines(plan.on_spike, rule)
        self.actions = [_lines(action.lines, rule) for action in plan.actions]
        self.efficacy = function(plan.efficacy, rule)
        self.clip = function(plan.clip, rule) if plan.clip is not None else None
        self.solutions = [_solution(decay, rule) for decay in plan.decays]


def _step(block: Block | None, constants: Mapping[str, float]) -> tuple[Line, ...]:
    return _lines(methods.step(block) if block is not None else (), constants)


def _lines(statements: Iterable[t.Statement], constants: Mapping[str, float]) -> tuple[Line, ...]:
    lines, draw = [], 0
    for statement in statements:
        tree, draw, drawn = number_draws(statement.expression, draw)
        lines.append(Line(statement.target, function(tree, constants), tuple(drawn)))
    return tuple(lines)


def _solution(decay: Decay, constants: Mapping[str, float]) -> Solution:
    slopes = tuple(tuple(function(tree, constants) for tree in row) for row in decay.slopes)
    return Solution(decay.names, slopes, tuple(function(tree, constants) for tree in decay.rests))


def carry_out(lines: Iterable[Line], scope: MutableMapping[str, Any]) -> None:
    """One line after the other, each reading what those before it have assigned."""
    for line in lines:
        scope[line.target] = line.value(scope)
