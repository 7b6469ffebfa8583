"""Voltage clamp: v is replaced right after the cell's state update, there is no threshold; both engines, and the numpy kernel."""

from __future__ import annotations

import numpy as np
import pytest
from circuits_by_hand import of_lanes
from jobs import DT, LIBRARY, rule, write_rule

from spikeheb.cells import read_cell
from spikeheb.circuits.drives import RELEASED, Change
from spikeheb.engines.brian import runtime
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import numpy_lanes, runner
from spikeheb.engines.kernel.build import build
from spikeheb.errors import EngineError
from spikeheb.program.analysis import analyse

NONE = np.zeros(0, dtype=np.int64)

READS_V = """
schema = 1
name = "reader"
title = "A weight that integrates what it sees"
doc = "w grows by the distance of u, a filtered v, from a level at every presynaptic spike, and drifts with v itself."

[parameters]
tau = { value = "5 ms", doc = "filter", source = "chosen for illustration" }
level = { value = "-60 mV", doc = "level", source = "chosen for illustration" }
gain = { value = "1 / volt", doc = "gain", source = "chosen for illustration" }
start = { value = "-70 mV", doc = "start", source = "chosen for illustration" }
rate = { value = "0.5 / volt / second", doc = "drift", source = "chosen for illustration" }

[synapse]
model = "dw/dt = rate*(v - level) : 1"
weight = "w"
method = "euler"
initial = { w = 1 }

[post]
model = "du/dt = (v - u)/tau : volt"
method = "euler"
initial = { u = "start" }

[[on]]
event = "pre"
do = ["transmit = 1", "w += gain*(u - level)"]

[bounds]
kind = "none"
"""


def kernel_numpy(job):
    return numpy_lanes.run(
        job, analyse(job.rule, job.cell, job.dt, receptor=job.plastic.receptor, varying=frozenset(job.plastic.overrides))
    )


COMPILED = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
EVERY = pytest.mark.parametrize(
    "run",
    [
        pytest.param(lambda job: runtime.run(job, "numpy"), id="brian"),
        pytest.param(kernel_numpy, id="numpy"),
        pytest.param(runner.run, id="kernel", marks=COMPILED),
    ],
)


def clamped(the_rule, cell, clamps, *, steps=3000, pre=(500, 1500, 2500), post=(), lanes=1, **more):
    on = read_cell(LIBRARY / "cells" / f"{cell}.toml")
    pre, post = np.array(pre, dtype=np.int64), np.array(post, dtype=np.int64)
    return of_lanes(
        the_rule, on, DT, steps, np.arange(lanes), (pre,) * lanes, (post,) * lanes,
        clamps=tuple(clamps), sweeps=np.array([0]), sweep_steps=steps, **more,
    )  # fmt: skip


@EVERY
def test_v_is_held_from_the_step_on_and_moves_again_from_the_release_on(run):
    v = run(clamped(rule(), "l5_pyramidal", [Change(0, 1000, -0.05), Change(0, 2000, RELEASED)])).v[0, 0]
    assert np.all(v[1000:2000] == -0.05)
    assert v[999] < -0.069
    assert -0.0706 < v[2000] < -0.05
    assert abs(v[2999] - v[2000]) > 0.01


@EVERY
def test_no_threshold_while_clamped_and_an_imposed_spike_acts_as_ever(run):
    """Held at 0 mV an integrate-and-fire cell is far above its threshold; a strong current changes nothing."""
    job = clamped(rule(), "l23_pyramidal", [Change(0, 100, 0.0), Change(0, 1000, RELEASED)], post=(600,), currents=(Change(0, 0, 0.5e-9),))
    recording = run(job)
    spikes = recording.spikes[0]
    assert spikes[(spikes >= 100) & (spikes < 1000)].tolist() == [600]
    assert (spikes >= 1000).sum() > 3
    v, reset = recording.v[0, 0], job.cell.parameters["V_r"].value
    assert v[600] == reset
    assert np.all(np.delete(v[100:1000], 500) == 0.0)


@EVERY
def test_a_clamp_may_go_from_one_voltage_to_another_and_lanes_are_held_apart(run):
    job = clamped(
        rule(), "l5_pyramidal", lanes=3,
        clamps=[Change(0, 100, -0.06), Change(0, 200, -0.04), Change(0, 300, RELEASED), Change(2, 0, -0.02)],
    )  # fmt: skip
    v = run(job).v[:, 0]
    assert np.all(v[0, 100:200] == -0.06)
    assert np.all(v[0, 200:300] == -0.04)
    assert v[0, 400] < -0.04
    assert np.all(v[1] < -0.065)
    assert np.all(v[2] == -0.02)


@EVERY
def test_the_rule_sees_the_clamped_voltage_in_the_same_step(run, tmp_path):
    """u is stepped after v, and the synapse after both: closed forms of two Euler schemes under a constant v."""
    job = clamped(write_rule(tmp_path, "reader", READS_V), "l5_pyramidal", [Change(0, 0, -0.03)], pre=(500,), steps=1000)
    u = -0.03 + (-0.07 + 0.03) * (1 - DT / 5e-3) ** 501
    expected = 1 + 0.5 * 0.03 * 1000 * DT + (u + 0.06)
    assert run(job).w[0] == pytest.approx(expected, abs=1e-12)


@COMPILED
@pytest.mark.parametrize("cell", ["l5_pyramidal", "ca1_pyramidal"])
@pytest.mark.parametrize("reads", [False, True])
def test_both_engines_agree(cell, reads, tmp_path):
    """Spikes the same, weights to 1e-10, potentials to 1e-9 V; clamps at several voltages over a long quiet session."""
    the_rule = write_rule(tmp_path, "reader", READS_V) if reads else rule("triplet", set="visual_cortex_all_min")
    rng = np.random.default_rng(5)
    clamps = [change for n, v in enumerate((-0.08, -0.05, 0.0)) for change in (Change(n, 1000, v), Change(n, 3000, RELEASED))]
    pre = np.unique(rng.integers(0, 7000, 20))
    job = clamped(the_rule, cell, clamps, lanes=3, steps=12_000, pre=pre, post=np.unique(rng.integers(700, 7000, 14)))
    reference, recording = runtime.run(job, "numpy"), runner.run(job)
    assert [s.tolist() for s in recording.spikes] == [s.tolist() for s in reference.spikes]
    np.testing.assert_allclose(recording.v, reference.v, rtol=0, atol=1e-9)
    np.testing.assert_allclose(recording.w, reference.w, rtol=0, atol=1e-10)


@COMPILED
def test_a_run_may_be_stopped_in_the_middle_of_a_clamp(tmp_path):
    job = clamped(write_rule(tmp_path, "reader", READS_V), "l5_pyramidal", [Change(0, 1000, -0.05), Change(0, 2000, RELEASED)])
    program = analyse(job.rule, job.cell, job.dt)
    run = runner.Lanes(job, program, build(program, compiler()), compiler())
    for until in (500, 1000, 1001, 1700, 2000, 3000):
        run.advance(until)
    assert run.recording().v.tobytes() == runner.run(job).v.tobytes()


def test_a_clamp_needs_a_cell():
    with pytest.raises(EngineError, match="a voltage clamp needs a cell"):
        of_lanes(rule(), None, DT, 10, np.arange(1), (NONE,), (NONE,), clamps=(Change(0, 0, -0.05),))
