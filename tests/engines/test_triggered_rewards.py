"""Rewards that cells bring about, random currents and handlers on the clock in networks: the kernel's rows against the plain engine."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import FixedIndegree, FixedOutdegree, PairwiseBernoulli
from spikeheb.circuits.distributions import Uniform
from spikeheb.circuits.drives import EVERY, Change, Drives, Noise
from spikeheb.circuits.files import read_circuit
from spikeheb.circuits.phases import Phase
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Normalise, Projection
from spikeheb.circuits.sources import Poisson
from spikeheb.circuits.triggers import Trigger
from spikeheb.draws.edges import noise_streams, trigger_stream
from spikeheb.draws.random import uniform
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import network, network_parts
from spikeheb.engines.kernel.network import Network
from spikeheb.engines.plain import network as plain
from spikeheb.errors import EngineError, ScheduleError, SpikehebError, StorageError
from spikeheb.rules import read_rule

DT, STEPS = 1e-4, 2000
CELL = sh.cell("l5_pyramidal")
needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
RULE = """
schema = 1
name = "rewarded"
title = "Tags that a clock puts into the weight as far as there was reward"
doc = "Each spike tags; every 3 ms a part of the tag goes into the weight; every 20 ms the weight shrinks."

[parameters]
tau = { value = "50 ms", doc = "decay of the tag", source = "chosen" }
tau_d = { value = "30 ms", doc = "decay of the reward", source = "chosen" }

[synapse]
model = '''
dc/dt = -c/tau : 1
dd/dt = -d/tau_d : 1
n : 1
w : 1
'''
weight = "w"
initial = { w = 0.5 }

[[on]]
event = "pre"
do = ["transmit = 1", "c += 1"]

[[on]]
event = "post"
do = ["c += 0.3"]

[[on]]
event = "reward"
do = ["d += amount", "n += 1"]

[[on]]
event = "clock"
every = "3 ms"
do = ["w += 0.02*c*(0.1 + d)", "c *= 0.9"]

[[on]]
event = "clock"
every = "20 ms"
do = ["w += -w/50", "c += 0.01*n"]

[bounds]
kind = "none"
"""
SOME = PairwiseBernoulli(probability=0.5, autapses=False)
NOISE = Noise(low=-3e-10, high=9e-10, every=1e-3)
SOON = Trigger(first=("e", 0), then=("e", 3), within=5e-3, value=0.7, after=(1e-3, 9e-3), rewards=("e", "i"))
AT_ONCE = Trigger(first=("x", 1), then=("i", 2), within=20e-3, value=-0.2, after=(0.0, 0.0), rewards=("e",))


@pytest.fixture
def rule(tmp_path):
    path = tmp_path / "rewarded.toml"
    path.write_text(RULE)
    return read_rule(path)


def rewarded(rule, *, triggers=(SOON, AT_ONCE), noise=NOISE, steps=STEPS, precision="float64", seed=3, **more):
    """Twelve cells and four others, with random currents, rewards that are given, and rewards that they bring about."""
    given = (Change(EVERY, 700, 0.3), Change(2, 700, 0.1), Change(5, 1200, -0.4))
    return Circuit(
        dt=DT, steps=steps, seed=seed, precision=precision,
        populations={"x": Spikes((Poisson(np.full(20, 60.0)),)), "e": Cells(12, CELL), "i": Cells(4, CELL)},
        projections={
            "xe": Projection("x", "e", FixedIndegree(count=6), receptor="ampa", efficacy=6.0),
            "ee": Projection("e", "e", SOME, rule, "ampa", delay=Uniform(low=0.0, high=3e-3), **more),
            "ei": Projection("e", "i", FixedIndegree(count=6), rule, receptor="ampa", delay=1e-3),
            "ie": Projection("i", "e", PairwiseBernoulli(probability=0.5), sh.rule("vogels"), receptor="gaba"),
        },
        drives={
            "e": Drives(currents=(Change(EVERY, 0, 5e-10), Change(1, 333, 7e-10)), rewards=given, noise=noise),
            "i": Drives(currents=(Change(EVERY, 0, 7e-10),), noise=noise),
        },
        triggers={f"t{n}": trigger for n, trigger in enumerate(triggers)},
        probes=Probes(trains=True, snapshots=np.arange(99, steps, 100)),
    )  # fmt: skip


def agree(circuit, atol=1e-10):
    """The kernel's recording, held to the plain one."""
    a, b = network.run(circuit), plain.run(replace(circuit, precision="float64"))
    for name in b.spikes:
        for of_kernel, of_plain in zip(a.spikes[name], b.spikes[name], strict=True):
            np.testing.assert_array_equal(of_kernel, of_plain)
    for name in b.w:
        np.testing.assert_allclose(a.w[name], b.w[name], rtol=0, atol=atol)
        np.testing.assert_allclose(a.snapshots[name], b.snapshots[name], rtol=0, atol=atol)
    return b


