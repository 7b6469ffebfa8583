"""What the gate lets through, as which tree, and what it may never let a file declare."""

from __future__ import annotations

import pytest

from spikeheb.errors import ExpressionError
from spikeheb.expressions import gate, limits
from spikeheb.expressions import tree as t

x, y, n = t.Name("x"), t.Name("y"), t.Name("n")
unity, two = t.Number(1.0), t.Number(2.0)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x", x),
        (" x\t", x),
        ("1", unity),
        ("1.", unity),
        (".5", t.Number(0.5)),
        ("5e-10", t.Number(5e-10)),
        ("1E+3", t.Number(1000.0)),
        ("1e-05", t.Number(1e-5)),
        ("0e0", t.ZERO),
        ("0.00525", t.Number(0.00525)),
        ("-x", t.Negative(x)),
        ("+x", x),
        ("x - -y", t.Binary("-", x, t.Negative(y))),
        ("x - y - 1", t.Binary("-", t.Binary("-", x, y), unity)),
        ("x - (y - 1)", t.Binary("-", x, t.Binary("-", y, unity))),
        ("x/y*2", t.Binary("*", t.Binary("/", x, y), two)),
        ("-x**2", t.Negative(t.Binary("**", x, two))),
        ("(-x)**2", t.Binary("**", t.Negative(x), two)),
        ("x**-2", t.Binary("**", x, t.Negative(two))),
        ("x**n", t.Binary("**", x, n)),
        ("exp(-x/y)", t.Call("exp", (t.Binary("/", t.Negative(x), y),))),
        ("clip(x, 0, 1)", t.Call("clip", (x, t.ZERO, unity))),
        ("randn()", t.Call("randn", ())),
        ("int(x >= 1)", t.Call("int", (t.Compare(">=", x, unity),))),
        (
            "int(not (x > 1 and y < 2))",
            t.Call("int", (t.Logic("not", (t.Logic("and", (t.Compare(">", x, unity), t.Compare("<", y, two))),)),)),
        ),
        ("10*mV", t.Binary("*", t.Number(10.0), t.Name("mV"))),
    ],
)
def test_expression_becomes_the_tree_that_python_would_build(text: str, tree: t.Tree) -> None:
    assert gate.parse_expression(text) == tree


def test_condition_is_a_comparison_and_an_expression_is_not() -> None:
    assert gate.parse_condition("x > 1") == t.Compare(">", x, unity)
    assert gate.parse_condition("x > 1 or y > 1 or n > 1") == t.Logic("or", tuple(t.Compare(">", name, unity) for name in (x, y, n)))
    for text in ("x", "int(x > 1)", "x + 1"):
        with pytest.raises(ExpressionError, match="a comparison is expected"):
            gate.parse_condition(text)
    for text in ("x > 1", "-(x > 1)", "(x > 1)*2", "exp(x > 1)", "int(x > (y > 1))", "x > 1 and y > 1"):
        with pytest.raises(ExpressionError, match="int"):
            gate.parse_expression(text)


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("x = 1", t.Statement("x", "=", unity)),
        ("x=1", t.Statement("x", "=", unity)),
        ("  x += y  # comment = 2", t.Statement("x", "+=", y)),
        ("x -= -y", t.Statement("x", "-=", t.Negative(y))),
        ("x *= 2", t.Statement("x", "*=", two)),
        ("x /= 2", t.Statement("x", "/=", two)),
        ("x=-y", t.Statement("x", "=", t.Negative(y))),
    ],
)
def test_statement_has_one_form(text: str, statement: t.Statement) -> None:
    assert gate.parse_statement(text) == statement


def test_augmented_statement_is_written_out_in_order() -> None:
    assert gate.parse_statement("x -= y - 1").value() == gate.parse_expression("x - (y - 1)")
    assert gate.parse_statement("x /= y*2").value() == gate.parse_expression("x/(y*2)")


@pytest.mark.parametrize(
    "text",
    [
        "x == 1",
        "x **= 2",
        "x //= 2",
        "x := 1",
        "x",
        "x y = 1",
        "= 1",
        "x = y = 1",
        "x, y = 1",
        "x = ",
        "x; y = 1",
        "x = 1\ny = 2",
        "x = 1 # a\ny = 2",
    ],
)
def test_other_statements_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        gate.parse_statement(text)


def test_block_loses_comments_and_empty_lines() -> None:
    assert gate.lines("\n # one\n x : 1 # two\n\n\ty : 1\n") == ["x : 1", "y : 1"]


