"""Values of one's own: drawn from a hash of a name, so that every student has others and the same ones each time."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from spikeheb.errors import FormatError
from spikeheb.units import parse_quantity, quantity

VARIABLE = "SPIKEHEB_COURSE_SEED"
"""The environment variable that fixes the fresh cases of graded checks."""

Option = TypeVar("Option")


@dataclass(frozen=True)
class Seed:
    """Draws named values; each name of a value has random numbers of its own, so that the order of the draws does not matter.

    Attributes
    ----------
    name : str
        Of the student, or of a fresh case.
    """

    name: str

    def rng(self, key: str = "") -> np.random.Generator:
        """The random numbers that belong to `key`."""
        digest = hashlib.sha256(f"{self.name}\0{key}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:16], "big"))

    def between(self, key: str, low: float | str, high: float | str, step: float | str | None = None) -> float:
        """A value between `low` and `high`, all values equally likely.

        Parameters
        ----------
        key : str
            The name of the value.
        low, high : float or str
            Limits, both included: SI numbers, or text with a unit such as ``"10 ms"``.
        step : float or str, optional
            Only ``low``, ``low + step`` and so on are drawn.

        Returns
        -------
        float
            In SI units.

        Raises
        ------
        FormatError
            Where `high` is not above `low`, or `step` is not positive or longer than the range.
        UnitError
        """
        size, dimension = parse_quantity(low) if isinstance(low, str) else parse_quantity(f"{float(low)!r}")
        if not isinstance(low, str) and isinstance(high, str):
            dimension = parse_quantity(high)[1]
        top = quantity(high, dimension, key="high")
        if not top > size:
            raise FormatError(f"expected a value above {low} (got {high})", key="high")
        if step is None:
            return float(self.rng(key).uniform(size, top))
        width = quantity(step, dimension, key="step")
        if not 0 < width <= (top - size) * (1 + 1e-9):
            raise FormatError(f"expected a positive step, at most the range (got {step})", key="step")
        return float(size + width * self.rng(key).integers(0, int((top - size) / width + 1e-9), endpoint=True))

    def integer(self, key: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        if high < low:
            raise FormatError(f"expected at least {low} (got {high})", key="high")
        return int(self.rng(key).integers(low, high, endpoint=True))

    def choice(self, key: str, options: Sequence[Option]) -> Option:
        """One of the options."""
        if not options:
            raise FormatError("expected one option or more (got none)", key="options")
        return options[int(self.rng(key).integers(len(options)))]


def seed(name: str) -> Seed:
    """The values of one student.

    Parameters
    ----------
    name : str
        Upper and lower case, and spaces at the ends, make no difference.

    Raises
    ------
    FormatError
        For an empty name, or for something that is no text.
    """
    if not isinstance(name, str) or not name.strip():
        raise FormatError('expected your name as text, such as seed("Ada Lovelace")', key="name")
    return Seed(" ".join(name.split()).casefold())


def fresh(given: str | None = None) -> Seed:
    """A seed that nobody knows beforehand, or the one that is given or set in the environment."""
    return Seed(given or os.environ.get(VARIABLE) or secrets.token_hex(4))
