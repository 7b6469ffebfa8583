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
    standstill,
    turnover,
    wasserstein,
    wasserstein_to_density,
)

RNG = np.random.default_rng(7)


def test_two_heaps_at_the_bounds():
    found = shape(np.concatenate([RNG.uniform(0, 0.05, 700), RNG.uniform(0.95, 1, 300)]), 0, 1)
    assert found.near_low == 0.7
    assert found.near_high == pytest.approx(0.3)
    assert found.dip_p < 0.01
    assert found.skew > 0


def test_one_heap_has_one_mode():
    found = shape(RNG.normal(0.5, 0.05, 1000), 0, 1)
    assert found.dip_p > 0.05
    assert found.near_low == found.near_high == 0
    assert found.cv == pytest.approx(0.1, rel=0.1)


def test_equal_weights_are_one_mode_without_skew():
    found = shape(np.full(50, 0.3), 0, None)
    assert found.dip_p == 1
    assert np.isnan(found.skew)


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
    found = over_seeds(wasserstein, seeds, np.random.default_rng(0), draws=200)
    assert found.low < 0.5 < found.high
    assert np.isnan(over_seeds(wasserstein, [s[:1] for s in seeds], np.random.default_rng(0)).low)


def test_turnover_of_frozen_and_of_redrawn_weights():
    frozen = np.tile(RNG.random(200), (10, 1))
    np.testing.assert_array_equal(turnover(frozen), 0)
    redrawn = turnover(RNG.random((10, 2000)))
    assert redrawn[0] == 0
    np.testing.assert_allclose(redrawn[1:], 1, atol=0.05)


def test_a_run_that_still_moves_is_not_stationary():
    still = RNG.random((40, 500))
    assert standstill(still, 1.0).stationary
    moving = standstill(still * 0.1 + np.linspace(0, 1, 40)[:, None], 1.0)
    assert not moving.stationary
    assert moving.change == pytest.approx(0.25, abs=0.02)
    assert "too few" in standstill(still[:3], 1.0).reason


def test_selectivity():
    group = np.arange(10) < 5
    assert selectivity(group.astype(float), group) == 1
    assert selectivity(np.ones((3, 10)), group) == 0


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
