"""Nevian & Sakmann (2006), 10.1523/JNEUROSCI.1749-06.2006, Figs. 1-2: LTP needs a burst, LTD does not; which rules manage it."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.measure.score import NO_CHANGE
from spikeheb.studies.board.predictions import predict
from spikeheb.studies.board.standing import against
from spikeheb.studies.datasets import data_sets

BURSTS = next(data for data in data_sets(sh.protocol("nevian_sakmann_2006")) if data.series == "bursts")
MANAGE = {
    ("triplet", "visual_cortex_all_full"),
    ("triplet", "visual_cortex_all_min"),
    ("triplet", "visual_cortex_nearest_full"),
    ("triplet", "visual_cortex_nearest_min"),
    ("clopath", "visual_cortex"),
    ("instar", "rates"),
}
"""Of all sets of the library, these alone; instar by a hair (+4.7 % with one action potential), since each postsynaptic spike depresses.

Clopath's own set for these data is near: +6 % with one action potential, +17 % at 20 Hz."""


def changes(rule, which):
    ratios = predict(BURSTS.protocol, sh.rule(rule, set=which), lanes=BURSTS.lanes).ratio
    lanes = BURSTS.protocol.schedule(np.random.default_rng(0)).lanes
    keys = [(lanes[n].condition["pattern"], lanes[n].condition["delta_t"] > 0) for n in BURSTS.lanes]
    return dict(zip(keys, ratios - 1, strict=True))


def needs_a_burst(change):
    """LTP with the burst after the input only from two action potentials at 50 Hz on; LTD with the burst before it in every pattern."""
    after = {pattern: value for (pattern, positive), value in change.items() if positive}
    before = [value for (_, positive), value in change.items() if not positive]
    potentiates = {pattern for pattern, value in after.items() if value > NO_CHANGE}
    return potentiates == {p for p in after if "50 Hz" in p or "100 Hz" in p} and all(value < -NO_CHANGE for value in before)


@pytest.mark.parametrize(("rule", "which"), sorted(MANAGE))
def test_rules_that_manage(rule, which):
    assert needs_a_burst(changes(rule, which))


@pytest.mark.parametrize(("rule", "which"), [("pair", "additive"), ("suppression", "literature"), ("triplet", "hippocampus_all_min")])
def test_rules_that_potentiate_already_with_one_action_potential(rule, which):
    change = changes(rule, which)
    assert change["1 AP", True] > NO_CHANGE
    assert not needs_a_burst(change)


@pytest.mark.slow
def test_no_other_set_of_the_library_manages():
    cases = [(name, which) for name in library.names("rule") if not against(sh.rule(name), BURSTS) for which in sh.rule(name).sets]
    assert {case for case in cases if needs_a_burst(changes(*case))} == MANAGE


@pytest.mark.xfail(
    strict=True, reason="Clopath's set for these data gives +6 % with one action potential on this cell, where nothing was measured"
)
def test_the_set_that_was_fitted_to_these_data():
    assert needs_a_burst(changes("clopath", "somatosensory_cortex"))
