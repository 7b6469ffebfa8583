"""Random numbers by counter, and rules that draw them."""

import numpy as np
from kernel_rules import DT, job, read
from scipy import special, stats

from spikeheb.engines.job import Job
from spikeheb.engines.kernel import random, runner


def test_normal_numbers_are_the_inverse_of_the_distribution_function():
    keys = random.streams(5, 1, np.arange(200))[:, None]
    counters = np.arange(500)[None, :]
    p, x = random.uniform(keys, counters), random.normal(keys, counters)
    np.testing.assert_allclose(x, special.ndtri(p), rtol=1e-13, atol=1e-15)
    assert p.min() > 0
    assert p.max() < 1


def test_numbers_are_uniform_and_streams_and_counters_independent():
    keys = random.streams(0, 1, np.arange(300))[:, None]
    numbers = random.uniform(keys, np.arange(300)[None, :])
    assert stats.kstest(numbers.ravel(), "uniform").pvalue > 1e-3
    for shifted in (np.roll(numbers, 1, axis=0), np.roll(numbers, 1, axis=1), numbers.T):
        assert abs(np.corrcoef(numbers.ravel(), shifted.ravel())[0, 1]) < 5 / np.sqrt(numbers.size) or shifted is numbers.T
    assert np.unique(numbers).size == numbers.size
    assert not np.array_equal(numbers, random.uniform(random.streams(1, 1, np.arange(300))[:, None], np.arange(300)[None, :]))


def test_the_tails_are_those_of_a_normal_distribution():
    x = random.normal(random.streams(7, 2, np.arange(1000))[:, None], np.arange(2000)[None, :]).ravel()
    expected = x.size * stats.norm.sf(4)
    assert abs(np.sum(np.abs(x) > 4) - 2 * expected) < 5 * np.sqrt(2 * expected)
    assert abs(x.mean()) < 4 / np.sqrt(x.size)
    assert abs(x.std() - 1) < 4 / np.sqrt(2 * x.size)


def test_seed_and_input_decide_the_noise_and_nothing_else_does(tmp_path):
    rule = read(tmp_path, "calcium")
    first, again = runner.run(job(rule, steps=4000)), runner.run(job(rule, steps=4000))
    assert np.array_equal(first.w, again.w)
    assert not np.array_equal(first.w, runner.run(Job(**{**vars(job(rule, steps=4000)), "seed": 9})).w)
    assert np.unique(first.w).size == first.w.size


def test_mean_and_variance_while_calcium_is_high(tmp_path):
    """With c held above both thresholds rho is an Ornstein-Uhlenbeck process, of known mean and variance."""
    rule = read(tmp_path, "calcium", parameters={"tau_ca": "1e6 s", "tau": "150 s"})
    lanes, steps = 400, 20_000
    at = np.array([0])
    run = runner.run(
        Job(
            rule,
            None,
            DT,
            steps,
            np.arange(lanes),
            (np.zeros(0, dtype=np.int64),) * lanes,
            (at,) * lanes,
            initial={"rho": np.full(lanes, 0.5)},
        )
    )
    gamma_p, gamma_d, sigma, tau = 321.808, 200.0, 2.8284, 150.0
    rate, t = (gamma_p + gamma_d) / tau, steps * DT
    mean = gamma_p / (gamma_p + gamma_d) + (0.5 - gamma_p / (gamma_p + gamma_d)) * np.exp(-rate * t)
    variance = sigma**2 * 2 / tau / (2 * rate) * (1 - np.exp(-2 * rate * t))
    assert abs(run.w.mean() - mean) < 4 * np.sqrt(variance / lanes) + 1e-3
    assert abs(run.w.var() / variance - 1) < 5 * np.sqrt(2 / lanes)
