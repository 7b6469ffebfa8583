"""What networks are refused in NEST, and how: known from the network alone, so that most of it needs no NEST."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from nest_networks import DT, given, of, recurrent, relay_in

import spikeheb as sh
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import FixedIndegree
from spikeheb.circuits.drives import Noise
from spikeheb.circuits.phases import Phase, Rewire
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import OfCells, OfSynapses, Probes
from spikeheb.circuits.projections import Normalise, Projection
from spikeheb.circuits.sources import Poisson
from spikeheb.engines.choice import carry_out, carry_out_network
from spikeheb.engines.nest.plan import plan
from spikeheb.errors import EngineError


@pytest.fixture
def relay(tmp_path):
    return relay_in(tmp_path)


def refusal(circuit):
    with pytest.raises(EngineError) as caught:
        plan(circuit)
    return str(caught.value)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (sh.rule("graupner_brunel"), "variables that need the clock and random numbers and handlers with a delay of their own"),
        (sh.rule("shouval"), "the membrane potential"),
        (sh.rule("clopath"), "[post]"),
        (of("izhikevich_reward", interaction="symmetric"), "rewards"),
        (of("pair", set="van_rossum"), "random numbers"),
    ],
)  # fmt: skip
def test_rules_that_nest_has_not_are_refused_by_name(relay, rule, words):
    assert words in refusal(given(relay, rule))


def test_projections_that_nest_has_not_are_refused_by_name(relay):
    circuit = given(relay, of("pair"))

    def changed(**changes):
        return replace(circuit, projections={"xe": replace(circuit.projections["xe"], **changes)})

    assert '"xe": normalisation cannot be had in NEST' in refusal(changed(normalise=Normalise("divisive", 1.0)))
    assert "constants that differ between cells" in refusal(changed(overrides={"A_plus": np.linspace(0.0, 0.1, 4)}))
    rewarded = replace(circuit.projections["xe"], rule=of("izhikevich_reward", interaction="all_to_all"))
    for start, words in {"x": "only the weight may start elsewhere", "w": "within the bounds"}.items():
        assert words in refusal(replace(circuit, projections={"xe": replace(rewarded, initial={start: 1000.0})}))
    assert "double precision" in refusal(replace(circuit, precision="float32"))
    noise = Noise(low=0.0, high=1e-12, every=1e-3)
    assert "random currents" in refusal(replace(circuit, drives={"e": replace(circuit.drives["e"], noise=noise)}))
    assert '"xe": all spikes, and snapshots' in refusal(replace(circuit, probes=Probes(projections={"xe": OfSynapses(watched=1)})))
    assert '"e": all spikes, and snapshots' in refusal(replace(circuit, probes=Probes(populations={"e": OfCells(bin_steps=10)})))
    rewired = Phase(step=9, rewire={"xe": Rewire(0.5, "indegree")})
    assert "no projection is rewired in NEST" in refusal(replace(circuit, phases=(rewired,)))
    still = replace(circuit, projections={"xe": rewarded}, phases=(Phase(step=9, plastic={"xe": False}),))
    assert "nothing changes at a phase" in refusal(still)


def test_cells_that_nest_has_not_are_refused_by_name(relay):
    circuit = given(relay, of("pair"))
    for name in ("l5_pyramidal", "izhikevich_rs"):
        free = replace(circuit, populations={**circuit.populations, "e": Cells(4, sh.cell(name))}, drives={})
        assert f'"e": the equations of "{name}" are those of no cell of NEST' in refusal(free)
    imposed = replace(circuit, populations={**circuit.populations, "e": Cells(4, sh.cell("vogels_2011"))})
    assert "never fire by themselves" in refusal(imposed)


def test_delays_that_nest_has_not_are_refused_with_what_to_write():
    first = sh.rule("pair", coincidence="post_first")
    connect = FixedIndegree(count=5, autapses=False)
    words = "take one time step (0.1 ms) at least back to the synapse in NEST"
    network = recurrent(1, of("pair"))
    late = Projection("e", "e", connect, first, receptor="ampa", delay=1e-3)
    assert words in refusal(replace(network, projections={"ee": late}))
    rewarded = Projection("e", "e", connect, of("izhikevich_reward", interaction="all_to_all"), receptor="ampa", delay=1.5e-3)
    words = "write 3 ms for NEST's usual meaning of the delay (got 0 ms and a delay of 1.5 ms)"
    assert words in refusal(replace(network, projections={"ee": rewarded}))
    for rule in (None, sh.rule("pair")):
        at_once = {"xe": Projection("x", "e", FixedIndegree(count=5), rule, receptor="ampa")}
        assert "a delay is one time step (0.1 ms) at least in NEST (got 0)" in refusal(
            replace(recurrent(1, of("pair")), projections=at_once)
        )


def test_a_circuit_that_is_no_network_is_refused():
    alone = sh.rule("pair")
    circuit = Circuit(dt=DT, steps=10, populations={"x": Spikes((Poisson(np.full(2, 1.0)),)), "e": Cells(1, sh.cell("pv_interneuron"))},
                      projections={"xe": Projection("x", "e", rule=alone)})  # fmt: skip
    with pytest.raises(EngineError, match='the engine "nest" is for networks'):
        carry_out(circuit, "nest")


def test_without_nest_one_line_says_what_to_install(relay, monkeypatch):
    monkeypatch.setitem(sys.modules, "nest", None)
    with pytest.raises(EngineError) as caught:
        carry_out_network(given(relay, of("pair")), "nest")
    assert 'pip install "spikeheb[nest]"' in str(caught.value)
