"""Brian2's own STDP example (``examples/synapses/STDP.py``): its setting gives the same weights in both engines for the same spikes.

1000 Poisson inputs at 15 Hz, additive rule with dApre = 0.01 of g_max and 5 % more depression, traces of 20 ms, a leaky cell with a
membrane time constant of 10 ms, rest -74 mV, threshold -54 mV, reset -60 mV, and conductances of 5 ms; weights drawn at random.
"""

from __future__ import annotations

import numpy as np
import pytest
from circuits_by_hand import of_fan_in

import spikeheb as sh
from spikeheb.circuits.sources import Poisson
from spikeheb.engines.brian import runtime as brian
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in
from spikeheb.studies.inputs import with_unit


@pytest.mark.slow
@pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
def test_the_examples_setting_in_both_engines():
    rule = sh.rule("pair", set="additive", A_plus=0.01, A_minus=0.0105, tau_plus="20 ms", tau_minus="20 ms")
    cell = with_unit(sh.cell("song_2000", C="100 pF", g_L="10 nS", E_L="-74 mV", V_th="-54 mV", V_r="-60 mV"), "0.1 nS")  # g_max = 0.01 g_L
    start = np.random.default_rng(0).random(1000)
    job = of_fan_in(rule, cell, 1e-4, 30000, 1, (Poisson(np.full(1000, 15.0)),), initial={"w": start}, trains=True, seed=4)
    kernel, reference = fan_in.run(job), brian.run(job)
    np.testing.assert_array_equal(kernel.spikes[0], reference.spikes[0])
    assert kernel.counts[0] > 20
    np.testing.assert_allclose(kernel.w, reference.w, rtol=0, atol=1e-10)
    assert np.abs(kernel.w - start).max() > 0.1
