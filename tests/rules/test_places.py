"""Where a refusal says that the fault stands: the file, and the key inside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeheb.errors import SpikehebError
from spikeheb.rules import Rule, choose, read_rule

TEXT = """
schema = 1
name = "placed"
title = "A rule with every table"
doc = "For tests."
[parameters]
tau = { value = "20 ms", doc = "", source = "chosen for illustration" }
shift = { value = "-3 ms", doc = "", source = "chosen for illustration" }
A = { value = 0.1, doc = "", source = "chosen for illustration" }
[synapse]
model = '''
dx/dt = -x/tau : 1
ratio = tau/shift : 1
w : 1
'''
weight = "w"
efficacy = "w*1"
readout = "w*2"
initial = { w = 0.5 }
[post]
model = '''
du/dt = (v - u)/tau : volt
share = A*1 : 1
z : 1
'''
initial = { u = "v", z = 0 }
on_spike = ["z = share"]
late = { of = "u", by = "tau" }
[[on]]
event = "pre"
do = ["transmit = 1", "x += 1", "z += A"]
[[on]]
event = "post"
do = ["ltp = A*x*z"]
[bounds]
kind = "hard"
w_min = 0
w_max = 1
"""
LAW = 'kind = "law"\nF_plus = "{}"\nF_minus = "{}"'
FAULTS = [
    ('"w*1"', '"w*"', "synapse.efficacy"),
    ('"w*1"', '"w*B"', "synapse.efficacy"),
    ('"w*2"', '"w*"', "synapse.readout"),
    ('"w*2"', '"w*rand()"', "synapse.readout"),
    ("w = 0.5", 'w = "0.5*"', "synapse.initial.w"),
    ("ratio = tau/shift : 1", "ratio = tau/ : 1", "synapse.model"),
    ("ratio = tau/shift : 1", "ratio = randn() : 1", "synapse.model"),
    ("share = A*1 : 1", "share = A* : 1", "post.model"),
    ("share = A*1 : 1", "share = randn() : 1", "post.model"),
    ("share = A*1 : 1", "share = 1/(A - A) : 1", "post.model"),
    ("z : 1", "z : 1\nA : 1", "post.model"),
    ('"z = share"', '"z = share*"', "post.on_spike[0]"),
    ('"z = share"', '"z = tau"', "post.on_spike[0]"),
    ('"z = share"', '"z = rand()"', "post.on_spike[0]"),
    ('u = "v"', 'u = "tau"', "post.initial.u"),
    ('u = "v"', 'u = "v*"', "post.initial.u"),
    ('u = "v"', 'u = "v*randn()"', "post.initial.u"),
    ("z = 0", "share = 0", "post.initial"),
    ("late = {", "if = {", "post.if"),
    ("A*x*z", "A*x*", "on[1].do[0]"),
    ("A*x*z", "A*tau", "on[1].do[0]"),
    ("A*x*z", "rand()", "on[1].do[0]"),
    ('value = "20 ms"', 'value = "20 m s"', "parameters.tau.value"),
    ('kind = "hard"', LAW.format("1 -", "w"), "bounds.F_plus"),
    ('kind = "hard"', LAW.format("1", "w*"), "bounds.F_minus"),
    ('kind = "hard"', LAW.format("1", "rand()"), "bounds.F_minus"),
]  # fmt: skip


def read(folder: Path, *changes: tuple[str, str]) -> Rule:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "placed.toml"
    path.write_text(text, encoding="utf-8")
    return read_rule(path)


@pytest.mark.parametrize(("old", "new", "key"), FAULTS)
def test_a_fault_in_any_table_is_refused_with_its_file_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    with pytest.raises(SpikehebError) as refusal:
        read(tmp_path, (old, new))
    assert (refusal.value.path, refusal.value.key) == (str(tmp_path / "placed.toml"), key), str(refusal.value)


def test_a_time_that_no_derivative_is_divided_by_may_be_negative(tmp_path: Path) -> None:
    assert read(tmp_path).parameters["shift"].value == -0.003


@pytest.mark.parametrize(("value", "words"), [("1 mV", "expected a time"), ("-1 ms", "may not be negative")])
@pytest.mark.parametrize("name", ["axonal_delay", "backpropagation_delay"])
def test_a_wrong_delay_is_refused_under_its_own_name(tmp_path: Path, name: str, value: str, words: str) -> None:
    with pytest.raises(SpikehebError, match=words) as refusal:
        choose(read(tmp_path), **{name: value})  # type: ignore[arg-type]
    assert refusal.value.key == name


def test_a_bare_number_far_from_the_files_own_is_doubted_by_name(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"^tau = 5\.0 is read in the SI unit, second, and the file has 20 ms"):
        assert choose(read(tmp_path), parameters={"tau": 5.0}).parameters["tau"].value == 5


def test_a_tie_cannot_be_discarded_where_post_variables_carry_it(tmp_path: Path) -> None:
    with pytest.raises(SpikehebError, match=r'"z" of \[post\] changes at presynaptic spikes') as refusal:
        choose(read(tmp_path), coincidence="discard")
    assert refusal.value.key == "coincidence"


def test_a_tie_can_be_discarded_beside_post_variables_that_the_presynaptic_spike_leaves_alone(tmp_path: Path) -> None:
    rule = choose(read(tmp_path, (', "z += A"', "")), coincidence="discard")
    assert set(rule.before) == {"x"}
