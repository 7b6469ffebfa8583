"""Notes about measured sweeps, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from spikeheb.measure.course import DETECTED
from spikeheb.measure.epsp import SweepMeasures
from spikeheb.measure.measurement import Measurement

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

UNSTEADY = 0.10
"""A note is given from this drift of the baseline on, as a fraction of its mean."""
SHIFTED = 0.5e-3
"""A note is given from this change of the latency on, in seconds, if it is more than three standard errors."""
EARLY = 1e-3
"""Seconds after the pulse before which a peak may be an artefact."""
RESISTANCE = 0.20
"""A note is given from this relative change of the series resistance on."""
SAMPLING = (1e-6, 20e-3)
"""Seconds: samples of a sweep that are nearer to each other, or farther apart, are doubted."""
SIZES = {"membrane": (5e-6, 0.1), "field": (5e-6, 0.05), "current": (2e-13, 5e-8)}
"""Volts and amperes: responses that are smaller or larger are doubted."""
MEMBRANE = (-0.13, 0.05)
"""Volts: a level outside is not that of a membrane."""
LISTED = 8
_SHOWN = {"V": ("mV", 1e3), "A": ("pA", 1e12)}


def why_rejected(incomplete: Flags, asked: Flags, fired: Flags) -> list[str]:
    """One sentence for each reason for which sweeps were left out."""
    reasons = ((incomplete, "because it is incomplete", "because they are incomplete"), (asked & ~incomplete, "as asked", "as asked"))
    texts = [_rejected(flags, single, many) for flags, single, many in reasons if flags.any()]
    return [*texts, *([_rejected(fired, "because the cell spiked", "because the cell spiked")] if fired.any() else [])]


def _rejected(flags: Flags, single: str, many: str) -> str:
    numbers = [str(n) for n in np.flatnonzero(flags)]
    text = ", ".join(numbers[:LISTED]) + (", ..." if len(numbers) > LISTED else "")
    if len(numbers) == 1:
        return f"1 sweep was rejected {single} (number {text})"
    return f"{len(numbers)} sweeps were rejected {many} (numbers {text})"


def remarks(measures: SweepMeasures, settings: Measurement, unit: str) -> Iterator[str]:
    """Sentences about the measures of one lane, without leading dimensions."""
    name, factor = _SHOWN[unit]
    if measures.rejected.all():
        yield "all sweeps were rejected: there is nothing to measure"
        return
    if measures.baseline_stands_in:
        yield "no sample lies in the baseline window: the last one at or before the pulse serves as baseline"
    if measures.peak_time < max(EARLY, settings.blank) and measures.before.rise_time < EARLY / 4:
        yield f"the peak lies {measures.peak_time * 1e3:.3g} ms after the pulse: if that is the stimulus artefact, blank it (--blank)"
    if np.isfinite(measures.amplitude_before) and not np.isfinite(measures.amplitude_ratio):
        difference = f"{measures.amplitude_difference * factor:.3g} +- {measures.amplitude_difference_sem * factor:.2g} {name}"
        yield (
            f"the response before is smaller than {DETECTED:g} of its standard errors and may be noise: no ratio is given; "
            f"the difference after less before is {difference}"
        )
    elif abs(measures.drift.slope) > UNSTEADY:
        yield f"the baseline drifts by {measures.drift.slope:+.0%} of its mean: the ratio may only show this drift"
    if abs(measures.drift_after.slope) > UNSTEADY and np.isfinite(measures.amplitude_ratio):
        drift = f"{measures.drift_after.slope:+.0%}"
        yield f"the response drifts by {drift} of its mean over the follow-up: the ratio depends on when it is taken"
    shift = float(measures.after.latency - measures.before.latency)
    error = float(np.hypot(measures.after.latency_error, measures.before.latency_error))
    if np.isfinite(measures.amplitude_ratio) and abs(shift) > max(SHIFTED, 3 * error):
        yield (
            f"the latency shifts by {shift * 1e3:+.2g} ms from before to after, while all sweeps are measured at the peak of their common "
            "average"
        )
    yield from _about_series(measures)


def doubts(measures: SweepMeasures, settings: Measurement, unit: str, times: Floats) -> Iterator[str]:
    """Sentences about numbers that no recording has if its units are right.

    Parameters
    ----------
    measures : SweepMeasures
        Of one lane, without leading dimensions.
    settings : Measurement
    unit : {"V", "A"}
    times : array, shape (samples,)
        Seconds from the pulse.
    """
    name, factor = _SHOWN[unit]
    apart = float(np.median(np.diff(times)))
    if not SAMPLING[0] <= apart <= SAMPLING[1]:
        yield f"samples are {apart * 1e3:.3g} ms apart: check the unit of the time"
    least, most = SIZES[settings.signal]
    size = float(measures.amplitude_before)
    if np.isfinite(measures.amplitude_ratio) and not least <= abs(size) <= most:
        yield f"the response before is {size * factor:.3g} {name}, which no recording has: check the unit of the values (--unit)"
    trace = measures.trace_before if np.isfinite(measures.trace_before).all() else measures.trace_after
    level = float(np.median(trace[times <= max(0.0, times[0])]))
    if settings.signal == "membrane" and np.isfinite(level) and not MEMBRANE[0] <= level <= MEMBRANE[1]:
        advice = "check the unit (--unit) and the kind of signal (--signal)"
        yield f"a level of {level * 1e3:.3g} mV is outside the range of a membrane potential: {advice}"


def _about_series(measures: SweepMeasures) -> Iterator[str]:
    series = measures.series_resistance[np.isfinite(measures.series_resistance)]
    if series.size > 1:
        third = max(series.size // 3, 1)
        change = float(series[-third:].mean() / series[:third].mean() - 1)
        if abs(change) > RESISTANCE:
            yield f"the series resistance changes by {change:+.0%} from the first to the last third of the sweeps"
