"""The EPSP before and after: amplitude, slope, rejected sweeps, outcome.

Pure functions on arrays: samples are the last axis, sweeps the last but one, and any dimensions may lead; the same
functions read simulated and recorded sweeps. Numbers are SI, `minutes` apart.

Polarity and time of the peak are found once, in the average of all accepted sweeps of a lane (before and after together), and
so is the rise. Every sweep is then measured there: the amplitude is the mean over `peak_width` less the mean of the baseline,
the slope is that of the line of least squares through the rise. Both are linear in the sweep, so that noise does not inflate
them, and both are signed: an IPSP and an inward current are negative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError, NonFiniteError
from spikeheb.measure.compare import mean_and_sem
from spikeheb.measure.course import Drift, baseline_of, drift, outcome, series_of, window_of
from spikeheb.measure.extras import peak_in, resistances, sag_in
from spikeheb.measure.kinetics import Kinetics, kinetics
from spikeheb.measure.measurement import FOLLOW, Measurement, check_within
from spikeheb.measure.variability import inverse_cv_squared, noise_of_samples, noise_variance
from spikeheb.measure.windows import ROUNDING, Place, places

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SPIKE_THRESHOLD = -0.03
STANDARD = Measurement()


# --- one trace -----------------------------------------------------------------------------------------------------------


def amplitude(v: npt.ArrayLike, time: npt.ArrayLike, settings: Measurement = STANDARD) -> Floats:
    """Signed response of traces that are averages already, each measured at a peak of its own.

    Parameters
    ----------
    v : array, shape (..., samples)
        Volts, or amperes under clamp.
    time : array, shape (samples,)
        Seconds.
    settings : Measurement

    Returns
    -------
    array, shape (...)
        In the unit of `v`.

    Raises
    ------
    FormatError
        Where the times do not fit the samples, do not increase or do not reach the pulse.
    """
    traces, times = _traces(v, time)
    lone = traces.reshape(-1, times.size)
    return np.array([places(trace, 0.0, times, settings)[0].amplitudes(trace) for trace in lone]).reshape(traces.shape[:-1])


def slope(v: npt.ArrayLike, time: npt.ArrayLike, settings: Measurement = STANDARD) -> Floats:
    """Steepness of the rise of averaged traces, each between limits of its own.

    The line of least squares through the trace, drawn straight from sample to sample, between the points where it
    crosses 30 % and 75 % of the peak (last before the peak).

    Parameters
    ----------
    v, time, settings
        As in `amplitude`.

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
    slopes = []
    for trace in traces.reshape(-1, times.size):
        place = places(trace, 0.0, times, settings)[0]
        slopes.append(_slopes(place, trace, place.levels(trace)))
    return np.array(slopes).reshape(traces.shape[:-1])


def spiked(v: npt.ArrayLike, time: npt.ArrayLike, settings: Measurement = STANDARD, threshold: float = SPIKE_THRESHOLD) -> Flags:
    """Sweeps in which the membrane goes beyond `threshold` volts: shape (..., samples) to shape (...).

    Samples that are blanked after a pulse do not count, because they may hold the stimulus artefact. An integrate-and-fire
    cell has no upstroke; its sweeps with a spike have to be passed to `measure_sweeps` as rejected.
    """
    traces, times = _traces(v, time)
    seen = np.ones(times.size, dtype=bool)
    for pulse in settings.pulses if settings.blank > 0 else ():
        seen &= (times < pulse - ROUNDING) | (times > pulse + settings.blank + ROUNDING)
    return np.asarray(np.max(traces, axis=-1, where=seen, initial=-np.inf) > threshold)


