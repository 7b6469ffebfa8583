"""Comparing a model's outcome with published ones."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt


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
