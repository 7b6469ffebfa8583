"""The plain engine judges every loop: each rule file on each cell file, in lanes and in fan-in, on the same spikes and random numbers.

Noise is the same number for number, so that rules with noise are held to the same tolerance as all others.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import CELLS_OF_NETWORKS, RULES_OF_NETWORKS, but, of_fan_in, of_lanes, post_trains
from jobs import DT, LIBRARY, rule

import spikeheb as sh
from spikeheb.cells import read_cell
from spikeheb.circuits.drives import RELEASED, Change
from spikeheb.circuits.projections import Normalise
from spikeheb.circuits.sources import Poisson, Regular, Replayed, correlated
from spikeheb.circuits.steps import NO_STEPS
from spikeheb.engines.brian import runtime
from spikeheb.engines.choice import carry_out
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in, runner
from spikeheb.engines.plain import run as plain
from spikeheb.errors import EngineError
from spikeheb.rules import read_rule
from spikeheb.rules.meaning import reads_membrane

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
RULES = sorted(path.stem for path in (LIBRARY / "rules").glob("*.toml"))
SOME = ("pair", "bcm", "graupner_brunel")
CELLS = sorted(path.stem for path in (LIBRARY / "cells").glob("*.toml") if not path.stem.endswith("_1ms"))
"""But for those of steps of 1 ms, which `test_triggered_rewards.py` has in networks."""
STEPS, PULSES = 7_000, 1000
LANES, INPUTS = 3, 2
STILL = ("tsodyks_markram", "gain", "izhikevich_2006")
"""Rules whose weights stay for half a second: two have none that changes, the third changes them once a second."""
V_NEAR = {"izhikevich_fs": 1e-8}
"""Volts, where the upstroke of a spike multiplies what rounding leaves; 1e-11 for all other cells."""


def cell_of(name):
    return read_cell(LIBRARY / "cells" / f"{name}.toml") if name else None


def poisson(rng, steps, rate):
    return np.unique(rng.integers(0, steps, rng.poisson(rate * steps * DT)))


def rewards(the_rule, lanes):
    """Two at once among them: they act in the order in which they are given."""
    hears = any(handler.event == "reward" for handler in the_rule.handlers)
    given = ((2000, 1.0), (6000, 0.8), (6000, -0.5))
    return tuple(Change(lane, step, amount) for lane in range(lanes) for step, amount in given) if hears else ()


def seven_tenths(the_rule, cell, **more):
    """Poisson spikes of both sides with ties, and test pulses every 100 ms; the second cell is made to fire, the third clamped."""
    rng = np.random.default_rng(7)
    pre = [np.union1d(poisson(rng, STEPS, 20.0), np.arange(50 + 7 * n, STEPS, PULSES)) for n in range(LANES * INPUTS)]
    post = [np.union1d(poisson(rng, STEPS, 15.0), pre[INPUTS * lane][::4]) for lane in range(LANES)]
    if cell is not None:
        more.setdefault("currents", (Change(1, 3000, 8e-10), Change(1, 5000, 0.0)))
        more.setdefault("clamps", (Change(2, 4000, -0.05), Change(2, 6500, RELEASED)))
        more |= {"sweeps": np.arange(0, STEPS, 2500), "sweep_steps": 1500}
    samples = np.arange(499, STEPS, 500)
    job = of_lanes(the_rule, cell, DT, STEPS, np.repeat(np.arange(LANES), INPUTS), tuple(pre), tuple(post), seed=3, samples=samples)
    return but(job, rewards=rewards(the_rule, LANES), **more)


def stepped(job):
    """The job in which rules that read the potential are stepped; `test_kernel_exact` and the quiet stretches hold jumps to steps."""
    return but(job, exact=reads_membrane(job.rule))


def scale(job):
    """What weights are measured in."""
    return max(1.0, abs(job.rule.bounds.w_max or 0.0))


def same(recording, expected, job):
    """First the spike steps, then weights to 1e-10 of their scale (of their own size, where they have no limit), then all else."""
    for lane, (a, b) in enumerate(zip(recording.spikes, expected.spikes, strict=True)):
        np.testing.assert_array_equal(a, b, err_msg=f"spikes of lane {lane}")
    near = 1e-10 if job.cell is not None else 1e-12 + 4 * np.finfo(float).eps * job.steps * job.dt / 1e-3
    for name in ("w", "weight", "efficacy"):
        a, b = getattr(recording, name), getattr(expected, name)
        np.testing.assert_allclose(a, b, rtol=near, atol=near * scale(job), err_msg=name)
    for name, values in recording.variables.items():
        np.testing.assert_allclose(values, expected.variables[name], rtol=1e-9, atol=1e-10, err_msg=name)
    np.testing.assert_allclose(recording.v, expected.v, rtol=0, atol=V_NEAR.get(job.cell and job.cell.name, 1e-11), err_msg="v")


ONE = (None, "l5_pyramidal")
TRIED = [(name, on) for on in (None, *CELLS) for name in RULES
         if (on not in CELLS_OF_NETWORKS or name in SOME) and (name not in RULES_OF_NETWORKS or on in ONE)]  # fmt: skip


def in_turn(pairs):
    """On two cells every rule; on the others one of two rules, but those that read the potential or `SOME`. The rest in full runs."""
    for n, (name, on) in enumerate(pairs):
        always = on in ONE or name in SOME or reads_membrane(rule(name)) or n % 2 == 0
        yield pytest.param(name, on, marks=() if always else pytest.mark.full)


@pytest.mark.parametrize(("name", "on"), [*in_turn(TRIED)])
def test_lanes_of_every_rule_on_every_cell(name, on):
    """Cells of networks with some of the rules: each pair is a kernel of its own, and takes seconds to build."""
    the_rule = rule(name)
    if on is None and reads_membrane(the_rule):
        pytest.skip("reads the membrane")
    job = seven_tenths(the_rule, cell_of(on))
    expected = plain.run(job)
    same(runner.run(stepped(job)), expected, job)
    moved = np.ptp(expected.weight) > 0 or any(np.ptp(values) > 0 for values in expected.variables.values())
    assert moved or name in STILL, "nothing happened"
    assert on is None or len(expected.spikes[1]) > len(post_trains(job)[1]), "the cell never fired by itself"


@pytest.mark.parametrize(("name", "on"), [("pair", "l5_clopath"), ("graupner_brunel", "l5_pyramidal"), ("shouval", "ca1_pyramidal")])
def test_a_quiet_stretch_of_two_seconds(name, on):
    """Which the kernel computes at once where it can, and plain steps through."""
    ends = np.array([100, 300, 500, 20_500, 20_700])
    pre, post = (ends, ends + 30, NO_STEPS, ends), (ends + 80, ends, ends, NO_STEPS)
    samples = np.array([600, 10_000, 20_400, 20_999])
    job = of_lanes(rule(name), cell_of(on), DT, 21_000, np.arange(4), pre, post, seed=5, samples=samples)
    job = but(job, sweeps=np.array([400, 20_400]), sweep_steps=600)
    recording, expected = runner.run(job), plain.run(job)
    for lane, (a, b) in enumerate(zip(recording.spikes, expected.spikes, strict=True)):
        np.testing.assert_array_equal(a, b, err_msg=f"spikes of lane {lane}")
    np.testing.assert_allclose(recording.weight, expected.weight, rtol=0, atol=1e-8 * scale(job))
    np.testing.assert_allclose(recording.v, expected.v, rtol=0, atol=1e-9)


@pytest.mark.parametrize("coincidence", ["pre_first", "post_first", "discard"])
@pytest.mark.parametrize("on", [None, "l23_pyramidal"])
def test_ties_and_delays(on, coincidence):
    job = seven_tenths(rule("triplet", coincidence=coincidence, axonal_delay="2 ms", backpropagation_delay="1.26 ms"), cell_of(on))
    same(runner.run(job), plain.run(job), job)


def test_constants_that_differ_between_lanes():
    """A delay, a delayed read and a rate among them."""
    late = {"D": np.array([0.0, 0.002, 0.0137]), "gamma_p": np.array([300.0, 321.8, 350.0])}
    read_late = {"late": np.array([0.0, 0.0011, 0.007])}
    for name, on, overrides in (("graupner_brunel", None, late), ("clopath", "l5_clopath", read_late)):
        job = seven_tenths(rule(name), cell_of(on), overrides=overrides)
        same(runner.run(stepped(job)), plain.run(job), job)


@pytest.mark.parametrize("on", ["pv_interneuron", "brunel_2000", "izhikevich_rs"])
@pytest.mark.parametrize("receptor", ["ampa", "gaba"])
def test_either_receptor(receptor, on):
    job = seven_tenths(rule("vogels"), cell_of(on), receptor=receptor)
    same(runner.run(job), plain.run(job), job)


# --- fan-in ---------------------------------------------------------------------------------------------------------------


def half_second(the_rule, cell, *, private, **more):
    """Inputs of several kinds on two cells."""
    sources = (Poisson(np.array([15.0, 40.0, 80.0])), correlated(2, 20.0, 0.3, 0.01), Regular(np.array([0.0501]), np.array([0.004])))
    if cell is not None:
        more |= {"current": 4e-10, "unplastic": ((Poisson(np.full(3, 60.0)),), 0.5, "gaba", 0.0021)}
    if any(handler.event == "reward" for handler in the_rule.handlers):
        more["rewards"] = ((1000, 1.0), (3000, 0.8), (3000, -0.5))
    return of_fan_in(
        the_rule, cell, DT, 5000, 2, sources, private=private, imposed=(Poisson(np.full(2, 20.0)),), trains=True, seed=11,
        snapshots=np.array([0, 2499, 4999]), watched=np.array([[1, 5], [0, 2]]), watch=np.arange(99, 5000, 100),
        histograms=np.array([1234, 4999]), edges=np.linspace(0.0, scale_of(the_rule), 8), **more,
    )  # fmt: skip


def scale_of(the_rule):
    return max(1.0, abs(the_rule.bounds.w_max or 0.0))


def same_population(recording, expected, job):
    for cell, (a, b) in enumerate(zip(recording.spikes, expected.spikes, strict=True)):
        np.testing.assert_array_equal(a, b, err_msg=f"spikes of cell {cell}")
    np.testing.assert_array_equal(recording.counts, expected.counts)
    for name in ("w", "snapshots", "watched"):
        a, b = getattr(recording, name), getattr(expected, name)
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10 * scale_of(job.rule), err_msg=name)
    np.testing.assert_array_equal(recording.histograms, expected.histograms)


def sum_within_limits(the_rule, kind, every):
    """A sum that most weights can reach."""
    low, high = the_rule.bounds.w_min or 0.0, the_rule.bounds.w_max or 2.0
    return Normalise(kind, 6 * (low + 0.4 * (high - low)), every)


@pytest.mark.parametrize("on", [None, "l23_pyramidal"])
@pytest.mark.parametrize("name", RULES)
def test_fan_in_of_every_rule(name, on):
    the_rule = rule(name)
    if on is None and reads_membrane(the_rule):
        pytest.skip("reads the membrane")
    variants = [
        {"private": False},
        {"private": True, "normalise": sum_within_limits(the_rule, "divisive", 0.0)},
        {"private": False, "normalise": sum_within_limits(the_rule, "subtractive", 0.05)},
    ]
    for variant in variants[:2] if on else variants:
        job = half_second(the_rule, cell_of(on), **variant)
        expected = plain.run(job)
        same_population(fan_in.run(job), expected, job)
        assert np.ptp(expected.watched) > 0 or np.ptp(expected.w) > 0 or name in STILL, "nothing happened"


# --- what it found ----------------------------------------------------------------------------------------------------------

POPULATIONS = {"plain": plain.run, "kernel": fan_in.run, "brian:numpy": runtime.run}


def both_ways(the_rule, pre, engine, steps, **more):
    """The recorded weights of one synapse that is a lane, and of the same one in fan-in."""
    rewards = more.pop("rewards", ())
    of_lane = tuple(Change(0, *reward) for reward in rewards)
    lane = of_lanes(the_rule, None, DT, steps, np.array([0]), (pre,), (pre + 20,), rewards=of_lane, samples=more["snapshots"])
    post = (Replayed((pre + 20,)),)
    in_fan = of_fan_in(the_rule, None, DT, steps, 1, (Replayed((pre,)),), imposed=post, rewards=rewards, **more)
    return carry_out(lane, engine).weight[0], POPULATIONS[engine](in_fan).snapshots[:, 0, 0]


RELAXING = """
schema = 1
name = "relaxing"
title = "A weight that relaxes by itself, and that the efficacy does not read"
doc = "For a test."

