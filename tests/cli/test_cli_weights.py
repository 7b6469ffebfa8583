"""``weights`` and ``compare``: the same names and defaults as in Python, and what they say."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.cli import weights as commands
from spikeheb.cli.compare import compare
from spikeheb.engines.compiler import compiler

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
TINY = ("--inputs", "30", "--duration", "2 s", "--unit", "30 nS", "--snapshots", "8")


def defaults(function):
    return {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}


def test_every_choice_of_a_rule_is_an_option():
    assert set(defaults(sh.rule)) - set(defaults(commands.weights)) == {"name_or_path", "parameters"}


def test_compare_has_the_names_and_defaults_of_the_function():
    where = {"out", "csv", "force"}
    assert {name: value for name, value in defaults(compare).items() if name not in {"files", *where}} == {
        name: value for name, value in defaults(sh.compare).items() if name != "files"
    }


@needs_compiler
def test_the_command_gives_what_the_function_gives(spikeheb, tmp_path):
    words = (
        "-p",
        "A_plus=0.02",
        "--interaction",
        "symmetric",
        "--coincidence",
        "post_first",
        "--dt",
        "0.2 ms",
        "--seed",
        "5",
        "--bounds",
        "soft",
    )
    done = spikeheb(
        "weights", "--rule", "pair", *words, *TINY, "-p", "cell.C=200 pF", "--axonal-delay", "1 ms", "--name", "mine", "--out", "here"
    )
    assert done.code == 0, done.err
    rule = sh.rule("pair", interaction="symmetric", coincidence="post_first", bounds="soft", axonal_delay="1 ms", A_plus=0.02)
    cell = sh.cell("l5_pyramidal", C="200 pF")
    expected = sh.weights(rule, cell, sh.fan_in_inputs(30), "2 s", dt="0.2 ms", seed=5, unit="30 nS", snapshots=8, name=["mine"])
    result = sh.load("here/result.nc")
    np.testing.assert_array_equal(result["weight"], expected["weight"])
    assert result["rule_hash"].values.tolist() == expected["rule_hash"].values.tolist()
    assert done.table[0]["rule"] == "mine"
    assert float(done.table[0]["rate (Hz)"]) > 0


def test_one_rule_alone_is_one_rule():
    for rule in ("pair", sh.rule("pair")):
        assert sh.weights(rule, None, sh.poisson_inputs(4), "0.5 s", 1, imposed="9 Hz", snapshots=2).sizes["rule"] == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-p", "A_pluss=1"), 'no parameter named "A_pluss"; did you mean "A_plus"'),
        (("--interaction", "odd"), 'no interaction named "odd"'),
        (("--coincidence", "odd"), 'no coincidence policy named "odd"'),
        (("--dt", "1 mV"), "expected a time"),
        (("--memory", "2 GHz"), 'expected bytes, such as "2 GB"'),
        (("--memory", "1 kB"), "GB are allowed"),
        (("--inhibitory", "5", "--imposed", "5 Hz"), "inhibitory inputs need a cell"),
        (("--duration", "1e300s"), "are allowed"),
        (("--inputs", "1000000000"), "inputs need about 64 GB"),
        (("--inhibitory", "1000000000"), "inputs need about 64 GB"),
        (("--seeds", "1000000000"), "a whole number from 1 to 10,000"),
        (("--cells", "1000000000"), "a whole number from 1 to 10,000,000"),
        (("--seed", "99999999999999999999999"), "a whole number from 0"),
    ],
)
def test_mistakes_are_one_line(spikeheb, words, message):
    assert message in spikeheb("weights", "--rule", "pair", *words).refusal


@needs_compiler
def test_what_a_user_would_want_to_know_is_said(spikeheb):
    """A cell that runs away is stopped, one that is silent gets no verdict, and one that fires too fast a note."""
    silent = spikeheb("weights", "--rule", "pair", "--inputs", "20", "--unit", "1 nS", "--duration", "2 s", "--out", "a")
    assert silent.table[0]["settled"] == "cannot tell"
    assert silent.table[0]["distance to theory"] == ""
    assert "the cells fired no spike" in silent.err
    fast = spikeheb("weights", "--rule", "triplet", "--duration", "20 s", "--cell", "song_2000", "--out", "b", "--seeds", "1")
    assert fast.table[0]["settled"] == "cannot tell"  # of a run that was cut short nothing is known
    assert "beyond physiology" in fast.err
    assert "stopped after" in fast.err
    data = sh.load("b/result.nc")
    assert 1 <= float(data["lasted"][0, 0]) < 20
    assert np.isfinite(data["weight"]).all()
    assert np.isnan(data["snapshot"].values[0, 0, -1]).all()
    note = spikeheb("weights", "--rule", "pair:additive", "--imposed", "120 Hz", *TINY[:4], "--out", "c")
    assert "120 Hz, which is beyond physiology" in note.err or "Hz, which is beyond physiology" in note.err


@needs_compiler
@pytest.mark.parametrize("name", ["additive", "multiplicative", "gutig", "linear_ltd"])
def test_the_defaults_leave_bounded_rules_within_physiology_and_are_not_settled_too_soon(name):
    data = sh.weights(sh.rule("pair", set=name), seeds=1)
    assert 1 < float(data["rate"].max()) < 100
    assert (data["note"] == "").all()
    if name == "additive":
        assert data["settled"].values[0, 0] != "yes"


@needs_compiler
def test_the_drive_is_said_and_can_be_given_for_each_rule(spikeheb):
    words = ("--rule", "pair", "--rule", "triplet", "--duration", "1 s", "--seeds", "1")
    chosen = spikeheb("weights", *words, "--out", "a")
    assert "pair: efficacy 1 is 1 nS\n" in chosen.err
    assert "triplet: efficacy 1 is 0.0556 nS, and a steady current of 667 pA flows into each cell\n" in chosen.err
    given = spikeheb("weights", *words, "--unit", "2 nS, 0.1 nS", "--current", "50 pA", "--out", "b")
    assert "pair: efficacy 1 is 2 nS, and a steady current of 50 pA flows into each cell\n" in given.err
    changed = spikeheb("weights", *words, "-p", "cell.g_L=31 nS", "--out", "c")
    assert "triplet: efficacy 1 is 0.0556 nS" in changed.err


@needs_compiler
def test_a_stopped_run_is_the_same_in_both_engines():
    arguments = (sh.rule("pair", set="linear_ltd"), "song_2000", sh.poisson_inputs(60, "40 Hz"), "4 s", 1)
    kernel, brian = (sh.weights(*arguments, unit="6 nS", snapshots=8, engine=engine) for engine in ("kernel", "brian"))
    assert float(kernel["lasted"][0, 0]) == float(brian["lasted"][0, 0]) < 4
    np.testing.assert_allclose(kernel["weight"], brian["weight"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(kernel["snapshot"], brian["snapshot"], rtol=0, atol=1e-10)
    np.testing.assert_array_equal(kernel["histogram"], brian["histogram"])
