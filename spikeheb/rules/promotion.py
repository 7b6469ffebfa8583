"""A rule that keeps a log: how much each synapse was promoted and demoted."""

from __future__ import annotations

from dataclasses import replace

from spikeheb.errors import FormatError
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation
from spikeheb.rules.check import check_rule
from spikeheb.rules.rule import Handler, Rule

LOGS = {"ltp": "promoted", "ltd": "demoted"}


def logged(rule: Rule) -> Rule:
    """The rule with two more synaptic variables, to which each ``ltp`` and each ``ltd`` adds its amount, before any weight dependence.

    Raises
    ------
    FormatError
        Where no handler has such a line, or one of the names is taken.
    """
    taken = {equation.name for equation in rule.equations} | set(rule.constants)
    if taken & set(LOGS.values()):
        raise FormatError("has a variable or parameter called promoted or demoted", path=rule.path)
    if not any(line.target in LOGS for handler in rule.handlers for line in handler.lines):
        raise FormatError("has no ltp or ltd line that could be logged", path=rule.path)
    weight = next(equation for equation in rule.equations if equation.name == rule.weight)
    logs = tuple(Equation("variable", name, None, weight.dimension) for name in LOGS.values())
    with_logs = replace(
        rule,
        equations=(*rule.equations, *logs),
        initial={**rule.initial, **{name: t.Number(0.0) for name in LOGS.values()}},
        handlers=tuple(_logging(handler) for handler in rule.handlers),
        changed=(*rule.changed, "log"),
    )
    check_rule(with_logs)
    return with_logs


def _logging(handler: Handler) -> Handler:
    lines: list[t.Statement] = []
    for line in handler.lines:
        lines.append(line)
        if line.target in LOGS:
            lines.append(t.Statement(LOGS[line.target], "+=", line.expression))
    return replace(handler, lines=tuple(lines))
