"""Turrigiano et al. (1998), 10.1038/36103, and van Rossum, Bi & Turrigiano (2000): scaling multiplies all synapses alike."""

from __future__ import annotations

import numpy as np
import pytest
from circuits_by_hand import of_lanes

import spikeheb as sh
from spikeheb.engines.choice import carry_out

NONE = np.zeros(0, dtype=np.int64)


def run(rule, post, steps, dt, initial, pre=None):
    """Weights and variables of the inputs of one cell at the end."""
    weights = np.asarray(initial.pop("w"), dtype=float)
    start = {"w": weights, **{name: np.full(weights.size, value) for name, value in initial.items()}}
    trains = tuple(pre) if pre is not None else (NONE,) * weights.size
    lane = np.zeros(weights.size, dtype=np.int64)
    return carry_out(of_lanes(rule, None, dt, steps, lane, trains, (post,), initial=start))


@pytest.mark.parametrize("interaction", ["proportional", "with_integral"])
def test_ratios_of_the_weights_are_kept(interaction):
    rng = np.random.default_rng(98)
    for rate, sign in ((5.0, 1), (60.0, -1)):
        post = np.flatnonzero(rng.random(600_000) < rate * 1e-3)
        rule = sh.rule("scaling", interaction=interaction)
        w = run(rule, post, 600_000, 1e-3, {"w": [0.2, 0.6, 1.4]}).w
        np.testing.assert_allclose(w / w[0], [1, 3, 7], rtol=1e-12)
        assert np.sign(w[0] - 0.2) == sign


def test_two_days_of_silence_nearly_double_the_weights():
    """The gain is fitted to this number; what is tested is that two days of it give the exponential."""
    rule = sh.rule("scaling", set="turrigiano_1998")
    w = run(rule, NONE, 1_728_000, 0.1, {"w": [0.5, 1.0]}).w
    np.testing.assert_allclose(w / [0.5, 1.0], 1.92, atol=0.005)


def test_silence_follows_the_closed_form_of_both_gains():
    """With a = 0 throughout, ln(w/w0) = beta*goal*t + gamma*goal*t**2/2."""
    rule, t = sh.rule("scaling", set="van_rossum_2000"), 300.0
    v = rule.constants
    w = run(rule, NONE, 300_000, 1e-3, {"w": [0.5], "a": 0.0}).w[0]
    assert np.log(w / 0.5) == pytest.approx(v["a_goal"] * (v["beta"] * t + v["gamma"] * t**2 / 2), rel=1e-5)


def test_a_cell_that_fires_at_its_goal_keeps_its_weights():
    rule = sh.rule("scaling", interaction="proportional")
    post = np.arange(25, 600_000, 50)
    assert run(rule, post, 600_000, 1e-3, {"w": [0.5]}).w[0] == pytest.approx(0.5, rel=1e-4)


def test_combined_with_a_rule_of_timing_each_keeps_its_part():
    rng = np.random.default_rng(2)
    pre, post = (np.flatnonzero(rng.random(20_000) < 0.03) for _ in range(2))
    both = {"w": [0.5]}
    alone = run(sh.rule("pair"), post, 20_000, 1e-3, dict(both), [pre]).w
    frozen = run(sh.rule("pair+scaling", scaling_beta=0), post, 20_000, 1e-3, dict(both), [pre]).w
    np.testing.assert_allclose(frozen, alone, rtol=0, atol=1e-14)
    scaled = run(sh.rule("scaling"), post, 20_000, 1e-3, dict(both), [pre]).w
    untimed = run(sh.rule("pair+scaling", pair_A_plus=0, pair_A_minus=0), post, 20_000, 1e-3, dict(both), [pre]).w
    np.testing.assert_allclose(untimed, scaled, rtol=0, atol=1e-14)
    assert abs(frozen[0] - 0.5) > 1e-3
    assert abs(scaled[0] - 0.5) > 1e-4
