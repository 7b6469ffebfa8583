"""Masquelier, Guyonneau & Thorpe 2008 (doi 10.1371/journal.pone.0001377): STDP finds the beginning of a repeating pattern.

The network is that of the library, masquelier_2008, with all numbers of the replication of Hathway & Goodman 2018 (doi
10.5281/zenodo.1327348). It was tried with the seeds 1001 to 1006, of which 1001 had one false
alarm, and with seed 1 before its inputs were repeated; nothing was changed when the seeds here were run. A seed succeeds where,
over the last 150 of 450 s, the cell fires in more than 98 % of the presentations, never else, and on average less than 10 ms after their
beginning; the replication reports more than 95 % of 100 seeds. With that, 15 or fewer of 20 have P = .003. Here 17 succeed: seeds 6, 8 and
14 do not, and the network's text says how.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.circuits.files import read_circuit
from spikeheb.engines.compiler import compiler
from spikeheb.measure.patterns import detection

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")

SEEDS = range(1, 21)
WINDOW = 0.05


def finder(interaction="restricted"):
    """The network with another pairing scheme."""
    circuit = read_circuit(library.find("network", "masquelier_2008"))
    synapses = circuit.projections["synapses"]
    rule = sh.rule(
        "pair", interaction=interaction, coincidence="pre_first", bounds={"kind": "hard", "w_min": 0, "w_max": 1},
        A_plus=2**-5, A_minus=0.85 * 2**-5, tau_plus="16.8 ms", tau_minus="33.7 ms",
    )  # fmt: skip
    return replace(circuit, projections={"synapses": replace(synapses, rule=rule)})


def times_of(data):
    """Times of the cell's spikes and of the beginnings of the pattern."""
    return data["cells_spike_time"].values, data["inputs_presentation_time"].values


def test_the_rule_is_that_of_the_paper():
    named = finder().projections["synapses"].rule
    written = read_circuit(library.find("network", "masquelier_2008")).projections["synapses"].rule
    assert written.hash == named.hash


def test_the_cell_finds_the_pattern_within_half_a_minute():
    """About 63 Hz at first; after 35 s it fires a few times a second and only while the pattern is there.

    Seeds differ in when they find it; this one is taken as it came.
    """
    data = sh.network("masquelier_2008", duration="45 s", seed=2)
    spikes, starts = times_of(data)
    assert np.sum(spikes < 5) / 5 == pytest.approx(63, abs=2)
    assert detection(spikes, starts, WINDOW, 0, 5).false_alarms > 150
    late = detection(spikes, starts, WINDOW, 35, 45)
    assert late.presentations > 30
    assert late.hit_rate > 0.9
    assert late.false_alarms == 0
    assert 3 < np.sum(spikes > 35) / 10 < 8
    weights = data["synapses_weight"].values[-1]
    large = np.flatnonzero(weights > 0.5)
    assert np.mean(data["synapses_pre"].values[large] < 1000) > 0.7


@pytest.mark.parametrize("interaction", ["all_to_all", "symmetric"])
def test_with_other_pairing_schemes_the_cell_falls_silent(interaction):
    """Within about a second, and it stays silent."""
    data = sh.network(finder(interaction), duration="8 s", seed=1)
    spikes, _ = times_of(data)
    assert 5 < len(spikes) < 60
    assert spikes[-1] < 2.0
    assert data["synapses_weight"].values[-1].mean() < 0.475 / 1.5


def test_with_steps_of_a_millisecond_all_weights_rise():
    """An output spike then has many input spikes in its own step, all of which count as before it."""
    text = library.find("network", "masquelier_2008").read_text(encoding="utf-8")
    fine = tomllib.loads(text)
    data = sh.network(fine | {"dt": "1 ms", "duration": "15 s", "probes": {"trains": True}}, seed=1)
    spikes, _ = times_of(data)
    assert np.sum(spikes > 10) / 5 > 100
    assert data["synapses_weight"].values[-1].min() > 0.8


@pytest.mark.full
def test_the_pattern_is_found_in_at_least_16_of_20_seeds():
    succeeded, rates, large = [], [], []
    for seed in SEEDS:
        data = sh.network("masquelier_2008", seed=seed)
        spikes, starts = times_of(data)
        last = detection(spikes, starts, WINDOW, 300, 450)
        succeeded.append(last.hit_rate > 0.98 and last.false_alarms == 0 and last.latency < 0.01)
        rates.append((np.sum(spikes < 5) / 5, np.sum(spikes > 300) / 150))
        if succeeded[-1]:
            weights = data["synapses_weight"].values[-1]
            large.append(np.mean(data["synapses_pre"].values[weights > 0.5] < 1000))
    assert sum(succeeded) >= 16
    first, last_rate = np.array(rates)[succeeded].mean(axis=0)
    assert first == pytest.approx(63, abs=1.5)
    assert last_rate == pytest.approx(5, abs=0.5)
    assert min(large) > 0.99