[parameters]
tau = { value = "50 ms", doc = "", source = "chosen" }

[synapse]
model = "dw/dt = (2 - w)/tau : 1"
weight = "w"
efficacy = "1"
initial = { w = 0.5 }

[[on]]
event = "pre"
do = ["w -= 0.1"]

[bounds]
kind = "hard"
w_max = 1
"""


@pytest.mark.parametrize("engine", POPULATIONS)
def test_a_weight_that_moves_by_itself_is_recorded_and_limited_at_any_time(engine, tmp_path):
    (tmp_path / "relaxing.toml").write_text(RELAXING)
    steps = np.array([49, 400, 500, 501])
    expected = [2 - 1.5 * np.exp(-50 * DT / 0.05), 1.0, 0.9, 2 - 1.1 * np.exp(-DT / 0.05)]
    for weight in both_ways(read_rule(tmp_path / "relaxing.toml"), np.array([500]), engine, 600, snapshots=steps):
        np.testing.assert_allclose(weight, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("engine", POPULATIONS)
def test_a_reward_of_nothing_is_a_reward(engine):
    """What was expected is taken off it."""
    job = {"snapshots": np.array([799]), "rewards": ((300, 1.0), (700, 0.0))}
    lane, in_fan = both_ways(rule("covariance_reward"), np.array([100, 400]), engine, 800, **job)
    without, _ = both_ways(rule("covariance_reward"), np.array([100, 400]), engine, 800, **(job | {"rewards": job["rewards"][:1]}))
    assert lane == pytest.approx(in_fan, abs=1e-14)
    assert abs(lane[0] - without[0]) > 1e-4
    assert lane == pytest.approx(both_ways(rule("covariance_reward"), np.array([100, 400]), "plain", 800, **job)[0], abs=1e-14)


def test_brian_refuses_two_rewards_in_one_step():
    with pytest.raises(EngineError, match="two rewards in one time step"):
        carry_out(seven_tenths(rule("covariance_reward"), None), "brian:numpy")


# --- the judge itself -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["order of handlers", "delay by a step", "a draw of another seed", "refractory time"])
def test_what_a_loop_does_otherwise_is_seen(fault):
    """Each fault as a rule, cell or job that is just that much different."""
    name = "graupner_brunel" if fault == "a draw of another seed" else "pair"
    job = seven_tenths(rule(name), cell_of("l23_pyramidal"))
    faulty = {
        "order of handlers": lambda: but(job, rule=rule(name, coincidence="post_first")),
        "delay by a step": lambda: but(job, rule=rule(name, backpropagation_delay="0.1 ms")),
        "a draw of another seed": lambda: but(job, seed=job.seed + 1),
        "refractory time": lambda: but(job, cell=replace(job.cell, refractory=job.cell.refractory + DT)),
    }[fault]()
    with pytest.raises(AssertionError):
        same(runner.run(faulty), plain.run(job), job)


def test_it_is_an_engine_like_any_other():
    trains = np.array([0.01, 0.05, 0.2]), np.array([0.012, 0.05, 0.19])
    weights = {engine: sh.replay("pair", *trains, engine=engine)["w"].values for engine in ("plain", "kernel")}
    np.testing.assert_allclose(weights["plain"], weights["kernel"], rtol=0, atol=1e-15)
    inputs = sh.poisson_inputs(10, "20 Hz")
    run = {engine: sh.weights("pair", duration=1.0, inputs=inputs, cells=2, engine=engine) for engine in ("plain", "kernel")}
    np.testing.assert_allclose(run["plain"]["weight"], run["kernel"]["weight"], rtol=0, atol=1e-10)


def test_the_recording_says_which_engine_ran():
    assert carry_out(seven_tenths(rule("pair"), None), "plain").engine["engine"] == "plain"


def test_single_precision_is_refused():
    with pytest.raises(EngineError, match="double precision"):
        plain.run(but(half_second(rule("pair"), None, private=False), precision="float32"))
