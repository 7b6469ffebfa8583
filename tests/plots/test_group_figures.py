"""Figures of groups of cells: the rates of these cells and no others, and the responses to them."""

from __future__ import annotations

import numpy as np
import pytest
from networks_made import made_network

from spikeheb.errors import FormatError, UnknownName
from spikeheb.measure.responses import responses
from spikeheb.plots.network_groups import BINS, LOWEST, group_rates
from spikeheb.plots.network_responses import group_responses
from spikeheb.plots.style import CYCLE

GROUPS = {"few": np.arange(3), "many": np.arange(3, 400)}
WINDOW = (0.5, 1.5)


@pytest.fixture(scope="module")
def data():
    return made_network()[0]


def test_each_line_is_the_mean_rate_of_the_cells_of_its_group(data):
    ax = group_rates(data, "excitatory", GROUPS, WINDOW)
    times, cells = data["excitatory_spike_time"].values, data["excitatory_spike_cell"].values
    assert [patch.get_label() for patch in ax.patches] == list(GROUPS)
    for patch, group in zip(ax.patches, GROUPS.values(), strict=True):
        values, edges, _ = patch.get_data()
        assert (len(values), edges[0], edges[-1]) == (BINS, *WINDOW)
        for k in (0, 41, BINS - 1):
            inside = (times > edges[k] - 1e-9) & (times < edges[k + 1] - 1e-9) & np.isin(cells, group)
            assert values[k] == pytest.approx(max(inside.sum() / len(group) / 0.01, LOWEST))
    assert ax.patches[0].get_data()[0].min() == LOWEST < ax.patches[1].get_data()[0].min()


def test_groups_are_named_with_their_sizes_and_stretches_are_marked(data):
    ax = group_rates(data, "excitatory", GROUPS, WINDOW, {"cue": (0.7, 0.9)})
    assert [text.get_text() for text in ax.texts] == ["cue", "few (3)", "many (397)"]
    assert [text.get_color() for text in ax.texts[1:]] == list(CYCLE[:2])
    assert [patch.get_extents().width for patch in ax.patches[2:]] == pytest.approx([0.2 * ax.bbox.width])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "rate of a cell (Hz)\nbins of 10 ms")
    assert (ax.get_yscale(), ax.get_xlim()) == ("log", WINDOW)


def test_wrong_groups_are_refused(data):
    for population, groups, window, kind, words in (
        ("granule", GROUPS, WINDOW, UnknownName, 'no population named "granule"'),
        ("excitatory", {}, WINDOW, FormatError, "from one to 7 groups"),
        ("excitatory", {"none": np.arange(0)}, WINDOW, FormatError, "none: expected at least one cell"),
        ("excitatory", {"wrong": [800]}, WINDOW, FormatError, "wrong"),
        ("excitatory", GROUPS, (1.0, 1.0), FormatError, "stop"),
    ):
        with pytest.raises(kind, match=words):
            group_rates(data, population, groups, window)


def test_responses_to_groups_are_those_that_are_measured(data):
    windows = {"first": (0.0, 1.0), "second": (1.0, 2.0)}
    ax = group_responses(data, "inhibitory", {"few": np.arange(3), "many": np.arange(3, 200)}, ("excitatory", 7), windows)
    times = data["excitatory_spike_time"].values[data["excitatory_spike_cell"].values == 7]
    others = data["inhibitory_spike_time"].values, data["inhibitory_spike_cell"].values
    for line, window in zip(ax.lines, windows.values(), strict=True):
        np.testing.assert_allclose(line.get_ydata(), responses(*others, 200, {"a": np.arange(3), "b": np.arange(3, 200)}, times, *window))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["first (0 to 1 s)", "second (1 to 2 s)"]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["few", "many"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == (
        "group of inputs (inhibitory)",
        "rate of excitatory in the 20 ms\nafter spikes of the group (Hz)",
    )


def test_responses_that_cannot_be_are_refused(data):
    window = {"all": (0.0, 2.0)}
    for sources, groups, to, windows, kind, words in (
        ("granule", GROUPS, ("excitatory", 0), window, UnknownName, 'no population named "granule"'),
        ("excitatory", {}, ("excitatory", 0), window, FormatError, "at least one group"),
        ("excitatory", GROUPS, ("excitatory", 800), window, FormatError, 'there is no cell 800 of "excitatory"; there are 800'),
        ("excitatory", GROUPS, ("excitatory", 0), {}, FormatError, "from one to 7 stretches"),
    ):
        with pytest.raises(kind, match=words):
            group_responses(data, sources, groups, to, windows)
