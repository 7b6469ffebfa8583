"""The settings of a measurement: where in a sweep the baseline, the response and other parts lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spikeheb.errors import FormatError, unknown_name

if TYPE_CHECKING:  # help has the defaults below, and needs no numpy
    import numpy as np
    import numpy.typing as npt

Window = tuple[float, float]

SIGNALS = ("membrane", "field", "current")
"""Kinds of signal: a membrane potential may contain spikes of the cell; a field potential and a clamped current do not."""

BASELINES = ("own", "first")
FOLLOW = (20.0, 40.0)
"""Minutes after the induction in which the outcome is measured."""
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Step:
    """A test step: seconds from the first pulse at which it starts and stops, and its size in amperes (volts under clamp)."""

    start: float
    stop: float
    size: float


@dataclass(frozen=True)
class Measurement:
    """How a response is read from a sweep. Times are seconds from the pulse; the values are those of the laboratory.

    Attributes
    ----------
    baseline : pair of float
        Window before the pulse whose mean is the level from which the response counts; its end does not belong to it. Where no
        sample lies in it, the last one at or before the pulse serves.
    blank : float
        Time after the pulse that is ignored, because it may hold the stimulus artefact. The sample at the pulse never counts.
    search : float
        Time after the pulse within which the peak is searched for, never beyond the next pulse or a test step after it.
    peak_width : float
        The amplitude is the mean over so long a time about the peak of the average of all accepted sweeps.
    rise : pair of float
        Fractions of the peak between which the slope is measured.
    signal : {"membrane", "field", "current"}
        Sweeps of a membrane potential in which the cell fires are rejected.
    pulses : tuple of float
        Times of the pulses of a sweep; the first is usually 0.
    paired_baseline : {"own", "first"}
        From which level the responses to later pulses count.
    volley, population_spike : pair of float, optional
        Windows of the fibre volley and the population spike. The response is looked for after the one and before the other.
    step : Step, optional
        The test step from which input and series resistance are measured.

    Raises
    ------
    FormatError, UnknownName
        For windows that are empty or lie on the wrong side of the pulse, and for words that are not in the lists above.
    """

    baseline: Window = (-5e-3, 0.0)
    blank: float = 0.5e-3
    search: float = 0.1
    peak_width: float = 0.5e-3
    rise: Window = (0.30, 0.75)
    signal: str = "membrane"
    pulses: tuple[float, ...] = (0.0,)
    paired_baseline: str = "own"
    volley: Window | None = None
    population_spike: Window | None = None
    step: Step | None = None

    def __post_init__(self) -> None:
        if self.signal not in SIGNALS:
            raise unknown_name("kind of signal", self.signal, SIGNALS, key="signal")
        if self.paired_baseline not in BASELINES:
            raise unknown_name("baseline of a second pulse", self.paired_baseline, BASELINES, key="paired_baseline")
        _check_window("baseline", self.baseline, -math.inf, 0.0)
        for name, window in (("volley", self.volley), ("population_spike", self.population_spike)):
            if window is not None:
                _check_window(name, window, 0.0, math.inf)
        if len(self.rise) != 2 or not 0 < self.rise[0] < self.rise[1] < 1:
            raise FormatError(f"expected two fractions between 0 and 1, the smaller first (got {self.rise})", key="slope_limits")
        if not (0 <= self.blank < self.search < math.inf):
            raise FormatError(f"expected 0 <= blank < search (got {self.blank:g} s and {self.search:g} s)", key="search")
        if not 0 <= self.peak_width < math.inf:
            raise FormatError(f"expected a time of 0 or more (got {self.peak_width:g} s)", key="peak_width")
        if not self.pulses or any(not a < b for a, b in zip((-math.inf, *self.pulses), (*self.pulses, math.inf), strict=True)):
            raise FormatError("expected the time of each pulse of a sweep, in order", key="pulses")
        if self.volley and self.population_spike and self.volley[1] > self.population_spike[0]:
            raise FormatError("expected a window that ends before that of the population spike begins", key="volley")
        if self.step is not None:
            _check_window("step", (self.step.start, self.step.stop), -math.inf, math.inf)
            if not (math.isfinite(self.step.size) and self.step.size != 0):
                raise FormatError("expected the size of the test step, other than 0", key="step")


def check_within(settings: Measurement, times: npt.NDArray[np.float64]) -> None:
    """Raise an error for windows that do not fit a sweep with samples at these times, in seconds.

    Settings of the user's own must lie within the sweep. The defaults may be longer: a short sweep is measured as far as it
    goes.

    Raises
    ------
    FormatError
        With the name of the setting.
    """
    start, stop, first = float(times[0]), float(times[-1]), settings.pulses[0]
    sweep = f"goes from {start * 1e3:g} to {stop * 1e3:g} ms"
    for pulse in settings.pulses:
        if not start - _ROUNDING <= pulse < stop:
            raise FormatError(f"the sweep {sweep} and must contain the pulse, at {pulse * 1e3:g} ms", key="pulse")
    if settings.search != Measurement.search and settings.search > stop - start + _ROUNDING:
        raise FormatError(f"{settings.search * 1e3:g} ms are longer than the sweep, which {sweep}", key="search")
    outside = {
        "baseline": settings.baseline != Measurement.baseline
        and (settings.baseline[1] - settings.baseline[0] > stop - start + _ROUNDING or first + settings.baseline[1] < start - _ROUNDING),
        "volley": settings.volley is not None and first + settings.volley[1] > stop + _ROUNDING,
        "population_spike": settings.population_spike is not None and first + settings.population_spike[1] > stop + _ROUNDING,
    }
    for name in (name for name, is_outside in outside.items() if is_outside):
        window = getattr(settings, name)
        text = f"the window from {window[0] * 1e3:g} to {window[1] * 1e3:g} ms about the pulse"
        raise FormatError(f"{text} does not lie in the sweep, which {sweep}", key=name)


def _check_window(name: str, window: Window, low: float, high: float) -> None:
    start, stop = window
    if not (low <= start < stop <= high and math.isfinite(start) and math.isfinite(stop)):
        side = "before" if high == 0 else "after" if low == 0 else "around"
        raise FormatError(
            f"expected two times {side} the pulse, the earlier first (got {start * 1e3:g} ms and {stop * 1e3:g} ms)", key=name
        )
