"""Graded dynamics: rates that follow an equation in time, and how fast two neighbouring courses part."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from spikeheb.errors import NonFiniteError, ScheduleError
from spikeheb.rates import checked

Floats = npt.NDArray[np.float64]
Derivative = Callable[[Floats], Floats]
MOST_STEPS = 10_000_000


def integrate(derivative: Derivative, start: npt.ArrayLike, *, dt: float, duration: float, every: float | None = None) -> Floats:
    """The course of ``dh/dt = derivative(h)`` by Euler's method.

    Parameters
    ----------
    derivative : function of an array
    start : array, shape (cells, columns) or (cells,)
        Several columns are several networks with the same weights, or several starts of one.
    dt, duration : float
        In the unit of time of the equation.
    every : float, optional
        Time between two recorded states, a multiple of dt; only the last state where absent.

    Returns
    -------
    array
        The last state, or the recorded ones with their number first: those after `every`, 2 `every`, ...

    Raises
    ------
    ScheduleError
        For a step or duration that is not possible.
    NonFiniteError
        With the time, where the state is not finite any more.
    """
    steps = _steps(duration, dt, "duration")
    between = steps if every is None else _steps(every, dt, "every")
    state = np.array(start, dtype=np.float64)
    checked.finite(state, "start")
    checked.room({"the recorded states": float(steps // between) * state.size}, "every")
    recorded = []
    with np.errstate(all="ignore"):  # what is not finite is named by its time
        for step in range(1, steps + 1):
            state = state + dt * derivative(state)
            if step % between == 0:
                _check(state, step * dt)
                recorded.append(state)
    _check(state, duration)
    return state if every is None else np.array(recorded)


def lyapunov(
    derivative: Derivative,
    start: npt.ArrayLike,
    *,
    dt: float,
    duration: float,
    distance: float = 1e-6,
    every: float = 1.0,
    seed: int = 0,
    observe: Callable[[Floats], None] | None = None,
) -> Floats:
    """The largest Lyapunov exponent of each column by a twin trajectory (Benettin's method).

    A twin begins at a random place at this distance; after each time `every` the logarithm of how far it has gone is counted, and it is
    brought back to the distance in the same direction. The exponent is the mean of the second half. It is negative where courses
    come together (a fixed point), 0 on a cycle, positive where they part (chaos). Give a start behind the transient.

    Parameters
    ----------
    derivative, start, dt, duration
        As in `integrate`; one exponent for each column of `start`.
    distance : float
        Small against the state, large against its rounding.
    every : float
    seed : int
        Of the direction in which the twin begins.
    observe : function, optional
        Called with the state, shape (cells, columns), after each time `every`.

    Returns
    -------
    array, shape (columns,)
        In units of 1 over the unit of time.

    Raises
    ------
    ScheduleError, NonFiniteError
    """
    per, rounds = _steps(every, dt, "every"), max(1, round(duration / every))
    state = np.array(start, dtype=np.float64)
    checked.finite(state, "start")
    columns = state.reshape(len(state), -1)
    if not distance > 0:
        raise ScheduleError(f"expected a number above 0 (got {distance!r:.40})", key="distance")
    offset = np.random.default_rng(seed).standard_normal(columns.shape)
    twin = columns + distance * offset / np.linalg.norm(offset, axis=0)
    growth = np.empty((rounds, columns.shape[1]))
    width = columns.shape[1]
    for n in range(rounds):
        both = integrate(derivative, np.hstack([columns, twin]), dt=dt, duration=per * dt)
        columns, twin = both[:, :width], both[:, width:]
        if observe is not None:
            observe(columns)
        apart = np.maximum(np.linalg.norm(twin - columns, axis=0), 1e-300)
        growth[n] = np.log(apart / distance)
        twin = columns + (twin - columns) * (distance / apart)
    return np.asarray(growth[rounds // 2 :].mean(axis=0) / (per * dt))


def _steps(duration: float, dt: float, key: str) -> int:
    if not (math.isfinite(dt) and dt > 0 and math.isfinite(duration)):
        raise ScheduleError(f"expected a finite time and a time step above 0 (got {duration!r:.40} and {dt!r:.40})", key=key)
    if not 0.5 <= duration / dt <= MOST_STEPS:
        raise ScheduleError(f"expected from 1 to {MOST_STEPS:,} time steps of {dt:g} (got {duration / dt:.3g})", key=key)
    return round(duration / dt)


def _check(state: Floats, time: float) -> None:
    if not np.isfinite(state).all():
        raise NonFiniteError(f"the rates are not finite any more at the time {time:g}; use a smaller dt", key="derivative")
