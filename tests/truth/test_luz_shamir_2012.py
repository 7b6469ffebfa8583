"""Luz & Shamir (2012), 10.1371/journal.pcbi.1002334: Hebbian inhibitory plasticity is negative feedback, excitatory positive.

A linear Poisson cell fires at r0*(1 + k*w*trace), where each presynaptic spike leaves a trace of time constant tau_s; k < 0
for an inhibitory synapse. Pairs of post after pre then differ from chance, and the drift of an additive rule changes with w by

    d(drift)/dw = k*nu*r0*A*tau_plus*tau_s/(tau_plus + tau_s),

A being what a pair at delta_t = 0+ adds. Its sign is that of the feedback.
"""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh

DT, R0, NU, TAU_S = 1e-4, 20.0, 10.0, 0.01
INHIBITORY, EXCITATORY = -0.5, 0.5


def poisson(rng, rate, duration):
    return np.unique(rng.integers(0, round(duration / DT), rng.poisson(rate * duration)))


def answers(rng, pre, k, duration):
    """Post spikes that the cell fires at w = 1 and would not at w = 0, or the other way round: the caused, or the lost ones.

    A presynaptic spike causes (or costs) one with probability |k|*r0*tau_s, after an exponential delay; steps, sorted.
    """
    chosen = pre[rng.random(pre.size) < abs(k) * R0 * TAU_S]
    steps = chosen + np.ceil(rng.exponential(TAU_S / DT, chosen.size)).astype(np.int64)
    return np.unique(steps[steps < round(duration / DT)])


def slope(rule, k, lanes=200, duration=100.0):
    """d(drift)/dw in 1/s with its standard error.

    To an additive all-to-all rule each post spike adds what it adds, so the change of drift is what the caused spikes bring
    (or the lost ones would have brought), less what as many spikes at chance bring.
    """
    rng = np.random.default_rng(2012)
    pre = [poisson(rng, NU, duration) for _ in range(lanes)]
    caused = [answers(rng, train, k, duration) for train in pre]
    chance = [np.sort(rng.choice(round(duration / DT), train.size, replace=False)) for train in caused]
    times = [train * DT for train in pre]
    weights = [sh.replay(rule, times, [train * DT for train in post], 0.0)["w"].values for post in (caused, chance)]
    difference = np.sign(k) * (weights[0] - weights[1]) / duration
    return difference.mean(), difference.std(ddof=1) / np.sqrt(lanes)


@pytest.mark.parametrize(
    ("scheme", "k", "sign"),
    [("hebbian", INHIBITORY, -1), ("antihebbian", INHIBITORY, 1), ("hebbian", EXCITATORY, 1), ("antihebbian", EXCITATORY, -1)],
)
def test_the_sign_of_the_feedback(scheme, k, sign):
    rule = sh.rule("luz_shamir", interaction=scheme, bounds="none")
    values = rule.constants
    amplitude = values["lam"] if scheme == "hebbian" else -values["alpha"] * values["lam"]
    expected = k * NU * R0 * amplitude * values["tau_plus"] * TAU_S / (values["tau_plus"] + TAU_S)
    mean, error = slope(rule, k)
    assert np.sign(expected) == sign
    assert error < 0.1 * abs(expected)
    assert mean == pytest.approx(expected, abs=3 * error + 0.01 * abs(expected))


@pytest.mark.parametrize("scheme", ["hebbian", "antihebbian"])
def test_the_window_is_asymmetric_and_its_sign_is_the_magnitude_s(scheme):
    rule = sh.rule("luz_shamir", set=scheme, bounds="none")
    values, delta_t = rule.constants, np.array([-0.03, -0.01, 0.01, 0.03])
    w = sh.window(rule, delta_t, pairs=1, w0=0.5)["w"].values - 0.5
    plus, minus = values["lam"], values["alpha"] * values["lam"]
    later, earlier = (plus, -minus) if scheme == "hebbian" else (-minus, plus)
    expected = np.where(delta_t > 0, later, earlier) * np.exp(-np.abs(delta_t) / 0.02)
    np.testing.assert_allclose(w, expected, rtol=1e-9)
