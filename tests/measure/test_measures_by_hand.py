"""Every number of the measures on values so few that they can be worked out by hand, or by another program."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from spikeheb.errors import FormatError
from spikeheb.measure.compare import mean_and_sem, normalised_error, paired_t_test
from spikeheb.measure.course import baseline_of, drift, outcome, per_minute, series_of, window_of
from spikeheb.measure.extras import peak_in, resistances, sag_in
from spikeheb.measure.measurement import Measurement, Step
from spikeheb.measure.paired import paired_ratio
from spikeheb.measure.score import (
    chance_allowed,
    deviance,
    met,
    noise_ceiling,
    points,
    ranks,
    residuals,
    share_of_chance,
    signs_right,
    skill,
)
from spikeheb.measure.standstill import standstill, trend, wandering
from spikeheb.measure.variability import inverse_cv_squared, noise_of_samples, noise_variance
from spikeheb.measure.weights import dip_test, kolmogorov_smirnov, kolmogorov_smirnov_to_density, over_seeds, rate_and_cv, shape, turnover
from spikeheb.measure.windows import Place

NAN = np.nan


# --- compare -------------------------------------------------------------------------------------------------------------


def test_means_and_standard_errors_leave_out_what_is_missing():
    mean, sem = mean_and_sem([[1.0, 1.0, NAN], [3.0, NAN, NAN], [8.0, NAN, NAN]])
    np.testing.assert_allclose(mean, [4, 1, NAN])
    np.testing.assert_allclose(sem, [np.sqrt((9 + 1 + 16) / 2 / 3), NAN, NAN])


def test_the_paired_test_is_students():
    before, after = np.random.default_rng(2).normal(size=(2, 9, 2))
    after[4, 1] = NAN
    t, p, pairs = paired_t_test(before, after)
    for n, kept in ((0, np.arange(9)), (1, np.delete(np.arange(9), 4))):
        expected = stats.ttest_rel(after[kept, n], before[kept, n])
        assert (t[n], p[n], pairs[n]) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue), kept.size)


def test_equal_differences_are_certain_and_no_differences_are_none():
    before = np.array([[1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, NAN]])
    t, p, pairs = paired_t_test(before, before + np.array([0.1, -0.1, 0.0, 1.0]))
    np.testing.assert_array_equal(t, [np.inf, -np.inf, 0, NAN])
    np.testing.assert_array_equal(p, [0, 0, 1, NAN])
    np.testing.assert_array_equal(pairs, [2, 2, 2, 1])


def test_the_normalised_error_is_of_the_points_that_count():
    model, data, sem = [1.0, 2.0, 3.0, 4.0, NAN], [1.5, 2.0, 9.0, 4.0, 1.0], [0.5, 1.0, 2.0, 0.0, 1.0]
    assert normalised_error(model, data, sem) == pytest.approx((1 + 0 + 9) / 3)
    assert normalised_error(model, data, sem, [True, False, True, True, True]) == pytest.approx(5)
    assert np.isnan(normalised_error(model, data, sem, [False] * 5))


# --- course --------------------------------------------------------------------------------------------------------------


def test_an_outcome_by_hand():
    """Before 9, 10, 11 (mean 10, SEM 1/sqrt(3)); after 10, 14, 12 (mean 12, SEM 2/sqrt(3))."""
    result = outcome([9.0, 10.0, 11.0, 10, 14, 12, 99], [-3, -2, -1, 20, 30, 40, 41], 0.0)
    sem = np.sqrt((2 / 3**0.5 / 10) ** 2 + (1.2 * (1 / 3**0.5) / 10) ** 2)
    assert (result.before, result.after, result.ratio, result.sem) == (10, 12, pytest.approx(1.2), pytest.approx(sem))
    assert (result.difference, result.difference_sem) == (2, pytest.approx((1 / 3 + 4 / 3) ** 0.5))
    assert (result.sweeps_before, result.sweeps_after) == (3, 3)


@pytest.mark.parametrize(("mean", "known"), [(3.01, True), (2.99, False), (-3.01, True), (-2.99, False), (0.0, False)])
def test_a_ratio_is_known_from_three_standard_errors_on(mean, known):
    """Two sweeps at a distance of 1 from their mean have a standard error of 1."""
    assert np.isfinite(outcome([mean - 1, mean + 1, 5.0], [-2, -1, 30], 0.0).ratio) == known


def test_the_windows_of_an_outcome_hold_their_ends():
    at = np.array([-1.0, 5.0, 10.0, 15.0, 20.0])
    assert window_of(at, 5.0, (5.0, 10.0)).tolist() == [False, False, True, True, False]
    assert window_of(at, 5.0, (-20.0, 0.0)).tolist() == [False, True, False, False, False]
    assert baseline_of(at, 5.0).tolist() == [True, False, False, False, False]
    with pytest.raises(FormatError):
        window_of(at, 5.0, (16.0, 20.0))


@pytest.mark.parametrize(("values", "minutes"), [([], []), ([1.0], [[1.0]]), ([1.0, 2.0], [1.0]), ([1.0, 2.0], [1.0, np.inf])])
def test_minutes_that_do_not_fit_are_refused(values, minutes):
    with pytest.raises(FormatError):
        series_of(values, minutes)


def test_the_slope_of_a_drift_is_that_of_least_squares_over_the_mean():
    minutes, values = np.array([0.0, 1.0, 4.0, 9.0, 20.0]), np.array([2.0, 5.0, 3.0, NAN, 7.0])
    there = np.isfinite(values)
    expected = np.polyfit(minutes[there], values[there], 1)[0] * 20 / values[there].mean()
    assert drift(values, minutes).slope == pytest.approx(expected)
    assert drift(values, minutes).change == pytest.approx(7 / (10 / 3) - 1)


def test_bins_of_a_minute_count_backwards_from_the_first_sweep_and_forwards_from_the_induction():
    course = per_minute([-2.5, -2.0, -1.5, 0.0, 0.5, 1.0, 1.5], [1.0, 2.0, 6.0, 10.0, 20.0, 30.0, 50.0])
    assert course.mean.tolist() == [1.5, 6.0, 20.0, 50.0]
    assert course.minutes.tolist() == [-2.25, -1.5, 0.5, 1.5]
    assert course.count.tolist() == [2, 1, 3, 1]
    np.testing.assert_allclose(course.sem, [0.5, NAN, 10 / 3**0.5, NAN])


# --- paired ratios -------------------------------------------------------------------------------------------------------


def test_the_error_of_a_paired_ratio_is_the_scatter_about_the_line_of_least_squares():
    before = np.array([[1.0, 2.0, 3.0, 5.0], [2.0, 2.0, 2.0, 2.0]])
    after = np.array([[2.0, 3.0, 7.0, 8.0], [1.0, 2.0, 4.0, 5.0]])
    left = after[0] - np.polyval(np.polyfit(before[0], after[0], 1), before[0])
    ratio, sem = paired_ratio(before, after)
    np.testing.assert_allclose(ratio, [20 / 11, 1.5])
    np.testing.assert_allclose(sem, [np.sqrt(left @ left / 2 / 4) / 2.75, np.sqrt(10 / 3 / 4) / 2])


def test_too_few_pairs_have_no_error_and_a_mean_of_0_no_ratio():
    assert np.isnan(paired_ratio([1.0], [2.0])[1])
    assert np.isnan(paired_ratio([1.0, 2.0], [2.0, 5.0])[1])
    assert paired_ratio([-1.0, -1.0], [2.0, 4.0]) == (-3.0, pytest.approx(1.0))
    assert np.isnan(paired_ratio([-1.0, 1.0], [2.0, 4.0])).all()


# --- variability ---------------------------------------------------------------------------------------------------------


def test_noise_of_samples_is_the_scatter_within_each_baseline():
    sweeps = np.array([[1.0, 3.0, 9.0, 0.0], [10.0, 14.0, 9.0, 0.0]])
    times = np.array([-2e-3, -1e-3, 0.0, 1e-3])
    assert noise_of_samples(sweeps, times, Measurement()) == pytest.approx(np.sqrt((2 + 8) / 2))
    assert noise_of_samples(sweeps, times, Measurement(baseline=(-1e-3, 0.0))) == 0
    assert noise_of_samples(sweeps[:0], times, Measurement()) == 0


@pytest.mark.parametrize(("wide", "room"), [(2, 10), (4, 4), (10, 6)])
def test_noise_of_amplitudes_is_that_of_two_means_of_white_noise(wide, room):
    """Variance 4 of a sample, so 4/wide + 4/room of an amplitude."""
    sweeps = np.random.default_rng(3).normal(5, 2, (60_000, room + wide))
    place = Place(slice(0, room), slice(room, room + wide), slice(room, room + wide), 0.0, 0.0, False)
    assert noise_variance(sweeps, place) == pytest.approx(4 / wide + 4 / room, rel=0.02)
    assert place.amplitudes(sweeps).var() == pytest.approx(noise_variance(sweeps, place), rel=0.03)
    assert noise_variance(sweeps[:1], place) == 0


def test_a_steady_response_has_no_inverse_cv():
    assert inverse_cv_squared([1.0, 3.0]) == pytest.approx(2)
    assert np.isnan(inverse_cv_squared([1.0, 1.0 + 1e-6]))
    assert inverse_cv_squared([1.0, 1.0 + 2e-6]) == pytest.approx(0.5e12, rel=1e-3)


# --- volley, population spike, resistances -------------------------------------------------------------------------------

TIMES = np.arange(-10, 40) * 1e-3
PULSE = Place(slice(5, 10), slice(11, 50), slice(20, 21), 0.0, 10e-3, False)


def test_the_volley_is_read_where_the_average_is_farthest_from_the_baseline():
    sweeps = np.repeat([[1.0], [2.0]], 50, axis=1)
    sweeps[:, 12] -= [0.2, 0.4]
    sweeps[:, 13] += [0.1, 0.1]
    sweeps[:, 30] -= 5
    peaks = peak_in((1e-3, 4e-3), sweeps, sweeps.mean(axis=0), TIMES, PULSE)
    np.testing.assert_allclose(peaks, [-0.2, -0.4])
    assert np.isnan(peak_in(None, sweeps, sweeps[0], TIMES, PULSE)).tolist() == [True, True]


def test_the_population_spike_counts_from_the_line_between_the_ends_of_its_window():
    """A line of slope 1 a sample and one of slope 2 from 5 to 15 ms; at 9 ms they go down by 3 and by 1."""
    sweeps = np.arange(50.0) * [[1.0], [2.0]]
    sweeps[:, 19] -= [3.0, 1.0]
    sweeps[:, 30] -= 50
    np.testing.assert_allclose(sag_in((5e-3, 15e-3), sweeps, sweeps.mean(axis=0), TIMES, PULSE), [-3, -1])
    assert np.isnan(sag_in(None, sweeps, sweeps[0], TIMES, PULSE)).all()
    with pytest.raises(FormatError, match=r"population_spike.*less than two samples"):
        sag_in((5.1e-3, 6.9e-3), sweeps, sweeps[0], TIMES, PULSE)


def test_resistances_under_clamp_are_the_step_over_the_steady_and_the_fastest_current():
    """A step of -10 mV from 20 to 30 ms on a current of 1: -5 at its start, -2 in its last fifth, -3 between."""
    current = np.ones((1, 50))
    current[0, 30:40] -= [5, 3, 3, 3, 3, 3, 3, 3, 2, 2]
    settings = Measurement(signal="current", step=Step(20e-3, 30e-3, -10e-3))
    np.testing.assert_allclose(np.ravel(resistances(current, TIMES, settings)), [5e-3, 2e-3])
    current[0, 31] -= 6
    np.testing.assert_allclose(resistances(current, TIMES, settings)[1], [10e-3 / 9])
    assert np.isnan(resistances(np.ones((1, 50)), TIMES, settings)).all()


def test_resistances_from_a_step_of_current_are_changes_of_the_voltage_over_it():
    """A step of 0.1: 1 at the first sample after its start, 4 in its last fifth."""
    voltage = np.full((1, 50), -70.0)
    voltage[0, 30:40] += [0, 1, 2, 3, 3, 3, 3, 3, 4, 4]
    settings = Measurement(step=Step(20e-3, 30e-3, 0.1))
    np.testing.assert_allclose(np.ravel(resistances(voltage, TIMES, settings)), [40, 10])
    between = Measurement(step=Step(19.5e-3, 30e-3, 0.1))
    voltage[0, 30] += 0.5
    np.testing.assert_allclose(resistances(voltage, TIMES, between)[1], [5])


@pytest.mark.parametrize("step", [Step(-10e-3, 5e-3, 1.0), Step(39.5e-3, 60e-3, 1.0), Step(20.1e-3, 20.9e-3, 1.0)])
def test_a_step_outside_the_sweep_is_refused(step):
    with pytest.raises(FormatError, match="no samples before and in a test step"):
        resistances(np.ones((1, 50)), TIMES, Measurement(step=step))


# --- scores --------------------------------------------------------------------------------------------------------------


def some(ratio=(1.5, 0.7, NAN, NAN), sem=(0.1, 0.2, NAN, NAN), digitisation=(0.0, 0.15, 0, 0), n=(5, NAN, NAN, NAN)):
    return points(ratio, sem, digitisation, n, [None, None, "LTD", None])


def test_residuals_square_to_the_deviance_and_have_the_sign_of_the_distance():
    """Distances of 2 (n = 5) and -1 in errors of 0.1 and 0.25."""
    model = [1.7, 0.45, 1.0, 1.0]
    np.testing.assert_allclose(residuals(model, some()), [np.sqrt(5 * np.log(2)), -1])
    assert deviance(model, some()) == pytest.approx(5 * np.log(2) + 1)
    assert met(model, some()) == 2
    assert [met(near, some()) for near in ([1.71, 0.45, 1, 1], [1.71, 0.19, 1, 1])] == [1, 0]
    assert deviance([0.45], some().only(np.array([1]))) == pytest.approx(1)


def test_a_single_cell_has_no_scatter_so_that_its_deviance_is_the_square():
    data = points([1.0, 1.0], [0.1, 0.1], [0, 0], [1, 2], [None, None])
    assert deviance([1.2, 1.0], data) == pytest.approx(4)
    assert deviance([1.0, 1.2], data) == pytest.approx(2 * np.log1p(4))


def test_chance_may_leave_a_fifth_of_the_datas_error():
    np.testing.assert_allclose(chance_allowed(some()), [0.02, 0.04, 0.05, np.inf])
    assert share_of_chance([0.03, 0.08, 9, 9], some()) == pytest.approx(0.4)
    assert np.isnan(share_of_chance([1.0] * 4, some(ratio=[NAN] * 4)))
    drawn = points([1.0, 1.0], [0.0, 0.1], [0.4, 0.3], [5, 5], [None, None])
    np.testing.assert_allclose(chance_allowed(drawn), [0.08, 0.02])
    assert share_of_chance([0.1, 0.1], drawn) == pytest.approx(1.0)


def test_directions_come_from_two_errors_or_a_change_of_a_twentieth():
    of = points([1.5, 1.49, 0.5, 1.06, 0.94, 1.04], [0.25, 0.25, 0.25, NAN, NAN, NAN], [0] * 6, [5] * 6, [None] * 6)
    assert of.sign.tolist() == [1, 0, -1, 1, -1, 0]
    assert signs_right([1.2, 1.04, 0.96, 1.06, 0.94, 0.9], of) == (4, 6)
    named = points([1.5, 1.5, 1.5], [0.1] * 3, [0] * 3, [5] * 3, ["none", "LTD", "LTP"])
    assert named.sign.tolist() == [0, -1, 1]


def test_skill_is_the_share_of_the_error_of_no_change_that_is_explained():
    data = points([1.4, 0.8], [0.1, 0.1], [0, 0], [5, 5], [None, None])
    assert skill([1.4, 1.0], data) == pytest.approx(1 - 4 / 20)
    assert np.isnan(skill([1.0, 1.0], points([1.0, 1.0], [0.1, 0.1], [0, 0], [5, 5], [None, None])))


def test_the_ceiling_is_the_median_of_students_distances():
    """One point of 4 cells: t has 3 degrees of freedom, E = t**2 and D = 4*ln(1 + t**2/3) have the median of their own."""
    point = points([1.0], [0.1], [0], [4], [None])
    t = stats.t.ppf(0.75, 3)
    np.testing.assert_allclose(noise_ceiling(point, np.random.default_rng(0), 40_000), [t**2, 4 * np.log1p(t**2 / 3)], rtol=0.04)
    two = points([1.0], [0.1], [0], [2], [None])
    np.testing.assert_allclose(noise_ceiling(two, np.random.default_rng(0), 40_000), [1, 2 * np.log(2)], rtol=0.04)
    lone = points([1.0], [0.1], [0], [1], [None])
    np.testing.assert_allclose(noise_ceiling(lone, np.random.default_rng(0), 40_000), [stats.norm.ppf(0.75) ** 2] * 2, rtol=0.04)


def test_ranks_count_those_that_are_better_by_a_tie():
    """Deviances 0, 1, 2, 9 and 0 with two fitted parameters, of which each costs 2."""
    data = points([1.0], [0.1], [0], [NAN], [None])
    models = [[1.0], [1.1], [1 + 0.1 * 2.0001**0.5], [1.3], [1.0], [NAN]]
    result = ranks(models, [0, NAN, 0, 0, 2, 0], data, np.random.default_rng(0), 50)
    np.testing.assert_array_equal(result.rank, [1, 1, 2, 5, 3, NAN])
    assert np.isnan([result.low[-1], result.high[-1]]).all()
    assert np.isnan(ranks(models, [0] * 6, points([NAN], [NAN], [0], [NAN], [None]), np.random.default_rng(0)).rank).all()


def test_the_interval_of_a_rank_is_the_middle_nine_tenths_of_redrawn_data():
    """Models at +-1.5 errors: which is first by 2 depends on a normal number beyond +-1/3; neither is third."""
    data = points([1.0], [0.1], [0], [NAN], [None])
    result = ranks([[1.15], [0.85]], [0, 0], data, np.random.default_rng(0), 400)
    np.testing.assert_array_equal([result.rank, result.low, result.high], [[1, 1], [1, 1], [2, 2]])
    sure = ranks([[1.0], [1.45]], [0, 0], data, np.random.default_rng(0), 400)
    np.testing.assert_array_equal([sure.low, sure.high], [[1, 2], [1, 2]])


# --- weights -------------------------------------------------------------------------------------------------------------


def test_a_shape_without_limits_or_with_a_lower_one_alone():
    free = shape([1.0, 2.0, 3.0])
    assert np.isnan([free.near_low, free.near_high]).all()
    half_open = shape([1.0, 1.2, 3.0, 2.8], 1.0)
    assert (half_open.near_low, half_open.mean) == (0.5, 2.0)
    assert np.isnan(half_open.near_high)
    assert np.isnan(shape([-1.0, 1.0]).cv)


def test_the_dip_of_two_heaps_and_of_too_few_weights():
    """Four values in two heaps: the distribution function is a quarter away from any unimodal one."""
    assert dip_test([1.0, 2.0, 3.0]) == (0.0, 1.0)
    assert dip_test([0.0, 0.0, 1.0, 1.0])[0] == pytest.approx(0.25)
    many = np.concatenate([np.linspace(0, 0.1, 50_000), np.linspace(0.9, 1, 50_000)])
    dip, p = dip_test(many)
    assert (dip, p) == (pytest.approx(dip_test(many[::10])[0], abs=1e-3), pytest.approx(0, abs=1e-3))


def test_kolmogorov_and_smirnovs_distance_by_hand():
    """Of 1, 2, 3, 4 and 3, 4, 5, 6 a half of the one lies below all of the other."""
    distance, p = kolmogorov_smirnov([1, 2, 3, 4], [3, 4, 5, 6])
    assert (distance, p) == (0.5, pytest.approx(stats.ks_2samp([1, 2, 3, 4], [3, 4, 5, 6]).pvalue))
    assert kolmogorov_smirnov_to_density([0.1, 0.9], [0, 1], [1, 1]) == pytest.approx(0.4)
    assert kolmogorov_smirnov_to_density([-1.0, 0.9, 0.95], [0, 1], [2, 2]) == pytest.approx(0.9 - 1 / 3)
    assert kolmogorov_smirnov_to_density([0.5, 2.0], [0, 1], [0, 2]) == pytest.approx(0.5)


def test_seeds_are_drawn_with_their_partners():
    """Two seeds a group with differences of 1 and 3: only pairs of the same seeds are drawn, so that the mean difference is 1, 2 or 3."""
    pairs = [[np.array([0.0]), np.array([10.0])], [np.array([1.0]), np.array([13.0])]]
    values = []

    def difference(a, b):
        values.append(b.mean() - a.mean())
        return values[-1]

    result = over_seeds(difference, pairs, np.random.default_rng(0), 200)
    assert (result.value, result.low, result.high) == (2, 1, 3)
    assert len(values) == 201
    assert set(values) == {1, 2, 3}


def test_one_seed_has_no_interval_and_two_intervals_no_cv():
    alone = over_seeds(lambda a: a.mean(), [[np.array([1.0, 3.0])]], np.random.default_rng(0))
    assert alone.value == 2
    assert np.isnan([alone.low, alone.high]).all()
    assert np.isnan(rate_and_cv([[0.0, 1.0, 3.0]], 0, 4)[1])


def test_groups_with_other_numbers_of_seeds_are_drawn_apart():
    groups = [[np.array([0.0]), np.array([10.0])], [np.array([1.0]), np.array([2.0]), np.array([6.0])]]
    result = over_seeds(lambda a, b: b.mean() - a.mean(), groups, np.random.default_rng(0), 3000)
    assert (result.value, result.low, result.high) == (-2, pytest.approx(-26 / 3, abs=0.5), pytest.approx(14 / 3, abs=0.5))


def test_turnover_by_hand():
    """Weights 0, 1 at three times; then 1, 1; then 1, 3: variance of all 17/6 - 49/36."""
    w = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 3.0]])
    np.testing.assert_allclose(turnover(w), np.array([0, (1 + 0 + 0 + 4) / 4, (1 + 4) / 2]) / 2 / w.var())
    assert np.isnan(turnover(np.ones((2, 3)))).all()


# --- standstill ----------------------------------------------------------------------------------------------------------


def test_the_trend_is_least_squares_with_an_error_for_residuals_that_follow_each_other():
    values = np.array([1.0, 3.0, 2.0, 2.5, 6.0, 5.0, 5.5, 9.0])
    x = np.linspace(-0.5, 0.5, 8)
    line = stats.linregress(x, values)
    left = values - line.intercept - line.slope * x
    follows = max(sum(a * b for a, b in pairwise(left)) / sum(left**2), 0)
    slope, error = trend(values)
    assert (slope, error) == (pytest.approx(line.slope), pytest.approx(line.stderr * np.sqrt((1 + follows) / (1 - follows))))
    slow = np.sin(np.linspace(0, 2 * np.pi, 60))
    slow_line = stats.linregress(np.linspace(-0.5, 0.5, 60), slow)
    assert trend(slow)[1] == pytest.approx(slow_line.stderr * np.sqrt(1.9 / 0.1), rel=1e-6)


def test_wandering_is_the_square_moved_in_a_quarter_over_that_in_an_eighth():
    """16 snapshots: the last 8, at lags of 4 and 2."""
    w = np.cumsum(np.random.default_rng(0).normal(size=(16, 3)), axis=0)
    near = np.mean([(w[n + 2] - w[n]) ** 2 for n in range(8, 14)])
    far = np.mean([(w[n + 4] - w[n]) ** 2 for n in range(8, 12)])
    assert wandering(w) == pytest.approx(far / near)


def test_a_verdict_needs_eight_snapshots_and_a_range():
    still = np.random.default_rng(0).random((8, 400))
    assert "too few" not in standstill(still, 1.0).reason
    assert "too few" in standstill(still[:7], 1.0).reason
    assert "no weight changed" in standstill(np.repeat(still[:1], 8, axis=0), 1.0).reason
    assert 0 < standstill(still + np.linspace(0, 9, 8)[:, None], 1.0).chance < 0.2
    assert "no range" in standstill(still, -1.0).reason
    assert "no range" in standstill(still, 0.0).reason
