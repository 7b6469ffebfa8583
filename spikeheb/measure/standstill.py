"""Whether a distribution of weights has settled, from what the weights did over a run.

Slow drift is easily overlooked: hardly anything may change over the last quarter of a run, although ten times the run would show another
distribution. Three questions are therefore asked about the second half of a run.

- Has the distribution changed from the third to the last quarter, by more than chance makes it?
- Do its mean and its standard deviation still follow a line, which over ten times the run would lead elsewhere?
- Have the weights forgotten where they were? Weights that wander as in a random walk have moved twice as far (squared) in a quarter of the
  run as in an eighth of it; weights that have gone all over their stationary distribution have moved as far in both. Until they have, the
  distribution cannot be said to be the final one, however still it looks.

The verdict is "no" if a change was seen, "yes" if none was seen and the weights have forgotten where they were, and else "cannot tell".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.measure.weights import wasserstein

Floats = npt.NDArray[np.float64]

YES, NO, CANNOT_TELL = "yes", "no", "cannot tell"
STATIONARY = 0.02
"""A distribution stands still where its later changes are below this share of the range, beyond what chance explains."""
HORIZON = 10
"""The drift is extrapolated to this many times the length of the run."""
FORGOTTEN = 1.25
"""Weights have forgotten their start if their squared displacement in a quarter of the run is at most this many times that in an eighth."""
SURE = 4.0
"""A trend counts from this many standard errors on."""
FEWEST = 8
"""Snapshots that are needed."""


@dataclass(frozen=True, slots=True)
class Standstill:
    """Whether a distribution stands still, and the reason for this verdict.

    Attributes
    ----------
    verdict : {"yes", "no", "cannot tell"}
    change : float
        From the third to the last quarter of the run, as a share of the range (Wasserstein distance); NaN where it was not measured.
    chance : float
        What chance explains of it.
    reason : str
    """

    verdict: str
    change: float
    chance: float
    reason: str

    @property
    def stationary(self) -> bool:
        """Whether the verdict is "yes"."""
        return self.verdict == YES


def unknown(reason: str) -> Standstill:
    """The verdict "cannot tell", with its reason."""
    return Standstill(CANNOT_TELL, math.nan, math.nan, reason)


def standstill(snapshots: npt.ArrayLike, scale: float) -> Standstill:
    """The verdict on a run.

    Parameters
    ----------
    snapshots : array of float, shape (times, synapses)
        At equal distances in time, from the start to the end.
    scale : float
        The range of weights, or their mean where there is no upper limit.
    """
    w = np.asarray(snapshots, dtype=float)
    if len(w) < FEWEST or not scale > 0:
        return unknown(f"too few snapshots to tell ({FEWEST} are needed)" if len(w) < FEWEST else "the weights have no range")
    if not np.ptp(w, axis=0).any():
        return unknown("no weight changed during the run")
    change, chance = changes(w, scale)
    allowed = max(STATIONARY, chance)
    words = f"third and last quarter differ by {change:.3f} of the range; {allowed:.3f} is allowed"
    if change > allowed:
        return Standstill(NO, change, chance, words)
    drifting = _drifting(w, scale)
    if drifting:
        return Standstill(NO, change, chance, drifting)
    further = wandering(w)
    if further > FORGOTTEN:
        slow = f"the weights still wander: their squared displacement in a quarter of the run is {further:.2f} times that in an eighth"
        return Standstill(CANNOT_TELL, change, chance, f"{slow} ({FORGOTTEN} is allowed), so a longer run may end elsewhere")
    return Standstill(YES, change, chance, f"{words}, and the weights have forgotten where they were")


def changes(snapshots: Floats, scale: float) -> tuple[float, float]:
    """Distance of the third from the last quarter, and twice that of even from odd synapses in the last quarter; shares of the scale."""
    count = len(snapshots)
    third, last = snapshots[count // 2 : 3 * count // 4], snapshots[3 * count // 4 :]
    chance = 2 * wasserstein(last[:, ::2], last[:, 1::2]) / scale if snapshots.shape[1] > 1 else 0.0
    return wasserstein(third, last) / scale, chance


def trend(values: npt.ArrayLike) -> tuple[float, float]:
    """Slope of a line through values at equal distances, for the whole distance, and its standard error.

    The residuals are taken to be correlated as each is with the next.
    """
    y = np.asarray(values, dtype=float)
    x = np.linspace(-0.5, 0.5, y.size)
    slope = float(x @ y / (x @ x))
    left = y - y.mean() - slope * x
    power = float(left @ left)
    follows = min(max(float(left[1:] @ left[:-1]) / power, 0.0), 0.9) if power > 0 else 0.0
    error = math.sqrt(power / max(1, y.size - 2) / float(x @ x) * (1 + follows) / (1 - follows))
    return slope, error


def _drifting(w: Floats, scale: float) -> str:
    """What mean and standard deviation over synapses would become in ten times the run, if they follow a line; nothing if they do not."""
    half = w[len(w) // 2 :] / scale
    for name, values in (("mean", half.mean(axis=1)), ("standard deviation", half.std(axis=1))):
        slope, error = trend(values)
        left = 2 * HORIZON * slope
        if abs(slope) > SURE * error and abs(left) > STATIONARY and abs(slope) > 1e-9:
            reach = "more than the range" if abs(left) > 1 else f"{abs(left):.2f} of the range"
            return (
                f"the {name} of the weights still {'grows' if slope > 0 else 'falls'}, by {reach} in {HORIZON} times the run at this pace"
            )
    return ""


def wandering(snapshots: Floats) -> float:
    """Mean squared displacement in a quarter of the run over that in an eighth, over the second half; 1 where nothing moves there."""
    count = len(snapshots)
    half = snapshots[count // 2 :]
    eighth = max(1, count // 8)
    near, far = (float(np.mean((half[lag:] - half[:-lag]) ** 2)) for lag in (eighth, 2 * eighth))
    return far / near if near > 0 else 1.0