def test_text_that_is_no_text_is_refused() -> None:
    for value in (None, 1, 1.5, b"x", ["x"], {"x": 1}):
        for read in (gate.parse_expression, gate.parse_condition, gate.parse_statement, gate.lines, gate.check_name):
            with pytest.raises(ExpressionError):
                read(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["x", "tau_plus", "A2_plus", "w", "r1", "theta_p", "C", "V", "S", "Ca", "U", "tau_" + "x" * 36])
def test_name_of_the_field_may_be_declared(name: str) -> None:
    assert gate.check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "1x",
        "_x",
        "x__y",
        "x.y",
        "x-y",
        "x y",
        "x\n",
        "\u00e9",
        "x\u0661",
        "x" * 41,
        "tau_pre",
        "tau_post",
        "xi",
        "t",
        "dt",
        "lambda",
        "and",
        "None",
        "int",
        "exp",
        "randn",
        "mV",
        "ms",
        "second",
        "volt",
        "double",
        "class",
        "transmit",
        "ltp",
        "ltd",
        "amount",
        "I_syn",
    ],
)
def test_name_with_a_meaning_of_its_own_may_not(name: str) -> None:
    with pytest.raises(ExpressionError):
        gate.check_name(name)


def test_names_of_brian2_may_be_declared_apart_from_units_of_ours_and_python_words() -> None:
    """They are renamed on the way there (tests/engines/test_names.py)."""
    from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS

    refused = []
    for name in [*DEFAULT_CONSTANTS, *DEFAULT_FUNCTIONS]:
        try:
            gate.check_name(name)
        except ExpressionError:
            refused.append(name)
    assert set(refused) <= {*gate.FUNCTIONS, *gate.RESERVED, "-inf"}


@pytest.mark.parametrize(
    "text",
    [
        "x**16",
        "x**-16",
        "2**x",
        "x**(n - 1)",
        "((1 - x)/2)**n",
        "Q10**((x - 36)/10)",
        "x**0.5",
        "exp(x)**2",
        "exp(-abs(x)/y)*(1 - (x/y)**2)",
        "exp(log(x)*n)",
        "1/(1 + exp(-80*(x - 0.35)))",
        "0.25 + 1/(1 + exp(-x)) - 0.25/(1 + exp(-y))",
        "(x + y)**8",
        "1e99*x",
        "1e-99",
    ],
)
def test_bound_leaves_room_for_what_rules_say(text: str) -> None:
    gate.parse_expression(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x**17", "an exponent beyond 16"),
        ("x**(99*n)", "an exponent beyond 64"),
        ("x**y**n", "a power of a power"),
        ("9999999**2", "a power of a number beyond"),
        ("x**exp(n)", "a function in an exponent"),
        ("exp(exp(x))", "an exponential of an exponential"),
        ("exp(99*log(x))", "the exponential of more than 64 logarithms"),
        ("x**(1/1000000000)", "an exponent beyond 16"),
        ("(1e99*x)**16", "numbers of more than 1000 digits"),
        ("x/(2 - 2)", "a division by zero"),
        ("(x + y)**9", "more than 256 terms"),
        ("x" + " + x" * 95, ""),
        ("*".join(["(x*x*x*x*x)"] * 60), "more than 300 terms"),
        ("cos(x)", 'unknown function "cos" (known: exp log sqrt'),
        ("clip(x)", "clip takes 3 arguments (got 1)"),
        ("x % 2", 'the character "%" is not allowed'),
        ("1_000", "only plain decimal numbers"),
    ],
)
def test_refusal_says_what_is_wrong(text: str, words: str) -> None:
    if not words:
        gate.parse_expression(text)
        return
    with pytest.raises(ExpressionError) as caught:
        gate.parse_expression(text, path="rule.toml", key="on[0].do[1]")
    assert str(caught.value).startswith("rule.toml: on[0].do[1]: ")
    assert words in str(caught.value)
    assert (caught.value.path, caught.value.key) == ("rule.toml", "on[0].do[1]")


def test_value_of_a_tree_of_numbers() -> None:
    assert limits.constant(gate.parse_expression("-(2 + 3)*4/8")) == -2.5
    assert limits.constant(gate.parse_expression("2**3")) == 8
    for text in ("x", "exp(1)"):
        assert limits.constant(gate.parse_expression(text)) == float("inf")
    for tree in (t.Binary("**", t.ZERO, t.Number(-1.0)), t.Binary("**", t.Number(-8.0), t.Number(0.5))):
        assert limits.constant(tree) == float("inf")
