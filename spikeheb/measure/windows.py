"""Where a response lies in a sweep: its baseline, its peak and its rise, found once in the average of the sweeps.

What is found is a set of linear weights on samples, so that noise in single sweeps does not inflate their measures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError
from spikeheb.measure.measurement import Measurement

Floats = npt.NDArray[np.float64]

ROUNDING = 1e-9
TOLERATED = 0.003
"""The average is smoothed, to find the time of its peak, until its noise falls below this fraction of the peak."""
TOP = 0.96
"""Smoothing never goes over a longer time than the response spends above this fraction of its peak: the middle of that time is then at
most 2 % below even the sharpest peak. Less smoothing lets noise choose the time of the peak. Of the values from .90 to .98 this has the
smallest bias of the amplitude over responses that rise in .5 to 5 ms and decay in 5 to 40 ms, at noise of a tenth to two fifths of the
peak in each sample (0.4 %; 0.8 % at .95 and 1.0 % at .97), with seeds that no test uses."""
WIDEST = 5e-3
"""Nor does it go over more seconds than these."""
LEAST = {"membrane": 1e-6, "field": 1e-7, "current": 1e-14}
"""Smallest peak that counts as a response, in volts and amperes: far below what can be recorded."""
CLEAR = 6.0
"""A peak below this many standard deviations of the noise may be noise: it is looked for in the smoothest trace."""
SMOOTHED_RISE = 0.5
"""Fraction of the rise over which a noisy average is smoothed before the limits of the rise are looked for."""
ARTEFACT = (-0.5, 1.5)
"""What goes beyond these fractions of the peak while the sweep is blanked is not a response."""
_MARGIN = 4.0


@dataclass(frozen=True)
class Line:
    """A line of least squares through a stretch of every sweep, as weights on its samples.

    Attributes
    ----------
    start, stop : int
        The samples with weights.
    slope : array, shape (stop - start,)
        Weights that give the steepness.
    slope_of_level : float
        Weight of the baseline, which stands for samples that a stimulus spoils.
    duration : float
        How long the stretch lasts.
    spoilt : int
        How many of the first samples the baseline stands for.
    """

    start: int
    stop: int
    slope: Floats
    slope_of_level: float
    duration: float
    spoilt: int

    def slopes(self, sweeps: Floats, levels: Floats) -> Floats:
        """Steepness of each sweep, in its unit per second."""
        return np.asarray(sweeps[..., self.start : self.stop] @ self.slope + levels * self.slope_of_level)


@dataclass(frozen=True)
class Place:
    """Where the response to one pulse is read, as ranges of samples.

    Attributes
    ----------
    level, search, peak : slice
    pulse, peak_time : float
        Seconds.
    stands_in : bool
        Whether a sample outside the baseline window had to serve as baseline.
    rise : Line or None
        None where there is no response.
    """

    level: slice
    search: slice
    peak: slice
    pulse: float
    peak_time: float
    stands_in: bool
    rise: Line | None = None

    def levels(self, sweeps: Floats) -> Floats:
        """The baseline of each sweep."""
        return np.asarray(sweeps[..., self.level].mean(axis=-1))

    def amplitudes(self, sweeps: Floats) -> Floats:
        """The signed response of each sweep."""
        return np.asarray(sweeps[..., self.peak].mean(axis=-1) - self.levels(sweeps))


def places(average: Floats, noise: float, times: Floats, settings: Measurement) -> list[Place]:
    """The places of the responses to all pulses.

    Parameters
    ----------
    average : array, shape (samples,)
        Mean of all accepted sweeps.
    noise : float
        Standard deviation of the noise in one sample of it.
    times : array, shape (samples,)
    settings : Measurement

    Raises
    ------
    FormatError
        Where a pulse lies outside the sweep, or no sample lies where its response is looked for.
    """
    bounds = [*settings.pulses, np.inf]
    before = [-np.inf, *(pulse + settings.blank for pulse in settings.pulses)]
    responses = [_place(average, noise, times, (before[n], pulse, bounds[n + 1]), settings) for n, pulse in enumerate(settings.pulses)]
    if settings.paired_baseline == "first":
        responses = [replace(response, level=responses[0].level) for response in responses]
    return [replace(place, rise=_rise(average, noise, times, place, settings)) for place in responses]


def _place(average: Floats, noise: float, times: Floats, around: tuple[float, float, float], settings: Measurement) -> Place:
    """The place of the response to one pulse, given the end of the artefact before it, its time, and the time of the next pulse."""
    before, pulse, next_pulse = around
    level, stands_in = baseline_samples(times, pulse, (max(settings.baseline[0], before - pulse), settings.baseline[1]))
    search = _searched(times, pulse, next_pulse, settings)
    top = _top(average[search] - average[level].mean(), noise, times[search], settings.peak_width)
    peak_time = float(times[search][top])
    half = settings.peak_width / 2
    peak = samples_between(times, max(peak_time - half, times[search][0]), min(peak_time + half, times[search][-1]))
    return Place(level, search, peak, pulse, peak_time, stands_in)


def _searched(times: Floats, pulse: float, next_pulse: float, settings: Measurement) -> slice:
    """The samples in which the peak is looked for; a FormatError where there are none, or too few for the width of the peak."""
    first = pulse + max(settings.blank, settings.volley[1] if settings.volley else 0.0)
    last = pulse + min(settings.search, settings.population_spike[0] - ROUNDING * 2 if settings.population_spike else np.inf)
    if next_pulse <= first:
        raise FormatError(
            f"the pulse at {next_pulse * 1e3:g} ms leaves no time for the response to the one at {pulse * 1e3:g} ms, which is looked for "
            f"from {first * 1e3:g} ms on",
            key="pulse",
        )
    step = settings.step.start if settings.step and settings.step.start > first else np.inf
    last = min(last, next_pulse - 2 * ROUNDING, step - 2 * ROUNDING)
    search = samples_between(times, first, last, open_left=True)
    if search.start >= search.stop:
        key = "population_spike" if settings.population_spike and last <= first else "search"
        raise FormatError(f"no sample from {first * 1e3:.5g} to {last * 1e3:.5g} ms, where the response is looked for", key=key)
    duration = min(last, float(times[-1])) - first
    if settings.peak_width > duration + 3 * ROUNDING:
        text = f"{settings.peak_width * 1e3:g} ms are longer than the {duration * 1e3:.5g} ms in which the response is looked for"
        raise FormatError(f"{text}; choose a shorter time", key="peak_width")
    return search


def baseline_samples(times: Floats, pulse: float, window: tuple[float, float]) -> tuple[slice, bool]:
    """The samples of the baseline before a pulse, and whether the last one at or before the pulse had to stand in.

    Raises
    ------
    FormatError
        Where the pulse lies outside the sweep.
    """
    if not times[0] - ROUNDING <= pulse < times[-1]:
        message = f"the sweep goes from {times[0] * 1e3:g} to {times[-1] * 1e3:g} ms and must contain the pulse, at {pulse * 1e3:g} ms"
        raise FormatError(message, key="pulse")
    start = int(np.searchsorted(times, pulse + window[0] - ROUNDING))
    stop = int(np.searchsorted(times, pulse + window[1] - ROUNDING))
    if stop > start:
        return slice(start, stop), False
    last = int(np.searchsorted(times, pulse + ROUNDING, side="right")) - 1
    return slice(last, last + 1), True


def samples_between(times: Floats, start: float, stop: float, *, open_left: bool = False) -> slice:
    """The samples from one time to another, both included (or not the first)."""
    first = np.searchsorted(times, start + ROUNDING, side="right") if open_left else np.searchsorted(times, start - ROUNDING)
    return slice(int(first), int(np.searchsorted(times, stop + ROUNDING, side="right")))


def running_mean(values: Floats, times: Floats, width: float) -> Floats:
    """Mean over the samples within half a width of each."""
    first = np.searchsorted(times, times - width / 2 - ROUNDING)
    last = np.searchsorted(times, times + width / 2 + ROUNDING, side="right")
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray((total[last] - total[first]) / (last - first))


def smoothing(noise: float, size: float, times: Floats) -> float:
    """The width of a running mean that brings the noise of a trace below `TOLERATED` of a size."""
    if not (noise > 0 and size > 0 and times.size > 1):
        return 0.0
    return float((noise / (TOLERATED * size)) ** 2 * np.median(np.diff(times)))


def _top(deflection: Floats, noise: float, times: Floats, width: float) -> int:
    """Position of the extremum of larger magnitude, in the trace smoothed as far as its noise demands and its peak allows."""
    rough = running_mean(deflection, times, width)
    size = float(np.abs(rough).max())
    step = float(np.median(np.diff(times))) if times.size > 1 else np.inf
    clear = size > CLEAR * noise / np.sqrt(max(width / step, 1.0))
    plateau = float(np.count_nonzero(np.abs(rough) >= TOP * size) * step) if clear and times.size > 1 else WIDEST
    wide = min(smoothing(noise, size, times), plateau, WIDEST)
    smooth = running_mean(deflection, times, wide) if wide > 0 else deflection
    return int(np.argmax(smooth) if smooth.max() >= -smooth.min() else np.argmin(smooth))


# --- the rise ------------------------------------------------------------------------------------------------------------


def _rise(average: Floats, noise: float, times: Floats, place: Place, settings: Measurement) -> Line | None:
    """The line through the rise of the average between the limits; None where there is no response."""
    size, level = float(place.amplitudes(average)), float(place.levels(average))
    if not abs(size) > LEAST[settings.signal]:
        return None
    first = int(np.searchsorted(times, place.pulse + ROUNDING, side="right")) - 1
    stop = int(np.searchsorted(times, place.peak_time - ROUNDING)) + 1
    share, at = (average[first:stop] - level) / size, times[first:stop]
    spoilt = _spoilt(share, at - place.pulse, settings)
    repaired = np.interp(np.arange(share.size), [0, *range(spoilt, share.size)], [0.0, *share[spoilt:]])
    limits = _limits(repaired, noise / abs(size), at, settings.rise)
    if not limits[0] < limits[1]:
        return None
    weights, of_level = _onto_good(_line_weights(at, *limits), spoilt)
    return Line(first, stop, weights, of_level, limits[1] - limits[0], spoilt)


def _limits(share: Floats, noise: float, times: Floats, rise: tuple[float, float]) -> list[float]:
    """When the rise passes its limits; where there is noise, once more in the trace smoothed over a part of that time."""
    limits = [crossing(share, times, limit, _MARGIN * noise) for limit in rise]
    width = min(SMOOTHED_RISE * (limits[1] - limits[0]), smoothing(noise, 1.0, times))
    if width <= 0:
        return limits
    smooth = running_mean(share, times, width)
    return [crossing(smooth, times, limit, _MARGIN * noise / 2) for limit in rise]


def _spoilt(share: Floats, since: Floats, settings: Measurement) -> int:
    """How many samples from the pulse on the stimulus spoils: the one at the pulse, and blanked ones if an artefact is there."""
    after = int(np.searchsorted(since, settings.blank + ROUNDING, side="right"))
    blanked = share[1:after]
    artefact = blanked.max(initial=0.0) > ARTEFACT[1] or blanked.min(initial=0.0) < ARTEFACT[0]
    return after if artefact and after < share.size else 1


def _onto_good(weights: Floats, spoilt: int) -> tuple[Floats, float]:
    """The weights of spoilt samples moved to the baseline and the first good sample, between which a line replaces them."""
    part = np.arange(spoilt) / spoilt
    moved = weights.copy()
    moved[:spoilt] = 0.0
    moved[spoilt] += float(weights[:spoilt] @ part)
    return moved, float(weights[:spoilt] @ (1 - part))


def crossing(share: Floats, times: Floats, level: float, margin: float = 0.0) -> float:
    """When a trace last rises through a level before its end.

    Between the last sample below the level less a margin and the end, noise may cross the level several times: the time is the
    mean of the first and the last crossing.
    """
    low = np.flatnonzero(share[:-1] < level - margin)
    start = int(low[-1]) if low.size else 0
    above = np.flatnonzero(share[start + 1 :] >= level)
    below = np.flatnonzero(share[start:-1] < level)
    if not above.size or not below.size:
        return float(times[start])
    pairs = (start + int(above[0]), start + int(below[-1]))
    return float(np.mean([_between(share, times, n, level) for n in pairs]))


def _between(share: Floats, times: Floats, n: int, level: float) -> float:
    """When the straight line from sample n to the next reaches the level."""
    step = share[n + 1] - share[n]
    part = (level - share[n]) / step if step else 0.0
    return float(times[n] + min(max(part, 0.0), 1.0) * (times[n + 1] - times[n]))


def _line_weights(times: Floats, early: float, late: float) -> Floats:
    """Weights on samples that give the slope of the line of least squares between two times.

    The trace is taken as drawn straight from sample to sample; integrals stand for sums, so that the result hardly depends on
    where the samples fall and is defined however few of them lie between.
    """
    inside = np.flatnonzero((times > early) & (times < late))
    knots = np.concatenate([[early], times[inside], [late]]) - (early + late) / 2
    widths = np.diff(knots)
    moment = np.zeros(knots.size)
    moment[:-1] += widths * (2 * knots[:-1] + knots[1:]) / 6
    moment[1:] += widths * (2 * knots[1:] + knots[:-1]) / 6
    weights = np.zeros(times.size)
    weights[inside] = moment[1:-1]
    for n, knot in ((0, early), (-1, late)):
        left = min(max(int(np.searchsorted(times, knot, side="right")) - 1, 0), times.size - 2)
        part = (knot - times[left]) / (times[left + 1] - times[left])
        weights[left] += moment[n] * (1 - part)
        weights[left + 1] += moment[n] * part
    return 12 * weights / (late - early) ** 3
