"""Figures of windows and replays, by the data that reach the Axes."""

import numpy as np
import pytest
import xarray as xr
from drawn import line, texts, window

import spikeheb as sh
from spikeheb import plots


def test_window_is_broken_at_coincidence():
    ax = sh.plot(window())
    points = np.concatenate([line.get_xydata() for line in ax.lines[2:]])
    assert points[np.argsort(points[:, 0])] == pytest.approx(np.array([[-10, -0.2], [0, 0.1], [10, 0.4]]))
    assert all(len(set(np.sign(line.get_xdata()))) == 1 for line in ax.lines[2:])
    assert "60 pairs at 1 Hz" in ax.get_ylabel()


def test_a_window_of_a_population_has_a_band_of_one_standard_error():
    data = window().assign(change_sem=("delta_t", [0.1, 0.05, 0.02]))
    data.attrs["counted"] = "readout"
    ax = sh.plot(data)
    assert "change of the readout" in ax.get_ylabel()
    edges = np.concatenate([band.get_paths()[0].vertices for band in ax.collections])
    assert {tuple(np.round(edge, 6)) for edge in edges} >= {(-10, -0.3), (-10, -0.1), (10, 0.38), (10, 0.42)}
    assert not sh.plot(window()).collections


def test_a_window_of_a_population_says_of_how_many_synapses_it_is_the_mean():
    data = window("rule / set").assign(change_sem=("delta_t", [0.1, 0.05, 0.02]))
    assert sh.plot(data).get_legend_handles_labels()[1] == ["rule / set: mean ± SEM"]
    data.attrs |= {"cells": 2, "synapses": 100, "seeds": [0, 1, 2]}
    assert sh.plot(data).get_legend_handles_labels()[1] == ["rule / set: mean of 600 synapses ± SEM"]
    assert sh.plot(window("rule / set")).get_legend_handles_labels()[1] == ["rule / set"]


def test_an_experiment_shows_the_readout_where_the_rule_has_one(made):
    data = made({"delta_t": [0.01, 0.02]}, [1.1, 1.2], test_pulses=False).assign(readout_ratio=("condition", [1.3, 1.4]))
    page = plots.figure(data)
    assert line(page.axes[0], "readout_ratio")[:, 1] == pytest.approx([1.3, 1.4])


def test_windows_of_several_rules_are_overlaid():
    both = xr.concat([window(), window("triplet", (-0.3, 0, 0.2))], "rule", combine_attrs="drop_conflicts")
    ax = plots.figure(both.assign_coords(rule=["pair", "triplet"])).axes[0]
    assert ax.get_legend_handles_labels()[1] == ["pair", "triplet"]
    mine = sh.plot(window())
    assert sh.plot(window("triplet"), ax=mine, label="mine") is mine
    names, colours = zip(*[(line.get_label(), line.get_color()) for line in mine.lines if line.get_label()[0] != "_"], strict=True)
    assert names == ("pair", "mine")
    assert colours[0] != colours[1]


def test_replay_is_weight_against_time():
    data = xr.Dataset(
        {"w": ("lane", [0.6, 0.4]), "w_record": (("lane", "time"), [[0.5, 0.5, 0.6], [0.5, 0.4, 0.4]])},
        coords={"lane": ["a", "b"], "time": [0.0, 1.0, 2.0]},
        attrs={"study": "replay", "rule_label": "pair"},
    )
    ax = sh.plot(data)
    assert line(ax, "a") == pytest.approx(np.array([[0, 0.5], [1, 0.5], [2, 0.6]]))
    assert texts(ax) == ["a", "b"]
    ax = sh.plot(data.drop_vars("w_record"))
    assert ax.lines[0].get_ydata() == pytest.approx([0.6, 0.4])


def test_a_replay_shows_its_spikes_and_goes_on_a_little_after_the_last():
    data = sh.replay("pair", [[0.0, 0.1], [0.05]], [[0.01], [0.2]], record=True, engine="brian:numpy")
    ax = sh.plot(data)
    assert ax.lines[1].get_xdata().max() > 0.2
    assert ax.lines[1].get_ydata().tolist() == [data["w_record"].values[0, -1]] * 2
    (strip,) = ax.child_axes
    ticks = {(part.get_label(), round(float(segment[0, 0]), 6)) for part in strip.collections for segment in part.get_segments()}
    assert ticks == {("pre", 0.0), ("pre", 0.1), ("post", 0.01), ("pre", 0.05), ("post", 0.2)}
    assert [text.get_text() for text in strip.get_yticklabels()] == ["post", "pre"]


# shades, directions, single conditions
