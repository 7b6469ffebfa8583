"""Normalisation of weights to a sum, within their limits."""

from __future__ import annotations

import math

import numpy as np

from spikeheb.circuits.projections import Normalise
from spikeheb.circuits.steps import Floats
from spikeheb.rules.rule import Bounds

TURNS, NEAR = 100, 1e-13
"""Where limits stand in the way it is done again: so often at most, and until the sum is so near to the target, relative to it."""


def bring_to_sum(weights: Floats, wanted: Normalise, bounds: Bounds) -> Floats:
    """The weights of one cell, all times one factor, or less the same amount each.

    Parameters
    ----------
    weights : array, shape (inputs,)
    wanted : Normalise
    bounds : Bounds
    """
    low = -math.inf if bounds.w_min is None else bounds.w_min
    high = math.inf if bounds.w_max is None else bounds.w_max
    for _ in range(TURNS):
        excess = weights.sum() - wanted.target
        if abs(excess) <= NEAR * wanted.target:
            break
        if wanted.kind == "divisive":
            if weights.sum() <= 0:
                break
            weights = np.clip(weights * (wanted.target / weights.sum()), low, high)
        else:
            movable = np.count_nonzero(weights > low if excess > 0 else weights < high)
            if not movable:
                break
            weights = np.clip(weights - excess / movable, low, high)
    return weights
