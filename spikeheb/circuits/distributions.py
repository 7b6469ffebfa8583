"""Numbers that differ from synapse to synapse: weights and delays drawn from a named distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from spikeheb.errors import EngineError

LEAST_SHARE = 0.01
"""The share of normal numbers that must lie within their limits, so that few are drawn again."""


@dataclass(frozen=True, kw_only=True)
class Uniform:
    """Between two limits, all equally likely."""

    NAME: ClassVar[str] = "uniform"
    low: float
    high: float

    def __post_init__(self) -> None:
        if not -math.inf < self.low <= self.high < math.inf:
            raise EngineError(f"a uniform distribution needs low <= high, both finite (got {self.low:g} and {self.high:g})")


@dataclass(frozen=True, kw_only=True)
class Normal:
    """Normal numbers; those outside the limits are drawn anew."""

    NAME: ClassVar[str] = "normal"
    mean: float
    sd: float
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if not 0 <= self.sd < math.inf:
            raise EngineError(f"a normal distribution needs a standard deviation of 0 or more (got {self.sd:g})", key="sd")
        if not (self.low < self.high and self.low <= self.mean <= self.high and math.isfinite(self.mean)):
            limits = f"{self.low:g} and {self.high:g}"
            raise EngineError(f"a normal distribution needs a mean within its limits, {limits} (got {self.mean:g})", key="mean")
        if self.sd and self._share() < LEAST_SHARE:
            limits = f"{self.low:g} and {self.high:g}"
            raise EngineError(f"less than {LEAST_SHARE:.0%} of these normal numbers lie between {limits}; use a uniform distribution")

    def _share(self) -> float:
        """How many of the numbers lie within the limits."""
        low, high = (math.erf((limit - self.mean) / self.sd / math.sqrt(2.0)) for limit in (self.low, self.high))
        return 0.5 * (high - low)


@dataclass(frozen=True, kw_only=True)
class LogNormal:
    """The exponential of normal numbers of standard deviation `sigma`, times `median`."""

    NAME: ClassVar[str] = "lognormal"
    median: float
    sigma: float

    def __post_init__(self) -> None:
        if not 0 < self.median < math.inf:
            raise EngineError(f"a lognormal distribution needs a median above 0 (got {self.median:g})", key="median")
        if not 0 <= self.sigma < math.inf:
            raise EngineError(f"a lognormal distribution needs a sigma of 0 or more (got {self.sigma:g})", key="sigma")


Distribution = Uniform | Normal | LogNormal
DISTRIBUTIONS: dict[str, type[Distribution]] = {kind.NAME: kind for kind in (Uniform, Normal, LogNormal)}


def greatest(value: float | Distribution) -> float:
    """The largest number that can come; infinite where there is no limit."""
    match value:
        case Uniform(high=high) | Normal(high=high):
            return high
        case LogNormal():
            return math.inf
        case _:
            return float(value)


def least(value: float | Distribution) -> float:
    """The smallest number that can come."""
    match value:
        case Uniform(low=low) | Normal(low=low):
            return low
        case LogNormal():
            return 0.0
        case _:
            return float(value)
