"""Physical dimensions: what a number is of, and how that is said."""

from __future__ import annotations

import functools
from fractions import Fraction
from typing import ClassVar

_BASE = ("metre", "kilogram", "second", "amp", "kelvin", "mole")


class Dimension:
    """Exponents of metre, kilogram, second, ampere, kelvin and mole.

    Each combination of exponents exists once, so that two dimensions are compared and looked up by identity.
    """

    __slots__ = ("exponents",)
    exponents: tuple[Fraction, ...]
    _all: ClassVar[dict[tuple[Fraction, ...], Dimension]] = {}

    def __new__(cls, exponents: tuple[Fraction, ...] = (Fraction(0),) * 6) -> Dimension:
        """The one dimension with these exponents."""
        made = super().__new__(cls)
        object.__setattr__(made, "exponents", exponents)
        return cls._all.setdefault(exponents, made)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a dimension cannot be changed (setting {name})")

    def __reduce__(self) -> tuple[type[Dimension], tuple[tuple[Fraction, ...]]]:
        return Dimension, (self.exponents,)

    def __repr__(self) -> str:
        return f"Dimension({', '.join(map(str, self.exponents))})"

    @functools.cache  # noqa: B019  # as many entries as pairs of units that meet
    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(tuple(a + b for a, b in zip(self.exponents, other.exponents, strict=True)))

    @functools.cache  # noqa: B019  # as for products
    def __truediv__(self, other: Dimension) -> Dimension:
        return Dimension(tuple(a - b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __pow__(self, power: Fraction | int) -> Dimension:
        return self if power == 1 else Dimension(tuple(a * power for a in self.exponents))

    @property
    def brian(self) -> str:
        """A unit expression that Brian2 understands, ``"1"`` for a pure number."""
        return _brian_text(self)

    def __str__(self) -> str:
        return _KINDS.get(self) or ("a number" if self == NONE else f"a quantity in {self.brian}")


@functools.cache
def _brian_text(dimension: Dimension) -> str:
    if dimension in _NAMES:
        return _NAMES[dimension]
    factors = [
        name if exponent == 1 else f"{name}**{_exponent_text(exponent)}"
        for name, exponent in zip(_BASE, dimension.exponents, strict=True)
        if exponent
    ]
    return "*".join(factors) or "1"


def _exponent_text(exponent: Fraction) -> str:
    return str(exponent.numerator) if exponent.denominator == 1 else f"({exponent})"


def with_powers(**powers: int) -> Dimension:
    """The dimension with these exponents, 0 where nothing is said: ``with_powers(metre=1, second=-1)``."""
    return Dimension(tuple(Fraction(powers.get(name, 0)) for name in _BASE))


NONE = Dimension()
TIME = with_powers(second=1)
FREQUENCY = with_powers(second=-1)
CURRENT = with_powers(amp=1)
VOLTAGE = with_powers(kilogram=1, metre=2, second=-3, amp=-1)
CHARGE = CURRENT * TIME
CONDUCTANCE = CURRENT / VOLTAGE
RESISTANCE = VOLTAGE / CURRENT
CAPACITANCE = CHARGE / VOLTAGE
CONCENTRATION = with_powers(mole=1, metre=-3)
TEMPERATURE = with_powers(kelvin=1)
LENGTH = with_powers(metre=1)

_NAMES = {
    TIME: "second", FREQUENCY: "hertz", CURRENT: "amp", VOLTAGE: "volt", CHARGE: "coulomb", CONDUCTANCE: "siemens", RESISTANCE: "ohm",
    CAPACITANCE: "farad", TEMPERATURE: "kelvin", LENGTH: "metre", with_powers(mole=1): "mole",
}  # fmt: skip
"""What Brian2 calls the SI unit."""
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


def example(dimension: Dimension) -> str:
    """A quantity of that dimension, as a person would write it."""
    return _EXAMPLES.get(dimension, "1")
