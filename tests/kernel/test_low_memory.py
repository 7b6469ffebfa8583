"""Networks without columns: postsynaptic spikes wait for the next presynaptic one, and all results are the same to the last bit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spikeheb as sh
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import FixedIndegree, PairwiseBernoulli
from spikeheb.circuits.distributions import Uniform
from spikeheb.circuits.drives import EVERY, Change, Drives
from spikeheb.circuits.files import circuit_to_toml, read_circuit
from spikeheb.circuits.phases import Phase
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Normalise, Projection
from spikeheb.circuits.sources import Poisson
from spikeheb.engines.checkpoints import Checkpoints
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import network, network_arrays
from spikeheb.library import names
from spikeheb.program.analysis import analyse
from spikeheb.program.sites import sites
from spikeheb.program.waiting import may_wait

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
STEPS = 9000
WAITING = ("damour_froemke", "hebb", "instar", "luz_shamir", "pair", "signed_pair", "vogels")


def recurrent(rule, *, delay=0.0, seed=3, low_memory=True, steps=STEPS, precision="float64", **more):
    """Twenty cells that reach each other, with delays or without, for more than one epoch."""
    projection = {"connect": PairwiseBernoulli(probability=0.4, autapses=False), "rule": rule, "receptor": "ampa", "delay": delay} | more
    return Circuit(
        dt=1e-4, steps=steps, seed=seed, low_memory=low_memory, precision=precision,
        populations={"x": Spikes((Poisson(np.full(30, 30.0)),)), "e": Cells(20, sh.cell("l5_pyramidal"))},
        projections={
            "xe": Projection("x", "e", FixedIndegree(count=6), receptor="ampa", efficacy=6.0),
            "ee": Projection("e", "e", **projection),
        },
        drives={"e": Drives(currents=(Change(EVERY, 0, 3e-10), Change(3, 2003, 8e-10)))},
        probes=Probes(trains=True, snapshots=np.array([1234, steps - 1])),
    )  # fmt: skip


def same(circuit, threads=1):
    """The run without columns, held to the run with them."""
    a, b = (network.run(replace(circuit, low_memory=low), threads=threads) for low in (True, False))
    assert "low_memory" not in b.engine
    assert b.counts["e"].sum() > 20
    assert np.ptp(b.snapshots["ee"], axis=0).max() > 0 or circuit.phases, "nothing moves"
    np.testing.assert_array_equal(a.spikes["e"], b.spikes["e"])
    for kind in ("w", "snapshots", "watched", "histograms"):
        ours, theirs = getattr(a, kind), getattr(b, kind)
        assert set(ours) == set(theirs)
        for name in theirs:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=f"{kind} of {name}")
    return a


def test_the_rules_that_may_wait_are_known():
    cell = sh.cell("l5_pyramidal")
    programs = {name: analyse(sh.rule(name), cell, 1e-4) for name in names("rule") if name != "clopath"}
    assert tuple(sorted(name for name, program in programs.items() if may_wait(program, sites(program)))) == WAITING


@pytest.mark.parametrize("name", WAITING)
@pytest.mark.parametrize("delay", [0.0, Uniform(low=1e-3, high=4e-3)], ids=["at once", "delays"])
def test_weights_are_the_same_to_the_last_bit(name, delay):
    recording = same(recurrent(sh.rule(name), delay=delay))
    assert recording.engine["low_memory"] == "ee"


FEATURES = {
    "single precision": {"precision": "float32"},
    "ties: post first": {"rule": sh.rule("pair", coincidence="post_first")},
    "delays of both ways": {"rule": sh.rule("pair", axonal_delay="1 ms", backpropagation_delay="0.7 ms"), "delay": 2e-3},
    "multiple contacts": {"connect": FixedIndegree(count=19, autapses=True, multiple=True)},
    "nearest": {"rule": sh.rule("pair", interaction="symmetric")},
}


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize("threads", [1, 3])
def test_what_a_projection_may_have_changes_nothing(feature, threads):
    more = {"rule": sh.rule("pair")} | FEATURES[feature]
    assert same(recurrent(**more), threads).engine["low_memory"] == "ee"


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6), threads=st.integers(1, 3), delay=st.sampled_from([0.0, 1e-4, 2.3e-3]),
    watch=st.lists(st.integers(0, 2999), min_size=1, max_size=20, unique=True), phases=st.booleans(),
)  # fmt: skip
def test_records_and_phases_see_what_waits(seed, threads, delay, watch, phases):
    circuit = recurrent(sh.rule("pair"), delay=delay, seed=seed, steps=3000)
    probes = replace(circuit.probes, snapshots=np.array(sorted(watch)))
    still = (Phase(step=700, plastic={"ee": False}), Phase(step=1501, plastic={"ee": True}, parameters={"ee": {"A_plus": 0.05}}))
    a, b = (network.run(replace(circuit, probes=probes, phases=still if phases else (), low_memory=low), threads=threads) for low in (1, 0))
    np.testing.assert_array_equal(a.snapshots["ee"], b.snapshots["ee"])
    np.testing.assert_array_equal(a.w["ee"], b.w["ee"])


def test_what_cannot_wait_keeps_its_columns():
    assert same(recurrent(sh.rule("triplet"))).engine["low_memory"] == "no rule allows it"
    assert same(recurrent(sh.rule("pair"), normalise=Normalise("divisive", 3.0))).engine["low_memory"] == "no rule allows it"
    assert same(recurrent(sh.rule("pair", coincidence="discard"))).engine["low_memory"] == "no rule allows it"
    for constant, where in (
        ("A_plus", "no rule allows it"),
        ("A_minus", "ee"),
    ):  # read at the postsynaptic spike, and at the presynaptic one
        of_cells = {constant: np.linspace(0.0, 0.02, 20)}
        assert same(recurrent(sh.rule("pair"), overrides=of_cells)).engine["low_memory"] == where


def test_a_run_that_was_saved_goes_on_with_the_same_bytes(tmp_path):
    circuit = recurrent(sh.rule("vogels"), receptor="gaba")
    whole = network.run(circuit)
    first = network.Network(circuit, threads=2)
    first.advance(4321)
    first.save(tmp_path / "state.npz")
    resumed = network.run(circuit, checkpoints=Checkpoints(resume=tmp_path / "state.npz"))
    np.testing.assert_array_equal(resumed.w["ee"], whole.w["ee"])


def test_a_synapse_takes_ten_bytes_or_six():
    """The weight and the number of the cell."""
    for precision, expected in (("float64", 8 + 2), ("float32", 4 + 2)):
        arrays = network.Network(recurrent(sh.rule("pair"), precision=precision)).projections["ee"]
        assert len(arrays.fixed["edge"]) == len(arrays.fixed["row_of"]) == 0
        assert arrays.state["synapse"][0].itemsize + arrays.fixed["target"].itemsize == expected


def test_it_is_written_read_and_asked_for(tmp_path):
    circuit = recurrent(sh.rule("pair"))
    (tmp_path / "net.toml").write_text(circuit_to_toml(circuit))
    assert read_circuit(tmp_path / "net.toml").low_memory
    (tmp_path / "other.toml").write_text(circuit_to_toml(replace(circuit, low_memory=False)))
    ours, theirs = (sh.network(tmp_path / "other.toml", duration="200 ms", low_memory=low) for low in (True, False))
    assert ours.attrs["engine_low_memory"] == "ee"
    assert "engine_low_memory" not in theirs.attrs
    np.testing.assert_array_equal(ours["ee_weight"].values, theirs["ee_weight"].values)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_piece_that_ends_early_for_want_of_room_loses_nothing(monkeypatch, threads):
    """Such a piece is brought up to where it ended, and not to where it was to end."""
    circuit = recurrent(sh.rule("pair"), steps=4000)
    expected = network.run(replace(circuit, low_memory=False))
    monkeypatch.setattr(network_arrays, "ROOM", 1)
    np.testing.assert_array_equal(network.run(circuit, threads=threads).w["ee"], expected.w["ee"])
