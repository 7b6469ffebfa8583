"""Physical dimensions, and text such as ``"20 ms"`` or ``"8e-5 / mV**2"``.

Inside spikeheb all numbers are SI floats; units exist only in files, on the command line and in printed text.
Decimal prefixes are applied exactly, so that ``"16.8 ms"`` is the float nearest to 0.0168.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from spikeheb.errors import UnitError

_BASE = ("metre", "kilogram", "second", "amp", "kelvin", "mole")


@dataclass(frozen=True, slots=True)
class Dimension:
    """Exponents of metre, kilogram, second, ampere, kelvin and mole."""

    exponents: tuple[Fraction, ...] = (Fraction(0),) * 6

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(tuple(a + b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __truediv__(self, other: Dimension) -> Dimension:
        return Dimension(tuple(a - b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __pow__(self, power: Fraction | int) -> Dimension:
        return Dimension(tuple(a * power for a in self.exponents))

    @property
    def brian(self) -> str:
        """A unit expression that Brian2 understands, ``"1"`` for a pure number."""
        for name, (dimension, scale) in _UNITS.items():
            if dimension == self and scale == 1 and name in _PLAIN:
                return name
        factors = [
            name if exponent == 1 else f"{name}**{_exponent_text(exponent)}"
            for name, exponent in zip(_BASE, self.exponents, strict=True)
            if exponent
        ]
        return "*".join(factors) or "1"

    def __str__(self) -> str:
        return _KINDS.get(self) or ("a number" if self == NONE else f"a quantity in {self.brian}")


def _exponent_text(exponent: Fraction) -> str:
    return str(exponent.numerator) if exponent.denominator == 1 else f"({exponent})"


def _dimension(**powers: int) -> Dimension:
    return Dimension(tuple(Fraction(powers.get(name, 0)) for name in _BASE))


NONE = Dimension()
TIME = _dimension(second=1)
FREQUENCY = _dimension(second=-1)
CURRENT = _dimension(amp=1)
VOLTAGE = _dimension(kilogram=1, metre=2, second=-3, amp=-1)
CHARGE = CURRENT * TIME
CONDUCTANCE = CURRENT / VOLTAGE
RESISTANCE = VOLTAGE / CURRENT
CAPACITANCE = CHARGE / VOLTAGE
CONCENTRATION = _dimension(mole=1, metre=-3)
TEMPERATURE = _dimension(kelvin=1)
LENGTH = _dimension(metre=1)

_KINDS = {
    NONE: "a number",
    TIME: "a time",
    FREQUENCY: "a rate",
    CURRENT: "a current",
    VOLTAGE: "a voltage",
    CONDUCTANCE: "a conductance",
    RESISTANCE: "a resistance",
    CAPACITANCE: "a capacitance",
    CHARGE: "a charge",
    CONCENTRATION: "a concentration",
    TEMPERATURE: "a temperature",
    LENGTH: "a length",
}
_EXAMPLES = {
    NONE: "0.5",
    TIME: "20 ms",
    FREQUENCY: "10 Hz",
    CURRENT: "400 pA",
    VOLTAGE: "-70 mV",
    CONDUCTANCE: "4 nS",
    RESISTANCE: "100 Mohm",
    CAPACITANCE: "281 pF",
    CONCENTRATION: "2.5 mM",
    TEMPERATURE: "305 kelvin",
    LENGTH: "1 um",
    CHARGE: "1 pC",
}

_PLAIN = {"second", "volt", "amp", "siemens", "farad", "ohm", "coulomb", "hertz", "metre", "kelvin", "mole"}
_PREFIXES = {"": 0, "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "c": -2, "k": 3, "M": 6, "G": 9}


def _table() -> dict[str, tuple[Dimension, Decimal]]:
    """Every unit name with its dimension and its size in SI."""
    stems = {
        "second": TIME, "s": TIME,
        "volt": VOLTAGE, "V": VOLTAGE,
        "amp": CURRENT, "ampere": CURRENT, "A": CURRENT,
        "siemens": CONDUCTANCE, "S": CONDUCTANCE,
        "farad": CAPACITANCE, "F": CAPACITANCE,
        "ohm": RESISTANCE,
        "coulomb": CHARGE, "C": CHARGE,
        "hertz": FREQUENCY, "Hz": FREQUENCY,
        "metre": LENGTH, "meter": LENGTH,
        "mole": _dimension(mole=1), "mol": _dimension(mole=1),
    }  # fmt: skip
    table = {
        prefix + stem: (dimension, Decimal(1).scaleb(power))
        for stem, dimension in stems.items()
        for prefix, power in _PREFIXES.items()
    }
    for stem in ("molar", "M"):
        for prefix, power in {"": 0, "m": -3, "u": -6, "n": -9, "p": -12}.items():
            table[prefix + stem] = (CONCENTRATION, Decimal(1).scaleb(power + 3))
    table["um"] = (LENGTH, Decimal("1e-6"))
    table["kelvin"] = (TEMPERATURE, Decimal(1))
    table["kilogram"] = (_dimension(kilogram=1), Decimal(1))
    table["minute"] = table["min"] = (TIME, Decimal(60))
    table["hour"] = (TIME, Decimal(3600))
    return table


_UNITS = _table()
_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z]+)|(?P<number>\d+)|(?P<op>\*\*|\^|\*|/|\(|\)|-))")
_QUANTITY = re.compile(r"\s*(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*\*?\s*(?P<unit>.*)", re.ASCII)


def unit(name: str) -> tuple[Dimension, float] | None:
    """Dimension and SI size of a unit name such as ``"mV"``, or None where there is no such unit."""
    entry = _UNITS.get(name)
    return (entry[0], float(entry[1])) if entry else None


def parse_unit(text: str) -> tuple[Dimension, Decimal]:
    """Dimension and SI size of a product of powers of units, such as ``"mV**-2"``, ``"amp/second"`` or ``"1"``.

    Raises
    ------
    UnitError
        For an unknown unit or anything that is not a product of powers of units.
    """
    problem = UnitError(f'"{text}" is not a unit; write one such as "ms", "nS", "1/second" or "mV**-2"')
    if len(text) > 80:
        raise UnitError("a unit of more than 80 characters")
    tokens: list[str] = []
    position = 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if not match:
            raise problem
        tokens.append(match.group().strip())
        position = match.end()
    dimension, size = NONE, Decimal(1)
    sign, index = 1, 0
    if not tokens:
        raise problem
    while index < len(tokens):
        token = tokens[index]
        index += 1
        if token == "1":
            factor: tuple[Dimension, Decimal] = (NONE, Decimal(1))
        elif token in _UNITS:
            factor = _UNITS[token]
        else:
            raise UnitError(f'unknown unit "{token}" in "{text}"') if token[0].isalpha() else problem
        power = 1
        if index < len(tokens) and tokens[index] in ("**", "^"):
            digits = "".join(tokens[index + 1 : index + 3]) if tokens[index + 1 : index + 2] == ["-"] else "".join(
                tokens[index + 1 : index + 2]
            )
            if not re.fullmatch(r"-?\d", digits):
                raise problem
            power = int(digits)
            index += 1 + len(digits)
        dimension = dimension * factor[0] ** (sign * power)
        size = size * factor[1] ** (sign * power)
        if index < len(tokens):
            if tokens[index] not in ("*", "/") or index + 1 == len(tokens):
                raise problem
            sign = 1 if tokens[index] == "*" else -1
            index += 1
    return dimension, size


def parse_quantity(text: str) -> tuple[float, Dimension]:
    """SI value and dimension of a number followed by a unit, such as ``"20 ms"`` or ``"8e-5 / mV**2"``.

    Raises
    ------
    UnitError
        Where the text is not a number followed by a unit, or not finite.
    """
    match = _QUANTITY.fullmatch(text) if len(text) <= 120 else None
    if not match:
        raise UnitError(f'"{text[:60]}" is not a quantity; write a number and a unit, such as "20 ms"')
    try:
        number = Decimal(match["number"])
    except InvalidOperation:  # pragma: no cover - the pattern admits only numbers
        raise UnitError(f'"{text}" is not a quantity') from None
    unit_text = match["unit"].strip()
    if unit_text.startswith("/"):
        unit_text = "1" + unit_text
    dimension, size = parse_unit(unit_text) if unit_text else (NONE, Decimal(1))
    value = float(number * size)
    if not math.isfinite(value):
        raise UnitError(f'"{text}" is too large')
    return value, dimension


def quantity(value: object, dimension: Dimension, *, path: str | None = None, key: str | None = None) -> float:
    """The SI float that a person meant: text with a unit, a bare SI number, or anything with ``dim`` (Brian2).

    Raises
    ------
    UnitError
        Where it is of another kind, or not finite.
    """
    expected = f'expected {dimension} such as "{_EXAMPLES.get(dimension, "1")}"'
    if isinstance(value, bool):
        raise UnitError(f"{expected} (got {value})", path=path, key=key)
    if isinstance(value, str):
        try:
            number, found = parse_quantity(value)
        except UnitError as error:
            raise UnitError(f"{expected} ({error.message})", path=path, key=key) from None
        if found != dimension and not (found == NONE and number == 0):
            raise UnitError(f'{expected} (got "{value}", {found})', path=path, key=key)
        return number
    if hasattr(value, "dim"):
        _check_brian_dimension(value, dimension, expected, path, key)
    try:
        number = float(value)  # type: ignore[arg-type]  # anything else raises below
    except (TypeError, ValueError):
        raise UnitError(f"{expected} (got {value!r})", path=path, key=key) from None
    if not math.isfinite(number):
        raise UnitError(f"{expected} (got {number})", path=path, key=key)
    return number


def _check_brian_dimension(value: object, dimension: Dimension, expected: str, path: str | None, key: str | None) -> None:
    """Compare a Brian2 quantity's dimensions (metre, kilogram, second, amp, kelvin, mole, candela) with ours."""
    found = [Fraction(x).limit_denominator(12) for x in value.dim._dims]  # type: ignore[attr-defined]
    if tuple(found[:6]) != dimension.exponents:
        raise UnitError(f"{expected} (got {value}, {Dimension(tuple(found[:6]))})", path=path, key=key)


