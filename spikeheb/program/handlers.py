"""What a handler reads, writes and draws, whatever the language it is printed in."""

from __future__ import annotations

from collections.abc import Iterable

from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_brian
from spikeheb.program.program import Program
from spikeheb.rules.meaning import TRANSMIT, Action

DRAWS_PER_STEP = 64
"""Random numbers that the handlers of one synapse may draw in one step."""


def touched(action: Action, program: Program) -> tuple[frozenset[str], frozenset[str]]:
    """The synaptic variables that an action reads and those that it writes."""
    reads: set[str] = set()
    for line in action.lines:
        reads |= t.names(line.expression)
        if line.target == TRANSMIT and program.cell is not None:
            reads |= t.names(program.efficacy)
    own = set(program.variables)
    return frozenset(reads & own), frozenset({line.target for line in action.lines} & own)


def random_draws(action: Action) -> int:
    """How many normal numbers the action draws."""
    return sum(1 for line in action.lines for node in t.walk(line.expression) if isinstance(node, t.Call) and node.function == "randn")


def number_draws(tree: t.Tree, first: int) -> tuple[t.Tree, int, list[tuple[str, int]]]:
    """The tree with a local in place of each ``randn()``, the next number, and the locals with theirs."""
    drawn: list[tuple[str, int]] = []

    def name(node: t.Tree) -> t.Tree:
        if isinstance(node, t.Call) and node.function == "randn":
            drawn.append((f"_draw{first + len(drawn)}", first + len(drawn)))
            return t.Name(drawn[-1][0])
        return node

    return t.rebuild(tree, name), first + len(drawn), drawn


def overwritten(name: str, action: Action) -> bool:
    """Whether the action gives the variable a new value before it reads it."""
    for line in action.lines:
        if name in t.names(line.expression):
            return False
        if line.target == name:
            return True
    return False


def fragile(lines: Iterable[t.Statement]) -> frozenset[str]:
    """The targets that these assignments may bring back from a value that is not finite."""
    return frozenset(line.target for line in lines if not _keeps(line.target, line.expression))


def _keeps(name: str, tree: t.Tree) -> bool:
    """Whether the tree is not finite wherever the variable is not: sums and products with it are, and limits pass on what is none."""
    match tree:
        case t.Name(other):
            return other == name
        case t.Negative(operand):
            return _keeps(name, operand)
        case t.Binary("+" | "-" | "*", left, right):
            return _keeps(name, left) or _keeps(name, right)
        case t.Binary("/", left, _):
            return _keeps(name, left)
        case t.Call("clip" | "limited" | "within" | "abs" | "positive", arguments):
            return _keeps(name, arguments[0])
    return False


def describe(action: Action) -> str:
    """The action's lines as text."""
    return "; ".join(f"{line.target} = {to_brian(line.expression)}" for line in action.lines)
