"""Cells whose threshold draws: the draw is the same in every loop and engine, and the spikes are those of a Poisson process."""

from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import but, of_fan_in, of_lanes

import spikeheb as sh
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import AllToAll, FixedIndegree, PairwiseBernoulli
from spikeheb.circuits.drives import RELEASED, Change, Drives, from_start
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Projection
from spikeheb.circuits.sources import Poisson
from spikeheb.draws.edges import seed_of
from spikeheb.draws.expanded import expanded, gathered
from spikeheb.draws.random import Purpose, streams, uniform
from spikeheb.engines.brian import runtime
from spikeheb.engines.choice import carry_out, carry_out_network
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in, numpy_lanes, runner
from spikeheb.engines.kernel.build import build
from spikeheb.engines.kernel.network import Network
from spikeheb.engines.nest.cells import model_of
from spikeheb.engines.plain import run as plain
from spikeheb.errors import EngineError
from spikeheb.expressions.gate import parse_condition
from spikeheb.program.analysis import analyse
from spikeheb.program.stretches import can_rest

DT, CELL = 1e-4, sh.cell("poisson")
NONE = np.zeros(0, dtype=np.int64)
STILL = sh.rule("pair", A_plus=0, A_minus=0, bounds="none")
ESCAPING = replace(sh.cell("ca1_pyramidal"), threshold=parse_condition("v > -48*mV or rand() < 200*Hz*dt*exp((v + 50*mV)/(3*mV))"))
"""A cell that fires by chance below its threshold, with conductances and a refractory time."""
needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")


def in_numpy(circuit):
    lanes = expanded(circuit)
    return gathered(circuit, numpy_lanes.run(lanes, analyse(lanes.rule, lanes.cell, lanes.dt)))


LOOPS = {"lanes": runner.run, "dense": fan_in.run, "numpy": in_numpy, "brian": lambda circuit: runtime.run(circuit, "numpy")}


@needs_compiler
@pytest.mark.parametrize("cell", [CELL, ESCAPING], ids=lambda cell: cell.name)
def test_every_loop_fires_in_the_same_steps(cell):
    current = 4e-12 if cell is CELL else 1.2e-10
    circuit = of_fan_in(sh.rule("oja"), cell, DT, 2500, 3, (Poisson(np.full(20, 20.0)),), trains=True, seed=2, current=current)
    circuit = but(circuit, clamps=(Change(1, 900, -0.05), Change(1, 1400, RELEASED)))
    expected = plain.run(circuit)
    assert min(map(len, expected.spikes)) > 5
    assert not np.any((expected.spikes[1] >= 900) & (expected.spikes[1] < 1400)), "a cell that is held does not fire"
    for loop, run in LOOPS.items():
        recording = run(circuit)
        for mine, other in zip(recording.spikes, expected.spikes, strict=True):
            np.testing.assert_array_equal(mine, other, err_msg=loop)
        np.testing.assert_allclose(np.ravel(recording.w), np.ravel(expected.w), rtol=0, atol=1e-11, err_msg=loop)


def test_the_draw_is_the_number_of_the_cell_and_the_step():
    """A constant rate of 1 kHz in two cells: they fire where their own numbers are below rate*dt."""
    circuit = of_lanes(STILL, CELL, DT, 3000, np.array([0, 1]), (NONE, NONE), (NONE, NONE), seed=9, clamps=(), currents=())
    at_10 = replace(CELL, initial={"v": parse_condition("v > E_L + 10*V_nu").right})
    circuit = but(circuit, currents=tuple(Change(cell, 0, 1e-10) for cell in (0, 1)), cell=at_10)
    spikes = plain.run(circuit).spikes
    for cell in (0, 1):
        drawn = uniform(streams(9, Purpose.DRAWS_OF_THRESHOLD, np.array([cell])), np.arange(3000))
        np.testing.assert_array_equal(spikes[cell], np.flatnonzero(drawn < 0.1))
        assert len(spikes[cell]) > 200


@needs_compiler
def test_nothing_is_skipped_where_nothing_is_scheduled():
    """A constant current alone, for 40 s: as many spikes as the rate says, in lanes as in fan-in."""
    assert not can_rest(analyse(STILL, CELL, DT))
    steps, current = 400_000, 2e-12
    lane = of_lanes(STILL, CELL, DT, steps, np.array([0]), (NONE,), (NONE,), seed=4, currents=(Change(0, 0, current),))
    spikes = runner.run(lane).spikes[0]
    assert abs(len(spikes) - 20 * steps * DT) < 4 * np.sqrt(20 * steps * DT)
    cells = but(of_fan_in(STILL, CELL, DT, steps, 1, (Poisson(np.full(1, 0.0)),), trains=True, seed=4), current=current)
    np.testing.assert_array_equal(fan_in.run(cells).spikes[0], spikes)


