"""Running networks: what the result holds, that it is the same again, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.circuits.files import read_circuit
from spikeheb.cli.app import run
from spikeheb.engines.compiler import compiler

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")


@pytest.fixture
def small(tmp_path):
    """A tenth of the network of Vogels et al., more densely connected."""
    text = (ROOT / "models" / "networks" / "vogels_2011.toml").read_text(encoding="utf-8")
    for old, new in (("count = 8000", "count = 800"), ("count = 2000", "count = 200"), ("0.02", "0.1")):
        text = text.replace(old, new)
    text = text.replace('first = "5 s", every = "5 s", count = 3', 'first = "0.1 s", every = "0.2 s", count = 4')
    path = tmp_path / "small.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_result_has_rates_spikes_and_weights(small):
    data = sh.network(small, duration="0.5 s", seed=3)
    assert json.loads(data.attrs["populations"]) == [["e", 800], ["i", 200]]
    assert (data.attrs["study"], data.attrs["seed"], data.attrs["duration_s"], data.attrs["plastic"]) == ("network", 3, 0.5, '["ie"]')
    np.testing.assert_allclose(data["snapshot"], [0.1, 0.3, 0.5])
    assert data["ie_weight"].sizes["snapshot"] == 3
    times, cells = data["e_spike_time"].values, data["e_spike_cell"].values
    assert np.all(np.diff(times) >= 0)
    late = times >= 0.25
    np.testing.assert_allclose(data["e_rate"], np.bincount(cells[late], minlength=800) / 0.25)
    assert data["e_rate_course"].values.sum() * 0.01 * 800 == pytest.approx(len(times))
    assert data["ie_weight"].values[-1].mean() > data["ie_weight"].values[0].mean() > 0
    assert all(variable.attrs["units"] and variable.attrs["long_name"] for variable in data.data_vars.values())


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(small):
    a, b, other = (sh.network(small, duration="0.1 s", seed=seed) for seed in (1, 1, 2))
    assert a["ie_weight"].values.tobytes() == b["ie_weight"].values.tobytes()
    assert a["e_spike_time"].values.tobytes() == b["e_spike_time"].values.tobytes()
    assert a["ie_weight"].size != other["ie_weight"].size


def test_the_network_stands_in_the_result(small, tmp_path):
    data = sh.network(small, duration="0.1 s")
    (tmp_path / "again.toml").write_text(data.attrs["circuit"], encoding="utf-8")
    again = sh.network(tmp_path / "again.toml")
    assert again["ie_weight"].values[-1].tobytes() == data["ie_weight"].values[-1].tobytes()


def test_a_circuit_can_be_run(small):
    assert sh.network(read_circuit(small), duration="20 ms", precision="float32")["ie_weight"].dtype == np.float32


def described(**more):
    """A few lines of Python: random inputs onto cells that inhibit each other."""
    return {
        "duration": "0.2 s",
        "populations": {"x": {"sources": [{"kind": "poisson", "count": 50, "rate": "40 Hz"}]}, "e": {"count": 20, "cell": "vogels_2011"}},
        "projections": {
            "xe": {"pre": "x", "post": "e", "rule": sh.rule("pair", set="additive"), "receptor": "ampa"},
            "ee": {"pre": "e", "post": "e", "connect": {"kind": "fixed_indegree", "count": 5, "autapses": False}, "receptor": "gaba",
                   "efficacy": np.float64(2.0), "delay": {"kind": "uniform", "low": "1 ms", "high": "3 ms"}},
        },
        "drives": {"e": {"currents": [{"at": "0 ms", "value": "180 pA"}]}}, "probes": {"trains": True},
    } | more  # fmt: skip


def test_a_network_may_be_described_in_python():
    data = sh.network(described())
    assert data["xe_weight"].sizes == {"snapshot": 1, "xe_synapse": 1000}
    assert data["e_rate"].mean() > 0
    assert json.loads(data.attrs["rule_hashes"]) == {"xe": sh.rule("pair", set="additive").hash}
    plain = sh.network(described(), engine="plain")
    np.testing.assert_allclose(data["xe_weight"], plain["xe_weight"], rtol=0, atol=1e-10)
    np.testing.assert_array_equal(data["e_spike_time"], plain["e_spike_time"])


ONE_CELL = {
    "populations": {"x": {"sources": [{"kind": "poisson", "count": 100, "rate": "20 Hz"}]}, "c": {"count": 1, "cell": "song_2000"}},
    "projections": {"xc": {"pre": "x", "post": "c", "rule": sh.rule("pair", set="additive")}},
}


@pytest.mark.parametrize("engine", ["auto", "plain"])
def test_one_cell_with_its_inputs_is_run_and_recorded_as_a_network(engine):
    samples = {"c": {"cells": [0], "samples": {"every": "10 ms"}}}
    whole = described(**ONE_CELL, drives={"c": {"currents": [{"at": "0 ms", "value": "500 pA"}]}})
    alone = sh.network(whole, engine=engine)
    data = sh.network(whole | {"probes": {"trains": True, "populations": samples}}, engine=engine)
    assert data["c_current"].sizes == {"c_receptor": 1, "c_sample": 20, "c_probed": 1}
    assert data["c_spike_time"].size > 1
    for name in ("c_spike_time", "xc_weight", "c_rate_course"):
        np.testing.assert_array_equal(data[name], alone[name])
    assert "no spikes" not in data.attrs.get("note", "")
    unrecorded = sh.network(whole | {"probes": {"populations": samples}}, engine=engine)
    assert "c_rate_course" not in unrecorded
    assert "no spikes of c are recorded, so there is no c_rate_course; trains = true" in unrecorded.attrs["note"]


def test_what_no_network_can_have_is_refused_of_one_cell_too():
    with pytest.raises(sh.EngineError, match="in a network cells need a cell model"):
        sh.network(described(**ONE_CELL | {"populations": ONE_CELL["populations"] | {"c": {"count": 1}}}, drives={}))
    with pytest.raises(sh.EngineError, match="ask for no samples"):
        sh.network(described(**ONE_CELL, drives={}, probes={"samples": {"every": "10 ms"}}))


def test_a_description_that_is_wrong_is_refused_with_its_key():
    with pytest.raises(sh.FormatError, match=r"the network: .*population"):
        sh.network(described(population={}))
    with pytest.raises(sh.UnknownName, match=r'the network: populations.e.cell: no cell named "vogel"'):
        sh.network(described(populations={"e": {"count": 2, "cell": "vogel"}}))


def test_a_network_that_is_silent_gets_a_note(small):
    small.write_text(small.read_text(encoding="utf-8").replace("200 pA", "0 pA"), encoding="utf-8")
    data = sh.network(small, duration="50 ms")
    assert "e is silent" in data.attrs["note"]
    assert np.isnan(data["e_cv"].values).all()


def test_it_is_written_read_and_drawn(small, tmp_path):
    data = sh.network(small, duration="0.3 s")
    sh.save(data, tmp_path / "net.nc")
    loaded = sh.load(tmp_path / "net.nc")
    assert loaded["e_spike_cell"].values.tobytes() == data["e_spike_cell"].values.tobytes()
    assert len(sh.figure(loaded).axes) >= 4
    for panel in ("raster", "rates", "weights", "course"):
        assert sh.plot(loaded, panel=panel) is not None


def test_the_command_prints_rates_and_weights(small, tmp_path, capsys):
    assert run(["net", str(small), "--duration", "0.2 s", "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split("\t")[0] == "population" or "population" in out
    assert (tmp_path / "out" / "result.nc").is_file()
    assert (tmp_path / "out" / "figure.png").is_file()


WRONG = {
    "no such network": (("nothing",), {}, 'no network named "nothing"'),
    "engine": (("vogels_2011",), {"engine": "neuron"}, "expected one of auto, kernel, plain"),
    "duration": (("vogels_2011",), {"duration": "5 mV"}, "duration"),
    "precision": (("vogels_2011",), {"precision": "float16"}, "precision"),
    "a number": ((3,), {}, "the name of a network, a path, a mapping or a circuit"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_refused_in_one_line(case):
    arguments, settings, words = WRONG[case]
    with pytest.raises(sh.SpikehebError, match=words) as refused:
        sh.network(*arguments, **settings)
    assert "\n" not in str(refused.value)
