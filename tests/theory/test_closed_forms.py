"""The closed forms of the pair, triplet, voltage and calcium rules against sums, integrals and counts made another way."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from oracles import pair as pair_oracle
from scipy.stats import lognorm

from spikeheb.theory import clopath, graupner_brunel, triplet
from spikeheb.theory.constraint import fixed_point, prediction
from spikeheb.theory.measured_weights import epsp_density
from spikeheb.theory.pair import pairing_change

PAIR = {"A_plus": 0.011, "A_minus": 0.007, "tau_plus": 17e-3, "tau_minus": 34e-3}
VOLTAGE = {"theta_minus": -0.070, "theta_plus": -0.045, "A_LTD": 2.0, "A_LTP": 400.0}
CALCIUM = {
    "gamma_p": 700.0, "gamma_d": 300.0, "tau": 150.0, "tau_ca": 20e-3, "theta_p": 1.3, "theta_d": 0.8, "sigma": 3.0, "rho_star": 0.5,
    "beta": 0.25, "b": 3.0, "D": 7e-3, "C_pre": 1.1, "C_post": 0.9,
}  # fmt: skip


def window(s):
    """The window of a pair."""
    return 0.011 * np.exp(-s / 17e-3) if s > 0 else -0.007 * np.exp(s / 34e-3)


# --- pairs ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coincidence", ["pre_first", "post_first"])
def test_a_train_of_pairs_changes_the_weight_as_the_sum_over_its_spikes(coincidence):
    """At 20 Hz the fifth neighbours still meet; at -50, 0 and 50 ms some coincide."""
    delays = np.array([-0.050, -0.013, 0.0, 0.008, 0.050])
    pre = 1.0 + np.arange(5) * 0.05
    expected = [
        pair_oracle.final_weight(pre, (pre + delay).round(6), 0.5, **PAIR, coincidence=coincidence, bounds="none") - 0.5 for delay in delays
    ]
    np.testing.assert_allclose(pairing_change(delays, 5, 20.0, **PAIR, coincidence=coincidence), expected, rtol=1e-6)


@pytest.mark.parametrize("n", [29, 55, 57, 60])
def test_a_tie_that_is_off_by_rounding_is_a_tie(n):
    """Two pairs in which the second postsynaptic spike comes with the first presynaptic one."""
    period, delay = 0.001 * n, -0.001 * n
    expected = 2 * window(delay) + 0.011 + window(2 * delay)
    assert pairing_change(delay, 2, 1 / period, **PAIR) == pytest.approx(expected, rel=1e-9)


def test_far_pairs_change_nothing_and_the_shape_is_that_of_the_delays():
    delays = np.array([[-50.0, 50.0, 1e-3]])
    change = pairing_change(delays, 2, 1e-3, **PAIR)
    assert change.shape == (1, 3)
    np.testing.assert_allclose(change, [[0, 0, 2 * 0.011 * np.exp(-1 / 17)]], atol=1e-12)


# --- the voltage rule ----------------------------------------------------------------------------------------------------


def test_a_clamped_membrane_depresses_between_the_thresholds_and_potentiates_beyond_the_reversal():
    """5 mV above the reversal of -40 mV: 35 mV * (400/V * 10 mV - 2)."""
    potentials = [-0.080, -0.060, -0.040, -0.035]
    np.testing.assert_allclose(clopath.clamped_change(VOLTAGE, potentials), [0, -0.02, 0, 0.035 * 2], atol=1e-15)
    assert clopath.reversal(VOLTAGE) == pytest.approx(-0.040)


def test_the_rate_above_which_trains_potentiate_by_hand():
    """2/(400 * 0.12e-3 Vs) Hz, and in inverse proportion to the area of a spike."""
    assert clopath.reversal_rate(VOLTAGE) == pytest.approx(125 / 3)
    assert clopath.reversal_rate(VOLTAGE, 0.24) == pytest.approx(125 / 6)


# --- the triplet rule ----------------------------------------------------------------------------------------------------

TRIPLET = {"A2_plus": 2, "A2_minus": 5, "A3_plus": 0.3, "A3_minus": 0.7, "tau_plus": 1.1, "tau_minus": 1.3, "tau_x": 1.7, "tau_y": 1.9}


def test_the_drift_of_the_triplet_rule_is_that_of_each_kind_of_group():
    """Doublets come with rate r*s, triplets with r*s*s and r*r*s; each counts for its amplitude and the areas of its traces."""
    r, s = 3.0, 11.0
    groups = [r * s * 2 * 1.1, -r * s * 5 * 1.3, r * s * s * 0.3 * 1.1 * 1.9, -r * r * s * 0.7 * 1.3 * 1.7]
    assert triplet.poisson_drift(TRIPLET, r, s) == pytest.approx(sum(groups))


def test_below_the_threshold_the_triplet_rule_depresses():
    """(5*1.3 - 2*1.1)/(0.3*1.1*1.9) Hz."""
    assert triplet.bcm_threshold(TRIPLET) == pytest.approx(4.3 / 0.627)


# --- the calcium rule ----------------------------------------------------------------------------------------------------


def share_above(times, amounts, period, tau, threshold):
    """The same fraction from calcium that is summed over 300 periods and sampled."""
    at = (np.arange(20_000) + 0.5) / 20_000 * period
    calcium = np.zeros(at.size)
    for time, amount in zip(times, amounts, strict=True):
        since = (at - time) % period
        calcium += amount * sum(np.exp(-(since + k * period) / tau) for k in range(300))
    return np.mean(calcium >= threshold)


@pytest.mark.parametrize("threshold", [0.2, 0.6, 1.1, 1.9, 3.0])
@pytest.mark.parametrize("period", [0.008, 0.05, 0.4])
def test_the_time_above_a_threshold_is_that_of_sampled_calcium(period, threshold):
    times, amounts = [0.013, 0.002, 0.405], [1.0, 0.7, 0.4]
    expected = share_above(times, amounts, period, 0.02, threshold)
    assert graupner_brunel.fraction_above(times, amounts, period, 0.02, threshold) == pytest.approx(expected, abs=2e-4)


def test_calcium_at_the_threshold_is_above_it():
    assert graupner_brunel.fraction_above([0.0], [1.0], 1000.0, 0.02, 1.0) == 0
    assert graupner_brunel.fraction_above([0.0, 0.0], [1.0, 1.0], 1.0, 1.0, 1 / np.expm1(1)) == 1


def test_presynaptic_calcium_comes_late_and_each_side_has_its_amount_and_threshold():
    potentiating, depressing = graupner_brunel.fractions(CALCIUM, [0.0, 0.1], [0.005], 0.2)
    jumps = ([0.007, 0.107, 0.005], [1.1, 1.1, 0.9], 0.2, 0.02)
    assert potentiating == pytest.approx(share_above(*jumps, 1.3), abs=2e-4)
    assert depressing == pytest.approx(share_above(*jumps, 0.8), abs=2e-4)


def test_calcium_amplitudes_follow_external_calcium_with_their_own_powers():
    scaled = graupner_brunel.at_external_calcium({**CALCIUM, "Ca": 3.0, "Ca_ref": 2.0, "a_pre": 2.0, "a_post": -1.0})
    assert (scaled["C_pre"], scaled["C_post"]) == (pytest.approx(1.1 * 2.25), pytest.approx(0.9 / 1.5))
    assert (scaled["tau"], scaled["Ca"]) == (150.0, 3.0)


def test_the_mean_of_rho_obeys_its_equation():
    """``tau*rho' = G_p*(1 - rho) - G_d*rho`` with G_p = 70 and G_d = 60, in 20000 steps."""
    rho, seconds = 0.9, 0.8
    for _ in range(20_000):
        rho += seconds / 20_000 * (70 * (1 - rho) - 60 * rho) / 150
    assert graupner_brunel.mean_rho(CALCIUM, 0.9, (0.1, 0.2), seconds) == pytest.approx(rho, abs=1e-5)
    assert graupner_brunel.mean_rho(CALCIUM, 0.9, (0.0, 0.0), seconds) == 0.9
    equal = 0.5 + 0.4 * np.exp(-seconds * 2 * 262.5 / 150)
    assert graupner_brunel.mean_rho(CALCIUM, 0.9, (0.375, 0.875), seconds) == pytest.approx(equal)


