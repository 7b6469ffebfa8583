"""Graded dynamics against closed forms, and Lyapunov exponents that are known."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.rates import Memory, flipped, hidden_energy, hidden_layer, integrate, lyapunov, random_patterns


def test_eulers_method_by_hand() -> None:
    states = integrate(lambda h: -2 * h, [1.0, 4.0], dt=0.1, duration=0.5, every=0.1)
    np.testing.assert_allclose(states, np.outer(0.8 ** np.arange(1, 6), [1.0, 4.0]), rtol=1e-14)
    assert np.array_equal(integrate(lambda h: -2 * h, [1.0, 4.0], dt=0.1, duration=0.5), states[-1])


def test_exponents_of_linear_systems() -> None:
    """Of ``dh/dt = a h`` by Euler's method: log(1 + a dt)/dt; of several columns each its own."""
    rates = np.array([-0.5, 0.0, 0.3])
    exponents = lyapunov(lambda h: np.tile(rates, h.shape[1] // 3) * h, np.ones((4, 3)), dt=0.01, duration=20)
    np.testing.assert_allclose(exponents, np.log1p(rates * 0.01) / 0.01, atol=1e-6)


def test_the_exponent_of_lorenz_is_that_of_the_literature() -> None:
    """0.906 in natural logarithms for 10, 28, 8/3 (Sprott 2003)."""

    def derivative(h: np.ndarray) -> np.ndarray:
        x, y, z = h
        return np.array([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z])

    start = integrate(derivative, np.ones((3, 8)) + 0.1 * np.random.default_rng(0).normal(size=(3, 8)), dt=0.002, duration=20)
    assert lyapunov(derivative, start, dt=0.002, duration=120, every=0.5).mean() == pytest.approx(0.906, abs=0.05)


def test_two_layers_relax_to_the_fixed_point_of_the_softmax_memory() -> None:
    """Row 15d: the energy never rises, and after 12 time constants the distance is exp(-12)."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        patterns = random_patterns(20, 64, rng=rng)
        cue = flipped(patterns[:1], 6, rng=rng)[0]
        course = integrate(hidden_layer(patterns), np.concatenate([cue, patterns @ cue]), dt=0.001, duration=12, every=0.01)
        energies = [hidden_energy(patterns, state) for state in course]
        assert np.diff(energies).max() <= 1e-10
        fixed = cue[None]
        for _ in range(50):
            fixed = Memory(patterns, "at_once", "softmax").inputs(fixed)
        assert np.abs(course[-1][:64] - fixed[0]).max() < 1e-4


def test_wrong_times_and_rates() -> None:
    with pytest.raises(sh.NonFiniteError, match="derivative: the rates are not finite any more at the time"):
        integrate(lambda h: 1e9 * h**3, [1.0], dt=1.0, duration=50, every=1)
    with pytest.raises(sh.ScheduleError, match="duration: expected a finite time and a time step above 0"):
        integrate(lambda h: h, [1.0], dt=0, duration=1)
    with pytest.raises(sh.ScheduleError, match="duration: expected from 1 to 10,000,000 time steps"):
        integrate(lambda h: h, [1.0], dt=1e-9, duration=1)
    with pytest.raises(sh.NonFiniteError, match="start: expected finite numbers"):
        integrate(lambda h: h, [np.nan], dt=0.1, duration=1)
