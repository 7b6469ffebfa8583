"""The figures of networks show the spikes, rates and weights of the result and no others."""

from __future__ import annotations

import json

import numpy as np
import pytest
from matplotlib.colors import to_hex
from networks_made import COUNTS, SNAPSHOTS, STOP, made_network

from spikeheb.errors import FormatError, UnknownName
from spikeheb.plots.network_matrix import BLOCKS, matrix
from spikeheb.plots.networks import RATE_BINS, ROWS, network
from spikeheb.plots.style import BLUE, VERMILION

EXCITATORY, INHIBITORY = "excitatory", "inhibitory"


@pytest.fixture(scope="module")
def made():
    return made_network()


@pytest.fixture(scope="module")
def page(made):
    return network(made[0])


def rows_of(ax, name):
    """Times and rows of the strokes of a population."""
    return next(line.get_data() for line in ax.lines if line.get_label() == name)


def cells_by_row(data, ax, name):
    """The cell whose spikes, all of them, each row of a raster has."""
    times, rows = rows_of(ax, name)
    every = [data[f"{name}_spike_time"].values[data[f"{name}_spike_cell"].values == cell] for cell in range(COUNTS[name])]
    return [next(cell for cell, own in enumerate(every) if np.array_equal(own, times[rows == row])) for row in np.unique(rows)]


def test_each_row_has_all_spikes_of_one_cell_and_rows_stand_by_number_with_excitation_below(made, page):
    raster = page.axes[0]
    sizes = {name: len(cells_by_row(made[0], raster, name)) for name in COUNTS}
    assert sizes == {EXCITATORY: 160, INHIBITORY: 40}
    assert sum(sizes.values()) == ROWS
    for name in COUNTS:
        cells = cells_by_row(made[0], raster, name)
        assert cells == sorted(set(cells))
        assert cells != list(range(len(cells)))
    assert rows_of(raster, EXCITATORY)[1].max() < rows_of(raster, INHIBITORY)[1].min()


def test_the_same_cells_are_drawn_whenever_it_is_drawn(made, page):
    again = network(made[0]).axes[0]
    for name in COUNTS:
        np.testing.assert_array_equal(rows_of(again, name), rows_of(page.axes[0], name))


def test_populations_are_named_beside_their_rows_in_colours_of_their_own(page):
    raster, course = page.axes[:2]
    labels = raster.get_yticklabels()
    assert [label.get_text() for label in labels] == ["excitatory\n160 of 800", "inhibitory\n40 of 200"]
    assert [to_hex(label.get_color()).upper() for label in labels] == [BLUE, VERMILION]
    assert [line.get_color() for line in raster.lines if line.get_label() in COUNTS] == [BLUE, VERMILION]
    assert [text.get_color() for text in course.texts] == [BLUE, VERMILION]


def test_rates_stand_on_the_time_axis_of_the_raster(made, page):
    raster, course = page.axes[:2]
    assert raster.get_xlim() == course.get_xlim() == (0, STOP)
    assert course.get_ylabel() == "rate of a cell (Hz)\nbins of 10 ms"
    for patch, text, (name, count) in zip(course.patches, course.texts, COUNTS.items(), strict=True):
        times = made[0][f"{name}_spike_time"].values
        values, edges, _ = patch.get_data()
        assert len(values) == RATE_BINS[1]
        k = 123
        in_bin = (times > edges[k] - 1e-9) & (times < edges[k + 1] - 1e-9)
        assert values[k] == pytest.approx(in_bin.sum() / count / 0.01)
        assert values.sum() * 0.01 * count == pytest.approx(times.size)
        assert text.get_text() == f"mean {times.size / count / STOP:.3g} Hz"


@pytest.mark.parametrize(
    ("window", "share", "width"), [((0.0, 0.06), 1.0, 2.0), ((0.0, 0.06), 0.02, 2.0), ((0.0, 0.5), 0.02, 20.0), ((0.0, 2.0), 1.0, 10.0)]
)
def test_bins_of_rates_are_as_wide_as_the_spikes_and_the_window_need(made, window, share, width):
    """Bins of a share of all spikes: never 200 of a window of 60 ms, where each would be .3 ms."""
    data = made[0]
    for name in COUNTS:
        dimension = f"{name}_spike"
        data = data.isel({dimension: slice(None, None, round(1 / share))})
    course = next(ax for ax in network(data, window).axes if "rate of a cell" in ax.get_ylabel())
    shown = float(course.get_ylabel().removeprefix("rate of a cell (Hz)\nbins of ").removesuffix(" ms"))
    _, edges, _ = course.patches[0].get_data()
    assert shown == pytest.approx(1e3 * (edges[1] - edges[0]), rel=1e-2)
    assert shown == width


