"""Which weight updates are known not to overflow, and are not looked at."""

import numpy as np
import pytest
from circuits_by_hand import of_lanes
from kernel_rules import LIBRARY, read

import spikeheb as sh
from spikeheb.circuits.drives import Change
from spikeheb.engines.choice import carry_out
from spikeheb.expressions import tree as t
from spikeheb.expressions.gate import parse_expression
from spikeheb.expressions.printers import evaluate
from spikeheb.program.analysis import analyse
from spikeheb.program.magnitude import ANY, bound_of, of_membrane


def calls(rule, varying=()):
    program = analyse(rule, None, 1e-4, varying=frozenset(varying))
    return {node.function for a in program.actions for line in a.lines for node in t.walk(line.expression) if isinstance(node, t.Call)}


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


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("clip((v - V_T)/Delta, -100, steepest)", "within"),  # v itself is looked at in every step
        ("clip(w_ad/Delta, -100, steepest)", "clip"),
        ("clip((v - V_T)/(v - V_T), -100, steepest)", "clip"),
        ("clip(exp(v), -100, steepest)", "clip"),
        ("clip(v, -100, w_ad)", "clip"),
        ("clip(v*huge, -100, 100)", "clip"),
    ],
)
def test_a_clip_of_the_cell_looks_once_where_only_the_potential_could_be_infinite(text, function):
    tree = of_membrane(parse_expression(text), {"V_T": -0.05, "Delta": 0.002, "steepest": 7.0, "huge": 1e300})
    assert t.functions(tree) & {"clip", "within"} == {function}


def test_a_potential_that_is_not_finite_stops_the_run_though_the_cell_clips_it(tmp_path):
    text = (LIBRARY / "cells" / "l5_pyramidal.toml").read_text(encoding="utf-8")
    broken = text.replace("dv/dt = (g_L*(E_L - v)", "dv/dt = (g_L*(E_L - v)*exp(I_ext/(1*pA))")
    assert broken != text
    (tmp_path / "broken.toml").write_text(broken, encoding="utf-8")
    job = of_lanes(
        sh.rule("pair"), sh.cell(tmp_path / "broken.toml"), 1e-4, 200, np.zeros(1, dtype=np.int64), (np.array([5]),), (np.array([9]),),
        currents=(Change(0, 50, 1e-9),),
    )  # fmt: skip
    for engine in ("kernel", "plain"):
        with pytest.raises(sh.NonFiniteError, match=r"not finite at 0\.0050 s"):
            carry_out(job, engine)