def test_always_above_both_thresholds_rho_is_normal_around_its_mean():
    """An Ornstein-Uhlenbeck process of rate 1000/150 Hz and noise 8**2*2/150 a second around 0.7, for 0.3 s."""
    low = {**CALCIUM, "theta_p": 1e-9, "theta_d": 1e-9, "sigma": 8.0}
    outcome = graupner_brunel.outcome(low, [0.0], [0.01], 0.1, 3)
    kept = np.exp(-0.3 * 1000 / 150)
    sd = np.sqrt(64 * 2 / 2000 * (1 - kept**2))
    up = 1 - NormalDist(0.7 * (1 - kept), sd).cdf(0.5)
    down = NormalDist(0.7 + 0.3 * kept, sd).cdf(0.5)
    assert (outcome.up, outcome.down) == (pytest.approx(up), pytest.approx(down))
    assert outcome.change == pytest.approx((0.25 * (1 + 2 * up) + 0.75 * (3 - 2 * down)) / 2.5)


def test_where_calcium_reaches_no_threshold_nothing_changes():
    quiet = graupner_brunel.pairs({**CALCIUM, "C_pre": 0.1, "C_post": 0.1}, 0.01, 1.0, 60)
    assert (quiet.up, quiet.down, quiet.change) == (0.0, 0.0, 1.0)


def test_pairs_are_spikes_at_0_and_delta_t_of_every_period():
    assert graupner_brunel.pairs(CALCIUM, 0.01, 4.0, 30) == graupner_brunel.outcome(CALCIUM, [0.0], [0.01], 0.25, 30)


def test_the_change_of_a_population_counted_synapse_by_synapse():
    """Of 80 synapses 20 start at efficacy 1, of which 10 go up, and 60 at 3, of which 15 go down."""
    before, after = [1] * 20 + [3] * 60, [1] * 10 + [3] * 10 + [1] * 15 + [3] * 45
    assert graupner_brunel.population_change(CALCIUM, 0.5, 0.25) == pytest.approx(sum(after) / sum(before))


# --- normalised and measured weights -------------------------------------------------------------------------------------


def test_normalised_weights_count_promotions_less_demotions():
    np.testing.assert_allclose(prediction([4, 3, 1], [1, 1, 0]), [3 / 6, 2 / 6, 1 / 6])


def test_the_fixed_point_of_normalised_weights_is_where_sampled_events_balance():
    p, rate = np.array([0.7, 0.3, 0.2]), 0.5
    events = (np.random.default_rng(4).random((400_000, 3)) < p).astype(float)
    share = fixed_point(p, rate)
    after = (share + rate * events) / (1 + rate * events.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(after.mean(axis=0), share, atol=1e-3)


def test_measured_epsps_are_log_normal():
    x = np.array([0.05, 0.5, 2.0, 8.0])
    np.testing.assert_allclose(epsp_density(x), lognorm.pdf(x, 0.9355, scale=np.exp(-0.702)))
