"""Synapses that are compiled for NEST from a rule: weights, transmission, ties and delays are those of the kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from nest_networks import SPREAD, STEPS, given, of, relay_in, replace_delay
from test_nest import check_that_driven_cells_agree, difference, driven_by, needs_nest

import spikeheb as sh
from spikeheb.circuits.connect import AllToAll
from spikeheb.circuits.distributions import Uniform
from spikeheb.circuits.drives import Drives
from spikeheb.circuits.phases import Phase
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Projection
from spikeheb.circuits.sources import Replayed
from spikeheb.engines.choice import carry_out_network
from spikeheb.engines.compiler import Compiler
from spikeheb.engines.nest.compiled import Compiled, _builder
from spikeheb.engines.nest.plan import plan
from spikeheb.errors import EngineError

UNUSUAL = """
schema = 1
name = "unusual"
title = "What no synapse of NEST has"
doc = "Traces that feed each other, a start above 0, two handlers of one event, a discarded tie, half of each spike sent, NEST's names."
[parameters]
target = { value = "20 ms", doc = "fast trace", source = "chosen for illustration" }
place = { value = "50 ms", doc = "slow trace", source = "chosen for illustration" }
receptor = { value = 0.02, doc = "gain", source = "chosen for illustration" }
plastic = { value = 0.01, doc = "loss", source = "chosen for illustration" }
[synapse]
weight = "into"
efficacy = "into"
model = '''
ddelay/dt = (source - delay)/target : 1
dsource/dt = -source/place : 1
duntil/dt = -until/target : 1
into : 1
'''
initial = { into = 0.5, source = 0.7 }
[[on]]
event = "pre"
do = ["ltd = plastic*until*into", "transmit = 0.5", "source = source + 1"]
[[on]]
event = "pre"
do = ["into += 0.0001*delay"]
[[on]]
event = "post"
do = ["ltp = receptor*delay*exp(-into)", "until = 1"]
[bounds]
kind = "hard"
w_min = -1.0
w_max = 2.0
"""


@pytest.fixture
def relay(tmp_path):
    return relay_in(tmp_path)


@pytest.fixture
def unusual(tmp_path):
    path = tmp_path / "unusual.toml"
    path.write_text(UNUSUAL, encoding="utf-8")
    return sh.rule(path, coincidence="discard")


def is_compiled(circuit):
    return isinstance(plan(circuit).connections["xe"].synapse.late, Compiled)


WAYS = {
    "at once": {},
    "on the way": {"delay": 3e-3},
    "on ways that differ": {"delay": Uniform(low=1e-3, high=4e-3)},
}


@needs_nest
@pytest.mark.parametrize("back", ["0 ms", "0.1 ms", "0.5 ms", "6 ms"])
@pytest.mark.parametrize("way", WAYS)
def test_the_usual_tie_and_any_delay_of_both_ways(relay, way, back):
    circuit = given(relay, sh.rule("pair", backpropagation_delay=back), ties=True, **WAYS[way])
    assert is_compiled(circuit)
    assert difference(circuit) < 1e-12


@needs_nest
def test_a_tie_counts_as_postsynaptic_first_where_the_rule_says_so(relay):
    first, last = (given(relay, sh.rule("pair", coincidence=order), ties=True, delay=3e-3) for order in ("pre_first", "post_first"))
    assert difference(last) < 1e-12
    a, b = (carry_out_network(circuit, "kernel").w["xe"] for circuit in (first, last))
    assert abs(a - b).max() > 1e-3, "there are no ties"


@needs_nest
@pytest.mark.parametrize("way", WAYS)
def test_what_no_synapse_of_nest_has(relay, unusual, way):
    circuit = given(relay, unusual, Uniform(low=-0.5, high=0.8), ties=True, **WAYS[way])
    assert is_compiled(circuit)
    assert difference(circuit) < 1e-12
    other = replace(circuit.projections["xe"], initial={"into": SPREAD, "delay": Uniform(low=0.0, high=2.0)})
    assert difference(replace(circuit, projections={"xe": other})) < 1e-12


@needs_nest
def test_two_rules_onto_one_population_need_no_common_time_constant(relay):
    circuit = given(relay, of("pair"))
    two = {"xe": circuit.projections["xe"], "other": replace(circuit.projections["xe"], rule=of("pair", tau_minus="30 ms"))}
    circuit = replace(circuit, projections=two)
    connections = plan(circuit).connections
    assert [isinstance(connections[name].synapse.late, Compiled) for name in two] == [False, True]
    a, b = (carry_out_network(circuit, engine) for engine in ("nest", "kernel"))
    for name in two:
        np.testing.assert_allclose(a.w[name], b.w[name], rtol=0, atol=1e-9)
    assert abs(b.w["xe"].mean() - b.w["other"].mean()) > 1e-3


@needs_nest
@pytest.mark.parametrize("back", ["0 ms", "2 ms"])
def test_weights_that_drive_the_cells_agree(back):
    """The rule of the library as it is, which transmits before its own change."""
    check_that_driven_cells_agree(replace_delay(sh.rule("pair"), back), 1e-12)


@needs_nest
def test_transmission_that_depends_on_the_state_agrees_by_the_spikes_that_it_causes():
    rule = sh.rule("tsodyks_markram", set="facilitating_2000", interaction="rests_at_U")
    whole = driven_by("pv_interneuron", current=2e-10)
    plastic = Projection("x", "e", whole.projections["xe"].connect, rule, receptor="ampa", initial={"w": 5.0}, delay=1e-3)
    circuit = replace(whole, projections={**whole.projections, "xe": plastic})
    assert is_compiled(circuit)
    a, b = ({(s, c) for s, c in zip(*carry_out_network(circuit, engine).spikes["e"], strict=True)} for engine in ("nest", "kernel"))
    assert len(b) > 100
    assert len(a & b) > 0.95 * len(b)


@needs_nest
@pytest.mark.parametrize("order", ["pre_first", "post_first"])
def test_spikes_of_the_first_step_count(relay, order):
    pre, post = (np.array([0, 40, 90]), np.array([0, 1, 70])), (np.array([0, 41, 300]), np.array([1, 40]))
    circuit = given(relay, sh.rule("pair", coincidence=order))
    circuit = replace(
        circuit, populations={"x": Spikes((Replayed(pre),)), "e": Cells(2, relay)}, drives={"e": Drives(imposed=(Replayed(post),))},
        projections={"xe": replace(circuit.projections["xe"], connect=AllToAll())},
        probes=Probes(trains=True, snapshots=np.array([0, 1, 2, 100])),
    )  # fmt: skip
    assert difference(circuit) < 1e-12


PHASES = (
    Phase(step=0, parameters={"xe": {"A_plus": 0.03}}),
    Phase(step=9_000, plastic={"xe": False}),
    Phase(step=14_321, plastic={"xe": True}, parameters={"xe": {"A_plus": 0.0, "A_minus": 0.02}}),
    Phase(step=21_000, parameters={"xe": {"A_plus": 0.01}}),
)


@needs_nest
@pytest.mark.parametrize("way", WAYS)
def test_phases_hold_from_their_step_on(relay, way):
    """Also a rule that one of NEST's own synapses computes is compiled where a phase changes it."""
    circuit = given(relay, of("pair", backpropagation_delay="1 ms"), ties=True, **WAYS[way])
    steps = np.array([8_998, 8_999, 9_000, 14_319, 14_320, 14_321, 20_999, 21_000, STEPS - 1])
    circuit = replace(circuit, phases=PHASES, probes=Probes(trains=True, snapshots=steps))
    assert is_compiled(circuit)
    assert difference(circuit) < 1e-12
    weights = carry_out_network(circuit, "nest").snapshots["xe"]
    np.testing.assert_array_equal(weights[1], weights[4])
    assert abs(weights[0] - weights[1]).max() + abs(weights[4] - weights[6]).max() > 1e-3


