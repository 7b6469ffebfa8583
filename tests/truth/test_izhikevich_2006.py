"""Izhikevich (2006), 10.1162/089976606775093882: a network with delays of up to 20 ms begins with a slow rhythm; later a fast one joins it.

The network is as in the published program, and nothing in it was chosen to suit the seeds; it was tried with seed 1001.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spikeheb import library
from spikeheb.circuits.files import read_circuit
from spikeheb.engines.choice import carry_out_network
from spikeheb.engines.compiler import compiler

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
SLOW, FAST = (2.0, 7.0), (25.0, 70.0)


def run(seed, duration):
    circuit = read_circuit(library.find("network", "izhikevich_2006"))
    return carry_out_network(replace(circuit, seed=seed, steps=round(duration / circuit.dt)))


def power(recording, start, stop):
    """Frequencies and power of the number of spikes in each ms between two times in seconds: the mean over windows of 1 s, each Hann."""
    steps = np.concatenate([steps for steps, _ in recording.spikes.values()])
    inside = steps[(steps >= 1000 * start) & (steps < 1000 * stop)] - 1000 * start
    counts = np.bincount(inside, minlength=1000 * (stop - start)).astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(counts, 1000)[::500]
    spectra = np.abs(np.fft.rfft((windows - windows.mean(axis=1, keepdims=True)) * np.hanning(1000))) ** 2
    return np.fft.rfftfreq(1000, 1e-3)[1:101], spectra.mean(axis=0)[1:101]


def share(spectrum, band):
    """Of the power from 1 to 100 Hz the part within a band."""
    frequencies, values = spectrum
    return values[(frequencies >= band[0]) & (frequencies <= band[1])].sum() / values.sum()


@pytest.mark.parametrize("seed", range(1, 6))
def test_in_the_first_ten_seconds_the_rhythm_is_slow(seed):
    recording = run(seed, 10.0)
    frequencies, values = spectrum = power(recording, 0, 10)
    assert SLOW[0] <= frequencies[values.argmax()] <= SLOW[1]
    assert share(spectrum, SLOW) > 0.5
    assert share(spectrum, FAST) < 0.2


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1, 6))
def test_after_an_hour_a_fast_rhythm_has_joined_the_slow_one(seed):
    """Its share has grown from .06-.08 to .27-.40, and its peak is at 31-34 Hz. But it does not take the place of the slow one, which goes
    on with .35-.47 of the power (.80-.84 before). A program written anew after the published one gives the same.
    """
    recording = run(seed, 3600.0)
    before, after = power(recording, 0, 10), power(recording, 3000, 3600)
    assert share(after, FAST) > 3 * share(before, FAST)
    assert share(after, SLOW) < 0.6 * share(before, SLOW)
    frequencies, values = after
    fast = (frequencies >= FAST[0]) & (frequencies <= FAST[1])
    assert 30 <= frequencies[fast][values[fast].argmax()] <= 40
