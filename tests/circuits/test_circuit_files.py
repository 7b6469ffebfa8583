"""Circuits as files: what is written is read as the same circuit, and what is wrong is said in one line."""

from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from circuits_by_hand import but, of_fan_in, of_lanes
from hypothesis import given, settings
from hypothesis import strategies as st

import spikeheb as sh
from spikeheb.circuits import usual
from spikeheb.circuits.drives import EVERY, RELEASED, Change
from spikeheb.circuits.files import read_circuit
from spikeheb.circuits.projections import Normalise
from spikeheb.circuits.sources import Group, Poisson, Regular, Replayed
from spikeheb.circuits.written import circuit_to_toml
from spikeheb.engines.choice import carry_out
from spikeheb.rules import Rule

DT = 1e-4
EXAMPLE = Path(__file__).parents[2] / "models" / "networks" / "fan_in.toml"


def same(a, b):
    """Whether two values are equal, arrays element by element, rules and cells by what they are."""
    if isinstance(a, Rule | sh.Cell):
        return a.hash == b.hash
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[name], b[name]) for name in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(a, b, equal_nan=isinstance(a, float | np.ndarray) and np.asarray(a).dtype.kind == "f")


def everything():
    rule = sh.rule("triplet", set="visual_cortex_nearest_min", tau_plus="15 ms", axonal_delay="1 ms", coincidence="discard")
    sources = (
        Poisson(np.array([5.0, 15.0])), Group(3.0, 0.5, np.array([0.0, 0.002]), 0.003), Regular(np.array([0.05]), np.array([0.01])),
        Replayed((np.array([5, 300]), np.array([7]))),
    )  # fmt: skip
    whole = of_fan_in(
        rule, sh.cell("ca1_pyramidal"), DT, 1000, 2, sources, imposed=(Poisson(np.full(2, 20.0)),), seed=7, precision="float32",
        currents=(Change(EVERY, 0, 1e-10), Change(1, 9, 0.0)), clamps=(Change(0, 5, -0.05), Change(0, 50, RELEASED)),
        rewards=(Change(EVERY, 4, 0.5),), initial={"w": np.linspace(0.1, 0.7, 7)}, normalise=Normalise("divisive", 2.0, 0.05),
        snapshots=np.array([1, 999]), watched=np.array([[0, 1], [1, 6]]), watch=np.array([3]), histograms=np.array([999]),
        edges=np.array([0.0, 0.5, 1.0]), trains=True, sweeps=np.array([10, 200]), sweep_steps=50,
    )  # fmt: skip
    return usual.with_unplastic(whole, (Poisson(np.array([3.0])),), "gaba", 0.4, 0.002)


CIRCUITS = {
    "everything": everything,
    "own copies": lambda: of_fan_in(
        sh.rule("pair"), None, DT, 100, 3, (Poisson(np.ones(4)),), private=True, initial={"w": np.full((3, 4), 0.2)}
    ),
    "lanes": lambda: of_lanes(
        sh.rule("pair", bounds={"kind": "soft", "w_min": 0, "w_max": 2}), None, DT, 900, [0, 0, 1], (np.array([1]),) * 3,
        (np.array([5]), np.array([6])), overrides={"A_plus": np.array([0.1, 0.2])}, samples=np.array([0, 899]), exact=True, mirrored=True,
    ),
}  # fmt: skip


def back(circuit, folder):
    path = folder / "circuit.toml"
    path.write_text(circuit_to_toml(circuit))
    return read_circuit(path)


@pytest.mark.parametrize("name", CIRCUITS)
def test_what_is_written_is_read_as_the_same(name, tmp_path):
    circuit = CIRCUITS[name]()
    assert same(back(circuit, tmp_path), circuit)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_numbers_come_back_as_they_were(data, tmp_path_factory):
    number = st.floats(1e-3, 500.0)
    rates = np.array(data.draw(st.lists(number, min_size=1, max_size=4)))
    steps = np.array(sorted(data.draw(st.sets(st.integers(0, 999), max_size=5))), dtype=np.int64)
    trains = (Poisson(rates), Group(data.draw(number), data.draw(st.floats(0.01, 1.0)), rates * 1e-4, data.draw(number) * 1e-5))
    circuit = of_fan_in(
        sh.rule("pair", tau_plus=data.draw(st.floats(5e-3, 5e-2))), None, data.draw(st.sampled_from([1e-4, 5e-5, 3e-5])), 1000, 2, trains,
        initial={"w": data.draw(st.floats(0.0, 1.0))}, snapshots=steps, rewards=(Change(1, 3, data.draw(st.floats(-9, 9))),),
    )  # fmt: skip
    assert same(back(circuit, tmp_path_factory.mktemp("files")), circuit)


