"""One value a sweep, through an experiment."""

from __future__ import annotations

import numpy as np
import pytest

from spikeheb.errors import FormatError
from spikeheb.measure.course import drift, normalised, outcome, per_minute
from spikeheb.measure.variability import inverse_cv_squared

BASELINE = np.arange(60) / 6 - 10
MINUTES = np.concatenate([BASELINE, (np.arange(240) + 1) / 6])


# --- drift ---------------------------------------------------------------------------------------------------------------


def test_a_line_drifts_by_its_rise_over_its_mean():
    values = 1.0 + 0.1 * np.linspace(-0.5, 0.5, 60)
    assert drift(values, BASELINE).slope == pytest.approx(0.1)
    first, last = values[:30].mean(), values[-30:].mean()
    assert drift(values, BASELINE).change == pytest.approx(last / first - 1)
    assert drift(-3 * values, BASELINE).slope == pytest.approx(0.1)


def test_a_step_between_the_first_and_last_five_minutes_is_their_change():
    values = np.where(BASELINE < -5 - 1e-9, 2.0, 2.2)
    minutes = BASELINE + 20
    assert drift(np.delete(values, 30), np.delete(minutes, 30)).change == pytest.approx(0.1, abs=0.004)


def test_a_long_baseline_compares_its_first_and_last_five_minutes_only():
    minutes = np.arange(0, 30.1, 0.5)
    values = np.where(minutes <= 5, 1.0, np.where(minutes >= 25, 1.2, 100.0))
    assert drift(values, minutes).change == pytest.approx(0.2)


def test_a_short_baseline_compares_halves():
    minutes = np.arange(4.0)
    assert drift([1.0, 1.0, 2.0, 2.0], minutes).change == pytest.approx(1.0)


def test_rejected_values_do_not_count_and_lanes_are_apart():
    values = np.stack([np.linspace(1, 2, 60), np.ones(60)])
    values[1, 7] = np.nan
    line = drift(values, BASELINE)
    assert line.slope[1] == pytest.approx(0)
    assert line.slope[0] == pytest.approx(1 / 1.5)


def test_noise_without_drift_drifts_by_little():
    values = 1 + 0.2 * np.random.default_rng(3).standard_normal((400, 60))
    assert np.std(drift(values, BASELINE).slope) == pytest.approx(0.2 * np.sqrt(12 / 60), rel=0.15)
    assert abs(np.mean(drift(values, BASELINE).slope)) < 0.02


# --- outcome -------------------------------------------------------------------------------------------------------------


def test_the_outcome_is_minutes_20_to_40_over_the_baseline():
    values = np.where(MINUTES < 0, 2.0, np.where(MINUTES < 19.99, 50.0, 3.0))
    course = outcome(values, MINUTES, 0.0)
    assert (course.before, course.after, course.ratio, course.sem) == (2.0, 3.0, 1.5, 0.0)
    assert (course.sweeps_before, course.sweeps_after) == (60, 121)


def test_the_standard_error_is_that_of_repeated_experiments():
    rng = np.random.default_rng(5)
    values = np.where(MINUTES < 0, 1.0, 1.6) + 0.3 * rng.standard_normal((600, MINUTES.size))
    course = outcome(values, MINUTES, 0.0)
    assert course.ratio.mean() == pytest.approx(1.6, abs=0.02)
    assert course.ratio.std() == pytest.approx(course.sem.mean(), rel=0.12)


def test_one_sweep_has_no_standard_error():
    course = outcome([1.0, 2.0], [-1.0, 25.0], 0.0)
    assert course.ratio == 2.0
    assert np.isnan(course.sem)


def test_rejected_sweeps_are_left_out_of_the_outcome():
    values = np.where(MINUTES < 0, 1.0, 2.0)
    values[[0, 250]] = np.nan
    course = outcome(values, MINUTES, 0.0)
    assert course.ratio == 2.0
    assert (course.sweeps_before, course.sweeps_after) == (59, 120)


def test_values_are_normalised_to_their_own_baseline():
    values = np.array([[2.0, 2.0, 6.0], [-1.0, -3.0, -1.0]])
    assert normalised(values, [-2.0, -1.0, 1.0], 0.0).tolist() == [[1.0, 1.0, 3.0], [0.5, 1.5, 0.5]]
    assert normalised([1.0, 3.0], [-2.0, -1.0], 0.0).tolist() == [0.5, 1.5]


def test_minutes_and_values_must_fit():
    with pytest.raises(FormatError, match="one finite minute for each sweep"):
        outcome(np.ones(3), np.ones(4), 0.0)
    with pytest.raises(FormatError, match="one finite minute for each sweep"):
        drift([], [])


# --- per minute ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("induction", [0.0, 0.0817, 3.7])
def test_every_minute_holds_six_sweeps_at_ten_seconds(induction):
    minutes = np.concatenate([BASELINE - induction, MINUTES[60:]])
    means = per_minute(minutes, MINUTES**2)
    assert means.count.tolist() == [6] * 50
    assert means.minutes[:10] == pytest.approx(np.arange(-10, 0) + 2.5 / 6 - induction)
    assert means.minutes[10:] == pytest.approx(np.arange(40) + 3.5 / 6)
    assert means.mean == pytest.approx((MINUTES**2).reshape(50, 6).mean(axis=1))
    assert means.sem == pytest.approx((MINUTES**2).reshape(50, 6).std(axis=1, ddof=1) / np.sqrt(6))


def test_minutes_of_lanes_leave_out_what_was_rejected():
    values = np.stack([np.ones(300), np.where(MINUTES > 0, 2.0, 1.0)])
    values[1, 60:66] = np.nan
    values[0, 0] = np.nan
    means = per_minute(MINUTES, values)
    assert means.mean.shape == (2, 50)
    assert np.isnan(means.mean[1, 10])
    assert means.count[0, 0] == 5
    assert means.mean[0, 0] == 1


# --- variability ---------------------------------------------------------------------------------------------------------


def test_the_inverse_squared_cv_of_binomial_release_counts_its_sites():
    """n sites of probability p: mean**2/var = n*p/(1 - p)."""
    values = np.random.default_rng(8).binomial(10, 0.4, size=(3, 20_000)).astype(float)
    values[0, :50] = np.nan
    assert inverse_cv_squared(values) == pytest.approx(np.full(3, 10 * 0.4 / 0.6), rel=0.03)
