"""With which values a trial computes the lines of a rule, and what its refusal says."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeheb.errors import ExpressionError
from spikeheb.rules import Rule, choose, read_rule
from spikeheb.rules.trial import try_rule

TEXT = """
schema = 1
name = "tried"
title = "A rule that is tried"
doc = "For tests."
[parameters]
tau = { value = "20 ms", doc = "", source = "chosen for illustration" }
A = { value = 0.25, doc = "", source = "chosen for illustration" }
[synapse]
model = '''
dx/dt = -x/tau : 1
w : 1
'''
weight = "w"
efficacy = "w*1"
initial = { w = 0.5 }
[post]
model = '''
du/dt = -u/tau : 1
z : 1
'''
initial = { u = 0, z = 4 }
on_spike = ["u += 1"]
[[on]]
event = "pre"
do = ["transmit = 1", "x += 1"]
[[on]]
event = "post"
do = ["ltp = A*x"]
[bounds]
kind = "hard"
w_min = 0
w_max = 1
"""


def read(folder: Path, old: str, new: str) -> Rule:
    assert old in TEXT
    path = folder / "tried.toml"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    return read_rule(path)


@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        ("A*x", "A/x", "on[1].do[0]", 'ltp: "A/x" is inf at the starting values, with A = 0.25, x = 0'),
        ("x += 1", "x += w/u", "on[0].do[1]", 'x: "x+w/u" is inf at the starting values, with u = 0, w = 0.5, x = 0'),
        ("u += 1", "u += z/u", "post.on_spike[0]", 'u: "u+z/u" is inf at the starting values, with u = 0, z = 4'),
        ("-u/tau", "-z/(u*tau)", "post.model", 'u: "-z/(u*tau)" is -inf at the starting values, with tau = 0.02, u = 0, z = 4'),
        ("z = 4", 'z = "log(v/volt)"', "post.initial.z", 'z: "log(v/volt)" is nan at the starting values, with v = -0.07'),
        ("w*1", "w/x", "synapse.efficacy", 'efficacy: "w/x" is inf at the starting values, with w = 0.5, x = 0'),
        ("-x/tau", "-x/tau*log(v/volt)", "synapse.model", 'x: "-x/tau*log(v/volt)" is nan at the starting values'),
    ],
)  # fmt: skip
def test_a_line_that_is_not_finite_is_refused_with_its_place_and_the_values_it_reads(
    tmp_path: Path, old: str, new: str, key: str, message: str
) -> None:
    with pytest.raises(ExpressionError) as refusal:
        try_rule(read(tmp_path, old, new))
    assert (refusal.value.path, refusal.value.key) == (str(tmp_path / "tried.toml"), key)
    assert refusal.value.message.replace(" ", "").startswith(message.replace(" ", ""))


@pytest.mark.parametrize(("old", "new"), [("-x/tau", "-x/tau*sqrt(-v/volt)"), ("A*x", "A*x*log(v/volt)"), ("u += 1", "u += log(v/volt)")])
def test_derivatives_read_a_potential_below_0_and_postsynaptic_spikes_one_above(tmp_path: Path, old: str, new: str) -> None:
    try_rule(read(tmp_path, old, new))


def test_a_weight_dependence_that_is_infinite_at_the_start_is_refused_where_it_acts(tmp_path: Path) -> None:
    rule = choose(read(tmp_path, "A*x", "A"), bounds={"kind": "law", "F_plus": "1/(w - 0.5)", "F_minus": "1/(w - 0.5)"})
    with pytest.raises(ExpressionError) as refusal:
        try_rule(rule)
    assert refusal.value.key == "on[1].do[0]"


def test_noise_in_a_change_of_the_weight_is_drawn(tmp_path: Path) -> None:
    try_rule(choose(read(tmp_path, "A*x", "A*abs(randn())"), bounds={"kind": "law", "F_plus": "1 + w*randn()", "F_minus": "w"}))
