"""Measures of weight distributions: shape, modes, distances, turnover, and what they select."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

NEAR = 0.1
"""A weight is near a bound within this share of the range."""
LARGEST = 72000


@dataclass(frozen=True, slots=True)
class Shape:
    """What a weight distribution looks like.

    Attributes
    ----------
    mean, cv, skew : float
        CV is sd over mean; NaN for a mean of 0; the skew is NaN without spread.
    near_low, near_high : float
        Shares of weights near the bounds; NaN where there is none.
    dip, dip_p : float
        Hartigan's dip and its p: below 0.05 there is more than one mode.
    """

    mean: float
    cv: float
    skew: float
    near_low: float
    near_high: float
    dip: float
    dip_p: float


def shape(weights: npt.ArrayLike, low: float | None = None, high: float | None = None) -> Shape:
    """The shape of a distribution of weights between limits.

    Parameters
    ----------
    weights : array of float, any shape
    low, high : float, optional
        Where there is no upper limit, nearness to the lower one is counted as a share of the mean.
    """
    w = np.asarray(weights, dtype=float).ravel()
    mean, sd = float(w.mean()), float(w.std())
    skew = float(np.mean(((w - mean) / sd) ** 3)) if sd > 1e-12 * abs(mean) else math.nan
    width = math.nan if low is None else (high - low if high is not None else mean)
    near_low = math.nan if low is None else float(np.mean(w <= low + NEAR * width))
    near_high = math.nan if low is None or high is None else float(np.mean(w >= high - NEAR * width))
    dip, p = dip_test(w)
    return Shape(mean, sd / mean if mean else math.nan, skew, near_low, near_high, dip, p)


def dip_test(weights: npt.ArrayLike) -> tuple[float, float]:
    """Hartigan & Hartigan's (1985) dip and its p for one mode; equal weights have one mode."""
    import diptest

    w = np.asarray(weights, dtype=float).ravel()
    if w.size < 4 or np.ptp(w) == 0:
        return 0.0, 1.0
    if w.size > LARGEST:  # the smallest p in the table
        w = np.sort(w)[np.linspace(0, w.size - 1, LARGEST).astype(int)]
    dip, p = diptest.diptest(w)
    return float(dip), float(p)


def kolmogorov_smirnov(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[float, float]:
    """The largest difference of two samples' distribution functions, and its p."""
    from scipy.stats import ks_2samp

    outcome = ks_2samp(np.ravel(a), np.ravel(b))
    return float(outcome.statistic), float(outcome.pvalue)


def wasserstein(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """The mean distance that weights must move to make one sample the other."""
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(np.ravel(a), np.ravel(b)))


def wasserstein_to_density(weights: npt.ArrayLike, w: npt.ArrayLike, density: npt.ArrayLike) -> float:
    """The Wasserstein distance between a sample and a density given at points `w`."""
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(np.ravel(weights), np.asarray(w), None, np.asarray(density)))


def kolmogorov_smirnov_to_density(weights: npt.ArrayLike, w: npt.ArrayLike, density: npt.ArrayLike) -> float:
    """The largest difference between a sample's distribution function and that of a density given at rising points `w`."""
    x, p = np.asarray(w, dtype=float), np.asarray(density, dtype=float)
    whole = np.concatenate([[0.0], np.cumsum(np.diff(x) * (p[1:] + p[:-1]) / 2)])
    values = np.sort(np.ravel(weights))
    expected = np.interp(values, x, whole / whole[-1], left=0.0, right=1.0)
    n = np.arange(values.size + 1) / values.size
    return float(max(np.max(np.abs(expected - n[1:])), np.max(np.abs(expected - n[:-1]))))


@dataclass(frozen=True, slots=True)
class Interval:
    """A number, and the 2.5th and 97.5th percentile of it over resampled seeds."""

    value: float
    low: float
    high: float


def over_seeds(measure: Callable[..., float], samples: Sequence[Sequence[Floats]], rng: np.random.Generator, draws: int = 500) -> Interval:
    """A measure of pooled seeds, with an interval from drawing seeds again.

    Parameters
    ----------
    measure : callable
        Of one pooled sample for each group.
    samples : sequence of sequences of arrays
        For each group its seeds. Groups with as many seeds are taken as paired: the same seeds are drawn in each.
    rng : numpy.random.Generator
    draws : int
    """
    value = measure(*(np.concatenate([np.ravel(weights_of_seed) for weights_of_seed in group]) for group in samples))
    sizes = [len(group) for group in samples]
    if min(sizes) < 2:
        return Interval(value, math.nan, math.nan)
    resampled = []
    for _ in range(draws):
        same = rng.integers(0, sizes[0], sizes[0])
        picks = [same if size == sizes[0] else rng.integers(0, size, size) for size in sizes]
        resampled.append(measure(*(np.concatenate([np.ravel(group[k]) for k in pick]) for group, pick in zip(samples, picks, strict=True))))
    low, high = np.percentile(resampled, (2.5, 97.5))
    return Interval(value, float(low), float(high))


def turnover(snapshots: npt.ArrayLike) -> Floats:
    """How far weights are from where they were, against how far apart any two are, by lag.

    ``mean((w(t + lag) - w(t))**2)/(2*var(w))``: 0 for frozen weights, 1 when a weight has forgotten where it was.

    Parameters
    ----------
    snapshots : array of float, shape (times, synapses)
        At equal distances in time.

    Returns
    -------
    array of float, shape (times,)
        By lag in snapshots, from 0 on; NaN for equal weights.
    """
    w = np.asarray(snapshots, dtype=float)
    spread = 2 * float(w.var())
    moved = [float(np.mean((w[lag:] - w[: len(w) - lag]) ** 2)) for lag in range(len(w))]
    return np.array(moved) / spread if spread else np.full(len(w), math.nan)


def selectivity(weights: npt.ArrayLike, group: npt.ArrayLike) -> float:
    """Mean weight of a group minus that of the others, over the sum of both means: 1 if the group has all, 0 if both are equal.

    Parameters
    ----------
    weights : array of float, shape (..., inputs)
    group : array of bool, shape (inputs,)
    """
    w, chosen = np.asarray(weights, dtype=float), np.asarray(group, dtype=bool)
    inside, outside = float(w[..., chosen].mean()), float(w[..., ~chosen].mean())
    return (inside - outside) / (inside + outside) if inside + outside else 0.0


def rate_and_cv(spikes: Sequence[npt.ArrayLike], start: float, end: float) -> tuple[float, float]:
    """Mean rate between two times, and CV of the intervals pooled over trains; seconds.

    Returns
    -------
    rate : float
        Hertz.
    cv : float
        NaN for fewer than three intervals.
    """
    trains = [np.asarray(train, dtype=float) for train in spikes]
    chosen = [train[(train >= start) & (train < end)] for train in trains]
    rate = sum(train.size for train in chosen) / (len(trains) * (end - start))
    intervals = np.concatenate([np.diff(train) for train in chosen]) if chosen else np.zeros(0)
    return rate, float(intervals.std() / intervals.mean()) if intervals.size > 2 else math.nan
