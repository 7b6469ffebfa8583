"""Odd networks in files: what cannot be is refused in one line, what can be is the same in both engines."""

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.circuits.files import read_circuit
from spikeheb.engines.compiler import compiler

HEAD = 'schema = 1\ndt = "0.1 ms"\nduration = "60 ms"\nseed = 1\n'
POPULATIONS = """
[populations.x]
sources = [{ kind = "poisson", count = 20, rate = "50 Hz" }]
[populations.e]
count = 10
cell = "l5_pyramidal"
[projections.xe]
pre = "x"
post = "e"
receptor = "ampa"
efficacy = 2
[drives.e]
currents = [{ at = "0 ms", value = "800 pA" }]
[probes]
trains = true
snapshots = ["0 ms", "59.9 ms"]
"""
SOME = '{ kind = "pairwise_bernoulli", probability = 0.3, autapses = false }'


def plastic(more="", connect=SOME, name="ee", rule='"pair"', receptor="ampa"):
    table = f'pre = "e"\npost = "e"\nconnect = {connect}\nrule = {rule}\nreceptor = "{receptor}"\n'
    return f"[projections.{name}]\n{table}{more}\n"


def connected(text, kind="pairwise_bernoulli"):
    return plastic(connect=f'{{ kind = "{kind}", autapses = false, {text} }}')


def listed(pre, post):
    return plastic(connect=f'{{ kind = "explicit", pre = {pre}, post = {post} }}')


MORE = '[populations.{}]\ncount = 3\ncell = "l5_pyramidal"\n'
WRONG = {
    "a source too large for a machine": (listed("[99999999999999999999]", "[2]"), r"connect\.pre\[0\]: there is no source 9999"),
    "a source below 0": (listed("[1, -1]", "[2, 2]"), r"connect\.pre\[1\]: there is no source -1; there are 10"),
    "a cell that is not there": (listed("[1]", "[10]"), r"connect\.post\[0\]: there is no cell 10; there are 10"),
    "a long delay": (plastic('delay = "3600 s"'), r"projections\.ee\.delay: a delay may be at most 10 s"),
    "drawn long delays": (plastic('delay = { kind = "uniform", low = "0 s", high = "1e300 s" }'), r"at most 10 s \(got 1e\+300 s\)"),
    "drawn infinite delays": (plastic('delay = { kind = "lognormal", median = "1 ms", sigma = 1e10 }'), r"toml: .*delay: a delay of inf"),
    "drawn delays below 0": (plastic('delay = { kind = "normal", mean = "1 ms", sd = "5 ms" }'), r"ee\.delay: the delay is 0 s or more"),
    "limits that no number meets": (
        plastic('initial = { w = { kind = "normal", mean = 0.5, sd = 1e9, low = 0.4999, high = 0.5001 } }'), "normal numbers lie between",
    ),
    "names of one result": (plastic() + MORE.format("e_spike"), "would both have"),
    "infinite weights": (plastic('initial = { w = { kind = "lognormal", median = 1, sigma = 1e10 } }'), "initial value of w is not finite"),
}  # fmt: skip
BY_CHECK = {
    "cells without a membrane": (plastic() + "[populations.z]\ncount = 3\n", "populations.z.cell: in a network cells need a cell model"),
    "mirrored noise": ("", "a network cannot have mirrored noise"),
}
RIGHT = {
    "no synapse is drawn": connected("probability = 0.0"),
    "one in 1e300": connected("probability = 1e-300"),
    "nearly all": connected("probability = 0.9999999999999999"),
    "in-degree 0": connected("count = 0", "fixed_indegree"),
    "all of a total": connected("count = 90", "fixed_total_number"),
    "none given": listed("[]", "[]"),
    "given twice": listed("[1, 1, 1]", "[2, 2, 2]"),
    "delays beyond the end": plastic('delay = "9 s"'),
    "lognormal delays": plastic('delay = { kind = "lognormal", median = "1 ms", sigma = 1 }'),
    "weights beyond their bounds": plastic("initial = { w = { kind = \"uniform\", low = -5, high = 7 } }"),
    "one constant for all cells": plastic("overrides = { A_plus = 0.01 }"),
    "names of populations": plastic(name="e") + plastic(name="x", receptor="gaba"),
    "a population by itself": plastic() + MORE.format("alone"),
    "two rules with [post] on one population": plastic(name="a", rule='"bcm"') + plastic(name="b", rule='"bcm"', receptor="gaba"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("engine", ["kernel", "plain"])
def test_what_cannot_be_is_refused_in_one_line(case, engine, tmp_path):
    if engine == "kernel" and compiler() is None:
        pytest.skip("no C++ compiler")
    text, words = WRONG[case]
    (tmp_path / "net.toml").write_text(HEAD + POPULATIONS + text)
    with pytest.raises(sh.SpikehebError, match=words) as refusal:
        sh.network(tmp_path / "net.toml", engine=engine)
    assert "\n" not in str(refusal.value)


@pytest.mark.skipif(compiler() is None, reason="no C++ compiler")
@pytest.mark.parametrize("seed", [0, 2**63 - 1])
@pytest.mark.parametrize("case", RIGHT)
def test_what_can_be_is_the_same_in_both_engines(case, seed, tmp_path):
    (tmp_path / "net.toml").write_text(HEAD + POPULATIONS + RIGHT[case])
    kernel, plain = (sh.network(tmp_path / "net.toml", engine=engine, seed=seed) for engine in ("kernel", "plain"))
    assert kernel.sizes["e_spike"] > 5
    assert set(kernel.variables) == set(plain.variables)
    for name in set(plain.variables) - {"population"}:
        np.testing.assert_allclose(kernel[name].values, plain[name].values, rtol=0, atol=1e-9, err_msg=name)


MANY = """
[populations.many]
sources = [{ kind = "poisson", count = 70000, rate = "5 Hz" }]
[projections.from_many]
pre = "many"
post = "e"
receptor = "ampa"
connect = { kind = "pairwise_bernoulli", probability = 0.01, autapses = true }
"""
OF_MANY = {
    "one weight": "efficacy = 0.2\n",
    "rows beyond sixteen bits": 'rule = "pair"\ndelay = { kind = "uniform", low = "0 ms", high = "1 ms" }\n',
}


@pytest.mark.skipif(compiler() is None, reason="no C++ compiler")
@pytest.mark.parametrize("case", OF_MANY)
def test_numbers_of_cells_beyond_sixteen_bits(case, tmp_path):
    (tmp_path / "net.toml").write_text(HEAD.replace("60 ms", "20 ms") + POPULATIONS.replace("59.9", "19.9") + MANY + OF_MANY[case])
    kernel, plain = (sh.network(tmp_path / "net.toml", engine=engine) for engine in ("kernel", "plain"))
    assert kernel.sizes["e_spike"] > 5
    for name in set(plain.variables) - {"population"}:
        np.testing.assert_allclose(kernel[name].values, plain[name].values, rtol=0, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("case", BY_CHECK)
def test_what_no_engine_can_have_is_refused_when_the_file_is_read(case, tmp_path):
    """So that "spikeheb check" says what "spikeheb net" would say."""
    text, words = BY_CHECK[case]
    head = HEAD + "mirrored = true\n" if case == "mirrored noise" else HEAD
    (tmp_path / "net.toml").write_text(head + POPULATIONS + (text or plastic()))
    with pytest.raises(sh.FormatError, match=words):
        read_circuit(tmp_path / "net.toml")
