"""Names that a rule, its [post], the cell and its receptors may share, and names that an engine makes of them.

Renaming changes nothing: every engine and shape must give what it gives for the same rule and cell under other names.
"""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from circuits_by_hand import of_fan_in

from spikeheb.cells import assemble, read_cell
from spikeheb.circuits.sources import Poisson
from spikeheb.draws.expanded import expanded
from spikeheb.engines.brian import runtime
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in, numpy_lanes, runner
from spikeheb.engines.plain import run as plain
from spikeheb.errors import SpikehebError
from spikeheb.program.analysis import analyse
from spikeheb.rules import read_rule

RULE = """
schema = 1
name = "meeting"
title = "Every kind of name"
doc = "For a test."

[parameters]
tau_a = { value = "20 ms", doc = "", source = "chosen" }
tau_b = { value = "30 ms", doc = "", source = "chosen" }
tau_c = { value = "40 ms", doc = "", source = "chosen" }
late = { value = "3 ms", doc = "", source = "chosen" }
gain = { value = 0.02, doc = "", source = "chosen" }

[synapse]
model = \"\"\"
dxa/dt = -xa/tau_a : 1
dxb/dt = -xb/tau_b : 1
dxc/dt = (ww - xc)/tau_c : 1
ww : 1
\"\"\"
weight = "ww"
efficacy = "ww"
initial = { ww = 0.5, xc = 0.5 }

[post]
model = \"\"\"
duu/dt = (v - uu)/tau_b : volt
rr : 1
\"\"\"
method = "euler"
on_spike = ["rr += 0.1"]
initial = { uu = "v" }
ul = { of = "uu", by = "late" }

[[on]]
event = "pre"
do = ["ltd = gain*xb*(1 + xc)*(1 + 10*positive(ul + 70*mV)/volt)", "xa += 1"]

[[on]]
event = "post"
do = ["ltp = gain*xa*clip(1 - 0.1*rr, 0, 1)", "xb += 1"]

[bounds]
kind = "hard"
w_min = 0
w_max = 1
"""
OF_RULE = ("xa", "xb", "xc", "ww", "uu", "rr", "ul", "tau_a", "tau_b", "tau_c", "late", "gain")
OF_CELL = ("C", "g_L", "E_L", "V_T", "Delta_T", "V_peak", "a", "b", "tau_w", "w_ad")
MADE = ("x", "own_x", "of_x", "x_", "since_x", "f_x", "g_x", "x_own", "x_at", "x_since", "local_change0", "x_0_steps_ago")
INTERNAL = ("forced", "sweeping", "clamped", "v_clamp", "v_held", "held_until", "held", "part_ends", "refractory_time", "unit_g_ampa")
CELL = Path(__file__).parents[2] / "models/cells/l5_pyramidal.toml"


def renamed(text, names):
    return re.sub(r"\b[A-Za-z]\w*\b", lambda match: names.get(match[0], match[0]), text)


def rule_named(folder, names):
    path = folder / "rule.toml"
    text = renamed(RULE, {**names, **{f"d{old}": f"d{new}" for old, new in names.items()}})
    path.write_text(text)
    return read_rule(path)


def cell_named(folder, names):
    path = folder / "cell.toml"
    path.write_text(renamed(CELL.read_text(), {**names, **{f"d{old}": f"d{new}" for old, new in names.items()}}))
    return read_cell(path)


def names_of_cell():
    cell = read_cell(CELL)
    membrane = assemble(cell, 1e-4)
    return [name for name in (*(e.name for e in membrane.equations), *membrane.constants) if name not in ("v", "I_syn")]


def rotated(names, by):
    """A new name for each name of the rule."""
    return dict(zip(OF_RULE, (names[(n + by) % len(names)] for n in range(len(OF_RULE))), strict=True))


def population_job(rule, cell):
    rates = np.array([20.0, 40.0, 80.0, 10.0])
    return of_fan_in(rule, cell, 1e-4, 3000, 3, (Poisson(rates),), imposed=(Poisson(np.full(3, 30.0)),), current=4e-10, trains=True, seed=3)


