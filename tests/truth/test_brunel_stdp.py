"""Brunel's network with STDP (Morrison, Aertsen & Diesmann 2007, 10.1162/neco.2007.19.6.1437; set-up of NEST's hpc_benchmark): a power law
keeps the weights in one group about its balance point, additive pairs split them in two.

Findings, of the network made smaller (900 and 225 synapses a cell of 1.4 mV): with inhibition 5 times as strong as excitation, as
published, cells fire at 35 Hz in bursts, so the library's networks have 7; and with the dendritic delay of NEST weights run away. The
networks were tried with seed 1 and frozen; the tests have seed 2.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.circuits.file_text import difference
from spikeheb.circuits.files import read_circuit
from spikeheb.circuits.populations import Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.sources import Poisson
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import network as kernel
from spikeheb.engines.plain import network as plain
from spikeheb.theory.drift import drift, fixed_points

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")

BALANCE = 10 * (15 / (0.0513 * 30)) ** (1 / 0.6)
"""In pA, where potentiation and depression of independent spikes are equal."""
EDGES = np.linspace(0.0, 2.0, 21) * 445


def network(name):
    return read_circuit(library.find("network", name))


def test_the_two_networks_differ_only_in_the_rule_and_in_how_long_they_run():
    law, additive = network("brunel_stdp"), network("brunel_additive")
    the_law = {"projections": {**additive.projections, "ee": law.projections["ee"]}, "steps": law.steps, "probes": law.probes}
    the_law |= {"title": law.title, "doc": law.doc}
    assert difference(law, replace(additive, **the_law)) is None
    same = {"rule": law.projections["ee"].rule, "initial": law.projections["ee"].initial}
    assert replace(additive.projections["ee"], **same) == law.projections["ee"]


def test_external_input_is_1_685_times_what_brings_the_mean_to_the_threshold():
    circuit = network("brunel_stdp")
    cell, projection = circuit.populations["e"].cell, circuit.projections["xe"]
    rate = projection.connect.count * circuit.populations["x"].sources[0].rates[0]
    charge = projection.efficacy * cell.receptor("ampa").unit * math.e * cell.receptor("ampa").decay
    assert rate * charge / cell.constants["g_L"] == pytest.approx(1.685 * cell.constants["V_th"], rel=1e-3)


def test_the_balance_point_is_that_of_the_theory():
    rule = network("brunel_stdp").projections["ee"].rule
    (point,) = fixed_points(rule, 5.0, 5.0)
    assert pytest.approx(445, rel=2e-3) == BALANCE
    assert point.w == pytest.approx(BALANCE, rel=1e-3)


def fewer(circuit, cells, steps):
    """The network with so many excitatory cells, a quarter as many inhibitory ones, and as many synapses a cell as there are cells."""
    counts = {"e": cells, "i": cells // 4}
    populations = {name: replace(circuit.populations[name], count=count) for name, count in counts.items()}
    populations["x"] = Spikes((Poisson(np.full(100, 104.3)),))
    projections = {
        name: replace(each, connect=replace(each.connect, count=counts.get(each.pre, each.connect.count)))
        for name, each in circuit.projections.items()
    }
    probes = Probes(trains=True, snapshots=np.array([steps // 2]))
    return replace(circuit, populations=populations, projections=projections, steps=steps, probes=probes)


@pytest.mark.parametrize("name", ["brunel_stdp", "brunel_additive"])
def test_a_short_piece_of_fewer_cells_is_the_same_in_both_engines(name):
    circuit = fewer(network(name), 40, 2500)
    a, b = kernel.run(circuit), plain.run(circuit)
    assert a.counts["e"].sum() > 40
    for population in "ei":
        for of_kernel, of_plain in zip(a.spikes[population], b.spikes[population], strict=True):
            np.testing.assert_array_equal(of_kernel, of_plain)
    assert np.ptp(a.w["ee"]) > 1
    np.testing.assert_allclose(a.w["ee"], b.w["ee"], rtol=1e-10)
    np.testing.assert_allclose(a.snapshots["ee"], b.snapshots["ee"], rtol=1e-10)


# --- what the rules do to the weights ---


def run(circuit, seconds, *, rule=None, initial=None, seed=2):
    """Rates of the excitatory cells in five parts of the run (Hz), and weights at its start and end."""
    plastic = circuit.projections["ee"]
    plastic = replace(plastic, rule=rule or plastic.rule, initial=initial or plastic.initial)
    probes = Probes(trains=True, snapshots=np.array([0]))
    steps = round(seconds / circuit.dt)
    part = replace(circuit, projections={**circuit.projections, "ee": plastic}, steps=steps, probes=probes, seed=seed)
    recording = kernel.run(part)
    spikes, _ = recording.spikes["e"]
    rates = np.histogram(spikes, np.linspace(0, steps, 6))[0] / (seconds / 5) / part.populations["e"].count
    return rates, recording.snapshots["ee"][0], recording.w["ee"]


def slope(before, after):
    """Of the change of a weight on the weight from which it started."""
    return np.polyfit(before, after - before, 1)[0]


def test_the_power_law_draws_weights_together_as_the_theory_says_and_additive_pairs_do_not():
    """In two seconds; rates are below 10 Hz and steady. Amplitudes of the additive rule are as small as those of the power law here."""
    law, additive = network("brunel_stdp"), network("brunel_additive")
    spread = law.projections["ee"].initial
    rates, before, after = run(law, 2.0)
    assert rates.min() > 1 and rates.max() < 10
    assert rates[1:].std() < 0.3 * rates[1:].mean()
    rule, mean = law.projections["ee"].rule, float(rates.mean())
    ends = np.array([300.0, 600.0])
    expected = 2.0 * np.diff(drift(rule, ends, mean, mean))[0] / np.diff(ends)[0]
    assert slope(before, after) == pytest.approx(expected, rel=0.1)
    small = sh.rule("pair", set="additive", bounds=additive.projections["ee"].rule.bounds.values | {"kind": "hard"},
                    A_plus=45, A_minus=45 * 0.525, tau_plus="15 ms", tau_minus="30 ms")  # fmt: skip
    _, start, end = run(additive, 2.0, rule=small, initial=spread)
    assert np.std(end - start) > 0.5 * np.std(after - before)
    assert abs(slope(start, end)) < 0.2 * abs(slope(before, after))


@pytest.mark.full
def test_the_power_law_keeps_one_mode_near_its_balance_point():
    rates, _, weights = run(network("brunel_stdp"), 25.0)
    assert rates.min() > 1 and rates.max() < 10
    assert rates[3:].std() < 0.1 * rates[3:].mean()
    share = np.histogram(weights, EDGES)[0] / len(weights)
    top = share.argmax()
    assert np.all(np.diff(share[: top + 1]) > 0) and np.all(np.diff(share[top:]) < 0)
    assert (EDGES[top] + EDGES[top + 1]) / 2 == pytest.approx(BALANCE, rel=0.2)
    assert np.median(weights) == pytest.approx(BALANCE, rel=0.2)


@pytest.mark.full
def test_additive_pairs_split_the_weights():
    """More weights in the lowest and in the highest tenth of the range than between them; with the power law a few in a thousand."""
    rates, _, weights = run(network("brunel_additive"), 60.0)
    assert rates.min() > 1 and rates.max() < 10
    assert rates[3:].std() < 0.1 * rates[3:].mean()
    share = np.histogram(weights, np.linspace(0, 890, 11))[0] / len(weights)
    valley = share.argmin()
    assert 0 < valley < 9
    assert np.all(np.diff(share[: valley + 1]) < 0) and np.all(np.diff(share[valley:]) > 0)
    assert share[0] > 2 * share[valley] and share[9] > 1.2 * share[valley]
