"""When an averaged response starts, rises and decays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.measure.measurement import Measurement
from spikeheb.measure.windows import ROUNDING, SMOOTHED_RISE, crossing, places, running_mean, smoothing

Floats = npt.NDArray[np.float64]

RISE_TIME = (0.2, 0.8)
FOOT = (0.1, 0.4)
"""The line through these fractions of the rise leaves the baseline at the onset."""
DECAYED = float(np.exp(-1))
_MARGIN = 4.0


@dataclass(frozen=True)
class Kinetics:
    """Times of an averaged response, in seconds; arrays of the leading dimensions, NaN where they cannot be read.

    Attributes
    ----------
    latency : array
        From the pulse to where the line through 10 % and 40 % of the rise leaves the baseline.
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


def kinetics(trace: Floats, noise: float, times: Floats, settings: Measurement) -> Kinetics:
    """The times of the response to the first pulse in one averaged trace.

    They are read at the peak of this trace itself, so that a later response is seen to be later.

    Parameters
    ----------
    trace, times : array, shape (samples,)
    noise : float
        Standard deviation of the noise in a sample of the trace.
    settings : Measurement
    """
    unknown = np.asarray(np.nan)
    place = places(trace, noise, times, settings)[0]
    if place.rise is None:
        return Kinetics(unknown, unknown, unknown, unknown)
    level, size = float(place.levels(trace)), float(place.amplitudes(trace))
    own = slice(place.rise.start, place.search.stop)
    share, at, grain = (trace[own] - level) / size, times[own], noise / abs(size)
    share[: place.rise.spoilt] = np.linspace(0.0, share[place.rise.spoilt], place.rise.spoilt, endpoint=False)
    width = min(smoothing(grain, 1.0, at), SMOOTHED_RISE * place.rise.duration)
    rising = at <= place.peak_time + ROUNDING
    rise = (running_mean(share, at, width) if width > 0 else share)[rising]
    foot, head = (crossing(rise, at[rising], limit, _MARGIN * grain) for limit in FOOT)
    early, late = (crossing(rise, at[rising], limit, _MARGIN * grain) for limit in RISE_TIME)
    onset = foot - (head - foot) * FOOT[0] / (FOOT[1] - FOOT[0])
    return Kinetics(
        latency=np.round(onset - place.pulse, 12),
        latency_error=np.asarray(grain * (head - foot) / (FOOT[1] - FOOT[0])),
        rise_time=np.asarray(late - early),
        decay_time=np.asarray(_decay_time(share, at, place.peak_time, grain)),
    )


def _decay_time(share: Floats, times: Floats, peak_time: float, noise: float) -> float:
    """From the peak on, when the trace, smoothed over a tenth of the decay, first falls to 1/e."""
    falling = times >= peak_time - ROUNDING
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
