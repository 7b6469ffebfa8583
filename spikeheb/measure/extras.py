"""Further parts of a sweep: the fibre volley, the population spike, and the response to a test step."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError
from spikeheb.measure.measurement import Measurement, Window
from spikeheb.measure.windows import Place, samples_between

Floats = npt.NDArray[np.float64]

STEADY_PART = 0.2
"""The last fifth of a test step counts as its steady state."""
ONSET = 1e-3
"""Seconds after the start of a step in which the transient of the series resistance is looked for."""


def peak_in(window: Window | None, sweeps: Floats, average: Floats, times: Floats, place: Place) -> Floats:
    """Deflection of each sweep from its baseline, at the extremum of the average in a window after the pulse: the fibre volley."""
    if window is None:
        return np.full(sweeps.shape[0], np.nan)
    part = _part(window, times, place, "volley")
    deflection = average[part] - place.levels(average)
    top = part.start + int(np.argmax(np.abs(deflection)))
    return np.asarray(sweeps[:, top] - place.levels(sweeps))


def sag_in(window: Window | None, sweeps: Floats, average: Floats, times: Floats, place: Place) -> Floats:
    """Deflection of each sweep from the straight line between the ends of a window, where the average is farthest from its own.

    This is the population spike, which rides on the field potential.
    """
    if window is None:
        return np.full(sweeps.shape[0], np.nan)
    part = _part(window, times, place, "population_spike")
    share = (times[part] - times[part.start]) / (times[part.stop - 1] - times[part.start])
    straight = average[part.start] + (average[part.stop - 1] - average[part.start]) * share
    n = int(np.argmax(np.abs(average[part] - straight)))
    below = sweeps[:, part.start] + (sweeps[:, part.stop - 1] - sweeps[:, part.start]) * share[n]
    return np.asarray(sweeps[:, part.start + n] - below)


def _part(window: Window, times: Floats, place: Place, key: str) -> slice:
    part = samples_between(times, place.pulse + window[0], place.pulse + window[1])
    if part.stop - part.start < 2:
        raise FormatError(f"less than two samples from {window[0] * 1e3:g} to {window[1] * 1e3:g} ms after the pulse", key=key)
    return part


def resistances(sweeps: Floats, times: Floats, settings: Measurement) -> tuple[Floats, Floats]:
    """Input and series resistance of each sweep, in ohm, from its test step.

    Input resistance is the steady change over the size of the step (under clamp the size over the steady change of the current,
    which includes the series resistance). Series resistance is read from the fast change at the step's start: under clamp from the
    extremum of the current in the first millisecond, else from the first sample after the start.

    Raises
    ------
    FormatError
        Where the step does not lie in the sweep.
    """
    step = settings.step
    if step is None:
        raise FormatError("there is no test step", key="step")
    before = samples_between(times, step.start - (settings.baseline[1] - settings.baseline[0]), step.start - 2e-9)
    steady = samples_between(times, step.stop - STEADY_PART * (step.stop - step.start), step.stop - 2e-9)
    onset = samples_between(times, step.start, min(step.start + ONSET, step.stop))
    if before.start >= before.stop or steady.start >= steady.stop or onset.start >= onset.stop:
        raise FormatError(
            f"there are no samples before and in a test step from {step.start * 1e3:g} to {step.stop * 1e3:g} ms after the pulse",
            key="step",
        )
    level = sweeps[:, before].mean(axis=-1)
    change = sweeps[:, steady].mean(axis=-1) - level
    fast = sweeps[:, onset] - level[:, None]
    if settings.signal == "current":
        peak = int(np.argmax(np.abs(np.nanmean(fast, axis=0))))
        return _over(np.full(change.shape, step.size), change), _over(np.full(change.shape, step.size), fast[:, peak])
    first = 1 if times[onset.start] <= step.start + 1e-9 and fast.shape[1] > 1 else 0
    return np.asarray(change / step.size), np.asarray(fast[:, first] / step.size)


def _over(a: Floats, b: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(b == 0, np.nan, a / b))
