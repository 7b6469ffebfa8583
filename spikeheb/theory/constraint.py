"""Normalised weights as probabilities of promotion (Chu & Le Nguyen 2020, arXiv 2012.07664; reconstructed, the abstract alone was read).

An event adds `rate` to every promoted weight and takes it from every demoted one, and then divides all by their sum.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def prediction(promoted: npt.ArrayLike, demoted: npt.ArrayLike | None = None) -> Floats:
    """Normalised weights up to the learning rate: ``(p - q)/sum(p - q)``; without demotion the share of promotions.

    Parameters
    ----------
    promoted, demoted : arrays of float, shape (synapses,)
        Probabilities (or counts) of promotion p and of demotion q.
    """
    p = np.asarray(promoted, dtype=float)
    difference = p if demoted is None else p - np.asarray(demoted, dtype=float)
    predicted: Floats = difference / difference.sum()
    return predicted


def fixed_point(promoted: npt.ArrayLike, rate: float) -> Floats:
    """Mean weights where independent promotions balance, exactly: ``E[(X_i - n w_i)/(1 + rate n)] = 0``, by enumeration.

    Parameters
    ----------
    promoted : array of float, shape (synapses,)
        Probabilities of promotion in an event; 20 synapses at most.
    rate : float
        What a promotion adds.
    """
    p = np.asarray(promoted, dtype=float)
    events = np.array(list(product((0.0, 1.0), repeat=p.size)))
    chance = np.prod(np.where(events == 1, p, 1 - p), axis=1)
    n = events.sum(axis=1)
    kept = chance / (1 + rate * n)
    weights: Floats = (kept @ events) / (kept @ n)
    return weights
