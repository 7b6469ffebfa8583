"""What is recorded of a network: the kernel against the plain engine, and both against what it must be."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from test_networks import CELL, recurrent

import spikeheb as sh
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import AllToAll, Explicit, FixedIndegree
from spikeheb.circuits.drives import Drives, from_start
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import OfCells, OfSynapses, Probes
from spikeheb.circuits.projections import Projection
from spikeheb.circuits.sources import Poisson
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import network
from spikeheb.engines.plain import network as plain

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
EVERY = np.arange(0, 1500, 10)
PROBES = Probes(
    trains=True,
    snapshots=np.array([700]),
    populations={
        "e": OfCells(spikes=np.array([1, 5, 11]), bin_steps=70, cells=np.array([0, 3, 11]), samples=EVERY),
        "i": OfCells(cells=np.array([2]), samples=np.array([0, 1499])),
    },
    projections={
        "ee": OfSynapses(snapshots=np.array([3, 1499]), watched=7, watch=EVERY, histograms=EVERY, edges=np.linspace(-0.03, 1.03, 14)),
        "ie": OfSynapses(histograms=np.array([0, 1499]), edges=np.array([0.0, 0.05, 0.2])),
    },
)
PARTS = ("counts", "spikes", "snapshots", "binned", "v", "currents", "watched_synapses", "watched", "histograms", "w")


def recorded(circuit, probes=PROBES):
    """The kernel's recording, held to the plain one."""
    a, b = (engine.run(replace(circuit, probes=probes)) for engine in (network, plain))
    for part in PARTS:
        of_kernel, of_plain = getattr(a, part), getattr(b, part)
        assert set(of_kernel) == set(of_plain), part
        for name, values in of_plain.items():
            pairs = zip(of_kernel[name], values, strict=True) if isinstance(values, tuple) else [(of_kernel[name], values)]
            for x, y in pairs:
                assert np.shape(x) == np.shape(y), (part, name)
                np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-18 if part == "currents" else 1e-10, err_msg=f"{part} of {name}")
    return a


@pytest.mark.parametrize("cell", [CELL, sh.cell("izhikevich_rs"), sh.cell("brunel_2000")], ids=lambda cell: cell.name)
def test_all_records_agree(cell):
    drives = None if cell is CELL else {key: Drives(currents=from_start(8e-10)) for key in "ei"}
    recording = recorded(recurrent(cell=cell, drives=drives))
    assert set(recording.spikes["e"][1]) == {1, 5, 11}
    assert recording.currents["e"].shape == (2, 150, 3)
    assert recording.currents["i"].shape == (1, 2, 1), "nothing drives their second receptor"
    assert np.ptp(recording.v["e"], axis=0).min() > 0
    assert recording.currents["e"][0].max() > 0 > recording.currents["e"][1].min()


def test_records_are_what_they_are_said_to_be():
    whole = network.run(recurrent())
    recording = recorded(recurrent())
    for name in whole.w:
        np.testing.assert_array_equal(recording.w[name], whole.w[name], err_msg="what is recorded changes nothing")
    steps, cells = whole.spikes["e"]
    np.testing.assert_array_equal(recording.binned["e"], np.histogram(steps, np.arange(22) * 70 - 0.5)[0])
    np.testing.assert_array_equal(recording.spikes["e"][0], steps[np.isin(cells, [1, 5, 11])])
    numbers = recording.watched_synapses["ee"]
    assert len(numbers) == 7
    np.testing.assert_array_equal(recording.snapshots["ee"][1], recording.w["ee"])
    late = recorded(recurrent(), Probes(projections={"ee": OfSynapses(watched=10**6, watch=np.array([1499]))}))
    np.testing.assert_array_equal(late.watched["ee"][0], late.w["ee"])
    assert not late.spikes


def test_a_synapse_that_is_named_is_watched_with_all_its_contacts():
    connect = Explicit(pre=np.array([3, 0, 1, 7, 7]), post=np.array([0, 0, 5, 2, 2]))
    watched = np.array([[5, 1], [2, 7], [0, 3]])
    recording = recorded(
        recurrent(connect=connect, initial={"w": np.arange(5) / 10}),
        Probes(projections={"ee": OfSynapses(watched=watched, watch=np.array([0]))}),
    )
    numbers = recording.watched_synapses["ee"]
    assert list(zip(recording.post["ee"][numbers], recording.pre["ee"][numbers], strict=True)) == [(5, 1), (2, 7), (2, 7), (0, 3)]
    np.testing.assert_array_equal(recording.watched["ee"], [[0.4, 0.2, 0.3, 0.1]])


def test_weights_at_the_edges_of_bins_are_counted_as_numpy_does():
    connect = Explicit(pre=np.arange(7), post=np.zeros(7, dtype=int))
    weights = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 0.1, 0.9])
    circuit = recurrent(connect=connect, initial={"w": weights})
    probes = Probes(projections={"ee": OfSynapses(histograms=np.array([0]), edges=np.array([0.0, 0.25, 0.5, 0.75]))})
    np.testing.assert_array_equal(recorded(circuit, probes).histograms["ee"], [np.histogram(weights, [0.0, 0.25, 0.5, 0.75])[0]])


