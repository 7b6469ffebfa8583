"""The softmax memory as two layers with synapses between pairs of cells only (Krotov & Hopfield 2021).

Visible rates v and hidden ones h follow ``dv/dt = X' softmax(beta h) - v`` and ``ratio dh/dt = X v - h``, in the time constant of v. Where
the hidden cells are fast, v relaxes to the fixed point of one softmax update after the other.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeheb.errors import ScheduleError
from spikeheb.rates import checked
from spikeheb.rates.course import Derivative
from spikeheb.rates.memory import softmax

Floats = npt.NDArray[np.float64]


def hidden_layer(patterns: npt.ArrayLike, *, beta: float = 1.0, ratio: float = 0.01) -> Derivative:
    """The right-hand side for `integrate`, of a state with the visible cells first, then a hidden cell for each pattern.

    Parameters
    ----------
    patterns : array, shape (patterns, cells)
    beta : float
    ratio : float
        Time constant of hidden cells over that of visible ones.

    Raises
    ------
    FormatError, NonFiniteError, ScheduleError
    """
    stored = checked.rows(patterns, "patterns")
    if not (ratio > 0 and beta > 0):
        raise ScheduleError(f"expected beta and ratio above 0 (got {beta!r:.40} and {ratio!r:.40})", key="ratio")
    visible = stored.shape[1]

    def derivative(state: Floats) -> Floats:
        v, h = state[:visible], state[visible:]
        votes = softmax(beta * h.T).T
        return np.concatenate([stored.T @ votes - v, (stored @ v - h) / ratio])

    return derivative


def hidden_energy(patterns: npt.ArrayLike, state: npt.ArrayLike, *, beta: float = 1.0) -> float:
    """The energy that this dynamics never raises: ``v.v/2 + h.f - log(sum exp(beta h))/beta - f.X v`` with ``f = softmax(beta h)``."""
    stored, both = checked.rows(patterns, "patterns"), np.asarray(state, dtype=np.float64)
    v, h = both[: stored.shape[1]], both[stored.shape[1] :]
    f, top = softmax(beta * h), float(h.max())
    spread = top + float(np.log(np.exp(beta * (h - top)).sum())) / beta
    return float(0.5 * v @ v + h @ f - spread - f @ (stored @ v))
