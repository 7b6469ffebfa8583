"""What is printed means what the tree means, in each language."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeheb.errors import ExpressionError
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import equation_latex, evaluate, latex_name, resolve_units, to_brian, to_cpp, to_latex, to_numpy

NAMES = {"x": 1.5, "y": -0.25, "tau_plus": 0.02}


@st.composite
def truths(draw: st.DrawFn, depth: int) -> t.Tree:
    kind = draw(st.sampled_from(["compare", "compare", "not", "and", "or"]))
    if kind == "compare" or depth <= 0:
        return t.Compare(draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="])), draw(trees(depth - 1)), draw(trees(depth - 1)))
    return t.Logic(kind, tuple(draw(truths(depth - 1)) for _ in range(1 if kind == "not" else 2)))


@st.composite
def trees(draw: st.DrawFn, depth: int = 4) -> t.Tree:
    kind = draw(st.sampled_from(["number", "name", "-", "+", "*", "/", "negative", "**", "log", "sqrt", "abs", "int", "clip"]))
    if depth <= 0 or kind == "name":
        return t.Name(draw(st.sampled_from(list(NAMES))))
    if kind == "number":
        return t.Number(draw(st.sampled_from([0.0, 1.0, 2.0, 0.5, 1e-5, 5e-10, 123456789.0, 1e20, 0.1 + 0.2])))
    if kind == "negative":
        return t.Negative(draw(trees(depth - 1)))
    if kind == "**":
        return t.Binary("**", draw(trees(depth - 1)), t.Number(float(draw(st.integers(0, 3)))))
    if kind == "int":
        return t.Call("int", (draw(truths(depth - 1)),))
    if len(kind) == 1:
        return t.Binary(kind, draw(trees(depth - 1)), draw(trees(depth - 1)))
    return t.Call(kind, tuple(draw(trees(depth - 1)) for _ in range(3 if kind == "clip" else 1)))


@settings(max_examples=300, deadline=None)
@given(trees())
def test_brian_text_reads_back_as_the_same_tree(tree: t.Tree) -> None:
    text = to_brian(tree)
    try:
        assert gate.parse_expression(text) == tree
    except ExpressionError as error:
        # a tree that no file may hold: the text is right, but the gate does not let it in
        assert any(
            word in error.message for word in ("power", "exponent", "division", "terms", "signs", "too large", "plain decimal", "finite")
        )


def by_hand(tree: t.Tree) -> float | bool:
    """The meaning of a tree, node by node."""
    match tree:
        case t.Number(value):
            return value
        case t.Name(name):
            return NAMES[name]
        case t.Negative(operand):
            return -by_hand(operand)
        case t.Binary(op, left, right):
            a, b = np.float64(by_hand(left)), np.float64(by_hand(right))
            return {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power}[op](a, b)
        case t.Compare(op, left, right):
            a, b = by_hand(left), by_hand(right)
            return bool({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[op])
        case t.Logic("not", (operand,)):
            return not by_hand(operand)
        case t.Logic(op, operands):
            return all(map(by_hand, operands)) if op == "and" else any(map(by_hand, operands))
        case t.Call("int", (truth,)):
            return 1.0 if by_hand(truth) else 0.0
        case t.Call("clip", (value, low, high)):
            x, a, b = by_hand(value), by_hand(low), by_hand(high)
            return np.clip(x, a, b) if np.all(np.isfinite([x, a, b])) else np.nan
        case t.Call(name, (argument,)):
            return {"log": np.log, "sqrt": np.sqrt, "abs": np.abs}[name](by_hand(argument))
    raise AssertionError(tree)


@settings(max_examples=300, deadline=None)
@given(trees())
def test_numpy_text_computes_what_the_tree_means(tree: t.Tree) -> None:
    arrays = {name: np.array([value, value]) for name, value in NAMES.items()}
    with np.errstate(all="ignore"):
        expected = by_hand(tree)
        try:
            values = np.broadcast_to(np.asarray(evaluate(tree, arrays), dtype=float), 2)
        except ArithmeticError:
            return  # numbers alone are computed by Python, which refuses what numpy calls infinite
        except TypeError:
            return  # and has complex numbers
    if "clip(" in to_brian(tree) and not np.any(np.isfinite([*values, expected])):
        return  # by 1/0: the sign of a zero between two equal limits is nobody's business
    assert np.array_equal(values, [expected, expected], equal_nan=True) or np.allclose(values, expected, rtol=1e-12, atol=0, equal_nan=True)


@pytest.mark.parametrize(
    ("text", "brian", "numpy", "cpp"),
    [
        ("x - (y - 1)", "x - (y - 1)", "x - (y - 1.0)", "x - (y - 1.0)"),
        ("x/(y*2)", "x/(y*2)", "x/(y*2.0)", "x/(y*2.0)"),
        ("x - -y", "x - -y", "x - -y", "x - -y"),
        ("-x**2", "-x**2", "-x**(2.0)", "-whole<2>(x)"),
        ("(-x)**2", "(-x)**2", "(-x)**(2.0)", "whole<2>(-x)"),
        ("x**0.5", "x**(0.5)", "x**(0.5)", "halves<1>(x)"),
        ("x**-2", "x**(-2)", "x**(-2.0)", "whole<-2>(x)"),
        ("x**y", "x**y", "x**y", "power(x, y)"),
        (
            "int(x > 1 and not (y > 2))",
            "int((x > 1) and (not (y > 2)))",
            "_np.where((x > 1.0) & (_np.logical_not(y > 2.0)), 1.0, 0.0)",
            "truth((x > 1.0) && (!(y > 2.0)))",
        ),
        ("positive(x)", "(0.5*((x) + abs(x)))", "(0.5*((x) + _np.abs(x)))", "positive(x)"),
        ("randn()", "randn()", "_randn()", "randn()"),
        ("5e-10*x", "5e-10*x", "5e-10*x", "5e-10*x"),
    ],
)
def test_one_tree_in_three_languages(text: str, brian: str, numpy: str, cpp: str) -> None:
    tree = gate.parse_expression(text)
    assert (to_brian(tree), to_numpy(tree), to_cpp(tree)) == (brian, numpy, cpp)


def test_power_put_into_a_power_keeps_its_brackets() -> None:
    tree = t.substitute(gate.parse_expression("u**3"), {"u": gate.parse_expression("x**2")})
    assert evaluate(tree, {"x": 2.0}) == 64.0
    assert to_brian(tree) == "(x**2)**3"


def test_limits_that_are_missing_are_infinite() -> None:
    tree = t.Call("limited", (t.Name("x"), t.Number(-math.inf), t.Number(math.inf)))
    assert evaluate(tree, {"x": 5.0}) == 5.0
    assert np.isnan(evaluate(tree, {"x": np.inf})), "no limit may hide what is not finite"
    assert to_brian(tree) == "clip(x, -inf, inf)"
    assert to_cpp(tree) == "limited(x, -INFINITY, INFINITY)"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("int(not (x > 1))", 0.0),
        ("int(not (x > 2))", 1.0),
        ("positive(y)", 0.0),
        ("positive(x)", 1.5),
        ("clip(x, 0, 1)", 1.0),
        ("int(x > 1 or y > 1)", 1.0),
    ],
)
def test_functions_of_plain_floats(text: str, value: float) -> None:
    assert evaluate(gate.parse_expression(text), NAMES) == value


def test_evaluation_reaches_nothing_but_its_values() -> None:
    for name in ("open", "print", "x", "np"):
        with pytest.raises(NameError):
            evaluate(t.Name(name), {})
    with pytest.raises(TypeError):
        evaluate(t.Name("__builtins__"), {}) + 1  # type: ignore[operator]
    assert evaluate(t.Name("__builtins__"), {}) == {}


def test_random_numbers_come_from_whoever_asks() -> None:
    tree = gate.parse_expression("int(rand() >= 0.5) + randn()")
    assert evaluate(tree, {}, {"rand": lambda: np.array([0.2, 0.7]), "randn": lambda: 2.0}).tolist() == [2.0, 3.0]  # type: ignore[attr-defined]


def test_unit_becomes_its_size_unless_a_variable_has_its_name() -> None:
    tree = gate.parse_expression("10*mV + C")
    assert resolve_units(tree, {"C"}) == gate.parse_expression("10*0.001 + C")
    assert evaluate(tree, {"C": 1.0}) == pytest.approx(1.01, abs=1e-15)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("-x/tau_plus", r"-\frac{x}{\tau_{+}}"),
        ("A_minus*y", r"A_{-} \, y"),
        ("(x + y)*2", r"\left(x + y\right) \, 2"),
        ("x - (y - 1)", r"x - \left(y - 1\right)"),
        ("x**2", "x^{2}"),
        ("(x + 1)**n", r"\left(x + 1\right)^{n}"),
        ("8e-5*x", r"8 \cdot 10^{-5} \, x"),
        ("int(c >= theta_p)", r"\left[c \ge \theta_{p}\right]"),
        ("positive(u - theta)", r"\left[u - \theta\right]_{+}"),
        ("sqrt(abs(x))", r"\sqrt{\left|x\right|}"),
        ("exp(-x)", r"\exp\left(-x\right)"),
        ("(x/y)**2", r"\left(\frac{x}{y}\right)^{2}"),
        ("2*(-x/y)", r"2 \, \left(-\frac{x}{y}\right)"),
        ("x - -y", r"x - \left(-y\right)"),
    ],
)
def test_latex(text: str, latex: str) -> None:
    assert to_latex(gate.parse_expression(text)) == latex


def test_latex_of_names_and_lines() -> None:
    assert latex_name("tau_plus") == r"\tau_{+}"
    assert latex_name("theta_rest_late") == r"\theta_{\mathrm{rest},\mathrm{late}}"
    assert equation_latex("differential", "x", gate.parse_expression("-x/tau_x")) == r"\frac{dx}{dt} = -\frac{x}{\tau_{x}}"
    assert equation_latex("subexpression", "up", t.Name("x")) == r"\mathrm{up} = x"
