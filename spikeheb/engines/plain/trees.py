"""Trees as functions of the names that they read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

import numpy as np

from spikeheb.expressions import tree as t

Scope = Mapping[str, Any]
Function = Callable[[Scope], Any]


def function(tree: t.Tree, constants: Mapping[str, float]) -> Function:
    """The value of a tree as a function of a scope: numbers, or arrays of one shape, by name.

    Parameters
    ----------
    tree : Tree
    constants : mapping of str to float
        Names that need not be in the scope; what reads nothing else is computed once.
    """
    value = _reduced(tree, constants)
    return value if callable(value) else lambda _: value


def _reduced(tree: t.Tree, constants: Mapping[str, float]) -> Any:
    """The tree's value where it is constant, else a function of the scope."""
    match tree:
        case t.Number(value):
            return np.float64(value)
        case t.Name(name):
            return np.float64(constants[name]) if name in constants else itemgetter(name)
    operation = _operation(tree)
    parts = [_reduced(child, constants) for child in t.children(tree)]
    if not any(map(callable, parts)):
        return operation(*parts)
    return _applied(operation, parts)


def _applied(operation: Callable[..., Any], parts: list[Any]) -> Function:
    """An operation on functions of the scope and on constants, without a call for each constant."""
    match parts:
        case [only]:
            return lambda scope: operation(only(scope))
        case [left, right] if not callable(left):
            return lambda scope: operation(left, right(scope))
        case [left, right] if not callable(right):
            return lambda scope: operation(left(scope), right)
        case [left, right]:
            return lambda scope: operation(left(scope), right(scope))
    return lambda scope: operation(*(part(scope) if callable(part) else part for part in parts))


def _operation(tree: t.Tree) -> Callable[..., Any]:
    match tree:
        case t.Negative():
            return np.negative
        case t.Binary(op) | t.Compare(op) | t.Logic(op):
            return _OPERATORS[op]
        case t.Call(name):
            return _FUNCTIONS[name]
    raise TypeError(f"no operation: {tree}")


def _limited(x: Any, low: Any, high: Any) -> Any:
    """The value clipped to limits, which may be infinite; a value that is not finite becomes NaN, so that no limit can hide it."""
    return np.where(np.isfinite(x), np.minimum(np.maximum(x, low), high), np.nan)


def _clip(x: Any, low: Any, high: Any) -> Any:
    """The same with limits that must be finite too."""
    return np.where(np.isfinite(low) & np.isfinite(high), _limited(x, low, high), np.nan)


_OPERATORS: dict[str, Callable[..., Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power,
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "abs": np.absolute,
    "int": lambda truth: np.multiply(truth, 1.0),
    "positive": lambda x: 0.5 * (x + np.absolute(x)),
    "clip": _clip, "limited": _limited, "within": _limited,
}  # fmt: skip
