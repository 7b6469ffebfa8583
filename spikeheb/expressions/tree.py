"""The nodes of an equation, and walks over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """A literal."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, a parameter or a unit."""

    id: str


@dataclass(frozen=True, slots=True)
class Negative:
    """Unary minus."""

    operand: Tree


@dataclass(frozen=True, slots=True)
class Binary:
    """``+ - * / **`` of two terms."""

    op: str
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Compare:
    """``< <= > >= == !=`` of two terms: a truth value."""

    op: str
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Logic:
    """``and``, ``or`` (two operands) or ``not`` (one) of truth values."""

    op: str
    operands: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A known function of its arguments."""

    function: str
    arguments: tuple[Tree, ...]


Tree = Number | Name | Negative | Binary | Compare | Logic | Call

ONE = Number(1.0)
ZERO = Number(0.0)


@dataclass(frozen=True, slots=True)
class Statement:
    """``target op expression`` with op one of ``= += -= *= /=``."""

    target: str
    op: str
    expression: Tree

    def value(self) -> Tree:
        """The new value of the target, the augmented forms written out."""
        if self.op == "=":
            return self.expression
        return Binary(self.op[0], Name(self.target), self.expression)


def children(tree: Tree) -> tuple[Tree, ...]:
    """The terms directly below a node."""
    match tree:
        case Number() | Name():
            return ()
        case Negative(operand):
            return (operand,)
        case Binary(_, left, right) | Compare(_, left, right):
            return (left, right)
        case Logic(_, operands):
            return operands
        case Call(_, arguments):
            return arguments


def walk(tree: Tree) -> Iterator[Tree]:
    """The node and everything below it."""
    yield tree
    for child in children(tree):
        yield from walk(child)


def count(tree: Tree) -> int:
    """How many nodes the tree has."""
    return 1 + sum(count(child) for child in children(tree))


def depth(tree: Tree) -> int:
    """How many levels the tree has."""
    return 1 + max((depth(child) for child in children(tree)), default=0)


def names(tree: Tree) -> frozenset[str]:
    """Every name that the tree reads."""
    return frozenset(node.id for node in walk(tree) if isinstance(node, Name))


def functions(tree: Tree) -> frozenset[str]:
    """Every function that the tree calls."""
    return frozenset(node.function for node in walk(tree) if isinstance(node, Call))


def rebuild(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """The tree with `change` applied to each node from the leaves up."""
    match tree:
        case Number() | Name():
            node: Tree = tree
        case Negative(operand):
            node = Negative(rebuild(operand, change))
        case Binary(op, left, right):
            node = Binary(op, rebuild(left, change), rebuild(right, change))
        case Compare(op, left, right):
            node = Compare(op, rebuild(left, change), rebuild(right, change))
        case Logic(op, operands):
            node = Logic(op, tuple(rebuild(operand, change) for operand in operands))
        case Call(function, arguments):
            node = Call(function, tuple(rebuild(argument, change) for argument in arguments))
    return change(node)


def substitute(tree: Tree, replacements: Mapping[str, Tree]) -> Tree:
    """The tree with names replaced."""
    return rebuild(tree, lambda node: replacements.get(node.id, node) if isinstance(node, Name) else node)


def add(left: Tree, right: Tree) -> Tree:
    """The sum, leaving out zeros."""
    if left == ZERO:
        return right
    if right == ZERO:
        return left
    return Binary("+", left, right)


def subtract(left: Tree, right: Tree) -> Tree:
    """The difference, leaving out zeros."""
    if right == ZERO:
        return left
    return Negative(right) if left == ZERO else Binary("-", left, right)


def multiply(left: Tree, right: Tree) -> Tree:
    """The product, leaving out ones."""
    if left == ONE:
        return right
    if right == ONE:
        return left
    return ZERO if ZERO in (left, right) else Binary("*", left, right)
