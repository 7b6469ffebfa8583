"""Where a response lies in a sweep, on traces that can be read by eye; and the settings that say where to look."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spikeheb.errors import FormatError, UnknownName
from spikeheb.measure.kinetics import kinetics
from spikeheb.measure.measurement import Measurement, Step
from spikeheb.measure.windows import baseline_samples, crossing, places, running_mean, samples_between, smoothing

MS = np.arange(10) * 1e-3
TIME = np.arange(-100, 600) * 1e-4
PLAIN = Measurement(blank=0.0, peak_width=0.0)


def response(start=2e-3, peak=6e-3, tau=10e-3, time=TIME):
    """A straight rise to 1 and an exponential decay."""
    return np.where(time < peak, np.clip((time - start) / (peak - start), 0, 1), np.exp(-(time - peak) / tau))


# --- samples -------------------------------------------------------------------------------------------------------------


def test_windows_hold_the_samples_at_their_ends_but_for_an_open_left_one():
    assert samples_between(MS, 2e-3, 4e-3) == slice(2, 5)
    assert samples_between(MS, 2e-3, 4e-3, open_left=True) == slice(3, 5)
    assert samples_between(MS, 2.5e-3, 4.5e-3) == slice(3, 5)
    assert samples_between(MS, 2e-3 + 5e-10, 4e-3 - 5e-10) == slice(2, 5)


def test_the_baseline_ends_before_the_pulse_and_the_last_sample_stands_in_for_an_empty_one():
    assert baseline_samples(MS, 5e-3, (-3e-3, 0.0)) == (slice(2, 5), False)
    assert baseline_samples(MS, 5e-3, (-3e-3, -1e-3)) == (slice(2, 4), False)
    assert baseline_samples(MS, 5e-3, (-0.9e-3, -0.1e-3)) == (slice(5, 6), True)
    assert baseline_samples(MS, 5.5e-3, (-0.4e-3, 0.0)) == (slice(5, 6), True)
    assert baseline_samples(MS, 0.0, (-3e-3, 0.0)) == (slice(0, 1), True)


@pytest.mark.parametrize("pulse", [-1e-3, float(MS[-1]), 12e-3])
def test_a_pulse_outside_the_sweep_is_refused(pulse):
    with pytest.raises(FormatError, match="must contain the pulse"):
        baseline_samples(MS, pulse, (-3e-3, 0.0))


def test_a_running_mean_is_the_mean_of_what_lies_within_half_its_width():
    values = np.random.default_rng(0).random(30)
    times = np.cumsum(np.random.default_rng(1).random(30))
    expected = [values[np.abs(times - at) <= 0.75].mean() for at in times]
    np.testing.assert_allclose(running_mean(values, times, 1.5), expected)
    np.testing.assert_allclose(running_mean(np.arange(5.0), np.arange(5.0), 2.0), [0.5, 1, 2, 3, 3.5])


def test_so_many_samples_are_averaged_that_the_noise_falls_below_three_thousandths():
    """Noise of 0.03 over a size of 2 needs 25 samples, at steps of 0.1 ms."""
    assert smoothing(0.03, 2.0, TIME) == pytest.approx(25e-4)
    assert [smoothing(0.0, 2.0, TIME), smoothing(0.03, 0.0, TIME), smoothing(0.03, 2.0, TIME[:1])] == [0, 0, 0]
    assert smoothing(0.03, 2.0, np.array([0.0, 1.0])) == pytest.approx(25.0)


def test_a_crossing_lies_on_the_straight_line_between_samples():
    assert crossing(np.array([0.0, 0.0, 0.4, 0.8]), MS[:4], 0.5) == pytest.approx(2.25e-3)
    assert crossing(np.array([0.0, 0.9, 0.1, 0.9]), MS[:4], 0.5) == pytest.approx(2.5e-3)
    assert crossing(np.array([0.0, 0.5, 1.0]), MS[:3], 0.5) == pytest.approx(1e-3)


def test_crossings_within_the_margin_are_averaged():
    """The trace passes 0.5 at 1.5 ms and, after a dip to 0.4 that a margin of 0.2 ignores, at 3.5 ms."""
    share = np.array([0.0, 0.4, 0.6, 0.4, 0.6, 1.0])
    assert crossing(share, MS[:6], 0.5, 0.2) == pytest.approx(2.5e-3)
    assert crossing(share, MS[:6], 0.5, 0.05) == pytest.approx(3.5e-3)


def test_a_level_that_is_never_reached_is_where_the_trace_was_last_below():
    assert crossing(np.array([0.0, 0.1, 0.2]), MS[:3], 0.5) == pytest.approx(1e-3)
    assert crossing(np.array([0.6, 0.7, 0.8]), MS[:3], 0.5) == 0.0


# --- places --------------------------------------------------------------------------------------------------------------


def test_the_place_of_a_response_sample_by_sample():
    """Baseline from -5 to 0 ms, search from after the pulse to 30 ms, peak of 1 ms about 6 ms."""
    settings = Measurement(blank=1e-3, search=30e-3, peak_width=1e-3)
    (place,) = places(response(), 0.0, TIME, settings)
    assert (place.level, place.search, place.peak) == (slice(50, 100), slice(111, 401), slice(155, 166))
    assert (place.pulse, place.peak_time, place.stands_in) == (0.0, pytest.approx(6e-3), False)
    assert place.amplitudes(response() + 5) == pytest.approx(response()[155:166].mean())
    assert place.levels(response() + 5) == pytest.approx(5)


def test_the_slope_lasts_from_30_to_75_percent_of_the_rise():
    (place,) = places(response(), 0.0, TIME, PLAIN)
    assert place.rise.duration == pytest.approx(0.45 * 4e-3)
    assert place.rise.slopes(3 * response() - 1, np.array(-1.0)) == pytest.approx(3 / 4e-3)


def test_a_later_response_is_looked_for_up_to_the_next_pulse():
    two = response() + 2 * response(time=TIME - 20e-3)
    first, second = places(two, 0.0, TIME, replace(PLAIN, pulses=(0.0, 20e-3)))
    assert (first.peak_time, second.peak_time) == (pytest.approx(6e-3), pytest.approx(26e-3))
    assert (first.search, second.search.stop) == (slice(101, 300), 700)
    shared = places(two, 0.0, TIME, replace(PLAIN, pulses=(0.0, 20e-3), paired_baseline="first"))
    assert [place.level for place in shared] == [first.level, first.level]


def test_the_response_lies_after_the_volley_and_before_the_population_spike():
    settings = replace(PLAIN, volley=(0.5e-3, 3e-3), population_spike=(10e-3, 12e-3))
    assert places(response(), 0.0, TIME, settings)[0].search == slice(131, 200)


def test_a_noisy_peak_is_found_where_the_smooth_one_is():
    """The extremum of 200 noisy averages scatters about a round top; that of the smoothed trace scatters less."""
    rng = np.random.default_rng(6)
    top = np.exp(-(((TIME - 15e-3) / 8e-3) ** 2))
    times = [places(top + 0.03 * rng.standard_normal(TIME.size), 0.03, TIME, PLAIN)[0].peak_time for _ in range(200)]
    rough = [TIME[(top + 0.03 * rng.standard_normal(TIME.size)).argmax()] for _ in range(200)]
    assert np.mean(times) == pytest.approx(15e-3, abs=0.3e-3)
    assert np.std(times) < 0.75 * np.std(rough)


# --- kinetics ------------------------------------------------------------------------------------------------------------


def test_every_time_of_a_straight_rise_and_an_exponential_decay():
    """From 2 to 6 ms, then to 1/e in 10 ms; the noise of the trace moves the onset by as much as 4 ms times its share of the peak."""
    times = kinetics(-0.07 + 2e-3 * response(), 0.0, TIME, PLAIN)
    assert (times.latency, times.rise_time) == (pytest.approx(2e-3, abs=1e-6), pytest.approx(0.6 * 4e-3))
    assert (times.decay_time, times.latency_error) == (pytest.approx(10e-3, rel=1e-4), 0)
    noisy = kinetics(-0.07 + 2e-3 * response(), 2e-6, TIME, PLAIN)
    assert noisy.latency_error == pytest.approx(1e-3 * 4e-3, rel=0.01)
    assert noisy.decay_time == pytest.approx(10e-3, rel=0.02)


def test_times_count_from_the_pulse_and_a_response_that_stays_has_no_decay():
    late = kinetics(-response(time=TIME - 10e-3), 0.0, TIME, replace(PLAIN, pulses=(10e-3,)))
    assert (late.latency, late.decay_time) == (pytest.approx(2e-3, abs=1e-6), pytest.approx(10e-3, rel=1e-4))
    assert np.isnan(kinetics(response(tau=1.0), 0.0, TIME, PLAIN).decay_time)
    assert np.isnan([*vars(kinetics(np.zeros(TIME.size), 0.0, TIME, PLAIN)).values()]).all()


# --- settings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"baseline": (-1e-3, 1e-3)},
        {"baseline": (-1e-3, -1e-3)},
        {"baseline": (-np.inf, 0.0)},
        {"volley": (-1e-3, 1e-3)},
        {"volley": (2e-3, 1e-3)},
        {"volley": (0.0, np.inf)},
        {"population_spike": (-1e-3, 1e-3)},
        {"rise": (0.0, 0.5)},
        {"rise": (0.5, 0.5)},
        {"rise": (0.5, 1.0)},
        {"blank": -1e-3},
        {"blank": 0.1},
        {"search": np.inf},
        {"peak_width": -1e-3},
        {"peak_width": np.inf},
        {"pulses": ()},
        {"pulses": (0.0, 0.0)},
        {"pulses": (1.0, 0.0)},
        {"pulses": (np.nan,)},
        {"pulses": (np.inf,)},
        {"step": Step(2.0, 1.0, 1.0)},
        {"step": Step(1.0, 2.0, 0.0)},
        {"step": Step(1.0, 2.0, np.nan)},
        {"step": Step(1.0, np.inf, 1.0)},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(FormatError) as error:
        Measurement(**settings)
    name = next(iter(settings))
    assert {"rise": "slope_limits"}.get(name, name) in str(error.value) or error.value.key == "search"


@pytest.mark.parametrize(
    "settings",
    [
        {"baseline": (-1.0, 0.0)},
        {"volley": (0.0, 1e-3)},
        {"rise": (0.01, 0.99)},
        {"blank": 0.0},
        {"peak_width": 0.0},
        {"pulses": (-1.0, 2.0)},
        {"step": Step(-2.0, -1.0, -1e-12)},
        {"signal": "field"},
        {"paired_baseline": "first"},
    ],
)
def test_settings_at_their_limits_are_taken(settings):
    (name,) = settings
    assert getattr(Measurement(**settings), name) == settings[name]


def test_words_that_are_not_in_the_list_are_refused():
    with pytest.raises(UnknownName, match="paired_baseline"):
        Measurement(paired_baseline="second")
