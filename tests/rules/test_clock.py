"""Handlers on the clock: their times, their place in the step, in every engine and shape; and what a file may say of them."""

from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import but, of_fan_in, of_lanes

import spikeheb as sh
from spikeheb.circuits.drives import Change
from spikeheb.circuits.signals import signals_of
from spikeheb.circuits.sources import Replayed
from spikeheb.draws.expanded import expanded
from spikeheb.engines.choice import carry_out
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import numpy_lanes
from spikeheb.program.analysis import analyse
from spikeheb.rules import read_rule
from spikeheb.rules.meaning import signals
from spikeheb.rules.trial import try_rule

DT = 1e-4
RULE = """
schema = 1
name = "slow"
title = "A weight that is consolidated now and then"
doc = "Each presynaptic spike tags the synapse; every 10 ms a part of the tag goes into the weight, every 35 ms the weight is halved."

[synapse]
model = '''
dc/dt = -c/tau : 1
n : 1
w : 1
'''
weight = "w"
initial = { w = 0.5 }

[[on]]
event = "pre"
do = ["c += 1"]

[[on]]
event = "post"
do = ["c += 0.1"]

[[on]]
event = "clock"
every = "10 ms"
do = ["w += a*c*R", "c *= 0.9", "n += 1"]

[[on]]
event = "reward"
do = ["R = amount"]

[[on]]
event = "clock"
every = "35 ms"
do = ["w += -w/2", "n += 100"]

[bounds]
kind = "none"

[parameters]
tau = { value = "50 ms", doc = "decay of the tag", source = "chosen" }
a = { value = 0.1, doc = "part of it", source = "chosen" }
""".replace("n : 1", "n : 1\nR : 1")
PRE, POST = np.array([20, 130, 131, 400, 777]), np.array([25, 100, 700])
REWARDS = ((150, 1.0), (200, 2.0), (600, -0.5))


@pytest.fixture
def rule(tmp_path):
    path = tmp_path / "slow.toml"
    path.write_text(RULE)
    return read_rule(path)


def by_hand(steps=1000):
    """The same step by step: spikes, then rewards, then the clock in the order of the file."""
    c = n = r = 0.0
    w = 0.5
    for now in range(steps):
        c *= np.exp(-DT / 0.05) if now else 1.0
        c += 1.0 * (now in PRE) + 0.1 * (now in POST)
        r = dict(REWARDS).get(now, r)
        if now and now % 100 == 0:
            w, c, n = w + 0.1 * c * r, 0.9 * c, n + 1
        if now and now % 350 == 0:
            w, n = w - w / 2, n + 100
    return w, n


def circuit(rule, shape):
    if shape == "lanes":
        rewards = tuple(Change(0, *each) for each in REWARDS)
        return of_lanes(rule, None, DT, 1000, [0], (PRE,), (POST,), rewards=rewards, samples=np.array([99, 100, 999]))
    return of_fan_in(
        rule, None, DT, 1000, 1, (Replayed((PRE,)),), imposed=(Replayed((POST,)),), rewards=REWARDS, snapshots=np.array([99, 999])
    )


@pytest.mark.parametrize("shape", ["lanes", "dense"])
@pytest.mark.parametrize("engine", ["kernel", "numpy", "plain", "brian:numpy"])
def test_every_engine_runs_it_at_its_times_after_spikes_and_rewards(rule, engine, shape):
    whole, (w, n) = circuit(rule, shape), by_hand()
    if engine == "numpy":
        lanes = expanded(whole) if shape == "dense" else whole
        recording = numpy_lanes.run(lanes, analyse(rule, None, DT))
    else:
        recording = carry_out(whole, engine)
    assert recording.w.ravel()[0] == pytest.approx(w, abs=1e-12)
    if recording.variables:
        assert recording.variables["n"][0] == n == 209


@pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
@pytest.mark.parametrize("cells", [1, 9, 70])
def test_every_cell_and_thread_hears_the_clock(rule, cells):
    rng = np.random.default_rng(1)
    given = tuple(np.unique(rng.integers(0, 3000, 20)) for _ in range(5))
    post = Replayed(tuple(np.unique(rng.integers(0, 3000, 20)) for _ in range(cells)))
    many = of_fan_in(rule, None, DT, 3000, cells, (Replayed(given),), imposed=(post,), rewards=REWARDS)
    recording, expected = carry_out(many, "kernel", threads=2), carry_out(many, "plain")
    np.testing.assert_allclose(recording.w, expected.w, rtol=0, atol=1e-12)
    assert carry_out(many, "kernel", threads=1).w.tobytes() == recording.w.tobytes()
    lanes = carry_out(expanded(many), "kernel").w.reshape(recording.w.shape)
    np.testing.assert_allclose(lanes, expected.w, rtol=0, atol=1e-12)


@pytest.mark.parametrize("engine", ["kernel", "brian:numpy"])
def test_it_runs_beside_a_cell_over_its_quiet_stretches(rule, engine):
    """300 ms without a spike: the clock goes on."""
    lanes = but(circuit(rule, "lanes"), cell=sh.cell("ca1_pyramidal"), steps=4000, samples=np.array([3999]))
    recording, expected = carry_out(lanes, engine), carry_out(lanes, "plain")
    assert recording.variables["n"][0] == expected.variables["n"][0] == 39 + 1100
    np.testing.assert_allclose(recording.w, expected.w, rtol=0, atol=1e-10)


def test_its_times_follow_the_time_step(rule):
    lanes = replace(circuit(rule, "lanes"), dt=3e-4)
    heard = signals_of(lanes)
    assert list(heard) == list(signals(rule)) == ["reward", "clock_10000000_ns", "clock_35000000_ns"]
    assert [change.step for change in heard["clock_10000000_ns"]][:3] == [33, 66, 99]
    with pytest.raises(sh.EngineError, match="faster than the time step"):
        signals_of(replace(lanes, dt=1.0))


def test_a_replay_goes_on_until_the_clock_has_run(rule):
    data = sh.replay(rule, [[0.002]], [[0.0025]], events=[sh.Reward(0.003, 1.0)], record=True)
    assert float(data["w"][0]) != 0.5


def test_check_runs_it(rule):
    try_rule(rule)


def test_show_prints_its_time(rule):
    assert "Every 0.01 s" in sh.portrait(rule, measure=False).latex


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('every = "10 ms"\n', "", 'every: a handler of the event "clock" needs a time'),
        ('every = "10 ms"', 'every = "-1 s"', "every: expected 1 us to 1e"),
        ('every = "10 ms"', "every = 0", "every: expected 1 us to 1e"),
        ('every = "10 ms"', 'every = "10 mV"', "every"),
        ('every = "10 ms"', 'every = "nan s"', "every"),
        ('every = "10 ms"', 'every = "10 ms"\ndelay = "tau"', "delay: a handler of the event"),
        ('event = "reward"', 'event = "reward"\nevery = "1 s"', 'every: only a handler of the event "clock" has a time'),
        ('"w += a*c*R"', '"w += a*c*amount"', "amount"),
        ('"n += 1"]', '"transmit = 1"]', "transmit"),
        ('event = "clock"', 'event = "clok"', "clock"),
    ],
)
def test_what_is_wrong_with_it_is_said(tmp_path, old, new, message):
    path = tmp_path / "slow.toml"
    path.write_text(RULE.replace(old, new, 1))
    with pytest.raises(sh.SpikehebError) as refused:
        read_rule(path)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_network_of_ones_own_is_told_what_to_do(rule):
    brian2 = pytest.importorskip("brian2")
    group = brian2.NeuronGroup(1, "v : 1", threshold="v > 1", reset="v = 0")
    with pytest.raises(sh.EngineError, match="run_regularly"):
        sh.synapses(rule, group, group)