# --- everything at once --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SweepMeasures:
    """All measures of the sweeps of an experiment. Shapes: ... stands for the leading dimensions.

    Attributes
    ----------
    amplitude, slope : array, shape (..., sweeps)
        Volts (amperes), and these per second; NaN for rejected sweeps.
    spiked, rejected : array of bool, shape (..., sweeps)
        Sweeps with a postsynaptic spike; these, and those that the caller rejected.
    rejected_count : array of int, shape (...)
    trace_before, trace_after : array, shape (..., samples)
        Means of the accepted sweeps of the baseline and of the follow-up window.
    peak_time : array, shape (...)
        Seconds from the pulse to the peak of the average of all accepted sweeps.
    baseline_stands_in : array of bool, shape (...)
        Whether no sample lay in the baseline window, so that the last sample at or before the pulse was used instead.
    amplitude_before, amplitude_after, slope_before, slope_after : array, shape (...)
        Means over the accepted sweeps.
    amplitude_ratio, amplitude_ratio_sem, slope_ratio : array, shape (...)
        NaN where the response before is below three of its standard errors.
    amplitude_difference, amplitude_difference_sem : array, shape (...)
        After less before.
    inverse_cv2_before, inverse_cv2_after : array, shape (...)
        1/CV^2 of the amplitudes; the variance of the noise, measured in the baseline, is subtracted.
    pulses_before, pulses_after : array, shape (..., pulses)
        Mean response to each pulse.
    paired_pulse_ratio_before, paired_pulse_ratio_after : array, shape (...)
        Mean response to the second pulse over that to the first; NaN for a single pulse.
    before, after : Kinetics
        Latency, rise and decay of the averaged traces.
    volley, population_spike : array, shape (..., sweeps)
    input_resistance, series_resistance : array, shape (..., sweeps)
        Ohm; NaN without a test step.
    drift, drift_after : Drift
        Of the amplitudes of the baseline, and of the follow-up window.

    Where all sweeps of a window were rejected, the values that depend on it are NaN.
    """

    amplitude: Floats
    slope: Floats
    spiked: Flags
    rejected: Flags
    rejected_count: npt.NDArray[np.int64]
    trace_before: Floats
    trace_after: Floats
    peak_time: Floats
    baseline_stands_in: Flags
    amplitude_before: Floats
    amplitude_after: Floats
    amplitude_ratio: Floats
    amplitude_ratio_sem: Floats
    amplitude_difference: Floats
    amplitude_difference_sem: Floats
    slope_before: Floats
    slope_after: Floats
    slope_ratio: Floats
    inverse_cv2_before: Floats
    inverse_cv2_after: Floats
    pulses_before: Floats
    pulses_after: Floats
    paired_pulse_ratio_before: Floats
    paired_pulse_ratio_after: Floats
    before: Kinetics
    after: Kinetics
    volley: Floats
    population_spike: Floats
    input_resistance: Floats
    series_resistance: Floats
    drift: Drift
    drift_after: Drift


def measure_sweeps(
    v: npt.ArrayLike,
    time: npt.ArrayLike,
    minutes: npt.ArrayLike,
    induction_end_minutes: float,
    rejected: npt.ArrayLike | None = None,
    *,
    settings: Measurement = STANDARD,
    follow: tuple[float, float] = FOLLOW,
) -> SweepMeasures:
    """Measure sweeps, simulated or recorded.

    Parameters
    ----------
    v : array, shape (..., sweeps, samples)
        Volts, or amperes under clamp.
    time : array, shape (samples,)
        Seconds.
    minutes : array, shape (sweeps,)
        When each sweep was taken; those before `induction_end_minutes` are the baseline.
    induction_end_minutes : float
    rejected : array of bool, shape (..., sweeps), optional
        Sweeps to leave out, such as those in which an integrate-and-fire cell fired; they may hold anything.
    settings : Measurement
        Of a membrane potential, sweeps that go beyond -30 mV are rejected as well.
    follow : pair of float
        As in `outcome`.

    Raises
    ------
    NonFiniteError
        For NaN or infinity in a sweep that was not rejected.
    FormatError
        Where shapes do not fit, a window does not lie in the sweep, or no sweep was taken in the baseline or in the follow-up window.
    """
    sweeps, times = _traces(v, time)
    if sweeps.ndim < 2:
        raise FormatError("expected sweeps x samples (got one dimension)")
    check_within(settings, times)
    _, at = series_of(np.empty(sweeps.shape[:-1]), minutes)
    left_out = _left_out(rejected, sweeps.shape[:-1])
    _check_finite(sweeps, times, left_out)
    groups = (baseline_of(at, induction_end_minutes), window_of(at, induction_end_minutes, follow))
    fired = spiked(sweeps, times, settings) & ~left_out if settings.signal == "membrane" else np.zeros_like(left_out)
    lanes = [
        _lane(lane, times, at - induction_end_minutes, groups, settings, follow, out, spikes)
        for lane, out, spikes in zip(
            sweeps.reshape(-1, *sweeps.shape[-2:]), left_out.reshape(-1, at.size), fired.reshape(-1, at.size), strict=True
        )
    ]
    return _stacked(lanes, sweeps.shape[:-2])


