"""Mean after over mean before of paired values, with the standard error that the pairs give."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def paired_ratio(before: npt.ArrayLike, after: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Mean after over mean before, and its standard error over the pairs.

    The values before are taken as given (spread over their distribution, not drawn), so that only what a pair ends with beyond what
    its start explains is chance: the scatter around the line of least squares of after against before, or around the mean where
    all pairs start alike.

    Parameters
    ----------
    before, after : arrays of float, shape (..., pairs)

    Returns
    -------
    ratio, sem : arrays, shape (...)
        The ratio is NaN where the mean before is 0, the standard error also for fewer than two pairs.
    """
    a, b = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    pairs = a.shape[-1]
    mean_a, mean_b = a.mean(axis=-1), b.mean(axis=-1)
    off_a, off_b = a - mean_a[..., None], b - mean_b[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.square(off_a).sum(axis=-1)
        varies = spread > 1e-24 * np.square(a).sum(axis=-1)
        slope = np.where(varies, (off_a * off_b).sum(axis=-1) / spread, 0.0)
        freedom = np.asarray(pairs - 1 - varies, dtype=float)
        scatter = np.square(off_b - slope[..., None] * off_a).sum(axis=-1) / np.where(freedom > 0, freedom, np.nan)
        ratio = np.where(mean_a != 0, mean_b / mean_a, np.nan)
        sem = np.where(mean_a != 0, np.sqrt(scatter / pairs) / np.abs(mean_a), np.nan)
    return ratio, sem
