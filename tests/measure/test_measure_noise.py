"""Noise does not inflate what is measured: many experiments with a known truth."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from spikeheb.measure.epsp import measure_sweeps, slope
from spikeheb.measure.variability import inverse_cv_squared

TIME = np.arange(-100, 1000) * 1e-4
MINUTES = np.concatenate([np.arange(-20, 0) / 2, 20 + np.arange(41) / 2])
AFTER = 1.5
SEEDS = 200


def shape(time: np.ndarray, rise: float = 2e-3, decay: float = 2e-2) -> np.ndarray:
    late = np.maximum(time, 0)
    peak = np.log(decay / rise) * rise * decay / (decay - rise)
    return (np.exp(-late / decay) - np.exp(-late / rise)) / (np.exp(-peak / decay) - np.exp(-peak / rise))


EPSP = shape(TIME - 2e-3)


@cache
def study(noise: float, cv: float) -> dict[str, np.ndarray]:
    """Measures of all seeds, in mV, and the mean gains that were drawn for each."""
    columns: dict[str, list[float]] = {
        name: [] for name in ("before", "after", "ratio", "sem", "slope", "slope_after", "se", "drawn", "cv2")
    }
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        gain = np.where(MINUTES < 0, 1.0, AFTER) * (1 + cv * rng.standard_normal(MINUTES.size))
        v = -70e-3 + 1e-3 * (gain[:, None] * EPSP + noise * rng.standard_normal((MINUTES.size, TIME.size)))
        measures = measure_sweeps(v, TIME, MINUTES, 0.0)
        before = measures.amplitude[MINUTES < 0]
        columns["before"].append(1e3 * float(measures.amplitude_before))
        columns["after"].append(1e3 * float(measures.amplitude_after))
        columns["ratio"].append(float(measures.amplitude_ratio))
        columns["sem"].append(float(measures.amplitude_ratio_sem))
        columns["slope"].append(float(measures.slope_before))
        columns["slope_after"].append(float(measures.slope_after))
        columns["se"].append(1e3 * float(before.std(ddof=1)) / np.sqrt(before.size))
        columns["drawn"].append(gain[MINUTES > 0].mean() / gain[MINUTES < 0].mean())
        columns["cv2"].append(float(measures.inverse_cv2_before))
    return {name: np.array(values) for name, values in columns.items()}


@pytest.mark.slow
@pytest.mark.parametrize("cv", [0.0, 0.2])
@pytest.mark.parametrize("noise", [0.05, 0.1, 0.2, 0.4])
def test_amplitude_and_ratio_are_unbiased_and_their_errors_cover_the_truth(noise, cv):
    measures = study(noise, cv)
    assert measures["before"].mean() == pytest.approx(1, abs=0.01)
    assert measures["after"].mean() == pytest.approx(AFTER, rel=0.01)
    drawn = measures["drawn"].mean() - AFTER  # what chance gave these seeds is no bias of the measurement
    assert measures["ratio"].mean() - drawn == pytest.approx(AFTER, rel=0.005)
    for values, errors, truth in (("before", "se", 1.0), ("ratio", "sem", AFTER)):
        assert 0.91 <= np.mean(np.abs(measures[values] - truth) < 2 * measures[errors]) <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.05, 0.1, 0.2])
def test_the_slope_is_unbiased(noise):
    truth = float(slope(1e-3 * EPSP - 70e-3, TIME))
    measures = study(noise, 0.0)
    assert measures["slope"].mean() == pytest.approx(truth, rel=0.03)
    assert measures["slope_after"].mean() == pytest.approx(AFTER * truth, rel=0.03)
    assert np.mean(measures["slope_after"] / measures["slope"]) == pytest.approx(AFTER, rel=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.05, 0.2])
def test_the_variance_of_the_noise_is_taken_from_that_of_the_amplitudes(noise):
    assert np.median(study(noise, 0.2)["cv2"]) == pytest.approx(1 / 0.2**2, rel=0.1)


def test_noise_in_single_sweeps_does_not_move_the_mean_response():
    """A dozen experiments at a noise that trebles the extremum of a sweep."""
    ratios, amplitudes = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        gain = np.where(MINUTES < 0, 1.0, AFTER)
        v = -70e-3 + 1e-3 * (gain[:, None] * EPSP + 0.4 * rng.standard_normal((MINUTES.size, TIME.size)))
        measures = measure_sweeps(v, TIME, MINUTES, 0.0)
        ratios.append(float(measures.amplitude_ratio))
        amplitudes.append(1e3 * float(measures.amplitude_before))
    assert np.mean(amplitudes) == pytest.approx(1, abs=4 * np.std(amplitudes) / np.sqrt(12))
    assert np.mean(amplitudes) < 1.1
    assert np.mean(ratios) == pytest.approx(AFTER, abs=4 * np.std(ratios) / np.sqrt(12))


def test_a_response_that_is_only_noise_has_a_difference_and_no_ratio():
    v = -70e-3 + 1e-3 * np.random.default_rng(2).standard_normal((MINUTES.size, TIME.size))
    measures = measure_sweeps(v, TIME, MINUTES, 0.0)
    assert np.isnan(measures.amplitude_ratio)
    assert np.isnan(measures.slope_ratio)
    assert measures.amplitude_difference == pytest.approx(float(measures.amplitude_after - measures.amplitude_before))
    assert abs(measures.amplitude_difference) < 4 * measures.amplitude_difference_sem


def test_noise_is_subtracted_from_the_variance():
    """Amplitudes of variance 4 and 1, and noise of variance 1."""
    values = np.random.default_rng(1).normal(10, np.sqrt(5), (1, 40_000))
    assert inverse_cv_squared(values, 1.0) == pytest.approx(100 / 4, rel=0.03)
    assert np.isnan(inverse_cv_squared(values, 6.0))
