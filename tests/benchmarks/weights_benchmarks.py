"""The study of weight distributions: against a program written by hand, and whole studies in seconds."""

from __future__ import annotations

import time

from fan_in_benchmarks import HERE, INPUTS, RATE, cases, hand
from measuring import Row, paired

from spikeheb.cells import read_cell
from spikeheb.rules import Rule, choose
from spikeheb.studies.distributions.weights import weights
from spikeheb.studies.inputs import poisson_inputs

LONG = 1000.0
SEEDS = 10


def rows(runs: int = 3) -> list[Row]:
    """One rule and one seed over the same by hand; ten rules and ten seeds; a million synapses."""
    return [_against_hand(runs), _many_rules(), _many_synapses()]


def _against_hand(runs: int) -> Row:
    """CPU time of the whole study, histograms, snapshots and measures included, with as many spikes."""
    case, cell = cases()["additive pair"], read_cell(HERE / "fan_in_cell.toml")
    inputs = poisson_inputs(INPUTS, RATE)
    times = paired(lambda: weights([case.rule], cell, inputs, LONG, 1), lambda: hand(case, 1, LONG), runs=runs)
    return Row(
        f"weights, {INPUTS} inputs, {LONG:g} s", "whole study / by hand", times.ratios, 1.5, note=f"by hand {min(times.second):.2g} s"
    )


def _many_rules() -> Row:
    pair = cases()["additive pair"].rule
    laws = [
        {"kind": "power", "w_min": 0, "w_max": 1, "mu_plus": mu, "mu_minus": mu} for mu in (0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1)
    ]
    rules: list[Rule] = [choose(pair, bounds=law) for law in laws]
    return Row("weights, 10 rules x 10 seeds x 1000 s", "wall", (_wall(rules, 1, LONG, SEEDS),), 120.0, unit="s")


def _many_synapses() -> Row:
    return Row("weights, 1,000,000 synapses, 100 s", "wall", (_wall([cases()["additive pair"].rule], 1000, 100.0, 1),), 30.0, unit="s")


def _wall(rules: list[Rule], cells: int, seconds: float, seeds: int) -> float:
    start = time.perf_counter()
    weights(rules, read_cell(HERE / "fan_in_cell.toml"), poisson_inputs(INPUTS, RATE), seconds, seeds, cells=cells)
    return time.perf_counter() - start
