"""Model blocks: lines, units, and two sides that must agree."""

from __future__ import annotations

from fractions import Fraction

import pytest

from spikeheb.dimensions import CURRENT, FREQUENCY, NONE, TIME, VOLTAGE, Dimension
from spikeheb.errors import ExpressionError
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation, check_expanded, check_expression, check_model, dimension_of, parse_model

KNOWN = {"x": NONE, "y": NONE, "tau": TIME, "v": VOLTAGE, "u": VOLTAGE, "rate": FREQUENCY, "I": CURRENT, "A_plus": NONE}


def dimension(text: str) -> Dimension:
    return dimension_of(gate.parse_expression(text), KNOWN)


def test_block_becomes_equations_in_order() -> None:
    equations = parse_model("# traces\ndx/dt = -x/tau : 1  # decay\n\ns = x + 1 : 1\ndu/dt=(v-u)/tau:volt\nw : 1\n")
    assert [(e.kind, e.name, e.dimension) for e in equations] == [
        ("differential", "x", NONE),
        ("subexpression", "s", NONE),
        ("differential", "u", VOLTAGE),
        ("variable", "w", NONE),
    ]
    assert equations[0].expression == gate.parse_expression("-x/tau")
    assert equations[3].expression is None


def test_variable_may_be_called_d() -> None:
    assert parse_model("dd/dt = -d/tau : 1")[0] == Equation("differential", "d", gate.parse_expression("-d/tau"), NONE)


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        ("x : 1", NONE),
        ("x : volt", VOLTAGE),
        ("x : 1/second", FREQUENCY),
        ("x : Hz", FREQUENCY),
        ("x : amp*second/volt", CURRENT * TIME / VOLTAGE),
        ("x : volt**-2", NONE / VOLTAGE**2),
    ],
)
def test_unit_after_the_colon(line: str, unit: Dimension) -> None:
    assert parse_model(line)[0].dimension == unit


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("x : mV", "write an unscaled unit"),
        ("x : metre/second**", "is not a unit"),
        ("x : parsec", 'unknown unit "parsec"'),
        ("x : volt**\uff12", "is not"),
        ("x : second**9**9**9", "is not a unit"),
        ("x : 2", "is not a unit"),
        ("x :", "is not"),
        ("x", "is not"),
        ("x = y", "is not"),
        ("dx/dt = -x/tau", "is not"),
        ("dx/dt = -x/tau : 1 (event-driven)", "without flags"),
        ("x : 1 (constant)", "without flags"),
        ("dx/dy = x : 1", "is not"),
        ("d2x/dt2 = x : 1", "is not"),
        ("x += 1 : 1", "is not"),
        ("x = y = 1 : 1", "is not an expression"),
        ("x : 1\nx : 1", "declared twice"),
        ("dx/dt = -x/tau : 1\nx = 2 : 1", "declared twice"),
        ("x : 1 : 1", "is not"),
        ("x = y : 1 : 1", "is not"),
        ("tau_pre : 1", "may not end in _pre"),
        ("dt : second", "reserved"),
        ("mV : volt", "is a unit"),
        ("x = " + "y*" * 600 + "y : 1", "characters"),
        ("\n".join(f"x{n} : 1" for n in range(61)), "61 lines; at most 60"),
    ],
)
def test_other_lines_are_refused(block: str, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_model(block, path="rule.toml", key="synapse.model")
    assert words in str(caught.value)
    assert str(caught.value).startswith("rule.toml: synapse.model: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + y", NONE),
        ("v + 0", VOLTAGE),
        ("0 - v", VOLTAGE),
        ("v/tau", VOLTAGE / TIME),
        ("-v*rate", VOLTAGE / TIME),
        ("v**2", VOLTAGE**2),
        ("v**-2", VOLTAGE**-2),
        ("v**0.5", VOLTAGE ** Fraction(1, 2)),
        ("sqrt(rate)", FREQUENCY ** Fraction(1, 2)),
        ("abs(v) + positive(u)", VOLTAGE),
        ("clip(v, 0, u)", VOLTAGE),
        ("exp(v/u)", NONE),
        ("x**y", NONE),
        ("int(v > u)", NONE),
        ("int(v > -40*mV)", NONE),
        ("10*mV + v", VOLTAGE),
        ("randn()", NONE),
        ("tau*rate", NONE),
    ],
)
def test_dimension_of_an_expression(text: str, expected: Dimension) -> None:
    assert dimension(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("v + tau", '"+" of a voltage and a time'),
        ("v - 1", '"-" of a voltage and a number'),
        ("int(v > tau)", '">" of a voltage and a time'),
        ("int(v > 1 and x > 1)", '">" of a voltage and a number'),
        ("exp(v)", "exp of a voltage; its argument must be a number"),
        ("log(tau)", "log of a time"),
        ("clip(v, 0, 1)", "clip of a voltage and a number"),
        ("x**tau", "an exponent must be a number"),
        ("v**x", "to a power that is not a literal number"),
        ("a_plus*x", 'undeclared name "a_plus"; did you mean "A_plus"?'),
        ("A_pls*x", 'undeclared name "A_pls"; did you mean "A_plus"?'),
        ("qqq*x", 'undeclared name "qqq"; declared: A_plus I rate'),
    ],
)
def test_dimensions_that_do_not_agree(text: str, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        dimension(text)
    assert words in str(caught.value)


def test_two_sides_of_a_line() -> None:
    check_model(parse_model("dx/dt = -x/tau : 1\ndu/dt = (v - u)/tau : volt\nz : 1"), KNOWN)
    for line, words in (
        ("dx/dt = -x : 1", "dx/dt should be a rate, but its expression is a number"),
        ("s = v : 1", "s should be a number, but its expression is a voltage"),
        ("dx/dt = q/tau : 1", 'in dx/dt: undeclared name "q"'),
    ):
        with pytest.raises(ExpressionError) as caught:
            check_model(parse_model(line), KNOWN, path="p", key="k")
        assert str(caught.value).startswith(f"p: k: {words}")


def test_zero_has_every_dimension() -> None:
    check_expression(gate.parse_expression("0"), VOLTAGE, KNOWN, "x")
    with pytest.raises(ExpressionError, match="x should be a voltage, but its expression is a number"):
        check_expression(gate.parse_expression("1"), VOLTAGE, KNOWN, "x")


def test_noise_stands_in_differential_equations_only() -> None:
    check_model(parse_model("dx/dt = -x/tau + xi/sqrt(tau) : 1"), KNOWN)
    for block in ("dx/dt = xi : 1", "s = xi*sqrt(tau) : 1"):
        with pytest.raises(ExpressionError):
            check_model(parse_model(block), KNOWN)


def test_subexpressions_are_put_into_each_other_in_any_order() -> None:
    known = {**KNOWN, "a": NONE, "b": NONE}
    full = check_model(parse_model("a = b*b : 1\nb = x + 1 : 1\ndy/dt = a/tau : 1"), known)
    assert full["a"] == gate.parse_expression("(x + 1)*(x + 1)")
    assert check_expanded(t.Name("b"), full, "y") == gate.parse_expression("x + 1")


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("a = b : 1\nb = a : 1", "depends on itself (a -> b -> a)"),
        ("a = a + 1 : 1", "depends on itself"),
        ("a = 9**9 : 1\nb = 9**a : 1", "an exponent beyond"),
        ("a = (x + y)**8 : 1\nb = a*a : 1", "more than 256 terms"),
        ("a = x - x : 1\nb = 1 - 1 : 1\ndy/dt = x/b/tau : 1", "a division by zero in dy/dt, with its subexpressions put in"),
    ],
)
def test_subexpressions_that_grow_are_refused(block: str, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        check_model(parse_model(block), {**KNOWN, "a": NONE, "b": NONE})
    assert words in str(caught.value)
