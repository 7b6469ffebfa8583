"""A name for a part of an expression (``s = x : 1``, of the synapse or of ``[post]``) changes nothing, whoever carries the rule out."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import brian2 as b2
import numpy as np
import pytest
from circuits_by_hand import of_fan_in

import spikeheb as sh
from spikeheb.circuits.sources import Replayed
from spikeheb.draws.expanded import expanded
from spikeheb.engines.brian import runtime
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in, numpy_lanes
from spikeheb.errors import FormatError
from spikeheb.program.analysis import analyse

DT = 1e-4
PRE = np.array([500, 1000, 1400, 2000, 2500])
POST = np.array([520, 1000, 1500, 2000, 2300])
TEXT = """
schema = 1
name = "parts"
title = "Names for parts of expressions"
doc = "For a test."

[parameters]
tau = {{ value = "20 ms", doc = "", source = "chosen for illustration" }}

[synapse]
model = \"\"\"
dx/dt = -x/tau : 1
dy/dt = -y/tau : 1
{named}
w : 1
\"\"\"
weight = "w"
efficacy = "w"
initial = {{ w = 0.5 }}

[post]
model = \"\"\"
du/dt = (1 - u)/tau : 1
{named_of_post}
\"\"\"
on_spike = ["u += 1"]

[[on]]
event = "pre"
do = ["transmit = 1", "ltd = 0.02*y*{factor}", "x += 1"]

[[on]]
event = "post"
do = ["ltp = 0.03*{read}*{factor}", "y += 1"]

[bounds]
kind = "hard"
w_min = 0
w_max = 1
"""
PLAIN = {"named": "", "named_of_post": "", "read": "x", "factor": "(1 + 0.1*u)"}
NAMED = {
    "of the synapse": {"named": "half = x/2 : 1\ns = 2*half : 1", "read": "s"},
    "of [post]": {"named_of_post": "m = 1 + 0.1*u : 1", "factor": "m"},
    "of [post] in one of the synapse": {"named": "n = x*m : 1", "named_of_post": "m = 1 + 0.1*u : 1", "read": "n", "factor": "1"},
}
ENGINES = ("kernel", "plain", "brian:numpy", "numpy", "fan-in", "brian fan-in")


def rule_of(folder: Path, coincidence: str, **parts: str) -> sh.Rule:
    path = folder / "parts.toml"
    path.write_text(TEXT.format(**{**PLAIN, **parts}), encoding="utf-8")
    return sh.rule(path, coincidence=coincidence)


def weight(rule: sh.Rule, engine: str) -> float:
    if engine in ("kernel", "plain", "brian:numpy"):
        return float(sh.replay(rule, PRE * DT, POST * DT, dt=DT, engine=engine)["w"][0])
    job = of_fan_in(rule, None, DT, 2600, 1, (Replayed((PRE,)),), imposed=(Replayed((POST,)),))
    if engine == "numpy":
        lanes = expanded(job)
        return float(numpy_lanes.run(lanes, analyse(lanes.rule, None, DT)).w[0])
    return float((fan_in if engine == "fan-in" else runtime).run(job).w[0, 0])


@pytest.fixture(scope="module")
def without_names(tmp_path_factory):
    """The weight with every part written out, of the cell's variable in what is read or in the factor; computed once for each."""
    folder = tmp_path_factory.mktemp("written_out")

    def computed(in_read: bool, coincidence: str, engine: str) -> float:
        parts = {**PLAIN, "read": "(x*(1 + 0.1*u))", "factor": "1"} if in_read else PLAIN
        return weight(rule_of(folder, coincidence, **parts), engine)

    return cache(computed)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("coincidence", ["pre_first", "discard"])
@pytest.mark.parametrize("case", NAMED)
def test_a_named_part_is_what_stands_for_it(tmp_path, without_names, case, coincidence, engine):
    if engine == "fan-in" and compiler() is None:
        pytest.skip("no C++ compiler here")
    expected = without_names(case == "of [post] in one of the synapse", coincidence, engine)
    assert expected != 0.5
    assert weight(rule_of(tmp_path, coincidence, **NAMED[case]), engine) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("engine", ["kernel", "brian:numpy"])
def test_what_the_weight_dependence_names_is_what_stands_for_it(tmp_path, engine):
    named = rule_of(tmp_path, "discard", named="s = w*(1 + x) : 1")
    laws = [{"F_plus": "1 - s", "F_minus": "s"}, {"F_plus": "1 - w*(1 + x)", "F_minus": "w*(1 + x)"}]
    first, second = (weight(sh.rule(named, bounds={"kind": "law", **law, "w_min": 0, "w_max": 1}), engine) for law in laws)
    assert first == pytest.approx(second, abs=1e-13)


@pytest.mark.parametrize("named", ["", "m = 1 + u : 1", "half = u/2 : 1\nm = 1 + 2*half : 1"])
def test_a_tie_cannot_be_discarded_where_a_presynaptic_spike_changes_what_is_read_of_the_cell(tmp_path, named):
    path = tmp_path / "parts.toml"
    parts = {**PLAIN, "named_of_post": named, "factor": "m" if named else "(1 + u)"}
    path.write_text(TEXT.format(**parts).replace('"x += 1"', '"x += 1", "u += 1"'), encoding="utf-8")
    with pytest.raises(FormatError, match=r'"u" of \[post\] changes at presynaptic spikes'):
        sh.rule(path, coincidence="discard")


@pytest.mark.parametrize("case", NAMED)
def test_in_a_network_of_the_users_own(tmp_path, case):
    def final(parts: dict[str, str]) -> float:
        b2.start_scope()
        b2.defaultclock.dt = DT * b2.second
        sources = [b2.SpikeGeneratorGroup(1, np.zeros(len(steps)), steps * DT * b2.second) for steps in (PRE, POST)]
        target = b2.NeuronGroup(1, "fire : 1", threshold="fire > 0.5", reset="fire = 0")
        forcing = b2.Synapses(sources[1], target, on_pre="fire_post = 1")
        forcing.connect()
        forcing.pre.when, sources[1].when, sources[1].order = "before_thresholds", "before_thresholds", -1
        synapses = sh.synapses(rule_of(tmp_path, "pre_first", **parts), sources[0], target)
        synapses.connect()
        b2.Network(*sources, target, forcing, synapses).run(0.26 * b2.second)
        return float(synapses.w[0])

    plain = PLAIN if case != "of [post] in one of the synapse" else {**PLAIN, "read": "(x*(1 + 0.1*u))", "factor": "1"}
    assert final(NAMED[case]) == pytest.approx(final(plain), abs=1e-13)
