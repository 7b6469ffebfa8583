"""The error that chance leaves in a prediction of the board."""

from __future__ import annotations

import numpy as np
import pytest

from spikeheb import library
from spikeheb.studies.board import predictions
from spikeheb.studies.board.predictions import predict

LANES = np.array([0, 3])


def test_it_says_how_far_the_predictions_of_other_seeds_lie():
    """Of synapses whose noise comes in mirrored pairs, and whose starts are spread evenly."""
    rule, protocol = library.rule("graupner_brunel:DP"), library.protocol("wang_2005")
    seeds = [predict(protocol, rule, lanes=LANES, seed=seed) for seed in range(60)]
    scatter = np.std([each.ratio for each in seeds], axis=0, ddof=1)
    claimed = np.sqrt(np.mean([each.chance**2 for each in seeds], axis=0))
    np.testing.assert_allclose(claimed, scatter, rtol=0.3)  # 60 seeds know it to a tenth


def test_it_comes_below_what_is_allowed():
    rule, protocol = library.rule("graupner_brunel:DP"), library.protocol("wang_2005")
    first = predict(protocol, rule, lanes=LANES).chance
    allowed = first / 2
    assert np.all(predict(protocol, rule, lanes=LANES, allowed=allowed).chance <= allowed)


def test_a_change_that_was_not_seen_counts():
    """Of 64 synapses, half of them strong, one that changes moves the mean by a 64th of the difference."""
    lane, start = np.repeat([0, 1], 64), np.tile([1.0, 5.0], 64)
    end = np.where(lane == 0, start, 5.0)
    prediction = predictions._prediction(start, end, lane, 1)
    assert prediction.chance[0] == pytest.approx((5 - 1) / 64 / 3)
    assert prediction.ratio.tolist() == pytest.approx([1.0, 5 / 3])


def test_single_synapses_leave_none():
    prediction = predictions._prediction(np.ones(3), np.array([1.0, 2.0, 3.0]), np.arange(3), 1)
    assert prediction.chance.tolist() == [0, 0, 0]
