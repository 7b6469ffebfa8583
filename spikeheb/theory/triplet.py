"""The triplet rule under Poisson firing: a BCM rule with a threshold (Pfister & Gerstner 2006, Eq. 5 and its neighbours)."""

from __future__ import annotations

from collections.abc import Mapping


def bcm_threshold(constants: Mapping[str, float]) -> float:
    """The postsynaptic rate below which the weight falls and above which it grows, all spikes interacting; Hz.

    With presynaptic rate r and postsynaptic rate s, both Poisson and independent, the mean drift is::

        r*s*(A2_plus*tau_plus - A2_minus*tau_minus) - r**2*s*A3_minus*tau_minus*tau_x + r*s**2*A3_plus*tau_plus*tau_y

    of which the term in r**2 is left out: it is 0 in the minimal sets.

    Parameters
    ----------
    constants : mapping of str to float
        A2_plus, A2_minus, A3_plus, tau_plus, tau_minus and tau_y of the rule; SI.

    Returns
    -------
    float
        Negative where the pairs alone already potentiate.
    """
    c = constants
    pairs = c["A2_minus"] * c["tau_minus"] - c["A2_plus"] * c["tau_plus"]
    return pairs / (c["A3_plus"] * c["tau_plus"] * c["tau_y"])


def poisson_drift(constants: Mapping[str, float], rate_pre: float, rate_post: float) -> float:
    """Mean change of the weight a second under independent Poisson firing, all spikes interacting."""
    c, r, s = constants, rate_pre, rate_post
    pairs = r * s * (c["A2_plus"] * c["tau_plus"] - c["A2_minus"] * c["tau_minus"])
    return pairs + r * s**2 * c["A3_plus"] * c["tau_plus"] * c["tau_y"] - r**2 * s * c["A3_minus"] * c["tau_minus"] * c["tau_x"]
