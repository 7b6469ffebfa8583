"""When a distribution of weights has settled, on courses whose future is known."""

from __future__ import annotations

import numpy as np
import pytest

from spikeheb.measure.standstill import changes, standstill, trend, wandering


def walk(pull: float, times: int = 40, synapses: int = 1000, step: float = 0.01, seed: int = 0):
    """Weights from 0.5 on that take random steps and are pulled back by a share of their distance at each."""
    rng = np.random.default_rng(seed)
    w = np.full((times, synapses), 0.5)
    for n in range(1, times):
        w[n] = w[n - 1] - pull * (w[n - 1] - 0.5) + step * rng.normal(size=synapses)
    return w


@pytest.mark.parametrize("seed", range(20))
def test_weights_that_wander_are_never_settled_however_still_they_look(seed):
    """The last quarters differ by less than chance explains, and ten times the run has another distribution."""
    course = walk(0.0, seed=seed)
    assert standstill(course, 1.0).verdict != "yes"
    for length in (12, 20, 80):
        assert standstill(walk(0.0, length, seed=seed), 1.0).verdict != "yes"


def test_weights_that_are_pulled_back_settle_once_they_have_forgotten():
    settled = [standstill(walk(0.5, seed=seed), 1.0).verdict for seed in range(40)]
    assert settled.count("yes") >= 38
    slow = [standstill(walk(0.02, seed=seed), 1.0).verdict for seed in range(40)]
    assert "yes" not in slow


@pytest.mark.parametrize("seed", range(10))
def test_a_slow_drift_of_all_is_seen(seed):
    """A hundredth of the range over the run: the last quarters differ by less than is allowed."""
    course = walk(0.5, seed=seed) + np.linspace(0, 0.03, 40)[:, None]
    verdict = standstill(course, 1.0)
    assert verdict.change < 0.02
    assert verdict.verdict == "no"
    assert "mean of the weights still grows" in verdict.reason


def test_a_slow_growth_of_the_spread_is_seen():
    spread = np.linspace(-0.1, 0.1, 1000) * np.linspace(1.0, 1.5, 40)[:, None]
    verdict = standstill(0.5 + spread, 1.0)
    assert verdict.verdict == "no"
    assert "standard deviation of the weights still grows" in verdict.reason


def test_a_run_that_still_moves_has_not_settled():
    still = np.random.default_rng(7).random((40, 500))
    assert standstill(still, 1.0).stationary
    moving = standstill(still * 0.1 + np.linspace(0, 1, 40)[:, None], 1.0)
    assert moving.verdict == "no"
    assert moving.change == pytest.approx(0.25, abs=0.02)


def test_nothing_is_said_of_what_cannot_be_known():
    assert "too few" in standstill(np.random.default_rng(0).random((7, 50)), 1.0).reason
    for course, scale in ((np.full((40, 5), 0.5), 1.0), (walk(0.5), 0.0)):
        verdict = standstill(course, scale)
        assert (verdict.verdict, verdict.stationary) == ("cannot tell", False)
    assert "no weight changed" in standstill(np.full((40, 5), 0.5), 1.0).reason


def test_weights_that_have_come_to_a_limit_and_stay_there_have_settled():
    course = np.minimum(1.0, np.linspace(0.5, 2.5, 40))[:, None] + np.zeros((1, 50))
    assert standstill(course, 1.0).verdict == "yes"


def test_the_trend_of_a_line_and_of_noise():
    assert trend(np.linspace(1, 3, 11)) == (pytest.approx(2), pytest.approx(0, abs=1e-12))
    rng = np.random.default_rng(3)
    scores = [np.divide(*trend(rng.normal(size=20))) for _ in range(500)]
    assert np.mean(np.abs(scores) > 4) < 0.02


def test_how_far_weights_wander():
    assert wandering(walk(0.0, synapses=20000)) == pytest.approx(2, rel=0.05)
    assert wandering(walk(1.0, synapses=20000)) == pytest.approx(1, rel=0.05)
    assert wandering(np.tile(np.arange(3.0), (40, 1))) == 1


def test_changes_by_hand():
    course = np.repeat([0.0, 0.0, 1.0, 3.0], 2)[:, None] + np.array([0.0, 0.5])
    assert changes(course, 2.0) == (1.0, 0.5)
