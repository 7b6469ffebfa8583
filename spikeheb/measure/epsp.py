"""The EPSP before and after: amplitude, slope, rejected sweeps, outcome.

Pure functions on arrays: samples are the last axis, sweeps the last but one, and any dimensions may lead; the same
functions read simulated and recorded sweeps. Numbers are SI, `minutes` apart.

Conventions of the laboratory: amplitude = the extremum in the 100 ms after the pulse minus the value at the pulse,
signed, so that an IPSP and an inward current are negative; slope = line between 30 % and 75 % of the peak on the rise
of the averaged trace; outcome = mean of minutes 20 to 40 after the induction over the mean of the baseline. In noise
the extremum of a sweep lies beyond that of the mean: amplitudes near the noise come out too large.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError, NonFiniteError, unknown_name
from spikeheb.measure.course import FOLLOW, Drift, baseline_of, drift, outcome, series_of, window_of

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

WINDOW = 0.1
SPIKE_THRESHOLD = -0.03
RISE = (0.30, 0.75)
LEAST = {"epsp": 1e-6, "epsc": 1e-14}
"""Smallest peak that counts as a response, in volts and amperes: far below what can be recorded."""

STEADY = 1e-6
"""Coefficient of variation up to which responses count as equal."""
_ROUNDING = 1e-9


# --- one trace -----------------------------------------------------------------------------------------------------------


def amplitude(v: npt.ArrayLike, time: npt.ArrayLike, window: float = WINDOW) -> Floats:
    """Signed peak deflection of each sweep.

    Parameters
    ----------
    v : array, shape (..., samples)
        Volts, or amperes under clamp.
    time : array, shape (samples,)
        Seconds from the pulse; the sample nearest to 0 is the value at the pulse.
    window : float
        Seconds after the pulse in which the extremum is looked for (as far as the sweep goes).

    Returns
    -------
    array, shape (...)
        The extremum of larger magnitude minus the value at the pulse, in the unit of `v`.

    Raises
    ------
    FormatError
        Where the times do not fit the samples, do not increase or do not reach the pulse.
    """
    traces, times = _traces(v, time)
    start, stop = _span(times, window)
    level = traces[..., start]
    up = traces[..., start:stop].max(axis=-1) - level
    down = traces[..., start:stop].min(axis=-1) - level
    return np.asarray(np.where(up >= -down, up, down))


def slope(v: npt.ArrayLike, time: npt.ArrayLike, window: float = WINDOW, least: float = LEAST["epsp"]) -> Floats:
    """Steepness of the rise of averaged traces.

    The line of least squares through the trace, drawn straight from sample to sample, between the points where it
    crosses 30 % and 75 % of the peak (last before the peak). Integrals stand for sums, so the result hardly depends on
    where the samples fall and is defined however few of them lie between.

    Parameters
    ----------
    v : array, shape (..., samples)
        Averaged traces in volts (or amperes).
    time, window
        As in `amplitude`.
    least : float
        Peaks up to this size are no response.

    Returns
    -------
    array, shape (...)
        Volts (amperes) per second, signed; NaN where there is no response.

    Raises
    ------
    FormatError
        As `amplitude`.
    """
    traces, times = _traces(v, time)
    start, stop = _span(times, window)
    peaks = amplitude(traces, times, window)
    rises = (traces[..., start:stop] - traces[..., start, None]).reshape(-1, stop - start)
    found = [
        peak * _rise(rise / peak, times[start:stop]) if abs(peak) > least else np.nan
        for rise, peak in zip(rises, peaks.ravel(), strict=True)
    ]
    return np.array(found).reshape(peaks.shape)


def _rise(share: Floats, time: Floats) -> float:
    """Slope per second of a trace that is 0 at its first sample and 1 at its peak."""
    top = int(np.argmax(share))
    crossings = []
    for level in RISE:
        below = int(np.flatnonzero(share[:top] < level)[-1])
        part = (level - share[below]) / (share[below + 1] - share[below])
        crossings.append((below + 1, time[below] + part * (time[below + 1] - time[below])))
    (first, early), (last, late) = crossings
    times = np.concatenate([[early], time[first:last], [late]]) - (early + late) / 2
    levels = np.concatenate([RISE[:1], share[first:last], RISE[1:]])
    middles = (times[1:] + times[:-1]) * (levels[1:] + levels[:-1])
    moment = np.diff(times) @ (times[1:] * levels[1:] + middles + times[:-1] * levels[:-1]) / 6
    return float(12 * moment / (late - early) ** 3)


def spiked(v: npt.ArrayLike, threshold: float = SPIKE_THRESHOLD) -> Flags:
    """Sweeps in which the membrane goes beyond `threshold` volts: shape (..., samples) to shape (...).

    An integrate-and-fire cell has no upstroke; its sweeps with a spike have to be handed to `measure_sweeps`.
    """
    return np.asarray(np.max(np.asarray(v, dtype=float), axis=-1) > threshold)


def paired_pulse_ratio(v: npt.ArrayLike, time: npt.ArrayLike, interval: float, window: float = WINDOW) -> Floats:
    """Amplitude of the response to a second pulse, `interval` seconds later, over that of the first.

    Each response is measured from the value at its own pulse, the first one only until the second pulse.
    """
    traces, times = _traces(v, time)
    first = amplitude(traces, times, min(window, interval))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(amplitude(traces, times - interval, window) / first)


def inverse_cv_squared(amplitudes: npt.ArrayLike) -> Floats:
    """1/CV^2 of the amplitudes of sweeps: squared mean over variance.

    Parameters
    ----------
    amplitudes : array, shape (..., sweeps)
        NaN for rejected sweeps.

    Returns
    -------
    array, shape (...)
        NaN for less than two sweeps, and where they differ by no more than rounding: a response without variability has none.
    """
    values = np.asarray(amplitudes, dtype=float)
    there = np.isfinite(values)
    count = there.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = values.sum(axis=-1, where=there) / count
        variance = np.square(values - mean[..., None]).sum(axis=-1, where=there) / (count - 1)
        found = np.square(mean) / variance
    return np.asarray(np.where((count > 1) & (variance > np.square(STEADY * mean)), found, np.nan))


# --- everything at once --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SweepMeasures:
    """What the sweeps of an experiment come to. Shapes: ... stands for the leading dimensions.

    Attributes
    ----------
    amplitude : array, shape (..., sweeps)
        Volts (amperes), NaN for rejected sweeps.
    rejected : array of bool, shape (..., sweeps)
        Sweeps with a postsynaptic spike, and those that the caller rejected.
    rejected_count : array of int, shape (...)
    trace_before, trace_after : array, shape (..., samples)
        Means of the accepted sweeps of the baseline and of the follow-up window.
    slope_before, slope_after : array, shape (...)
        Volts (amperes) per second, of these traces.
    slope_ratio : array, shape (...)
    amplitude_before, amplitude_after : array, shape (...)
        Means over the accepted sweeps.
    amplitude_ratio, amplitude_ratio_sem : array, shape (...)
    drift : Drift
        Of the baseline's amplitudes.

    Where all sweeps of a window were rejected, what depends on it is NaN.
    """

    amplitude: Floats
    rejected: Flags
    rejected_count: npt.NDArray[np.int64]
    trace_before: Floats
    trace_after: Floats
    slope_before: Floats
    slope_after: Floats
    slope_ratio: Floats
    amplitude_before: Floats
    amplitude_after: Floats
    amplitude_ratio: Floats
    amplitude_ratio_sem: Floats
    drift: Drift


def measure_sweeps(
    v: npt.ArrayLike,
    time: npt.ArrayLike,
    minutes: npt.ArrayLike,
    induction_end_minutes: float,
    rejected: npt.ArrayLike | None = None,
    *,
    kind: str = "epsp",
    window: float = WINDOW,
    follow: tuple[float, float] = FOLLOW,
) -> SweepMeasures:
    """Measure sweeps, simulated or recorded.

    Parameters
    ----------
    v : array, shape (..., sweeps, samples)
        Membrane potential in volts, or current in amperes for ``kind="epsc"``.
    time : array, shape (samples,)
        Seconds from the pulse.
    minutes : array, shape (sweeps,)
        When each sweep was taken; those before `induction_end_minutes` are the baseline.
    induction_end_minutes : float
    rejected : array of bool, shape (..., sweeps), optional
        Sweeps to leave out, such as those in which an integrate-and-fire cell fired; they may hold anything.
    kind : {"epsp", "epsc"}
        For an EPSP, sweeps that go beyond -30 mV are rejected as well.
    window, follow
        As in `amplitude` and `outcome`.

    Raises
    ------
    NonFiniteError
        For NaN or infinity in a sweep that was not rejected.
    FormatError
        Where shapes do not fit, or no sweep was taken in the baseline or in the follow-up window.
    """
    if kind not in LEAST:
        raise unknown_name("kind of response", kind, LEAST)
    sweeps, times = _traces(v, time)
    if sweeps.ndim < 2:
        raise FormatError("expected sweeps x samples (got one dimension)")
    left_out = _left_out(rejected, sweeps.shape[:-1])
    _check_finite(sweeps, times, left_out)
    if kind == "epsp":
        left_out = left_out | spiked(sweeps)
    amplitudes = np.where(left_out, np.nan, amplitude(sweeps, times, window))
    series, at = series_of(amplitudes, minutes)
    found = outcome(series, at, induction_end_minutes, follow)
    baseline = baseline_of(at, induction_end_minutes)
    parts = (baseline, window_of(at, induction_end_minutes, follow))
    traces = [_mean_trace(sweeps, ~left_out & part) for part in parts]
    slopes = [slope(trace, times, window, LEAST[kind]) for trace in traces]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope_ratio = slopes[1] / slopes[0]
    return SweepMeasures(
        amplitude=series,
        rejected=left_out,
        rejected_count=left_out.sum(axis=-1),
        trace_before=traces[0],
        trace_after=traces[1],
        slope_before=slopes[0],
        slope_after=slopes[1],
        slope_ratio=slope_ratio,
        amplitude_before=found.before,
        amplitude_after=found.after,
        amplitude_ratio=found.ratio,
        amplitude_ratio_sem=found.sem,
        drift=drift(series[..., baseline], at[baseline]),
    )


# --- shapes and checks --------------------------------------------------------------------------------------------


def _traces(v: npt.ArrayLike, time: npt.ArrayLike) -> tuple[Floats, Floats]:
    traces, times = np.asarray(v, dtype=float), np.asarray(time, dtype=float)
    if times.ndim != 1 or times.size < 2 or traces.shape[-1:] != times.shape:
        raise FormatError(f"expected one time for each sample of a trace (got {times.shape} times, traces of {traces.shape[-1:]})")
    if not np.all(np.diff(times) > 0):
        raise FormatError("the times of a trace must be finite and increase")
    return traces, times


def _span(times: Floats, window: float) -> tuple[int, int]:
    """First sample (the pulse) and the one after the last of the window."""
    start = int(np.argmin(np.abs(times)))
    near = min(start, times.size - 2)
    if abs(times[start]) > times[near + 1] - times[near] or start == times.size - 1:
        raise FormatError(f"the sweep must contain the pulse, at time 0 (it goes from {times[0]:g} s to {times[-1]:g} s)")
    stop = int(np.searchsorted(times, times[start] + window + _ROUNDING, side="right"))
    if not stop > start + 1:
        raise FormatError(f"no sample in the {window:g} s after the pulse")
    return start, stop


def _left_out(rejected: npt.ArrayLike | None, shape: tuple[int, ...]) -> Flags:
    given = np.zeros(shape, dtype=bool) if rejected is None else np.asarray(rejected, dtype=bool)
    if given.shape != shape:
        raise FormatError(f"rejected must be one truth value a sweep, shape {shape} (got {given.shape})")
    return given


def _check_finite(sweeps: Floats, times: Floats, left_out: Flags) -> None:
    bad = ~np.isfinite(sweeps).all(axis=-1) & ~left_out
    if bad.any():
        where = tuple(int(n) for n in np.argwhere(bad)[0])
        sample = int(np.flatnonzero(~np.isfinite(sweeps[where]))[0])
        lane = f" of lane {', '.join(map(str, where[:-1]))}" if len(where) > 1 else ""
        message = f"{sweeps[where][sample]} at {times[sample] * 1e3:g} ms from the pulse; mend the sweep or reject it"
        raise NonFiniteError(message, key=f"sweep {where[-1]}{lane}")


def _mean_trace(sweeps: Floats, used: Flags) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sweeps.sum(axis=-2, where=used[..., None]) / used.sum(axis=-1)[..., None])
