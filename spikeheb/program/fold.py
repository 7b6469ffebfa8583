"""Constants whose value decides the structure of the code: they are written into it, and what they cancel is left out.

Those are the 0/1 constants of an interaction scheme, and exponents that a few multiplications and square roots come to.
All other constants stay numbers that the code reads when it runs, so that one library serves a sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spikeheb.expressions import tree as t
from spikeheb.rules.rule import Rule

MAX_EXPONENT = 8.0


def structural(rule: Rule, varying: Iterable[str]) -> dict[str, float]:
    """The constants that are written into the code, with their values; none that varies between lanes."""
    constants = rule.constants
    scheme = rule.interactions[rule.interaction] if rule.interaction else {}
    values = {name: value for name, value in scheme.items() if value in (0, 1)}
    for name in _exponents(rule):
        value = constants.get(name)
        if value is not None and abs(value) <= MAX_EXPONENT and 4 * value == int(4 * value):
            values[name] = value
    return {name: value for name, value in values.items() if name not in set(varying)}


def _exponents(rule: Rule) -> set[str]:
    """Names that are an exponent by themselves."""
    trees = [e.expression for e in rule.equations if e.expression is not None]
    trees += [line.expression for handler in rule.handlers for line in handler.lines]
    trees += [rule.bounds.F_plus, rule.bounds.F_minus, rule.efficacy]
    if rule.post is not None:
        trees += [e.expression for e in rule.post.equations if e.expression is not None]
        trees += [line.expression for line in rule.post.on_spike]
    powers = [node for tree in trees for node in t.walk(tree) if isinstance(node, t.Binary) and node.op == "**"]
    return {node.right.id for node in powers if isinstance(node.right, t.Name)}


def fold(tree: t.Tree, values: Mapping[str, float]) -> t.Tree:
    """The tree with those names replaced by their values, and without what then cancels."""
    return t.rebuild(t.substitute(tree, {name: t.Number(float(value)) for name, value in values.items()}), _simpler)


def _simpler(node: t.Tree) -> t.Tree:
    match node:
        case t.Negative(t.Number(0.0)):
            return t.ZERO
        case t.Binary("+", left, right):
            return t.add(left, right)
        case t.Binary("-", left, right):
            return t.subtract(left, right)
        case t.Binary("*", left, t.Negative(t.Number(1.0))) | t.Binary("*", t.Negative(t.Number(1.0)), left):
            return t.Negative(left)
        case t.Binary("*", left, right):
            return t.multiply(left, right)
        case t.Binary("/", left, t.Number(1.0)) | t.Binary("**", left, t.Number(1.0)):
            return left
        case t.Binary("/", t.Number(0.0), _):
            return t.ZERO
        case t.Binary("**", _, t.Number(0.0)):
            return t.ONE
    return node
