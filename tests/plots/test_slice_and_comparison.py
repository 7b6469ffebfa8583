"""Slices and compared weights are drawn as every other result is."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh


@pytest.fixture(scope="module")
def sliced():
    return sh.slice_of("pairing", "pair", n=3, delta_t="-10 ms, 10 ms, 20 ms", pairs=4, test_pulses=False, engine="plain")


@pytest.fixture(scope="module")
def compared():
    rng = np.random.default_rng(0)
    return sh.compare([rng.random(80), rng.beta(2, 5, (3, 60))])


def test_a_slice_shows_mean_error_and_every_cell(sliced):
    ax = sh.plot(sliced)
    singles = [line for line in ax.lines if line.get_marker() == "." and line.get_linestyle() == "None"]
    drawn = sorted(float(y) for line in singles for y in line.get_ydata())
    np.testing.assert_allclose(drawn, np.sort(sliced["cell_efficacy_ratio"].values.ravel()))
    bars = np.concatenate([[segment[:, 1] for segment in collection.get_segments()] for collection in ax.collections])
    sem = sliced["efficacy_ratio_sem"].values
    np.testing.assert_allclose(np.sort(np.ptp(bars, axis=1)), np.sort(2 * sem))
    assert ax.get_ylabel() == "after / before"
    assert ax.get_xlabel() == "Δt (ms)"
    assert "single cells (bar: SEM)" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_slices_are_drawn_over_one_another(sliced):
    assert len(sh.plot([sliced, sliced]).lines) > 2


def test_a_comparison_shows_densities_and_distances(compared):
    page = sh.figure(compared)
    densities, distances = page.axes
    for patch, density in zip(densities.patches, compared["density"].values, strict=True):
        np.testing.assert_allclose(patch.get_data().values, density)
    assert [text.get_text() for text in distances.texts] == [f"{value:.2f}" for value in compared["wasserstein"].values.ravel()]
    assert densities.get_xlabel().startswith("weight")
    (legend,) = page.legends
    assert [text.get_text() for text in legend.get_texts()] == ["1  array 1", "2  array 2"]


@pytest.mark.parametrize("panel", [None, "densities", "distances"])
def test_each_panel_of_a_comparison_names_its_samples(compared, panel):
    ax = sh.plot(compared, panel=panel)
    names = ax.get_yticklabels() if panel == "distances" else ax.get_legend().get_texts()
    assert [text.get_text() for text in names] == ["1  array 1", "2  array 2"]


def test_one_sample_needs_no_distances_and_many_stand_above_each_other():
    assert len(sh.figure(sh.compare(np.random.default_rng(0).random(30))).axes) == 1
    many = sh.figure(sh.compare([np.linspace(0, n, 30) for n in range(1, 6)])).axes[0]
    assert [text.get_text() for text in many.get_yticklabels()] == ["5", "4", "3", "2", "1"]
    assert many.get_ylim()[1] == 5


@pytest.mark.parametrize("result", ["sliced", "compared"])
def test_every_legend_lies_inside_the_figure(result, request):
    page = sh.figure(request.getfixturevalue(result))
    page.draw_without_rendering()
    for legend in page.legends:
        box = legend.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= page.bbox.x1
        assert box.y0 >= 0
        assert box.y1 <= page.bbox.y1
