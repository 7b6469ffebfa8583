"""Izhikevich (2007), 10.1093/cercor/bhl152: reward finds, seconds later, the synapse that was tagged (Fig. 1)."""

from __future__ import annotations

import numpy as np
import pytest
from circuits_by_hand import of_lanes

import spikeheb as sh
from spikeheb.circuits.drives import Change
from spikeheb.engines.choice import carry_out

SETS = ["distal_reward", "nest"]


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("delta_t", [0.005, -0.005])
def test_a_pair_and_a_reward_a_second_later_follow_the_closed_form(name, delta_t):
    """dw = gain*c*amount*exp(-delay/tau_c)*tau, with 1/tau = 1/tau_c + 1/tau_d and c the eligibility that the pair left."""
    rule = sh.rule("izhikevich_reward", set=name, d_tonic=0, bounds="none")
    values = rule.constants
    pre, post = 0.1 - min(delta_t, 0), 0.1 + max(delta_t, 0)
    reward, end = max(pre, post) + 1.0, 20.0
    change = sh.replay(rule, [[pre, end]], [[post]], 0.25, events=[sh.Reward(reward, 0.5)])["w"].values[0] - 0.25
    amplitude = values["A_plus"] if delta_t > 0 else -values["A_minus"]
    tagged = amplitude * np.exp(-abs(delta_t) / 0.02) * np.exp(-1.0 / values["tau_c"])
    expected = values["gain"] * 0.5 * tagged / (1 / values["tau_c"] + 1 / values["tau_d"])
    assert change == pytest.approx(expected, rel=1e-6)


def test_without_reward_and_without_tonic_dopamine_nothing_is_learnt():
    rule = sh.rule("izhikevich_reward", d_tonic=0)
    pre, post = sh.pairings(0.005, 50, 10.0)
    assert sh.replay(rule, [pre], [post], 0.25)["w"].values[0] == 0.25


def trains(rng, count, rate, steps, dt):
    return tuple(np.flatnonzero(rng.random(steps) < rate * dt) for _ in range(count))


def test_only_the_rewarded_synapse_is_driven_up():
    """Fig. 1: each time the chosen synapse sees post within 20 ms after pre, a reward comes 1 to 3 s later.

    Twenty synapses on one cell, 1 Hz on both sides, an hour; the chosen one starts at 0, all as in the paper but for the
    network, whose spikes are independent here.
    """
    dt, steps, count = 1e-3, 3_600_000, 20
    rng = np.random.default_rng(2007)
    pre, post = trains(rng, count, 1.0, steps, dt), trains(rng, 1, 1.0, steps, dt)[0]
    last = np.searchsorted(pre[0], post, side="right") - 1
    gaps = np.where(last >= 0, post - pre[0][last], steps)
    times = post[(gaps > 0) & (gaps <= 20)]
    rewards = np.sort(times + rng.integers(1000, 3000, times.size))
    changes = tuple(Change(0, int(step), 0.5) for step in rewards if step < steps)
    start = np.full(count, 0.25)
    start[0] = 0.0
    rule = sh.rule("izhikevich_reward", set="distal_reward")
    job = of_lanes(
        rule, None, dt, steps, np.zeros(count, dtype=np.int64), pre, (post,),
        initial={"w": start}, rewards=changes, samples=np.arange(0, steps, 10_000),
    )  # fmt: skip
    recording = carry_out(job)
    assert len(changes) > 50
    assert recording.w[0] > 0.75, "it ends in the upper quarter"
    assert recording.weight[1:].max() < 0.5, "and none of the others ever gets half-way"
    assert recording.w[1:].mean() < 0.25
