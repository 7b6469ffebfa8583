"""What the probes of a network become in its result, the balance of currents among it; names that would meet are refused."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.measure.activity import balance, by_sign

NETWORK = {
    "duration": "0.3 s",
    "populations": {"x": {"sources": [{"kind": "poisson", "count": 20, "rate": "60 Hz"}]}, "e": {"count": 12, "cell": "l5_pyramidal"},
                    "i": {"count": 4, "cell": "l5_pyramidal"}},
    "projections": {
        "xe": {"pre": "x", "post": "e", "connect": {"kind": "fixed_indegree", "count": 6}, "receptor": "ampa", "efficacy": 6},
        "ee": {"pre": "e", "post": "e", "connect": {"kind": "pairwise_bernoulli", "probability": 0.3, "autapses": False}, "rule": "pair",
               "receptor": "ampa"},
        "ei": {"pre": "e", "post": "i", "receptor": "ampa", "efficacy": 3, "delay": "1 ms"},
        "ie": {"pre": "i", "post": "e", "connect": {"kind": "pairwise_bernoulli", "probability": 0.9}, "rule": "vogels", "receptor": "gaba",
               "initial": {"w": 3}},
    },
    "drives": {"e": {"currents": [{"at": "0 ms", "value": "300 pA"}]}},
    "probes": {
        "snapshots": ["0.1 s"],
        "populations": {"e": {"spikes": 5, "bin": "7 ms", "cells": [0, 3, 11], "samples": {"every": "1 ms"}}},
        "projections": {
            "ee": {"snapshots": ["50 ms", "60 ms"], "watched": 7, "watch": {"every": "10 ms"}, "histograms": {"every": "20 ms"},
                   "edges": {"low": 0, "high": 1, "bins": 10}},
        },
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def data():
    return sh.network(NETWORK)


def test_both_engines_have_the_same_result(data):
    plain = sh.network(NETWORK, engine="plain")
    assert set(data.variables) == set(plain.variables)
    for name in plain.variables:
        if plain[name].dtype.kind in "fi":
            np.testing.assert_allclose(data[name].values, plain[name].values, rtol=1e-7, atol=1e-10, err_msg=name)
    assert set(data.data_vars) >= {"e_v", "e_current", "e_bin_rate", "ee_watched_weight", "ee_histogram"}


def test_what_is_recorded_has_its_times_units_and_names(data):
    np.testing.assert_allclose(data["ee_weight"]["ee_snapshot"], [0.05, 0.06, 0.3])
    np.testing.assert_allclose(data["ie_weight"]["snapshot"], [0.1, 0.3])
    assert data["e_current"].dims == ("e_receptor", "e_sample", "e_probed")
    assert data["e_current"]["e_receptor"].values.tolist() == ["ampa", "gaba"]
    assert data["e_current"].attrs["units"] == "A"
    assert all("long_name" in data[name].attrs for name in data.variables if name != "population")
    assert set(data["e_spike_cell"].values) <= set(data["e_recorded"].values) == {0, 2, 4, 7, 9}
    counted = data["e_bin_rate"].values * 0.007 * 12
    np.testing.assert_allclose(counted, np.rint(counted))
    assert 100 < round(counted.sum()) <= round(float(data["e_rate"].sum()) * 0.3), "all but those after the last whole bin"
    assert "i_spike_time" not in data
    assert data["i_rate"].attrs["long_name"].endswith("whole run")
    np.testing.assert_allclose(data["ee_watched_weight"].values[:, -1], data["ee_watched_weight"].sel(ee_watched=data["ee_watched"][-1]))


def test_the_balance_is_that_of_the_second_half(data):
    late = data["e_current"].where(data["e_sample"] >= 0.15, drop=True).values
    expected = balance(late[0].T, late[1].T)
    np.testing.assert_allclose(data["e_current_correlation"], expected.correlation)
    np.testing.assert_allclose(data["e_current_ratio"], expected.ratio)
    assert np.isfinite(expected.ratio).all()


def test_receptors_are_of_the_side_of_their_mean():
    currents = np.array([[[3.0], [-1.0]], [[-4.0], [1.0]], [[1.0], [1.0]], [[0.0], [0.0]]])
    excitatory, inhibitory = by_sign(currents)
    np.testing.assert_array_equal(excitatory, [[4.0, 0.0]])
    np.testing.assert_array_equal(inhibitory, [[-4.0, 1.0]])
    with pytest.raises(sh.FormatError, match="currents: expected numbers in an array of three dimensions"):
        by_sign(np.zeros((2, 2)))


def test_a_shorter_run_records_what_lies_in_it():
    short = sh.network(NETWORK, duration="5 ms")
    assert "e_bin_rate" not in short
    assert short.sizes["e_sample"] == 5
    assert short.sizes["ee_snapshot"] == 1


def test_a_shorter_run_has_the_phases_that_lie_in_it():
    phases = [{"at": "0 s", "plastic": {"ee": False}}, {"at": "50 ms", "plastic": {"ee": True}}, {"at": "0.2 s", "plastic": {"ee": False}}]
    snapshots = {"probes": {"snapshots": ["0 ms", "49 ms", "0.1 s"]}}
    shorter = sh.network({**NETWORK, **snapshots, "phases": phases}, duration="0.1 s")
    assert np.ptp(shorter["ee_weight"].values[:2], axis=0).max() == 0 < np.ptp(shorter["ee_weight"].values[1:], axis=0).max()
    assert sh.network({**NETWORK, **snapshots, "phases": phases}, duration="40 ms")["ee_weight"].sizes["snapshot"] == 2
    assert sh.rerun(shorter).identical(shorter)


def test_what_is_a_network_by_its_phases_stays_one_without_them():
    few = {name: {"xe": NETWORK[name]["xe"] | {"rule": "pair"}} if name == "projections" else NETWORK[name] for name in NETWORK}
    del few["projections"]["xe"]["efficacy"], few["populations"]
    few |= {"populations": {name: NETWORK["populations"][name] for name in "xe"}, "phases": [{"at": "0.2 s", "plastic": {"xe": False}}]}
    few["projections"]["xe"]["connect"] = "all_to_all"
    few["probes"] = {"populations": {"e": {"bin": "5 ms"}}}
    assert sh.network(few, duration="0.1 s")["e_bin_rate"].sizes == {"e_bin": 20}


@pytest.mark.parametrize("duration", ["0 s", "-1 s", "0.05 ms", "1e30 s"])
def test_a_duration_that_cannot_be_is_refused(duration):
    with pytest.raises(sh.SpikehebError, match=r"duration: expected a time from one time step, 0.0001 s, to 1.1e\+08 s"):
        sh.network(NETWORK, duration=duration)


def test_a_projection_without_synapses_and_a_cell_without_inhibition_are_drawn_too():
    none = NETWORK["projections"] | {"ee": NETWORK["projections"]["ee"] | {"connect": {"kind": "explicit", "pre": [], "post": []}}}
    none["ie"] = none["ie"] | {"connect": {"kind": "pairwise_bernoulli", "probability": 0.0}}
    page = sh.figure(sh.network({**NETWORK, "projections": none}))
    titles = [ax.get_title(loc) for ax in page.get_axes() for loc in ("left", "center")]
    assert len(page.get_axes()) == 3
    assert any("second half: excitation and inhibition are not both there" in title for title in titles)


def test_names_that_would_meet_are_refused():
    populations = NETWORK["populations"] | {"e_bin": {"count": 2, "cell": "l5_pyramidal"}}
    with pytest.raises(sh.EngineError, match='"e" and "e_bin" would both have a "e_bin_rate"; rename one'):
        sh.network(NETWORK | {"populations": populations})


def test_it_is_saved_and_drawn(data, tmp_path):
    sh.save(data, tmp_path / "net.nc")
    loaded = sh.load(tmp_path / "net.nc")
    assert loaded.identical(data)
    assert len(sh.figure(loaded).axes) >= 6
