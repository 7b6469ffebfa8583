"""Hits, false alarms and latency of a cell that tells when a pattern is there, counted by hand."""

import math

import numpy as np
import pytest

from spikeheb.errors import FormatError
from spikeheb.measure.patterns import detection

STARTS = [0.1, 0.3, 0.5, 0.7]


def test_hits_false_alarms_and_latency_by_hand():
    """Two spikes in the first presentation, none in the second, one at the very start of the third, one just after the end of the last."""
    result = detection([0.05, 0.105, 0.12, 0.5, 0.75], STARTS, 0.05, 0.0, 1.0)
    assert result.presentations == 4
    assert result.hit_rate == 0.5
    assert result.false_alarms == 2
    assert result.latency == pytest.approx(0.0025)
    np.testing.assert_allclose(result.latencies, [0.005, math.nan, 0.0, math.nan])


def test_a_window_counts_whole_presentations_and_the_spikes_in_it():
    result = detection([0.105, 0.31, 0.4, 0.505], STARTS, 0.05, 0.12, 0.52)
    assert (result.presentations, result.hit_rate, result.false_alarms) == (1, 1.0, 1)
    assert result.latency == pytest.approx(0.01)
    spikes_of_parts = detection([0.13, 0.51], STARTS, 0.05, 0.12, 0.52)
    assert (spikes_of_parts.hit_rate, spikes_of_parts.false_alarms) == (0.0, 0)


def test_nothing_to_detect_and_nothing_detected():
    silent = detection([], STARTS, 0.05, 0.0, 1.0)
    assert (silent.hit_rate, silent.false_alarms) == (0.0, 0)
    assert math.isnan(silent.latency)
    no_pattern = detection([0.1, 0.2], [], 0.05, 0.0, 1.0)
    assert (no_pattern.presentations, no_pattern.false_alarms) == (0, 2)
    assert math.isnan(no_pattern.hit_rate)


def test_a_time_on_an_edge_by_rounding_lies_on_it():
    step = 0.1 + 0.2  # not 0.3
    assert detection([step], [0.3], 0.05, 0.0, 1.0).latency == pytest.approx(0.0, abs=1e-15)
    assert detection([0.3], [step], 0.05, 0.0, 1.0).latencies.tolist() == [0.0]
    assert detection([0.3 + 0.05], [0.3], 0.05, 0.0, 1.0).false_alarms == 1


WRONG = {
    "length": ([0.1], STARTS, 0.0, 0.0, 1.0, "length: expected a number above 0"),
    "times that fall": ([0.2, 0.1], STARTS, 0.05, 0.0, 1.0, "expected rising times"),
    "presentations that overlap": ([0.2], [0.1, 0.12], 0.05, 0.0, 1.0, "expected presentations that rise and are 0.05 s apart at least"),
    "an empty window": ([0.2], STARTS, 0.05, 1.0, 1.0, "expected a window that stops after its start"),
    "no number": ([0.2], [math.nan], 0.05, 0.0, 1.0, "expected finite numbers"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(name):
    *given, words = WRONG[name]
    with pytest.raises(FormatError, match=words):
        detection(*given)
