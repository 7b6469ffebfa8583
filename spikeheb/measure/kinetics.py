"""When an averaged response starts, rises and decays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.measure.windows import Place, crossing, running_mean, smoothing

Floats = npt.NDArray[np.float64]

RISE_TIME = (0.2, 0.8)
DECAYED = float(np.exp(-1))
_MARGIN = 4.0


@dataclass(frozen=True)
class Kinetics:
    """Times of an averaged response, in seconds; arrays of the leading dimensions, NaN where they cannot be read.

    Attributes
    ----------
    latency : array
        From the pulse to where the line through the rise leaves the baseline.
    latency_error : array
        Standard error of the latency from the noise of the trace.
    rise_time : array
        From 20 % to 80 % of the peak.
    decay_time : array
        From the peak to 1/e of it.
    """

    latency: Floats
    latency_error: Floats
    rise_time: Floats
    decay_time: Floats


def kinetics(trace: Floats, noise: float, times: Floats, place: Place, size: float) -> Kinetics:
    """The times of one averaged trace, shape (samples,).

    Parameters
    ----------
    trace, times : array, shape (samples,)
    noise : float
        Standard deviation of the noise in a sample of the trace.
    place : Place
        Where the response is read in all traces of the lane.
    size : float
        Its amplitude.
    """
    unknown = np.asarray(np.nan)
    if place.rise is None or not np.isfinite(size) or size == 0:
        return Kinetics(unknown, unknown, unknown, unknown)
    level = float(place.levels(trace))
    steepness = float(place.rise.slopes(trace, np.asarray(level)))
    own = slice(place.rise.start, place.search.stop)
    share, at = (trace[own] - level) / size, times[own]
    share[0] = 0.0
    width = min(smoothing(noise, abs(size), at), place.rise.duration / 2)
    smooth = running_mean(share, at, width) if width > 0 else share
    relative = noise / abs(size)
    return Kinetics(
        latency=np.round(place.rise.onset(trace, level) - place.pulse, 12),
        latency_error=np.asarray(place.rise.error_of_middle * noise / abs(steepness) if steepness else np.nan),
        rise_time=np.asarray(_rise_time(smooth, at, place.peak_time, relative)),
        decay_time=np.asarray(_decay_time(share, at, place.peak_time, relative)),
    )


def _rise_time(share: Floats, times: Floats, peak_time: float, noise: float) -> float:
    rising = times <= peak_time + 1e-9
    if np.count_nonzero(rising) < 2 or not share[rising].max() >= RISE_TIME[1]:
        return np.nan
    early, late = (crossing(share[rising], times[rising], limit, _MARGIN * noise) for limit in RISE_TIME)
    return late - early


def _decay_time(share: Floats, times: Floats, peak_time: float, noise: float) -> float:
    """From the peak on, when the trace, smoothed over a tenth of the decay, first falls to 1/e."""
    falling = times >= peak_time - 1e-9
    values, at = share[falling], times[falling]
    below = np.flatnonzero(values < DECAYED)
    if not below.size:
        return np.nan
    if noise > 0:
        values = running_mean(values, at, (at[below[0]] - at[0]) / 10)
        below = np.flatnonzero(values < DECAYED)
    if not below.size or below[0] == 0:
        return np.nan
    n = int(below[0])
    part = (values[n - 1] - DECAYED) / (values[n - 1] - values[n])
    return float(at[n - 1] + part * (at[n] - at[n - 1]) - peak_time)
