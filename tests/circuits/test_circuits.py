"""Circuits: what is refused when they are made, what is made of them, and that every loop carries the same circuit out."""

from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import but, of_fan_in, of_lanes, post_trains, pre_trains

import spikeheb as sh
from spikeheb.circuits import usual
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import OwnCopies, Pairwise
from spikeheb.circuits.drives import EVERY, RELEASED, Change, Drives
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.projections import Normalise, Projection
from spikeheb.circuits.sources import Poisson, Replayed
from spikeheb.draws.expanded import expanded, gathered, trains_of
from spikeheb.engines.brian import runtime
from spikeheb.engines.choice import carry_out, refusal
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in, numpy_lanes, runner
from spikeheb.engines.kernel.build import build
from spikeheb.program.analysis import analyse

DT = 1e-4
PAIR = sh.rule("pair")
CELL = sh.cell("ca1_pyramidal")
TRAINS = (np.array([10, 400]), np.array([30]), np.array([50, 60, 900]))
needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")


def three_lanes(cell=None, **more):
    return of_lanes(PAIR, cell, DT, 1000, [0, 0, 1], TRAINS, (np.array([20]), np.array([70])), **more)


def all_to_all(cell=None, cells=3, *, steps=2000, **more):
    copies = cells if more.get("private") else 1
    inputs = (Poisson(np.array([40.0, 80.0])), Replayed((np.array([5, 300]),) * copies, copies))
    return of_fan_in(PAIR, cell, DT, steps, cells, inputs, trains=True, seed=3, **more)


