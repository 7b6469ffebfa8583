"""A lane with a cell: imposed spikes, refractory time, the shape of a spike, release, and quiet stretches that are jumped."""

import re
from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import but, of_lanes
from kernel_rules import ALL, DT, HEAD, LIBRARY, cell, job, read, same

from spikeheb.cells import Hold, with_parameters
from spikeheb.circuits.drives import Change
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import build as building
from spikeheb.engines.kernel import runner
from spikeheb.program.analysis import analyse
from spikeheb.rules import choose, read_rule
from spikeheb.rules.meaning import reads_membrane

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
NONE = np.zeros(0, dtype=np.int64)


def one_lane(rule, on, *, pre=NONE, post=NONE, steps=2000, **more):
    more.setdefault("sweeps", np.array([0]))
    more.setdefault("sweep_steps", steps)
    return of_lanes(rule, on, DT, steps, np.array([0]), (np.asarray(pre),), (np.asarray(post),), **more)


def test_an_imposed_spike_acts_in_its_own_step_even_while_refractory(tmp_path):
    lif = cell("l23_pyramidal")
    recording = runner.run(one_lane(read(tmp_path, "pair"), lif, pre=[95], post=[100, 105]))
    assert recording.spikes[0].tolist() == [100, 105]
    assert recording.w[0] == pytest.approx(0.5 + 0.005 * (np.exp(-0.5 / 20) + np.exp(-1 / 20)), abs=1e-15)


def test_refractory_time_holds_v_at_its_reset_value(tmp_path):
    """With 2 ms in steps of 0.1 ms a spike at step n leaves v held up to step n + 19."""
    lif = cell("l23_pyramidal")
    v = runner.run(one_lane(read(tmp_path, "pair"), lif, post=[100], currents=(Change(0, 0, 2e-10),))).v[0, 0]
    reset = lif.parameters["V_r"].value
    at_reset = np.flatnonzero(v == reset)
    assert at_reset.tolist() == list(range(100, 120))


def test_no_threshold_while_refractory(tmp_path):
    strong = (Change(0, 0, 1e-7),)
    spikes = runner.run(one_lane(read(tmp_path, "pair"), cell("l23_pyramidal"), currents=strong)).spikes[0]
    assert np.all(np.diff(spikes) == 20)


def test_the_parts_of_a_spike_follow_each_other_then_the_reset(tmp_path):
    of = replace(cell("l23_pyramidal"), shape=(Hold(0.03, 1e-3), Hold(0.01, 5e-4)))
    v = runner.run(one_lane(read(tmp_path, "pair"), of, post=[100])).v[0, 0]
    assert v[100:110].tolist() == [0.03] * 10
    assert v[110:115].tolist() == [0.01] * 5
    assert v[115:135].tolist() == [of.parameters["V_r"].value] * 20
    assert v[135] != v[134]


def test_release_adds_the_unit_conductance_and_its_mean_over_the_step_reaches_the_membrane(tmp_path):
    """One EPSP against the closed form of a passive membrane with a small conductance."""
    lif = cell("l23_pyramidal")
    small = replace(lif, receptors={"ampa": replace(lif.receptors["ampa"], unit=1e-14, rise=None)})
    v = runner.run(one_lane(read(tmp_path, "pair", parameters={}), small, pre=[100])).v[0, 0] - lif.parameters["E_L"].value
    g_L, E_L, C = (lif.parameters[name].value for name in ("g_L", "E_L", "C"))
    tau, decay = C / g_L, lif.receptors["ampa"].decay
    t = (np.arange(2000) - 100) * DT
    drive = 0.5 * 1e-14 * (lif.receptors["ampa"].reversal - E_L) / C
    expected = np.where(t > 0, drive * (np.exp(-t / tau) - np.exp(-t / decay)) / (1 / decay - 1 / tau), 0)
    np.testing.assert_allclose(v, expected, rtol=0, atol=0.03 * expected.max())


def session(rule, of, steps=400_000):
    rng = np.random.default_rng(3)
    pulses = np.arange(5000, steps, 40_000)
    pre = np.unique(np.concatenate([pulses, rng.integers(100_000, 120_000, 40)]))
    post = np.unique(rng.integers(100_000, 120_000, 30))
    sweeps = (pulses, 1500) if of is not None else (NONE, 0)
    return one_lane(rule, of, pre=pre, post=post, steps=steps, sweeps=sweeps[0], sweep_steps=sweeps[1], samples=pulses)


def stepped_only(the_job):
    """The same code with quiet stretches stepped."""
    program = analyse(the_job.rule, the_job.cell, the_job.dt)
    source = re.sub(r"(can_rest|can_glide) = true", r"\1 = false", building.generate(program))
    chosen = compiler()
    run = runner.Lanes(the_job, program, building.load(source, "", chosen, building.HEADERS, building.FLAGS), chosen)
    run.advance(the_job.steps)
    return run.recording()


