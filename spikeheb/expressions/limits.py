"""What a tree may amount to: its size, its powers and its exponentials.

An algebra system hangs on ``9**9**9**9``, on ``exp(exp(1e15))``, on ``exp(99999999*log(9))`` and on ``(a + b + c)**99`` as
surely as it obeys ``__import__``, and ``9**(9**9 + x - x)`` hangs it just as well. So the bounds here hold for whatever
the names cancel to, and are checked once more after a model's subexpressions have been put in.
"""

from __future__ import annotations

import math

from spikeheb.errors import ExpressionError
from spikeheb.expressions import tree as t

MAX_NODES = 300
MAX_EXPANDED = 1000
MAX_TERMS = 256
MAX_EXPONENT = 16.0
MAX_REACH = 64.0
MAX_DEGREE = 256.0
MAX_BASE = 1e6
MAX_DIGITS = 1000.0
MAX_EXPONENT_DIGITS = 8.0


def check_limits(tree: t.Tree, label: str, *, nodes: int = MAX_NODES, path: str | None = None, key: str | None = None) -> None:
    """Raise an ExpressionError that names `label` where the tree is too large, or grows too fast.

    Parameters
    ----------
    tree : Tree
    label : str
        What the tree is, for the message.
    nodes : int
        The largest number of nodes.
    """
    problem = "" if t.count(tree) <= nodes else f"more than {nodes} terms"
    problem = problem or next((wrong for wrong in map(_problem, t.walk(tree)) if wrong), "")
    if not problem and terms(tree) > MAX_TERMS:
        problem = f"more than {MAX_TERMS} terms when multiplied out"
    if not problem and not digits(tree) <= MAX_DIGITS:
        problem = f"numbers of more than {MAX_DIGITS:g} digits"
    if not problem and _degree(tree) > MAX_DEGREE:
        problem = f"powers of powers beyond {MAX_DEGREE:g}"
    if problem:
        raise ExpressionError(f"{problem} in {label}", path=path, key=key)


def _problem(node: t.Tree) -> str:
    """What is wrong with a node, or nothing."""
    match node:
        case t.Binary("/", _, right) if constant(right) == 0:
            return "a division by zero"
        case t.Binary("**", left, right):
            return _power_problem(left, right)
        case t.Call("exp", (argument,)) if _exponentials(argument):
            return "an exponential of an exponential"
        case t.Call("exp", (argument,)) if "log" in t.functions(argument) and not _tame(argument, MAX_REACH):
            return f"the exponential of more than {MAX_REACH:g} logarithms"
    return ""


def _power_problem(base: t.Tree, exponent: t.Tree) -> str:
    if t.functions(exponent):
        return "a function in an exponent"
    largest = MAX_REACH if t.names(exponent) else MAX_EXPONENT
    if not _tame(exponent, largest):
        return f"an exponent beyond {largest:g}"
    if not t.names(base) and not t.functions(base) and not abs(constant(base)) <= MAX_BASE:
        return f"a power of a number beyond {MAX_BASE:g}"
    return ""


def _tame(exponent: t.Tree, largest: float) -> bool:
    """Whether an exponent is small, and a simple fraction."""
    return reach(exponent) <= largest and digits(exponent) <= MAX_EXPONENT_DIGITS


def _exponentials(tree: t.Tree) -> bool:
    return any(
        node.function == "exp" if isinstance(node, t.Call) else isinstance(node, t.Binary) and node.op == "**" and bool(t.names(node.right))
        for node in t.walk(tree)
    )


def constant(tree: t.Tree) -> float:
    """The value of a tree of numbers; infinity where it has none."""
    match tree:
        case t.Number(value):
            return value
        case t.Negative(operand):
            return -constant(operand)
        case t.Binary(op, left, right):
            return _combined(op, constant(left), constant(right))
    return math.inf


def _combined(op: str, a: float, b: float) -> float:
    try:
        match op:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                return a / b
        power: object = a**b
    except (OverflowError, ZeroDivisionError):
        return math.inf
    return power if isinstance(power, float) else math.inf


def reach(tree: t.Tree) -> float:
    """A bound on the magnitude of the tree with every name taken as 1, whatever cancels."""
    match tree:
        case t.Number(value):
            return abs(value)
        case t.Name() | t.Compare() | t.Logic():
            return 1.0
        case t.Negative(operand):
            return reach(operand)
        case t.Binary("+" | "-", left, right):
            return reach(left) + reach(right)
        case t.Binary("*", left, right):
            return reach(left) * reach(right)
        case t.Binary("/", left, t.Name()):
            return reach(left)
        case t.Binary("/", left, right):
            return reach(left) / abs(constant(right)) if 0 < abs(constant(right)) < math.inf else math.inf
        case t.Binary("**", _, _):
            return abs(constant(tree))
        case t.Call("log", (argument,)):
            return math.log(max(math.e, reach(argument))) if t.names(argument) else abs(math.log(abs(constant(argument)) or 1e-300))
        case t.Call(_, arguments):
            return max((reach(argument) for argument in arguments), default=1.0)
    return math.inf


def digits(tree: t.Tree) -> float:
    """How many decimal digits the numbers of the tree have together, before or behind the point."""
    match tree:
        case t.Number(value):
            return abs(math.log10(abs(value))) if value else 0.0
        case t.Binary("**", left, right):
            return digits(left) * max(1.0, reach(right)) + digits(right)
    return math.fsum(digits(child) for child in t.children(tree))


def terms(tree: t.Tree) -> float:
    """How many terms the tree has when it is multiplied out, the largest such number anywhere in it."""
    match tree:
        case t.Binary("+" | "-", left, right):
            return terms(left) + terms(right)
        case t.Binary("*" | "/", left, right):
            return terms(left) * terms(right)
        case t.Binary("**", left, right):
            exponent = 1.0 if t.names(right) else min(abs(constant(right)), MAX_REACH)
            return float(max(1.0, min(terms(left), 1e4) ** max(1.0, exponent)))
        case _:
            return max((terms(child) for child in t.children(tree)), default=1.0)


def _degree(tree: t.Tree) -> float:
    """The largest product of exponents that stand on top of each other."""
    below = max((_degree(child) for child in t.children(tree)), default=1.0)
    return below * max(1.0, reach(tree.right)) if isinstance(tree, t.Binary) and tree.op == "**" else below
