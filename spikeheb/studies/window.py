"""The STDP window of a rule: the change of the weight after many equal pairs, against delta_t."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.errors import ScheduleError
from spikeheb.protocols import Time, convert
from spikeheb.rules.rule import Rule
from spikeheb.stimuli import pairings
from spikeheb.studies.calls import repeatable
from spikeheb.studies.labels import describe
from spikeheb.studies.replay import replay
from spikeheb.units import FREQUENCY, quantity

if TYPE_CHECKING:
    import xarray as xr

DELTA_T = np.arange(-60, 61, 2) * 1e-3


@repeatable
def window(
    rule: Rule | str,
    delta_t: Sequence[float] | npt.NDArray[np.float64] | None = None,
    pairs: int = 60,
    frequency: float = 1.0,
    *,
    w0: float | None = None,
    cell: Cell | str | None = None,
    dt: float = 1e-4,
    engine: str = "auto",
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """The weight after `pairs` pairs at each delta_t.

    Parameters
    ----------
    rule : Rule or str
        A rule, or its name or path.
    delta_t : array of float, optional
        ``t_post - t_pre`` in seconds, or text with units; -60 to 60 ms in steps of 2 ms where absent. 0 is a tie, decided by the rule's
        coincidence policy.
    pairs : int
    frequency : float
        Pairs a second, in Hz, or text with a unit.
    w0 : float, optional
        Initial weight; the rule's own where absent.

    Returns
    -------
    xarray.Dataset
        Over ``delta_t``: ``w`` (final weight) and ``change`` (final over initial weight, minus 1).

    Raises
    ------
    ScheduleError
        For a delta_t that is not shorter than the period.
    """
    rule = library.rule(rule)
    values = DELTA_T if delta_t is None else np.array(convert(tuple[Time, ...], delta_t, key="delta_t"), dtype=float)
    if not values.size:
        raise ScheduleError("expected a row of finite times in seconds", key="delta_t")
    frequency = quantity(frequency, FREQUENCY, key="frequency")
    trains = [pairings(float(value), pairs, frequency) for value in values]
    start = _initial_weight(rule, w0)
    data = replay(
        rule, [pre for pre, _ in trains], [post for _, post in trains], start, cell, dt=dt, engine=engine, seed=seed, progress=progress
    )
    data = data.rename(lane="delta_t").assign_coords(delta_t=values)
    data["change"] = ("delta_t", data["w"].values / start - 1 if start else np.full(values.size, np.nan))
    data.attrs |= {"study": "window", "pairs": pairs, "frequency_Hz": frequency, "w0": start}
    return describe(
        data,
        {
            "delta_t": ("s", "delta_t = t_post - t_pre"),
            "w": ("1", "weight at the end"),
            "change": ("1", "change of the weight, as a fraction of the initial weight"),
        },
    )


def _initial_weight(rule: Rule, w0: float | None) -> float:
    """The initial weight: given, or the mean of the rule's own."""
    if w0 is not None:
        return float(w0)
    from spikeheb.engines.job import Job
    from spikeheb.engines.values import initial_values

    empty = (np.zeros(0, dtype=np.int64),) * 1
    return float(initial_values(Job(rule, None, 1e-4, 1, np.arange(1), empty, empty))[rule.weight][0])
