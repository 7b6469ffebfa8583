"""Song, Miller & Abbott (2000), 10.1038/78829: competition by additive STDP, on their own cell."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.circuits.sources import Poisson, correlated, early
from spikeheb.engines.compiler import compiler
from spikeheb.studies.inputs import Inputs, with_inhibition

pytestmark = [pytest.mark.slow, pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")]
RULE = {"set": "additive", "A_plus": 0.005, "A_minus": 0.00525, "tau_plus": "20 ms", "tau_minus": "20 ms"}


def competed(inputs, duration, seeds=2):
    return sh.weights([sh.rule("pair", **RULE)], "song_2000", with_inhibition(inputs, 200, "10 Hz"), duration, seeds)


@pytest.mark.parametrize(("rate", "expected"), [(10, 13.7), pytest.param(20, 16.4, marks=pytest.mark.full), (40, 20.0)])
def test_the_output_rate_regulates_itself_and_the_weights_split(rate, expected):
    """Fig. 2: four times the input, hardly half as much more output; 13.7, 16.4 and 20.0 Hz (computed elsewhere with this cell)."""
    result = competed(sh.poisson_inputs(1000, f"{rate} Hz"), "6000 s")
    assert float(result["rate"].mean()) == pytest.approx(expected, rel=0.1)
    assert float((result["near_low"] + result["near_high"]).mean()) > 0.6
    assert float(result["dip_p"].max()) < 0.01


def test_faster_input_leaves_more_weights_at_zero():
    low = [float(competed(sh.poisson_inputs(1000, f"{rate} Hz"), "3000 s", 1)["near_low"].mean()) for rate in (10, 20, 40)]
    assert low == sorted(low)


def test_correlated_inputs_win():
    """Fig. 4."""
    inputs = Inputs((correlated(500, 20.0, 0.1, 0.02), Poisson(np.full(500, 20.0))))
    result = competed(inputs, "1500 s")
    w, group = result["weight"].values, result["group"].values
    assert w[..., group == 0].mean() > 2 * w[..., group == 1].mean()


def test_early_inputs_win():
    """Fig. 3: of inputs that follow a common event, the first get the weight."""
    latencies = np.linspace(0, 0.05, 200)
    inputs = Inputs((early(latencies, 10.0, 0.002), Poisson(np.full(800, 10.0))))
    w = competed(inputs, "1500 s")["weight"].values[..., :200].mean(axis=(0, 1, 2))
    assert w[:50].mean() > 2 * w[-50:].mean()