WRONG = {
    "pre": (lambda: replace(three_lanes(), projections={"a": Projection("nobody", "cells", rule=PAIR)}), 'no population named "nobody"'),
    "drives": (lambda: replace(three_lanes(), drives={"nobody": Drives()}), 'no population named "nobody"'),
    "no rule": (
        lambda: replace(three_lanes(), projections={"a": Projection("inputs", "cells")}),
        'projections.a.post: without a rule, the population that it leads to, "cells", needs a cell model',
    ),
    "backwards": (
        lambda: replace(three_lanes(), projections={"a": Projection("cells", "inputs", rule=PAIR)}),
        'projections.a.post: a projection must lead to cells ("inputs" is a population of sources)',
    ),
    "a cell for each source": (lambda: three_lanes().with_plastic(connect=Pairwise(np.array([0, 1]))), "a cell for each of 3 sources"),
    "cells that are not there": (lambda: three_lanes().with_plastic(connect=Pairwise(np.array([0, 1, 5]))), "cell 5"),
    "sources out of order": (lambda: three_lanes().with_plastic(connect=Pairwise(np.array([1, 0, 0]))), "sorted"),
    "a drive of another cell": (lambda: three_lanes(rewards=(Change(2, 5, 1.0),)), "there is no cell 2; there are 2"),
    "imposed trains": (lambda: all_to_all(imposed=(Poisson(np.array([5.0])),)), "a train for each of the 3 cells"),
    "a clamp without a cell": (lambda: three_lanes(clamps=(Change(0, 0, -0.05),)), "a voltage clamp needs a cell"),
    "falling trains": (lambda: but(three_lanes(), pre=(TRAINS[0], TRAINS[1], np.array([7, 7]))), "train 2 must rise"),
    "a step before the first": (lambda: but(three_lanes(), pre=(TRAINS[0], np.array([-1]), TRAINS[2])), "train 1 must rise"),
    "inhibition without a cell": (lambda: usual.with_unplastic(all_to_all(), (Poisson(np.ones(1)),), "gaba"), "needs a cell"),
    "precision": (lambda: all_to_all(precision="float16"), 'the precision is "float64" or "float32"'),
    "seed": (lambda: all_to_all(cells=1, steps=0), "steps (got 0)"),
    "watched": (lambda: all_to_all(watched=np.array([[3, 0]])), "each watched synapse"),
    "normalisation": (lambda: Normalise("fairly", 1.0), '"divisive" or "subtractive"'),
    "size": (lambda: all_to_all(CELL, steps=2**39), "allowed"),
    "overrides": (lambda: three_lanes(overrides={"A_plus": np.ones(3)}), "overrides.A_plus: expected a number, or one for each of 2 cells"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_refused_in_one_line(name):
    make, message = WRONG[name]
    with pytest.raises(sh.SpikehebError) as refused:
        make()
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_circuit_says_what_its_plastic_synapses_are():
    lanes, dense = three_lanes(CELL), all_to_all()
    assert (lanes.rule, lanes.cell, lanes.cells.count, lanes.synapse_count, lanes.copies) == (PAIR, CELL, 2, 3, 1)
    assert (dense.synapse_count, dense.cell, dense.is_pairwise) == (9, None, False)
    assert dense.cell_of_synapse.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert usual.with_unplastic(all_to_all(CELL), (Poisson(np.ones(2)),), "gaba").unplastic.receptor == "gaba"
    own = Circuit(
        dt=DT, steps=10, populations={"a": Spikes((Poisson(np.ones(2)),)), "b": Cells(4)},
        projections={"c": Projection("a", "b", OwnCopies(), PAIR)},
    )  # fmt: skip
    assert own.copies == 4


def test_other_inputs_and_lanes():
    chosen = usual.with_inputs(three_lanes(), np.array([2, 0, 2]), np.array([0, 1, 1]))
    assert [train.tolist() for train in pre_trains(chosen)] == [[50, 60, 900], [10, 400], [50, 60, 900]]
    rewarded = three_lanes(rewards=(Change(1, 5, 2.0), Change(EVERY, 6, 1.0)), overrides={"A_plus": np.array([0.1, 0.2])})
    lanes = usual.with_lanes(rewarded, np.array([0, 1, 1]))
    assert [train.tolist() for train in post_trains(lanes)] == [[20], [70], [70]]
    assert lanes.plastic.overrides["A_plus"].tolist() == [0.1, 0.2, 0.2]
    assert [(c.cell, c.step) for c in lanes.drive.rewards] == [(0, 6), (1, 5), (1, 6), (2, 5), (2, 6)]


def test_nothing_of_the_membrane_is_left_without_a_cell():
    driven = three_lanes(
        CELL, currents=(Change(0, 0, 1e-10),), clamps=(Change(1, 3, -0.05), Change(1, 9, RELEASED)), sweeps=np.array([5]), sweep_steps=9
    )
    bare = usual.without_cell(but(driven, receptor="ampa", rewards=(Change(0, 4, 1.0),)))
    assert (bare.cell, bare.plastic.receptor, bare.probes.sweep_steps) == (None, None, 0)
    assert (bare.drive.currents, bare.drive.clamps, len(bare.drive.rewards)) == ((), (), 1)
    assert [train.tolist() for train in post_trains(bare)] == [[20], [70]]


def test_expanded_has_a_train_for_every_synapse_and_is_read_back_by_cell():
    circuit = all_to_all(
        imposed=(Poisson(np.full(3, 30.0)),), snapshots=np.array([99, 1999]), watched=np.array([[2, 1]]), watch=np.array([50, 1999]),
        histograms=np.array([1999]), edges=np.linspace(0, 1, 5), initial={"w": np.array([0.1, 0.2, 0.3])},
    )  # fmt: skip
    lanes = expanded(circuit)
    assert lanes.plastic.initial["w"].tolist() == [0.1, 0.2, 0.3] * 3
    assert all(a is b for a, b in zip(pre_trains(lanes)[:3], pre_trains(lanes)[3:6], strict=True))
    recording = gathered(circuit, carry_out(lanes, "plain"))
    same = carry_out(circuit, "plain")
    for name in ("w", "counts", "snapshots", "watched", "histograms"):
        np.testing.assert_array_equal(getattr(recording, name), getattr(same, name))
    assert recording.snapshots.shape == (2, 3, 3)
    assert recording.watched.tolist() == [[recording.watched[0, 0], recording.w[2, 1]]]
    assert recording.histograms.sum() == 9


@needs_compiler
def test_what_the_dense_loop_cannot_have_is_had_with_every_synapse_by_itself():
    """Here delays that differ between cells."""
    delays = {"D": np.array([0.005, 0.0137, 0.02])}
    circuit = but(all_to_all(imposed=(Poisson(np.full(3, 30.0)),)), rule=sh.rule("graupner_brunel"), overrides=delays)
    recording, expected = carry_out(circuit, "kernel"), carry_out(circuit, "plain")
    assert recording.engine["engine"] == "kernel:c++"
    np.testing.assert_allclose(recording.w, expected.w, rtol=0, atol=1e-12)


def test_a_refusal_comes_from_what_builds():
    assert refusal(all_to_all(), "plain") is None
    assert "double precision" in refusal(all_to_all(precision="float32"), "plain")
    assert "double precision" in refusal(all_to_all(precision="float32"), "brian:numpy")
    with pytest.raises(sh.UnknownName):
        refusal(all_to_all(), "nest")


# --- synapses without plasticity ---------------------------------------------------------------------------------------------


def inhibited(cells=3, connect=None, **more):
    """Plastic excitation that makes the cell fire, and inhibition through another receptor, some spikes in one step."""
    rng = np.random.default_rng(4)
    whole = all_to_all(CELL, cells, steps=4000, currents=(Change(EVERY, 0, 4e-10),), snapshots=np.array([1999, 3999]), **more)
    silent = Replayed(
        tuple(np.unique(rng.integers(100, 1500, 12)) for _ in range(4))
    )  # then a long quiet stretch, and one spike at its end
    return usual.with_unplastic(whole, (silent, Replayed((np.array([0, 700, 3700]),) * 2)), "gaba", 0.7, 0.0013)


def numpy_run(circuit):
    return numpy_lanes.run(circuit, analyse(circuit.rule, circuit.cell, circuit.dt, receptor=circuit.plastic.receptor))


LOOPS = {
    "lanes": runner.run,
    "numpy": lambda circuit: gathered(circuit, numpy_run(expanded(circuit))),
    "dense": fan_in.run,
    "brian": lambda circuit: runtime.run(circuit, "numpy"),
}


@needs_compiler
@pytest.mark.parametrize("loop", LOOPS)
def test_every_loop_delivers_spikes_to_synapses_without_plasticity(loop):
    circuit = inhibited()
    recording, expected = LOOPS[loop](circuit), carry_out(circuit, "plain")
    alone = replace(circuit, projections={"synapses": circuit.plastic})
    assert expected.counts.min() > 3
    assert carry_out(alone, "plain").counts.sum() > expected.counts.sum(), "inhibition did nothing"
    for a, b in zip(recording.spikes, expected.spikes, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(recording.w, expected.w, rtol=0, atol=1e-10)
    np.testing.assert_allclose(recording.snapshots, expected.snapshots, rtol=0, atol=1e-10)


@needs_compiler
def test_lanes_with_inhibition_go_on_from_a_checkpoint_and_know_no_threads(tmp_path):
    circuit = expanded(inhibited())
    program = analyse(circuit.rule, circuit.cell, circuit.dt)

    def lanes(threads):
        return runner.Lanes(circuit, program, build(program, compiler()), compiler(), threads)

    with lanes(3) as whole:
        expected = whole.to_end()
    with lanes(1) as first:
        first.advance(1300)
        first.save(tmp_path / "here.npz")
    with lanes(2) as second:
        second.resume(tmp_path / "here.npz")
        recording = second.to_end()
    assert recording.w.tobytes() == expected.w.tobytes()
    assert [train.tolist() for train in recording.spikes] == [train.tolist() for train in expected.spikes]


@needs_compiler
def test_quiet_stretches_end_where_an_inhibitory_spike_arrives():
    circuit = but(inhibited(1), sweeps=np.array([3690]), sweep_steps=200)
    recording, stepped = runner.run(circuit), runner.run(replace(circuit, exact=True))
    np.testing.assert_allclose(recording.v, stepped.v, rtol=0, atol=1e-9)
    assert np.ptp(stepped.v) > 1e-5


# --- what acts on cells, and their potential ----------------------------------------------------------------------------------


def driven(cells=3, **more):
    """Currents that change by cell, a clamp on and off, and sweeps of the potential."""
    currents = (Change(EVERY, 0, 3e-10), Change(1, 700, 6e-10), Change(2, 900, 0.0), Change(EVERY, 2500, 1e-10))
    clamps = (
        Change(0, 300, -0.05),
        Change(0, 1200, RELEASED),
        Change(2, 1500, -0.06),
        Change(EVERY, 3000, -0.07),
        Change(1, 3300, RELEASED),
    )
    given = {"currents": currents, "clamps": clamps, "sweeps": np.array([0, 290, 1190, 2900]), "sweep_steps": 120}
    return all_to_all(CELL, cells, steps=4000, snapshots=np.array([3999]), **(given | more))


@needs_compiler
@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("private", [False, True])
def test_every_loop_has_currents_and_clamps_by_cell_and_the_potential(loop, private):
    circuit = driven(private=private)
    recording, expected = LOOPS[loop](circuit), carry_out(circuit, "plain")
    assert len({len(train) for train in expected.spikes}) == 3, "the cells are not told apart"
    for a, b in zip(recording.spikes, expected.spikes, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(recording.v, expected.v, rtol=0, atol=1e-9)
    np.testing.assert_allclose(recording.w, expected.w, rtol=0, atol=1e-10)
    assert recording.v.shape == (3, 4, 120)
    assert np.all(recording.v[0, 1, 10:] == -0.05)


@needs_compiler
@pytest.mark.parametrize("cells", [3, 70])
def test_a_dense_run_that_goes_on_meets_the_changes_of_before(cells, tmp_path):
    circuit = driven(cells)
    with fan_in.FanIn(circuit, 2) as whole:
        expected = whole.to_end()
    with fan_in.FanIn(circuit, 1) as first:
        first.advance(1000)
        first.save(tmp_path / "here.npz")
    with fan_in.FanIn(circuit, 2) as second:
        second.resume(tmp_path / "here.npz")
        recording = second.to_end()
    assert (recording.w.tobytes(), recording.v.tobytes()) == (expected.w.tobytes(), expected.v.tobytes())


@needs_compiler
@pytest.mark.parametrize("loop", LOOPS)
def test_a_reward_may_be_for_one_cell(loop):
    rule = sh.rule("izhikevich_reward")
    inputs, post = (Replayed((np.array([5, 300]), np.array([290]))),), (Replayed(tuple(np.array([8 + n, 310]) for n in range(3))),)
    rewards = (Change(1, 600, 1.0), Change(EVERY, 900, 0.5))
    circuit = of_fan_in(rule, None, DT, 2000, 3, inputs, imposed=post, rewards=rewards)
    if loop == "numpy":
        circuit = expanded(circuit)
    recording, expected = (numpy_run if loop == "numpy" else LOOPS[loop])(circuit), carry_out(circuit, "plain")
    np.testing.assert_allclose(recording.w, expected.w, rtol=0, atol=1e-12)
    assert np.ptp(np.reshape(expected.w, (3, 2))[:, 0]) > 1e-6


@needs_compiler
@pytest.mark.parametrize(
    ("probes", "match"),
    [
        ({"sweeps": np.array([0, 50])}, "overlap"),
        ({"sweeps": np.array([0, 3900])}, "the last ends after the 4,000 steps"),
        ({"sweeps": np.array([0]), "sweep_steps": 0}, "at least one step"),
        ({"samples": np.array([10, 5])}, "samples must rise"),
        ({"samples": np.array([4000])}, "samples must rise, from step 0 to step 3999"),
    ],
)
def test_steps_of_probes_that_cannot_be_are_refused(probes, match):
    with pytest.raises(sh.ScheduleError, match=match):
        driven(**probes)


@pytest.mark.parametrize(
    "asked", [{"clamps": (Change(0, 3, -0.05),)}, {"currents": (Change(0, 3, 1e-9),)}, {"sweeps": np.array([5]), "sweep_steps": 9}]
)
def test_what_needs_a_membrane_is_refused_without_a_cell(asked):
    with pytest.raises(sh.EngineError, match="needs a cell"):
        all_to_all(None, 2, **asked)


def test_a_projection_has_only_what_its_kind_has():
    with pytest.raises(sh.EngineError, match="sets the efficacy itself"):
        Projection("inputs", "cells", rule=sh.rule("pair"), efficacy=2.0)
    for wrong in ({"initial": {"w": 0.5}}, {"overrides": {"A_plus": np.ones(1)}}, {"normalise": Normalise("divisive", 1.0)}):
        with pytest.raises(sh.EngineError, match="need a projection with a rule"):
            Projection("inputs", "cells", **wrong)


def test_one_population_has_one_train_a_source_whatever_it_reaches():
    whole = usual.with_unplastic(but(all_to_all(CELL, 2), inputs=(Poisson(np.full(3, 30.0)),)), (), None)
    other = replace(whole.unplastic, pre=whole.plastic.pre)
    shared = replace(whole, projections=whole.projections | {"unplastic": other})
    for a, b in zip(trains_of(shared, shared.plastic), trains_of(shared, other), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(sh.EngineError, match="must agree on whether each cell has trains of its own"):
        replace(shared, projections=shared.projections | {"unplastic": replace(other, connect=OwnCopies())})
