"""Drift, diffusion, densities and relaxation against sums, simulations and integrals that are known without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.errors import EngineError
from spikeheb.theory.drift import (
    Density,
    FixedPoint,
    check_applies,
    diffusion,
    drift,
    fixed_points,
    limits,
    modes,
    stationary,
    weight_dependence,
)
from spikeheb.theory.relaxation import Relaxation, relaxation

A_PLUS, A_MINUS, TAU_PLUS, TAU_MINUS, R, S = 0.011, 0.017, 15e-3, 35e-3, 12.0, 20.0
NUMBERS = {"A_plus": A_PLUS, "A_minus": A_MINUS, "tau_plus": "15 ms", "tau_minus": "35 ms"}


def pair(F_plus="1", F_minus="1", w_min=0.0, **choices):
    return sh.rule("pair", **NUMBERS, bounds={"kind": "law", "F_plus": F_plus, "F_minus": F_minus, "w_min": w_min}, **choices)


HARD = sh.rule("pair", **NUMBERS, bounds={"kind": "hard", "w_min": 0.2, "w_max": 0.7})
A = R * S * (A_PLUS * TAU_PLUS - A_MINUS * TAU_MINUS)
BOTH = A_PLUS * TAU_PLUS - A_MINUS * TAU_MINUS
B = R * S * ((A_PLUS**2 * TAU_PLUS + A_MINUS**2 * TAU_MINUS) / 2 + (R + S) * BOTH**2)
"""Drift and diffusion without bounds; `test_drift_and_diffusion_are_those_of_poisson_trains` holds them against trains."""


# --- densities -----------------------------------------------------------------------------------------------------------


def test_every_number_of_a_triangular_density():
    """``w/2`` from 0 to 2: mean 4/3, variance 2/9, distribution w**2/4."""
    w = np.linspace(0, 2, 2001)
    density = Density(w, w / 2)
    assert (density.mean, density.sd) == (pytest.approx(4 / 3, rel=1e-6), pytest.approx((2 / 9) ** 0.5, rel=1e-6))
    np.testing.assert_allclose(density.distribution, w**2 / 4, atol=1e-6)
    np.testing.assert_allclose(density.quantiles([0.01, 0.25, 0.81]), [0.2, 1.0, 1.8], atol=1e-5)


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ([1, 3, 1, 3, 1], 2),
        ([3, 1, 3], 2),
        ([1, 2, 2, 1], 1),
        ([2, 2], 1),
        ([1, 2, 3], 1),
        ([3, 2, 3, 1, 4], 3),
        ([1, 2, 2, 3], 1),
        ([1e-9, 0, 1], 1),
        ([0, 1e-320, 1e-320, 1], 1),
        ([1, 9, 8.99, 10], 1),
    ],
)
def test_modes_are_counted(values, count):
    assert modes(Density(np.arange(len(values), dtype=float), np.array(values, dtype=float))) == count


# --- drift and diffusion -------------------------------------------------------------------------------------------------


def test_means_and_variances_of_noisy_weight_dependence():
    """F_plus of mean 1 - w and SD 0.5, F_minus of mean w and SD 0.3 w."""
    w = np.array([0.2, 0.5])
    moments = weight_dependence(pair("1 - w + 0.5*randn()", "w*(1 - 0.3*randn())"), w)
    np.testing.assert_allclose(moments, [1 - w, w, [0.25, 0.25], (0.3 * w) ** 2], rtol=1e-9)


def test_the_mean_of_a_square_of_a_normal_number():
    np.testing.assert_allclose(weight_dependence(pair("(w + randn())**2"), [0.5]), [[1.25], [1], [2 + 4 * 0.25], [0]], atol=1e-9)


@pytest.mark.parametrize("noise", [0.0, 0.8])
def test_drift_and_diffusion_are_those_of_poisson_trains(noise):
    """Every pair of 8000 pairs of trains, each 4 s long, with an amplitude drawn at each spike."""
    rng, runs, seconds = np.random.default_rng(1), 8000, 4.0
    change = np.zeros(runs)
    for run in range(runs):
        pre, post = (rng.uniform(0, seconds, rng.poisson(rate * seconds)) for rate in (R, S))
        delay = post[:, None] - pre
        later = np.where(delay > 0, A_PLUS * np.exp(-np.abs(delay) / TAU_PLUS), 0).sum(axis=1)
        earlier = np.where(delay < 0, A_MINUS * np.exp(-np.abs(delay) / TAU_MINUS), 0).sum(axis=0)
        factor_plus, factor_minus = (1 + noise * rng.standard_normal(x.size) for x in (later, earlier))
        change[run] = factor_plus @ later - factor_minus @ earlier
    rule = pair(f"1 + {noise}*randn()", f"1 + {noise}*randn()")
    assert change.mean() / seconds == pytest.approx(float(drift(rule, 0.5, R, S)), abs=4 * change.std() / np.sqrt(runs) / seconds, rel=0.01)
    assert change.var() / seconds == pytest.approx(float(diffusion(rule, 0.5, R, S)), rel=0.06)


@pytest.mark.parametrize("coincidence", ["pre_first", "post_first"])
def test_in_time_steps_a_tie_counts_for_the_side_that_is_read(coincidence):
    """Sums over the steps that two spikes may be apart, each pair of steps holding both with chance r*s*dt**2."""
    dt, step = 1e-3, np.arange(2000)
    tie = coincidence == "pre_first"
    plus = A_PLUS * np.exp(-step * dt / TAU_PLUS)[0 if tie else 1 :].sum()
    minus = A_MINUS * np.exp(-step * dt / TAU_MINUS)[1 if tie else 0 :].sum()
    expected = R * S * dt * (plus - minus)
    assert float(drift(pair(coincidence=coincidence), 0.5, R, S, dt=dt)) == pytest.approx(expected)


def test_a_bonus_adds_ltp_in_proportion_to_the_weight():
    w = np.array([0.1, 0.4])
    np.testing.assert_allclose(drift(pair("1 - w"), w, R, S, 0.7) - drift(pair("1 - w"), w, R, S), A_PLUS * (1 - w) * 0.7 * w)


def test_the_theory_is_about_pair_rules_under_any_name():
    check_applies(replace(pair(), name="own"))
    with pytest.raises(EngineError, match="is not"):
        check_applies(sh.rule("clopath"))
    with pytest.raises(EngineError, match="all spikes interacting"):
        diffusion(sh.rule("pair", interaction="restricted"), 0.5, R, S)


# --- fixed points and limits ---------------------------------------------------------------------------------------------


def test_every_fixed_point_of_a_bonus_by_hand():
    """Drift -A + A_plus*bonus*w: stable limits, and an unstable point between."""
    bonus = -A / A_PLUS / 0.45
    low, middle, high = fixed_points(HARD, R, S, bonus=bonus)
    assert (low, high) == (FixedPoint(0.2, True, True), FixedPoint(0.7, True, True))
    assert (middle.w, middle.stable, middle.at_limit) == (pytest.approx(0.45), False, False)


def test_a_rule_without_drift_has_no_fixed_point():
    same = {"A_plus": 0.01, "A_minus": 0.01, "tau_plus": "20 ms", "tau_minus": "20 ms"}
    assert fixed_points(sh.rule("pair", **same, bounds={"kind": "hard", "w_min": 0, "w_max": 1}), R, S) == []


@pytest.mark.parametrize("points", [20001, 20000, 3])
def test_a_fixed_point_that_is_one_of_the_points_looked_at_is_found(points):
    """Soft bounds with equal sides rest at 1/2, which is the middle of an odd number of points."""
    same = {"A_plus": 0.01, "A_minus": 0.01, "tau_plus": "20 ms", "tau_minus": "20 ms"}
    rule = sh.rule("pair", **same, bounds={"kind": "soft", "w_min": 0, "w_max": 1})
    assert [(point.w, point.stable) for point in fixed_points(rule, R, S, points=points)] == [(pytest.approx(0.5), True)]


def test_fixed_points_without_an_upper_limit_are_looked_for_up_to_the_top():
    """F_plus = 1, F_minus = w/c balance at w = c*A_plus*tau_plus/(A_minus*tau_minus)."""
    balance = A_PLUS * TAU_PLUS / (A_MINUS * TAU_MINUS)
    rule = pair("1", "w/300")
    (point,) = fixed_points(rule, R, S)
    assert (point.w, point.stable, point.at_limit) == (pytest.approx(300 * balance), True, False)
    assert fixed_points(rule, R, S, top=300 * balance * 0.9) == []
    assert fixed_points(pair("1", "w/1e4"), R, S) == []
    assert fixed_points(pair("1", "w*1e4"), R, S)[0].w == pytest.approx(balance * 1e-4, abs=1e-11)


def test_the_range_ends_at_the_limits_or_at_three_times_the_fixed_point():
    balance = A_PLUS * TAU_PLUS / (A_MINUS * TAU_MINUS)
    assert limits(HARD, R, S) == (0.2, 0.7)
    assert limits(HARD, R, S, top=0.6) == (0.2, 0.6)
    assert limits(pair("1", "w", w_min=0.1), R, S) == (0.1, pytest.approx(3 * balance))
    raised = limits(pair("1", "w", w_min=0.1), R, S, bonus=2.0)[1]
    assert raised == pytest.approx(3 * R * S * A_PLUS * TAU_PLUS / (R * S * A_MINUS * TAU_MINUS - 2 * A_PLUS))
    with pytest.raises(EngineError, match="no stable fixed point"):
        limits(pair("1", "0"), R, S)


def test_time_steps_move_the_range_without_an_upper_limit():
    """The balance of the sums over steps, the tie counting for LTP."""
    plus, minus = A_PLUS / -np.expm1(-1e-3 / TAU_PLUS), A_MINUS / np.expm1(1e-3 / TAU_MINUS)
    assert limits(pair("1", "w"), R, S, dt=1e-3)[1] == pytest.approx(3 * plus / minus)
    assert stationary(pair("1", "w"), R, S, dt=1e-3).w[-1] == pytest.approx(3 * plus / minus * (1 - 0.5 / 4000), rel=1e-6)


# --- stationary densities ------------------------------------------------------------------------------------------------


def test_constant_drift_and_diffusion_give_an_exponential_between_the_limits():
    density = stationary(HARD, R, S)
    expected = np.exp(2 * A / B * (density.w - 0.2))
    np.testing.assert_allclose(density.density / density.density[0], expected / expected[0], rtol=1e-6)
    assert np.trapezoid(density.density, density.w) == pytest.approx(1)
    assert (density.w.size, density.w[0]) == (4000, pytest.approx(0.2 + 0.5 / 8000))


def test_a_bonus_and_time_steps_bend_the_exponent():
    """``exp((2*A*w + A_plus*bonus*w**2)/B)``, with A from the sums over steps."""
    slow = R * S * 1e-3 * (A_PLUS / -np.expm1(-1e-3 / TAU_PLUS) - A_MINUS / np.expm1(1e-3 / TAU_MINUS))
    density = stationary(HARD, R, S, bonus=9.0, dt=1e-3, points=500)
    exponent = (2 * slow * density.w + A_PLUS * 9.0 * density.w**2) / B
    np.testing.assert_allclose(np.log(density.density) - np.log(density.density[0]), exponent - exponent[0], rtol=1e-6, atol=1e-9)
    assert density.w.size == 500


def test_a_diffusion_that_depends_on_the_weight_divides_the_density():
    """Drift 0 by F_plus = F_minus = F where both areas are equal, so that the density is 1/F**2."""
    rule = sh.rule(
        "pair", **NUMBERS | {"A_minus": A_PLUS * 15 / 35}, bounds={"kind": "law", "F_plus": "1 + w", "F_minus": "1 + w", "w_min": 0}
    )
    density = stationary(rule, R, S, top=1.0)
    np.testing.assert_allclose(density.density, 2 / (1 + density.w) ** 2, rtol=1e-3)


# --- relaxation ----------------------------------------------------------------------------------------------------------


def test_jumps_between_cells_have_the_mean_and_variance_of_the_drift_and_the_diffusion():
    way = relaxation(HARD, R, S, cells=400)
    np.testing.assert_allclose(way.generator.sum(axis=0), 0, atol=1e-9)
    hops = way.centres[:, None] - way.centres
    np.testing.assert_allclose((hops * way.generator).sum(axis=0)[1:-1], A, rtol=1e-6)
    np.testing.assert_allclose((hops**2 * way.generator).sum(axis=0)[1:-1], B, rtol=0.02)
    assert (way.edges[0], way.edges[-1], len(way.edges)) == (0.2, 0.7, 401)


def test_cells_know_of_bonus_time_steps_and_top():
    way = relaxation(pair(), R, S, bonus=9.0, dt=1e-3, top=0.5, cells=300)
    slow = R * S * 1e-3 * (A_PLUS / -np.expm1(-1e-3 / TAU_PLUS) - A_MINUS / np.expm1(1e-3 / TAU_MINUS))
    moved = ((way.centres[:, None] - way.centres) * way.generator).sum(axis=0)[1:-1]
    np.testing.assert_allclose(moved, (slow + A_PLUS * 9.0 * way.centres)[1:-1], rtol=2e-3, atol=1e-5)
    assert (way.edges[-1], len(relaxation(HARD, R, S).edges)) == (0.5, 161)


def test_without_drift_the_slowest_mode_is_the_longest_cosine():
    """Its rate is ``B*(pi/L)**2/2``."""
    balanced = sh.rule("pair", **NUMBERS | {"A_minus": A_PLUS * 15 / 35}, bounds={"kind": "hard", "w_min": 0.2, "w_max": 0.7})
    spread = float(diffusion(balanced, 0.5, R, S))
    assert relaxation(balanced, R, S).time == pytest.approx(2 * (0.5 / np.pi) ** 2 / spread, rel=1e-3)


def test_shares_distances_and_centres_by_hand():
    way = Relaxation(np.array([1.0, 3.0, 5.0, 7.0]), np.zeros((3, 3)))
    np.testing.assert_allclose(way.centres, [2, 4, 6])
    np.testing.assert_allclose(way.shares([[-9.0, 2.0], [3.5, 99.0]]), [0.5, 0.25, 0.25])
    assert way.distance(np.array([1.0, 0, 0]), np.array([0, 0.5, 0.5])) == pytest.approx(3.0)
    np.testing.assert_allclose(way.after(np.array([0.2, 0.3, 0.5]), 10.0), [0.2, 0.3, 0.5])


def test_two_cells_exchange_exponentially():
    way = Relaxation(np.array([0.0, 1.0, 2.0]), np.array([[-0.3, 0.1], [0.3, -0.1]]))
    np.testing.assert_allclose(way.after(np.array([1.0, 0.0]), 2.0), [0.25 + 0.75 * np.exp(-0.8), 0.75 - 0.75 * np.exp(-0.8)])
    assert way.time == pytest.approx(2.5)
