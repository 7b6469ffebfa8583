"""What a handler comes to, before it is written anywhere: which variables it brings to now, its lines, and which it stores."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from spikeheb.expressions import tree as t
from spikeheb.program.handlers import number_draws, overwritten, touched
from spikeheb.program.program import Decay, Program
from spikeheb.rules.meaning import Action


class Load(NamedTuple):
    """Variables that are solved together: their place in the program, whether they are advanced to the present step, and whether stored."""

    place: int
    decay: Decay
    is_advanced: bool
    stored: bool


class Line(NamedTuple):
    """An assignment, with the names and numbers of the random draws that it reads."""

    target: str
    expression: t.Tree
    draws: tuple[tuple[str, int], ...]


def loads(action: Action, program: Program, lazy: Collection[Decay] | None = None) -> list[Load]:
    """What the action reads or writes of the variables that are solved between events.

    `lazy` are those that are kept with a step of their own, all if it is not given: what they read beside themselves may not change
    before they are advanced to the present step.
    """
    reads, writes = touched(action, program)
    made = []
    for place, decay in enumerate(program.decays):
        names = set(decay.names)
        stored = bool(names & writes) or bool((lazy is None or decay in lazy) and decay.reads & writes)
        if names & reads or stored:
            made.append(Load(place, decay, not (len(names) == 1 and overwritten(decay.names[0], action)), stored))
    return made


def lines(statements: Iterable[t.Statement]) -> Iterator[Line]:
    """Assignments in order; draws are numbered through the handler."""
    draw = 0
    for statement in statements:
        expression, draw, drawn = number_draws(statement.expression, draw)
        yield Line(statement.target, expression, tuple(drawn))
