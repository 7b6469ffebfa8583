"""All measures of an experiment whose sweeps differ by known gains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spikeheb.errors import FormatError, NonFiniteError
from spikeheb.measure.epsp import amplitude, measure_sweeps, slope, spiked
from spikeheb.measure.measurement import Measurement, Step

TIME = np.arange(-300, 600) * 1e-4
BEFORE, AFTER = np.array([1.0, 1.3, 0.8, 0.9, 1.0]), np.array([2.0, 1.6, 2.4, 1.8])
GAINS = np.concatenate([BEFORE, [5.0], AFTER])
SECOND = np.concatenate([0.5 * BEFORE, [5.0], 1.5 * AFTER[:3], [3.0]])
MINUTES = np.array([-20.0, -15, -10, -5, -1, 10, 20, 25, 30, 40])
OUT = np.arange(10) == 2
SETTINGS = Measurement(blank=0.0, peak_width=0.0, signal="field", pulses=(0.0, 25e-3))


def response(since, delay=2e-3):
    """A straight rise of 4 ms to 1 and an exponential decay in 3 ms."""
    late = since - delay
    return np.where(late < 4e-3, np.clip(late / 4e-3, 0, 1), np.exp(-(late - 4e-3) / 3e-3))


def sweeps(after_delay=2e-3):
    shapes = np.where(MINUTES[:, None] < 0, response(TIME), response(TIME, after_delay))
    return 1e-3 * (GAINS[:, None] * shapes + SECOND[:, None] * response(TIME - 25e-3)) - 0.02


MEASURES = measure_sweeps(sweeps(), TIME, MINUTES, 0.0, OUT, settings=SETTINGS)
KEPT = np.delete(BEFORE, 2)


def test_amplitudes_and_slopes_are_the_gains_and_rejected_sweeps_have_none():
    expected = np.where(OUT, np.nan, GAINS)
    np.testing.assert_allclose(MEASURES.amplitude, 1e-3 * expected, rtol=1e-6)
    np.testing.assert_allclose(MEASURES.slope, 1e-3 * expected / 4e-3, rtol=1e-6)
    assert (MEASURES.rejected.tolist(), int(MEASURES.rejected_count)) == (OUT.tolist(), 1)
    assert not MEASURES.spiked.any()


def test_before_and_after_are_the_means_of_accepted_sweeps_with_the_errors_of_their_scatter():
    a, b = KEPT.mean(), AFTER.mean()
    sem_a, sem_b = KEPT.std(ddof=1) / 2, AFTER.std(ddof=1) / 2
    assert MEASURES.amplitude_before == pytest.approx(1e-3 * a)
    assert MEASURES.amplitude_after == pytest.approx(1e-3 * b)
    assert MEASURES.amplitude_ratio == pytest.approx(b / a)
    assert MEASURES.amplitude_ratio_sem == pytest.approx(b / a * np.hypot(sem_a / a, sem_b / b))
    assert MEASURES.amplitude_difference == pytest.approx(1e-3 * (b - a))
    assert MEASURES.amplitude_difference_sem == pytest.approx(1e-3 * np.hypot(sem_a, sem_b))
    assert (MEASURES.slope_before, MEASURES.slope_after) == (pytest.approx(a / 4), pytest.approx(b / 4))
    assert MEASURES.slope_ratio == pytest.approx(b / a)


def test_both_pulses_and_their_ratio():
    """At the peak of the second response the first has decayed for 25 ms, in its baseline of 5 ms on the average for 16.5 ms."""
    base = np.mean(np.exp(-(np.arange(200, 250) * 1e-4 - 6e-3) / 3e-3))
    first, second = np.stack([KEPT, AFTER]), np.stack([np.delete(SECOND[:5], 2), SECOND[6:]])
    own = second + first * (np.exp(-25e-3 / 3e-3) - base)
    np.testing.assert_allclose(1e3 * np.array([MEASURES.pulses_before, MEASURES.pulses_after])[:, 0], first.mean(axis=1))
    np.testing.assert_allclose(1e3 * np.array([MEASURES.pulses_before, MEASURES.pulses_after])[:, 1], own.mean(axis=1))
    ratios = [MEASURES.paired_pulse_ratio_before, MEASURES.paired_pulse_ratio_after]
    np.testing.assert_allclose(ratios, own.mean(axis=1) / first.mean(axis=1))
    single = measure_sweeps(sweeps(), TIME, MINUTES, 0.0, settings=replace(SETTINGS, pulses=(0.0,)))
    assert np.isnan([single.paired_pulse_ratio_before, single.paired_pulse_ratio_after]).all()


def test_without_a_response_there_is_no_ratio_of_pulses():
    flat = measure_sweeps(np.zeros((10, TIME.size)), TIME, MINUTES, 0.0, settings=SETTINGS)
    assert np.isnan([flat.paired_pulse_ratio_before, flat.slope_ratio, flat.before.latency]).all()
    assert (flat.amplitude_before, flat.amplitude_difference) == (0, 0)


def test_variability_drift_and_traces():
    assert MEASURES.inverse_cv2_before == pytest.approx(KEPT.mean() ** 2 / KEPT.var(ddof=1))
    assert MEASURES.inverse_cv2_after == pytest.approx(AFTER.mean() ** 2 / AFTER.var(ddof=1))
    assert MEASURES.drift.slope == pytest.approx(np.polyfit(MINUTES[[0, 1, 3, 4]], KEPT, 1)[0] * 19 / KEPT.mean())
    assert MEASURES.drift_after.change == pytest.approx(AFTER[3] / AFTER[:2].mean() - 1)
    np.testing.assert_allclose(MEASURES.trace_before, np.delete(sweeps()[:5], 2, axis=0).mean(axis=0))
    np.testing.assert_allclose(MEASURES.trace_after, sweeps()[6:].mean(axis=0))


def test_times_of_the_response_before_and_after_a_shift():
    shifted = measure_sweeps(sweeps(3e-3), TIME, MINUTES, 0.0, OUT, settings=SETTINGS)
    assert (shifted.before.latency, shifted.after.latency) == (pytest.approx(2e-3, abs=1e-6), pytest.approx(3e-3, abs=1e-6))
    assert shifted.before.decay_time == pytest.approx(3e-3, rel=2e-3)
    assert MEASURES.peak_time == pytest.approx(6e-3)
    late = measure_sweeps(sweeps(), TIME + 1e-3, MINUTES, 0.0, OUT, settings=replace(SETTINGS, pulses=(1e-3, 26e-3)))
    assert late.peak_time == pytest.approx(6e-3)
    assert not late.baseline_stands_in
    assert measure_sweeps(sweeps(), TIME, MINUTES, 0.0, OUT, settings=replace(SETTINGS, baseline=(-5e-5, -1e-5))).baseline_stands_in


def test_noise_of_the_baseline_is_subtracted_from_the_variance_of_the_amplitudes():
    """White noise of 0.1 in each sample adds 0.01*(1/5 + 1/50) to the variance of an amplitude over 5 samples."""
    noise = 1e-4 * np.random.default_rng(5).standard_normal((4000, TIME.size))
    gain = 1 + 0.1 * np.random.default_rng(6).standard_normal((4000, 1))
    v = 1e-3 * gain * np.exp(-(((TIME - 15e-3) / 8e-3) ** 2)) + noise
    minutes = np.linspace(-20, 40, 4000)
    measures = measure_sweeps(v, TIME, minutes, 0.0, settings=replace(SETTINGS, pulses=(0.0,), peak_width=0.45e-3))
    assert measures.inverse_cv2_before == pytest.approx(1 / 0.1**2, rel=0.15)
    assert measures.amplitude.var() == pytest.approx(1e-6 * (0.01 + 0.01 * (1 / 5 + 1 / 50)), rel=0.1)


def test_what_was_not_asked_for_is_not_known_and_what_was_is_read_in_accepted_sweeps():
    for name in ("volley", "population_spike", "input_resistance", "series_resistance"):
        assert np.isnan(getattr(MEASURES, name)).tolist() == [True] * 10, name
    v = sweeps() + np.where((TIME > -19.95e-3) & (TIME < -9.95e-3), -3e-3, 0.0)
    v[:, 310] -= 0.2e-3 * GAINS
    v[:, 360] -= 0.5e-3 * GAINS
    asked = replace(SETTINGS, volley=(0.5e-3, 1.5e-3), population_spike=(5.9e-3, 6.1e-3), step=Step(-20e-3, -10e-3, -1e-10))
    measures = measure_sweeps(v, TIME, MINUTES, 0.0, OUT, settings=asked)
    straight = 0.5 * (response(5.9e-3) + response(6.1e-3))
    np.testing.assert_allclose(measures.volley, np.where(OUT, np.nan, -0.2e-3 * GAINS), rtol=1e-6)
    np.testing.assert_allclose(measures.population_spike, np.where(OUT, np.nan, 1e-3 * GAINS * (0.5 - straight)), rtol=1e-3)
    np.testing.assert_allclose([measures.input_resistance, measures.series_resistance], [np.where(OUT, np.nan, 3e7)] * 2, rtol=1e-6)


def test_sweeps_with_spikes_are_told_from_those_that_the_caller_rejected():
    v = sweeps() - 0.05
    v[[2, 7], 400] = 0.1
    measures = measure_sweeps(v, TIME, MINUTES, 0.0, OUT, settings=replace(SETTINGS, signal="membrane"))
    assert np.flatnonzero(measures.spiked).tolist() == [7]
    assert np.flatnonzero(measures.rejected).tolist() == [2, 7]
    assert measures.amplitude_after == pytest.approx(1e-3 * AFTER[[0, 2, 3]].mean())


def test_when_every_sweep_is_rejected_nothing_is_known():
    measures = measure_sweeps(sweeps(), TIME, MINUTES, 0.0, np.ones(10, dtype=bool), settings=SETTINGS)
    names = ("amplitude", "slope", "trace_before", "trace_after", "peak_time", "amplitude_ratio", "slope_ratio", "pulses_before")
    assert all(np.isnan(getattr(measures, name)).all() for name in names)
    assert measures.rejected_count == 10


# --- single traces -------------------------------------------------------------------------------------------------------


def test_traces_are_measured_each_at_its_own_peak():
    traces = np.stack([2 * response(TIME), -3 * response(TIME, 5e-3)])[None]
    np.testing.assert_allclose(amplitude(traces, TIME, SETTINGS), [[2, -3]])
    np.testing.assert_allclose(slope(traces, TIME, SETTINGS), [[500, -750]], rtol=1e-6)


def test_a_spike_goes_beyond_the_threshold_outside_what_is_blanked():
    """Blanked are 0 to 1 ms and 25 to 26 ms, their ends included."""
    settings = replace(SETTINGS, blank=1e-3)
    for time, expected in ((-0.1e-3, True), (0.0, False), (1e-3, False), (1.1e-3, True), (25.5e-3, False), (26.1e-3, True)):
        trace = np.where(np.abs(TIME - time) < 1e-6, 0.0, -0.07)
        assert spiked(trace, TIME, settings) == expected, time
    assert not spiked(np.full(TIME.size, -0.03), TIME)


@pytest.mark.parametrize(("time", "samples"), [([0.0], 1), ([[0.0, 1.0]], 2), ([0.0, 1.0], 3), ([0.0, 0.0], 2)])
def test_times_must_be_one_for_each_sample_and_rise(time, samples):
    with pytest.raises(FormatError):
        amplitude(np.zeros(samples), time)


def test_the_first_bad_number_of_a_sweep_is_named():
    v = sweeps()
    v[[4, 6], 330] = np.nan
    v[4, 340] = np.inf
    with pytest.raises(NonFiniteError, match=r"^sweep 4: nan at 3 ms"):
        measure_sweeps(v, TIME, MINUTES, 0.0, settings=SETTINGS)
    with pytest.raises(NonFiniteError, match=r"^sweep 6 of lane 1, 0: nan at 3 ms"):
        measure_sweeps(np.stack([sweeps(), v])[:, None], TIME, MINUTES, 0.0, np.tile(np.arange(10) == 4, (2, 1, 1)), settings=SETTINGS)


def test_leading_dimensions_stay():
    both = measure_sweeps(np.stack([sweeps(), 2 * sweeps()])[:, None], TIME, MINUTES, 0.0, settings=SETTINGS)
    assert both.amplitude.shape == (2, 1, 10)
    assert both.before.latency.shape == both.drift.slope.shape == (2, 1)
    assert both.pulses_before.shape == (2, 1, 2)
    np.testing.assert_allclose(both.amplitude[1], 2 * both.amplitude[0])