_DISPLAY = {
    TIME: (("ms", -3), ("s", 0), ("us", -6)),
    FREQUENCY: (("Hz", 0), ("kHz", 3)),
    VOLTAGE: (("mV", -3), ("V", 0)),
    CURRENT: (("pA", -12), ("nA", -9), ("A", 0)),
    CONDUCTANCE: (("nS", -9), ("uS", -6), ("S", 0)),
    CAPACITANCE: (("pF", -12), ("nF", -9), ("F", 0)),
    CONCENTRATION: (("mM", 0), ("uM", -3)),
    CHARGE: (("pC", -12),),
    RESISTANCE: (("Mohm", 6), ("ohm", 0)),
}


def format_quantity(value: float, dimension: Dimension) -> str:
    """Text that `parse_quantity` reads back: ``0.02`` and a time give ``"20 ms"``."""
    if dimension == NONE:
        return f"{value:.12g}"
    choices = _DISPLAY.get(dimension)
    if not choices:
        unit_text = dimension.brian
        return f"{value:.12g} {unit_text}"
    name, power = choices[0]
    for candidate, exponent in choices:
        if 0.1 <= abs(value) / 10.0**exponent < 10000:
            name, power = candidate, exponent
            break
    return f"{float(Decimal(repr(value)).scaleb(-power)):.12g} {name}"
