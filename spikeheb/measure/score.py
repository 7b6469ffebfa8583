"""How well a model's outcomes agree with measured ones: deviance, E, signs, skill, ranks, and the noise ceiling.

A ratio was measured with a standard error on n cells; read off a figure, it has a digitisation error as well. Both go into one
error, and t is the model's distance in such errors. A mean over n normal values is Student-distributed around the true one,
hence the deviance ``D = sum n ln(1 + t**2/(n - 1))``; where n is not known it is ``t**2``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.measure.compare import normalised_error

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NO_CHANGE = 0.05
"""A model that changes by no more than this share has neither potentiated nor depressed."""
TIE = 2.0
"""Models whose AIC differs by less than this are tied."""
WITHIN = 2.0
"""A point is met if the model lies within this many errors of it."""
SHARE_OF_CHANCE = 0.2
"""The standard error that chance may leave in a prediction, in standard errors of the data."""
SIGNS = {"LTP": 1, "LTD": -1, "none": 0}


@dataclass(frozen=True, slots=True)
class Points:
    """The measured outcomes of one data set.

    Attributes
    ----------
    ratio, sem, error : arrays of float, shape (points,)
        After / before, its standard error, and that combined with the digitisation error; NaN where only a direction is known.
    n : array of float, shape (points,)
        Cells; NaN where not known.
    sign : array of float, shape (points,)
        1, -1 or 0 for potentiation, depression and no change; NaN where the source gives no direction.
    """

    ratio: Floats
    sem: Floats
    error: Floats
    n: Floats
    sign: Floats

    def only(self, chosen: npt.NDArray[np.int64] | Flags) -> Points:
        """Some of the points."""
        return Points(*(values[chosen] for values in (self.ratio, self.sem, self.error, self.n, self.sign)))

    @property
    def numbers(self) -> Flags:
        """Points with a ratio and its error."""
        there: Flags = np.isfinite(self.ratio) & np.isfinite(self.error) & (self.error > 0)
        return there


def points(ratio: npt.ArrayLike, sem: npt.ArrayLike, digitisation: npt.ArrayLike, n: npt.ArrayLike, outcome: list[str | None]) -> Points:
    """The points of a data set; where it names no direction, that of a ratio which differs from 1 by two errors.

    A ratio whose error is not known gives a direction where it differs from 1 by `NO_CHANGE`.

    Parameters
    ----------
    ratio, sem, digitisation, n : arrays of float, shape (points,)
        NaN for what is not known; an unknown digitisation error counts as none.
    outcome : list of str or None
        ``"LTP"``, ``"LTD"``, ``"none"``, or None.
    """
    value, s, d = (np.asarray(x, dtype=float) for x in (ratio, sem, digitisation))
    error = np.hypot(s, np.nan_to_num(d))
    border = np.where(np.isfinite(error), WITHIN * error, NO_CHANGE)
    measured = np.where(np.abs(value - 1) >= border, np.sign(value - 1), 0.0)
    measured[~np.isfinite(value)] = np.nan
    sign = np.array([measured[k] if name is None else SIGNS[name] for k, name in enumerate(outcome)], dtype=float)
    return Points(value, s, error, np.asarray(n, dtype=float), sign)


def distances(model: npt.ArrayLike, data: Points) -> Floats:
    """t of each point with a number, in errors."""
    chosen = data.numbers
    distance: Floats = ((np.asarray(model, dtype=float) - data.ratio)[..., chosen]) / data.error[chosen]
    return distance


def deviance(model: npt.ArrayLike, data: Points) -> float:
    """The deviance D over all points with a number; NaN where there is none."""
    return float(_deviance(distances(model, data), data)) if data.numbers.any() else math.nan


def residuals(model: npt.ArrayLike, data: Points) -> Floats:
    """The signed square root of each point's part of the deviance, for fits by least squares."""
    t = distances(model, data)
    signed_roots: Floats = np.copysign(np.sqrt(_parts(t, data)), t)
    return signed_roots


def _deviance(t: Floats, data: Points) -> Floats:
    return np.asarray(_parts(t, data).sum(axis=-1))


def _parts(t: Floats, data: Points) -> Floats:
    n = data.n[data.numbers]
    known = np.isfinite(n) & (n > 1)
    m = np.where(known, n, 2.0)
    parts: Floats = np.where(known, m * np.log1p(t**2 / (m - 1)), t**2)
    return parts


def error(model: npt.ArrayLike, data: Points) -> float:
    """Pfister & Gerstner's E as it is published, the mean of ((model - data)/SEM)**2; NaN where there is no number."""
    return normalised_error(model, data.ratio, data.sem)


