"""How large an expression of a rule can become: what cannot overflow need not be looked at before a limit is applied to it.

Traces that decay, and that handlers raise by constants, are bounded by their increments times the number of spikes that a run may
have. Weights are bounded by their limits. The membrane potential is looked at in every step. Whatever else is read counts as unbounded.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import replace

from spikeheb.expressions import tree as t
from spikeheb.program.program import Decay
from spikeheb.rules.meaning import LIMITED, Action

Bound = tuple[float, float]
"""Least and greatest value."""

SPIKES = 2.0**40
"""More than one train can have, since a run has no more steps."""
SAFE = 1e30
"""Far below what single precision holds."""
NORMAL = 40.0
"""More than a normal number can be."""
ANY: Bound = (-math.inf, math.inf)

WITHIN = "within"
"""The call that holds a weight within its limits where what it is given cannot overflow."""


def without_needless_looks(
    actions: tuple[Action, ...], weight: str, constants: Mapping[str, float], decays: tuple[Decay, ...], starts: Mapping[str, t.Tree]
) -> tuple[Action, ...]:
    """The actions, in which updates of the weight that cannot overflow take `WITHIN` in place of ``limited``.

    Parameters
    ----------
    actions : tuple of Action
        With structural constants put in.
    weight : str
    constants : mapping of str to float
        Those that are the same in every lane.
    decays : tuple of Decay
    starts : mapping of str to Tree
        The rule's own initial values.
    """
    known: dict[str, Bound] = {name: (value, value) for name, value in constants.items()}
    known |= {name: bound for decay in decays if (bound := _of_trace(decay, actions, known, starts)) for name in decay.names}
    return tuple(replace(a, lines=tuple(_line(line, weight, known) for line in _with_locals(a, known))) for a in actions)


def of_membrane(tree: t.Tree, constants: Mapping[str, float]) -> t.Tree:
    """An expression of the cell, in which ``clip`` of what only the potential could make infinite takes `WITHIN`: that is seen anyway.

    Parameters
    ----------
    tree : Tree
    constants : mapping of str to float
        Of the cell.
    """
    known = {name: (value, value) for name, value in constants.items()} | {"v": (-SAFE, SAFE)}

    def cheaper(node: t.Tree) -> t.Tree:
        match node:
            case t.Call("clip", arguments) if all(map(math.isfinite, [end for a in arguments for end in bound_of(a, known)])):
                return t.Call(WITHIN, arguments)
        return node

    return t.rebuild(tree, cheaper)


def _with_locals(action: Action, known: dict[str, Bound]) -> tuple[t.Statement, ...]:
    """The lines; what they keep in locals is noted on the way."""
    for line in action.lines:
        if line.target.startswith("_"):
            known[line.target] = bound_of(line.expression, known)
    return action.lines


def _line(line: t.Statement, weight: str, known: Mapping[str, Bound]) -> t.Statement:
    match line.expression:
        case t.Call(function, (value, low, high)) if function == LIMITED and line.target == weight:
            limits = (bound_of(low, known)[0], bound_of(high, known)[1])
            least, greatest = bound_of(value, {**known, weight: limits})
            if least > -SAFE and greatest < SAFE:
                return t.Statement(line.target, line.op, t.Call(WITHIN, (value, low, high)))
    return line


def _of_trace(decay: Decay, actions: tuple[Action, ...], known: Mapping[str, Bound], starts: Mapping[str, t.Tree]) -> Bound | None:
    """The bound of a variable that decays towards a constant and is only raised, or set, by bounded amounts."""
    if len(decay.names) > 1:
        return None
    (name,), slope, rest = decay.names, bound_of(decay.slopes[0][0], known), bound_of(decay.rests[0], known)
    if not slope[1] < 0 or not math.isfinite(slope[0] + rest[0] + rest[1]):
        return None
    largest = max(map(abs, rest)) / -slope[1] + max(map(abs, bound_of(starts[name], known)))
    for line in (line for action in actions for line in action.lines if line.target == name):
        match line.expression:
            case t.Binary("+" | "-", t.Name(own), increment) if own == name:
                step = bound_of(increment, known)
            case other:
                step = bound_of(other, known)
        largest += SPIKES * max(map(abs, step))
    return (-largest, largest) if math.isfinite(largest) else None


def bound_of(tree: t.Tree, known: Mapping[str, Bound]) -> Bound:
    """Between what the value of a tree lies; `ANY` where that is not known."""
    match tree:
        case t.Number(value):
            return value, value
        case t.Name(name):
            return known.get(name, ANY)
        case t.Negative(operand):
            low, high = bound_of(operand, known)
            return -high, -low
        case t.Binary(op, left, right):
            return _binary(op, bound_of(left, known), bound_of(right, known))
        case t.Call("int", _):
            return 0.0, 1.0
        case t.Call("randn", _):
            return -NORMAL, NORMAL
        case t.Call("clip", (_, low_tree, high_tree)):
            return bound_of(low_tree, known)[0], bound_of(high_tree, known)[1]
        case t.Call("positive" | "abs" as function, (argument,)):
            low, high = bound_of(argument, known)
            return 0.0, max(high, 0.0) if function == "positive" else max(abs(low), abs(high))
    return ANY


def _binary(op: str, a: Bound, b: Bound) -> Bound:
    if not all(map(math.isfinite, (*a, *b))):
        return ANY
    try:
        corners = [_OPERATIONS[op](x, y) for x in a for y in b]
    except (ArithmeticError, ValueError):
        return ANY
    monotone = op in "+-*" or (op == "/" and b[0] * b[1] > 0) or (op == "**" and a[0] >= 0 and b[0] >= 0)
    return (min(corners), max(corners)) if monotone and all(map(math.isfinite, corners)) else ANY


_OPERATIONS: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": math.pow,
}
