"""Constant arithmetic: whatever is known beforehand is a finite real number, or the file is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikeheb.errors import ExpressionError
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.expressions.constants import check_constants, with_subexpressions

IMPOSSIBLE = [
    "(0 - 8)**0.5", "0**(-1)", "0**-0.5", "log(0)", "log(-1)", "log(1 - 1)", "sqrt(-1)", "sqrt(1 - 2)", "exp(1000)", "1/0", "0/0",
    "1/(2 - 2)", "1e99*1e99*1e99*1e99", "1e99*1e99*1e99*1e99 - 1e99*1e99*1e99*1e99", "1/int(1 < 0)", "1/abs(0)", "1/positive(-3)",
    "clip(1, 0, 1e99*1e99*1e99*1e99)", "1/clip(5, -1, 0)", "x + log(0)", "x*(1/0)", "exp(-(1/0))", "clip(x, log(0), 1)", "randn()*sqrt(-1)",
    "x/(1*mV - 1*mV)", "int(x > sqrt(-1))", "int(not x > log(0) and x < 1)", "1/(1e-99*1e-99*1e-99*1e-99)",
]  # fmt: skip


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_what_is_no_finite_real_number_is_refused_where_it_is_read(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        gate.parse_expression(text, path="rule.toml", key="on[0].do[1]")
    assert str(caught.value).startswith("rule.toml: on[0].do[1]: ")
    assert "finite real number" in caught.value.message or "division by zero" in caught.value.message
    with pytest.raises(ExpressionError):
        gate.parse_statement(f"w += {text}")
    with pytest.raises(ExpressionError):
        gate.parse_condition(f"x > {text}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2**-1", 0.5), ("(0 - 8)**3", -512.0), ("0**0", 1.0), ("exp(-1000)", 0.0), ("sqrt(2)**2", 2.0000000000000004),
        ("int(1 > 0)/4", 0.25),
        ("clip(5, 0, 2)", 2.0), ("positive(-3) + abs(-2)", 2.0), ("3*mV", 0.003), ("int(1 < 2 and 2 < 1)", 0.0), ("int(not 1 < 2)", 0.0),
    ],
)  # fmt: skip
def test_value_of_what_is_known(text: str, value: float) -> None:
    assert check_constants(gate.parse_expression(text)) == value


@pytest.mark.parametrize("text", ["x", "1/x", "0*x", "log(x)", "rand()", "sqrt(randn())", "int(x > 0)", "clip(x, 0, 1)"])
def test_what_is_not_known_is_left_alone(text: str) -> None:
    assert check_constants(gate.parse_expression(text)) is None


def test_values_that_make_it_impossible_are_named() -> None:
    tree = gate.parse_expression("1/(tau_a - tau_b)")
    assert check_constants(tree, {"tau_a": 2.0, "tau_b": 1.0}) == 1.0
    with pytest.raises(ExpressionError, match=r'"1/\(tau_a - tau_b\)" is a division by zero with tau_a = 0.02, tau_b = 0.02'):
        check_constants(tree, {"tau_a": 0.02, "tau_b": 0.02})
    with pytest.raises(ExpressionError, match=r'"sqrt\(A\)" is not a finite real number with A = -1'):
        check_constants(gate.parse_expression("x*sqrt(A)"), {"A": -1.0})


def test_every_element_of_an_array_is_checked() -> None:
    tree = gate.parse_expression("1/(a - b)")
    np.testing.assert_array_equal(check_constants(tree, {"a": np.array([2.0, 3.0]), "b": 1.0}), [1.0, 0.5])
    with pytest.raises(ExpressionError, match=r"a = 1 to 3, b = 1"):
        check_constants(tree, {"a": np.array([3.0, 1.0]), "b": 1.0})


def test_subexpressions_are_known_where_all_that_they_read_is() -> None:
    trees = {name: gate.parse_expression(text) for name, text in {"c": "b*2", "b": "a + 1", "d": "x + c"}.items()}
    assert with_subexpressions(trees, {"a": 1.0}) == {"a": 1.0, "b": 2.0, "c": 4.0}
    with pytest.raises(ExpressionError):
        with_subexpressions({"b": gate.parse_expression("1/a"), "c": gate.parse_expression("1/(b - b)")}, {"a": 1.0})


def test_work_grows_with_the_nodes_and_not_with_the_powers() -> None:
    """Each node is computed once, however deep the nesting: counted, not timed."""
    tree: t.Tree = t.Name("x")
    for _ in range(90):
        tree = t.Binary("**", t.Binary("+", tree, t.ONE), t.Number(2.0))
    seen = []

    class Counting(dict[str, float]):
        def __getitem__(self, name: str) -> float:
            seen.append(name)
            return super().__getitem__(name)

    with pytest.raises(ExpressionError, match="finite"):
        check_constants(tree, Counting(x=1.0))
    assert len(seen) <= 3  # the value, and once more for the message
    assert math.isfinite(check_constants(t.Binary("*", tree, t.ZERO), {}) or 0.0)