def test_of_a_long_run_its_end_is_shown(made):
    data = made[0].assign_coords(snapshot=SNAPSHOTS * 100)
    late = data.assign({f"{name}_spike_time": data[f"{name}_spike_time"] + 198.0 for name in COUNTS})
    raster, course = network(late).axes[:2]
    assert raster.get_xlim() == course.get_xlim() == (198, 200)
    raster = network(data, (1.2, 1.3)).axes[0]
    assert raster.get_xlim() == (1.2, 1.3)
    assert 1.2 - 1e-9 <= rows_of(raster, EXCITATORY)[0].min() <= rows_of(raster, EXCITATORY)[0].max() < 1.3


def test_histograms_are_of_the_first_and_the_last_snapshot(made, page):
    for n, name in enumerate(("e_to_e", "i_to_e")):
        ax = page.axes[2 + 2 * n]
        assert ax.get_title(loc="left") == name
        assert ax.get_xlabel() == "weight (nS)"
        for patch, k, label in zip(ax.patches, (0, -1), ("at 0 s", "at 2 s"), strict=True):
            values, edges, _ = patch.get_data()
            np.testing.assert_allclose(values, np.histogram(made[0][f"{name}_weight"].values[k], edges, density=True)[0], rtol=1e-9)
            assert patch.get_label() == label


def test_courses_are_of_the_mean_and_of_the_middle_of_the_weights(made, page):
    for n, name in enumerate(("e_to_e", "i_to_e")):
        ax, weights = page.axes[3 + 2 * n], made[0][f"{name}_weight"].values
        np.testing.assert_allclose(ax.lines[0].get_xydata(), np.stack([SNAPSHOTS, weights.mean(axis=1)], axis=1))
        corners = ax.collections[0].get_paths()[0].vertices
        for k in (0, 10, 20):
            reached = corners[np.isclose(corners[:, 0], SNAPSHOTS[k]), 1]
            np.testing.assert_allclose((reached.min(), reached.max()), np.percentile(weights[k], (10, 90)))
        assert ax.get_title(loc="left") == f"mean from {weights[0].mean():.3g} to {weights[-1].mean():.3g} nS"


def test_bars_at_a_bound_do_not_flatten_the_others(made):
    data = made[0].copy(deep=True)
    data["e_to_e_weight"].values[-1, ::2] = 0.0
    ax = network(data).axes[2]
    highest = float(ax.patches[1].get_data().values.max())
    assert ax.get_ylim()[1] < highest
    assert [text.get_text() for text in ax.texts] == [f"\N{UPWARDS ARROW} {highest:.3g}"]


def test_networks_without_plasticity_without_spikes_or_with_a_single_snapshot_are_drawn(made):
    data = made[0]
    fixed = data.assign_attrs(plastic="[]")
    assert len(network(fixed).axes) == 2
    silent = data.isel(excitatory_spike=slice(0), inhibitory_spike=slice(0))
    assert [text.get_text() for text in network(silent).axes[1].texts] == ["mean 0 Hz"] * 2
    single = network(data.isel(snapshot=[-1]))
    assert len(single.axes[2].patches) == 1
    assert single.axes[3].lines[0].get_marker() == "o"
    with pytest.raises(FormatError, match="there is neither a spike nor a snapshot"):
        network(silent.isel(snapshot=slice(0)).assign_attrs(plastic="[]"))


def test_all_words_are_inside_the_figure_and_large_enough_for_half_the_size(page):
    page.draw_without_rendering()
    across, up = page.get_size_inches() * page.dpi
    for ax in page.axes:
        words = [ax.xaxis.label, ax.yaxis.label, ax._left_title, *ax.texts, *ax.get_yticklabels()]
        for text in (each for each in words if each.get_text()):
            box = text.get_window_extent()
            assert -1 <= box.x0 <= box.x1 <= across + 1, text
            assert -1 <= box.y0 <= box.y1 <= up + 1, text
            assert text.get_fontsize() >= 12