@needs_compiler
@pytest.mark.parametrize("more", [{}, {"normalise": Normalise("divisive", 2.0)}, {"initial": {"c": 0.2, "d": Uniform(low=0.0, high=0.1)}}])
def test_rewards_that_cells_bring_about_are_the_same_in_both_engines(rule, more):
    """Whatever the places of the rule's variables: kept by cell, or by synapse where their initial values differ."""
    circuit = rewarded(rule, **more)
    recording = agree(circuit)
    assert sum(len(times) for times in by_hand(circuit, recording).values()) > 5
    without = plain.run(replace(circuit, triggers={}))
    assert np.abs(without.w["ee"] - recording.w["ee"]).max() > 1e-3


def by_hand(circuit, recording):
    """For each trigger the steps of its rewards, read off the recorded spikes."""
    rewards = {}
    for name, trigger in circuit.triggers.items():
        if trigger.first[0] not in recording.spikes:
            continue
        steps = {end: recording.spikes[end[0]][0][recording.spikes[end[0]][1] == end[1]] for end in (trigger.first, trigger.then)}
        last = [steps[trigger.first][steps[trigger.first] <= step].max(initial=-(10**9)) for step in steps[trigger.then]]
        gaps = steps[trigger.then] - np.array(last, dtype=int)
        events = steps[trigger.then][(gaps > 0) & (gaps <= round(trigger.within / circuit.dt))]
        low, high = (round(bound / circuit.dt) for bound in trigger.after)
        drawn = uniform(trigger_stream(circuit, name), np.arange(len(events)))
        rewards[name] = events + low + np.floor(drawn * (high - low + 1)).astype(int)
    return rewards


def test_the_rewards_come_when_they_should(rule):
    """The same network with the rewards of its own spikes given from outside."""
    circuit = rewarded(rule, triggers=(SOON,))
    recording = plain.run(circuit)
    (times,) = by_hand(circuit, recording).values()
    assert len(times) > 5
    given = tuple(Change(EVERY, int(step), SOON.value) for step in sorted(times) if step < STEPS)
    drives = {name: replace(drives, rewards=drives.rewards + given) for name, drives in circuit.drives.items()}
    again = plain.run(replace(circuit, triggers={}, drives=drives))
    for name in recording.w:
        assert again.w[name].tobytes() == recording.w[name].tobytes()


def test_delays_are_drawn_by_seed_name_and_number(rule):
    circuit = rewarded(rule)
    for other in (replace(circuit, seed=4), replace(circuit, triggers={"t1": SOON, "t0": AT_ONCE})):
        assert trigger_stream(other, "t0") != trigger_stream(circuit, "t1")
    assert trigger_stream(replace(circuit, seed=4), "t0") != trigger_stream(circuit, "t0")


