"""EPSPs of known amplitude and slope, alone and in whole experiments."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeheb.errors import FormatError, NonFiniteError, UnknownName
from spikeheb.measure.epsp import SweepMeasures, amplitude, measure_sweeps, slope, spiked
from spikeheb.measure.measurement import Measurement
from spikeheb.measure.variability import inverse_cv_squared

TIME = np.arange(-100, 1200) * 1e-4
REST = -0.07
RISE, DECAY = 1e-3, 2e-2
POINT = Measurement(peak_width=0.0, blank=0.0)
"""The peak itself, however soon it comes."""


def shape(time: np.ndarray) -> np.ndarray:
    """A difference of exponentials from time 0 on, with peak 1."""
    late = np.maximum(time, 0)
    peak = np.log(DECAY / RISE) * RISE * DECAY / (DECAY - RISE)
    return (np.exp(-late / DECAY) - np.exp(-late / RISE)) / (np.exp(-peak / DECAY) - np.exp(-peak / RISE))


def ramp(height: float, lasts: float, time: np.ndarray) -> np.ndarray:
    """A straight rise from the pulse to `height`, then flat."""
    return REST + height * np.clip(time / lasts, 0, 1)


# --- amplitude -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("height", [1.5e-3, -0.8e-3, 20e-3])
def test_the_amplitude_is_the_signed_peak_over_the_value_at_the_pulse(height):
    assert amplitude(REST + height * shape(TIME), TIME, POINT) == pytest.approx(height, rel=1e-4)


def test_the_amplitude_counts_from_the_mean_of_the_baseline_window():
    v = ramp(2e-3, 5e-3, TIME)
    v[TIME < -5.05e-3] += 10e-3
    v[(TIME >= -5e-3 - 1e-5) & (TIME < -1e-6)] += 1e-3 * np.tile([1.0, -1.0], 25)
    assert amplitude(v, TIME, POINT) == pytest.approx(2e-3)
    assert amplitude(v, TIME, replace(POINT, baseline=(-10e-3, 0.0))) == pytest.approx(-5e-3 + 0.02 * 2e-3)


def test_the_amplitude_is_the_mean_over_the_width_of_the_peak():
    triangle = REST + 1e-3 * np.clip(1 - np.abs(TIME - 5e-3) / 2e-3, 0, 1)
    assert amplitude(triangle, TIME, POINT) == pytest.approx(1e-3)
    assert amplitude(triangle, TIME, Measurement(peak_width=1e-3)) == pytest.approx(1e-3 * (1 - 2 * 0.05 * (1 + 2 + 3 + 4 + 5) / 11))


def test_what_is_blanked_is_not_looked_at():
    v = REST + 1e-3 * shape(TIME - 2e-3)
    v[(TIME > -1e-6) & (TIME < 0.65e-3)] += np.array([0.04, -0.03, 0.02, -0.01, 0.01, -0.01, 0.005])
    assert amplitude(v, TIME, Measurement(peak_width=0.0, blank=0.6e-3)) == pytest.approx(1e-3, rel=1e-4)
    assert abs(amplitude(v, TIME, POINT)) > 9e-3
    clean = slope(REST + 1e-3 * shape(TIME - 2e-3), TIME)
    assert slope(v, TIME, Measurement(blank=0.6e-3)) == pytest.approx(clean)
    assert not spiked(v + 0.02, TIME, Measurement(blank=0.6e-3))
    assert spiked(v + 0.02, TIME, POINT)


def test_everything_in_the_100_ms_after_the_pulse_counts():
    v = np.full(TIME.size, REST)
    v[TIME > 0.0999] = REST + 1e-3
    assert amplitude(v, TIME, POINT) == pytest.approx(1e-3)


def test_nothing_after_the_window_counts():
    v = REST + 1e-3 * shape(TIME)
    v[TIME > 0.1001] += 5e-3
    assert amplitude(v, TIME, POINT) == pytest.approx(1e-3, rel=1e-4)
    assert amplitude(v, TIME, replace(POINT, search=0.11)) > 4e-3
    assert amplitude(v, TIME, replace(POINT, search=1e-3)) < 0.9e-3


def test_the_larger_of_two_deflections_counts():
    after_potential = REST + 1e-3 * shape(TIME) - 0.4e-3 * shape(TIME - 0.05)
    assert amplitude(after_potential, TIME) == pytest.approx(1e-3, rel=1e-3)
    assert amplitude(2 * REST - after_potential, TIME) == pytest.approx(-1e-3, rel=1e-3)


def test_any_dimensions_may_lead():
    heights = np.array([[1e-3, 2e-3, -1e-3], [3e-3, 0.0, -4e-3]])
    v = REST + heights[..., None] * shape(TIME)
    assert amplitude(v, TIME) == pytest.approx(heights, rel=1e-3, abs=1e-12)
    assert slope(v, TIME).shape == (2, 3)
    assert spiked(v, TIME).shape == (2, 3)


@pytest.mark.parametrize(
    ("time", "message"),
    [
        (TIME[:-1], "expected one time for each sample"),
        (TIME[::-1], "must be finite and increase"),
        (np.where(TIME > 0.05, np.nan, TIME), "must be finite and increase"),
        (TIME + 0.05, "must contain the pulse, at 0 ms"),
        (TIME - 0.2, "must contain the pulse, at 0 ms"),
    ],
)
def test_times_that_do_not_fit_are_refused(time, message):
    with pytest.raises(FormatError, match=message):
        amplitude(REST + shape(TIME), time)


def test_a_window_without_a_sample_is_refused():
    with pytest.raises(FormatError, match="no sample"):
        amplitude(REST + shape(TIME), TIME, Measurement(blank=0.0, search=1e-5))


def test_the_pulse_may_fall_between_samples():
    assert amplitude(ramp(2e-3, 5e-3, TIME + 4e-5), TIME + 4e-5) == pytest.approx(2e-3, abs=2e-5)


# --- slope ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lasts", [1e-4, 1.5e-4, 3e-4, 1e-3, 5e-3])
@pytest.mark.parametrize("height", [2e-3, -1e-3])
def test_the_slope_of_a_straight_rise_is_exact_where_samples_are_enough_and_near_where_not(lasts, height):
    """From 50 samples in the rise down to none: with steps of 0.1 ms, the last two rises lie in one or two steps."""
    expected = height / lasts
    assert slope(ramp(height, lasts, TIME), TIME) == pytest.approx(expected, rel=1e-9 if lasts != 1.5e-4 else 0.2)


def test_the_slope_is_the_line_through_30_to_75_percent():
    dense = np.arange(-1000, 12000) * 1e-5
    rise = shape(dense)
    top = rise.argmax()
    chosen = (rise[:top] >= 0.3) & (rise[:top] <= 0.75)
    expected = np.polyfit(dense[:top][chosen], rise[:top][chosen], 1)[0]
    assert slope(REST + 3e-3 * rise, dense) == pytest.approx(3e-3 * expected, rel=5e-3)
    assert slope(REST + 3e-3 * shape(TIME), TIME) == pytest.approx(3e-3 * expected, rel=0.02)


def test_the_slope_does_not_jump_as_the_pulse_moves_between_samples():
    slopes = [float(slope(REST + 1e-3 * shape(TIME - shift), TIME)) for shift in np.linspace(0, 1e-4, 21)]
    assert max(slopes) / min(slopes) < 1.005


def test_only_the_rise_counts():
    v = REST + 1e-3 * shape(TIME)
    slow = v.copy()
    slow[TIME > 0.01] = REST + (v[TIME > 0.01] - REST) * 0.6
    assert slope(slow, TIME) == slope(v, TIME)


def test_without_a_response_there_is_no_slope():
    v = np.stack([np.full(TIME.size, REST), REST + 1e-9 * shape(TIME), np.full(TIME.size, np.nan), ramp(1e-3, 1e-3, TIME)])
    slopes = slope(v, TIME)
    assert np.isnan(slopes[:3]).all()
    assert slopes[3] == pytest.approx(1.0)


@given(st.floats(1e-4, 2e-2), st.floats(-0.08, -0.05), st.sampled_from([1.0, -1.0]))
def test_amplitude_and_slope_are_proportional_to_the_epsp_and_ignore_the_resting_level(height, rest, sign):
    v = rest + sign * height * shape(TIME)
    assert amplitude(v, TIME) == pytest.approx(sign * height, rel=1e-3)
    assert slope(v, TIME) / (sign * height) == pytest.approx(float(slope(REST + 1e-3 * shape(TIME), TIME)) / 1e-3, rel=1e-6)


# --- spikes and pairs of pulses ------------------------------------------------------------------------------------------


def test_a_sweep_beyond_minus_30_millivolts_has_a_spike():
    v = REST + np.array([[1e-3], [39e-3], [41e-3], [100e-3]]) * shape(TIME)
    assert spiked(v, TIME).tolist() == [False, False, True, True]
    assert spiked(v, TIME, threshold=0.0).tolist() == [False, False, False, True]


@pytest.mark.parametrize("second", [0.5, 1.0, 1.7])
def test_the_second_of_two_pulses_is_measured_from_its_own_baseline(second):
    time = np.arange(-100, 2000) * 1e-4
    v = REST + 1e-3 * (shape(time) + second * shape(time - 0.05))
    tail = shape(time)[(time >= 0.05) & (time < 0.07)]
    expected = (second * shape(time - 0.05)[(time >= 0.05) & (time < 0.07)] + tail - tail[0]).max()
    settings = Measurement(pulses=(0.0, 0.05), baseline=(-1e-4, 0.0), peak_width=0.0)
    ratio = measure_sweeps([v, v], time, [-1.0, 1.0], 0.0, settings=settings, follow=(0, 40)).paired_pulse_ratio_before
    assert ratio == pytest.approx(expected, rel=1e-3)
    assert expected < second
    from_first = measure_sweeps([v, v], time, [-1.0, 1.0], 0.0, settings=replace(settings, paired_baseline="first"), follow=(0, 40))
    assert from_first.paired_pulse_ratio_before == pytest.approx((v[time >= 0.05].max() - REST) / 1e-3, rel=1e-3)


# --- whole experiments ---------------------------------------------------------------------------------------------------

MINUTES = np.concatenate([np.arange(60) / 6 - 10, (np.arange(240) + 1) / 6])


def experiment(ratio: float = 1.5, height: float = 1e-3, noise: float = 0.0, seed: int = 1) -> np.ndarray:
    """Sweeps x samples; the follow-up rises to `ratio` within the first 20 minutes and stays."""
    gain = np.where(MINUTES < 0, 1.0, 1 + (ratio - 1) * np.minimum(MINUTES / 20, 1))
    v = REST + height * gain[:, None] * shape(TIME)
    return v + noise * np.random.default_rng(seed).standard_normal(v.shape)


def test_a_whole_experiment_gives_amplitudes_slopes_and_their_ratios():
    measures = measure_sweeps(experiment(), TIME, MINUTES, 0.0)
    assert measures.amplitude_before == pytest.approx(1e-3, rel=1e-3)
    assert measures.amplitude_after == pytest.approx(1.5e-3, rel=1e-3)
    assert measures.amplitude_ratio == pytest.approx(1.5)
    assert measures.slope_ratio == pytest.approx(1.5)
    assert measures.slope_before == pytest.approx(slope(experiment()[0], TIME))
    assert measures.trace_after == pytest.approx(experiment()[-1])
    assert measures.rejected_count == 0
    assert measures.drift.slope == pytest.approx(0, abs=1e-9)
    assert measures.drift.change == pytest.approx(0, abs=1e-9)


def test_the_minutes_may_count_from_anywhere():
    shifted = measure_sweeps(experiment(), TIME, MINUTES + 17.3, 17.3)
    assert shifted.amplitude_ratio == pytest.approx(1.5)


def test_lanes_are_measured_as_if_each_were_alone():
    v = np.stack([experiment(0.6, noise=1e-4), experiment(1.0, noise=1e-4, seed=2), experiment(2.0, noise=1e-4, seed=3)])
    v[1, 70, 200] = 0.01
    together = measure_sweeps(v, TIME, MINUTES, 0.0)
    for lane in range(3):
        alone = measure_sweeps(v[lane], TIME, MINUTES, 0.0)
        for field in fields(SweepMeasures):
            if field.name not in ("drift", "drift_after", "before", "after"):
                assert np.array_equal(getattr(together, field.name)[lane], getattr(alone, field.name), equal_nan=True), field.name
        assert together.drift.slope[lane] == pytest.approx(alone.drift.slope, rel=1e-9)


def test_sweeps_with_a_spike_are_rejected_and_counted():
    v = experiment()
    v[[3, 200], 300:320] = 0.03
    measures = measure_sweeps(v, TIME, MINUTES, 0.0)
    assert measures.rejected_count == 2
    assert np.flatnonzero(measures.rejected).tolist() == [3, 200]
    assert np.isnan(measures.amplitude[[3, 200]]).all()
    assert np.isfinite(np.delete(measures.amplitude, [3, 200])).all()
    assert measures.amplitude_ratio == pytest.approx(1.5)
    assert measures.slope_ratio == pytest.approx(1.5)


def test_a_spike_without_upstroke_is_rejected_by_the_callers_word():
    v = experiment()
    v[5, 110:] = REST - 0.003
    unseen = measure_sweeps(v, TIME, MINUTES, 0.0)
    assert unseen.rejected_count == 0
    assert abs(unseen.amplitude_ratio - 1.5) > 0.01
    rejecting = measure_sweeps(v, TIME, MINUTES, 0.0, rejected=np.arange(MINUTES.size) == 5)
    assert rejecting.rejected_count == 1
    assert rejecting.amplitude_ratio == pytest.approx(1.5)


def test_where_all_sweeps_spike_the_outcome_is_nan_and_other_lanes_stand():
    v = np.stack([experiment(), experiment()])
    v[0, MINUTES > 15, 150] = 0.03
    measures = measure_sweeps(v, TIME, MINUTES, 0.0)
    assert np.isnan(measures.amplitude_ratio[0])
    assert np.isnan(measures.slope_ratio[0])
    assert measures.amplitude_ratio[1] == pytest.approx(1.5)


def test_a_nan_stops_with_the_sweep_and_the_time():
    v = np.stack([experiment(), experiment()])
    v[1, 17, 350] = np.nan
    with pytest.raises(NonFiniteError, match=r"^sweep 17 of lane 1: nan at 25 ms from the pulse") as error:
        measure_sweeps(v, TIME, MINUTES, 0.0)
    assert "\n" not in str(error.value)
    v[1, 17, 350] = np.inf
    with pytest.raises(NonFiniteError, match="inf at 25 ms"):
        measure_sweeps(v, TIME, MINUTES, 0.0)
    rejected = np.zeros(v.shape[:2], dtype=bool)
    rejected[1, 17] = True
    assert measure_sweeps(v, TIME, MINUTES, 0.0, rejected).amplitude_ratio == pytest.approx(1.5)


def test_noise_moves_the_outcome_by_no_more_than_its_standard_error_says():
    ratios = [measure_sweeps(experiment(1.5, 3e-3, 5e-5, seed), TIME, MINUTES, 0.0) for seed in range(20)]
    assert np.mean([measures.amplitude_ratio for measures in ratios]) == pytest.approx(1.5, abs=3e-3)
    assert np.std([measures.amplitude_ratio for measures in ratios]) == pytest.approx(
        np.mean([f.amplitude_ratio_sem for f in ratios]), rel=0.6
    )
    assert np.mean([measures.slope_ratio for measures in ratios]) == pytest.approx(1.5, abs=0.02)


def test_currents_under_clamp_keep_their_sign_and_are_never_spikes():
    current = np.where(MINUTES < 0, -20e-12, -34e-12)[:, None] * shape(TIME) - 50e-12
    measures = measure_sweeps(current, TIME, MINUTES, 0.0, settings=Measurement(signal="current"))
    assert measures.amplitude_before == pytest.approx(-20e-12, rel=1e-3)
    assert measures.amplitude_ratio == pytest.approx(1.7)
    assert measures.slope_ratio == pytest.approx(1.7)
    assert measures.slope_before < 0
    assert measures.rejected_count == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"minutes": MINUTES[1:]}, "one finite minute for each sweep"),
        ({"minutes": np.where(MINUTES > 39, np.nan, MINUTES)}, "one finite minute for each sweep"),
        ({"induction_end_minutes": -11.0}, r"no sweep before the end of the induction \(minute -11\); the first is at -10"),
        ({"induction_end_minutes": 25.0}, r"no sweep 20 to 40 minutes after the induction \(the last is 15 minutes after it\)"),
        ({"rejected": [True]}, "rejected must be one truth value a sweep"),
        ({"v": REST + shape(TIME)}, "expected sweeps x samples"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(change, message):
    given_ = {"v": experiment(), "time": TIME, "minutes": MINUTES, "induction_end_minutes": 0.0, **change}
    with pytest.raises(FormatError, match=message) as error:
        measure_sweeps(**given_)
    assert "\n" not in str(error.value)


def test_an_unknown_kind_is_refused():
    with pytest.raises(UnknownName, match='no kind of signal named "ipsp"'):
        Measurement(signal="ipsp")


def test_another_window_may_be_chosen():
    measures = measure_sweeps(experiment(), TIME, MINUTES, 0.0, follow=(0.0, 10.0))
    assert measures.amplitude_ratio == pytest.approx(1 + 0.5 * 61 / 2 / 120, rel=0.01)


def test_inverse_cv_squared_is_mean_squared_over_variance():
    rng = np.random.default_rng(0)
    sweeps = rng.normal(2e-3, 4e-4, (3, 50))
    sweeps[1, 7] = np.nan
    expected = [np.nanmean(row) ** 2 / np.nanvar(row, ddof=1) for row in sweeps]
    np.testing.assert_allclose(inverse_cv_squared(sweeps), expected)
    assert inverse_cv_squared(sweeps * 1e3) == pytest.approx(inverse_cv_squared(sweeps))


def test_a_response_without_variability_has_no_cv():
    values = inverse_cv_squared([[1.0, 1.0, 1.0], [1.0, 1.0 + 1e-9, 1.0], [1.0, np.nan, np.nan], [np.nan] * 3])
    assert np.isnan(values).all()
