"""Variables that are solved exactly between events."""

from __future__ import annotations

import numpy as np

from spikeheb.circuits.steps import Floats

ORDER = 20
"""Terms of the exponential's series, which is used where the matrix is small: then the rest is below rounding."""


def relaxed(slopes: Floats, rests: Floats, values: Floats, elapsed: Floats) -> Floats:
    """The solution of ``dz/dt = A z + b`` some time later.

    Parameters
    ----------
    slopes : array, shape (synapses, n, n)
        A, in 1/s.
    rests, values : arrays, shape (synapses, n)
        b, and z at the start.
    elapsed : array, shape (synapses,)
        Seconds.
    """
    if values.shape[1] == 1:
        grown = slopes[:, 0] * elapsed[:, None]
        solution: Floats = values * np.exp(grown) + rests * elapsed[:, None] * _exprel(grown)
        return solution
    return _coupled(slopes, rests, values, elapsed)


def _exprel(x: Floats) -> Floats:
    """``(exp(x) - 1)/x``, and 1 at 0."""
    return np.where(x == 0, 1.0, np.expm1(x) / np.where(x == 0, 1.0, x))


def _coupled(slopes: Floats, rests: Floats, values: Floats, elapsed: Floats) -> Floats:
    """With b as one more column of A, and 1 as one more variable that stays, the solution is one exponential of a matrix."""
    synapses, n = values.shape
    matrix = np.zeros((synapses, n + 1, n + 1))
    matrix[:, :n, :n] = slopes * elapsed[:, None, None]
    matrix[:, :n, n] = rests * elapsed[:, None]
    flow = _exponential(matrix)
    solution: Floats = np.einsum("mik,mk->mi", flow[:, :n, :n], values) + flow[:, :n, n]
    return solution


def _exponential(matrix: Floats) -> Floats:
    """By the series of a matrix that is halved until it is small, and then squared as often."""
    halvings = max(0, int(np.ceil(np.log2(max(np.abs(matrix).sum(axis=2).max(initial=0.0), 1e-300)))) + 1)
    small = matrix / 2.0**halvings
    term = np.broadcast_to(np.eye(matrix.shape[-1]), matrix.shape)
    total = term.copy()
    for order in range(1, ORDER):
        term = term @ small / order
        total = total + term
    for _ in range(halvings):
        total = total @ total
    return total
