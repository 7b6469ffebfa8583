"""Networks: the kernel's rows against the plain engine, spike by spike and weight by weight; what is refused, and in which words."""

import re
from dataclasses import replace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.cells.cell import Hold
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import AllToAll, Explicit, FixedIndegree, FixedOutdegree, OneToOne, PairwiseBernoulli
from spikeheb.circuits.distributions import LogNormal, Normal, Uniform
from spikeheb.circuits.drives import EVERY, Change, Drives, from_start
from spikeheb.circuits.phases import Phase
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Normalise, Projection
from spikeheb.circuits.sources import Between, Poisson, Replayed
from spikeheb.draws.edges import edges_of, trains_of_population
from spikeheb.draws.expanded import clock
from spikeheb.draws.trains import INPUTS, trains
from spikeheb.engines.choice import carry_out, carry_out_network
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import network
from spikeheb.engines.plain import network as plain
from spikeheb.expressions.gate import parse_statement
from spikeheb.library import names

DT, STEPS = 1e-4, 1500
CELL = sh.cell("l5_pyramidal")
needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
SOME = PairwiseBernoulli(probability=0.3, autapses=False)


def recurrent(rule=None, cell=CELL, *, steps=STEPS, precision="float64", drives=None, seed=3, **projection):
    """Twelve cells that reach each other, four inhibitory ones, and twenty random inputs."""
    rule = sh.rule("pair") if rule is None else rule
    receptor = projection.pop("receptor", "ampa")
    plastic = Projection("e", "e", **({"connect": SOME, "rule": rule, "receptor": receptor} | projection))
    return Circuit(
        dt=DT, steps=steps, seed=seed, precision=precision,
        populations={"x": Spikes((Poisson(np.full(20, 60.0)),)), "e": Cells(12, cell), "i": Cells(4, cell)},
        projections={
            "xe": Projection("x", "e", FixedIndegree(count=6), receptor="ampa", efficacy=6.0),
            "ee": plastic,
            "ei": Projection("e", "i", AllToAll(), receptor="ampa", efficacy=3.0, delay=1e-3),
            "ie": Projection("i", "e", PairwiseBernoulli(probability=0.5), sh.rule("vogels"), receptor="gaba"),
        },
        drives=drives or {"e": Drives(currents=from_start(3e-10)), "i": Drives(currents=from_start(2e-10))},
        probes=Probes(trains=True, snapshots=np.array([steps // 2, steps - 1])),
    )  # fmt: skip


def agree(circuit, atol=1e-10):
    """The kernel's recording, held to the plain one."""
    a, b = network.run(circuit), plain.run(replace(circuit, precision="float64"))
    assert a.counts["e"].sum() > 3, "nothing happens"
    for name in b.spikes:
        for of_kernel, of_plain in zip(a.spikes[name], b.spikes[name], strict=True):
            np.testing.assert_array_equal(of_kernel, of_plain)
        np.testing.assert_array_equal(a.counts[name], b.counts[name])
    assert set(a.w) == set(b.w) == {"ee", "ie"}
    for name in b.w:
        np.testing.assert_array_equal(a.pre[name], b.pre[name])
        np.testing.assert_array_equal(a.post[name], b.post[name])
        np.testing.assert_allclose(a.w[name], b.w[name], rtol=0, atol=atol)
        np.testing.assert_allclose(a.snapshots[name], b.snapshots[name], rtol=0, atol=atol)
        assert a.snapshots[name].shape == (2, len(a.w[name]))
    return a


def with_signals(rule):
    return {
        "e": Drives(currents=from_start(4e-10), rewards=(Change(EVERY, 400, 1.0), Change(2, 900, -0.5))),
        "i": Drives(currents=from_start(2e-10)),
    }


@needs_compiler
@pytest.mark.parametrize("name", sorted(names("rule")))
def test_every_rule_of_the_library_agrees_in_a_network(name):
    rule = sh.rule(name)
    cell = sh.cell("l5_clopath") if name == "clopath" else CELL
    drives = with_signals(rule)
    if name == "clopath":
        drives = {key: replace(drive, currents=from_start(1e-9)) for key, drive in drives.items()}
    agree(recurrent(rule, cell, drives=drives))


FEATURES = {
    "delays that differ": {"delay": Uniform(low=1e-3, high=5e-3)},
    "a delay beside the rule's own": {"rule": sh.rule("pair", axonal_delay="1 ms", backpropagation_delay="0.7 ms"), "delay": 2e-3},
    "drawn weights": {"initial": {"w": Normal(mean=0.5, sd=0.2, low=0.0, high=1.0)}},
    "lognormal weights": {"initial": {"w": LogNormal(median=0.3, sigma=0.5)}},
    "given synapses": {"connect": Explicit(pre=np.array([3, 0, 1, 7, 7]), post=np.array([0, 0, 5, 2, 2]))},
    "multiple contacts": {"connect": FixedIndegree(count=9, autapses=True, multiple=True)},
    "out-degree": {"connect": FixedOutdegree(count=5, autapses=False)},
    "one to one": {"connect": OneToOne()},
    "some of the cells": {"pre_cells": (2, 9), "post_cells": (2, 9)},
    "some onto others": {"connect": AllToAll(autapses=True), "pre_cells": (0, 4), "post_cells": (3, 12)},
    "all to all": {"connect": AllToAll(autapses=False)},
    "normalised after events": {"normalise": Normalise("divisive", 1.5)},
    "normalised now and then": {"normalise": Normalise("subtractive", 1.5, 0.01)},
    "constants by cell": {"overrides": {"A_plus": np.linspace(0.0, 0.02, 12)}},
    "ties: post first": {"rule": sh.rule("pair", coincidence="post_first")},
    "ties: discard": {"rule": sh.rule("pair", coincidence="discard")},
}


@needs_compiler
@pytest.mark.parametrize("feature", FEATURES)
def test_what_a_projection_may_have_agrees(feature):
    agree(recurrent(**FEATURES[feature]))


def later(circuit, by=1.3e-3):
    """The same, where every spike takes so long that the kernel does several steps at once."""
    return replace(circuit, projections={
        name: replace(each, delay=Uniform(low=by, high=by + 2e-3) if name == "ee" else by) for name, each in circuit.projections.items()
    })  # fmt: skip


@needs_compiler
@pytest.mark.parametrize("name", sorted(names("rule"))[::3])
def test_rules_agree_where_several_steps_are_done_at_once(name):
    drives = {"e": Drives(currents=(Change(EVERY, 0, 4e-10), Change(2, 407, 9e-10)), rewards=(Change(EVERY, 403, 1.0),))}
    agree(later(recurrent(sh.rule(name), drives=drives)))


@needs_compiler
def test_phases_agree_where_several_steps_are_done_at_once():
    agree(replace(later(recurrent()), phases=PHASES, probes=Probes(trains=True, snapshots=np.array([398, 801]))))


@needs_compiler
@pytest.mark.parametrize("leaf", ["all cells", "some cells"])
@pytest.mark.parametrize("by", [2e-4, 1.3e-3])
def test_spikes_that_reach_nothing_are_recorded_in_their_steps(leaf, by):
    whole = later(recurrent(), by)
    kept = ["xe"] if leaf == "all cells" else ["xe", "ei"]
    circuit = replace(whole, projections={name: whole.projections[name] for name in kept})
    a, b = network.run(circuit), plain.run(circuit)
    assert b.counts["e"].sum() > 10
    for name in ("e", "i"):
        np.testing.assert_array_equal(a.spikes[name], b.spikes[name])
        np.testing.assert_array_equal(a.counts[name], b.counts[name])


PHASES = (
    Phase(step=400, plastic={"ee": False}),
    Phase(step=800, plastic={"ee": True, "ie": False}, parameters={"ie": {"eta": 0.5}}),
    Phase(step=1100, plastic={"ie": True}, parameters={"ee": {"A_plus": 0.05}}),
)


@needs_compiler
def test_phases_agree_and_hold_the_weights_still():
    circuit = replace(recurrent(), phases=PHASES, probes=Probes(trains=True, snapshots=np.array([399, 799])))
    recording = agree(circuit)
    np.testing.assert_array_equal(*recording.snapshots["ee"])
    assert np.ptp(recording.snapshots["ie"], axis=0).max() > 0
    without = network.run(replace(circuit, phases=()))
    assert np.ptp(without.snapshots["ee"], axis=0).max() > 0
    assert abs(recording.w["ee"] - without.w["ee"]).max() > 1e-3


@needs_compiler
@pytest.mark.parametrize("last", [1, 1499])
def test_a_phase_may_begin_with_the_run_and_with_its_last_step(last):
    phases = (Phase(step=0, plastic={"ee": False}, parameters={"ie": {"eta": 0.5}}), Phase(step=last, plastic={"ee": True}))
    circuit = replace(recurrent(), phases=phases, probes=Probes(trains=True, snapshots=np.array([0, 1498])))
    recording = agree(circuit)
    changed = np.ptp(recording.snapshots["ee"], axis=0).max()
    assert changed > 0 if last == 1 else changed == 0
    other = network.run(replace(circuit, phases=phases[1:]))
    assert abs(recording.w["ie"] - other.w["ie"]).max() > 1e-3


@needs_compiler
@pytest.mark.parametrize("name", ["shouval", "graupner_brunel", "clopath", "bcm"])
def test_weights_on_the_clock_stand_still_too(name):
    drives = {"e": Drives(currents=from_start(1e-9))} if name == "clopath" else None
    whole = recurrent(sh.rule(name), sh.cell("l5_clopath") if name == "clopath" else CELL, drives=drives)
    circuit = replace(whole, phases=(Phase(step=200, plastic={"ee": False}),), probes=Probes(trains=True, snapshots=np.array([199, 1400])))
    np.testing.assert_array_equal(*agree(circuit, atol=1e-9).snapshots["ee"])


@needs_compiler
@pytest.mark.parametrize(
    ("phases", "words"),
    [
        ((Phase(step=-1),), "phases begin one after the other, from step 0 on and before step 1,500"),
        ((Phase(step=9, plastic={"xe": False}),), 'no projection with a rule named "xe"'),
        ((Phase(step=9, parameters={"ee": {"eta": 1.0}}),), 'no constant named "eta"'),
        (
            (Phase(step=9, parameters={"ee": {"tau_plus": 0.01}}),),
            r'phases\[0\]\.parameters\.ee\.tau_plus: tau_plus of "pair" decides how a variable decays',
        ),
    ],
)
def test_phases_that_cannot_be_are_refused(phases, words):
    with pytest.raises(sh.SpikehebError, match=words):
        network.run(replace(recurrent(), phases=phases))


@needs_compiler
def test_sources_may_be_there_for_a_while():
    whole = recurrent()
    source = Between(Poisson(np.full(20, 200.0)), 0.05, 0.1)
    spikes = trains((source,), clock(whole), INPUTS)
    every = np.concatenate(spikes)
    assert every.size > 50 and every.min() >= 500 and every.max() < 1000
    agree(replace(whole, populations=whole.populations | {"x": Spikes((source,))}))


@needs_compiler
def test_spikes_with_a_shape_agree():
    agree(recurrent(cell=replace(CELL, shape=(Hold(0.03, 1e-3), Hold(0.01, 5e-4)), refractory=2e-3)))


@needs_compiler
@pytest.mark.parametrize("name", ["brunel_2000", "izhikevich_rs", "izhikevich_fs"])
def test_receptors_that_are_currents_agree(name):
    """The synapses do something: without them the cells fire otherwise."""
    circuit = recurrent(cell=sh.cell(name), drives={key: Drives(currents=from_start(8e-10)) for key in "ei"})
    strong = {key: replace(circuit.projections[key], efficacy=150.0 if name == "brunel_2000" else 6.0) for key in ("xe", "ei")}
    with_synapses = agree(replace(circuit, projections={**circuit.projections, **strong}))
    weak = {key: replace(projection, efficacy=0.0) for key, projection in strong.items()}
    without = network.run(replace(circuit, projections={**circuit.projections, **weak}))
    assert any(not np.array_equal(a, b) for a, b in zip(with_synapses.spikes["e"], without.spikes["e"], strict=True))


@needs_compiler
def test_a_reset_that_writes_states_of_receptors_agrees_also_where_nothing_drives_them():
    """The inhibitory cells have no synapse on ``gaba``, and raise it at each spike."""
    lines = [parse_statement(line, path="", key="") for line in ("g_ampa = 0*nS", "g_gaba_decay += 40*nS")]
    writing = agree(recurrent(cell=replace(CELL, reset=(*CELL.reset, *lines))))
    plainly = network.run(recurrent())
    assert writing.counts["i"].sum() < plainly.counts["i"].sum()


@needs_compiler
def test_imposed_spikes_and_changing_currents_agree():
    trains = tuple(np.array([40 + 10 * n, 700 + n]) for n in range(12))
    drives = {"e": Drives(imposed=(Replayed(trains),), currents=(Change(EVERY, 100, 4e-10), Change(3, 500, 0.0)))}
    assert agree(recurrent(drives=drives)).counts["e"].min() >= 2


@needs_compiler
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_imposed_spikes_that_are_drawn_agree(seed):
    agree(recurrent(drives={name: Drives(imposed=(Poisson(np.full(count, 40.0)),)) for name, count in (("e", 12), ("i", 4))}, seed=seed))


@needs_compiler
def test_single_precision_is_near_for_a_short_time():
    circuit = recurrent(steps=600)
    single, double = network.run(replace(circuit, precision="float32")), network.run(circuit)
    assert single.w["ee"].dtype == np.float32
    np.testing.assert_allclose(single.w["ee"], double.w["ee"], atol=1e-4)


def test_populations_have_spikes_of_their_own():
    """Two of the same sources, and imposed spikes of two populations of cells."""
    source = Poisson(np.full(20, 60.0))
    drives = {name: Drives(imposed=(Poisson(np.full(count, 60.0)),)) for name, count in (("e", 12), ("i", 4))}
    whole = recurrent(drives=drives)
    whole = replace(whole, populations=whole.populations | {"y": Spikes((source,))})
    drawn = {name: trains_of_population(whole, name) for name in whole.populations}
    for name, other in (("x", "y"), ("e", "i")):
        assert not any(np.array_equal(a, b) for a, b in zip(drawn[name], drawn[other], strict=False))
    for a, b in zip(drawn["x"], trains_of_population(recurrent(), "x"), strict=True):
        np.testing.assert_array_equal(a, b)


@needs_compiler
def test_no_cell_reaches_itself_though_all_are_named_on_one_side_alone():
    some = {"connect": AllToAll(autapses=False), "pre_cells": None, "post_cells": (0, 12)}
    edges = edges_of(recurrent(**some), "ee")
    assert len(edges.pre) == 12 * 11
    assert not np.any(edges.pre == edges.post)


@needs_compiler
def test_a_circuit_that_is_no_network_gives_the_same_in_rows():
    spikes = tuple(np.flatnonzero(np.random.default_rng(n).random(STEPS) < 0.004) for n in range(30))
    single = Circuit(
        dt=DT, steps=STEPS, populations={"x": Spikes((Replayed(spikes),)), "e": Cells(3, CELL)},
        projections={"xe": Projection("x", "e", AllToAll(), sh.rule("pair"))}, drives={"e": Drives(currents=from_start(4e-10))},
    )  # fmt: skip
    assert not single.is_network
    recording, rows = carry_out(single, "kernel"), network.run(single)
    np.testing.assert_allclose(rows.w["xe"].reshape(3, 30), recording.w, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(rows.counts["e"], recording.counts)


@needs_compiler
def test_room_for_spikes_grows(monkeypatch):
    from spikeheb.engines.kernel import network_arrays

    expected = network.run(recurrent())
    monkeypatch.setattr(network_arrays, "ROOM", 1)
    recording = network.run(recurrent())
    for name in expected.spikes:
        for a, b in zip(expected.spikes[name], recording.spikes[name], strict=True):
            np.testing.assert_array_equal(a, b)


@needs_compiler
def test_what_is_not_finite_stops_the_run_and_says_where():
    drives = {"e": Drives(currents=(Change(4, 700, 1e308),))}
    with pytest.raises(sh.NonFiniteError, match=r'of cell 4 of "e" is not finite at 0\.0700 s'):
        network.run(recurrent(drives=drives))


REFUSED = {
    "clamp": (lambda: recurrent(drives={"e": Drives(clamps=(Change(0, 5, -0.05),))}), "a network cannot have a voltage clamp"),
    "no membrane": (
        lambda: Circuit(
            dt=DT, steps=9, populations={"a": Cells(2), "b": Cells(2, CELL)},
            projections={"ab": Projection("a", "b", OneToOne(), sh.rule("pair"))},
        ),
        r"populations\.a\.cell: in a network cells need a cell model",
    ),
}  # fmt: skip


@needs_compiler
@pytest.mark.parametrize("case", REFUSED)
def test_what_a_network_cannot_have_is_refused(case):
    make, words = REFUSED[case]
    with pytest.raises(sh.EngineError, match=words):
        carry_out_network(make(), "kernel")


@pytest.mark.parametrize("engine", ["kernel", "plain", "brian:numpy"])
def test_other_loops_refuse_networks_in_one_line(engine):
    with pytest.raises(sh.EngineError, match="a network"):
        carry_out(recurrent(), engine)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"connect": AllToAll()}, "leads from a population to itself; say autapses = true or false"),
        ({"connect": PairwiseBernoulli(probability=1.5, autapses=False)}, "a probability lies between 0 and 1"),
        ({"connect": FixedIndegree(count=12, autapses=False)}, "expected a count from 0 to 11, the number of sources, or multiple = true"),
        ({"connect": Explicit(pre=np.array([0]), post=np.array([12]))}, "synapse 0 has cell 12, but there are 12, counted from 0"),
        ({"connect": Explicit(pre=np.array([0, 1]), post=np.array([1]))}, "a source and a cell for each synapse"),
        ({"pre_cells": (3, 3)}, 'pre_cells: expected the first and the one after the last of the 12 in "e", counted from 0 (got 3 and 3)'),
        ({"pre_cells": (0, 6), "post_cells": (3, 12)}, "must be the same range, or two ranges that do not overlap"),
        ({"connect": FixedIndegree(count=10**9, autapses=False, multiple=True)}, "are possible"),
    ],
)  # fmt: skip
def test_connections_that_cannot_be_are_refused_in_one_line(wrong, words):
    with pytest.raises(sh.EngineError, match=re.escape(words)) as error:
        recurrent(**wrong)
    assert "\n" not in str(error.value)
