"""The spike-response cell and frozen patterns: the kernel against the plain engine, and the cell against its closed form."""

from dataclasses import replace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.circuits.files import circuit_of, read_circuit
from spikeheb.circuits.populations import Spikes
from spikeheb.circuits.sources import Pasted, Repeated, Walk
from spikeheb.engines.choice import carry_out, carry_out_network
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import network
from spikeheb.engines.plain import network as plain
from spikeheb.library import find

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
T = 20.0
"""Threshold above rest, mV."""


def response(drives=None):
    """The potential above rest in mV, in each step of 50 ms from 10 ms on; the input spikes at 0 ms."""
    return circuit_of({
        "duration": "60 ms",
        "populations": {"x": {"sources": [{"kind": "replayed", "trains": [["10 ms"]]}]}, "c": {"count": 1, "cell": "masquelier_2008"}},
        "projections": {"xc": {"pre": "x", "post": "c", "rule": "pair", "initial": {"w": 1}}},
        "drives": {"c": drives or {}}, "probes": {"sweeps": ["10 ms"], "sweep_length": "50 ms"},
    })  # fmt: skip


@pytest.mark.parametrize("engine", ["kernel", "plain", "brian:numpy"])
def test_the_cell_is_the_spike_response_of_the_paper(engine):
    """An EPSP of 1 in 500 of threshold; after a spike T (2 exp(-t/tau_m) - 4 (exp(-t/tau_m) - exp(-t/tau_s))), synapses silenced."""
    if engine == "kernel" and compiler() is None:
        pytest.skip("no C++ compiler here")
    t = np.arange(500) * 0.1
    v = carry_out(response(), engine).v[0, 0] * 1e3 + 70
    x = (2.5 / 10) ** (10 / (2.5 - 10))
    np.testing.assert_allclose(v, T / 500 * x / 3 * (np.exp(-t / 10) - np.exp(-t / 2.5)), rtol=0, atol=1e-6)
    assert v.max() == pytest.approx(T / 500, rel=1e-4)
    after = carry_out(response({"imposed": [{"kind": "replayed", "trains": [["10 ms"]]}]}), engine).v[0, 0] * 1e3 + 70
    expected = T * (2 * np.exp(-t / 10) - 4 * (np.exp(-t / 10) - np.exp(-t / 2.5)))
    np.testing.assert_allclose(after[1:], expected[1:], rtol=0, atol=2e-6)


def small(seed=2, source=None):
    """The pattern finder with 40 inputs, whose spikes count 50 times as much."""
    whole = read_circuit(find("network", "masquelier_2008"))
    walk = Walk(count=40, low=0.0, high=90.0, slope=1800.0, turn=360.0, every=1e-3, silence=0.05)
    source = source or Pasted(walk, window=0.05, share=0.4, members=20, jitter=1e-3, deleted=0.1, noise=100.0, duplicates="drop")
    cell = sh.cell("masquelier_2008")
    strong = replace(cell, receptors={name: replace(each, unit=50 * each.unit) for name, each in cell.receptors.items()})
    populations = {"inputs": Spikes((source,)), "cells": replace(whole.populations["cells"], cell=strong)}
    return replace(
        whole, populations=populations, steps=6_000, probes=replace(whole.probes.until(6_000), snapshots=np.array([2999])), seed=seed
    )


@needs_compiler
@pytest.mark.parametrize("seed", [2, 3])
def test_kernel_and_plain_agree_on_the_pattern_finder(seed):
    a, b = network.run(small(seed)), plain.run(small(seed))
    assert a.counts["cells"][0] > 8, "nothing happens"
    for of_kernel, of_plain in zip(a.spikes["cells"], b.spikes["cells"], strict=True):
        np.testing.assert_array_equal(of_kernel, of_plain)
    np.testing.assert_allclose(a.w["synapses"], b.w["synapses"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(a.snapshots["synapses"], b.snapshots["synapses"], rtol=0, atol=1e-10)
    assert a.dropped == b.dropped
    assert a.dropped["inputs"] > 0
    for of_kernel, of_plain in zip(a.presentations["inputs"], b.presentations["inputs"], strict=True):
        np.testing.assert_array_equal(of_kernel, of_plain)
    assert len(a.presentations["inputs"][0]) > 1


@needs_compiler
def test_a_circuit_that_is_no_network_takes_such_sources_too():
    """Where the weights of all sources onto all cells are kept together they are refused, and had with every synapse by itself."""
    circuit = small()
    assert not circuit.is_network
    a, b = carry_out(circuit, "kernel"), carry_out(circuit, "plain")
    assert len(a.spikes[0]) > 8
    np.testing.assert_array_equal(a.spikes[0], b.spikes[0])
    np.testing.assert_allclose(a.w, b.w, rtol=0, atol=1e-10)


@needs_compiler
def test_the_result_says_when_the_pattern_is_there_and_how_many_spikes_were_left_out():
    circuit = small(source=Repeated(small().populations["inputs"].sources[0], 0.5))
    data = sh.network(circuit)
    starts = data["inputs_presentation_time"].values
    recording = carry_out_network(circuit)
    np.testing.assert_allclose(starts, recording.presentations["inputs"][0] * circuit.dt)
    np.testing.assert_allclose(starts[starts >= 0.5], starts[starts < 0.1] + 0.5)
    assert data["inputs_presentation_time"].attrs["units"] == "s"
    assert set(data["inputs_presentation_source"].values.tolist()) == {0}
    assert data.attrs["dropped_spikes"] == recording.dropped["inputs"] > 0
    assert f"{recording.dropped['inputs']:,} spikes of inputs were left out" in data.attrs["note"]
