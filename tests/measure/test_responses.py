"""Responses of a cell to groups of its inputs, by hand."""

import numpy as np
import pytest

from spikeheb.errors import FormatError
from spikeheb.measure.responses import responses

TIMES, CELLS = np.array([0.1, 0.2, 0.3, 0.4, 0.99]), np.array([0, 1, 2, 0, 1])
FIRED = np.array([0.105, 0.115, 0.1999, 0.3201, 0.41])
GROUPS = {"a": [0], "b": [1], "c": [2], "all": np.ones(4, dtype=bool), "silent": [3]}


def test_spikes_within_the_time_after_those_of_a_group_are_counted():
    """After 0.1 s two, after 0.2 s none (0.1999 s was before), after 0.3 s none (0.3201 is late), after 0.4 s one; 0.99 s is too late."""
    rates = responses(TIMES, CELLS, 4, GROUPS, FIRED, 0.0, 1.0)
    np.testing.assert_allclose(rates, [1.5 / 0.02, 0.0, 0.0, 0.75 / 0.02, np.nan])


def test_only_spikes_of_the_window_count():
    np.testing.assert_allclose(responses(TIMES, CELLS, 4, {"a": [0]}, FIRED, 0.35, 1.0, 0.05), [1 / 0.05])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"groups": {"none": []}}, "none: expected at least one cell"),
        ({"groups": {"beyond": [4]}}, "beyond"),
        ({"after": 0.0}, "after: expected a number above 0"),
        ({"fired": [0.2, 0.1]}, "rising"),
        ({"stop": 0.0}, "stop"),
    ],
)
def test_what_cannot_be_is_refused(change, words):
    given = {"times": TIMES, "cells": CELLS, "count": 4, "groups": GROUPS, "fired": FIRED, "start": 0.0, "stop": 1.0} | change
    with pytest.raises(FormatError, match=words):
        responses(**given)
