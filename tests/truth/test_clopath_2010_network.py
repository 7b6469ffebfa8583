"""Clopath, Buesing, Vasilaki & Gerstner (2010), 10.1038/nn.2479, network of ten cells: a rate code makes strong connections in both
directions between fast cells, temporal order makes them in one direction, and the pair rule makes none in both directions.

Strong is a weight of at least two thirds of the upper bound. The networks were tried with the seeds 0 to 4 and frozen. In single runs one
pair of slow cells was strong in both directions in two of the seeds 11 to 15, so weights are averaged over 20 other seeds here. A finding:
with the homeostat of the published replication (60 mV^2) all weights of the rate code fall, so the library's network has a fixed amplitude.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.circuits.files import read_circuit
from spikeheb.engines.compiler import compiler
from spikeheb.measure.activity import motifs

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")

SEEDS = range(21, 41)
FAST, SLOW = range(5), range(5, 10)


def learned(name, seed=1, rule=None):
    """Source, cell and final weight of every synapse, the weight over the rule's upper bound."""
    circuit = read_circuit(library.find("network", name))
    recurrent = circuit.projections["recurrent"]
    if rule is not None:
        recurrent = replace(recurrent, rule=rule)
    data = sh.network(replace(circuit, projections={**circuit.projections, "recurrent": recurrent}), seed=seed)
    weights = data["recurrent_weight"].values[-1] / recurrent.rule.constants["w_max"]
    return data["recurrent_pre"].values, data["recurrent_post"].values, weights


def strong_pairs(synapses, cells=range(10)):
    """Motifs of the strong connections among these cells."""
    pre, post, weights = synapses
    among = np.isin(pre, cells) & np.isin(post, cells)
    return motifs(pre[among] - cells.start, post[among] - cells.start, weights[among] >= 2 / 3, len(cells))


def pair_rule():
    """As in the replication's control: 7 and 10 ms, upper bound .75; the amplitude is chosen."""
    bounds = {"kind": "hard", "w_min": 0, "w_max": 0.75}
    return sh.rule("pair", set="additive", bounds=bounds, A_plus=0.025, A_minus=0.025, tau_plus="7 ms", tau_minus="10 ms")


def test_rates_make_strong_connections_in_both_directions_between_fast_cells():
    """Of the weights averaged over 20 runs, as in the replication; among the slow cells a single run may have such a pair by chance."""
    runs = [learned("clopath_2010_rates", seed) for seed in SEEDS]
    pre, post, _ = runs[0]
    synapses = pre, post, np.mean([weights for _, _, weights in runs], axis=0)
    assert all(strong_pairs(run, FAST).bidirectional == 10 for run in runs)
    assert strong_pairs(synapses, FAST).bidirectional == 10
    assert strong_pairs(synapses, SLOW).bidirectional == 0
    assert strong_pairs(synapses, SLOW).one_directional <= 2


def test_temporal_order_makes_them_in_one_direction_along_the_order():
    pre, post, weights = learned("clopath_2010_order")
    ahead = (post - pre) % 10
    assert np.all(weights[ahead < 5] >= 2 / 3)
    assert np.all(weights[ahead > 5] < 0.15)
    assert strong_pairs((pre, post, np.where(ahead == 5, 0, weights))).one_directional == 40


@pytest.mark.parametrize("seed", SEEDS[:5])
def test_the_pair_rule_makes_none_in_both_directions(seed):
    assert strong_pairs(learned("clopath_2010_rates", seed, pair_rule())).bidirectional == 0


def test_the_pair_rule_makes_them_in_one_direction_by_temporal_order():
    pairs = strong_pairs(learned("clopath_2010_order", 1, pair_rule()))
    assert (pairs.one_directional, pairs.bidirectional) == (10, 0)


def test_with_the_homeostat_of_the_replication_rates_weaken_all_synapses():
    rule = sh.rule("clopath", interaction="homeostatic", bounds={"kind": "hard", "w_min": 0, "w_max": 0.25})
    _, _, weights = learned("clopath_2010_rates", 11, rule)
    assert weights.max() < 2 / 3
    assert weights.mean() < 0.5 * 0.1 / 0.25
