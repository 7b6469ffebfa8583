"""The way to the stationary distribution, against what is known of it in closed form."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.theory.drift import diffusion, drift, stationary
from spikeheb.theory.relaxation import relaxation

RULES = {
    "additive": sh.rule("pair", set="additive"),
    "multiplicative": sh.rule("pair", set="multiplicative"),
    "gutig": sh.rule("pair", set="gutig"),
    "van_rossum": sh.rule("pair", set="van_rossum", tau_plus="20 ms", tau_minus="20 ms"),
    "log_stdp": sh.rule("pair", set="log_stdp"),
}


@pytest.mark.parametrize("name", RULES)
def test_it_ends_at_the_stationary_density(name):
    way = relaxation(RULES[name], 15.0, 20.0, dt=1e-4)
    end = way.after(way.shares([0.5]), 30 * way.time)
    density = stationary(RULES[name], 15.0, 20.0, dt=1e-4)
    mean = float(end @ way.centres)
    assert mean == pytest.approx(density.mean, rel=0.01)
    assert float(np.sqrt(end @ (way.centres - mean) ** 2)) == pytest.approx(density.sd, rel=0.02)


def test_the_mean_of_a_soft_bound_rule_relaxes_exponentially():
    """Drift is linear in w: ``A(w) = a - b*w``, so the mean comes to a/b with the rate b, and b is the slowest rate there is."""
    rule, way = RULES["multiplicative"], relaxation(RULES["multiplicative"], 15.0, 20.0)
    a0, a1 = drift(rule, [0.0, 1.0], 15.0, 20.0)
    rate, end = a0 - a1, a0 / (a0 - a1)
    shares = way.shares([0.3])
    start = float(shares @ way.centres)
    for seconds in (5.0, 20.0, 60.0):
        assert float(way.after(shares, seconds) @ way.centres) == pytest.approx(end + (start - end) * np.exp(-rate * seconds), abs=2e-3)
    errors = [relaxation(rule, 15.0, 20.0, cells=cells).time * rate - 1 for cells in (160, 320, 640)]
    assert errors[2] == pytest.approx(0, abs=2e-3)
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)


def test_weights_far_from_limits_diffuse():
    rule, way = RULES["additive"], relaxation(RULES["additive"], 15.0, 20.0)
    shares = way.shares([0.5])
    later = way.after(shares, 20.0)
    mean = float(later @ way.centres)
    assert mean - float(shares @ way.centres) == pytest.approx(20 * float(drift(rule, [0.5], 15.0, 20.0)[0]), rel=0.02)
    grid = (way.edges[1] - way.edges[0]) ** 2
    assert float(later @ (way.centres - mean) ** 2) == pytest.approx(20 * float(diffusion(rule, [0.5], 15.0, 20.0)[0]), abs=2 * grid)


def test_distances_and_shares():
    way = relaxation(RULES["additive"], 15.0, 20.0)
    a, b = way.shares([0.0, 0.0, 5.0]), way.shares([1.0])
    assert a[0] == pytest.approx(2 / 3)
    assert b[-1] == 1
    assert way.distance(a, b) == pytest.approx(2 / 3, abs=0.01)
