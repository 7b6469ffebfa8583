"""Vogels, Sprekeler, Zenke, Clopath & Gerstner (2011), 10.1126/science.1211095: the learning rule and its target rate.

With independent trains a presynaptic spike moves the weight by eta*(2*tau*nu_post - alpha) on average, alpha = 2*rho_0*tau
(supplement 1), so the drift changes sign where the cell fires at rho_0, whatever the presynaptic rate.
"""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh

SETS = ["single_cell", "network_brian", "network_auryn", "nest"]


@pytest.mark.parametrize("name", SETS)
def test_the_window_of_an_isolated_pair_is_symmetric_about_a_constant_loss(name):
    rule = sh.rule("vogels", set=name, bounds="none")
    tau, eta = rule.constants["tau"], rule.constants["eta"]
    alpha = 2 * rule.constants["rho_0"] * tau
    delta_t = np.array([-0.06, -0.02, -0.001, 0.001, 0.02, 0.06])
    w = sh.window(rule, delta_t, pairs=1, w0=0.5)["w"].values
    np.testing.assert_allclose((w - 0.5) / eta, np.exp(-np.abs(delta_t) / tau) - alpha, rtol=0, atol=1e-10)


def test_a_presynaptic_spike_alone_takes_eta_alpha():
    rule = sh.rule("vogels", bounds="none")
    change = sh.replay(rule, [[0.1, 0.3]], [[]], 0.5)["w"].values[0] - 0.5
    assert change == pytest.approx(-2 * rule.constants["eta"] * 2 * 3 * 0.02, abs=1e-15)


def uniform_trains(rng, lanes, rate, duration, dt=1e-4):
    """Trains with exactly ``rate*duration`` spikes at independent uniform times, one a step at most."""
    count, steps = round(rate * duration), round(duration / dt)
    return [np.sort(rng.choice(steps, count, replace=False)) * dt for _ in range(lanes)]


def drift(rule, nu_post, *, nu_pre=100.0, lanes=40, duration=500.0):
    """Mean change of the weight by a presynaptic spike, in units of eta, and what the closed form says."""
    rng = np.random.default_rng(20111)
    pre, post = uniform_trains(rng, lanes, nu_pre, duration), uniform_trains(rng, lanes, nu_post, duration)
    change = sh.replay(rule, pre, post, 0.0)["w"].values.mean() / (nu_pre * duration * rule.constants["eta"])
    tau = rule.constants["tau"]
    return change, 2 * tau * nu_post - 2 * rule.constants["rho_0"] * tau


@pytest.mark.parametrize("name", ["single_cell", "network_brian"])
def test_the_drift_changes_sign_within_one_percent_of_the_target_rate(name):
    """Sampling alone shifts the zero by 0.15 % here (one standard error, from the number of coincidences)."""
    rule = sh.rule("vogels", set=name, bounds="none")
    rho_0 = rule.constants["rho_0"]
    below, expected_below = drift(rule, 0.99 * rho_0)
    above, expected_above = drift(rule, 1.01 * rho_0)
    assert below < 0 < above
    scale = 2 * rule.constants["tau"] * rho_0
    assert below == pytest.approx(expected_below, abs=0.006 * scale)
    assert above == pytest.approx(expected_above, abs=0.006 * scale)
