"""A NaN or infinity in an increment, a trace, the efficacy or a limit stops the run before a limit can swallow it."""

import re
from itertools import product

import numpy as np
import pytest
from circuits_by_hand import but, of_fan_in

from spikeheb.cells import read_cell
from spikeheb.circuits.drives import Change
from spikeheb.circuits.sources import Replayed
from spikeheb.draws.expanded import expanded
from spikeheb.engines.brian import runtime
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in, numpy_lanes, runner
from spikeheb.engines.plain import run as plain
from spikeheb.errors import NonFiniteError
from spikeheb.program.analysis import analyse
from spikeheb.rules import read_rule

SOUND = {
    "ltp": "A*x",
    "more_pre": "q = 1",
    "more_post": "q = 0",
    "dw": "w : 1",
    "dq": "q : 1",
    "efficacy": "w",
    "transmit": "1",
    "on_spike": "r += 1",
    "dr": "dr/dt = -r/tau : 1",
    "init": "",
}
RULE = """
schema = 1
name = "faulty"
title = "A rule that may divide by zero"
doc = "For a test."

[parameters]
tau = {{ value = "20 ms", doc = "", source = "chosen" }}
A = {{ value = 0.01, doc = "", source = "chosen" }}

[synapse]
model = \"\"\"
nil : 1
dx/dt = -x/tau : 1
dy/dt = -y/tau : 1
{dq}
{dw}
\"\"\"
method = "euler"
weight = "w"
efficacy = "{efficacy}"
initial = {{ w = 0.5 {init} }}

[post]
model = \"\"\"
{dr}
\"\"\"
method = "euler"
on_spike = ["{on_spike}"]

[[on]]
event = "pre"
do = ["transmit = {transmit}", "ltd = A*y", "x += 1", "{more_pre}"]

[[on]]
event = "post"
do = ["ltp = {ltp}", "y += 1", "{more_post}"]

[bounds]
kind = "hard"
w_min = 0
w_max = 1
"""
PRE, POST = 100, 300
FAULTS = {
    "limit that is no number": ({"ltp": "clip(A*x, nil/nil, 1)"}, POST),
    "limit that is infinite": ({"ltp": "clip(A*x, 0, 1/nil)"}, POST),
    "value between limits": ({"ltp": "clip(1/nil, 0, 1)"}, POST),
    "increment that is infinite": ({"ltp": "A*x/nil"}, POST),
    "increment that is too large": ({"ltp": "exp(9000*x*(1 + A))"}, POST),
    "release that is infinite": ({"transmit": "1/nil"}, PRE),
    "efficacy that is infinite": ({"efficacy": "1/nil"}, PRE),
    "trace that is infinite": ({"more_pre": "q = 1/nil"}, PRE),
    "trace that is no number": ({"more_post": "q = nil/nil"}, POST),
    "trace that comes back": ({"more_pre": "q = 1/nil", "more_post": "q = 1/(1 + q)"}, PRE),
    "trace that decays": ({"more_pre": "q = 1/nil", "dq": "dq/dt = -q/tau : 1"}, PRE),
    "trace on the clock": ({"dq": "dq/dt = 1/(nil + x - x)/second : 1", "more_pre": "x += 0", "more_post": "x += 0"}, 0),
    "weight on the clock": ({"dw": "dw/dt = 1/(nil*(1 + q))/second : 1"}, 0),
    "weight on the clock, later": ({"dw": "dw/dt = clip(q, 0, 1)/(1 - q)/second : 1"}, PRE + 1),
    "variable of [post]": ({"on_spike": "r += exp(1000*(1 + r))"}, POST),
    "variable of [post] on the clock": ({"dr": "dr/dt = 1/(r*r)/second : 1"}, 0),
}
SIMPLIFIED = {
    "increment": {"ltp": "A*x/(w - w)"},
    "limit": {"ltp": "clip(A*x, (w - w)/(w - w), 1)"},
    "trace": {"more_pre": "q = 1/(w - w)"},
}


def rule_with(folder, changes):
    (folder / "faulty.toml").write_text(RULE.format(**(SOUND | changes)))
    return read_rule(folder / "faulty.toml")


def job(rule, on, precision="float64"):
    pre = (np.array([PRE, 1000]), np.array([PRE, 700]))
    return of_fan_in(
        rule, on, 1e-4, 1200, 2, (Replayed(pre),), imposed=(Replayed((np.array([POST, 800]), np.array([POST, 900]))),), precision=precision
    )


def run_numpy(the_job):
    lanes = expanded(the_job)
    return numpy_lanes.run(lanes, analyse(lanes.rule, lanes.cell, lanes.dt))


