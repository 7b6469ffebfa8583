"""Constant arithmetic: what the parts of a tree come to that read nothing but numbers.

Engines differ in what they make of ``1/0``, of ``log(0)`` and of the square root of -1: one stops, one goes on with infinity,
one drops an imaginary part. So every part of an equation whose value is known beforehand must be a finite real number. The
work is one operation for each node of the tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeheb.errors import ExpressionError
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_brian
from spikeheb.units import unit

Values = Mapping[str, Any]
"""Numbers by name: floats, or arrays of which every element is checked."""

_SHOWN = 60
_ARITHMETIC = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power}
_COMPARISONS = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip
_FUNCTIONS = {
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "abs": np.abs, "clip": np.clip,
    "int": lambda truth: np.where(truth, 1.0, 0.0), "positive": lambda value: 0.5 * (value + np.abs(value)),
}  # fmt: skip
_RANDOM = ("rand", "randn")


def check_constants(tree: t.Tree, known: Values | None = None, *, path: str | None = None, key: str | None = None) -> Any:
    """The value of a tree, or None where it reads a name that is not known or draws a random number.

    Parameters
    ----------
    tree : Tree
    known : mapping of str to float or array
        SI values of names. A unit that is not among them stands for its size in SI.
    path, key : str, optional
        Where the tree stands, for the message.

    Raises
    ------
    ExpressionError
        Where any part of the tree is known and is not a finite real number.
    """
    with np.errstate(all="ignore"):
        return _Folder(known or {}, path, key).value(tree)


def with_subexpressions(trees: Mapping[str, t.Tree], known: Values, *, path: str | None = None, key: str | None = None) -> dict[str, Any]:
    """The known values, and those of the subexpressions `trees` that read nothing else.

    The subexpressions may not run in a circle (`equations.check_model` refuses one that does).

    Raises
    ------
    ExpressionError
        As `check_constants`.
    """
    values: dict[str, Any] = dict(known)
    for name in _in_order(trees):
        value = check_constants(trees[name], values, path=path, key=key)
        if value is not None:
            values[name] = value
    return values


def _in_order(trees: Mapping[str, t.Tree]) -> list[str]:
    """The names, each after those that it reads."""
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in order:
            for other in sorted(t.names(trees[name]) & set(trees)):
                visit(other)
            order[name] = None

    for name in trees:
        visit(name)
    return list(order)


class _Folder:
    """Computes a tree from the leaves up."""

    def __init__(self, known: Values, path: str | None, key: str | None) -> None:
        self.known, self.path, self.key = known, path, key

    def value(self, tree: t.Tree) -> Any:
        match tree:
            case t.Number(number):
                return np.float64(number)
            case t.Name(name):
                return self.named(name)
            case t.Negative(operand):
                value = self.value(operand)
                return None if value is None else -value
            case t.Binary(op, left, right):
                return self.binary(tree, op, self.value(left), self.value(right))
            case t.Compare(op, left, right):
                return _apply(_COMPARISONS[op], self.value(left), self.value(right))
            case t.Logic(op, operands):
                return _logic(op, [self.value(operand) for operand in operands])
            case t.Call(function, arguments):
                values = [self.value(argument) for argument in arguments]
                return None if function in _RANDOM else self.finite(tree, _apply(_FUNCTIONS[function], *values))

    def named(self, name: str) -> Any:
        if name in self.known:
            return np.asarray(self.known[name], dtype=float)[()]
        size = unit(name) if len(name) > 1 else None
        return np.float64(size[1]) if size else None

    def binary(self, tree: t.Tree, op: str, left: Any, right: Any) -> Any:
        if op == "/" and right is not None and np.any(right == 0):
            raise self.refusal(tree, "is a division by zero")
        return self.finite(tree, _apply(_ARITHMETIC[op], left, right))

    def finite(self, tree: t.Tree, value: Any) -> Any:
        if value is None or np.all(np.isfinite(value)):
            return value
        raise self.refusal(tree, "is not a finite real number")

    def refusal(self, tree: t.Tree, problem: str) -> ExpressionError:
        text = to_brian(tree)
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
        read = [f"{name} = {_number(self.known[name])}" for name in sorted(t.names(tree) & set(self.known))]
        values = f" with {', '.join(read[:6])}" if read else ""
        return ExpressionError(f'"{shown}" {problem}{values}', path=self.path, key=self.key)


def _apply(function: Any, *values: Any) -> Any:
    return None if any(value is None for value in values) else function(*values)


def _logic(op: str, values: list[Any]) -> Any:
    if any(value is None for value in values):
        return None
    if op == "not":
        return np.logical_not(values[0])
    return (np.logical_and if op == "and" else np.logical_or).reduce(np.broadcast_arrays(*values))


def _number(value: Any) -> str:
    array = np.asarray(value, dtype=float)
    return f"{float(array):g}" if array.ndim == 0 else f"{np.min(array):g} to {np.max(array):g}"