def with_numpy(job):
    return numpy_lanes.run(job, analyse(job.rule, job.cell, job.dt))


ENGINES = {
    "fan-in": fan_in.run,
    "lanes": lambda job: runner.run(expanded(job)),
    "numpy": lambda job: with_numpy(expanded(job)),
    "plain": lambda job: plain.run(expanded(job)),
    "plain fan-in": plain.run,
    "brian": lambda job: runtime.run(expanded(job), "numpy"),
    "brian fan-in": runtime.run,
}


def weights(engine, rule, cell):
    recording = ENGINES[engine](population_job(rule, cell))
    assert sum(map(len, recording.spikes)) > 10
    return np.ravel(recording.w)


CHOICES = {
    **{f"of the cell, {by}": lambda by=by: (rotated(names_of_cell(), by), {}) for by in (0, 5, 9, 14)},
    "made by an engine": lambda: (rotated(MADE, 0), {}),
    "of Brian2's group": lambda: (rotated([f"{name}_of_cell" for name in names_of_cell()], 2), {}),
    "of Brian2's objects": lambda: (rotated(["spikes", "clock", "post", "cells", "imposing", "lastspike_time", *MADE], 0), {}),
    "made by an engine, and of the engine in the cell": lambda: (rotated(MADE, 3), dict(zip(OF_CELL, INTERNAL, strict=True))),
    "made by an engine, and endings with a meaning in the cell": lambda: (
        rotated(MADE, 7),
        dict(zip(OF_CELL, ("x", "x_", "g_", "g", "E", "E_", "tau", "tau_", "y_", "y"), strict=True)),
    ),
    "of the engine, in the rule": lambda: (rotated([*INTERNAL, "part_of_spike", "cells"], 0), {}),
}


@pytest.fixture(scope="module")
def under_its_own_names(tmp_path_factory):
    """Weights of the rule and the cell as they are written, which each engine computes once."""
    rule = rule_named(tmp_path_factory.mktemp("as_written"), {})
    return cache(lambda engine: weights(engine, rule, read_cell(CELL)))


IN_FULL = ("of the cell, 5", "of the cell, 9")
"""Rotations that give each name of the rule yet another of the cell's."""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("choice", [pytest.param(name, marks=pytest.mark.full if name in IN_FULL else ()) for name in CHOICES])
def test_renaming_changes_nothing(choice, engine, tmp_path, under_its_own_names):
    if engine in ("fan-in", "lanes") and compiler() is None:
        pytest.skip("no C++ compiler here")
    if engine.startswith("brian") and re.search(r", [3579]|, 14", choice):
        pytest.skip("one rotation of the names is enough for Brian2, which has them all in one namespace")
    if "group" in choice and not engine.startswith("brian"):
        pytest.skip("only Brian2 has a group with such names")
    for_rule, for_cell = CHOICES[choice]()
    expected = under_its_own_names(engine)
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(
        weights(engine, rule_named(tmp_path, for_rule), cell_named(tmp_path, for_cell)), expected, rtol=0, atol=1e-13
    )


@pytest.mark.parametrize("engine", list(ENGINES)[1:])
def test_every_engine_means_the_same(engine, tmp_path):
    if compiler() is None:
        pytest.skip("no C++ compiler here")
    rule, cell = rule_named(tmp_path, rotated(names_of_cell(), 0)), read_cell(CELL)
    np.testing.assert_allclose(weights(engine, rule, cell), weights("fan-in", rule, cell), rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", ["g_gaba_decay", "tau_g_gaba_rise", "mean_g_gaba_rise", "E_gaba", "g_ampa"])
def test_a_cell_may_not_declare_what_its_receptors_bring(name, tmp_path):
    text = CELL.read_text().replace("[membrane]", f'{name} = {{ value = "1 nS", doc = "", source = "chosen" }}\n\n[membrane]', 1)
    (tmp_path / "cell.toml").write_text(text)
    with pytest.raises(SpikehebError, match=name) as caught:
        read_cell(tmp_path / "cell.toml")
    assert "twice" in str(caught.value) or "receptor" in str(caught.value)
