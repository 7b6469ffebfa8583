"""What people write who come from other tools gets a hint at what is written here."""

from __future__ import annotations

import re

import pytest

from spikeheb.dimensions import NONE, VOLTAGE
from spikeheb.errors import ExpressionError, UnitError
from spikeheb.expressions import gate
from spikeheb.expressions.equations import dimension_of
from spikeheb.units import parse_quantity


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("x^2", "a power is written x**2"),
        ("0,01*x", "a decimal point is a point"),
        ("clip(x, 0,5, 1)", "a decimal point is a point"),
        ("x and y", "join comparisons inside int(...)"),
        ("x > 0 and y > 0", "inside int(...)"),
        ("x > 0", "a comparison becomes a number by int(...)"),
        ("(x > 0) & (y > 0)", 'joined by "and"'),
        ("int(x > 0 || y > 0)", 'joined by "or"'),
        ("int(x = 0)", 'is written "=="'),
        ("int(!x)", 'is written "not"'),
        ("x if y > 0 else 0", "there is no if: multiply by int(condition)"),
        ("y > 0 ? x : 0", "there is no if"),
        ("max(x, 0)", "positive(x)"),
    ],
)
def test_other_languages_get_a_hint(text: str, hint: str) -> None:
    for ask in (gate.parse_expression, lambda text: gate.parse_statement(f"w += {text}")):
        with pytest.raises(ExpressionError) as caught:
            ask(text)
        assert hint in str(caught.value)
        assert "\n" not in str(caught.value)


def test_an_if_statement_gets_a_hint() -> None:
    with pytest.raises(ExpressionError, match="there is no if"):
        gate.parse_statement("if x > 0: w += 1")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("el =+ 1", 'write "el += ..."'),
        ("el=+1", 'write "el += ..."'),
        ("el =- 1", 'write "el -= ..." or "el = -..."'),
        ("el =-1", 'write "el -= ..." or "el = -..."'),
        ("el=- 1", 'write "el -= ..." or "el = -..."'),
        ("el =* 2", 'write "el *= ..."'),
        ("el=/2", 'write "el /= ..."'),
        ("el + = 1", "written together: x += 1"),
        ("el ++", "x += 1"),
        ("el--", "x -= 1"),
    ],
)
def test_an_operation_behind_its_sign_is_refused(line: str, meant: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(meant)):
        gate.parse_statement(line)


@pytest.mark.parametrize("line", ["el = -1", "el=-1", "el = -x", "el = +1", "el += -1", "el -= 1", "el=-x*(2)"])
def test_a_sign_of_the_value_is_one(line: str) -> None:
    assert gate.parse_statement(line).target == "el"


def test_the_side_is_not_written() -> None:
    known = {"v": VOLTAGE, "x": NONE}
    for name in ("v_post", "x_pre", "x_post"):
        with pytest.raises(ExpressionError, match=f'undeclared name "{name}".*write "{name[0]}"'):
            dimension_of(gate.parse_expression(name), known)


def test_a_decimal_comma_in_a_quantity() -> None:
    with pytest.raises(UnitError, match="has a decimal comma; write a number with a decimal point"):
        parse_quantity("0,01 ms")
