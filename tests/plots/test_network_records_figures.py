"""Figures of what the probes of a network record: currents of a cell, counted rates, watched weights, the matrix by assembly."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from networks_made import COUNTS, SNAPSHOTS, STOP, made_network

from spikeheb.errors import FormatError, SpikehebError, UnknownName
from spikeheb.plots import figure, plot
from spikeheb.plots.network_balance import balance
from spikeheb.plots.network_matrix import matrix
from spikeheb.plots.networks import network

TIMES = np.arange(0, STOP, 0.001)
EDGES = np.linspace(0, 4, 21)


@pytest.fixture(scope="module")
def made():
    """With currents in pA at every ms of three cells, of which the inhibitory one follows the other ever less closely."""
    data, assembly = made_network()
    rng = np.random.default_rng(3)
    excitatory = 2e-10 + 5e-11 * rng.normal(size=(TIMES.size, 3))
    inhibitory = -excitatory - np.array([0.0, 5e-11, 5e-10]) * rng.normal(size=excitatory.shape)
    weights = data["e_to_e_weight"].values
    over = ("excitatory_sample", "excitatory_probed")
    more = {
        "excitatory_current": (("excitatory_receptor", *over), np.array([excitatory, inhibitory])),
        "e_to_e_watched_weight": (("e_to_e_watch", "e_to_e_watched"), weights[:, ::1000]),
        "e_to_e_histogram": (("e_to_e_histogram_time", "e_to_e_histogram_bin"), np.array([np.histogram(w, EDGES)[0] for w in weights])),
        "e_to_e_edge": ("e_to_e_histogram_edge", EDGES),
    }
    coordinates = {
        "excitatory_sample": TIMES, "excitatory_probed": [4, 70, 700], "excitatory_receptor": ["ampa", "gaba"],
        "e_to_e_watch": SNAPSHOTS, "e_to_e_histogram_time": SNAPSHOTS,
    }  # fmt: skip
    return data.assign(more).assign_coords(coordinates).assign_attrs(study="network", duration_s=STOP), assembly, (excitatory, inhibitory)


def lines(ax):
    return {line.get_label(): line.get_data() for line in ax.lines if not line.get_label().startswith("_")}


def test_the_currents_of_the_middle_cell_and_their_sum_are_drawn_with_their_unit(made):
    data, _, (excitatory, inhibitory) = made
    ax = balance(data, "excitatory")
    shown = TIMES[-1] - 0.5 <= TIMES
    for name, values in (("excitatory", excitatory), ("inhibitory", inhibitory), ("sum", excitatory + inhibitory)):
        np.testing.assert_allclose(lines(ax)[name], [TIMES[shown], values[shown, 1] / 1e-12], err_msg=name)
    assert ax.get_ylabel() == "synaptic current (pA)"
    title = ax.get_title(loc="left")
    expected = np.corrcoef(excitatory[shown, 1], -inhibitory[shown, 1])[0, 1]
    assert title.startswith("cell 70 of excitatory; shown: ")
    assert f"correlation of E and I {expected:.2f}, mean E / mean I " in title
    strokes = {line.get_label(): line.get_color() for line in ax.lines}
    assert len({strokes[name] for name in ("excitatory", "inhibitory", "sum")}) == 3


def test_a_cell_and_a_window_may_be_named_and_what_the_result_says_is_said(made):
    data, _, (excitatory, _) = made
    measured = {f"excitatory_current_{what}": ("excitatory_probed", [0.1, 0.9, 0.5]) for what in ("correlation", "ratio")}
    ax = balance(data.assign(measured), "excitatory", 4, (0.1, 0.2))
    np.testing.assert_allclose(lines(ax)["excitatory"][1], excitatory[100:201, 0] / 1e-12)
    assert ax.get_title(loc="left") == "cell 4 of excitatory; second half: correlation of E and I 0.10, mean E / mean I 0.10"
    assert "cell 700 " in balance(data.assign(measured), "excitatory").get_title(loc="left")


REFUSED = {
    "no currents": (lambda data: balance(data, "inhibitory"), UnknownName, 'no population with recorded currents named "inhibitory"'),
    "another cell": (
        lambda data: balance(data, "excitatory", 5),
        FormatError,
        "cell 5 is not among those whose currents are recorded",
    ),
    "no sample": (lambda data: balance(data, "excitatory", window=(3.0, 4.0)), FormatError, "there are no two samples from 3 to 4 s"),
    "two orders": (lambda data: matrix(data, "e_to_e", [1, 0], assembly=np.zeros(800, int)), FormatError, "assemblies decide the order"),
    "few assemblies": (lambda data: matrix(data, "e_to_e", assembly=[0, 1]), FormatError, "expected the assembly of each cell, at least"),
    "no panel": (lambda data: plot(data.drop_vars("excitatory_current"), panel="balance"), FormatError, "has no recorded currents"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_drawn_is_refused(case, made):
    call, kind, words = REFUSED[case]
    with pytest.raises(kind) as refused:
        call(made[0])
    assert words in str(refused.value)
    assert isinstance(refused.value, SpikehebError)


def test_the_page_has_a_row_for_the_currents_and_every_word_on_it(made):
    page = figure(made[0])
    assert [ax.get_ylabel() for ax in page.axes[2:3]] == ["synaptic current (pA)"]
    page.draw_without_rendering()
    across, up = page.get_size_inches() * page.dpi
    for ax in page.axes:
        for text in (ax.xaxis.label, ax.yaxis.label, ax._left_title, *ax.texts):
            box = text.get_window_extent()
            assert not text.get_text() or (-1 <= box.x0 <= box.x1 <= across + 1 and -1 <= box.y0 <= box.y1 <= up + 1), text
    assert plot(made[0], panel="balance").get_ylabel() == "synaptic current (pA)"


def test_currents_that_are_not_recorded_to_the_end_or_at_few_times_are_drawn(made):
    few = made[0].isel(excitatory_sample=[3, 900])
    ax = balance(few, "excitatory")
    np.testing.assert_allclose(lines(ax)["sum"][0], TIMES[[3, 900]])
    early = network(made[0].isel(excitatory_sample=slice(0, 900)))
    np.testing.assert_allclose(early.axes[2].get_xlim(), [0.399, 0.899])
    for without in (network(made[0].isel(excitatory_sample=[3])), network(few, (1.0, 2.0))):
        assert all("synaptic current" not in ax.get_ylabel() for ax in without.axes)


def test_the_course_shows_all_weights_by_bin_and_some_as_lines(made):
    data = made[0]
    ax = plot(data, panel="course")
    drawn = ax.collections[0].get_array().filled(np.nan)
    counts = data["e_to_e_histogram"].values
    np.testing.assert_allclose(np.nan_to_num(drawn), counts.T / counts.sum(axis=1).max())
    assert len(ax.lines) == 1 + 20
    watched = data["e_to_e_watched_weight"].values
    assert all(any(np.array_equal(line.get_ydata(), column) for column in watched.T) for line in ax.lines[:-1])
    np.testing.assert_allclose(ax.lines[-1].get_ydata(), data["e_to_e_weight"].values.mean(axis=1))
    assert ax.get_ylim()[1] < 4.3


@pytest.mark.parametrize("rates", [(6.0, 6.0), (6.0, 6.02)])
def test_the_names_of_rates_that_are_nearly_equal_do_not_overlap(rates):
    data, _ = made_network()
    counts = {"a": 400, "b": 400, "c": 400}
    rng, variables = np.random.default_rng(1), {}
    for name, rate in zip(counts, (*rates, 6.01), strict=True):
        times = np.sort(rng.uniform(0, STOP - 1e-3, round(rate * 400 * STOP)))
        variables |= {
            f"{name}_spike_time": (f"{name}_spike", times),
            f"{name}_spike_cell": (f"{name}_spike", rng.integers(0, 400, times.size)),
        }
    data = data.drop_vars([f"{name}_spike_{what}" for name in COUNTS for what in ("time", "cell")]).assign(variables)
    page = network(data.assign_attrs(populations=json.dumps(list(counts.items()))))
    page.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in page.axes[1].texts), key=lambda box: box.y0)
    assert len(boxes) == 3
    assert all(low.y1 <= high.y0 + 1.0 for low, high in pairwise(boxes)), boxes


def test_rates_are_drawn_from_counts_where_not_all_spikes_are_recorded(made):
    data, recorded = made[0], np.array([1, 5, 9])
    inside = np.isin(data["excitatory_spike_cell"].values, recorded)
    some = data.isel(excitatory_spike=inside).drop_vars(["inhibitory_spike_time", "inhibitory_spike_cell"])
    counted = {"inhibitory_bin_rate": ("inhibitory_bin", np.arange(20.0))}
    some = some.assign(counted).assign_coords(excitatory_recorded=recorded, inhibitory_bin=0.05 + 0.1 * np.arange(20))
    raster, course = network(some).axes[:2]
    assert [text.get_text() for text in raster.get_yticklabels()] == ["excitatory\n3 of 800"]
    assert [patch.get_label() for patch in course.patches] == ["inhibitory"]
    np.testing.assert_allclose(course.patches[0].get_data().values, np.arange(20.0))
    np.testing.assert_allclose(course.patches[0].get_data().edges[[0, -1]], [0, 2])
    assert course.texts[0].get_text() == "mean 9.5 Hz"
    without = some.drop_vars(["excitatory_spike_time", "excitatory_spike_cell"])
    assert network(without).axes[0].get_xlabel() == "time (s)", "no raster, and the rates come first"


def test_the_matrix_by_assembly_has_the_cells_of_none_last(made):
    data, assembly, _ = made
    named = np.where(assembly == 2, -1, assembly)
    ax = matrix(data, "e_to_e", assembly=named)
    by_hand = matrix(data, "e_to_e", np.concatenate([np.flatnonzero(named == k) for k in (0, 1, 3, -1)]))
    np.testing.assert_array_equal(ax.collections[0].get_array(), by_hand.collections[0].get_array())
    bounds = np.cumsum([(named == k).sum() for k in (0, 1, 3)]) - 0.5
    np.testing.assert_allclose([line.get_ydata()[0] for line in ax.lines[::2]], bounds)
    assert ax.get_xlabel() == "presynaptic cells, by assembly"


def test_data_sets_of_snapshots_of_their_own_are_drawn(made):
    data = made[0]
    own = data["i_to_e_weight"].isel(snapshot=[0, 20]).rename(snapshot="i_to_e_snapshot")
    changed = xr.merge([data.drop_vars("i_to_e_weight"), own.to_dataset(name="i_to_e_weight")], combine_attrs="override")
    ax = next(ax for ax in reversed(network(changed).axes) if ax.get_xlabel() == "time (s)")
    np.testing.assert_allclose(ax.lines[0].get_xdata(), SNAPSHOTS[[0, 20]])
