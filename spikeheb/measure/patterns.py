"""How well a cell tells when a pattern is there: hits, false alarms and latency."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError
from spikeheb.measure import checked
from spikeheb.measure.checked import ROUNDING, Floats


@dataclass(frozen=True, slots=True)
class Detection:
    """How a cell answers the presentations of a pattern.

    Attributes
    ----------
    presentations : int
        That lie wholly in the window of time.
    hit_rate : float
        The share of them in which the cell fires; NaN where there are none.
    false_alarms : int
        Spikes outside all presentations.
    latency : float
        Mean time from the beginning of a presentation to the cell's first spike in it, seconds; NaN without hits.
    latencies : array of float, shape (presentations,)
        The same of each; NaN where it does not fire.
    """

    presentations: int
    hit_rate: float
    false_alarms: int
    latency: float
    latencies: Floats


def detection(times: npt.ArrayLike, presentations: npt.ArrayLike, length: float, start: float, stop: float) -> Detection:
    """Hits, false alarms and latency of one cell, as Masquelier, Guyonneau & Thorpe 2008 count them (doi 10.1371/journal.pone.0001377).

    Parameters
    ----------
    times : array of float, shape (spikes,)
        Of the cell's spikes, seconds, rising.
    presentations : array of float, shape (presentations,)
        When each begins, seconds, rising and at least `length` apart.
    length : float
        Of the pattern, seconds.
    start, stop : float
        The window of time, seconds; a spike counts if it lies in it, a presentation if all of it does, and spikes in one that only begins
        or ends there are no false alarms.

    Returns
    -------
    Detection

    Raises
    ------
    FormatError
        For times that do not rise, presentations that overlap, or an empty window.
    """
    long = checked.positive(length, "length")
    spikes, _ = checked.spikes_in(times, np.zeros(np.size(times), dtype=int), 1, start, stop)
    begins = checked.numbers(presentations, "presentations").astype(np.float64)
    if np.any(np.diff(begins) < long - ROUNDING):
        raise FormatError(f"expected presentations that rise and are {long:g} s apart at least", key="presentations")
    number = np.searchsorted(begins, spikes + ROUNDING, side="right") - 1
    after = spikes - begins[number] if begins.size else spikes
    inside = (number >= 0) & (after < long - ROUNDING)
    latencies = np.full(begins.size, math.nan)
    latencies[number[inside][::-1]] = np.maximum(after[inside][::-1], 0.0)  # the first of several is written last
    whole = latencies[(begins >= start - ROUNDING) & (begins + long <= stop + ROUNDING)]
    hits = whole[~np.isnan(whole)]
    return Detection(
        presentations=whole.size,
        hit_rate=hits.size / whole.size if whole.size else math.nan,
        false_alarms=int((~inside).sum()),
        latency=float(hits.mean()) if hits.size else math.nan,
        latencies=whole,
    )
