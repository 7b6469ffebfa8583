"""Receptors by which a spike makes the potential jump: what comes when within a step, and that all loops and engines do the same."""

from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import but, of_fan_in, of_lanes

import spikeheb as sh
from spikeheb.cells import Receptor
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import AllToAll, FixedIndegree, PairwiseBernoulli
from spikeheb.circuits.drives import RELEASED, Change, Drives, from_start
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import OfCells, Probes
from spikeheb.circuits.projections import Projection
from spikeheb.circuits.sources import Poisson
from spikeheb.draws.expanded import expanded, gathered
from spikeheb.engines.brian import runtime
from spikeheb.engines.choice import carry_out_network
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in, numpy_lanes, runner
from spikeheb.engines.kernel.network import Network
from spikeheb.engines.nest.cells import model_of
from spikeheb.engines.plain import run as plain
from spikeheb.errors import EngineError
from spikeheb.program.analysis import analyse

DT = 1e-4
NONE = np.zeros(0, dtype=np.int64)
STILL = sh.rule("pair", A_plus=0, A_minus=0, bounds="none")
needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")


def jumping(name, ampa=2e-3, gaba=-2e-3):
    """A cell of the library whose receptors are jumps of so many volts."""
    receptors = {key: Receptor(key, unit, None, None, None) for key, unit in (("ampa", ampa), ("gaba", gaba))}
    return replace(sh.cell(name), receptors=receptors)


def in_numpy(circuit):
    lanes = expanded(circuit)
    return gathered(circuit, numpy_lanes.run(lanes, analyse(lanes.rule, lanes.cell, lanes.dt)))


LOOPS = {"lanes": runner.run, "dense": fan_in.run, "numpy": in_numpy, "brian": lambda circuit: runtime.run(circuit, "numpy")}
TRIED = {
    "refractory": (jumping("ca1_pyramidal"), sh.rule("pair"), 4e-10),
    "a shape, a voltage rule": (jumping("l5_clopath"), sh.rule("clopath"), 1e-9),
}


def one_cell(spikes, w=1.0, **more):
    """A cell of a fine leak with given spikes onto its one synapse; its potential, and when it fires, by the plain engine."""
    given = {"sweeps": np.array([0]), "sweep_steps": 80, "initial": {"w": np.array([w])}}
    job = of_lanes(STILL, jumping("ca1_pyramidal", 5e-3), DT, 80, np.array([0]), (np.array(spikes),), (NONE,), **(given | more))
    recording = plain.run(job)
    return recording.v[0, 0], recording.spikes[0].tolist()


DECAY = np.exp(-DT / 20e-3)


def test_the_state_update_of_the_next_step_begins_with_the_jump():
    v, spikes = one_cell([10])
    assert spikes == []
    np.testing.assert_array_equal(v[:11], -65e-3)
    np.testing.assert_allclose(v[11:], -65e-3 + 5e-3 * DECAY ** np.arange(1, 70), rtol=1e-13)


def test_the_threshold_sees_a_jump_in_the_next_step_and_a_refractory_cell_does_not_move():
    """The refractory time of 2 ms begins with the spike in step 11: the first step in which the cell moves is step 31."""
    v, spikes = one_cell([10, 12, 29], w=3.1)
    assert spikes == [11]
    np.testing.assert_array_equal(v[11:31], -60e-3)
    np.testing.assert_allclose(v[31:], -65e-3 + 5e-3 * DECAY ** np.arange(1, 50), rtol=1e-12, err_msg="both jumps are lost")
    _, again = one_cell([10, 30], w=3.1)
    assert again == [11, 31]


def test_what_arrives_in_the_step_of_a_spike_survives_the_reset_of_a_cell_that_is_not_refractory():
    cell = replace(jumping("ca1_pyramidal", 5e-3), refractory=0.0)
    job = of_lanes(STILL, cell, DT, 20, np.array([0]), (np.array([11]),), (np.array([11]),), sweeps=np.array([0]), sweep_steps=20,
                   initial={"w": np.array([1.0])})  # fmt: skip
    v = plain.run(job).v[0, 0]
    assert v[11] == -60e-3
    assert v[12] == pytest.approx(-65e-3 + 10e-3 * DECAY, rel=1e-13)


def test_a_clamped_cell_does_not_move():
    v, spikes = one_cell([10, 20, 25], clamps=(Change(0, 15, -62e-3), Change(0, 26, RELEASED)))
    assert spikes == []
    np.testing.assert_array_equal(v[15:26], -62e-3)
    np.testing.assert_allclose(v[26], -65e-3 + (3e-3 + 5e-3) * DECAY, rtol=1e-13, err_msg="the last jump acts in the first free step")


@needs_compiler
@pytest.mark.parametrize("case", TRIED)
def test_every_loop_gives_the_same(case):
    """Jumps of both signs, with a clamp on one of three cells, and a current that makes them fire."""
    cell, rule, current = TRIED[case]
    drives = {"current": current, "clamps": (Change(1, 900, -0.05), Change(1, 1150, RELEASED)), "imposed": (Poisson(np.full(3, 20.0)),)}
    circuit = but(
        of_fan_in(rule, cell, DT, 2000, 3, (Poisson(np.full(20, 60.0)),), trains=True, seed=2, sweeps=np.array([0]), sweep_steps=2000),
        unplastic=((Poisson(np.full(10, 30.0)),), 1.0, "gaba"), **drives,
    )  # fmt: skip
    expected = plain.run(circuit)
    assert min(map(len, expected.spikes)) > 2
    for loop, run in LOOPS.items():
        recording = run(circuit)
        for mine, other in zip(recording.spikes, expected.spikes, strict=True):
            np.testing.assert_array_equal(mine, other, err_msg=loop)
        np.testing.assert_allclose(np.reshape(recording.v, expected.v.shape), expected.v, rtol=0, atol=1e-12, err_msg=loop)
        np.testing.assert_allclose(np.ravel(recording.w), np.ravel(expected.w), rtol=0, atol=1e-11, err_msg=loop)