@needs_compiler
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_network_that_rewards_itself_is_saved_and_resumed_at_any_step(rule, precision, tmp_path):
    circuit, path = rewarded(rule, steps=600, precision=precision), tmp_path / "checkpoint.npz"
    expected = network.run(circuit)
    for stop in (0, 1, 77, 250, 251, 252, 253, 300, 333, 334, 599, 600):
        with Network(circuit) as run:
            run.advance(stop)
            run.save(path)
        with Network(circuit) as run:
            run.resume(path)
            again = run.to_end()
        for name in expected.w:
            assert again.w[name].tobytes() == expected.w[name].tobytes()
            assert again.snapshots[name].tobytes() == expected.snapshots[name].tobytes()
        assert again.spikes["e"][0].tobytes() == expected.spikes["e"][0].tobytes()
    others = (
        replace(circuit, triggers={}), replace(circuit, triggers={"t0": SOON, "other": AT_ONCE}),
        replace(circuit, triggers={"t0": replace(SOON, value=0.8), "t1": AT_ONCE}),
        replace(circuit, triggers={"t0": replace(SOON, rewards=("i",)), "t1": AT_ONCE}),
        replace(circuit, drives=circuit.drives | {"e": replace(circuit.drives["e"], noise=None)}),
        replace(circuit, drives=circuit.drives | {"e": replace(circuit.drives["e"], noise=Noise(low=-3e-10, high=8e-10, every=1e-3))}),
    )  # fmt: skip
    for other in others:
        with Network(other) as run, pytest.raises(StorageError, match="is a checkpoint of another circuit"):
            run.resume(path)


@needs_compiler
def test_rewards_that_are_under_way_are_saved(rule, tmp_path):
    """A checkpoint whose rewards have been taken out ends elsewhere; one with a negative number of them is refused."""
    circuit, path = rewarded(rule, steps=800), tmp_path / "checkpoint.npz"
    expected = network.run(circuit)
    stop = int(by_hand(circuit, expected)["t0"][0]) - 1
    with Network(circuit) as run:
        run.advance(stop)
        run.save(path)
    with np.load(path) as stored:
        arrays = dict(stored)
    (due,) = (name for name, array in arrays.items() if name.endswith(".due") and len(array) > 1)
    assert arrays[due].sum() > 0
    np.savez(path, **arrays | {due: 0 * arrays[due]})
    with Network(circuit) as run:
        run.resume(path)
        assert run.to_end().w["ee"].tobytes() != expected.w["ee"].tobytes()
    np.savez(path, **arrays | {due: arrays[due] - 1})
    with Network(circuit) as run, pytest.raises(StorageError, match="damaged"):
        run.resume(path)


@needs_compiler
def test_phases_reach_networks_that_reward_themselves(rule):
    circuit = replace(rewarded(rule), phases=(Phase(step=500, plastic={"ee": False}), Phase(step=1500, plastic={"ee": True})))
    weights = agree(circuit).snapshots["ee"]
    assert weights[6].tobytes() == weights[13].tobytes() != weights[15].tobytes()


# --- random currents ---


@needs_compiler
@pytest.mark.parametrize("every", [DT, 1.7e-3])
def test_a_random_current_adds_to_those_that_are_given(rule, every):
    """Drawn by cell and step: a cell of no input follows its own numbers."""
    noise = Noise(low=-2e-10, high=6e-10, every=every)
    circuit = rewarded(rule, triggers=(), noise=noise)
    agree(circuit)
    alone = replace(circuit, projections={"none": Projection("x", "i", FixedIndegree(count=0), receptor="ampa")})
    drawn = uniform(noise_streams(circuit, "e"), np.arange(0, STEPS, noise.steps(DT))[:, None])
    steps = np.repeat(noise.low + (noise.high - noise.low) * drawn, noise.steps(DT), axis=0)[:STEPS]
    steady = np.full((STEPS, 12), 5e-10)
    steady[333:, 1] = 7e-10
    given = tuple(Change(cell, step, (steps + steady)[step, cell]) for step in range(STEPS) for cell in range(12))
    other = replace(alone, drives={"e": Drives(currents=given)})
    np.testing.assert_array_equal(network.run(alone).spikes["e"], network.run(other).spikes["e"])


def test_a_random_current_is_for_networks():
    circuit = Circuit(
        dt=DT, steps=10, populations={"x": Spikes((Poisson(np.full(2, 60.0)),)), "e": Cells(1, CELL)},
        projections={"xe": Projection("x", "e", rule=sh.rule("pair"), receptor="ampa")},
    )  # fmt: skip
    assert not circuit.is_network
    assert replace(circuit, drives={"e": Drives(noise=Noise(low=0.0, high=1e-10, every=DT))}).is_network


