"""Rewards in NEST: weights of its dopamine synapse against the kernel, to 1e-9, and what of rewards it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from nest_networks import eligibility, given, relay_in, rewarded
from test_nest import difference, needs_nest
from test_nest_refusals import refusal

import spikeheb as sh
from spikeheb.circuits.drives import Change
from spikeheb.circuits.triggers import Trigger
from spikeheb.engines.choice import carry_out_network


@pytest.fixture
def relay(tmp_path):
    return relay_in(tmp_path)


RULES = {
    "default": eligibility(),
    "at its bounds": eligibility(gain="100 / second"),
    "values of NEST": eligibility(set="nest"),
    "dopamine without reward": eligibility(d_tonic=0.2),
    "other time constants": eligibility(tau_plus="17 ms", tau_minus="34 ms", tau_c="300 ms", tau_d="90 ms", A_plus=0.05, A_minus=0.03),
    "a wider range of weights": eligibility(gain="100 / second", bounds="kind=hard, w_min=0, w_max=3"),
}


@needs_nest
@pytest.mark.parametrize("case", RULES)
def test_weights_under_given_trains_and_rewards_are_those_of_the_kernel(relay, case):
    assert difference(rewarded(relay, RULES[case])) < 1e-9


@needs_nest
@pytest.mark.parametrize(("delay", "back"), [(0.0, "0.8 ms"), (2e-3, "0 ms"), (2e-3, "0.8 ms"), (2e-3, "6 ms")])
def test_delays_of_both_ways_agree_with_rewards(relay, delay, back):
    assert difference(rewarded(relay, eligibility(backpropagation_delay=back), delay=delay)) < 1e-9


@needs_nest
def test_without_rewards_only_dopamine_that_is_always_there_moves_weights(relay):
    circuit = given(relay, eligibility(d_tonic=0.5))
    assert difference(circuit) < 1e-9
    still = carry_out_network(given(relay, eligibility()), "nest")
    np.testing.assert_array_equal(still.w["xe"], still.snapshots["xe"][0])


@needs_nest
def test_rewards_matter_and_their_amount_does(relay):
    small, large = (carry_out_network(rewarded(relay, eligibility(), [a] * 5), "nest").w["xe"] for a in (0.2, 0.4))
    assert abs(small - large).max() > 1e-3


@needs_nest
def test_threads_change_nothing_with_rewards(relay, monkeypatch):
    circuit = rewarded(relay, eligibility())
    one_thread = carry_out_network(circuit, "nest")
    monkeypatch.setattr("spikeheb.engines.nest.run.OF_A_THREAD", 10)
    monkeypatch.setattr("spikeheb.engines.nest.run.allowed", lambda: 2)
    two_threads = carry_out_network(circuit, "nest")
    assert two_threads.engine["threads"] == "2"
    np.testing.assert_array_equal(one_thread.w["xe"], two_threads.w["xe"])


@needs_nest
def test_a_tie_counts_in_neither_order_and_the_recording_says_so(relay):
    circuit = rewarded(relay, eligibility(), ties=True)
    recording = carry_out_network(circuit, "nest")
    assert "a tie of spikes counts in neither order" in recording.engine["note"]
    assert abs(recording.w["xe"] - carry_out_network(circuit, "kernel").w["xe"]).max() > 1e-6


def test_rewards_that_nest_has_not_are_refused_by_name(relay):
    circuit = rewarded(relay, eligibility())
    assert '"e": in NEST all rewards have one amount above 0 (got 0.25, 0.5)' in refusal(
        rewarded(relay, eligibility(), [0.5, 0.25, 0.5, 0.5, 0.5])
    )
    assert "(got -0.5)" in refusal(rewarded(relay, eligibility(), [-0.5] * 5))
    assert "(got inf)" in refusal(rewarded(relay, eligibility(), [np.inf] * 5))
    to_one = replace(circuit, drives={"e": replace(circuit.drives["e"], rewards=(Change(1, 5, 0.5),))})
    assert '"e": a reward reaches all cells in NEST' in refusal(to_one)
    own = Trigger(first=("e", 0), then=("e", 1), within=0.02, value=0.5, after=(1.0, 2.0), rewards=("e",))
    assert "rewards that cells bring about" in refusal(replace(circuit, triggers={"loop": own}))


@pytest.mark.parametrize(
    "rule",
    [eligibility(interaction="symmetric"), eligibility(d_tonic=-0.1), eligibility(bounds="kind=hard, w_min=0.1, w_max=1"),
     sh.rule("covariance_reward")],
)  # fmt: skip
def test_rules_with_rewards_that_nest_has_not_are_refused_by_name(relay, rule):
    assert "rewards (its dopamine synapse has all pairs, hard bounds from 0 on, and no dopamine below 0)" in refusal(rewarded(relay, rule))
