"""How cells of a layer compete: by number, by sharing, or by inhibiting each other until they settle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeheb.errors import NonFiniteError
from spikeheb.rates.rate_rule import SOFTMAX

Floats = npt.NDArray[np.float64]
MOST_SWEEPS = 1000
CLOSE = 1e-12


def compete(y: Floats, u: Floats, winners: int | str) -> Floats:
    """The outputs after competition along the last axis.

    Parameters
    ----------
    y, u : array, shape (..., cells)
        Outputs and summed inputs.
    winners : int or "softmax"
        The outputs of all but so many cells of the largest sums become 0 (of equal sums the first cells win); or the outputs are shared
        out by their exponentials.
    """
    if winners == SOFTMAX:
        shared = np.exp(y - y.max(axis=-1, keepdims=True))
        return np.asarray(shared / shared.sum(axis=-1, keepdims=True))
    kept = np.argsort(-u, axis=-1, kind="stable")[..., : int(winners)]
    active = np.zeros(u.shape, dtype=bool)
    np.put_along_axis(active, kept, True, axis=-1)
    return np.where(active, y, 0.0)


def rectified(opposing: Floats, u: Floats) -> Floats:
    """The outputs that are not below 0 and settle under lateral weights: ``y_i = [u_i - sum over j != i of A_ij y_j]_+ / A_ii``.

    One cell after the other takes its value until none changes (Gauss-Seidel), which comes to an end where A is symmetric and positive
    definite.

    Raises
    ------
    NonFiniteError
        Where the cells do not settle.
    """
    y = np.zeros(u.shape)
    diagonal = np.diag(opposing)
    off = opposing - np.diag(diagonal)
    for _ in range(MOST_SWEEPS):
        before = y.copy()
        for i in range(u.shape[-1]):
            y[..., i] = np.maximum(u[..., i] - y @ off[i], 0.0) / diagonal[i]
        if np.abs(y - before).max(initial=0.0) <= CLOSE * (1.0 + np.abs(y).max(initial=0.0)):
            return y
    raise NonFiniteError(f"the cells do not settle within {MOST_SWEEPS} sweeps; the lateral weights are too strong", key="settle")