def network(cell=CELL, steps=2000, seed=3):
    return Circuit(
        dt=DT, steps=steps, seed=seed,
        populations={"x": Spikes((Poisson(np.full(20, 20.0)),)), "e": Cells(12, cell), "i": Cells(4, cell)},
        projections={
            "xe": Projection("x", "e", FixedIndegree(count=6), receptor="ampa", efficacy=0.5),
            "ee": Projection("e", "e", PairwiseBernoulli(probability=0.3, autapses=False), sh.rule("oja"), "ampa", delay=1e-3,
                             initial={"w": 0.05}),
            "ei": Projection("e", "i", AllToAll(), receptor="ampa", efficacy=0.3),
            "ie": Projection("i", "e", PairwiseBernoulli(probability=0.5), sh.rule("vogels"), receptor="gaba"),
        },
        drives={"e": Drives(currents=from_start(1e-12))}, probes=Probes(trains=True, snapshots=np.array([steps - 1])),
    )  # fmt: skip


def same(recording, expected, exactly=False):
    for name in ("e", "i"):
        np.testing.assert_array_equal(recording.spikes[name], expected.spikes[name])
    for name in ("ee", "ie"):
        np.testing.assert_allclose(recording.w[name], expected.w[name], rtol=0, atol=0 if exactly else 1e-10)


@needs_compiler
def test_networks_agree_in_three_engines():
    circuit = network()
    expected = carry_out_network(circuit, "plain")
    assert min(expected.counts["e"].sum(), expected.counts["i"].sum()) > 10
    for engine in ("kernel", "brian:numpy"):
        same(carry_out_network(circuit, engine), expected)


def test_populations_draw_numbers_of_their_own():
    assert seed_of(network(), "e") != seed_of(network(), "i")
    bare = {"projections": {}, "populations": {"x": Spikes((Poisson(np.ones(1)),)), "e": Cells(3, CELL), "i": Cells(3, CELL)}}
    drives = {name: Drives(currents=from_start(2e-11)) for name in ("e", "i")}
    whole = replace(network(steps=1000), **bare, drives=drives, probes=Probes(trains=True))
    wider = replace(whole, populations={**whole.populations, "e": Cells(5, CELL)})
    spikes, more = (carry_out_network(each, "plain").spikes for each in (whole, wider))
    steps = {(name, cell): set(of[0][of[1] == cell].tolist()) for name, of in spikes.items() for cell in range(3)}
    assert len({frozenset(each) for each in steps.values()}) == 6
    assert min(map(len, steps.values())) > 5
    for cell in range(3):
        assert set(more["e"][0][more["e"][1] == cell].tolist()) == steps["e", cell], "more cells change nothing of the first"


@needs_compiler
@pytest.mark.parametrize("loop", ["lanes", "dense"])
def test_the_number_of_threads_changes_nothing(loop):
    circuit = of_fan_in(sh.rule("oja"), CELL, DT, 3000, 90, (Poisson(np.full(5, 20.0)),), trains=True, seed=2)
    one, two = (LOOPS[loop](circuit, threads=threads) for threads in (1, 2))
    assert one.w.tobytes() == two.w.tobytes()
    assert [train.tobytes() for train in one.spikes] == [train.tobytes() for train in two.spikes]


@needs_compiler
def test_a_resumed_run_goes_on_with_the_same_numbers(tmp_path):
    with Network(network()) as whole:
        whole.advance(1111)
        whole.save(tmp_path / "network")
        expected = whole.to_end()
    with Network(network()) as again:
        again.resume(tmp_path / "network")
        same(again.to_end(), expected, exactly=True)
    lane = of_lanes(STILL, CELL, DT, 5000, np.array([0]), (NONE,), (NONE,), seed=4, currents=(Change(0, 0, 1e-11),))
    program, chosen = analyse(lane.rule, lane.cell, lane.dt), compiler()
    runs = [runner.Lanes(lane, program, build(program, chosen), chosen) for _ in range(2)]
    with runs[0] as whole:
        whole.advance(1234)
        whole.save(tmp_path / "lane")
        spikes = whole.to_end().spikes[0]
    with runs[1] as again:
        again.resume(tmp_path / "lane")
        np.testing.assert_array_equal(again.to_end().spikes[0], spikes)
    assert len(spikes) > 20


