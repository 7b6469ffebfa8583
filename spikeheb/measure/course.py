"""The course of an experiment: one value for each sweep, before and after the induction.

Sweeps are the last axis and any dimensions may lead; values may have any unit; NaN values, those of rejected sweeps,
are left out of every mean. Outcome = mean of minutes 20 to 40 after the induction over the mean of the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError
from spikeheb.measure.measurement import FOLLOW

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

DETECTED = 3.0
"""A mean response smaller than this many of its standard errors cannot be distinguished from noise."""
EDGE_MINUTES = 5.0
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Drift:
    """How steady a baseline is; arrays of the leading dimensions.

    Attributes
    ----------
    slope : array
        Change of a line of least squares over the time from first to last sweep, as a fraction of the mean.
    change : array
        Mean of the last five minutes over that of the first five, minus 1 (halves, where there are less than ten).
    """

    slope: Floats
    change: Floats


@dataclass(frozen=True)
class Outcome:
    """Before and after; arrays of the leading dimensions.

    Attributes
    ----------
    before, after : array
        Mean of the baseline and of the follow-up window.
    ratio : array
        After over before; NaN where the baseline is 0 or smaller than `DETECTED` of its standard errors, and so may be noise.
    sem : array
        Standard error of the ratio from the scatter of single sweeps (not of cells).
    difference, difference_sem : array
        After less before, and its standard error.
    sweeps_before, sweeps_after : array of int
        How many sweeps went into the means.
    """

    before: Floats
    after: Floats
    ratio: Floats
    sem: Floats
    difference: Floats
    difference_sem: Floats
    sweeps_before: Counts
    sweeps_after: Counts


@dataclass(frozen=True)
class PerMinute:
    """Values averaged over each minute, as in the main figure.

    Attributes
    ----------
    minutes : array, shape (bins,)
        Mean time of the sweeps of each bin, in minutes from the end of the induction.
    mean, sem, count : arrays, shape (..., bins)
    """

    minutes: Floats
    mean: Floats
    sem: Floats
    count: Counts


def drift(values: npt.ArrayLike, minutes: npt.ArrayLike) -> Drift:
    """Drift of a baseline's values, shape (..., sweeps), taken at `minutes`; NaN values are left out."""
    series, at = series_of(values, minutes)
    used = np.isfinite(series)
    duration = float(np.ptp(at))
    edge = min(EDGE_MINUTES, duration / 2) + _ROUNDING
    first, _, _ = _mean(series, used & (at <= at.min() + edge))
    last, _, _ = _mean(series, used & (at >= at.max() - edge))
    mean, _, _ = _mean(series, used)
    middle, _, _ = _mean(np.broadcast_to(at, series.shape), used)
    off = np.where(used, at - middle[..., None], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        line = (off * np.where(used, series, 0.0)).sum(axis=-1) / (off * off).sum(axis=-1)
        return Drift(line * duration / mean, last / first - 1)


def outcome(amplitudes: npt.ArrayLike, minutes: npt.ArrayLike, induction_end: float, follow: tuple[float, float] = FOLLOW) -> Outcome:
    """Mean of the follow-up window over the mean of the baseline.

    Parameters
    ----------
    amplitudes : array, shape (..., sweeps)
        In any unit; NaN (rejected sweeps) are left out.
    minutes : array, shape (sweeps,)
        When each sweep was taken; none during the induction.
    induction_end : float
        In the same minutes.
    follow : pair of float
        Window in minutes after the induction, both ends included.

    Raises
    ------
    FormatError
        Where no sweep was taken in the baseline or in the window.
    """
    series, at = series_of(amplitudes, minutes)
    baseline, window = baseline_of(at, induction_end), window_of(at, induction_end, follow)
    used = np.isfinite(series)
    before, sem_before, count_before = _mean(series, used & baseline)
    after, sem_after, count_after = _mean(series, used & window)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((np.abs(before) < DETECTED * sem_before) | (before == 0), np.nan, after / before)
        sem = np.sqrt((sem_after / before) ** 2 + (ratio * sem_before / before) ** 2)
    difference_sem = np.hypot(sem_before, sem_after)
    return Outcome(before, after, np.asarray(ratio), sem, after - before, difference_sem, count_before, count_after)


def normalised(amplitudes: npt.ArrayLike, minutes: npt.ArrayLike, induction_end: float) -> Floats:
    """Amplitudes, shape (..., sweeps), over the mean of their baseline; NaN values are left out of that mean."""
    series, at = series_of(amplitudes, minutes)
    before, _, _ = _mean(series, np.isfinite(series) & baseline_of(at, induction_end))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(series / before[..., None])


def per_minute(minutes: npt.ArrayLike, values: npt.ArrayLike) -> PerMinute:
    """Means over minutes of values, shape (..., sweeps); NaN values are left out.

    `minutes` count from the end of the induction. Bins before it start with the first sweep, those after it with the
    induction's end, so that sweeps at regular intervals fill all bins alike.
    """
    series, at = series_of(values, minutes)
    after = np.ceil(at - _ROUNDING) - 1
    before = np.floor(at - at.min() + _ROUNDING) - np.ceil(-at.min()) - 1
    names, member = np.unique(np.where(at < 0, before, np.maximum(after, 0)), return_inverse=True)
    parts = [_mean(series, np.isfinite(series) & (member == n)) for n in range(names.size)]
    centres = np.array([at[member == n].mean() for n in range(names.size)])
    mean, sem, count = (np.stack(column, axis=-1) for column in zip(*parts, strict=True))
    return PerMinute(centres, mean, sem, count)


def series_of(values: npt.ArrayLike, minutes: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Both as arrays; a FormatError unless each sweep has one finite minute."""
    series, at = np.asarray(values, dtype=float), np.asarray(minutes, dtype=float)
    if at.ndim != 1 or not at.size or series.shape[-1:] != at.shape or not np.all(np.isfinite(at)):
        raise FormatError(f"expected one finite minute for each sweep (got {at.shape} minutes, sweeps of {series.shape[-1:]})")
    return series, at


def baseline_of(at: Floats, induction_end: float) -> Flags:
    """Which sweeps belong to the baseline; a FormatError if there is none."""
    baseline = at < induction_end
    if not baseline.any():
        raise FormatError(f"no sweep before the end of the induction (minute {induction_end:g}); the first is at {at.min():g}")
    return baseline


def window_of(at: Floats, induction_end: float, follow: tuple[float, float]) -> Flags:
    """Which sweeps belong to the follow-up window; a FormatError if there is none."""
    since = at - induction_end
    window = (since >= max(follow[0], 0.0) - _ROUNDING) & (since <= follow[1] + _ROUNDING)
    if not window.any():
        last = f"the last is {since.max():g} minutes after it"
        raise FormatError(f"no sweep {follow[0]:g} to {follow[1]:g} minutes after the induction ({last}); choose another window")
    return window


def _mean(values: Floats, used: Flags) -> tuple[Floats, Floats, Counts]:
    """Mean, standard error and count of the used values over the last axis; NaN where there are too few."""
    count = np.asarray(used.sum(axis=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.asarray(values.sum(axis=-1, where=used) / count)
        squares = ((values - mean[..., None]) ** 2).sum(axis=-1, where=used)
        sem = np.asarray(np.sqrt(squares / np.where(count > 1, count - 1, np.nan) / count))
    return mean, sem, count