def _lane(
    sweeps: Floats, times: Floats, at: Floats, groups: tuple[Flags, Flags], settings: Measurement, follow: tuple[float, float],
    left_out: Flags, fired: Flags,
) -> SweepMeasures:  # fmt: skip
    """The measures of one lane: sweeps x samples."""
    out = left_out | fired
    average = _mean_trace(sweeps, ~out)
    accepted = sweeps[~out] if out.any() else sweeps
    grain = noise_of_samples(accepted, times, settings)
    spots = places(average, _of_mean(grain, ~out), times, settings)
    nothing = np.full(at.size, np.nan)
    responses = [np.where(out, np.nan, spot.amplitudes(sweeps)) for spot in spots]
    slopes = np.where(out, np.nan, _slopes(spots[0], sweeps, spots[0].levels(sweeps)))
    result = outcome(responses[0], at, 0.0, follow)
    steepness = outcome(slopes, at, 0.0, follow)
    traces = [_mean_trace(sweeps, ~out & group) for group in groups]
    means = [mean_and_sem(np.stack(responses)[:, group].T)[0] for group in groups]
    variance = noise_variance(accepted, spots[0])
    resistance = resistances(sweeps, times, settings) if settings.step else (nothing, nothing)
    shapes = [kinetics(trace, _of_mean(grain, ~out & group), times, settings) for trace, group in zip(traces, groups, strict=True)]
    return SweepMeasures(
        amplitude=responses[0],
        slope=slopes,
        spiked=fired,
        rejected=out,
        rejected_count=np.asarray(np.count_nonzero(out)),
        trace_before=traces[0],
        trace_after=traces[1],
        peak_time=np.asarray(spots[0].peak_time - spots[0].pulse if not out.all() else np.nan),
        baseline_stands_in=np.asarray(spots[0].stands_in),
        amplitude_before=result.before,
        amplitude_after=result.after,
        amplitude_ratio=result.ratio,
        amplitude_ratio_sem=result.sem,
        amplitude_difference=result.difference,
        amplitude_difference_sem=result.difference_sem,
        slope_before=steepness.before,
        slope_after=steepness.after,
        slope_ratio=np.where(np.isfinite(result.ratio), steepness.after / _or_nan(steepness.before), np.nan),
        inverse_cv2_before=inverse_cv_squared(responses[0][groups[0]], variance),
        inverse_cv2_after=inverse_cv_squared(responses[0][groups[1]], variance),
        pulses_before=means[0],
        pulses_after=means[1],
        paired_pulse_ratio_before=_paired(means[0]),
        paired_pulse_ratio_after=_paired(means[1]),
        before=shapes[0],
        after=shapes[1],
        volley=_of_accepted(peak_in(settings.volley, sweeps, average, times, spots[0]), out),
        population_spike=_of_accepted(sag_in(settings.population_spike, sweeps, average, times, spots[0]), out),
        input_resistance=_of_accepted(resistance[0], out),
        series_resistance=_of_accepted(resistance[1], out),
        drift=drift(responses[0][groups[0]], at[groups[0]]),
        drift_after=drift(responses[0][groups[1]], at[groups[1]]),
    )


