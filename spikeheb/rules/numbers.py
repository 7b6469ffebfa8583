"""Constant arithmetic of a rule with the values in force: what its parameters, scheme and bounds put in must be finite.

``1/(tau_a - tau_b)`` says nothing wrong before the two times are known to be equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spikeheb.expressions import tree as t
from spikeheb.expressions.constants import check_constants, with_subexpressions
from spikeheb.expressions.equations import subexpressions
from spikeheb.rules.rule import Rule

LONGEST_DELAY = 10.0
"""Seconds. Engines store what happened during this time, step by step."""


def check_numbers(rule: Rule, overrides: Mapping[str, Any] | None = None) -> None:
    """Raise where a part of the rule that reads only constants is not a finite real number.

    Parameters
    ----------
    rule : Rule
        One that `check_rule` accepts.
    overrides : mapping of str to array, optional
        Constants that take several values.

    Raises
    ------
    ExpressionError
        Naming file and key, the part, and the values that it reads.
    """
    constants = {**rule.constants, **(overrides or {})}
    known = with_subexpressions(subexpressions(rule.equations), constants, path=rule.path, key="synapse.model")
    for key, tree in trees_of_synapse(rule):
        check_constants(tree, known, path=rule.path, key=key)
    if rule.post is not None:
        known = with_subexpressions(subexpressions(rule.post.equations), constants, path=rule.path, key="post.model")
        for key, tree in trees_of_post(rule):
            check_constants(tree, known, path=rule.path, key=key)


def trees_of_synapse(rule: Rule) -> list[tuple[str, t.Tree]]:
    """Every expression of the synapse with its key, handlers and bounds included."""
    trees = [("synapse.model", e.expression) for e in rule.equations if e.expression is not None]
    trees += [(f"synapse.initial.{name}", tree) for name, tree in rule.initial.items()]
    trees += [(f"on[{i}].do[{n}]", line.expression) for i, handler in enumerate(rule.handlers) for n, line in enumerate(handler.lines)]
    trees += [("bounds.F_plus", rule.bounds.F_plus), ("bounds.F_minus", rule.bounds.F_minus), ("synapse.efficacy", rule.efficacy)]
    return trees if rule.readout is None else [*trees, ("synapse.readout", rule.readout)]


def trees_of_post(rule: Rule) -> list[tuple[str, t.Tree]]:
    """Every expression of ``[post]`` with its key."""
    if rule.post is None:
        return []
    trees = [("post.model", e.expression) for e in rule.post.equations if e.expression is not None]
    trees += [(f"post.initial.{name}", tree) for name, tree in rule.post.initial.items()]
    return trees + [(f"post.on_spike[{n}]", line.expression) for n, line in enumerate(rule.post.on_spike)]
