"""Eligibility and dopamine: NEST's synapse for pairs whose effect on the weight waits for a reward."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeheb.circuits.steps import Floats, Steps


@dataclass(frozen=True)
class Rewarded:
    """How a weight goes on after the last presynaptic spike, all numbers in NEST's units.

    Between two events the eligibility c and the dopamine n decay, and ``dw/dt = c*(n - b)``; each reward adds 1/tau_n to n, and a
    postsynaptic spike adds A_plus times the presynaptic trace to c.

    Attributes
    ----------
    tau, tau_c, tau_n : float
        Decay of the presynaptic trace, of c and of n, milliseconds.
    A_plus, b, w_min, w_max : float
    amount : float
        What one reward adds to the rule's dopamine.
    """

    tau: float
    tau_c: float
    tau_n: float
    A_plus: float
    b: float
    w_min: float
    w_max: float
    amount: float


@dataclass
class State:
    """Synapses on their way from the last presynaptic spike.

    Attributes
    ----------
    w, c, x : array, shape (synapses,)
        Weight, eligibility and presynaptic trace.
    at : array, shape (synapses,)
        Milliseconds of NEST.
    """

    w: Floats
    c: Floats
    x: Floats
    at: Floats


class Dopamine:
    """The dopamine that all synapses of a projection share: it depends on the rewards alone."""

    def __init__(self, rewards: Steps, step: float, tau_n: float) -> None:
        self.tau_n = tau_n
        steps, counts = np.unique(rewards, return_counts=True)
        self.times = steps * step
        self.after = np.zeros(len(steps))
        for n, count in enumerate(counts):
            before = self.after[n - 1] * np.exp((self.times[n - 1] - self.times[n]) / tau_n) if n else 0.0
            self.after[n] = before + count / tau_n

    def just_after(self, at: Floats) -> Floats:
        """Its concentration at some times, a reward of the same time included."""
        if not len(self.times):
            return np.zeros_like(at)
        n = np.searchsorted(self.times, at + TINY, side="right") - 1
        last = np.maximum(n, 0)
        return np.where(n < 0, 0.0, self.after[last] * np.exp((self.times[last] - at) / self.tau_n))


TINY = 1e-6
"""Milliseconds below which two times are the same."""


def moved(state: State, until: Floats, late: Rewarded, dopamine: Dopamine) -> None:
    """Bring synapses to a time that lies at or after theirs; no postsynaptic spike reaches them on the way."""
    for reward in dopamine.times[np.searchsorted(dopamine.times, state.at.min(initial=np.inf)) :]:
        on_the_way = (state.at < reward - TINY) & (reward < until - TINY)
        if on_the_way.any():
            _decay(state, np.where(on_the_way, reward, state.at), late, dopamine)
    _decay(state, until, late, dopamine)


def _decay(state: State, until: Floats, late: Rewarded, dopamine: Dopamine) -> None:
    """The same where no reward comes on the way either, so that the weight moves in one direction and is clipped at the end."""
    passed = np.maximum(until - state.at, 0.0)
    rate = 1.0 / late.tau_c + 1.0 / late.tau_n
    n = dopamine.just_after(state.at)
    change = state.c * (late.b * late.tau_c * np.expm1(-passed / late.tau_c) - n / rate * np.expm1(-passed * rate))
    state.w = np.clip(state.w + change, late.w_min, late.w_max)
    state.c = state.c * np.exp(-passed / late.tau_c)
    state.x = state.x * np.exp(-passed / late.tau)
    state.at = state.at + passed
