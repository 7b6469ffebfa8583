"""A trial of a rule without an engine: everything that it computes is computed once, from the values it starts with.

It finds what no look at one expression shows: a trace that starts at 0 and is divided by, a logarithm of a negative start, a
derivative that is infinite before the first spike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeheb.errors import ExpressionError
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import NOISE
from spikeheb.expressions.printers import evaluate, to_brian
from spikeheb.rules.meaning import expand
from spikeheb.rules.numbers import trees_of_post, trees_of_synapse
from spikeheb.rules.rule import VERBS, Bounds, Handler, Rule

DRAWS = 32
"""Starting values that are drawn are drawn so often."""
AT_REST, AT_PEAK = -0.07, 0.02
"""Volts: the membrane potential that derivatives and presynaptic handlers read here, and the one that a postsynaptic spike has."""

_Values = dict[str, Any]


def try_rule(rule: Rule) -> None:
    """Compute every line once from the starting values, each handler by itself.

    Parameters
    ----------
    rule : Rule
        One that `check_rule` accepts.

    Raises
    ------
    ExpressionError
        With file and key of the first line whose value is not finite, and the values that it reads.
    """
    trial = _Trial(rule)
    trial.start()
    trial.derivatives()
    for index, handler in enumerate(rule.handlers):
        trial.handler(handler, f"on[{index}]")
    trial.on_spike()


def compared_for_equality(rule: Rule) -> list[tuple[str, str]]:
    """Key of every ``==`` and ``!=`` of two values of which neither is a whole number written out, and a sentence about it."""
    places = [*trees_of_synapse(rule), *trees_of_post(rule)]
    nodes = [(key, node) for key, tree in places for node in t.walk(tree) if isinstance(node, t.Compare) and node.op in ("==", "!=")]
    advice = "compares computed numbers for equality, which seldom holds; write < or >"
    return [(key, f'"{to_brian(node)}" {advice}') for key, node in nodes if not any(_is_whole(side) for side in t.children(node))]


def _is_whole(tree: t.Tree) -> bool:
    return isinstance(tree, t.Number) and tree.value == round(tree.value)


class _Trial:
    """The values that a rule starts with, and what its lines make of them."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        rng = np.random.default_rng(0)
        self.random = {"rand": lambda: rng.random(DRAWS), "randn": lambda: rng.standard_normal(DRAWS)}
        self.values: _Values = {**rule.constants, "v": AT_REST, "amount": 1.0}

    def value(self, tree: t.Tree, values: _Values, key: str, label: str) -> Any:
        """The value of a tree; an error where it is not finite."""
        number = np.asarray(evaluate(tree, values, self.random), dtype=float)
        if not np.all(np.isfinite(number)):
            bad = float(np.ravel(number)[np.flatnonzero(~np.isfinite(np.ravel(number)))[0]])
            read = [f"{name} = {np.ravel(values[name])[0]:g}" for name in sorted(t.names(tree) & set(values))]
            with_ = f", with {', '.join(read[:6])}" if read else ""
            text = to_brian(tree)
            shown = text if len(text) <= 60 else f"{text[:57]}..."
            raise ExpressionError(f'{label}: "{shown}" is {bad} at the starting values{with_}', path=self.rule.path, key=key)
        return number

    def start(self) -> None:
        rule = self.rule
        for name, tree in rule.initial.items():
            self.values[name] = self.value(tree, self.values, f"synapse.initial.{name}", name)
        self.within_bounds(self.values[rule.weight])
        if rule.post is not None:
            for name, tree in rule.post.initial.items():
                self.values[name] = self.value(tree, self.values, f"post.initial.{name}", name)
            for name, delayed in rule.post.delayed.items():
                self.values[name] = self.values[delayed.of]

    def within_bounds(self, weights: Any) -> None:
        """An error where the weight starts outside its limits, at which the first change would cut it off."""
        bounds = self.rule.bounds
        low = -math.inf if bounds.w_min is None else bounds.w_min
        high = math.inf if bounds.w_max is None else bounds.w_max
        outside = np.ravel(weights)[(np.ravel(weights) < low) | (np.ravel(weights) > high)]
        if outside.size:
            message = f"{outside[0]:g} lies outside the bounds {low:g} to {high:g} of the weight"
            raise ExpressionError(message, path=self.rule.path, key=f"synapse.initial.{self.rule.weight}")

    def derivatives(self) -> None:
        """Every line of both models, efficacy and readout."""
        quiet = {**self.values, NOISE: 0.0}
        for equation in self.rule.equations:
            if equation.expression is not None:
                self.value(expand(equation.expression, self.rule), quiet, "synapse.model", equation.name)
        self.value(expand(self.rule.efficacy, self.rule), self.values, "synapse.efficacy", "efficacy")
        if self.rule.readout is not None:
            self.value(expand(self.rule.readout, self.rule), self.values, "synapse.readout", "readout")
        if self.rule.post is not None:
            for equation in self.rule.post.equations:
                if equation.expression is not None:
                    self.value(expand(equation.expression, self.rule), quiet, "post.model", equation.name)

    def handler(self, handler: Handler, key: str) -> None:
        """The lines of a handler in order. F and the lines that change the weight read it as it stood when the handler began."""
        values = {**self.values, "v": AT_PEAK if handler.event == "post" else AT_REST}
        for n, line in enumerate(handler.lines):
            moves = line.target in ("ltp", "ltd", self.rule.weight)
            change = _change(line, self.rule.bounds) if moves else line.value() if line.target not in VERBS else line.expression
            number = self.value(expand(change, self.rule), values, f"{key}.do[{n}]", line.target)
            if line.target in ("ltp", "ltd"):
                amount = self.value(expand(line.expression, self.rule), values, f"{key}.do[{n}]", line.target)
                self.not_negative(amount, f"{key}.do[{n}]", line)
            if not moves and line.target not in VERBS:
                values[line.target] = number

    def not_negative(self, amount: Any, key: str, line: t.Statement) -> None:
        """An error where ``ltp`` or ``ltd`` says less than 0, which would turn the one into the other with the wrong bound."""
        if np.any(amount < 0):
            other = {"ltp": "ltd", "ltd": "ltp"}[line.target]
            message = (
                f'{line.target} must be 0 or more, and "{to_brian(line.expression)[:60]}" is {np.min(amount):g} at the starting values'
            )
            raise ExpressionError(f"{message}; write the opposite as {other}, or change the weight itself", path=self.rule.path, key=key)

    def on_spike(self) -> None:
        values = {**self.values, "v": AT_PEAK}
        for n, line in enumerate(self.rule.post.on_spike if self.rule.post else ()):
            values[line.target] = self.value(expand(line.value(), self.rule), values, f"post.on_spike[{n}]", line.target)


def _change(line: t.Statement, bounds: Bounds) -> t.Tree:
    """By how much a line changes the weight, before any limit."""
    factor: Mapping[str, t.Tree] = {"ltp": bounds.F_plus, "ltd": bounds.F_minus}
    return t.multiply(factor[line.target], line.expression) if line.target in factor else line.expression
