"""What acts on cells and synapses from outside at given steps."""

from __future__ import annotations

import math
from dataclasses import dataclass

RELEASED = math.nan
"""The value of a clamp that ends."""


@dataclass(frozen=True)
class Change:
    """A value that is set at a step: the current into a cell, its clamp, or a reward."""

    lane: int
    step: int
    value: float
