"""Vogels, Sprekeler, Zenke, Clopath & Gerstner (2011), 10.1126/science.1211095: the learning rule and its target rate.

With independent trains a presynaptic spike moves the weight by eta*(2*tau*nu_post - alpha) on average, alpha = 2*rho_0*tau
(supplement 1), so the drift changes sign where the cell fires at rho_0, whatever the presynaptic rate.
"""

from __future__ import annotations

import numpy as np
import pytest
from circuits_by_hand import of_fan_in

import spikeheb as sh
from spikeheb.circuits.sources import Poisson, Replayed
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in

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


# --- closed loop ---------------------------------------------------------------------------------------------------------

DT = 1e-4


def closed_loop(rule, w0, inputs, excitation, seconds, seed):
    """A cell with static excitation and plastic inhibition: its spikes in seconds, and the final weights."""
    inhibition = (excitation, 1.0, "ampa")  # here the inputs without plasticity are the excitatory ones
    job = of_fan_in(
        rule, sh.cell("l23_pyramidal"), DT, round(seconds / DT), 1, inputs, unplastic=inhibition, initial={"w": w0}, trains=True,
        receptor="gaba", seed=seed,
    )  # fmt: skip
    recording = fan_in.run(job)
    return recording.spikes[0] * DT, recording.w[0]


@pytest.mark.slow
@pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
def test_a_closed_loop_holds_one_rate_from_above_and_from_below():
    """Within 1 % of each other, between rho_0 and 1.2 rho_0: the inputs' own spikes lift it a little."""
    rule = sh.rule("vogels", set="single_cell", eta=1e-3)
    rho_0 = rule.constants["rho_0"]
    inputs, excitation = (Poisson(np.full(200, 10.0)),), (Poisson(np.full(800, 5.0)),)
    rates = []
    for start in (0.0, 1.0):
        per_seed = []
        for seed in range(4):
            spikes, _ = closed_loop(rule, start, inputs, excitation, 1500.0, seed)
            per_seed.append(np.count_nonzero(spikes >= 500.0) / 1000.0)
        rates.append(np.mean(per_seed))
    assert rates[0] == pytest.approx(rates[1], rel=0.01)
    assert rho_0 <= min(rates) and max(rates) <= 1.2 * rho_0


def channel_trains(rng, members, signal):
    """Steps of trains whose rate in each step is the signal's, in Hz."""
    return tuple(np.flatnonzero(rng.random(signal.size) < signal * DT).astype(np.int64) for _ in range(members))


@pytest.mark.slow
@pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
def test_inhibition_comes_to_mirror_excitation_channel_by_channel():
    """Detailed balance (Fig. 2): the channels with more excitatory inputs get the stronger inhibitory weights."""
    rng = np.random.default_rng(2011)
    steps, sizes = round(200 / DT), [20, 40, 60, 80, 100, 120, 140, 160]
    exciting, inhibiting, channel = [], [], []
    for n, size in enumerate(sizes):
        slow = np.repeat(np.clip(rng.normal(5, 5, steps // 500 + 1), 0, None), 500)[:steps]  # a rate that changes every 50 ms
        exciting += channel_trains(rng, size // 2, slow)
        inhibiting += channel_trains(rng, 25, 2 * slow)
        channel += [n] * 25
    rule = sh.rule("vogels", set="single_cell", eta=2e-3)
    _, w = closed_loop(rule, 0.2, (Replayed(tuple(inhibiting)),), (Replayed(tuple(exciting)),), 200.0, 0)
    means = [w[np.array(channel) == n].mean() for n in range(len(sizes))]
    assert np.corrcoef(means, sizes)[0, 1] > 0.9