def _of_mean(noise: float, used: Flags) -> float:
    """The noise that is left in the average of this number of sweeps."""
    return noise / math.sqrt(max(int(np.count_nonzero(used)), 1))


def _slopes(place: Place, sweeps: Floats, levels: Floats) -> Floats:
    return np.full(sweeps.shape[:-1], np.nan) if place.rise is None else place.rise.slopes(sweeps, levels)


def _paired(means: Floats) -> Floats:
    return np.asarray(means[1] / _or_nan(means[0]) if means.size > 1 else np.nan)


def _or_nan(value: npt.ArrayLike) -> Floats:
    """The value as a divisor: NaN in place of 0."""
    number = np.asarray(value, dtype=float)
    return np.where(number == 0, np.nan, number)


def _of_accepted(values: Floats, out: Flags) -> Floats:
    return np.where(out, np.nan, values)


def _stacked(lanes: list[SweepMeasures], shape: tuple[int, ...]) -> SweepMeasures:
    """The measures of all lanes as arrays with the leading dimensions."""
    return SweepMeasures(**{field.name: _stack([getattr(lane, field.name) for lane in lanes], shape) for field in fields(SweepMeasures)})


def _stack(values: list[Any], shape: tuple[int, ...]) -> Any:
    """Arrays of the lanes, or dataclasses of such, with the leading dimensions."""
    first = values[0]
    if isinstance(first, Drift | Kinetics):
        return replace(first, **{f.name: _stack([getattr(value, f.name) for value in values], shape) for f in fields(first)})
    arrays = np.stack([np.asarray(value) for value in values])
    return arrays.reshape((*shape, *arrays.shape[1:]))


# --- shapes and checks --------------------------------------------------------------------------------------------


def _traces(v: npt.ArrayLike, time: npt.ArrayLike) -> tuple[Floats, Floats]:
    traces, times = np.asarray(v, dtype=float), np.asarray(time, dtype=float)
    if times.ndim != 1 or times.size < 2 or traces.shape[-1:] != times.shape:
        raise FormatError(f"expected one time for each sample of a trace (got {times.shape} times, traces of {traces.shape[-1:]})")
    if not np.all(np.diff(times) > 0):
        raise FormatError("the times of a trace must be finite and increase")
    return traces, times


def _left_out(rejected: npt.ArrayLike | None, shape: tuple[int, ...]) -> Flags:
    given = np.zeros(shape, dtype=bool) if rejected is None else np.asarray(rejected, dtype=bool)
    if given.shape != shape:
        raise FormatError(f"rejected must be one truth value a sweep, shape {shape} (got {given.shape})")
    return given


def _check_finite(sweeps: Floats, times: Floats, left_out: Flags) -> None:
    if np.isfinite(sweeps.sum()):
        return
    bad = ~np.isfinite(sweeps).all(axis=-1) & ~left_out
    if bad.any():
        where = tuple(int(n) for n in np.argwhere(bad)[0])
        sample = int(np.flatnonzero(~np.isfinite(sweeps[where]))[0])
        lane = f" of lane {', '.join(map(str, where[:-1]))}" if len(where) > 1 else ""
        message = f"{sweeps[where][sample]} at {times[sample] * 1e3:g} ms from the pulse; repair the sweep or reject it"
        raise NonFiniteError(message, key=f"sweep {where[-1]}{lane}")


def _mean_trace(sweeps: Floats, used: Flags) -> Floats:
    if not used.any():
        return np.full(sweeps.shape[-1], np.nan)
    return np.asarray((sweeps if used.all() else sweeps[used]).mean(axis=0))
