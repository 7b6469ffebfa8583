"""Physical dimensions, and text such as ``"20 ms"`` or ``"8e-5 / mV**2"``.

Inside spikeheb all numbers are SI floats; units exist only in files, on the command line, in printed text and in what a
caller hands over (`quantity`, `spikeheb.numbers`). Decimal prefixes are applied exactly, so that ``"16.8 ms"`` is the float nearest to
0.0168. Both micro signs (U+00B5, U+03BC) are read as ``u``, both ohm signs as ``ohm`` and the minus sign U+2212 as ``-``.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from spikeheb import carried
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
    example,
    with_powers,
)
from spikeheb.errors import UnitError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


MAX_UNIT = 80
MAX_QUANTITY = 120
REMEMBERED = 4096
"""How many texts stay parsed."""

_SMALLEST = 2.2250738585072014e-308
_SIGNS = str.maketrans({"\u00b5": "u", "\u03bc": "u", "\u03a9": "ohm", "\u2126": "ohm", "\u2212": "-"})
_PREFIXES = {"": 0, "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "c": -2, "k": 3, "M": 6, "G": 9}


def _table() -> dict[str, tuple[Dimension, Fraction]]:
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
        "mole": with_powers(mole=1), "mol": with_powers(mole=1),
    }  # fmt: skip
    table = {prefix + stem: (dimension, Fraction(10) ** power) for stem, dimension in stems.items() for prefix, power in _PREFIXES.items()}
    for stem in ("molar", "M"):
        for prefix, power in {"": 0, "m": -3, "u": -6, "n": -9, "p": -12}.items():
            table[prefix + stem] = (CONCENTRATION, Fraction(10) ** (power + 3))
    table["um"] = (LENGTH, Fraction(10) ** -6)
    table["kelvin"] = (TEMPERATURE, Fraction(1))
    table["kilogram"] = (with_powers(kilogram=1), Fraction(1))
    table["minute"] = table["min"] = (TIME, Fraction(60))
    table["hour"] = (TIME, Fraction(3600))
    return table


_UNITS = _table()
_SYMBOLS = {
    "m": (LENGTH, Fraction(1)), "kg": (with_powers(kilogram=1), Fraction(1)), "g": (with_powers(kilogram=1), Fraction(1, 1000)),
    "K": (TEMPERATURE, Fraction(1)), "h": (TIME, Fraction(3600)), "dimensionless": (NONE, Fraction(1)),
}  # fmt: skip
"""What the package quantities writes for units that have another name here, or none."""
_BRIAN_UNIT = re.compile(
    "(?:da|[YZEPTGMkhdcmunpfazy])?(?:met(?:er|re)|gram(?:me)?|kilogram(?:me)?|second|amp(?:ere)?|kelvin|mole?|candle|radian|steradian|hertz|"
    "newton|pascal|joule|watt|coulomb|volt|farad|ohm|siemens|weber|tesla|henry|lumen|lux|becquerel|gray|sievert|katal|molar|lit(?:re|er)|"
    "celsius)[23]?|[cmu]m[23]?"
)
_FACTOR = re.compile(r"(^|(?<=.)[*/])([A-Za-z]+|1)(?:(?:\*\*|\^)(?:(-?[1-9])|\((-?[1-9])\)))?")
_QUANTITY = re.compile(r" *([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?) *(?:\*? *([ -~]+))?")


def unit(name: str) -> tuple[Dimension, float] | None:
    """Dimension and SI size of a unit name such as ``"mV"``, or None where there is no such unit."""
    entry = _UNITS.get(name)
    return (entry[0], float(entry[1])) if entry else None


def plain(text: str) -> str:
    """The text with micro, ohm and minus signs in ASCII."""
    return text.translate(_SIGNS)


def is_unit(name: str) -> bool:
    """Whether the name is a unit here, or one that Brian2 would take in place of a variable of that name."""
    return name in _UNITS or bool(_BRIAN_UNIT.fullmatch(name))


@functools.lru_cache(REMEMBERED)
def parse_unit(text: str) -> tuple[Dimension, Fraction]:
    """Dimension and SI size of a product of powers of units, such as ``"mV**-2"``, ``"amp/second"`` or ``"1"``.

    Raises
    ------
    UnitError
        For an unknown unit or anything that is not a product of powers of units.
    """
    if len(text) > MAX_UNIT:
        raise UnitError(f"a unit of more than {MAX_UNIT} characters")
    text = plain(text)
    packed = "" if re.search("[A-Za-z0-9] +[A-Za-z0-9]", text) else text.replace(" ", "")
    dimension, size, position = NONE, Fraction(1), 0
    while match := _FACTOR.match(packed, position):
        op, name, power = match[1], match[2], int(match[3] or match[4] or 1)
        if name != "1" and name not in _UNITS:
            raise UnitError(f'unknown unit "{name}" in "{text}"')
        factor = (NONE, Fraction(1)) if name == "1" else _UNITS[name]
        power = -power if op == "/" else power
        dimension, size, position = dimension * factor[0] ** power, size * factor[1] ** power, match.end()
    if not packed or position < len(packed):
        raise UnitError(f'"{text}" is not a unit; write one such as "ms", "nS", "1/second" or "mV**-2"')
    return dimension, size


@functools.lru_cache(REMEMBERED)
def parse_quantity(text: str) -> tuple[float, Dimension]:
    """SI value and dimension of a number followed by a unit, such as ``"20 ms"`` or ``"8e-5 / mV**2"``.

    Raises
    ------
    UnitError
        Where the text is not a number followed by a unit, or is beyond what a float holds.
    """
    if re.match(" *[+-]?[0-9]*,[0-9]", text):
        raise UnitError(f'"{text[:60]}" has a decimal comma; write a number with a decimal point and a unit, such as "0.5 ms"')
    match = _QUANTITY.fullmatch(plain(text)) if len(text) <= MAX_QUANTITY else None
    if not match:
        raise UnitError(f'"{text[:60]}" is not a quantity; write a number and a unit, such as "20 ms"')
    unit_text = (match[2] or "").strip()
    if unit_text.startswith("/"):
        unit_text = "1" + unit_text
    dimension, size = parse_unit(unit_text) if unit_text else (NONE, Fraction(1))
    number = Fraction(match[1]) * size
    try:
        value = float(number)
    except OverflowError:
        raise UnitError(f'"{text}" is too large') from None
    if number and abs(value) < _SMALLEST:
        raise UnitError(f'"{text}" is too small')
    return value, dimension


def quantity(value: object, dimension: Dimension, *, path: str | None = None, key: str | None = None) -> float:
    """The SI float that a person meant: text with a unit, a bare SI number, or a number that carries its unit.

    What carries a unit is converted: quantities of Brian2, of quantities (and so Neo), pint, astropy and unyt, time
    differences of Python, numpy and pandas, and arrays whose ``attrs`` name their ``units`` (xarray).

    Raises
    ------
    UnitError
        Where it is of another kind or not finite, or carries a unit that is not understood.
    """
    if isinstance(value, float) and math.isfinite(value) and not carried.is_of_brian(value):
        return float(value)
    if type(value) is int and abs(value) < 2**53:
        return float(value)
    expected = f'expected {dimension} such as "{example(dimension)}"'
    if isinstance(value, bool | bytes) or str(getattr(value, "dtype", "")) == "bool":
        raise UnitError(f"{expected} (got {value!r:.60})", path=path, key=key)
    if carried.is_complex(value):
        raise UnitError(f"{expected} (got complex numbers)", path=path, key=key)
    try:
        if isinstance(value, str):
            return _of_text(value, dimension)
        own: Any = converted(value, dimension)
        number: Any = value if own is None else own
        if getattr(number, "ndim", 0) and hasattr(number, "size"):
            raise UnitError(f"got {number.size} values instead of one")
    except UnitError as error:
        raise UnitError(f"{expected} ({error.message})", path=path, key=key) from None
    try:
        number = float(number)
    except (TypeError, ValueError, OverflowError):
        raise UnitError(f"{expected} (got {type(value).__name__} {value!r:.60})", path=path, key=key) from None
    if not math.isfinite(number):
        raise UnitError(f"{expected} (got {number})", path=path, key=key)
    return float(number)


def _of_text(text: str, dimension: Dimension) -> float:
    number, own = parse_quantity(text)
    if own != dimension and not (own == NONE and number == 0):
        raise UnitError(f'got "{text}", {own}')
    return number


def converted(value: object, dimension: Dimension) -> Floats | float | None:
    """The value in SI, as a number or an array, if it carries a unit, which must be of this dimension; else None."""
    if carried.converts_itself(value):
        return carried.by_method(value, dimension.exponents)
    own = own_unit(value)
    if own is None:
        return None
    numbers, kind, size = own
    if kind != dimension:
        raise UnitError(f"got {carried.shown(value)}, {kind}")
    return _sized(numbers, size)


def in_si(value: object) -> Floats | float | None:
    """The value in SI, as a number or an array, if it carries a unit of any kind; else None.

    Raises
    ------
    UnitError
        For a unit that is not understood.
    """
    if carried.converts_itself(value):
        return carried.in_base_units(value)
    own = own_unit(value)
    return None if own is None else _sized(own[0], own[2])


def _sized(numbers: Floats | float, size: Fraction) -> Floats | float:
    return numbers / float(1 / size) if size < 1 else numbers * float(size)


def own_unit(value: Any) -> tuple[Floats | float, Dimension, Fraction] | None:
    """Numbers, dimension and SI size of what carries a unit that can be read here."""
    if carried.is_time_difference(value):
        return carried.seconds(value), TIME, Fraction(1)
    unit = carried.unit_of(value)
    if unit is None:
        return None
    import numpy as np

    numbers = np.asarray(value, dtype=np.float64)
    if carried.is_of_brian(value):
        return numbers, _of_brian(unit), Fraction(1)
    if isinstance(unit, str):
        return numbers, *parse_unit(unit)
    return numbers, *_of_symbols(*carried.symbols_of(value), carried.shown(value))


def _of_brian(dim: Any) -> Dimension:
    """Brian2's dimensions: metre, kilogram, second, amp, kelvin, mole, candela."""
    return Dimension(tuple(Fraction(x).limit_denominator(12) for x in dim._dims[:6]))