def test_a_current_is_what_its_receptor_says():
    """One spike onto a resting cell: after it the conductance is the unit times the efficacy, and decays with the receptor's constant."""
    cell = sh.cell("vogels_2011")
    ampa = cell.receptors["ampa"]
    circuit = Circuit(
        dt=1e-4, steps=200, populations={"a": Cells(2, cell), "b": Cells(1, cell)},
        projections={"ab": Projection("a", "b", Explicit(pre=np.array([0]), post=np.array([0])), receptor="ampa", efficacy=3.0),
                     "aa": Projection("a", "a", FixedIndegree(count=0, autapses=False), sh.rule("pair"), receptor="ampa")},
        drives={"a": Drives(currents=from_start(1e-9))},
    )  # fmt: skip
    probes = Probes(trains=True, populations={"b": OfCells(cells=np.array([0]), samples=np.arange(200))})
    recording = recorded(circuit, probes)
    first = int(recording.spikes["a"][0][0])
    v, current = recording.v["b"][:, 0], recording.currents["b"][0, :, 0]
    assert not current[:first].any()
    assert current[first] == pytest.approx(3.0 * ampa.unit * (ampa.reversal - v[first]))
    second = recording.spikes["a"][0][recording.spikes["a"][0] > first].min()
    elapsed = np.arange(second - first) * 1e-4
    conductance = current[first:second] / (ampa.reversal - v[first:second])
    np.testing.assert_allclose(conductance, 3.0 * ampa.unit * np.exp(-elapsed / ampa.decay), rtol=1e-6)


def test_single_precision_records_too():
    single = network.run(replace(recurrent(steps=600), precision="float32", probes=PROBES.until(600)))
    double = network.run(replace(recurrent(steps=600), probes=PROBES.until(600)))
    np.testing.assert_allclose(single.v["e"], double.v["e"], atol=1e-4)
    np.testing.assert_allclose(single.watched["ee"], double.watched["ee"], atol=1e-4)
    assert single.histograms["ee"].sum() == double.histograms["ee"].sum()


WRONG = {
    "a population of sources": (Probes(populations={"x": OfCells()}), 'no population of cells named "x"'),
    "no population": (Probes(populations={"f": OfCells()}), 'no population of cells named "f"'),
    "no rule": (Probes(projections={"ei": OfSynapses()}), 'no projection with a rule named "ei"'),
    "no such cell": (Probes(populations={"e": OfCells(cells=np.array([12]), samples=np.array([0]))}), "rising numbers of 12 cells"),
    "cells that fall": (Probes(populations={"e": OfCells(spikes=np.array([3, 1]))}), "e.spikes: expected rising numbers"),
    "samples of none": (Probes(populations={"e": OfCells(samples=np.array([0]))}), "e.samples: has no effect without cells"),
    "a long bin": (Probes(populations={"e": OfCells(bin_steps=1501)}), "at most the whole run"),
    "late": (Probes(projections={"ee": OfSynapses(watch=np.array([1500]))}), 'ee.watch: watch must rise, from step 0 to step 1499'),
    "no edges": (Probes(projections={"ee": OfSynapses(histograms=np.array([0]))}), "ee.edges: histograms need edges, two at least (got 0)"),
    "no such source": (Probes(projections={"ie": OfSynapses(watched=np.array([[0, 4]]))}), "a cell below 12 and a source below 4"),
    "of the whole": (Probes(watch=np.array([1])), "ask for no samples, sweeps, watched weights or histograms of the whole"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_recorded_is_refused(case):
    probes, words = WRONG[case]
    with pytest.raises(sh.SpikehebError, match=re.escape(words)):
        replace(recurrent(), probes=probes)


def test_more_than_memory_holds_is_refused():
    whole = recurrent(steps=10**7)
    with pytest.raises(sh.SpikehebError, match="records of potentials and currents need about"):
        replace(whole, probes=Probes(populations={"e": OfCells(cells=np.arange(12), samples=np.arange(5_000_000))}))


@pytest.mark.parametrize("engine", [network, plain])
def test_a_synapse_that_is_not_there_cannot_be_watched(engine):
    connect = Explicit(pre=np.array([3]), post=np.array([0]))
    probes = Probes(projections={"ee": OfSynapses(watched=np.array([[0, 3], [1, 3]]), watch=np.array([0]))})
    with pytest.raises(sh.EngineError, match=r"probes\.projections\.ee\.watched: no synapse joins source 3 to cell 1"):
        engine.run(replace(recurrent(connect=connect), probes=probes))


def test_what_only_networks_record_makes_a_network():
    single = Circuit(
        dt=1e-4, steps=9, populations={"x": Spikes((Poisson(np.full(3, 9.0)),)), "e": Cells(3, CELL)},
        projections={"xe": Projection("x", "e", AllToAll(), sh.rule("pair"))},
    )  # fmt: skip
    assert not single.is_network
    for probes in (Probes(populations={"e": OfCells()}), Probes(projections={"xe": OfSynapses(snapshots=np.array([8]))})):
        assert replace(single, probes=probes).is_network
    with pytest.raises(sh.UnknownName, match='no population of cells named "x"'):
        replace(single, probes=Probes(populations={"x": OfCells()}))
