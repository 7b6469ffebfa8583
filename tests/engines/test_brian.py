"""The reference engine: what a step means, and what it records."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import but
from jobs import DT, LIBRARY, MINIMAL, lanes, random_trains, rule, write_rule

from spikeheb.cells import read_cell
from spikeheb.circuits.drives import Change
from spikeheb.engines.brian import runtime
from spikeheb.errors import EngineError, NonFiniteError
from spikeheb.rules import read_rule


def cell(name="ca1_pyramidal"):
    return read_cell(LIBRARY / "cells" / f"{name}.toml")


def run(job):
    return runtime.run(job, "numpy")


def test_isolated_pairs_have_the_closed_form_in_their_own_step():
    delta = np.array([-0.04, -0.01, -0.0001, 0.0001, 0.02])
    job = lanes(rule(set="additive"), [[max(0.0, -d)] for d in delta], [[max(0.0, -d) + d] for d in delta])
    expected = np.where(delta > 0, 0.005 * np.exp(-delta / 0.02), -0.00525 * np.exp(delta / 0.02))
    np.testing.assert_allclose(run(job).w - 0.5, expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize(("policy", "change"), [("pre_first", 0.005), ("post_first", -0.00525)])
def test_a_tie_follows_the_policy(policy, change):
    job = lanes(rule(set="additive", coincidence=policy), [[0.01]], [[0.01]])
    assert run(job).w[0] - 0.5 == pytest.approx(change, abs=1e-15)


def test_delays_move_the_spikes_at_the_synapse():
    delayed = rule(set="additive", axonal_delay="3 ms", backpropagation_delay="1 ms")
    moved = run(lanes(delayed, [[0.010]], [[0.020]])).w[0]
    direct = run(lanes(rule(set="additive"), [[0.013]], [[0.021]])).w[0]
    assert moved == pytest.approx(direct, abs=1e-15)
    assert moved != pytest.approx(run(lanes(rule(set="additive"), [[0.010]], [[0.020]])).w[0], abs=1e-6)


def test_a_slow_trace_read_after_its_own_increment_gives_another_result(tmp_path):
    """The oracle tests would catch it: the triplet rule with the increments moved to the front."""
    source = (LIBRARY / "rules" / "triplet.toml").read_text()
    wrong = source.replace(
        '"ltp = r1*(A2_plus + A3_plus*o2)", "o1 = adds*o1 + 1", "o2 = adds*o2 + 1"',
        '"o2 = adds*o2 + 1", "ltp = r1*(A2_plus + A3_plus*o2)", "o1 = adds*o1 + 1"',
    )
    assert wrong != source
    (tmp_path / "wrong.toml").write_text(wrong)
    times = [np.arange(60) * 0.1], [np.arange(60) * 0.1 + 0.01]
    right = run(lanes(rule("triplet"), *times)).w[0]
    assert abs(run(lanes(read_rule(tmp_path / "wrong.toml"), *times)).w[0] - right) > 0.1


def test_all_lanes_are_one_network_and_do_not_touch_each_other():
    pre, post = random_trains(np.random.default_rng(1), 6)
    together = run(lanes(rule(set="gutig"), pre, post)).w
    alone = [run(lanes(rule(set="gutig"), [p], [q])).w[0] for p, q in zip(pre, post, strict=True)]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-14)


def test_constants_may_differ_between_lanes():
    job = lanes(rule(set="additive"), [[0.0]] * 3, [[0.01]] * 3, overrides={"A_plus": np.array([0.0, 0.01, 0.02])})
    np.testing.assert_allclose(run(job).w - 0.5, np.array([0, 0.01, 0.02]) * np.exp(-0.5), atol=1e-15)


def test_weight_and_efficacy_are_recorded_after_the_step():
    job = lanes(rule(set="additive"), [[0.0]], [[0.01]], samples=np.array([0, 99, 100, 300]))
    np.testing.assert_allclose(run(job).weight[0] - 0.5, [0, 0, 0.005 * np.exp(-0.5), 0.005 * np.exp(-0.5)], atol=1e-15)


def test_setting_the_clock_forward_changes_nothing():
    """Stepping through every quiet stretch gives the same voltages to rounding."""
    job = lanes(
        rule("triplet"), [[0.1, 0.5, 1.5]], [[0.11, 0.52]], cell("l5_pyramidal"), sweeps=np.array([900, 14900]), sweep_steps=1101, tail=0.2
    )
    skipped = run(job)
    stepped = run(but(job, exact=True))
    assert int(stepped.engine["steps_run"]) == job.steps
    assert int(skipped.engine["steps_run"]) < 0.8 * int(stepped.engine["steps_run"])
    np.testing.assert_allclose(skipped.v, stepped.v, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(skipped.w, stepped.w)


def test_an_imposed_spike_acts_even_in_the_refractory_time():
    the_cell = replace(cell(), refractory=5e-3)
    recording = run(lanes(rule(set="additive"), [[0.0]], [[0.01, 0.012]], the_cell))
    assert recording.spikes[0].tolist() == [100, 120]
    expected = 0.005 * (np.exp(-0.5) + np.exp(-0.6))
    assert recording.w[0] - 0.5 == pytest.approx(expected, abs=1e-15)


def test_a_current_makes_the_cell_fire_and_its_spikes_count():
    job = lanes(rule(set="additive"), [[0.0]], [[]], cell(), tail=0.2, currents=(Change(0, 100, 1e-9), Change(0, 1500, 0.0)))
    recording = run(job)
    assert recording.spikes[0].size > 2
    assert recording.spikes[0][0] > 100 and recording.spikes[0][-1] <= 1500
    expected = 0.005 * np.exp(-recording.spikes[0] * DT / 0.02).sum()
    assert recording.w[0] - 0.5 == pytest.approx(expected, abs=1e-14)


def test_refractory_steps_keep_the_membrane_at_its_reset_value():
    the_cell = replace(cell(), refractory=5e-3)
    job = lanes(rule(set="additive"), [[0.0]], [[0.01]], the_cell, tail=0.02, sweeps=np.array([100]), sweep_steps=60)
    v = run(but(job, currents=(Change(0, 0, 1e-10),))).v[0, 0]
    assert np.ptp(v[:50]) == 0
    assert v[50] > v[49]


def test_a_weight_that_is_not_finite_stops_the_run(tmp_path):
    bad = write_rule(tmp_path, "mine", MINIMAL.format(do='["weight_is_log = 1"]').replace('"weight_is_log = 1"', '"w += log(w - 2)"'))
    with pytest.raises(NonFiniteError, match="w of input 0 became nan"):
        run(lanes(bad, [[0.01]], [[]]))


def test_a_rule_that_reads_the_membrane_needs_a_cell(tmp_path):
    reader = write_rule(tmp_path, "mine", MINIMAL.format(do='["w += (v + 70*mV)/mV*0.001"]'))
    with pytest.raises(EngineError, match="name a cell"):
        run(lanes(reader, [[0.01]], [[]]))
    recording = run(lanes(reader, [[0.01]], [[]], cell()))
    assert recording.w[0] == pytest.approx(1.005, abs=1e-6)


def test_rewards_reach_the_synapses_of_their_lane(tmp_path):
    rewarded = write_rule(tmp_path, "mine", MINIMAL.format(do='["w += 0"]') + '\n[[on]]\nevent = "reward"\ndo = ["w += 0.25*amount"]\n')
    job = lanes(rewarded, [[0.0], [0.0]], [[], []], tail=0.1, rewards=(Change(1, 500, 2.0),))
    assert run(job).w.tolist() == [1.0, 1.5]


def test_a_clock_driven_rule_is_stepped(tmp_path):
    text = MINIMAL.format(do='["w += 0.1"]').replace(
        'model = "w : 1"', 'model = """\ndw/dt = w*(1 - w)/(0.1*second) : 1\n"""\nmethod = "rk4"'
    )
    grown = run(lanes(write_rule(tmp_path, "mine", text), [[0.0]], [[]], tail=0.05)).w[0]
    exact = 1 / (1 - (0.1 / 1.1) * np.exp(-0.05 / 0.1))
    assert grown == pytest.approx(exact, rel=1e-3)


def test_post_variables_follow_the_cell(tmp_path):
    text = (
        MINIMAL.format(do='["w += (u_minus + 65*mV)/mV"]')
        + '\n[post]\nmodel = "du_minus/dt = (v - u_minus)/(10*ms) : volt"\nmethod = "exponential_euler"\ninitial = { u_minus = "-65*mV" }\n'
    )
    follower = write_rule(tmp_path, "mine", text)
    job = lanes(follower, [[0.0, 0.1]], [[]], cell(), tail=0.01, currents=(Change(0, 1, 5e-11),))
    reached = run(job).w[0]
    assert 1 + 4.5 < reached < 1 + 5.0


@pytest.mark.parametrize("current", [4e-10, 1e-10])
def test_a_current_goes_on_through_steps_in_which_nothing_else_happens(current):
    """A constant current is no event, and no rest either: the cell charges, and may fire, for as long as it lasts."""
    job = lanes(rule(set="additive"), [[0.0]], [[]], cell(), tail=0.6, currents=(Change(0, 100, current), Change(0, 5000, 0.0)))
    recording, expected = run(job), run(replace(job, exact=True))
    np.testing.assert_array_equal(recording.spikes[0], expected.spikes[0])
    assert len(expected.spikes[0]) > 5 or current < 2e-10