@needs_nest
def test_threads_change_nothing(relay, monkeypatch):
    circuit = given(relay, sh.rule("pair"), ties=True)
    one_thread = carry_out_network(circuit, "nest")
    monkeypatch.setattr("spikeheb.engines.nest.run.OF_A_THREAD", 10)
    monkeypatch.setattr("spikeheb.engines.nest.run.allowed", lambda: 2)
    two_threads = carry_out_network(circuit, "nest")
    assert two_threads.engine["threads"] == "2"
    np.testing.assert_array_equal(one_thread.w["xe"], two_threads.w["xe"])


@needs_nest
def test_without_a_compiler_one_line_says_what_is_missing(relay, monkeypatch):
    monkeypatch.setattr("spikeheb.engines.nest.compiled.compiler_of_system", lambda: None)
    with pytest.raises(EngineError, match=r'NEST has no synapse of its own for the rule "pair".* install g\+\+'):
        carry_out_network(given(relay, sh.rule("pair")), "nest")
    carry_out_network(given(relay, of("pair")), "nest")


@needs_nest
def test_a_module_is_built_once_for_all_parameters_of_a_rule(relay):
    models = {
        carry_out_network(given(relay, sh.rule("pair", **changes)), "nest").engine["synapses"]
        for changes in ({}, {"tau_minus": "30 ms"}, {"bounds": "kind=hard, w_min=0.1, w_max=1"})
    }
    assert len(models) == 1