ENGINES = {
    "lanes": lambda the_job: runner.run(expanded(the_job)),
    "numpy": run_numpy,
    "fan-in": fan_in.run,
    "fan-in, single precision": fan_in.run,
    "plain": lambda the_job: plain.run(expanded(the_job)),
    "plain fan-in": plain.run,
    "brian": lambda the_job: runtime.run(expanded(the_job), "numpy"),
    "brian fan-in": runtime.run,
}
EXACT = ("lanes", "numpy", "fan-in", "fan-in, single precision", "plain", "plain fan-in")
COMPILED = ("lanes", "fan-in", "fan-in, single precision")


def in_turn():
    """Every fault in every engine, without a cell or with one; the other of the two in full runs."""
    for n, (fault, engine) in enumerate(product(FAULTS, ENGINES)):
        for k, cell in enumerate((None, "ca1_pyramidal")):
            yield pytest.param(fault, engine, cell, marks=() if (n + n // len(ENGINES) + k) % 2 == 0 else pytest.mark.full)


@pytest.mark.parametrize(("fault", "engine", "cell"), [*in_turn()])
def test_stops_with_time_and_index(fault, engine, cell, tmp_path):
    changes, step = FAULTS[fault]
    if compiler() is None and engine in COMPILED:
        pytest.skip("no C++ compiler here")
    of_the_cell = fault.startswith(("release", "efficacy"))
    if cell is None and of_the_cell:
        pytest.skip("without a cell nothing is released")
    if cell is not None and not of_the_cell and engine not in ("lanes", "fan-in"):
        pytest.skip("the check is the same with a cell; the two compiled loops have one for either")
    on = read_cell(f"models/cells/{cell}.toml") if cell else None
    precision = "float32" if engine.endswith("single precision") else "float64"
    with pytest.raises(NonFiniteError) as caught:
        ENGINES[engine](job(rule_with(tmp_path, changes), on, precision))
    message = str(caught.value)
    (time,) = map(float, re.findall(r"at (?:or before )?([\d.]+) s", message))
    assert re.search(r"of (input|cell|lane) \d", message)
    if engine in EXACT:
        assert time == pytest.approx(step * 1e-4, abs=1.01e-4)
    else:
        assert time >= step * 1e-4 - 1e-9


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("fault", SIMPLIFIED)
def test_what_a_compiler_may_simplify(fault, engine, tmp_path):
    """Brian2 would make 0 of ``w - w``, and 1 of its quotient."""
    if compiler() is None and engine in COMPILED:
        pytest.skip("no C++ compiler here")
    precision = "float32" if engine.endswith("single precision") else "float64"
    with pytest.raises(NonFiniteError):
        ENGINES[engine](job(rule_with(tmp_path, SIMPLIFIED[fault]), None, precision))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_sound_rule_runs(engine, tmp_path):
    if compiler() is None and engine in COMPILED:
        pytest.skip("no C++ compiler here")
    recording = ENGINES[engine](job(rule_with(tmp_path, {}), None))
    assert np.all(np.isfinite(recording.w)) and np.ptp(np.append(recording.w, 0.5)) > 0


@pytest.mark.parametrize("engine", ["lanes", "numpy", "plain", "brian"])
def test_efficacy_that_is_recorded(engine, tmp_path):
    """Without a cell nothing is released, but what is recorded must be a number."""
    if compiler() is None and engine == "lanes":
        pytest.skip("no C++ compiler here")
    lanes = but(expanded(job(rule_with(tmp_path, {"efficacy": "1/(x - x)"}), None)), samples=np.array([50, 500]))
    run = {
        "lanes": runner.run,
        "numpy": lambda j: numpy_lanes.run(j, analyse(j.rule, j.cell, j.dt)),
        "plain": plain.run,
        "brian": runtime.run,
    }[engine]
    with pytest.raises(NonFiniteError, match="efficacy of input 0"):
        run(lanes)


def test_a_cell_that_is_clamped_does_not_hide_the_conductance(tmp_path):
    lanes = expanded(job(rule_with(tmp_path, {"transmit": "1/(w - w)"}), read_cell("models/cells/ca1_pyramidal.toml")))
    lanes = but(lanes, clamps=tuple(Change(lane, 0, -0.07) for lane in range(lanes.cells.count)))
    for run in (runner.run, plain.run, lambda j: numpy_lanes.run(j, analyse(j.rule, j.cell, j.dt)), lambda j: runtime.run(j, "numpy")):
        with pytest.raises(NonFiniteError, match=r"of (input|lane) \d"):
            run(lanes)