def skill(model: npt.ArrayLike, data: Points) -> float:
    """``1 - E/E0``, where E0 is that of a model that never changes: 1 is perfect, 0 is as good as no change; NaN without numbers."""
    nothing = error(np.ones(data.ratio.size), data)
    return 1 - error(model, data) / nothing if nothing > 0 else math.nan


def met(model: npt.ArrayLike, data: Points) -> int:
    """How many points the model meets within two errors."""
    return int(np.count_nonzero(np.abs(distances(model, data)) <= WITHIN))


def signs_right(model: npt.ArrayLike, data: Points) -> tuple[int, int]:
    """How many directions the model has right, and how many are known."""
    change = np.asarray(model, dtype=float) - 1
    sign = np.where(np.abs(change) > NO_CHANGE, np.sign(change), 0.0)
    known = np.isfinite(data.sign)
    return int(np.count_nonzero(sign[known] == data.sign[known])), int(known.sum())


def chance_allowed(data: Points) -> Floats:
    """The standard error that chance may leave in a prediction of each point.

    `SHARE_OF_CHANCE` of the data's standard error; `NO_CHANGE` where only a direction is known, and infinite where nothing is.
    """
    error = np.where(data.sem > 0, data.sem, data.error)
    return np.asarray(np.where(data.numbers, SHARE_OF_CHANCE * error, np.where(np.isfinite(data.sign), NO_CHANGE, np.inf)))


def share_of_chance(chance: npt.ArrayLike, data: Points) -> float:
    """The largest standard error of a prediction, in standard errors of the data; NaN without numbers."""
    chosen = data.numbers
    error = np.where(data.sem > 0, data.sem, data.error)[chosen]
    return float(np.max(np.asarray(chance, dtype=float)[chosen] / error)) if chosen.any() else math.nan


def noise_ceiling(data: Points, rng: np.random.Generator, draws: int = 4000) -> tuple[float, float]:
    """What the true rule would score given these n: the medians of E and of D.

    Parameters
    ----------
    data : Points
    rng : numpy.random.Generator
    draws : int

    Returns
    -------
    E, D : float
        NaN without numbers.
    """
    if not data.numbers.any():
        return math.nan, math.nan
    t = _draws_of_t(data, rng, draws)
    return float(np.median(np.mean(t**2, axis=1))), float(np.median(_deviance(t, data)))


def _draws_of_t(data: Points, rng: np.random.Generator, draws: int) -> Floats:
    """Student's t with n - 1 degrees of freedom for each point; normal where n is not known."""
    n = data.n[data.numbers]
    known = np.isfinite(n) & (n > 1)
    normal = rng.standard_normal((draws, n.size))
    scale = np.where(known, rng.chisquare(np.where(known, n - 1, 1.0), (draws, n.size)) / np.where(known, n - 1, 1.0), 1.0)
    student: Floats = normal / np.sqrt(scale)
    return student


@dataclass(frozen=True, slots=True)
class Ranks:
    """Places of several models on one data set; the best is 1, and models within `TIE` of AIC share a place.

    Attributes
    ----------
    rank, low, high : arrays of float, shape (models,)
        The place on the data as they are, and the 5th and 95th percentile over data drawn anew within their errors. NaN for
        models without a deviance.
    """

    rank: Floats
    low: Floats
    high: Floats


def ranks(models: npt.ArrayLike, free: npt.ArrayLike, data: Points, rng: np.random.Generator, draws: int = 1000) -> Ranks:
    """Rank models by AIC, D + 2 k, and see how much of the order is the data's own error.

    Parameters
    ----------
    models : array of float, shape (models, points)
        Rows with a NaN are not ranked.
    free : array of float, shape (models,)
        Parameters that were fitted to these data; NaN counts as 0.
    data : Points
    rng : numpy.random.Generator
    draws : int
        Data sets, each ratio drawn from a normal distribution with its own error.
    """
    outcome = np.asarray(models, dtype=float)
    chosen = data.numbers
    there = np.isfinite(outcome[:, chosen]).all(axis=1) & chosen.any()
    rank, low, high = (np.full(len(outcome), np.nan) for _ in range(3))
    if there.any():
        t = distances(outcome[there], data)
        cost = 2 * np.nan_to_num(np.asarray(free, dtype=float))[there]
        rank[there] = _places(_deviance(t, data) + cost)
        noise = rng.standard_normal((draws, 1, t.shape[1]))
        drawn = np.array([_places(_deviance(t - errors, data) + cost) for errors in noise])
        low[there], high[there] = np.percentile(drawn, (5, 95), axis=0)
    return Ranks(rank, low, high)


def _places(aic: Floats) -> Floats:
    """One more than the number of models that are better by a tie or more."""
    places: Floats = 1.0 + np.count_nonzero(aic[None, :] <= aic[:, None] - TIE, axis=1)
    return places
