"""The networks of the benchmarks come out the same by hand and in the kernel; how long that takes is no test."""

from dataclasses import replace

import networks
import numpy as np
import pytest

from spikeheb.engines.compiler import compiler

pytestmark = [pytest.mark.slow, pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")]


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("make", [networks.vogels, networks.excitatory])
def test_a_network_by_hand_has_the_spikes_and_weights_of_the_kernel(make, precision):
    circuit = replace(make(0.2, 0.05), precision=precision)
    by_hand, kernel = networks.ByHand(circuit), networks.InKernel(circuit)
    for _ in range(2):  # the second run starts where the first did
        by_hand()()
        kernel()()
    recording = kernel.started.recording()
    for name, counts in by_hand.counts.items():
        assert counts.sum() > 100
        np.testing.assert_array_equal(recording.counts[name], counts)
    weights = recording.w[by_hand.plastic]
    np.testing.assert_allclose(weights, by_hand.w, rtol=0, atol={"float64": 1e-12, "float32": 1e-5}[precision])
    assert np.ptp(weights) > 1e-3, "nothing is learned"


def test_one_cell_after_the_other_gives_nearly_the_same():
    circuit = networks.vogels(0.1, 0.05)
    vector, scalar = networks.ByHand(circuit), networks.ByHand(circuit, vector=False)
    for program in (vector, scalar):
        program()()
    for name in "ei":
        np.testing.assert_array_equal(vector.counts[name], scalar.counts[name])
    np.testing.assert_allclose(vector.w, scalar.w, rtol=0, atol=1e-9)