def _of_symbols(size: Fraction, powers: Mapping[str, Fraction], text: str) -> tuple[Dimension, Fraction]:
    dimension = NONE
    for symbol, power in powers.items():
        entry = _SYMBOLS.get(symbol) or _UNITS.get(symbol)
        if entry is None:
            raise UnitError(f'got {text}, whose unit "{symbol}" is not known here; convert it, or write text such as "20 ms"')
        dimension *= entry[0] ** power
        size *= entry[1] ** int(power) if power.denominator == 1 else Fraction(float(entry[1]) ** float(power))
    return dimension, size


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
_POWERS = (1, -1, 2, -2, 3, -3)


def format_quantity(value: float, dimension: Dimension) -> str:
    """Text that `parse_quantity` reads back exactly: ``0.02`` and a time give ``"20 ms"``."""
    value = float(value)
    if dimension == NONE:
        return _number_text(value, 0, "")
    for exponent in _POWERS:
        for kind, choices in _DISPLAY.items():
            if kind**exponent == dimension:
                name, power = _scale(value, choices, exponent)
                return _number_text(value, power * exponent, name if exponent == 1 else f"{name}**{exponent}")
    return _number_text(value, 0, dimension.brian)


def _scale(value: float, choices: tuple[tuple[str, int], ...], exponent: int) -> tuple[str, int]:
    """The unit, and its power of ten, in which the value is neither tiny nor huge; else, and in powers, the first."""
    for name, power in choices:
        if exponent == 1 and 0.1 <= abs(value) / 10.0**power < 10000:
            return name, power
    return choices[0]


def _number_text(value: float, power: int, unit_text: str) -> str:
    """The value over 10**power: in 12 digits where these read back, else in as many as it takes."""
    if not math.isfinite(value):
        return str(value)
    scaled = Decimal(repr(value)).scaleb(-power)
    short = f"{float(scaled):.12g} {unit_text}".rstrip()
    exact = f"{scaled.normalize()} {unit_text}".rstrip()
    return short if parse_quantity(short)[0] == value else exact
