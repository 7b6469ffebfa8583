"""Networks in NEST: weights under given trains against the kernel, to 1e-9; cells and recurrent networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from nest_networks import DT, SOME, SPREAD, given, of, recurrent, relay_in, transmitting_last

import spikeheb as sh
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import AllToAll, Explicit
from spikeheb.circuits.distributions import Uniform
from spikeheb.circuits.drives import EVERY, Change, Drives, from_start
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Projection
from spikeheb.circuits.sources import Poisson
from spikeheb.engines.choice import carry_out_network
from spikeheb.engines.compiler import compiler
from spikeheb.errors import EngineError

try:
    from spikeheb.engines.nest.installed import module

    module()
    INSTALLED = True
except EngineError:
    INSTALLED = False

needs_nest = pytest.mark.skipif(not INSTALLED or compiler() is None, reason="NEST is not installed, or there is no C++ compiler")


@pytest.fixture
def relay(tmp_path):
    return relay_in(tmp_path)


def difference(circuit):
    """Between NEST's weights and the kernel's, over all readings; what moves is checked."""
    a, b = (carry_out_network(circuit, engine) for engine in ("nest", "kernel"))
    for mine, other in zip(a.spikes["e"], b.spikes["e"], strict=True):
        np.testing.assert_array_equal(mine, other)
    np.testing.assert_array_equal(a.counts["e"], b.counts["e"])
    np.testing.assert_array_equal(a.post["xe"], b.post["xe"])
    assert abs(b.w["xe"] - b.snapshots["xe"][0]).max() > 1e-3, "nothing moves"
    assert a.snapshots["xe"].shape == b.snapshots["xe"].shape
    size = max(1.0, abs(b.w["xe"]).max())
    return max(abs(a.w["xe"] - b.w["xe"]).max(), abs(a.snapshots["xe"] - b.snapshots["xe"]).max()) / size


RULES = {
    "pair": of("pair"),
    "symmetric": of("pair", interaction="symmetric"),
    "presynaptic centred": of("pair", interaction="presynaptic_centred"),
    "restricted": of("pair", interaction="restricted"),
    "multiplicative": of("pair", set="multiplicative"),
    "linear LTD": of("pair", set="linear_ltd"),
    "power of the weight's distance": of("pair", set="gutig"),
    "other time constants": of("pair", tau_plus="17 ms", tau_minus="34 ms", A_plus=0.02, A_minus=0.01),
    "triplet": of("triplet", set="visual_cortex_all_full"),
    "triplet of the hippocampus": of("triplet", set="hippocampus_all_full"),
    "triplet at its upper bound": of("triplet", set="hippocampus_all_min", bounds="kind=hard, w_min=0, w_max=0.9"),
    "vogels": of("vogels", set="network_brian", rho_0="10 Hz"),
    "vogels without upper bound": of("vogels", set="single_cell", eta=0.02),
}


@needs_nest
@pytest.mark.parametrize("case", RULES)
def test_weights_under_given_trains_are_those_of_the_kernel(relay, case):
    assert difference(given(relay, RULES[case])) < 1e-9


@needs_nest
def test_the_power_law_of_the_weight_itself_agrees(relay):
    assert difference(given(relay, of("pair", set="morrison"), Uniform(low=20.0, high=80.0))) < 1e-9


@needs_nest
def test_vogels_weights_at_the_upper_bound_differ_by_one_loss_at_most(relay):
    """NEST clips the rise and then takes eta*alpha off; the rule clips the sum. The recording says so."""
    circuit = given(relay, of("vogels", set="nest", eta=0.01, rho_0="10 Hz"))
    assert 1e-3 < difference(circuit) <= 0.01 * 0.4 + 1e-9
    assert "a weight at its upper bound" in carry_out_network(circuit, "nest").engine["note"]


@needs_nest
@pytest.mark.parametrize(("delay", "back"), [(0.0, "0.8 ms"), (2e-3, "0 ms"), (2e-3, "0.8 ms"), (Uniform(low=1e-3, high=4e-3), "6 ms")])
def test_delays_of_both_ways_agree(relay, delay, back):
    ties = isinstance(delay, Uniform)  # of delays that differ some bring spikes together, which count in neither order
    assert difference(given(relay, of("pair", backpropagation_delay=back), delay=delay, ties=ties)) < 1e-9


@needs_nest
@pytest.mark.parametrize("name", ["pair", "vogels", "triplet"])
def test_a_discarded_tie_counts_in_neither_order_in_nest_too(relay, name):
    circuit = given(relay, of(name), ties=True)
    assert difference(circuit) < 1e-9
    first = replace(circuit, projections={"xe": replace(circuit.projections["xe"], rule=sh.rule(name))})
    a, b = carry_out_network(circuit, "kernel"), carry_out_network(first, "kernel")
    assert abs(a.w["xe"] - b.w["xe"]).max() > 1e-4, "there are no ties"


@needs_nest
def test_weights_of_an_inhibitory_receptor_agree():
    """NEST tells conductances apart by the sign of the weight, so that these are below 0 there, also those that start at 0."""
    circuit = driven_by("vogels_2011", inhibition=of("vogels", eta=0.05, backpropagation_delay="2 ms"), w=0.0)
    a, b = (carry_out_network(circuit, engine) for engine in ("nest", "kernel"))
    assert b.w["ie"].max() > 0.5
    assert a.w["ie"].min() >= 0.0
    # cells fire within a step or two of the kernel's, so weights differ by few pairs of eta
    assert abs(a.w["ie"].mean() - b.w["ie"].mean()) < 3 * b.w["ie"].std() / np.sqrt(len(b.w["ie"]))


def driven_by(name, *, current=1e-10, efficacy=2.0, inhibition=None, w=1.0, steps=10_000):
    """Thirty cells with random excitation and inhibition, and a current that changes."""
    plastic = {"rule": inhibition, "initial": {"w": w}} if inhibition else {"efficacy": 2.0}
    return Circuit(
        dt=DT, steps=steps, seed=5,
        populations={
            "x": Spikes((Poisson(np.full(200, 10.0)),)),
            "i": Spikes((Poisson(np.full(40, 10.0)),)),
            "e": Cells(30, sh.cell(name)),
        },
        projections={
            "xe": Projection("x", "e", SOME, receptor="ampa", efficacy=efficacy, delay=Uniform(low=1e-3, high=3e-3)),
            "ie": Projection("i", "e", SOME, receptor="gaba", delay=1e-3, **plastic),
        },
        drives={"e": Drives(currents=(Change(EVERY, 0, current), Change(EVERY, 2000, 0.0), Change(3, 5000, 2 * current)))},
        probes=Probes(trains=True),
    )  # fmt: skip


DRIVEN = {
    "vogels_2011": {"current": 1e-10},
    "song_2000": {"current": 3e-10, "efficacy": 1.0},
    "pv_interneuron": {"current": 4e-10, "efficacy": 2.0},
    "brunel_2000": {"current": 6e-10, "efficacy": 600.0},
}


@needs_nest
@pytest.mark.parametrize("name", DRIVEN)
def test_cells_with_the_same_equations_fire_in_the_same_steps(name):
    """The integrators differ, so a few spikes come a step earlier or later."""
    circuit = driven_by(name, **DRIVEN[name])
    a, b = ({(s, c) for s, c in zip(*carry_out_network(circuit, engine).spikes["e"], strict=True)} for engine in ("nest", "kernel"))
    assert len(b) > 100
    assert len(a & b) > 0.95 * len(b)
    alone = replace(circuit, projections={n: replace(p, efficacy=0.0) for n, p in circuit.projections.items()})
    np.testing.assert_array_equal(*(np.array(carry_out_network(alone, engine).spikes["e"]) for engine in ("nest", "kernel")))


SHORT_TERM = {"depressing_1998": "constant_u", "facilitating_2000": "rests_at_0"}


@needs_nest
@pytest.mark.parametrize("name", SHORT_TERM)
def test_short_term_plasticity_agrees_by_the_spikes_that_it_causes(name):
    rule = sh.rule("tsodyks_markram", set=name)
    assert rule.interaction == SHORT_TERM[name]
    whole = driven_by("pv_interneuron", current=2e-10)
    start = {"w": 20.0 if name == "facilitating_2000" else 5.0}
    plastic = Projection("x", "e", SOME, rule, receptor="ampa", initial=start, delay=1e-3)
    circuit = replace(whole, projections={**whole.projections, "xe": plastic})
    a, b = ({(s, c) for s, c in zip(*carry_out_network(circuit, engine).spikes["e"], strict=True)} for engine in ("nest", "kernel"))
    assert len(b) > 100
    assert len(a & b) > 0.95 * len(b)


def check_that_driven_cells_agree(rule, tolerance):
    """Plastic excitation makes cells fire, whose spikes change it: spikes and weights are the same until a cell fires a step earlier or
    later, because the integrators differ."""
    plastic = Projection("x", "e", AllToAll(), rule, receptor="ampa", initial={"w": SPREAD}, delay=Uniform(low=1e-3, high=2e-3))
    circuit = Circuit(
        dt=DT, steps=10_000, seed=1, populations={"x": Spikes((Poisson(np.full(100, 15.0)),)), "e": Cells(20, sh.cell("vogels_2011"))},
        projections={"xe": plastic}, drives={"e": Drives(currents=from_start(1e-10))}, probes=Probes(trains=True),
    )  # fmt: skip
    a, b = (carry_out_network(circuit, engine) for engine in ("nest", "kernel"))
    assert b.counts["e"].min() > 10
    assert "note" not in a.engine
    mine, others = (set(zip(*(part.tolist() for part in recording.spikes["e"]), strict=True)) for recording in (a, b))
    until = min(step for step, _ in (mine ^ others) or {(circuit.steps, 0)}) - 20
    assert until > 1000, "cells fire in other steps before there were any changes of weights"
    first = replace(circuit, steps=until)
    a, b = (carry_out_network(first, engine) for engine in ("nest", "kernel"))
    np.testing.assert_array_equal(np.array(a.spikes["e"]), np.array(b.spikes["e"]))
    np.testing.assert_allclose(a.w["xe"], b.w["xe"], rtol=0, atol=tolerance)
    assert b.counts["e"].sum() > 100


@needs_nest
@pytest.mark.parametrize("name", ["pair", "triplet"])
def test_weights_that_drive_the_cells_agree(name):
    """Where transmission comes last, as it does in NEST's own synapses."""
    check_that_driven_cells_agree(transmitting_last(name, backpropagation_delay="2 ms"), 1e-9)