@pytest.mark.parametrize("on", sorted(path.stem for path in (LIBRARY / "cells").glob("*.toml")))
def test_jumping_equals_stepping(on, tmp_path):
    """Potentials to 1e-9 mV, spikes the same, weights to 1e-12; and it was worth it."""
    the_job = session(read(tmp_path, "pair"), cell(on))
    recording, expected = runner.run(the_job), stepped_only(the_job)
    same(recording, expected)
    assert np.any(recording.w != 0.5)


@pytest.mark.parametrize("on", [None, "l5_pyramidal", "shaped"])
@pytest.mark.parametrize("name", ["homeostat", "calcium", "release", "voltage", "late"])
def test_jumping_equals_stepping_with_variables_that_need_the_clock(name, on, tmp_path):
    """Noise drives calcium's weight while calcium is high; in between the weight moves by itself and is computed."""
    rule = read(tmp_path, name)
    if on is None and reads_membrane(rule):
        pytest.skip("reads the membrane")
    the_job = session(rule, cell(on) if on else None)
    recording = runner.run(the_job)
    rounding = the_job.steps * np.finfo(float).eps / 4  # stepping a weight that drifts rounds at every step
    same(recording, stepped_only(the_job), atol=1e-12 + (rounding if name == "calcium" else 0.0))
    assert np.ptp(recording.weight[0]) > 1e-6 or (on == "l5_pyramidal" and name in ("voltage", "late")), "nothing happened"


@pytest.mark.parametrize("method", ["euler", "heun", "rk2", "rk4"])
@pytest.mark.parametrize("tau", ["2 s", "150 s"])
def test_a_variable_that_moves_by_itself_is_computed_as_its_method_steps_it(method, tau, tmp_path):
    text = ALL["calcium"].replace('method = "heun"', f'method = "{method}"').replace("sqrt((up + down)/tau)*xi", "0/second")
    path = tmp_path / "gliding.toml"
    path.write_text(HEAD.format(name="gliding") + text.replace(" + sigma*0/second", ""))
    rule = choose(read_rule(path), parameters={"tau": tau})
    the_job = one_lane(rule, None, steps=300_000, initial={"rho": np.array([0.37])}, sweeps=NONE, sweep_steps=0, post=[10])
    np.testing.assert_allclose(runner.run(the_job).w, stepped_only(the_job).w, rtol=0, atol=1e-12)


def test_a_cell_that_fires_by_itself_is_not_jumped(tmp_path):
    the_job = one_lane(
        read(tmp_path, "pair"), cell("l23_pyramidal"), steps=50_000, currents=(Change(0, 10, 4e-10),), sweeps=NONE, sweep_steps=0
    )
    recording = runner.run(the_job)
    assert recording.spikes[0].size > 50
    same(recording, stepped_only(the_job))


def test_a_current_that_ends_moves_the_resting_point(tmp_path):
    weak = (Change(0, 1000, 5e-11), Change(0, 100_000, 0.0))
    the_job = one_lane(
        read(tmp_path, "pair"), cell("l5_pyramidal"), steps=200_000, currents=weak, sweeps=np.array([90_000, 199_000]), sweep_steps=900
    )
    recording = runner.run(the_job)
    same(recording, stepped_only(the_job))
    assert recording.v[0, 0, 0] > recording.v[0, 1, -1] + 1e-3


def test_room_for_spikes_grows(tmp_path):
    the_job = one_lane(
        read(tmp_path, "pair"), cell("pv_interneuron"), steps=60_000, currents=(Change(0, 0, 3e-9),), sweeps=NONE, sweep_steps=0
    )
    spikes = runner.run(the_job).spikes[0]
    assert spikes.size > 1000
    assert np.all(np.diff(spikes) > 0)


def test_a_finer_step_brings_spikes_of_an_injected_current_closer(tmp_path):
    """The method is of first order, the grid of spikes too: from dt/2 on each halving leaves about half the error."""
    rule, of = read(tmp_path, "pair"), cell("l5_pyramidal")

    def times(fineness):
        coarse = one_lane(rule, of, steps=5000 * fineness, currents=(Change(0, 0, 8e-10),), sweeps=NONE, sweep_steps=0)
        return runner.run(but(coarse, dt=DT / fineness)).spikes[0] * DT / fineness

    reference = times(64)
    errors = [np.abs(times(fineness) - reference).mean() for fineness in (1, 2, 4)]
    assert reference.size > 5
    assert errors[1] < 0.6 * errors[0]
    assert errors[2] < 0.6 * errors[1]


def test_parameters_of_a_cell_share_a_library(tmp_path):
    of = cell("l5_pyramidal")
    first = runner.run(job(read(tmp_path, "pair"), of)).engine["kernel"]
    assert runner.run(job(read(tmp_path, "pair"), with_parameters(of, {"C": "200 pF"}))).engine["kernel"] == first
