"""Oja (1982), 10.1007/BF00275687: the weights of a linear cell tend to length 1, along the leading eigenvector of its input."""

from __future__ import annotations

import numpy as np
import pytest
from circuits_by_hand import of_lanes

import spikeheb as sh
from spikeheb.engines.choice import carry_out

DT = 1e-3


def spikes(rng, rate, steps):
    """Poisson steps for a rate, or one rate for each step."""
    return np.flatnonzero(rng.random(steps) < np.broadcast_to(rate, steps) * DT)


def test_with_independent_trains_the_weight_tends_to_the_ratio_of_the_rates():
    """Mean over the second half of the run, against nu_pre/nu_post; ties count for x alone, a share of DT/(2*tau)."""
    rng, steps, lanes = np.random.default_rng(1), 400_000, 10
    pre = tuple(spikes(rng, 20.0, steps) for _ in range(lanes))
    post = tuple(spikes(rng, 40.0, steps) for _ in range(lanes))
    rule = sh.rule("oja")
    job = of_lanes(rule, None, DT, steps, np.arange(lanes), pre, post, samples=np.arange(steps // 2, steps, 500))
    assert carry_out(job).weight.mean() == pytest.approx(0.5, abs=0.01)


def learn(rates, rng, start, batches=150, steps=5000):
    """Weights of a cell that fires at the sum of weight times input rate; its rate follows the weights batch by batch."""
    w = np.array(start, dtype=float)
    course = []
    for _ in range(batches):
        drive = rates(rng, steps)
        pre = tuple(spikes(rng, rate, steps) for rate in drive)
        job = of_lanes(
            sh.rule("oja"), None, DT, steps, np.zeros(w.size, dtype=np.int64), pre, (spikes(rng, w @ drive, steps),), initial={"w": w}
        )
        w = carry_out(job).w
        course.append(w)
    return np.mean(course[batches // 2 :], axis=0)


@pytest.mark.parametrize("start", [[0.1, 0.1, 0.1, 0.1], [1.5, 0.2, 1.0, 0.1]])
def test_weights_have_length_one_along_the_vector_of_rates(start):
    nu = np.array([10.0, 20.0, 30.0, 5.0])
    w = learn(lambda rng, steps: np.repeat(nu[:, None], steps, axis=1), np.random.default_rng(4), start)
    assert np.linalg.norm(w) == pytest.approx(1, abs=0.03)
    np.testing.assert_allclose(w / np.linalg.norm(w), nu / np.linalg.norm(nu), atol=0.03)


def together(rng, steps):
    """Two inputs that rise and fall together, a second each, and two that do so each for itself; all have one mean."""
    high = 60.0 * (rng.random((3, -(-steps // 1000))) < 0.5)
    course = np.repeat(high, 1000, axis=1)[:, :steps]
    return course[[0, 0, 1, 2]]


def test_inputs_that_vary_together_win():
    """Leading eigenvector of the rates' second moments: 900 throughout, and 900 more within the pair and on the diagonal."""
    moments = np.full((4, 4), 900.0) + 900 * np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    leading = np.abs(np.linalg.eigh(moments)[1][:, -1])
    w = learn(together, np.random.default_rng(6), [0.5] * 4, batches=200)
    assert np.linalg.norm(w) == pytest.approx(1, abs=0.05)
    np.testing.assert_allclose(w / np.linalg.norm(w), leading, atol=0.05)
