"""Network files from strangers: what is absurd is refused in one line, by the command too, before anything is made."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.circuits.files import circuit_of, read_circuit
from spikeheb.circuits.phases import MOST_PHASES
from spikeheb.circuits.projections import Normalise
from spikeheb.circuits.sources import Between, Group, Pasted, Poisson, Regular, Repeated, Replayed, expected_spikes
from spikeheb.cli.app import run

BASE = """
schema = 1
dt = "0.1 ms"
duration = "60 ms"
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
[projections.ee]
pre = "e"
post = "e"
receptor = "ampa"
rule = "pair"
connect = { kind = "pairwise_bernoulli", probability = 0.3, autapses = false }
[probes]
trains = true
"""
CELLS, LAST, DURATION, RULE = "count = 10\n", "[probes]\n", '"60 ms"', 'rule = "pair"\n'
MORE = '[populations.{}]\ncount = {}\ncell = "l5_pyramidal"\n'
PHASE = '[[phases]]\nat = "{} ms"\n{}\n'
REWIRE = "rewire.{} = {{ below = {}, keep = {} }}"


def before_probes(text: str) -> tuple[str, str]:
    return LAST, text + LAST


def phases(count: int, text: str) -> str:
    return "".join(PHASE.format(n / 10, text) for n in range(1, count + 1))


WRONG: dict[str, tuple[tuple[tuple[str, str], ...], str]] = {
    "more cells than memory": (
        (before_probes("".join(MORE.format(f"p{n}", 10_000_000) for n in range(9))),),
        "the 90,000,010 cells need about 18 GB",
    ),
    "more spikes than memory": (((DURATION, '"1e6 s"'),), "the 1,000,000,000 spikes of sources need about 32 GB"),
    "more spikes at synapses than time": (
        (
            ('count = 20, rate = "50 Hz"', 'count = 10, rate = "5000 Hz"'),
            (CELLS, "count = 10000000\n"),
            ("probability = 0.3", "probability = 0.0"),
            ("efficacy = 2\n", 'efficacy = 2\nconnect = { kind = "fixed_total_number", count = 33000000, multiple = true }\n'),
            (DURATION, '"9 s"'),
        ),
        'spikes at the synapses of "xe" are about 1.5e+12',
    ),
    "spikes under way for long": (
        (
            (CELLS, "count = 100000\n"),
            ("probability = 0.3", "probability = 0.00001"),
            (RULE, RULE + 'delay = "9 s"\n'),
            (DURATION, '"60 s"'),
        ),
        'the spikes of "e" under way for 90,000 steps need about 36 GB',
    ),
    "phases without end": ((before_probes(phases(MOST_PHASES + 1, "")), (DURATION, '"1 s"')), "expected at most 1,000 phases (got 1,001)"),
    "more rewirings than memory": (
        ((CELLS, "count = 2000\n"), before_probes(phases(500, REWIRE.format("ee", 1, '"indegree"')))),
        '500 rewirings of 1,200,000 synapses of "ee" need about 9.6 GB',
    ),
    "rewired below nothing": ((before_probes(phases(1, REWIRE.format("ee", "nan", '"indegree"'))),), "phases[0].rewire.ee.below"),
    "rewired below volts": (
        (before_probes(phases(1, REWIRE.format("ee", '"1 mV"', '"indegree"'))),),
        "phases[0].rewire.ee.below: expected a number",
    ),
    "rewired below an expression": (
        (before_probes(phases(1, REWIRE.format("ee", '"9**9**9"', '"indegree"'))),),
        "rewire.ee.below: expected a number",
    ),
    "both degrees": (
        (before_probes(phases(1, REWIRE.format("ee", 1, '"both"'))),),
        'rewire.ee.keep: rewiring keeps "indegree" or "outdegree" (got "both")',
    ),
    "rewired without a rule": (
        (before_probes(phases(1, REWIRE.format("xe", 1, '"indegree"'))),),
        "phases[0].rewire.xe: is not a projection with a rule",
    ),
    "rewired and not there": (
        (before_probes(phases(1, REWIRE.format("xx", 1, '"indegree"'))),),
        "phases[0].rewire.xx: is not a projection with a rule",
    ),
    "normalised in ages": (
        ((RULE, RULE + 'normalise = { kind = "divisive", target = 1, every = "1e300 s" }\n'),),
        "normalise.every: expected a time from 0 to",
    ),
    "more snapshots than memory": (
        ((CELLS, "count = 1000\n"), (LAST, LAST + 'snapshots = { first = "0 ms", every = "0.1 ms", count = 600 }\n')),
        "probes.snapshots: 600 snapshots of 300,000 weights, with what else is recorded, need about 2.9 GB",
    ),
    "a rule of a device": ((('"pair"', '"/dev/zero"'),), "projections.ee.rule"),
    "a network as a rule": ((('"pair"', '"./net.toml"'),), 'projections.ee.rule: "./net.toml" is the file of a network; name a rule'),
    "a folder as a cell": ((('"l5_pyramidal"', '"./"'),), "populations.e.cell"),
    "an expression as an efficacy": ((("efficacy = 2", 'efficacy = "9**9**9**9"'),), "xe.efficacy: expected a number"),
    "an efficacy of siemens": (
        (("efficacy = 2", 'efficacy = "2 nS"'),),
        'xe.efficacy: expected a number such as "0.5" (got "2 nS", a conductance)',
    ),
    "lists in lists": ((('"50 Hz"', "[" * 5000 + "]" * 5000),), "more than 7 deep"),
    "a key without end": (((LAST, "a" + ".a" * 50_000 + " = 1\n"),), "more than 7"),
    "populations without end": ((before_probes("".join(MORE.format(f"p{n}", 1) for n in range(500))),), "at most 100 are allowed"),
}
BY_NAMES = {
    "mean": 'the whole network and "mean" would both have a "mean_rate"; rename one',
    "e_spike": '"e" and "e_spike" would both have a "e_spike_cell"; rename one',
}


def saved(folder: Path, *changes: tuple[str, str]) -> Path:
    text = BASE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "net.toml").write_text(text, encoding="utf-8")
    return folder / "net.toml"


@pytest.mark.parametrize("case", WRONG)
def test_an_absurd_network_is_refused_in_one_line_within_a_second(case: str, tmp_path: Path) -> None:
    changes, words = WRONG[case]
    path, start = saved(tmp_path, *changes), time.process_time()
    with pytest.raises((sh.FormatError, sh.UnitError, sh.UnknownName)) as refused:
        read_circuit(path)
    assert time.process_time() - start < 1
    assert words in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", BY_NAMES)
def test_names_that_would_meet_in_the_result_are_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path, before_probes(MORE.format(name, 3)))
    assert run(["net", str(path), "--out", str(tmp_path / "out")]) == 2
    shown = capsys.readouterr().err
    assert BY_NAMES[name] in shown
    assert shown.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_as_many_delays_as_steps_are_refused_before_their_rows_are_made(tmp_path: Path) -> None:
    delays = 'delay = { kind = "uniform", low = "0 s", high = "10 s" }\n'
    path = saved(tmp_path, (CELLS, "count = 2000\n"), ("probability = 0.3", "probability = 0.2"), (RULE, RULE + delays))
    with pytest.raises(sh.EngineError, match=r"rows of synapses for 2,000 sources and \d+,\d+ delays need about"):
        sh.network(path, engine="kernel")


def test_what_single_precision_cannot_hold_is_said_without_a_warning(tmp_path: Path) -> None:
    with pytest.raises(sh.NonFiniteError, match="is not finite at"):
        sh.network(saved(tmp_path, ("efficacy = 2", "efficacy = 1e39")), precision="float32", engine="kernel")


def test_a_spike_in_every_step_is_drawn_without_a_warning(tmp_path: Path) -> None:
    data = sh.network(saved(tmp_path, ('"50 Hz"', '"10000 Hz"')), engine="plain", duration="2 ms")
    assert data.sizes["e_spike"] >= 0


def test_a_mapping_that_holds_itself_is_refused() -> None:
    content: dict[str, Any] = {"schema": 1}
    content["populations"] = {"e": content}
    with pytest.raises(sh.FormatError, match="more than 7 deep"):
        circuit_of(content)


def test_a_time_between_normalisations_fits_into_a_number_of_steps() -> None:
    assert Normalise("divisive", 1.0, 1e300).steps(1e-4) <= 2**40


def test_numbers_are_read_alike_one_by_one_and_as_a_row(tmp_path: Path) -> None:
    for weight in ("[0.5, 1, 0]", '[0.5, "1", 0]'):
        connect = f'{{ kind = "explicit", pre = [0, 1, 2], post = [0, 1, 2], weight = {weight} }}'
        path = saved(tmp_path, ('{ kind = "pairwise_bernoulli", probability = 0.3, autapses = false }', connect))
        assert read_circuit(path).projections["ee"].connect.weight.tolist() == [0.5, 1.0, 0.0]  # type: ignore[union-attr]


def test_expected_spikes_are_those_of_rates_and_times() -> None:
    sources = (
        Poisson(np.array([10.0, 20.0])), Regular(np.array([0.1]), np.array([0.0])), Replayed((np.array([1, 5, 9]),)),
        Group(4.0, 0.5, np.zeros(3)), Between(Poisson(np.array([10.0])), 0.5, 1.5), Between(Poisson(np.array([10.0])), 3.0),
        Repeated(Group(4.0, 0.5, np.zeros(3)), 0.5), Pasted(Poisson(np.array([10.0, 10.0])), 0.1, 0.2, 1, noise=5.0),
        Between(Pasted(Poisson(np.array([10.0])), 0.1, 0.2, 1), 1.0),
    )  # fmt: skip
    assert expected_spikes(sources, 2.0, 1e-4) == pytest.approx(60 + 20 + 3 + (12 + 8) + 10 + 0 + (12 + 8) + 60 + 10)
