"""The figure of a cell's answers to a pattern has each latency, each miss and each false alarm at its place."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from networks_made import made_network

from spikeheb.errors import FormatError, UnknownName
from spikeheb.plots.network_detection import answers, that_answer
from spikeheb.plots.networks import network

STARTS, LENGTH = np.array([0.5, 1.0, 5.0, 6.0, 8.0, 8.98]), 0.05


@pytest.fixture
def data():
    """One cell over 9 s: two hits, then a miss and a false alarm, then hits; the last presentation has no end."""
    times = np.array([0.51, 0.52, 1.03, 1.06, 6.004, 8.006, 8.99])
    variables = {
        "cells_spike_time": ("cells_spike", times), "cells_spike_cell": ("cells_spike", np.zeros(times.size, dtype=int)),
        "inputs_presentation_time": ("inputs_presentation", STARTS),
        "inputs_presentation_length": ("inputs_presentation", np.full(STARTS.size, LENGTH)),
    }  # fmt: skip
    return xr.Dataset(variables, attrs={"populations": '[["cells", 1]]', "plastic": "[]", "duration_s": 9.0})


def test_latencies_misses_and_false_alarms(data):
    ax = answers(data, "cells")
    first, missed, outside = (line.get_xydata() for line in ax.lines)
    np.testing.assert_allclose(first, [(0.5, 10.0), (1.0, 30.0), (6.0, 4.0), (8.0, 6.0)])
    assert missed[:, 0].tolist() == [5.0]
    assert outside[:, 0].tolist() == [1.06]
    assert ax.get_title("left") == "in the last third: answers 100 % of 2 presentations after 5.0 ms, fires 0 times outside"
    assert [label.get_text() for label in ax.get_yticklabels()[-2:]] == ["missed", "outside"]


def test_the_page_of_a_network_has_it_where_a_few_cells_hear_a_pattern(data):
    assert that_answer(data) == ["cells"]
    assert any(ax.get_ylabel().startswith("first spike") for ax in network(data).axes)
    assert that_answer(made_network()[0]) == []


def with_lengths(data, lengths):
    return data.assign(inputs_presentation_length=("inputs_presentation", lengths))


@pytest.mark.parametrize("wrong, kind, words", [
    (lambda data: answers(data, "granule"), UnknownName, 'no population named "granule"'),
    (lambda data: answers(data, "cells", cell=1), FormatError, "expected from 0 to 0"),
    (lambda data: answers(data, "cells", "outputs"), UnknownName, 'no population with a pattern named "outputs"'),
    (lambda data: answers(data.drop_vars("inputs_presentation_length"), "cells"), FormatError, "has no pattern"),
    (lambda data: answers(with_lengths(data, np.arange(6.0)), "cells"), FormatError, "several lengths"),
])  # fmt: skip
def test_what_cannot_be_shown_is_refused(data, wrong, kind, words):
    with pytest.raises(kind, match=words):
        wrong(data)
