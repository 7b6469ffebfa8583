"""Quantities: what a person writes is the float nearest to it, and what is printed reads back."""

from __future__ import annotations

import copy
import math
import pickle
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeheb.dimensions import (
    CAPACITANCE,
    CHARGE,
    CONCENTRATION,
    CONDUCTANCE,
    CURRENT,
    FREQUENCY,
    LENGTH,
    NONE,
    RESISTANCE,
    TEMPERATURE,
    TIME,
    VOLTAGE,
    Dimension,
)
from spikeheb.errors import UnitError
from spikeheb.units import format_quantity, parse_quantity, parse_unit, quantity

KINDS = [
    NONE, TIME, FREQUENCY, CURRENT, VOLTAGE, CHARGE, CONDUCTANCE, RESISTANCE,
    CAPACITANCE, CONCENTRATION, TEMPERATURE, LENGTH, NONE / VOLTAGE, NONE / VOLTAGE**2, VOLTAGE**2,
    CURRENT / TIME, CONDUCTANCE / VOLTAGE, NONE / CONCENTRATION**3, LENGTH**-3,
]  # fmt: skip
FLOATS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: value == 0 or 1e-250 < abs(value) < 1e250)
DECIMALS = st.tuples(st.integers(-(10**12), 10**12), st.integers(-12, 12))
PREFIXES = {
    "ms": -3,
    "us": -6,
    "mV": -3,
    "V": 0,
    "nS": -9,
    "pA": -12,
    "pF": -12,
    "Mohm": 6,
    "kHz": 3,
    "GHz": 9,
    "mM": 0,
    "uM": -3,
    "fC": -15,
}


@given(FLOATS, st.sampled_from(KINDS))
def test_what_is_printed_reads_back_exactly(value: float, dimension: Dimension) -> None:
    assert parse_quantity(format_quantity(value, dimension)) == (value, dimension)


@given(DECIMALS, st.sampled_from(sorted(PREFIXES)))
def test_prefix_is_applied_exactly(number: tuple[int, int], unit: str) -> None:
    digits, exponent = number
    value, _ = parse_quantity(f"{digits}e{exponent} {unit}")
    assert value == float(Fraction(digits) * Fraction(10) ** (exponent + PREFIXES[unit]))


@pytest.mark.parametrize(
    ("text", "value", "dimension"),
    [
        ("20 ms", 0.02, TIME),
        ("16.8 ms", 0.0168, TIME),
        ("33.7ms", 0.0337, TIME),
        (" 20  ms ", 0.02, TIME),
        ("20*ms", 0.02, TIME),
        ("1e-3 s", 0.001, TIME),
        ("+.5 s", 0.5, TIME),
        ("5. s", 5.0, TIME),
        ("2 min", 120.0, TIME),
        ("1 hour", 3600.0, TIME),
        ("20 \u00b5s", 2e-5, TIME),
        ("20 \u03bcs", 2e-5, TIME),
        ("5 \u00b5V", 5e-6, VOLTAGE),
        ("5 \u03bcV**2", 5e-12, VOLTAGE**2),
        ("100 M\u03a9", 1e8, RESISTANCE),
        ("100 M\u2126", 1e8, RESISTANCE),
        ("\u221270 mV", -0.07, VOLTAGE),
        ("-70 mV", -0.07, VOLTAGE),
        ("0.1 /second", 0.1, FREQUENCY),
        ("6 /min", 0.1, FREQUENCY),
        ("8e-5 / mV**2", 80.0, NONE / VOLTAGE**2),
        ("8e-5 mV^-2", 80.0, NONE / VOLTAGE**2),
        ("14e-5 mV**(-1)", 0.14, NONE / VOLTAGE),
        ("3 nS/mV", 3e-6, CONDUCTANCE / VOLTAGE),
        ("2.5 mM", 2.5, CONCENTRATION),
        ("305 kelvin", 305.0, TEMPERATURE),
        ("0.005", 0.005, NONE),
        ("5 1", 5.0, NONE),
    ],
)
def test_text_of_a_quantity(text: str, value: float, dimension: Dimension) -> None:
    assert parse_quantity(text) == (value, dimension)


