"""Fixed points, densities and thresholds against RULES' closed forms."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.errors import EngineError
from spikeheb.theory.constraint import fixed_point, prediction
from spikeheb.theory.drift import diffusion, drift, fixed_points, modes, stationary
from spikeheb.theory.measured_weights import epsp_density
from spikeheb.theory.triplet import bcm_threshold, poisson_drift

RATE = 15.0


def gutig(mu, rate=0.005, alpha=1.05):
    bounds = {"kind": "power", "mu_plus": mu, "mu_minus": mu, "w_min": 0, "w_max": 1}
    return sh.rule("pair", A_plus=rate, A_minus=rate * alpha, tau_plus="20 ms", tau_minus="20 ms", bounds=bounds)


@pytest.mark.parametrize(("mu", "expected"), [(0.02, 0.0802), (0.1, 0.380), (0.5, 0.476), (1.0, 0.488)])
def test_gutigs_fixed_point(mu, expected):
    points = fixed_points(gutig(mu), RATE, RATE)
    assert [point.stable for point in points] == [True]
    assert points[0].w == pytest.approx(expected, abs=5e-4)
    assert points[0].w == pytest.approx(1 / (1 + 1.05 ** (1 / mu)), rel=1e-6)


@pytest.mark.parametrize(
    ("mu", "expected", "tolerance"), [(0.02, 0.136, 0.003), (0.1, 0.380, 0.0076), (0.5, 0.476, 0.0095), (1.0, 0.488, 0.01)]
)
def test_gutigs_mean_weight(mu, expected, tolerance):
    assert stationary(gutig(mu), RATE, RATE).mean == pytest.approx(expected, abs=tolerance)


def test_a_slow_rule_settles_at_its_fixed_point():
    assert stationary(gutig(0.02, rate=1e-4), RATE, RATE).mean == pytest.approx(0.081, abs=0.003)


def test_morrisons_fixed_point():
    points = fixed_points(sh.rule("pair", set="morrison", tau_plus="20 ms", tau_minus="20 ms"), RATE, RATE)
    assert [point.w for point in points if point.stable] == [pytest.approx((0.1 / 0.011) ** (1 / 0.6), rel=1e-6)]


def test_log_stdp_rests_at_J_0_where_the_two_sides_balance():
    rule = sh.rule("pair", set="log_stdp")
    c = rule.constants
    balance = c["A_plus"] * c["tau_plus"] * np.exp(-1 / c["beta"]) / (c["A_minus"] * c["tau_minus"])
    assert balance == pytest.approx(1, abs=0.03)
    stable = [point.w for point in fixed_points(rule, RATE, RATE) if point.stable]
    assert stable == [pytest.approx(c["J_0"], rel=0.05)]


def test_van_rossum_is_wide_with_its_noise_and_narrow_without():
    """RULES 1.4: sd 86 pS at mean 333 pS with the noise, 13 pS without; w = 1 is 100 pS."""
    taus = {"tau_plus": "20 ms", "tau_minus": "20 ms"}
    noisy = stationary(sh.rule("pair", set="van_rossum", **taus), RATE, RATE)
    assert noisy.mean == pytest.approx(3.33, rel=0.03)
    assert noisy.sd == pytest.approx(0.86, rel=0.1)
    bounds = {"kind": "law", "F_plus": "1", "F_minus": "w", "w_min": 0}
    plain = stationary(sh.rule("pair", set="van_rossum", bounds=bounds, **taus), RATE, RATE)
    assert plain.sd == pytest.approx(0.13, rel=0.1)


def test_a_bonus_for_strong_weights_splits_an_additive_distribution_in_two():
    rule = sh.rule("pair", set="additive", A_plus=0.005, A_minus=0.00525, tau_plus="20 ms", tau_minus="20 ms")
    assert modes(stationary(rule, RATE, RATE)) == 1
    points = fixed_points(rule, RATE, RATE, bonus=0.4)
    assert [point.stable for point in points] == [True, False, True]
    assert modes(stationary(rule, RATE, RATE, bonus=0.4)) == 2


def test_gutigs_distribution_bifurcates_as_mu_falls():
    bonus = 0.6
    counts = [sum(point.stable for point in fixed_points(gutig(mu), RATE, RATE, bonus=bonus)) for mu in (0.001, 0.01, 0.1, 0.5)]
    assert counts[0] == 2
    assert counts[-1] == 1
    assert counts == sorted(counts, reverse=True)


def test_the_mean_step_of_each_choice_of_bounds():
    """Hard bounds know nothing of w, soft ones vanish at their limit, powers stand between."""
    w = np.array([0.1, 0.5, 0.9])
    base = {"A_plus": 0.01, "A_minus": 0.01, "tau_plus": "20 ms", "tau_minus": "20 ms"}
    of = {kind: drift(sh.rule("pair", bounds={"kind": kind, "w_min": 0, "w_max": 1}, **base), w, 1.0, 1.0) for kind in ("hard", "soft")}
    np.testing.assert_allclose(of["hard"], 0, atol=1e-15)
    np.testing.assert_allclose(of["soft"], 0.01 * 0.02 * (1 - 2 * w), atol=1e-15)
    power = drift(gutig(0.5, 0.01, 1.0), w, 1.0, 1.0)
    np.testing.assert_allclose(power, 0.01 * 0.02 * (np.sqrt(1 - w) - np.sqrt(w)), atol=1e-15)
    assert np.all(diffusion(gutig(0.5), w, 1.0, 1.0) > 0)


@pytest.mark.parametrize(("which", "expected"), [("visual_cortex_all_min", 19.2), ("hippocampus_all_min", 5.4)])
def test_the_triplet_rules_threshold(which, expected):
    constants = sh.rule("triplet", set=which).constants
    threshold = bcm_threshold(constants)
    assert threshold == pytest.approx(expected, rel=0.05)
    assert poisson_drift(constants, 10.0, threshold) == pytest.approx(0, abs=1e-12)
    assert poisson_drift(constants, 10.0, 1.1 * threshold) > 0 > poisson_drift(constants, 10.0, 0.9 * threshold)


def test_rules_that_the_theory_is_not_about_are_refused():
    with pytest.raises(EngineError, match="which triplet is not"):
        drift(sh.rule("triplet"), 0.5, 10, 10)
    with pytest.raises(EngineError, match="all spikes interacting"):
        drift(sh.rule("pair", interaction="symmetric"), 0.5, 10, 10)


def test_enumerated_fixed_point_of_the_constraint_theorem():
    """RULES section 10."""
    p = (0.8, 0.4, 0.2, 0.1, 0.05)
    np.testing.assert_allclose(fixed_point(p, 0.2), [0.5348, 0.2519, 0.1226, 0.0606, 0.0301], atol=5e-5)
    np.testing.assert_allclose(prediction(p), [0.5161, 0.2581, 0.1290, 0.0645, 0.0323], atol=5e-5)
    bias = [np.abs(fixed_point(p, rate) - prediction(p)).max() for rate in (0.002, 0.004)]
    assert bias[1] / bias[0] == pytest.approx(2, rel=0.01)


def test_measured_epsps_are_a_density():
    x = np.linspace(1e-3, 60, 200000)
    assert np.trapezoid(epsp_density(x), x) == pytest.approx(1, abs=1e-3)


def test_two_modes_need_ltd_that_hardly_exceeds_ltp():
    """The bifurcation with the ratio of LTD to LTP, at a given bonus of strong weights."""
    stable = []
    for alpha in (1.0, 1.02, 1.05, 1.2, 1.5):
        rule = sh.rule("pair", set="additive", A_plus=0.005, A_minus=0.005 * alpha, tau_plus="20 ms", tau_minus="20 ms")
        stable.append([point.w for point in fixed_points(rule, RATE, RATE, bonus=0.4) if point.stable])
    assert stable[0] == [1.0]
    assert [len(points) for points in stable[1:]] == [2, 2, 1, 1]
    assert stable[-1] == [0.0]


def test_without_diffusion_there_is_no_stationary_density():
    with pytest.raises(EngineError, match="does not spread every weight"):
        stationary(sh.rule("pair", A_plus=0, A_minus=0), RATE, RATE)


@pytest.mark.parametrize("points", [1000, 4000, 20000])
@pytest.mark.parametrize(
    ("rule", "bonus", "expected"),
    [
        (gutig(0.04, rate=0.02), 1.0, 1),  # the diffusion falls at the upper limit, by less than 2 per cent
        (gutig(0.04), 20.0, 1),  # all but the upper end underflows
        (gutig(0.02), 20.0, 1),
        (gutig(0.001, rate=0.02), 0.4, 2),
    ],
)
def test_the_number_of_modes_does_not_depend_on_rounding(rule, bonus, expected, points):
    assert modes(stationary(rule, RATE, RATE, bonus=bonus, points=points)) == expected
