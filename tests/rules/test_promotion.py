"""A rule that logs: ltp and ltd lines are followed by lines that add the same amounts to two variables."""

from __future__ import annotations

from dataclasses import replace

import pytest

import spikeheb as sh
from spikeheb.errors import FormatError
from spikeheb.expressions.gate import parse_expression, parse_statement
from spikeheb.rules import Rule
from spikeheb.rules.promotion import logged


def only(*lines: str) -> Rule:
    """The pair rule with nothing but these lines at a postsynaptic spike."""
    pair = sh.rule("pair")
    pre, post = pair.handlers
    silent = replace(pre, lines=(parse_statement("transmit = 1"), parse_statement("x += 1"), parse_statement("y += 1")))
    return replace(pair, handlers=(silent, replace(post, lines=tuple(map(parse_statement, lines)))))


def test_each_line_is_kept_and_its_amount_is_added_to_a_log_that_starts_at_0() -> None:
    rule = logged(only("ltp = A_plus*x", "ltd = 2*y"))
    lines = ("ltp = A_plus*x", "promoted += A_plus*x", "ltd = 2*y", "demoted += 2*y")
    assert rule.handlers[1].lines == tuple(map(parse_statement, lines))
    assert {rule.initial[name] for name in ("promoted", "demoted")} == {parse_expression("0")}
    assert set(rule.variables) == {"x", "y", "w", "promoted", "demoted"}


def test_a_rule_without_ltp_and_ltd_cannot_be_logged() -> None:
    with pytest.raises(FormatError, match="has no ltp or ltd line"):
        logged(only("w += A_plus*x", "x += y"))


def test_a_rule_of_nothing_but_ltp_lines_can_be_logged() -> None:
    pair = sh.rule("pair")
    handlers = tuple(replace(handler, lines=(parse_statement("ltp = A_plus"),)) for handler in pair.handlers)
    assert logged(replace(pair, handlers=handlers)).handlers[0].lines[1] == parse_statement("promoted += A_plus")
