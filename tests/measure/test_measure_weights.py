"""Measures of weight distributions on samples whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeheb.measure.weights import (
    kolmogorov_smirnov,
    kolmogorov_smirnov_to_density,
    over_seeds,
    rate_and_cv,
    selectivity,
    shape,
    turnover,
    wasserstein,
    wasserstein_to_density,
)

RNG = np.random.default_rng(7)


def test_two_heaps_at_the_bounds():
    statistics = shape(np.concatenate([RNG.uniform(0, 0.05, 700), RNG.uniform(0.95, 1, 300)]), 0, 1)
    assert statistics.near_low == 0.7
    assert statistics.near_high == pytest.approx(0.3)
    assert statistics.dip_p < 0.01
    assert statistics.skew > 0


def test_one_heap_has_one_mode():
    statistics = shape(RNG.normal(0.5, 0.05, 1000), 0, 1)
    assert statistics.dip_p > 0.05
    assert statistics.near_low == statistics.near_high == 0
    assert statistics.cv == pytest.approx(0.1, rel=0.1)


def test_equal_weights_are_one_mode_without_skew():
    statistics = shape(np.full(50, 0.3), 0, None)
    assert statistics.dip_p == 1
    assert np.isnan(statistics.skew)


def test_weights_so_small_that_their_cubes_vanish_have_a_skew():
    assert shape([0, 0, 0, 0, 1e-140], 0, 1).skew == pytest.approx(1.5)


def test_distances_of_shifted_samples():
    a = RNG.random(5000)
    assert wasserstein(a, a + 0.2) == pytest.approx(0.2)
    assert kolmogorov_smirnov(a, a + 0.2)[0] == pytest.approx(0.2, abs=0.03)
    w = np.linspace(0, 1, 1001)
    assert wasserstein_to_density(a, w, np.ones(1001)) < 0.02
    assert wasserstein_to_density(a + 0.3, w, np.ones(1001)) == pytest.approx(0.3, abs=0.02)
    assert kolmogorov_smirnov_to_density(a, w, np.ones(1001)) < 0.03
    assert kolmogorov_smirnov_to_density(a + 0.3, w, np.ones(1001)) == pytest.approx(0.3, abs=0.03)


def test_intervals_over_seeds_cover_the_truth_and_are_not_known_for_one_seed():
    seeds = [[RNG.normal(0, 1, 200) for _ in range(8)], [RNG.normal(0.5, 1, 200) for _ in range(8)]]
    interval = over_seeds(wasserstein, seeds, np.random.default_rng(0), draws=200)
    assert interval.low < 0.5 < interval.high
    assert np.isnan(over_seeds(wasserstein, [s[:1] for s in seeds], np.random.default_rng(0)).low)


def test_turnover_of_frozen_and_of_redrawn_weights():
    frozen = np.tile(RNG.random(200), (10, 1))
    np.testing.assert_array_equal(turnover(frozen), 0)
    redrawn = turnover(RNG.random((10, 2000)))
    assert redrawn[0] == 0
    np.testing.assert_allclose(redrawn[1:], 1, atol=0.05)


def test_selectivity():
    group = np.arange(10) < 5
    assert selectivity(group.astype(float), group) == 1
    assert selectivity(np.ones((3, 10)), group) == 0


def test_selectivity_is_of_the_means():
    assert selectivity([[0.6, 0.2, 0.1], [0.4, 0.0, 0.1]], [True, False, False]) == pytest.approx((0.5 - 0.1) / (0.5 + 0.1))


def test_every_number_of_a_shape_by_hand():
    """Weights 0, 1, 1, 2 of 0 to 10: mean 1, SD sqrt(1/2), no skew; three of four within a tenth of the range of the lower limit."""
    of = shape([0, 1, 1, 2], 0, 10)
    assert (of.mean, of.cv, of.skew) == (1, pytest.approx(0.5**0.5), 0)
    assert (of.near_low, of.near_high) == (0.75, 0)
    assert shape([0, 9, 9.5, 10], 0, 10).near_high == 0.75
    assert shape([0, 0, 3], 0, 10).skew == pytest.approx(0.5**0.5)


def test_cv_of_intervals_by_hand():
    """Intervals of 1, 2, 3 s: mean 2, SD sqrt(2/3); three spikes in the 10 s from 1 s on, of one train of two."""
    rate, cv = rate_and_cv([[0, 1, 3, 6], [2]], 0, 10)
    assert rate == 0.25
    assert cv == pytest.approx((2 / 3) ** 0.5 / 2)
    assert rate_and_cv([[0, 1, 3, 6]], 1, 11)[0] == pytest.approx(0.3)


def test_rate_and_cv_of_regular_and_random_trains():
    rate, cv = rate_and_cv([np.arange(0, 10, 0.1), np.arange(0.05, 10, 0.1)], 5, 10)
    assert rate == pytest.approx(10)
    assert cv == pytest.approx(0, abs=1e-9)
    assert rate_and_cv([np.sort(RNG.uniform(0, 1000, 20000))], 0, 1000)[1] == pytest.approx(1, abs=0.03)


@given(st.lists(st.integers(0, 1000).map(lambda n: n / 1000), min_size=5, max_size=40), st.floats(0.1, 3))
def test_shape_does_not_know_the_unit(values, unit):
    a, b = shape(values, 0, 1), shape(np.array(values) * unit, 0, unit)
    assert b.mean == pytest.approx(a.mean * unit, abs=1e-9)
    assert a.cv == pytest.approx(b.cv, nan_ok=True, rel=1e-6, abs=1e-6)