def test_the_matrix_has_the_mean_weight_of_each_block_in_the_order_of_cells(made):
    data, assembly = made
    order = np.argsort(assembly, kind="stable")
    ax = matrix(data, "e_to_e", order)
    mesh = ax.collections[0]
    drawn, corners = np.ma.filled(mesh.get_array().astype(float), np.nan), mesh.get_coordinates()
    size = -(-800 // BLOCKS)
    assert drawn.shape == (-(-800 // size),) * 2
    assert (corners[0, 0].tolist(), corners[-1, -1].tolist()) == ([-0.5, -0.5], [799.5, 799.5])
    place = np.argsort(order)
    pre, post, weights = (data[f"e_to_e_{what}"].values for what in ("pre", "post", "weight"))
    for row, column in ((0, 0), (3, 100), (133, 133), (100, 3)):
        own = (place[pre] // size == column) & (place[post] // size == row)
        expected = weights[-1][own].mean() if own.any() else np.nan
        np.testing.assert_allclose(drawn[row, column], expected)
    edges = np.searchsorted(np.sort(assembly), range(5)) // size
    inside = drawn[edges[1] + 1 : edges[2], edges[1] + 1 : edges[2]]
    outside = drawn[edges[1] + 1 : edges[2], edges[2] + 1 : edges[3]]
    assert np.nanmin(inside) > np.nanmean(outside)
    assert "nS" in ax.figure.axes[1].get_ylabel()


def test_the_matrix_of_few_cells_has_one_field_for_each_connection(made):
    """0 -> 1 twice, 2 -> 0, and two that the order leaves out."""
    data = made[0].isel(e_to_e_synapse=slice(5)).copy(deep=True)
    data["e_to_e_pre"].values[:], data["e_to_e_post"].values[:] = [0, 0, 2, 4, 1], [1, 1, 0, 0, 4]
    data["e_to_e_weight"].values[-1] = [1.0, 2.0, 5.0, 7.0, 9.0]
    drawn = matrix(data, "e_to_e", [2, 1, 0]).collections[0].get_array().filled(np.nan)
    np.testing.assert_array_equal(drawn, [[np.nan] * 3, [np.nan, np.nan, 1.5], [5.0, np.nan, np.nan]])
    by_number = matrix(data, "e_to_e").collections[0].get_array().filled(np.nan)
    assert by_number.shape == (5, 5)
    assert (by_number[1, 0], by_number[0, 4], by_number[4, 1]) == (1.5, 7.0, 9.0)
    other = matrix(data, "e_to_e", [0, 2], [0, 1]).collections[0].get_array().filled(np.nan)
    np.testing.assert_array_equal(other, [[np.nan, 5.0], [1.5, np.nan]])


def without(data, name):
    return data.drop_vars(name)


def changed(data, name, value):
    data = data.copy(deep=True)
    data[name].values[..., 0] = value
    return data


REFUSED = {
    "no networks": (lambda data: network(data.assign_attrs(populations=3)), "populations: expected the result of a network"),
    "populations without numbers": (lambda data: network(data.assign_attrs(populations='["a"]')), "populations: expected names"),
    "populations without cells": (lambda data: network(data.assign_attrs(populations='[["a", 0]]')), "count: expected a whole number"),
    "a list that is none": (lambda data: network(data.assign_attrs(plastic="{}")), "plastic: expected a list in JSON (got dict)"),
    "no spikes": (lambda data: network(without(data, "inhibitory_spike_cell")), "inhibitory_spike_cell: expected the result"),
    "no weights": (lambda data: network(without(data, "e_to_e_weight")), "e_to_e_weight: expected the result"),
    "a cell too many": (
        lambda data: network(data.assign_attrs(populations=json.dumps([[EXCITATORY, 3], [INHIBITORY, 200]]))),
        "cells: expected cells from 0 to 2",
    ),
    "a weight that is none": (lambda data: network(changed(data, "i_to_e_weight", np.nan)), "i_to_e_weight: expected finite numbers"),
    "a window backwards": (lambda data: network(data, (1.0, 0.5)), "stop: expected a window that stops after its start"),
    "a window of one number": (lambda data: network(data, 1.0), "window: expected start and stop in seconds (got 1.0)"),
    "no synapse": (lambda data: matrix(data.isel(e_to_e_synapse=slice(0)), "e_to_e"), "e_to_e_weight: expected at least one"),
    "one cell twice": (lambda data: matrix(data, "e_to_e", [0, 1, 1]), "order: expected different cells"),
    "an order of names": (lambda data: matrix(data, "e_to_e", ["a"]), "order: expected whole numbers"),
    "an order of none": (lambda data: matrix(data, "e_to_e", None, []), "post_order: expected different cells, at least one (got none)"),
    "an order of others": (lambda data: matrix(data, "e_to_e", [5000]), "order: no synapse joins cells of this order"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_drawn_is_refused_in_one_line(made, what):
    call, words = REFUSED[what]
    with pytest.raises(FormatError) as caught:
        call(made[0])
    assert str(caught.value).startswith(words)


def test_an_unknown_projection_is_refused_with_the_nearest(made):
    with pytest.raises(UnknownName, match='no plastic projection named "e_to_i"; did you mean "e_to_e"'):
        matrix(made[0], "e_to_i")