# --- truth ---------------------------------------------------------------------------------------------------------------


@needs_compiler
@pytest.mark.parametrize(("current", "rate"), [(1e-12, 10.0), (2e-11, 200.0), (-1e-11, 0.0)])
def test_rate_and_cv_of_a_constant_input(current, rate):
    """Steps with a spike are drawn independently with p = rate*dt, so that intervals are geometric: CV = sqrt(1 - p).

    The standard error of the CV of n intervals that are nearly exponential is 1/sqrt(n). 200 ms for the potential to settle are left out.
    """
    cells, steps, settling = 40, 102_000, 2000
    circuit = of_fan_in(STILL, CELL, DT, steps, cells, (Poisson(np.full(1, 0.0)),), trains=True, seed=11, current=current)
    trains = [train[train >= settling] for train in fan_in.run(circuit).spikes]
    duration, p = (steps - settling) * DT * cells, rate * DT
    assert abs(sum(map(len, trains)) / duration - rate) <= 4 * np.sqrt(rate * (1 - p) / duration)
    if rate:
        intervals = np.concatenate([np.diff(train) for train in trains])
        assert abs(intervals.std() / intervals.mean() - np.sqrt(1 - p)) < 4 / np.sqrt(len(intervals))


@needs_compiler
def test_the_rate_is_the_sum_of_weights_times_input_rates():
    """Ten inputs of 20 Hz and w = 0.3 give 60 Hz, less the half step by which the sum of a decay in steps falls short.

    Counts over T have the variance ``rate*T + 10*20*w**2*T``: that of a Poisson process, and that of its rate, which is shot noise.
    """
    cells, steps, w = 40, 200_000, 0.3
    circuit = of_fan_in(STILL, CELL, DT, steps, cells, (Poisson(np.full(10, 20.0)),), trains=True, seed=5, private=True, initial={"w": w})
    counts = np.array(list(map(len, fan_in.run(circuit).spikes)))
    x = DT / CELL.constants["tau_m"]
    rate, duration = 10 * 20.0 * w * x / np.expm1(x), steps * DT * cells
    assert abs(counts.sum() / duration - rate) < 4 * np.sqrt((rate + 10 * 20.0 * w**2) / duration)


@needs_compiler
def test_ojas_rule_on_it_brings_the_weights_to_length_1():
    """100 inputs of 5 Hz: ``tau*nu*y + a*w*nu = w*(tau*y**2 + a*nu*N*w**2/2)``, with y = N*w*nu and a = tau/(tau + tau_m).

    The terms with a are what spikes that an input causes add to the correlations; without them the length is 1 exactly. The tolerance is
    four standard errors over the cells, which are independent since each has trains of its own.
    """
    N, nu, tau, cells = 100, 5.0, 0.1, 8
    circuit = of_fan_in(
        sh.rule("oja"), CELL, DT, 600_000, cells, (Poisson(np.full(N, nu)),), seed=6, private=True, initial={"w": 0.05},
        snapshots=np.arange(300_000, 600_000, 20_000),
    )  # fmt: skip
    a = tau / (tau + CELL.constants["tau_m"])
    expected = np.sqrt((tau * nu * N * nu + a * nu) / (tau * (N * nu) ** 2 + a * nu * N / 2))
    means = carry_out(circuit, "kernel").snapshots.mean(axis=(0, 2))
    assert abs(expected * np.sqrt(N) - 1) < 0.01
    assert abs(means.mean() - expected) < 4 * means.std(ddof=1) / np.sqrt(cells)
    assert means.std(ddof=1) < 0.05 * expected


# --- refused -------------------------------------------------------------------------------------------------------------


def test_nest_and_standalone_programs_refuse_the_draw_by_name():
    with pytest.raises(EngineError, match='the threshold of "poisson" draws a random number in each step, and NEST would draw others'):
        model_of(CELL, ("ampa",), DT)
    with pytest.raises(EngineError, match='"e": a standalone program does not draw the numbers'):
        carry_out_network(network(), "brian:standalone")
    with pytest.raises(EngineError, match="a standalone program does not draw the numbers"):
        carry_out(of_lanes(STILL, CELL, DT, 50, np.array([0]), (NONE,), (NONE,)), "brian:standalone")
