"""Sjöström, Turrigiano & Nelson (2001), 10.1016/S0896-6273(01)00542-6, Figs. 7-8: the frequency series on the experiment's own schedule."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.measure.score import error, met
from spikeheb.studies.board.predictions import predict
from spikeheb.studies.datasets import data_sets

DATA = {data.label: data for data in data_sets(sh.protocol("sjostrom_2001"))}
OWN, IDEALISED = DATA["sjostrom_2001/frequency (experiment)"], DATA["sjostrom_2001/frequency (idealised)"]


def outcome(data, which, rule="triplet"):
    return predict(data.protocol, sh.rule(rule, set=which), lanes=data.lanes).ratio


@pytest.mark.parametrize(("which", "expected"), [("visual_cortex_nearest_min", 0.354), ("visual_cortex_nearest_full", 0.467)])
def test_published_sets_that_meet_the_series_on_its_own_schedule(which, expected):
    """E < 1, and all ten points within two standard errors: the two nearest-spike triplet sets."""
    outcomes = outcome(OWN, which)
    assert error(outcomes, OWN.points) == pytest.approx(expected, abs=0.005)
    assert np.count_nonzero(np.abs(outcomes - OWN.points.ratio) <= 2 * OWN.points.sem) >= 9
    assert met(outcomes, OWN.points) == 10


@pytest.mark.parametrize("which", ["visual_cortex_all_min", "visual_cortex_all_full"])
def test_the_all_to_all_sets_hold_only_on_the_schedule_that_they_were_fitted_to(which):
    assert error(outcome(IDEALISED, which), IDEALISED.points) < 0.4
    assert error(outcome(OWN, which), OWN.points) > 5


@pytest.mark.parametrize("which", ["additive", "multiplicative", "gutig"])
def test_pair_rules_as_published_are_hardly_better_than_no_change_or_worse(which):
    nothing = error(np.ones(10), OWN.points)
    assert error(outcome(OWN, which, "pair"), OWN.points) > 0.4 * nothing
