"""Vogels, Sprekeler, Zenke, Clopath & Gerstner (2011), 10.1126/science.1211095: plastic inhibition balances a recurrent network.

A finding: even after the learning rate has been annealed from .1 over .03 to .01 nS the mean rate is not within [rho_0, 1.2 rho_0], which
is up to 3.6 Hz. It settles at 3.7 Hz (measured 3.68 and 3.72 Hz, 1.23 rho_0, at full size with seeds 1 and 2, after 60, 40 and 80 s at the
three rates; 3.61 to 3.73 Hz at a quarter of the size, four seeds). At a constant .1 nS it is 3.8 Hz, so annealing does little. The tests
hold the rate within [rho_0, 1.3 rho_0] and that annealing lowers it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.circuits.files import read_circuit
from spikeheb.circuits.probes import Probes
from spikeheb.engines.choice import carry_out_network
from spikeheb.engines.compiler import compiler
from spikeheb.measure.activity import interval_cv, pairwise_correlation, rates, spike_counts, synchrony

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")

RHO_0 = 3.0


@dataclass(frozen=True)
class Activity:
    """Of the excitatory cells, in the second half of a run: mean rate (Hz), mean CV; correlation and synchrony in bins of 10 ms."""

    rate: float
    cv: float
    correlation: float
    synchrony: float


def balanced(scale, seed):
    """The library's network, at a share of its size; cells have as many synapses as at full size."""
    circuit = read_circuit(library.find("network", "vogels_2011"))
    populations = {name: replace(cells, count=round(cells.count * scale)) for name, cells in circuit.populations.items()}
    projections = {
        name: replace(each, connect=replace(each.connect, probability=each.connect.probability / scale))
        for name, each in circuit.projections.items()
    }
    return replace(circuit, populations=populations, projections=projections, seed=seed, probes=Probes(trains=True))


def run(circuit, eta, seconds, weights):
    """Activity and final weights of a run from these weights on; potentials and traces start anew."""
    rule = sh.rule("vogels", set="network_brian", eta=eta)
    assert rule.constants["rho_0"] == RHO_0
    plastic = replace(circuit.projections["ie"], rule=rule, initial={"w": weights})
    part = replace(circuit, steps=round(seconds / circuit.dt), projections={**circuit.projections, "ie": plastic})
    recording = carry_out_network(part)
    return activity(part, recording, seconds), recording.w["ie"]


def activity(circuit, recording, seconds):
    steps, cells = recording.spikes["e"]
    times, count, middle = steps * circuit.dt, circuit.populations["e"].count, seconds / 2
    counts = spike_counts(times, cells, count, middle, seconds, 0.01)[:1000]
    return Activity(
        float(rates(times, cells, count, middle, seconds).mean()),
        float(np.nanmean(interval_cv(times, cells, count, middle, seconds))),
        pairwise_correlation(counts),
        synchrony(counts),
    )


def check_balance(scale, seed, annealing):
    """Fast and synchronous without inhibition, then asynchronous and irregular; the last two parts of the run are compared."""
    circuit = balanced(scale, seed)
    before, weights = run(circuit, 1e-9, 1.0, 0.0)
    assert before.rate > 100
    assert before.cv < 0.1
    assert before.correlation > 0.3
    course = []
    for eta, seconds in annealing:
        balance, weights = run(circuit, eta, seconds, weights)
        course.append(balance)
    first, last = course[0], course[-1]
    assert last.cv > 0.8
    assert last.correlation < 0.02
    assert last.synchrony < 0.15
    assert RHO_0 <= last.rate <= 1.3 * RHO_0
    assert last.rate < first.rate


def test_a_quarter_of_the_network_becomes_asynchronous_and_irregular():
    """2000 and 500 cells, each with as many synapses as in the whole network; 70 s of learning."""
    check_balance(0.25, 1, [(0.1, 30.0), (0.03, 20.0), (0.01, 20.0)])


@pytest.mark.full
def test_the_whole_network_becomes_asynchronous_and_irregular():
    """8000 and 2000 cells; 140 s of learning."""
    check_balance(1.0, 1, [(0.1, 60.0), (0.03, 40.0), (0.01, 40.0)])
