"""Triplet STDP of Pfister & Gerstner 2006 (10.1523/JNEUROSCI.1425-06.2006) by explicit sums over pairs and triplets.

A postsynaptic spike at t potentiates by A2_plus for each presynaptic spike paired with it, and by A3_plus for each such
pair together with an EARLIER postsynaptic spike; a presynaptic spike depresses likewise. "all_to_all" takes all earlier
spikes, "symmetric" only the last of each side. Spikes are ordered as in `pair`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from oracles.pair import POST, in_order


def final_weight(
    pre_times: Sequence[float],
    post_times: Sequence[float],
    w0: float,
    *,
    A2_plus: float = 5e-10,
    A3_plus: float = 6.2e-3,
    A2_minus: float = 7e-3,
    A3_minus: float = 2.3e-4,
    tau_plus: float = 16.8e-3,
    tau_minus: float = 33.7e-3,
    tau_x: float = 101e-3,
    tau_y: float = 125e-3,
    scheme: str = "all_to_all",
    coincidence: str = "pre_first",
    w_min: float = 0.0,
    w_max: float = 10.0,
) -> float:
    """The weight after all spikes, clipped to [w_min, w_max] after each; times in seconds at the synapse."""
    events = in_order(pre_times, post_times, coincidence)
    kept = {"all_to_all": slice(None), "symmetric": slice(-1, None)}[scheme]
    w = w0
    for index, (time, side) in enumerate(events):
        own = [t for t, other in events[:index] if other == side][kept]
        facing = [t for t, other in events[:index] if other != side][kept]
        fast, slow, pair, triplet = (tau_plus, tau_y, A2_plus, A3_plus) if side == POST else (tau_minus, tau_x, A2_minus, A3_minus)
        change = math.fsum(
            math.exp(-(time - other) / fast) * (pair + triplet * math.fsum(math.exp(-(time - earlier) / slow) for earlier in own))
            for other in facing
        )
        w = min(max(w + change if side == POST else w - change, w_min), w_max)
    return w
