"""Comparing a model's outcome with published ones."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

ROUNDING = 1e-12
"""Differences up to this share of the values count as rounding."""


Floats = npt.NDArray[np.float64]


def mean_and_sem(values: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Mean and standard error over the first axis, NaN values left out; NaN where there are too few (one, two)."""
    array = np.asarray(values, dtype=float)
    there = np.isfinite(array)
    count = there.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = array.sum(axis=0, where=there) / count
        variance = np.square(array - mean).sum(axis=0, where=there) / (count - 1)
        sem = np.sqrt(variance / count)
    return np.asarray(mean), np.asarray(np.where(count > 1, sem, np.nan))


def paired_t_test(before: npt.ArrayLike, after: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Student's paired test over the first axis: t, two-sided p, and the number of pairs.

    Parameters
    ----------
    before, after : arrays of float, one shape
        Pairs with a NaN are left out.

    Returns
    -------
    t, p, pairs : arrays
        NaN for less than two pairs. Where all differences are equal to within rounding, t is 0 and p is 1 if they are 0; otherwise
        t is infinite and p is 0.
    """
    from scipy.special import stdtr  # importing it takes a quarter of a second

    a, b = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    difference = b - a
    mean, sem = mean_and_sem(difference)
    pairs = np.isfinite(difference).sum(axis=0).astype(float)
    rounding = ROUNDING * mean_and_sem(np.abs(a) + np.abs(b))[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(sem > rounding, mean / sem, np.where(np.abs(mean) > rounding, np.copysign(np.inf, mean), 0.0))
        p = 2 * stdtr(np.maximum(pairs - 1, 1), -np.abs(t))
    return np.where(pairs > 1, t, np.nan), np.where(pairs > 1, p, np.nan), pairs


def normalised_error(model: npt.ArrayLike, data: npt.ArrayLike, sem: npt.ArrayLike, where: npt.ArrayLike | None = None) -> float:
    """Pfister & Gerstner's normalised error ``E = mean(((data - model)/sem)**2)``.

    Parameters
    ----------
    model, data, sem : arrays of float, one shape
        Ratios and the standard errors of the measured ones.
    where : array of bool, optional
        The points that count; of these, points without data or SEM are left out.

    Returns
    -------
    float
        NaN where no point is left.
    """
    a, b, s = (np.asarray(x, dtype=float) for x in (model, data, sem))
    chosen = np.isfinite(a) & np.isfinite(b) & np.isfinite(s) & (s > 0)
    if where is not None:
        chosen &= np.asarray(where, dtype=bool)
    if not chosen.any():
        return math.nan
    return float(np.mean(((b[chosen] - a[chosen]) / s[chosen]) ** 2))