@pytest.mark.parametrize(
    ("value", "dimension", "text"),
    [
        (0.02, TIME, "20 ms"),
        (0.0168, TIME, "16.8 ms"),
        (150.0, TIME, "150 s"),
        (0.0, TIME, "0 ms"),
        (-0.07, VOLTAGE, "-70 mV"),
        (4e-9, CONDUCTANCE, "4 nS"),
        (2.81e-10, CAPACITANCE, "281 pF"),
        (80.0, NONE / VOLTAGE**2, "8e-05 mV**-2"),
        (0.00525, NONE, "0.00525"),
        (0.1 + 0.2, NONE, "0.30000000000000004"),
        (math.nan, TIME, "nan"),
    ],
)
def test_quantity_is_printed_as_it_would_be_written(value: float, dimension: Dimension, text: str) -> None:
    assert format_quantity(value, dimension) == text


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "ms", "20 m s", "20 parsec", "20 ms ms", "twenty ms", "1e9999 s", "1e999 s", "1e-999 s", "nan s", "inf s", "1_0 s",
        "0x10 s", "20 ms\n", "20\nms", "\uff12\uff10 ms", "20 mV**\uff12", "20 second**9**9**9", "20 ms**0", "20 ms**10",
        "20 ms**", "20 /", "20 ms//s", "20 *", "20 **", "--20 ms", "20 ms(", "20 (ms)", "1,5 ms", "20 second.__class__", "1" * 121,
    ],
)  # fmt: skip
def test_text_that_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        parse_quantity(text)


@pytest.mark.parametrize("text", ["", "2", "s s", "**", "s**", "*s", "s*", "/s", "s/", "(s)", "s**(2", "s" * 81])
def test_text_that_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        parse_unit(text)


class Quantity(float):
    """What a Brian2 quantity looks like from outside."""

    class dim:  # noqa: N801
        _dims = (0, 0, 1.0, 0, 0, 0, 0)


def test_quantity_takes_text_numbers_and_brian_quantities() -> None:
    assert quantity("20 ms", TIME) == quantity(0.02, TIME) == quantity(Quantity(0.02), TIME) == 0.02
    assert quantity("0", VOLTAGE) == 0.0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("20 mV", 'expected a time such as "20 ms" (got "20 mV", a voltage)'),
        ("20", 'expected a time such as "20 ms" (got "20", a number)'),
        ("twenty", "is not a quantity"),
        (True, "(got True)"),
        (math.nan, "(got nan)"),
        (math.inf, "(got inf)"),
        (10**400, "(got int 1000"),
        (None, "(got NoneType None)"),
        ([1, 2], "(got list"),
    ],
)
def test_wrong_kind_is_refused_with_place_and_example(value: object, words: str) -> None:
    with pytest.raises(UnitError) as caught:
        quantity(value, TIME, path="rule.toml", key="parameters.tau")
    assert str(caught.value).startswith('rule.toml: parameters.tau: expected a time such as "20 ms"')
    assert words in str(caught.value)


def test_brian_quantity_of_another_kind_is_refused() -> None:
    with pytest.raises(UnitError, match="a time"):
        quantity(Quantity(0.02), VOLTAGE)


def test_dimensions_multiply_and_name_themselves() -> None:
    assert CONDUCTANCE * VOLTAGE == CURRENT
    assert CAPACITANCE * RESISTANCE == TIME
    assert (VOLTAGE**2).brian == "metre**4*kilogram**2*second**-6*amp**-2"
    assert (TIME ** Fraction(-1, 2)).brian == "second**(-1/2)"
    assert [str(kind) for kind in (NONE, TIME, VOLTAGE / TIME)] == [
        "a number", "a time", "a quantity in metre**2*kilogram*second**-4*amp**-1",
    ]  # fmt: skip


@given(st.sampled_from(KINDS))
def test_unit_printed_for_brian_reads_back(dimension: Dimension) -> None:
    assert parse_unit(dimension.brian) == (dimension, 1)


def test_a_dimension_exists_once_and_cannot_be_changed() -> None:
    again = Dimension(tuple(Fraction(exponent) for exponent in VOLTAGE.exponents))
    assert again is VOLTAGE and CURRENT / CONDUCTANCE is VOLTAGE and (VOLTAGE**2) ** Fraction(1, 2) is VOLTAGE
    assert pickle.loads(pickle.dumps(VOLTAGE)) is copy.deepcopy(VOLTAGE) is VOLTAGE
    with pytest.raises(AttributeError, match="cannot be changed"):
        VOLTAGE.exponents = TIME.exponents
