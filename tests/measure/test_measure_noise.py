"""Noise does not inflate what is measured: many experiments with a known truth."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from spikeheb.measure.epsp import amplitude, measure_sweeps, slope
from spikeheb.measure.variability import inverse_cv_squared

TIME = np.arange(-100, 1000) * 1e-4
MINUTES = np.concatenate([np.arange(-20, 0) / 2, 20 + np.arange(41) / 2])
AFTER = 1.5
SEEDS = range(30_000, 30_200)
"""None of these served to choose a constant of the measurement."""
SHAPES = {"fast": (0.5e-3, 5e-3), "sharp": (0.5e-3, 4e-2), "usual": (2e-3, 2e-2), "slow": (5e-3, 4e-2)}
"""Times of rise and decay."""


def shape(time: np.ndarray, rise: float = 2e-3, decay: float = 2e-2) -> np.ndarray:
    late = np.maximum(time, 0)
    peak = np.log(decay / rise) * rise * decay / (decay - rise)
    return (np.exp(-late / decay) - np.exp(-late / rise)) / (np.exp(-peak / decay) - np.exp(-peak / rise))


@cache
def study(noise: float, cv: float, name: str = "usual") -> dict[str, np.ndarray]:
    """Measures of two experiments a seed, in mV, whose noise is the same but for its sign.

    What chance does to the mean of the seeds cancels between the two to first order; a bias of the measurement does not.
    """
    names = ("before", "after", "ratio", "sem", "slope", "slope_after", "se", "cv2")
    epsp = shape(TIME - 2e-3, *SHAPES[name])
    rows = [_experiment(sign * cv * gains, sign * noise * noises, epsp) for gains, noises in map(_chance, SEEDS) for sign in (1, -1)]
    return dict(zip(names, np.array(rows).T, strict=True))


def _chance(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal(MINUTES.size), rng.standard_normal((MINUTES.size, TIME.size))


def _experiment(gains: np.ndarray, noises: np.ndarray, epsp: np.ndarray) -> tuple[float, ...]:
    gain = np.where(MINUTES < 0, 1.0, AFTER) * (1 + gains)
    v = -70e-3 + 1e-3 * (gain[:, None] * epsp + noises)
    measures = measure_sweeps(v, TIME, MINUTES, 0.0)
    before = 1e3 * measures.amplitude[MINUTES < 0]
    return (
        1e3 * float(measures.amplitude_before),
        1e3 * float(measures.amplitude_after),
        float(measures.amplitude_ratio),
        float(measures.amplitude_ratio_sem),
        float(measures.slope_before),
        float(measures.slope_after),
        float(before.std(ddof=1)) / np.sqrt(before.size),
        float(measures.inverse_cv2_before),
    )


@pytest.mark.slow
@pytest.mark.parametrize("cv", [0.0, 0.2])
@pytest.mark.parametrize("noise", [0.05, 0.1, 0.2, 0.4])
def test_amplitude_and_ratio_are_unbiased_and_their_errors_cover_the_truth(noise, cv):
    measures = study(noise, cv)
    assert measures["before"].mean() == pytest.approx(1, abs=0.01)
    assert measures["after"].mean() == pytest.approx(AFTER, rel=0.01)
    assert measures["ratio"].mean() == pytest.approx(AFTER, rel=0.005)
    for values, errors, truth in (("before", "se", 1.0), ("ratio", "sem", AFTER)):
        assert 0.91 <= np.mean(np.abs(measures[values] - truth) < 2 * measures[errors]) <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fast", "sharp", "slow"])
@pytest.mark.parametrize("noise", [0.1, 0.2])
def test_responses_of_other_shapes_are_unbiased_too(noise, name):
    """The mean over the width of the peak is that of the response without noise, as is the slope."""
    clean = 1e-3 * shape(TIME - 2e-3, *SHAPES[name]) - 70e-3
    size, steepness = 1e3 * float(amplitude(clean, TIME)), float(slope(clean, TIME))
    measures = study(noise, 0.0, name)
    assert measures["before"].mean() == pytest.approx(size, rel=0.01)
    assert measures["after"].mean() == pytest.approx(AFTER * size, rel=0.01)
    assert measures["ratio"].mean() == pytest.approx(AFTER, rel=0.005)
    assert measures["slope"].mean() == pytest.approx(steepness, rel=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.05, 0.1, 0.2])
def test_the_slope_is_unbiased(noise):
    truth = float(slope(1e-3 * shape(TIME - 2e-3) - 70e-3, TIME))
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
        v = -70e-3 + 1e-3 * (gain[:, None] * shape(TIME - 2e-3) + 0.4 * rng.standard_normal((MINUTES.size, TIME.size)))
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
