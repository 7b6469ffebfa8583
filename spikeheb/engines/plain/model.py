"""What a program computes, as functions: each line of a step, a handler or a reset in its order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spikeheb.draws import random
from spikeheb.engines.plain.trees import Function, function
from spikeheb.expressions import tree as t
from spikeheb.program import methods
from spikeheb.program.handlers import number_draws
from spikeheb.program.program import Block, Decay, Program


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
        Of what gets a new value.
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
    """The functions of a program.

    Parameters
    ----------
    program : Program
    constants : mapping of str to float
        Of the rule: those that are the same in every lane.
    dt : float
    """

    def __init__(self, program: Program, constants: Mapping[str, float], dt: float) -> None:
        rule = {**constants, "dt": dt}
        cell = {**program.cell.constants, "dt": dt} if program.cell else {}
        self.cell = _advance(program.cell.block if program.cell else None, cell, random.Purpose.NOISE_OF_CELL)
        self.post = _advance(program.post, rule, random.Purpose.NOISE_OF_POST)
        self.synapses = _advance(program.stepped, rule, random.Purpose.NOISE_OF_SYNAPSE)
        self.clip = _lines([t.Statement(program.rule.weight, "=", program.clip)] if program.clip is not None else (), rule)
        self.threshold = function(program.cell.threshold, cell) if program.cell else None
        self.reset = _lines(program.cell.reset if program.cell else (), cell)
        self.on_spike = _lines(program.on_spike, rule)
        self.actions = [_lines(action.lines, rule) for action in program.actions]
        self.efficacy = function(program.efficacy, rule)
        self.solutions = [_solution(decay, rule) for decay in program.decays]


def _advance(block: Block | None, constants: Mapping[str, float], purpose: int) -> Advance | None:
    if block is None:
        return None
    return Advance(block.written, _lines(methods.step(block), constants), purpose if block.noisy else None)


def _lines(statements: Iterable[t.Statement], constants: Mapping[str, float]) -> tuple[Line, ...]:
    lines, draw = [], 0
    for statement in statements:
        tree, draw, drawn = number_draws(statement.expression, draw)
        lines.append(Line(statement.target, function(tree, constants), tuple(drawn)))
    return tuple(lines)


def _solution(decay: Decay, constants: Mapping[str, float]) -> Solution:
    slopes = tuple(tuple(function(tree, constants) for tree in row) for row in decay.slopes)
    return Solution(decay.names, slopes, tuple(function(tree, constants) for tree in decay.rests))