@needs_nest
@pytest.mark.slow
@pytest.mark.parametrize("name", ["pair", "triplet"])
def test_recurrent_networks_agree_in_distribution(name):
    """Rate and mean weights over ten seeds: NEST minus kernel, seed by seed, within three standard errors of the difference.

    With the library's order, in which a spike transmits before its own change, the triplets' mean weight is 2 % lower in NEST.
    """
    rule = transmitting_last(name, tau_minus="20 ms")
    both = [[carry_out_network(recurrent(seed, rule), engine) for engine in ("nest", "kernel")] for seed in range(1, 11)]
    for measure in (lambda r: r.counts["e"].mean(), lambda r: r.w["ee"].mean(), lambda r: r.w["ie"].mean()):
        values = np.array([[measure(recording) for recording in pair] for pair in both])
        gap = values[:, 0] - values[:, 1]
        assert abs(gap.mean()) < 3 * gap.std(ddof=1) / np.sqrt(len(gap))
    assert np.ptp([pair[0].w["ee"].mean() for pair in both]) > 0


@needs_nest
@pytest.mark.parametrize("pairs", [[(3, 2)], [(3, 2), (3, 2), (1, 0)], []])
def test_few_synapses_and_several_between_two_cells(relay, pairs):
    circuit = given(relay, of("pair"))
    pre, post = (np.array([pair[end] for pair in pairs], dtype=np.int64) for end in (0, 1))
    one = replace(circuit.projections["xe"], connect=Explicit(pre=pre, post=post))
    a, b = (carry_out_network(replace(circuit, projections={"xe": one}), engine) for engine in ("nest", "kernel"))
    np.testing.assert_allclose(a.w["xe"], b.w["xe"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(a.snapshots["xe"], b.snapshots["xe"], rtol=0, atol=1e-12)


@needs_nest
def test_what_nest_itself_refuses_is_one_line(relay, monkeypatch):
    monkeypatch.setattr("spikeheb.engines.nest.run.weights_of", lambda each: -each.weights)
    with pytest.raises(EngineError, match="NEST: Weight and Wmax must have same sign"):
        carry_out_network(given(relay, of("pair")), "nest")


@needs_nest
def test_threads_change_nothing(relay, monkeypatch):
    circuit = given(relay, of("triplet"))
    circuit = replace(circuit, steps=4000, probes=circuit.probes.until(4000))
    one_thread = carry_out_network(circuit, "nest")
    monkeypatch.setattr("spikeheb.engines.nest.run.OF_A_THREAD", 10)
    monkeypatch.setattr("spikeheb.engines.nest.run.allowed", lambda: 2)
    two_threads = carry_out_network(circuit, "nest")
    assert two_threads.engine["threads"] == "2"
    np.testing.assert_array_equal(one_thread.w["xe"], two_threads.w["xe"])
