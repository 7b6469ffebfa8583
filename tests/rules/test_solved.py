"""Which parts of a line are its constant rest, and which rules need a membrane."""

from __future__ import annotations

from dataclasses import replace

import pytest

import spikeheb as sh
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import parse_model
from spikeheb.expressions.gate import parse_expression
from spikeheb.rules.meaning import affine, reads_membrane
from spikeheb.rules.rule import Delayed, Post


@pytest.mark.parametrize("text", ["-x/tau", "x/tau - y/sigma", "(x - y)/tau", "a*x/tau", "-(x + y)"])
def test_a_line_without_a_constant_has_a_rest_of_nothing(text: str) -> None:
    linear = affine(parse_expression(text), {"x", "y"})
    assert linear is not None
    assert linear[1] == t.ZERO


def test_a_rule_that_reads_a_late_potential_and_nothing_else_of_the_cell_needs_a_membrane() -> None:
    post = Post(parse_model("z : 1"), None, (), {"z": t.ZERO}, {"late": Delayed("v", "tau_plus")})
    assert reads_membrane(replace(sh.rule("pair"), post=post))
    assert not reads_membrane(replace(sh.rule("pair"), post=replace(post, delayed={"late": Delayed("z", "tau_plus")})))