def test_the_example_runs():
    circuit = read_circuit(EXAMPLE)
    assert (circuit.sources.count, circuit.cell.name, circuit.rule.name, circuit.steps) == (100, "l5_pyramidal", "pair", 5000)
    recording = carry_out(circuit, "plain")
    assert recording.snapshots.shape == (2, 1, 100)
    assert recording.counts[0] > 0, "the cell does not fire, and nothing is learnt"
    assert np.ptp(recording.w) > 0


def test_paths_stand_from_the_file(tmp_path):
    (tmp_path / "mine.toml").write_text((EXAMPLE.parents[1] / "rules" / "pair.toml").read_text().replace('name = "pair"', 'name = "mine"'))
    (tmp_path / "net.toml").write_text(EXAMPLE.read_text().replace('rule = "pair"', 'rule = "mine.toml"'))
    assert read_circuit(tmp_path / "net.toml").rule.name == "mine"


WRONG = [
    ('dt = "0.1 ms"', 'dt = "0.1 mV"', "dt"),
    ('dt = "0.1 ms"', 'dt = "0 ms"', "dt: expected a time above 0"),
    ('dt = "0.1 ms"\n', "", "dt"),
    ("schema = 1", "schema = 2", "schema"),
    ("seed = 1", "seed = 1\nsed = 2", "sed"),
    ("count = 1\n", "count = -1\n", "populations.cells.count: expected 1 to"),
    ("count = 1\n", "count = 99999999999\n", "populations.cells.count: expected 1 to"),
    ("count = 100", "count = 99999999999", "expected 1 to"),
    ('rate = "15 Hz"', 'rate = "15 mV"', "populations.inputs.sources[0].rate"),
    ('rate = "15 Hz"', 'rate = "-15 Hz"', "rates of Poisson inputs"),
    (', rate = "15 Hz"', "", "needs a rate"),
    ('kind = "poisson"', 'kind = "posson"', 'expected "poisson", "group", "regular" or "replayed"'),
    ('cell = "l5_pyramidal"', 'cell = "l5_piramidal"', "l5_pyramidal"),
    ('rule = "pair"', 'rule = "pare"', "pair"),
    ('rule = "pair"', 'rule = { name = "pair", set = "none" }', "set"),
    ('rule = "pair"', 'rule = { name = "pair", parameters = { tau_plus = "3 mV" } }', "tau_plus"),
    ('rule = "pair"\n', "", "one projection with a rule"),
    ('pre = "inputs"', 'pre = "input"', 'no population named "input"'),
    ('connect = "all_to_all"', 'connect = "all"', 'expected "all_to_all", "own_copies"'),
    ('connect = "all_to_all"', "connect = [0, 1]", "a cell for each of 100 sources"),
    ("snapshots = [2500, 4999]", "snapshots = [2500, 5000]", "snapshots must rise"),
    ("snapshots = [2500, 4999]", 'snapshots = "often"', "snapshots"),
    ('connect = "all_to_all"', 'connect = "all_to_all"\ninitial = { w = [0.1, 0.2] }', ""),
    ('connect = "all_to_all"', "initial = { w = [[0.1], [0.1, 0.2]] }", "rows of one length"),
    ("[probes]", "[drives.nobody]\nrewards = [{ step = 1, value = 1 }]\n[probes]", "nobody"),
    ('step = 0, value = "0.5 nA"', 'step = -1, value = "1 nA"', "drives.cells.currents[0].step"),
    ('step = 0, value = "0.5 nA"', 'step = 1, value = "1 mV"', "drives.cells.currents[0].value"),
    ("[probes]", "[drives.cells]\ncurrents = [{ step = 1, value = nan }]\n[probes]", ""),
    ("[populations.cells]", "[populations.cells]\nsources = []", "either sources of spikes or a count"),
    ('duration = "0.5 s"', 'duration = "1e30 s"', ""),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG)
def test_what_is_wrong_is_said_in_one_line(old, new, message, tmp_path):
    path = tmp_path / "wrong.toml"
    assert old in EXAMPLE.read_text()
    path.write_text(EXAMPLE.read_text().replace(old, new, 1))
    with pytest.raises(sh.SpikehebError) as refused:
        carry_out(read_circuit(path), "plain")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("make", [lambda rule: replace(rule, handlers=rule.handlers[:1])])
def test_a_rule_that_no_file_gives_is_not_written(make):
    circuit = of_fan_in(make(sh.rule("pair")), None, DT, 10, 1, (Poisson(np.ones(1)),))
    with pytest.raises(sh.EngineError, match="no file can say"):
        circuit_to_toml(circuit)


def test_a_changed_cell_is_not_written():
    circuit = but(of_fan_in(sh.rule("pair"), sh.cell("l5_pyramidal", C="100 pF"), DT, 10, 1, (Poisson(np.ones(1)),)))
    with pytest.raises(sh.EngineError, match="was changed"):
        circuit_to_toml(circuit)
