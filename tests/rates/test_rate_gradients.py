"""Losses whose gradients are Hebb's, the instar and Oja's rule: by finite differences, and against the rules' files."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.rates.competition import compete
from spikeheb.rates.gradients import LOSSES

STEP = 1e-5


def layer(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Twelve cells of 20 inputs, of which three win with graded outputs."""
    rng = np.random.default_rng(seed)
    weights, sample = rng.normal(size=(12, 20)), rng.normal(size=20)
    u = weights @ sample
    return weights, sample, compete(u, u, 3)


@pytest.mark.parametrize("rule", LOSSES)
def test_the_slope_of_the_loss_is_the_rule(rule: str) -> None:
    """Row 1a: central differences, and the formula, against the change that the rule's file says."""
    for seed in range(10):
        weights, sample, output = layer(seed)
        expected = sh.rates.change(sh.rates.rule(rule, eta=1), weights, sample, output)
        slopes = np.empty(weights.shape)
        for place in np.ndindex(weights.shape):
            up, down = weights.copy(), weights.copy()
            up[place] += STEP
            down[place] -= STEP
            values = [sh.rates.loss(rule, weights, sample, output, at=at) for at in (up, down)]
            slopes[place] = (values[0] - values[1]) / (2 * STEP)
        assert np.abs(-slopes - expected).max() < 1e-6
        np.testing.assert_allclose(-sh.rates.loss_gradient(rule, weights, sample, output), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("rule", LOSSES)
def test_the_value_of_the_loss_is_that_of_the_outputs_after_competition(rule: str) -> None:
    weights, sample, output = layer(0)
    assert sh.rates.loss(rule, weights, sample, output) == -0.5 * float(output @ output)


def test_wrong_input() -> None:
    with pytest.raises(sh.UnknownName, match='rule: no loss named "ojja"; did you mean "oja"'):
        sh.rates.loss("ojja", np.eye(2), [1, 2], [0, 1])
    with pytest.raises(sh.FormatError, match="x: expected 2 columns"):
        sh.rates.loss("oja", np.eye(2), [1, 2, 3], [0, 1])
    with pytest.raises(sh.FormatError, match="y: expected 2 columns"):
        sh.rates.loss_gradient("oja", np.eye(2), [1, 2], [0, 1, 2])
    with pytest.raises(sh.NonFiniteError, match="x: expected finite numbers"):
        sh.rates.loss("hebb", np.eye(2), [1, np.nan], [0, 1])
    for call, message in (
        (lambda rng: sh.rates.learn_until_right(-1, rng=rng), "ratio: expected a ratio of 0 or more"),
        (lambda rng: sh.rates.learn_until_right(0.1, rng=rng, form="sined"), 'form: no form named "sined"; did you mean "signed"'),
        (lambda rng: sh.rates.learn_until_right(0.1, rng=rng, winners=300), "winners"),
    ):
        with pytest.raises(sh.SpikehebError, match=message):
            call(np.random.default_rng(0))
