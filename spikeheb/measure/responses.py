"""How often a cell fires soon after spikes of others: which of its inputs pass."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from spikeheb.measure import checked

Floats = npt.NDArray[np.float64]

AFTER = 0.02
"""Seconds after a spike in which a response is counted."""


def responses(
    times: npt.ArrayLike, cells: npt.ArrayLike, count: int, groups: Mapping[str, npt.ArrayLike], fired: npt.ArrayLike,
    start: float, stop: float, after: float = AFTER,
) -> Floats:  # fmt: skip
    """The mean rate at which a cell fires within a time after the spikes of each group, those of others by chance included.

    Parameters
    ----------
    times, cells : array, shape (spikes,)
        Seconds, rising, and which of the sources fired.
    count : int
        Number of sources.
    groups : mapping of str to array of int, or of bool of shape (count,)
        The sources of each group by its name.
    fired : array of float, shape (responses,)
        Seconds at which the cell fired, rising.
    start, stop : float
        Seconds; the time after a spike lies within these.
    after : float
        Seconds.

    Returns
    -------
    array of float, shape (groups,)
        Hertz; NaN for a group that does not fire.

    Raises
    ------
    FormatError
        For times that do not rise, cells that are not there, an empty group or window.
    """
    checked.positive(after, "after")
    spike, source = checked.spikes_in(times, cells, count, start, stop - after)
    answer, _ = checked.spikes_in(fired, np.zeros(np.size(fired), dtype=int), 1, start, stop)
    answers = np.searchsorted(answer, spike + after, "right") - np.searchsorted(answer, spike, "right")
    means = []
    for name, group in groups.items():
        of_group = answers[checked.members(group, count, name)[source]]
        means.append(of_group.mean() / after if of_group.size else np.nan)
    return np.array(means)
