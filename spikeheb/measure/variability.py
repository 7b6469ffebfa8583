"""How much responses vary from sweep to sweep, and how much of that is noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeheb.measure.measurement import Measurement
from spikeheb.measure.windows import Place, baseline_samples

Floats = npt.NDArray[np.float64]

STEADY = 1e-6
"""Coefficient of variation up to which responses count as equal."""


def inverse_cv_squared(amplitudes: npt.ArrayLike, noise: float = 0.0) -> Floats:
    """1/CV^2 of the amplitudes of sweeps: squared mean over variance. A rise together with the mean speaks for release.

    Parameters
    ----------
    amplitudes : array, shape (..., sweeps)
        NaN for rejected sweeps.
    noise : float
        Variance of the noise in one amplitude, which is subtracted from their variance.

    Returns
    -------
    array, shape (...)
        NaN for less than two sweeps, and where they differ by no more than rounding or noise: a response without variability
        has none.
    """
    values = np.asarray(amplitudes, dtype=float)
    there = np.isfinite(values)
    count = there.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = values.sum(axis=-1, where=there) / count
        variance = np.square(values - mean[..., None]).sum(axis=-1, where=there) / (count - 1) - noise
        result = np.square(mean) / variance
    return np.asarray(np.where((count > 1) & (variance > np.square(STEADY * mean)), result, np.nan))


def noise_of_samples(sweeps: Floats, times: Floats, settings: Measurement) -> float:
    """Standard deviation of single samples in the baselines of sweeps, shape (sweeps, samples); 0 where that cannot be known."""
    level, _ = baseline_samples(times, settings.pulses[0], settings.baseline)
    if level.stop - level.start < 2 or not len(sweeps):
        return 0.0
    return float(np.sqrt(sweeps[:, level].var(axis=-1, ddof=1).mean()))


def noise_variance(sweeps: Floats, place: Place) -> float:
    """Variance of the noise in one amplitude.

    It is measured in the baseline, with a window as wide as that of the peak at its beginning in place of the peak, and the rest of
    the baseline as level; where the baseline has no room for that, from its single samples.

    Parameters
    ----------
    sweeps : array, shape (sweeps, samples)
    place : Place
        Where the response is read.
    """
    baseline = sweeps[:, place.level]
    wide, room = place.peak.stop - place.peak.start, baseline.shape[1]
    if len(sweeps) < 2 or room < 2:
        return 0.0
    if room <= wide:
        return float(baseline.var(axis=-1, ddof=1).mean() * (1 / wide + 1 / room))
    still = baseline[:, :wide].mean(axis=-1) - baseline[:, wide:].mean(axis=-1)
    return float(still.var(ddof=1) * (1 / wide + 1 / room) / (1 / wide + 1 / (room - wide)))