@needs_compiler
@pytest.mark.parametrize(
    ("rule", "name", "unit"), [("pair", "ca1_pyramidal", -3e-4), ("clopath", "ca1_pyramidal", -4e-3), ("clopath", "l5_pyramidal", 4e-3)]
)
def test_a_jump_is_not_lost_where_quiet_stretches_are_computed(rule, name, unit):
    """Spikes far apart, each followed by nothing; the potential is looked at shortly before the next."""
    spikes = np.arange(500, 5000, 1150)
    job = of_lanes(sh.rule(rule), jumping(name, unit), DT, 5000, np.array([0]), (spikes,), (NONE,),
                   sweeps=spikes + 200, sweep_steps=10, initial={"w": np.array([0.9])})  # fmt: skip
    recording, expected = runner.run(job), plain.run(job)
    assert np.abs(expected.v - sh.cell(name).rest()["v"]).max() > 5e-5
    np.testing.assert_allclose(recording.v, expected.v, rtol=0, atol=2e-11)
    np.testing.assert_allclose(runtime.run(job, "numpy").v, expected.v, rtol=0, atol=2e-11)


def network(precision="float64", steps=900, **of_cells):
    cell = jumping("ca1_pyramidal", 1e-3, -1e-3)
    mixed = replace(cell, receptors={**cell.receptors, "gaba": sh.cell("ca1_pyramidal").receptor("gaba")})
    return Circuit(
        dt=DT, steps=steps, seed=3, precision=precision,
        populations={"x": Spikes((Poisson(np.full(20, 60.0)),)), "e": Cells(12, mixed), "i": Cells(4, cell)},
        projections={
            "xe": Projection("x", "e", FixedIndegree(count=6), receptor="ampa", efficacy=2.0),
            "ee": Projection("e", "e", PairwiseBernoulli(probability=0.4, autapses=False), sh.rule("pair"), receptor="ampa", delay=1e-3),
            "ei": Projection("e", "i", AllToAll(), receptor="ampa", efficacy=3.0),
            "ie": Projection("i", "e", PairwiseBernoulli(probability=0.5), sh.rule("vogels"), receptor="gaba"),
        },
        drives={"e": Drives(currents=from_start(2e-10)), "i": Drives(currents=from_start(1e-10))},
        probes=Probes(trains=True, snapshots=np.array([steps - 1]), populations=of_cells),
    )  # fmt: skip


@needs_compiler
def test_networks_agree_in_three_engines():
    circuit = network(
        e=OfCells(cells=np.array([0, 7]), samples=np.arange(0, 900, 10)), i=OfCells(cells=np.array([1]), samples=np.array([99]))
    )
    expected = carry_out_network(circuit, "plain")
    assert min(expected.counts["e"].sum(), expected.counts["i"].sum()) > 10
    for engine in ("kernel", "brian:numpy"):
        recording = carry_out_network(circuit, engine)
        for name in ("e", "i"):
            np.testing.assert_array_equal(recording.spikes[name], expected.spikes[name], err_msg=engine)
            np.testing.assert_allclose(recording.v[name], expected.v[name], rtol=0, atol=1e-12, err_msg=engine)
        for name in ("ee", "ie"):
            np.testing.assert_allclose(recording.w[name], expected.w[name], rtol=0, atol=1e-10, err_msg=engine)
        assert recording.currents["e"].shape == (1, 90, 2), "jumps carry no current"
        assert recording.currents["i"].shape == (0, 1, 1)
    single = carry_out_network(network("float32", 600), "kernel")
    np.testing.assert_allclose(single.w["ee"], carry_out_network(network(steps=600), "kernel").w["ee"], atol=1e-4)


@needs_compiler
def test_a_checkpoint_holds_the_jumps_that_are_due(tmp_path):
    with Network(network(steps=700)) as whole:
        whole.advance(305)
        due = [arrays.lane[arrays.sites.row_of("cell", "g_ampa")] for name, arrays in whole.populations.items() if name != "x"]
        assert np.any(due[0] != 0), "nothing is due: choose another step"
        whole.save(tmp_path / "checkpoint")
        expected = whole.to_end()
    with Network(network(steps=700)) as again:
        again.resume(tmp_path / "checkpoint")
        recording = again.to_end()
    for name in ("ee", "ie"):
        assert recording.w[name].tobytes() == expected.w[name].tobytes()
    assert [a.tobytes() for a in recording.spikes["e"]] == [a.tobytes() for a in expected.spikes["e"]]


def test_nest_refuses_jumps_by_name():
    with pytest.raises(EngineError, match='spikes make the potential of "ca1_pyramidal" jump'):
        model_of(jumping("ca1_pyramidal"), ("ampa",), DT)


@needs_compiler
def test_weights_and_their_drive_are_in_volts():
    data = sh.weights("pair", jumping("ca1_pyramidal"), inputs=sh.poisson_inputs(20, "20 Hz"), cells=2, duration="0.2 s", unit="3 mV")
    assert data.synaptic_jump.attrs["units"] == "V"
    assert data.synaptic_jump.values.tolist() == [3e-3]
    assert "efficacy 1 is 3 mV" in str(data.drive.values[0])
