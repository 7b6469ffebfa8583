"""Spike times of the usual stimuli: pairings, bursts of pairings, regular trains and Poisson trains.

All builders are pure; times are seconds from the start of the induction. Every number may also be text with a unit
(``"10 ms"``) or a quantity that carries its unit. ``delta_t = t_post - t_pre`` (delays come on top), and 0 is an ordinary case:
what happens at a coincidence is the rule's choice.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from spikeheb.dimensions import FREQUENCY, NONE, TIME, Dimension
from spikeheb.errors import ScheduleError, UnitError, check_kind
from spikeheb.limits import check_count
from spikeheb.numbers import quantities
from spikeheb.units import quantity

Times = npt.NDArray[np.float64]

MAX_SPIKES = 10_000_000


def pairings(
    delta_t: float,
    pairs: int,
    frequency: float,
    pre_pattern: Iterable[float] = (0.0,),
    post_pattern: Iterable[float] = (0.0,),
) -> tuple[Times, Times]:
    """Pre- and postsynaptic spike times of `pairs` pairings at `frequency`.

    Pairing k has presynaptic spikes at ``k/frequency + pre_pattern`` and postsynaptic ones at
    ``k/frequency + delta_t + post_pattern``; all are shifted together so that the earliest spike of all is at 0 or later.

    Parameters
    ----------
    delta_t : float
        Seconds from the origin of the presynaptic pattern to that of the postsynaptic one.
    pairs : int
        1 or more.
    frequency : float
        Pairings per second, above 0.
    pre_pattern, post_pattern : floats
        Spike times within one pairing, in seconds, increasing. With times up to 0, such as ``(-0.02, -0.01, 0)``,
        `delta_t` refers to the last spike of a burst. One of the two may be empty, for a control with spikes on one side only.

    Returns
    -------
    pre, post : arrays of float, shapes (pairs*len(pre_pattern),) and (pairs*len(post_pattern),)

    Raises
    ------
    ScheduleError
        For a number that is not finite or out of range, `delta_t` not shorter than the period, or a pattern so long that
        one pairing would reach into the next.
    """
    shift, rate = _number(delta_t, TIME, "delta_t"), _number(frequency, FREQUENCY, "frequency")
    count = _count(pairs, "pairs")
    if rate <= 0:
        raise ScheduleError(f"expected more than 0 Hz (got {rate:g} Hz)", key="frequency")
    pre, post = _pattern(pre_pattern, "pre_pattern"), _pattern(post_pattern, "post_pattern")
    if not pre.size and not post.size:
        raise ScheduleError("both patterns are empty; give at least one spike", key="pre_pattern")
    _check_period(shift, rate, pre, post + shift)
    _check_spikes(count * (pre.size + post.size))
    starts = np.arange(count) / rate
    starts += max(0.0, -float(np.concatenate([pre, post + shift]).min()))
    return (starts[:, None] + pre).ravel(), (starts[:, None] + (shift + post)).ravel()


def bursts(
    delta_t: float,
    bursts: int,
    pairs: int,
    frequency: float,
    interval: float,
    *,
    pre_pattern: Iterable[float] = (0.0,),
    post_pattern: Iterable[float] = (0.0,),
) -> tuple[Times, Times]:
    """Pre- and postsynaptic spike times of `bursts` trains of `pairs` pairings, one train every `interval`.

    Parameters
    ----------
    delta_t, pairs, frequency, pre_pattern, post_pattern
        Of the pairings within a train, as in `pairings`.
    bursts : int
        1 or more.
    interval : float
        Seconds from the start of one train to that of the next.

    Returns
    -------
    pre, post : arrays of float

    Raises
    ------
    ScheduleError
        As `pairings`, and where a train lasts longer than `interval`.
    """
    pre, post = pairings(delta_t, pairs, frequency, pre_pattern, post_pattern)
    count, every = _count(bursts, "bursts"), _number(interval, TIME, "interval")
    both = np.concatenate([pre, post])
    lasts = float(both.max() - both.min())
    if every <= lasts:
        raise ScheduleError(
            f"bursts overlap: one lasts {lasts:g} s and the next starts after {every:g} s; give a longer interval", key="interval"
        )
    _check_spikes(count * both.size)
    starts = np.arange(count) * every
    return (starts[:, None] + pre).ravel(), (starts[:, None] + post).ravel()


def train(spikes: int, frequency: float, start: float = 0.0) -> Times:
    """Regular spike times: `spikes` of them at `frequency`, the first at `start` seconds.

    Raises
    ------
    ScheduleError
        For a number that is not finite or out of range.
    """
    first = _number(start, TIME, "start")
    if first < 0:
        raise ScheduleError(f"expected 0 or more (got {first:g} s)", key="start")
    return pairings(0.0, spikes, frequency, post_pattern=())[0] + first


def poisson(rate: float, duration: float, rng: np.random.Generator, refractory: float = 0.0) -> Times:
    """Spike times of a stationary Poisson process, with a dead time after each spike if `refractory` is given.

    Intervals are `refractory` plus an exponential of mean ``1/rate - refractory``, so that the mean rate stays `rate`; the
    first interval is drawn as for a process that started long before.

    Parameters
    ----------
    rate : float
        Spikes per second, 0 or more.
    duration : float
        Seconds, 0 or more; spikes fall in [0, duration).
    rng : numpy.random.Generator
    refractory : float
        Seconds. Without it two spikes may fall into one time step, which a schedule refuses.

    Raises
    ------
    FormatError
        Where `rng` is not a generator.
    ScheduleError
        For a number that is not finite or negative, ``rate*refractory >= 1``, or more than ten million expected spikes.
    """
    check_kind(rng, np.random.Generator, "a generator of random numbers, such as numpy.random.default_rng(0)", key="rng")
    hertz, lasts, dead = _number(rate, FREQUENCY, "rate"), _number(duration, TIME, "duration"), _number(refractory, TIME, "refractory")
    for key, value in (("rate", hertz), ("duration", lasts), ("refractory", dead)):
        if value < 0:
            raise ScheduleError(f"expected 0 or more (got {value:g})", key=key)
    if hertz * dead >= 1:
        raise ScheduleError(f"{hertz:g} Hz cannot be reached with a refractory time of {dead:g} s", key="refractory")
    if hertz * lasts > MAX_SPIKES:
        raise ScheduleError(f"{hertz:g} Hz for {lasts:g} s are more than {MAX_SPIKES} spikes", key="rate")
    if hertz == 0 or lasts == 0:
        return np.zeros(0)
    mean = 1 / hertz - dead
    inside = rng.random() < hertz * dead  # the start falls into a dead time
    times = [np.array([rng.uniform(0, dead) if inside else dead + rng.exponential(mean)])]
    while times[-1][-1] < lasts:
        times.append(times[-1][-1] + np.cumsum(dead + rng.exponential(mean, int(hertz * lasts / 4) + 16)))
    joined: Times = np.concatenate(times)
    return joined[joined < lasts]


def _number(value: object, dimension: Dimension, key: str) -> float:
    try:
        return quantity(value, dimension, key=key)
    except UnitError as error:
        raise ScheduleError(error.message, key=key) from None


def _count(value: object, key: str) -> int:
    number = _number(value, NONE, key)
    if number != int(number) or not 1 <= number <= MAX_SPIKES:
        raise ScheduleError(f"expected a whole number from 1 to {MAX_SPIKES:,} (got {number:g})", key=key)
    return int(number)


def _check_spikes(count: int) -> None:
    check_count(count, MAX_SPIKES, "spikes of one condition", "spikes")


def _pattern(values: Iterable[float], key: str) -> Times:
    try:
        times = np.atleast_1d(quantities(values, TIME))
    except UnitError as error:
        raise ScheduleError(error.message, key=key) from None
    if times.ndim != 1 or not np.all(np.isfinite(times)):
        raise ScheduleError("expected a row of finite times", key=key)
    if np.any(np.diff(times) <= 0):
        raise ScheduleError(f"expected increasing times (got {', '.join(f'{time:g}' for time in times)} s)", key=key)
    return times


def _check_period(delta_t: float, frequency: float, pre: Times, post: Times) -> None:
    period = 1 / frequency
    hint = f"the period of {period * 1e3:g} ms at {frequency:g} Hz"
    if abs(delta_t) >= period:
        raise ScheduleError(f"expected less than {hint} (got {delta_t * 1e3:g} ms)", key="delta_t")
    both = np.concatenate([pre, post])
    lasts = float(both.max() - both.min())
    if lasts >= period:
        raise ScheduleError(f"pairs overlap: one lasts {lasts * 1e3:g} ms, longer than {hint}; lower the frequency", key="frequency")