# --- what is refused ---


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"first": ("f", 0)}, 'triggers.t0.first: no population named "f"'),
        ({"then": ("e", 12)}, 'triggers.t0.then: there is no cell 12 among the 12 of "e", counted from 0'),
        ({"first": ("e", -1)}, "triggers.t0.first: there is no cell -1"),
        ({"rewards": ("x",)}, 'triggers.t0.rewards: no population of cells named "x"'),
        ({"rewards": ("e", "e")}, "triggers.t0.rewards: a population is named twice"),
        ({"rewards": ()}, "rewards: name at least one population whose synapses receive the reward"),
        ({"then": ("e", 0)}, "then: a cell cannot fire soon after itself; name two cells"),
        ({"within": 0.0}, "within: the second cell must fire within a time above 0"),
        ({"after": (2.0, 1.0)}, "after: the reward comes after 0 to 10 s"),
        ({"after": (-1.0, 1.0)}, "after: the reward comes after 0 to 10 s"),
        ({"after": (0.0, 11.0)}, "after: the reward comes after 0 to 10 s"),
        ({"value": np.inf}, "value: the reward must be a number"),
    ],
)
def test_triggers_that_cannot_be(rule, change, message):
    with pytest.raises(SpikehebError) as error:
        rewarded(rule, triggers=(replace(SOON, **change),))
    assert message in str(error.value)


def test_a_reward_that_no_rule_hears_is_refused(rule):
    with pytest.raises(EngineError, match='no rule of a projection onto "i" reads rewards'):
        circuit = rewarded(rule)
        replace(circuit, projections=circuit.projections | {"ei": replace(circuit.projections["ei"], rule=sh.rule("pair"))})


@pytest.mark.parametrize(
    ("change", "error"), [({"low": 1.0, "high": 1.0}, EngineError), ({"high": np.nan}, EngineError), ({"every": 1e-9}, ScheduleError)]
)
def test_random_currents_that_cannot_be(rule, change, error):
    with pytest.raises(error, match="random current"):
        rewarded(rule, noise=Noise(**{"low": 0.0, "high": 1e-10, "every": 1e-3} | change))


# --- the networks of the library, made small ---


def small(name, seed=1, steps=400):
    """A tenth of the cells, each with a quarter of the targets and more input."""
    whole = read_circuit(library.find("network", name))
    populations = {}
    for each, group in whole.populations.items():
        count = group.count // 10
        populations[each] = replace(group, count=count) if isinstance(group, Cells) else Spikes((Poisson(np.full(count, 20.0)),))
    projections = {}
    for each, projection in whole.projections.items():
        connect = projection.connect
        fewer = replace(connect, count=connect.count // 4) if isinstance(connect, FixedOutdegree) else connect
        projections[each] = replace(projection, connect=fewer)
    stronger = {each: replace(drives, noise=replace(drives.noise, high=1.5e-9)) for each, drives in whole.drives.items()}
    triggers = {each: replace(trigger, after=(5e-3, 30e-3)) for each, trigger in whole.triggers.items()}
    circuit = replace(whole, populations=populations, projections=projections, drives={}, triggers={}, probes=Probes(), steps=steps)
    return replace(circuit, drives=stronger, triggers=triggers, seed=seed, probes=Probes(trains=True, snapshots=np.array([99, steps - 1])))


@needs_compiler
@pytest.mark.parametrize("threads", [3])
def test_rewards_do_not_depend_on_the_number_of_threads(rule, threads, monkeypatch):
    monkeypatch.setattr(network_parts, "LINE", 8)
    bytes_of = [pickle.dumps((run.w, run.spikes)) for run in (network.run(rewarded(rule), threads=count) for count in (1, threads))]
    assert bytes_of[0] == bytes_of[1]


@needs_compiler
@pytest.mark.parametrize("name", ["izhikevich_2006", "izhikevich_2007"])
def test_the_networks_of_izhikevich_are_the_same_in_both_engines(name):
    """Until rounding decides the spikes of the fast cells, some hundred milliseconds later."""
    recording = agree(small(name))
    assert min(len(steps) for steps, _ in recording.spikes.values()) > 50
    if name == "izhikevich_2007":
        assert np.ptp(recording.w["ee"]) > 1e-3
