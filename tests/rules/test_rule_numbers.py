"""Constant arithmetic with the values of a rule, a set, a user or a sweep put in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from circuits_by_hand import but, of_lanes

import spikeheb as sh
from spikeheb.circuits.values import constants
from spikeheb.errors import ExpressionError, SpikehebError
from spikeheb.rules import Rule, choose, read_rule

TEXT = """
schema = 1
name = "numbers"
title = "A rule of numbers"
doc = "For tests."

[parameters]
tau_a = { value = "20 ms", doc = "", source = "chosen for illustration" }
tau_b = { value = "10 ms", doc = "", source = "chosen for illustration" }
A = { value = 0.1, doc = "", source = "chosen for illustration" }

[synapse]
model = '''
dx/dt = -x/tau_a : 1
gap = tau_a - tau_b : second
w : 1
'''
weight = "w"
efficacy = "w*1"
readout = "w*2"
initial = { w = "0.5", x = "0.0" }

[post]
model = '''
du/dt = -u/tau_a : 1
'''
on_spike = ["u = u + 1"]
initial = { u = "0" }

[[on]]
event = "pre"
do = ["transmit = 1", "x += 1"]

[[on]]
event = "post"
do = ["ltp = A*x"]

[bounds]
kind = "law"
F_plus = "1 - w*1"
F_minus = "w"

[interactions]
open = { s = 1 }
shut = { s = 0 }

[sets.equal]
reference = "paper"
tissue = "none"
fitted_to = []
values = { tau_b = "20 ms" }

[references]
paper = { doi = "10.1000/1", place = "nowhere" }
"""
PLACES = {
    "synapse.model": ("-x/tau_a : 1\ngap", "-x/tau_a + 0*({}) : 1\ngap"),
    "synapse.efficacy": ('"w*1"', '"w*({})"'),
    "synapse.readout": ('"w*2"', '"w*({})"'),
    "synapse.initial.w": ('w = "0.5"', 'w = "0.5*({})"'),
    "post.model": ("-u/tau_a", "-u/tau_a + 0*({})/tau_a"),
    "post.initial.u": ('u = "0"', 'u = "{}"'),
    "post.on_spike[0]": ("u + 1", "u + ({})"),
    "on[0].do[1]": ("x += 1", "x += {}"),
    "on[1].do[0]": ("ltp = A*x", "ltp = A*x*({})"),
    "bounds.F_plus": ("1 - w*1", "1 - w*({})"),
}


def read(folder: Path, *changes: tuple[str, str]) -> Rule:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "numbers.toml"
    path.write_text(text, encoding="utf-8")
    return read_rule(path)


@pytest.mark.parametrize("key", PLACES)
@pytest.mark.parametrize("bad", ["sqrt(0 - A)", "1/(A - A)", "A**(0 - 9)*0 + exp(A*1e5)", "(0 - 8)**0.5"])
def test_no_place_of_a_rule_holds_an_impossible_constant(tmp_path: Path, key: str, bad: str) -> None:
    old, new = PLACES[key]
    if key == "synapse.model":
        new = new.replace("0*({})", "0*({})/tau_a")
    assert read(tmp_path, (old, new.format("A/0.1"))).name == "numbers"
    with pytest.raises(ExpressionError) as caught:
        read(tmp_path, (old, new.format(bad)))
    assert caught.value.key == key
    assert "division by zero" in caught.value.message or "finite real number" in caught.value.message


def test_a_subexpression_carries_its_value_to_where_it_divides(tmp_path: Path) -> None:
    rule = read(tmp_path, ("ltp = A*x", "ltp = A*x*tau_a/gap"))
    for wrong in ({"parameters": {"tau_a": "10 ms"}}, {"set": "equal"}, {"parameters": {"tau_b": 0.02}}):
        with pytest.raises(ExpressionError, match=r'on\[1\].do\[0\]: "A\*x\*tau_a/gap" is a division by zero'):
            choose(rule, **wrong)  # type: ignore[arg-type]


def test_a_scheme_and_a_number_of_the_bounds_are_put_in(tmp_path: Path) -> None:
    rule = read(tmp_path, ("ltp = A*x", "ltp = A*x/s"))
    with pytest.raises(ExpressionError, match="s = 0"):
        choose(rule, interaction="shut")
    with pytest.raises(ExpressionError, match=r"bounds.F_plus: .*mu = -2"):
        choose(rule, bounds={"kind": "law", "F_plus": "w*sqrt(mu)", "F_minus": "w", "mu": -2})
    with pytest.raises(ExpressionError, match="w_max - w_min"):
        choose(rule, bounds={"kind": "soft", "w_min": -1e308, "w_max": 1.5e308})


def test_what_varies_between_lanes_is_checked_in_every_lane(tmp_path: Path) -> None:
    rule = read(tmp_path, ("ltp = A*x", "ltp = A*x*tau_a/gap"))
    trains = (np.zeros(0, dtype=np.int64),) * 2
    job = of_lanes(rule, None, 1e-4, 10, np.arange(2), trains, trains, overrides={"tau_a": np.array([0.02, 0.03])})
    assert set(constants(job)) >= {"tau_a", "A"}
    with pytest.raises(ExpressionError, match=r"tau_a = 0.01 to 0.02"):
        constants(but(job, overrides={"tau_a": np.array([0.02, 0.01])}))


def test_a_cells_parameter_given_by_the_user_is_put_in() -> None:
    assert sh.cell("ca1_pyramidal", C="100 pF").constants["C"] == 1e-10
    with pytest.raises(ExpressionError, match=r"membrane.model: .* is a division by zero with C = 0"):
        sh.cell("ca1_pyramidal", C=0.0)
    with pytest.raises(SpikehebError, match="already holds at the initial values"):
        sh.cell("ca1_pyramidal", V_th="-70 mV")


CELL = Path(sh.cell("ca1_pyramidal").path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("I_syn + I_ext", "I_syn + I_ext + 0*C*mV/ms/(1*mV - 1*mV)*mV", "membrane.model"),
        ("I_syn + I_ext", "I_syn + I_ext + pA*log(E_L/V_th - E_L/V_th)", "membrane.model"),
        ('threshold = "v > V_th"', 'threshold = "v > V_th*sqrt(0 - 1)"', "membrane.threshold"),
        ('"v = V_r"', '"v = V_r*exp(1000)"', "spike.reset[0]"),
        ('v = "E_L"', 'v = "E_L*(0 - 8)**0.5"', "membrane.initial.v"),
    ],
)
def test_no_place_of_a_cell_holds_an_impossible_constant(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in CELL
    path = tmp_path / "cell.toml"
    path.write_text(CELL.replace(old, new), encoding="utf-8")
    with pytest.raises(ExpressionError) as caught:
        sh.cell(path)
    assert caught.value.key == key


def test_a_receptor_whose_rise_is_its_decay_but_for_rounding_has_no_course(tmp_path: Path) -> None:
    from spikeheb.cells import read_cell

    cell = read_cell(Path(sh.cell("ca1_pyramidal").path))
    receptor = next(iter(cell.receptors.values()))
    nearly = replace(cell, receptors={receptor.name: replace(receptor, rise=np.nextafter(receptor.decay, 0.0))})
    from spikeheb.cells.check import check_cell

    with pytest.raises(SpikehebError, match="too near to each other to be computed"):
        check_cell(nearly)
