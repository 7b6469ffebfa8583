"""Figures of the hidden synapse: every cell that was kept, and the ideal observer's posterior with the truth marked."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from drawn import reaches

import spikeheb as sh

RULES = ["a", "b", "c"]


@pytest.fixture
def cells():
    ratio = np.array([[1.2, np.nan, 1.6], [0.8, 0.9, 1.0]])
    names = ["delta_t = 0.01", "delta_t = -0.01"]
    attrs = {"study": "mystery", "protocol": "pairing"}
    return xr.Dataset({"ratio": (("condition", "cell"), ratio)}, coords={"condition": names}, attrs=attrs)


@pytest.fixture
def posterior():
    shares = np.array([[0.4, 0.3, 0.3], [0.7, 0.29, 0.01], [0.98, 0.01, 0.01]])
    return xr.Dataset(
        {
            "probability": (("experiment", "rule"), shares),
            "handed_in": ("rule", [0.9, 0.1, 0.0]),
            "cells": ("experiment", [0, 6, 12]),
        },
        coords={"rule": RULES},
        attrs={"study": "posterior", "truth": "a", "same": "a"},
    )


def test_every_kept_cell_is_a_point_and_lost_ones_are_counted(cells):
    ax = sh.plot(cells)
    points = np.concatenate([line.get_ydata() for line in ax.lines if line.get_marker() == "o"])
    assert sorted(points) == [0.8, 0.9, 1.0, 1.2, 1.6]
    assert "(1 lost)" in ax.get_title(loc="left")


def test_what_else_was_asked_for_stands_below_the_cells():
    data = sh.mystery(3, level=0).do("pairing", cells=2, delta_t="-10 ms", pairs=240)
    assert sh.plot(data).get_xlabel() == "pairs = 240"


def test_the_posterior_is_drawn_against_cells_with_the_truth_thick(posterior):
    ax = sh.plot(posterior)
    lines = [line for line in ax.lines if line.get_marker() == "o"]
    assert [line.get_xdata().tolist() for line in lines] == [[0, 6, 12]] * 3
    assert np.allclose([line.get_ydata() for line in lines], posterior.probability.values.T)
    assert int(np.argmax([line.get_linewidth() for line in lines])) == RULES.index("a")
    assert [float(line.get_ydata()[0]) for line in ax.lines if line.get_marker() == "x"] == [0.9, 0.1]


@pytest.mark.parametrize("name", ["cells", "posterior"])
def test_the_whole_figure_has_the_panel(name, request):
    assert len(sh.figure(request.getfixturevalue(name)).axes) == 1


def test_long_names_of_rules_and_conditions_are_not_cut(cells, posterior):
    names = ["triplet:visual_cortex_nearest_min", "damour_froemke:auditory_cortex", "graupner_brunel:cortical_slices"]
    posterior = posterior.assign_coords(rule=names)
    posterior.attrs |= {"truth": names[0], "same": names[0]}
    cells = cells.assign_coords(condition=["frequency = 1 Hz, delta_t = 10 ms", "frequency = 1 Hz, delta_t = -10 ms"])
    assert [reaches(sh.plot(data).figure) for data in (cells, posterior)] == pytest.approx([0, 0], abs=1)
