"""Which weight updates are known not to overflow, and are not looked at."""

import numpy as np
import pytest
from kernel_rules import read

import spikeheb as sh
from spikeheb.expressions import tree as t
from spikeheb.expressions.gate import parse_expression
from spikeheb.expressions.printers import evaluate
from spikeheb.program.analysis import analyse
from spikeheb.program.magnitude import ANY, bound_of


def calls(rule, varying=()):
    plan = analyse(rule, None, 1e-4, varying=frozenset(varying))
    return {node.function for a in plan.actions for line in a.lines for node in t.walk(line.expression) if isinstance(node, t.Call)}


@pytest.mark.parametrize("name", ["pair", "triplet", "vogels"])
def test_sums_of_traces_cannot_overflow(name):
    rule = sh.rule(name, bounds={"kind": "hard", "w_min": 0, "w_max": 1})
    assert "within" in calls(rule) and "limited" not in calls(rule)


def test_nor_can_a_power_of_the_distance_from_a_limit():
    assert calls(sh.rule("pair", set="gutig")) & {"within", "limited"} == {"within"}


def test_large_numbers_are_looked_at():
    assert calls(sh.rule("pair", A_plus=1e200)) & {"within", "limited"} == {"within", "limited"}


def test_so_are_constants_that_differ_between_lanes_and_quotients():
    assert "limited" in calls(sh.rule("pair"), varying={"A_plus"})
    assert bound_of(parse_expression("1/x"), {"x": (-1.0, 1.0)}) == ANY
    assert bound_of(parse_expression("exp(x)"), {"x": (0.0, 1.0)}) == ANY


@pytest.mark.parametrize(
    "text", ["x*y - 2*x", "(x - y)/(3 + y)", "y**2*x", "clip(x*z, -1, 2)", "positive(x)*abs(x)", "-(x + y)", "int(x > y)*x"]
)
def test_values_lie_within_their_bound(text):
    known = {"x": (-2.0, 3.0), "y": (0.0, 0.5)}
    rng = np.random.default_rng(0)
    x, y, z = rng.uniform(-2, 3, 1000), rng.uniform(0, 0.5, 1000), rng.normal(0, 1e3, 1000)
    values = evaluate(parse_expression(text), {"x": x, "y": y, "z": z})
    low, high = bound_of(parse_expression(text), known)
    assert low <= np.min(values) and np.max(values) <= high


def test_rules_that_draw_by_a_bounded_number_of_normal_numbers_are_bounded(tmp_path):
    assert "within" in calls(read(tmp_path, "noisy_jumps"))