class Elsewhere:
    """A NEST that was built from source: of its package there is but a file."""

    __version__ = "3.10.0"

    def __init__(self, folder):
        self.__file__ = str(folder / "__init__.py")


def headers(folder, *lines):
    folder.mkdir(parents=True)
    (folder / "connection.h").write_text("", encoding="utf-8")
    (folder / "config.h").write_text("\n".join(lines), encoding="utf-8")
    return folder


def program(folder, name, text, monkeypatch):
    """A program of that name, the only one on the path."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return str(file)


GCC = Compiler(("g++",), "g++ 12", (), "here")


def test_a_nest_with_mpi_is_compiled_for_by_the_compiler_of_mpi(tmp_path, monkeypatch):
    headers(tmp_path / "include" / "nest", "#define HAVE_MPI 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="built with MPI, and its compiler mpicxx is not found"):
        _builder(Elsewhere(tmp_path), GCC)
    of_mpi = program(tmp_path, "mpicxx", "", monkeypatch)
    assert _builder(Elsewhere(tmp_path), GCC).command == (of_mpi,)


def test_a_nest_without_mpi_is_compiled_for_by_the_usual_one(tmp_path):
    headers(tmp_path / "include" / "nest", "/* #undef HAVE_MPI */")
    assert _builder(Elsewhere(tmp_path), GCC).command == ("g++",)


def test_a_nest_whose_headers_are_elsewhere_says_where(tmp_path, monkeypatch):
    there = headers(tmp_path / "far", "#define HAVE_MPI 1")
    program(tmp_path, "mpicxx", "", monkeypatch)
    program(tmp_path, "nest-config", f"echo -I{there}", monkeypatch)
    made = _builder(Elsewhere(tmp_path), GCC)
    assert f"-I{there}" in made.flags
    assert made.command == (str(tmp_path / "mpicxx"),)


def test_a_nest_config_that_fails_is_one_line(tmp_path, monkeypatch):
    config = program(tmp_path, "nest-config", "echo no such prefix >&2; exit 3", monkeypatch)
    with pytest.raises(EngineError) as caught:
        _builder(Elsewhere(tmp_path), GCC)
    assert str(caught.value) == f"engine: {config} --includes does not say how NEST was built (no such prefix); run it by hand"
