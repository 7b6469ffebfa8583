"""Networks in Brian2, the reference: the kernel's spikes step by step, and its weights; what is refused, and in which words."""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import AllToAll, FixedIndegree, PairwiseBernoulli
from spikeheb.circuits.distributions import LogNormal, Uniform
from spikeheb.circuits.drives import EVERY, Change, Drives, Noise, from_start
from spikeheb.circuits.files import circuit_of
from spikeheb.circuits.phases import Phase, Rewire
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import OfCells, OfSynapses, Probes
from spikeheb.circuits.projections import Normalise, Projection
from spikeheb.circuits.sources import Poisson, Replayed
from spikeheb.circuits.triggers import Trigger
from spikeheb.engines.brian import network_program
from spikeheb.engines.choice import Checkpoints, carry_out_network
from spikeheb.engines.compiler import compiler, compiler_of_system
from spikeheb.errors import EngineError, NonFiniteError, UnknownName

DT, STEPS = 1e-4, 3000
needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
pytestmark = needs_compiler


def network(rule=None, cell="l5_pyramidal", *, steps=STEPS, current=3e-10, **projection):
    """Sixteen cells that reach each other through the rule after delays that differ, four inhibitory ones, and twenty random inputs."""
    cell = sh.cell(cell)
    some = PairwiseBernoulli(probability=0.3, autapses=False)
    plastic = Projection("e", "e", **({"connect": some, "rule": rule or sh.rule("pair"), "receptor": "ampa",
                                       "delay": Uniform(low=0.5e-3, high=4e-3)} | projection))  # fmt: skip
    return Circuit(
        dt=DT, steps=steps, seed=5, populations={"x": Spikes((Poisson(np.full(20, 60.0)),)), "e": Cells(16, cell), "i": Cells(4, cell)},
        projections={
            "xe": Projection("x", "e", FixedIndegree(count=6), receptor="ampa", efficacy=LogNormal(median=5.0, sigma=0.4)),
            "ee": plastic,
            "ei": Projection("e", "i", AllToAll(), receptor="ampa", efficacy=3.0, delay=1e-3),
            "ie": Projection("i", "e", PairwiseBernoulli(probability=0.5), sh.rule("vogels"), receptor="gaba", delay=0.3e-3),
        },
        drives={"e": Drives(currents=from_start(current)), "i": Drives(currents=from_start(2e-10))},
        probes=Probes(trains=True, snapshots=np.array([steps // 2, steps - 1])),
    )  # fmt: skip


def agree(circuit, engine="brian:numpy", moves=True):
    """Brian2's recording, held to the kernel's."""
    a, b = carry_out_network(circuit, engine), carry_out_network(circuit, "kernel")
    assert a.engine["engine"] == engine
    assert a.spikes.keys() == b.spikes.keys() and a.w.keys() == b.w.keys() and a.counts.keys() == b.counts.keys()
    for name in b.spikes:
        assert len(b.spikes[name][0]) > 20, "nothing happens"
        for mine, other in zip(a.spikes[name], b.spikes[name], strict=True):
            np.testing.assert_array_equal(mine, other)
        np.testing.assert_array_equal(a.counts[name], b.counts[name])
    for name in b.w:
        np.testing.assert_array_equal(a.pre[name], b.pre[name])
        np.testing.assert_array_equal(a.post[name], b.post[name])
        np.testing.assert_allclose(a.w[name], b.w[name], rtol=0, atol=1e-9)
        np.testing.assert_allclose(a.snapshots[name], b.snapshots[name], rtol=0, atol=1e-9)
        assert not moves or abs(b.w[name] - b.snapshots[name][0]).max() > 1e-4, "nothing moves"
    return a, b


RULES = {
    "pairs, all to all": sh.rule("pair"),
    "nearest symmetric": sh.rule("pair", interaction="symmetric"),
    "presynaptic centred": sh.rule("pair", interaction="presynaptic_centred"),
    "restricted": sh.rule("pair", interaction="restricted"),
    "multiplicative": sh.rule("pair", set="multiplicative"),
    "ties: post first": sh.rule("pair", coincidence="post_first"),
    "ties: discard": sh.rule("pair", coincidence="discard"),
    "delays of its own": sh.rule("pair", axonal_delay="1 ms", backpropagation_delay="0.7 ms"),
    "triplet": sh.rule("triplet"),
    "vogels": sh.rule("vogels"),
    "bcm": sh.rule("bcm"),
}


ALIKE = ("nearest symmetric", "restricted", "multiplicative", "ties: discard")
"""Of which others that are tried every time have the same parts."""


@pytest.mark.parametrize("case", [pytest.param(case, marks=pytest.mark.full if case in ALIKE else ()) for case in RULES])
def test_spikes_and_weights_are_those_of_the_kernel(case):
    agree(network(RULES[case]))


def test_variables_that_a_cell_has_once_are_apart_between_projections():
    """Two projections with [post] onto one population, one of them with the equations of the voltage rule."""
    whole = network(sh.rule("clopath"), "l5_clopath", current=1e-9)
    second = Projection("x", "e", FixedIndegree(count=5), sh.rule("bcm"), receptor="ampa")
    agree(replace(whole, projections={**whole.projections, "learning": second}))


def test_short_term_plasticity():
    a, _ = agree(network(sh.rule("tsodyks_markram"), efficacy=1.0), moves=False)
    static = carry_out_network(network(sh.rule("pair", A_plus=0.0, A_minus=0.0)), "kernel")
    assert len(a.spikes["e"][0]) != len(static.spikes["e"][0])


def test_rewards_and_imposed_spikes():
    whole = network(sh.rule("izhikevich_reward"))
    rewards = (Change(EVERY, 1000, 1.0), Change(3, 2500, -0.5), Change(EVERY, 4000, 0.7))
    imposed = (Replayed(tuple(np.array([700 + 10 * n, 3000 + n]) for n in range(16))),)
    drives = {**whole.drives, "e": replace(whole.drives["e"], rewards=rewards, imposed=imposed)}
    also = Projection("x", "e", FixedIndegree(count=5), sh.rule("izhikevich_reward"), receptor="ampa")
    agree(replace(whole, drives=drives, projections={**whole.projections, "xe2": also}))


@pytest.mark.parametrize("kind, every", [("divisive", 0.0), ("subtractive", 0.01)])
def test_normalisation(kind, every):
    agree(network(normalise=Normalise(kind, 2.0, every), steps=2000))


def test_a_projection_without_synapses_and_constants_that_differ():
    whole = network(overrides={"A_plus": np.linspace(0.0, 0.02, 16)}, steps=2000)
    none = Projection("x", "e", PairwiseBernoulli(probability=0.0), sh.rule("bcm"))
    agree(replace(whole, projections={**whole.projections, "none": none}), moves=False)


def test_every_probe_has_the_kernels_record():
    cells = {"e": OfCells(spikes=np.array([1, 5]), bin_steps=100, cells=np.array([0, 3]), samples=np.arange(10, 2000, 50))}
    synapses = {"ee": OfSynapses(watched=4, watch=np.array([100, 1500]), histograms=np.array([1999]), edges=np.linspace(0, 1, 6))}
    circuit = replace(network(steps=2000), probes=Probes(trains=True, populations=cells, projections=synapses))
    a, b = (carry_out_network(circuit, engine) for engine in ("brian:numpy", "kernel"))
    for mine, other in zip(a.spikes["e"], b.spikes["e"], strict=True):
        np.testing.assert_array_equal(mine, other)
    for what in ("binned", "v", "currents", "watched_synapses", "watched", "histograms"):
        mine, other = getattr(a, what), getattr(b, what)
        assert mine.keys() == other.keys() and len(other) == 1
        for name in other:
            np.testing.assert_allclose(mine[name], other[name], rtol=1e-9, atol=1e-15)
            assert np.any(other[name])


PHASES = (
    Phase(step=400, plastic={"ee": False}),
    Phase(step=800, plastic={"ee": True, "ie": False}, parameters={"ie": {"eta": 0.5}}),
    Phase(step=1100, plastic={"ie": True}, parameters={"ee": {"A_plus": 0.05}}),
)


@pytest.mark.parametrize("what", [{}, {"normalise": Normalise("divisive", 2.0)}])
def test_phases_in_which_weights_stand_still_and_constants_change(what):
    whole = replace(network(steps=1500, **what), probes=Probes(trains=True, snapshots=np.array([399, 799, 1099])))
    a, _ = agree(replace(whole, phases=PHASES))
    np.testing.assert_array_equal(a.snapshots["ee"][0], a.snapshots["ee"][1])
    np.testing.assert_array_equal(a.snapshots["ie"][1], a.snapshots["ie"][2])
    without = carry_out_network(whole, "kernel")
    assert abs(a.w["ee"] - without.w["ee"]).max() > 1e-3


@pytest.mark.parametrize("name", ["clopath", "bcm", "shouval"])
def test_weights_on_the_clock_stand_still_too(name):
    whole = network(sh.rule(name), "l5_clopath" if name == "clopath" else "l5_pyramidal", current=1e-9, steps=1500)
    phases = (Phase(step=800, plastic={"ee": False}),)
    a, _ = agree(replace(whole, phases=phases, probes=Probes(trains=True, snapshots=np.array([300, 799]))), moves=False)
    np.testing.assert_array_equal(a.w["ee"], a.snapshots["ee"][1])
    assert np.any(a.snapshots["ee"][0] != a.snapshots["ee"][1])


def test_random_currents_beside_given_ones():
    whole = network(steps=2000)
    currents = (*from_start(2e-10), Change(EVERY, 700, 0.0), Change(4, 1100, 4e-10))
    agree(replace(whole, drives={**whole.drives, "e": Drives(currents=currents, noise=Noise(low=-1e-10, high=9e-10, every=1e-3))}))


def triggered():
    """Cells that reward both projections a while after one of them fires soon after another."""
    whole = network(sh.rule("izhikevich_reward"))
    also = Projection("x", "e", FixedIndegree(count=5), sh.rule("izhikevich_reward"), receptor="ampa")
    trigger = Trigger(first=("x", 3), then=("e", 1), within=0.02, value=0.02, after=(1e-3, 30e-3), rewards=("e",))
    return replace(whole, projections={**whole.projections, "xe2": also}, triggers={"t": trigger})


def test_rewards_that_cells_bring_about():
    a, _ = agree(triggered())
    without = carry_out_network(replace(triggered(), triggers={}), "kernel")
    assert abs(a.w["ee"] - without.w["ee"]).max() > 1e-6


def test_two_rewards_in_one_step_are_refused():
    whole = triggered()
    twice = {name: replace(whole.triggers["t"], after=(2e-3, 2e-3)) for name in ("t", "u")}
    with pytest.raises(EngineError, match="two rewards in one time step"):
        carry_out_network(replace(whole, triggers=twice), "brian:numpy")


def test_rewiring_is_refused():
    rewire = Phase(step=10, rewire={"ee": Rewire(0.05, "indegree")})
    with pytest.raises(EngineError, match="no projection is rewired in Brian2"):
        carry_out_network(replace(network(), phases=(rewire,)), "brian:numpy")


def test_single_precision_and_unknown_engines_are_refused():
    with pytest.raises(EngineError, match="Brian2 computes in double precision"):
        carry_out_network(replace(network(), precision="float32"), "brian")
    with pytest.raises(UnknownName, match='no engine named "brain"'):
        carry_out_network(network(), "brain")
    with pytest.raises(EngineError, match="writes and reads no checkpoints"):
        carry_out_network(network(), "brian:numpy", checkpoints=Checkpoints(save=Path("never.npz")))


def test_a_number_that_is_not_finite_is_reported_with_its_place():
    with pytest.raises(NonFiniteError, match=r'of a synapse of "ee", from \d+ to \d+, is not finite at or before'):
        carry_out_network(network(sh.rule("pair", A_plus=1e308, bounds="kind=none"), connect=AllToAll(autapses=False)), "brian:numpy")


@pytest.mark.full
@pytest.mark.skipif(compiler_of_system() is None, reason="no C++ compiler that Brian2 can use")
@pytest.mark.parametrize("engine, names, rule", [("brian:cython", ["ee"], "pair"), ("brian:standalone", ["xe", "ee"], "bcm")])
def test_the_compiled_targets_of_brian_agree_too(engine, names, rule):
    """Few projections, for every handler and every equation is compiled by itself."""
    whole = network(sh.rule(rule), steps=1500, current=1e-9)
    whole = replace(
        whole, populations={name: whole.populations[name] for name in ("x", "e")}, drives={"e": whole.drives["e"]},
        projections={name: whole.projections[name] for name in names}, probes=Probes(trains=True, snapshots=np.array([1499])),
    )  # fmt: skip
    a, _ = agree(
        replace(whole, phases=(Phase(step=400, plastic={"ee": False}), Phase(step=800, plastic={"ee": True}))), engine, moves=False
    )
    assert abs(a.w["ee"] - carry_out_network(whole, "kernel").w["ee"]).max() > 1e-6


@pytest.mark.parametrize("change, text", {
    "normalisation": (lambda _: network(normalise=Normalise("divisive", 2.0)), '"ee": a standalone program does not normalise'),
    "triggers": (lambda _: triggered(), "a standalone program has no triggers"),
    "snapshots": (lambda whole: whole, "a standalone program records spikes, and weights at the end of the run"),
    "random currents": (lambda whole: replace(whole, drives={"e": Drives(noise=Noise(low=0.0, high=1e-9, every=1e-3))}),
                        '"e": a standalone program has no random currents'),
}.values())  # fmt: skip
def test_what_a_standalone_program_cannot_do_is_refused_by_name(change, text):
    with pytest.raises(EngineError, match=text):
        network_program.run(change(network()))


def vogels_2011():
    """The file's network with 80 and 20 cells in place of 8000 and 2000, half of all pairs connected, and fourfold efficacies."""
    content = tomllib.loads(library.find("network", "vogels_2011").read_text(encoding="utf-8"))
    for name, count in {"e": 80, "i": 20}.items():
        content["populations"][name]["count"] = count
    for projection in content["projections"].values():
        projection["connect"]["probability"] = 0.5
        if "efficacy" in projection:
            projection["efficacy"] *= 4
    probes = {"trains": True, "snapshots": {"first": "0.5 s", "every": "1 s", "count": 1}}
    return circuit_of(content | {"duration": "1 s", "probes": probes})


def test_the_network_of_vogels_at_a_hundredth_of_its_size():
    a, b = agree(vogels_2011())
    assert a.counts["e"].sum() > 1000 and b.w["ie"].mean() > 0.1
