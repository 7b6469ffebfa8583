"""Scores against closed forms, and what each of them would get wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from spikeheb.measure.score import deviance, error, met, noise_ceiling, points, ranks, signs_right, skill

NAN = np.nan


def some(n=(5, 5, NAN)):
    return points([1.5, 0.7, 1.0], [0.1, 0.1, 0.2], [0.0, NAN, 0.0], n, [None, None, None])


def test_deviance_is_students_where_n_is_known_and_the_square_where_not():
    data = some()
    t = np.array([2.0, -1.0, 0.5])
    model = data.ratio + t * data.error
    assert_allclose(deviance(model, data), 5 * np.log1p(4 / 4) + 5 * np.log1p(1 / 4) + 0.25)
    assert_allclose(error(model, data), np.mean(t**2))
    assert met(model, data) == 3


def test_many_cells_make_the_deviance_the_square():
    data = some(n=(1e7, 1e7, 1e7))
    assert_allclose(deviance(data.ratio + 3 * data.error, data), 27, rtol=1e-5)


def test_digitisation_adds_to_the_standard_error():
    data = points([1.2], [0.3], [0.4], [6], [None])
    assert_allclose(data.error, 0.5)


def test_a_model_that_never_changes_has_no_skill_and_the_data_have_all():
    data = some()
    assert skill(np.ones(3), data) == 0
    assert skill(data.ratio, data) == 1


def test_signs_are_the_named_ones_or_those_beyond_two_errors():
    data = points([1.5, 0.9, NAN, NAN], [0.1, 0.2, NAN, NAN], [0, 0, 0, 0], [5, 5, NAN, NAN], [None, None, "LTD", None])
    assert_allclose(data.sign, [1, 0, -1, NAN])
    assert signs_right([1.2, 1.04, 0.94, 9], data) == (3, 3)
    assert signs_right([1.0, 1.06, 0.96, 9], data) == (0, 3)


def test_directions_alone_have_no_deviance():
    data = points([NAN], [NAN], [NAN], [NAN], ["LTP"])
    assert np.isnan([deviance([1.2], data), error([1.2], data), skill([1.2], data), *noise_ceiling(data, np.random.default_rng(0))]).all()


def test_the_true_rule_would_score_more_than_one_with_few_cells():
    """RULES' figure: median E about 1.7 with n from 3 to 10, and 1 with many."""
    few = points(np.ones(10), np.full(10, 0.1), np.zeros(10), np.arange(10) % 8 + 3, [None] * 10)
    many = points(np.ones(10), np.full(10, 0.1), np.zeros(10), np.full(10, 1e6), [None] * 10)
    assert 1.4 < noise_ceiling(few, np.random.default_rng(1))[0] < 2.0
    assert_allclose(noise_ceiling(many, np.random.default_rng(1), 20000)[0], 0.934, atol=0.02)  # the median of chi-squared with 10 over 10


def test_close_models_tie_and_fitted_parameters_cost():
    data = some(n=(NAN,) * 3)
    exact, near, far = data.ratio, data.ratio + np.array([0.1, 0, 0]), data.ratio + np.array([0.5, 0, 0])
    intervals = ranks([exact, near, far, np.full(3, NAN)], [0, 0, 0, 0], data, np.random.default_rng(0))
    assert_allclose(intervals.rank, [1, 1, 3, NAN])
    assert ranks([exact, far], [20, 0], data, np.random.default_rng(0)).rank.tolist() == [2, 1]


def test_the_interval_of_a_rank_holds_what_the_data_cannot_tell():
    data = some(n=(NAN,) * 3)
    intervals = ranks([data.ratio, data.ratio + 1.6 * data.error, data.ratio + 20 * data.error], [0, 0, 0], data, np.random.default_rng(0))
    assert intervals.low[1] == 1 and intervals.high[1] == 2 and intervals.low[2] == intervals.high[2] == 3


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=3), st.floats(1.1, 3))
def test_further_away_is_never_better(t, farther):
    data = some()
    assert deviance(data.ratio + farther * np.array(t) * data.error, data) >= deviance(data.ratio + np.array(t) * data.error, data)


@pytest.mark.parametrize("draws", [200])
def test_ranks_depend_on_nothing_but_the_generator(draws):
    data = some()
    a, b = (ranks([data.ratio, data.ratio + 0.1], [0, 0], data, np.random.default_rng(3), draws) for _ in range(2))
    assert_allclose([a.rank, a.low, a.high], [b.rank, b.low, b.high])
