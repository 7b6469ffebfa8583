"""Chu & Le Nguyen (2020), arXiv 2012.07664 (the abstract; the rest reconstructed): normalised weights are promotion probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from circuits_by_hand import of_lanes

import spikeheb as sh
from spikeheb.engines.choice import carry_out
from spikeheb.engines.compiler import compiler
from spikeheb.rules.promotion import logged
from spikeheb.studies.distributions.constraint import constraint
from spikeheb.theory.constraint import fixed_point, prediction

VECTORS = [(0.8, 0.4, 0.2, 0.1, 0.05), (0.5,) * 4, (0.9, 0.1), (0.3, 0.2, 0.1), (0.6, 0.5, 0.4, 0.3, 0.2, 0.1)]


def averages(p, rate, runs=200, events=4000, seed=0):
    """Time-averaged weights of runs in which independent promotions are followed by a division by the sum; the first half is left out."""
    rng = np.random.default_rng([seed, round(1e4 * rate), len(p)])
    w = np.tile(fixed_point(p, rate), (runs, 1))
    total = np.zeros_like(w)
    for n in range(events):
        w += rate * (rng.random(w.shape) < p)
        w /= w.sum(axis=1, keepdims=True)
        if n >= events // 2:
            total += w
    return total / (events - events // 2)


@pytest.mark.parametrize("rate", [0.2, 0.02, 0.002])
@pytest.mark.parametrize("p", VECTORS, ids=str)
def test_the_abstract_process_averages_to_the_enumerated_fixed_point(p, rate):
    """Within 3 standard errors over runs."""
    averaged = averages(np.array(p), rate)
    error = averaged.std(axis=0, ddof=1) / np.sqrt(len(averaged))
    assert np.all(np.abs(averaged.mean(axis=0) - fixed_point(p, rate)) <= 3 * error + 1e-12)


def test_the_bias_falls_linearly_with_the_learning_rate():
    p = VECTORS[0]
    bias = [np.abs(fixed_point(p, rate) - prediction(p)).max() for rate in (0.2, 0.02, 0.002, 0.0002)]
    assert bias[2] / bias[3] == pytest.approx(10, rel=0.01)
    assert 7 < bias[0] / bias[1] < bias[1] / bias[2] < 10


def one_synapse(rule):
    """Pre at 100 and 210 ms, post at 110 and 200 ms."""
    pre, post = (np.array(times, dtype=np.int64) for times in ((1000, 2100), (1100, 2000)))
    return of_lanes(rule, None, 1e-4, 2500, np.zeros(1, dtype=np.int64), (pre,), (post,), initial={"w": np.array([0.5])})


def test_promotions_and_demotions_are_logged_by_every_engine():
    """A pair each way: one promotion and one demotion by what the traces hold; the weight itself is moved as before."""
    rule = sh.rule("pair", set="additive", A_plus=0.01, A_minus=0.02, tau_plus="20 ms", tau_minus="20 ms")
    for engine in ("brian:numpy", "kernel"):
        plain, log = (carry_out(one_synapse(each), engine) for each in (rule, logged(rule)))
        assert log.w[0] == plain.w[0]
        near, far = np.exp(-np.array([0.01, 0.1]) / 0.02)
        # post at 110 ms sees pre 10 ms ago, post at 200 ms sees it 100 ms ago; pre at 210 ms sees posts 10 and 100 ms ago
        assert log.variables["promoted"][0] == pytest.approx(0.01 * (near + far), rel=1e-9)
        assert log.variables["demoted"][0] == pytest.approx(0.02 * (near + far), rel=1e-9)


def test_a_rule_without_such_lines_cannot_be_logged():
    with pytest.raises(sh.FormatError, match="no ltp or ltd line"):
        logged(sh.rule("vogels"))


@pytest.mark.slow
@pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
def test_a_spiking_cell_under_poisson_inputs_follows_the_theorem():
    """Probabilities come from other seeds. Fast STDP is held up by the floor at 0, which slow STDP hardly meets."""
    result = constraint(duration="100 s", seeds=8)
    z = (result["weight"] - result["predicted"]) / np.hypot(result["weight_sem"], result["predicted_sem"])
    slow = z.sel(learning_rate=0.002)
    assert float((np.abs(z.sel(kind="hebbian")) <= 3).mean()) > 0.95
    assert float((np.abs(slow) <= 3).mean()) > 0.95
    assert np.all(result["bias"].sel(learning_rate=0.002) < 1e-3)
    stdp = result["bias"].sel(kind="stdp").values
    assert stdp[0] > stdp[1] > stdp[2]
    assert np.ptp(result["weight"].sel(kind="hebbian", learning_rate=0.002).values) > 0.07
