"""Closed forms of pair STDP with additive changes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def pairing_change(
    delta_t: npt.ArrayLike,
    pairs: int,
    frequency: float,
    *,
    A_plus: float,
    A_minus: float,
    tau_plus: float,
    tau_minus: float,
    coincidence: str = "pre_first",
) -> npt.NDArray[np.float64]:
    """The change of the weight after `pairs` equal pairs, all spikes interacting, no bound being reached.

    Every presynaptic spike meets every postsynaptic one, the n-th neighbours at ``delta_t + n*T`` with period T::

        dw = sum over n of (pairs - abs(n)) * W(delta_t + n*T),   abs(n) < pairs
        W(s) = A_plus*exp(-s/tau_plus) for s > 0,  -A_minus*exp(s/tau_minus) for s < 0

    and at s = 0 the side that acts first is read by the other: A_plus for ``pre_first``, -A_minus for ``post_first``.

    Parameters
    ----------
    delta_t : array of float
        Seconds.
    pairs : int
    frequency : float
        Hz.
    A_plus, A_minus : float
        Changes per pair at 0+ and 0-.
    tau_plus, tau_minus : float
        Seconds.

    Returns
    -------
    array of float, shape of `delta_t`
    """
    neighbours = np.arange(-pairs + 1, pairs)
    distance = np.asarray(delta_t, dtype=float)[..., None] + neighbours / frequency
    distance = np.where(np.abs(distance) < 1e-9, 0.0, distance)
    at_zero = {"pre_first": A_plus, "post_first": -A_minus, "discard": 0.0}[coincidence]
    with np.errstate(over="ignore"):
        later = np.where(distance > 0, A_plus * np.exp(-np.abs(distance) / tau_plus), 0.0)
        earlier = np.where(distance < 0, -A_minus * np.exp(-np.abs(distance) / tau_minus), 0.0)
    kernel = later + earlier + np.where(distance == 0, at_zero, 0.0)
    total: npt.NDArray[np.float64] = (kernel * (pairs - np.abs(neighbours))).sum(axis=-1)
    return total
