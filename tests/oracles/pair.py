"""Pair STDP by the definition of its pairing schemes: sums over explicit spike pairs, no traces.

All spikes are put in one order: by time, and where a presynaptic and a postsynaptic spike coincide, by `coincidence`.
"Earlier" and "last" below mean in this order, so that coincident spikes make exactly one pair, of delta_t = 0.

=====================  ============================================  ==============================================
scheme                 depression, at a presynaptic spike, with      potentiation, at a postsynaptic spike, with
=====================  ============================================  ==============================================
all_to_all             all earlier postsynaptic spikes               all earlier presynaptic spikes
symmetric              the last postsynaptic spike                   the last presynaptic spike
presynaptic_centred    the last postsynaptic spike                   the presynaptic spikes since the last postsynaptic
restricted             the last postsynaptic spike, if there was     the last presynaptic spike, if there was
                       no presynaptic spike since                    no postsynaptic spike since
=====================  ============================================  ==============================================

After Morrison, Diesmann & Gerstner 2008 (10.1007/s00422-008-0233-1), Fig. 7.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

PRE, POST = "pre", "post"
Event = tuple[float, str]


def in_order(pre_times: Sequence[float], post_times: Sequence[float], coincidence: str = "pre_first") -> list[Event]:
    """All spikes as (seconds, side), in the order in which they act."""
    first = {"pre_first": PRE, "post_first": POST}[coincidence]
    events = [(float(t), PRE) for t in pre_times] + [(float(t), POST) for t in post_times]
    return sorted(events, key=lambda event: (event[0], event[1] != first))


def partners(events: Sequence[Event], index: int, scheme: str) -> list[float]:
    """Times of the spikes of the other side with which the spike at `index` is paired."""
    side = events[index][1]
    others = [n for n in range(index) if events[n][1] != side]
    previous = max((n for n in range(index) if events[n][1] == side), default=-1)
    if scheme == "all_to_all":
        chosen = others
    elif scheme == "symmetric" or (scheme == "presynaptic_centred" and side == PRE):
        chosen = others[-1:]
    elif scheme == "presynaptic_centred":
        chosen = [n for n in others if n > previous]
    elif scheme == "restricted":
        chosen = [n for n in others[-1:] if n > previous]
    else:
        raise ValueError(scheme)
    return [events[n][0] for n in chosen]


def dependence(bounds: str, w_min: float, w_max: float, mu_plus: float, mu_minus: float) -> tuple[Callable[[float], float], ...]:
    """F_plus and F_minus as functions of the weight."""

    def share(w: float) -> float:
        return (w - w_min) / (w_max - w_min)

    if bounds == "soft":
        return lambda w: 1.0 - share(w), share
    if bounds == "power":
        return lambda w: (1.0 - share(w)) ** mu_plus, lambda w: share(w) ** mu_minus
    if bounds in ("hard", "none"):
        return lambda w: 1.0, lambda w: 1.0
    raise ValueError(bounds)


def final_weight(
    pre_times: Sequence[float],
    post_times: Sequence[float],
    w0: float,
    *,
    A_plus: float = 0.005,
    A_minus: float = 0.00525,
    tau_plus: float = 0.02,
    tau_minus: float = 0.02,
    scheme: str = "all_to_all",
    coincidence: str = "pre_first",
    bounds: str = "hard",
    w_min: float = 0.0,
    w_max: float = 1.0,
    mu_plus: float = 0.02,
    mu_minus: float = 0.02,
) -> float:
    """The weight after all spikes.

    Parameters
    ----------
    pre_times, post_times : sequences of float
        Seconds at the synapse, delays included.
    w0 : float
    A_plus, A_minus : float
        Potentiation and depression of a pair, in units of the weight.
    tau_plus, tau_minus : float
        Seconds.
    scheme : {"all_to_all", "symmetric", "presynaptic_centred", "restricted"}
    coincidence : {"pre_first", "post_first"}
    bounds : {"hard", "soft", "power", "none"}
        The weight is clipped to [w_min, w_max] after each spike, except with "none".
    """
    f_plus, f_minus = dependence(bounds, w_min, w_max, mu_plus, mu_minus)
    events = in_order(pre_times, post_times, coincidence)
    w = w0
    for index, (time, side) in enumerate(events):
        tau = tau_minus if side == PRE else tau_plus
        total = math.fsum(math.exp(-(time - other) / tau) for other in partners(events, index, scheme))
        w += f_plus(w) * A_plus * total if side == POST else -f_minus(w) * A_minus * total
        if bounds != "none":
            w = min(max(w, w_min), w_max)
    return w
