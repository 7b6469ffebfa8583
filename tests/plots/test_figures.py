"""Figures, by the data that reach the Axes."""

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.legend import Legend

import spikeheb as sh
from spikeheb import plots
from spikeheb.plots import style


def line(ax, name):
    """The x and y of the lines of that label, one after the other."""
    found = [one.get_xydata() for one in ax.lines if one.get_label() == name]
    assert found, f"no line {name} among {[one.get_label() for one in ax.lines]}"
    return np.concatenate(found)


def texts(ax):
    return [one.get_text() for one in ax.texts]


# experiments


def test_course_is_the_mean_of_each_minute_over_the_baseline(sjostrom):
    ax = sh.plot(sjostrom)
    after = line(ax, "50 Hz, Δt = +10 ms")
    assert after[:, 0] == pytest.approx(np.arange(1, 41))
    assert after[:, 1] == pytest.approx(np.full(40, 1.75))
    assert "minutes" in ax.get_xlabel()
    assert "EPSP / baseline" in ax.get_ylabel()


def test_no_change_looks_like_none(made):
    data = made({"delta_t": [0.01]}, [1.00002])
    for ax in (sh.plot(data), plots.figure(data).axes[1]):
        ax.figure.canvas.draw()
        low, high = ax.get_ylim()
        assert (low, high) == pytest.approx((0.95, 1.05), abs=0.01)
        assert ax.yaxis.get_offset_text().get_text() == ""


def test_a_long_title_stays_inside_the_figure(made):
    data = made({"delta_t": [0.01, 0.02]}, [1.1, 1.2], test_pulses=False)
    data.attrs |= {"protocol_changed": "schedule = idealised, series = frequency", "rule_label": "triplet / visual_cortex_nearest_full"}
    page = plots.figure(data)
    page.canvas.draw()
    title = page.get_suptitle()
    assert "visual_cortex_nearest_full" in title
    assert page._suptitle.get_window_extent().x1 <= page.bbox.x1


def test_course_leaves_rejected_sweeps_out(sjostrom):
    sjostrom["epsp"][0, 20] = np.nan
    after = line(sh.plot(sjostrom), "0.1 Hz, Δt = +10 ms")
    assert np.isnan(after[:, 1]).sum() == 1


def test_outcome_has_model_and_data(sjostrom):
    ax = sh.plot(sjostrom, panel="outcome")
    model = line(ax, "epsp_ratio")
    assert model[:5] == pytest.approx(np.column_stack([[0.1, 10, 20, 40, 50], [1.0, 1.1, 1.2, 1.5, 1.75]]))
    assert line(ax, "efficacy_ratio")[:, 1] == pytest.approx(1.01 * model[:, 1])
    bars = [container for container in ax.containers if container.get_label() == "published"]
    assert [bar.lines[0].get_ydata().size for bar in bars] == [5, 5]
    segments = bars[0].lines[2][0].get_segments()
    assert [np.ptp(segment[:, 1]) for segment in segments] == pytest.approx([0.2] * 5)
    assert bars[0].lines[0].get_xdata() == pytest.approx([0.1, 10, 20, 40, 50], abs=1)


def test_published_points_at_one_place_stand_side_by_side(sjostrom):
    ax = sh.plot(sjostrom, panel="outcome")
    plus, minus = (container.lines[0].get_xdata() for container in ax.containers)
    assert np.all(np.abs(plus - minus) > 0.5)
    assert (plus + minus) / 2 == pytest.approx([0.1, 10, 20, 40, 50])


def test_a_point_without_sem_is_drawn_without_a_bar(sjostrom):
    ax = sh.plot(sjostrom, panel="outcome", series="timing")
    heights = [np.ptp(segment[:, 1]) for bar in ax.containers for segment in bar.lines[2][0].get_segments()]
    assert sorted(heights) == pytest.approx([0.0, 0.2, 0.2, 0.2])


def test_traces_are_those_that_changed_most(sjostrom):
    ax = sh.plot(sjostrom, panel="traces")
    labels = [one.get_label() for one in ax.lines]
    assert labels == ["50 Hz, +10 ms", "before", "10 Hz, \N{MINUS SIGN}10 ms"]
    peaks = [one.get_ydata().max() for one in ax.lines]
    assert peaks == pytest.approx(np.array([1.75, 1.0, 0.6]) * np.exp(-0.1))
    assert "mV" in ax.get_ylabel()


def recording(sweep, **attrs):
    """A recording whose averaged sweeps are `sweep` (mV at 0, 1, 2 ... ms, from 2 ms before the pulse), half as high before."""
    time = np.arange(len(sweep)) * 1e-3 - 2e-3
    trace = np.array(sweep) * 1e-3
    data = xr.Dataset(
        {
            "epsp": (("condition", "sweep"), [[1e-3, 2e-3]]),
            "epsp_ratio": ("condition", [2.0]),
            "epsp_ratio_sem": ("condition", [0.1]),
            "v_before": (("condition", "time"), [-0.07 + 0.5 * trace]),
            "v_after": (("condition", "time"), [-0.07 + trace]),
        },
        coords={"recording": ("condition", ["a"]), "minutes": ("sweep", [-1.0, 1.0]), "time": time},
    )
    data["v_before"].attrs["units"] = "V"
    data.attrs = {"study": "recording", "recording": "a.csv", "pulses_s": 0.0, "baseline_s": [-0.005, 0.0], "blank_s": 5e-4, **attrs}
    return data


def test_a_stimulus_artefact_neither_flattens_nor_shifts_the_response():
    """20 mV of artefact in the sample of the pulse, and 2 mV of response."""
    ax = sh.plot(recording([0, 0, 20, 0, 2, 1, 0]), panel="traces")
    after = next(one for one in ax.lines if one.get_label() == "after")
    assert after.get_ydata() == pytest.approx(np.array([0, 0, 20, 0, 2, 1, 0]))
    low, high = ax.get_ylim()
    assert (low, high) == (pytest.approx(-0.1), pytest.approx(2.1))


def test_traces_start_from_the_mean_before_the_pulse():
    ax = sh.plot(recording([0.25, -0.25, 0.1, 0, 2, 1, 0]), panel="traces")
    after = next(one for one in ax.lines if one.get_label() == "after")
    assert after.get_ydata() == pytest.approx(np.array([0.25, -0.25, 0.1, 0, 2, 1, 0]))


@pytest.mark.parametrize("attrs", [{"pulses_s": [0.0, 0.05]}, {"paired_pulse_s": 0.05}])
def test_both_responses_of_paired_pulses_are_shown(made, attrs):
    data = made({}, [1.4])
    data.attrs |= attrs
    assert sh.plot(data, panel="traces").lines[0].get_xdata().max() == pytest.approx(100)
    assert sh.plot(made({}, [1.4]), panel="traces").lines[0].get_xdata().max() == pytest.approx(50)


def test_series_are_told_apart(sjostrom):
    assert line(sh.plot(sjostrom, panel="outcome", series="timing"), "epsp_ratio").shape == (4, 2)
    with pytest.raises(sh.UnknownName, match='no series named "timming"; did you mean "timing"'):
        sh.plot(sjostrom, series="timming")


def test_single_conditions_are_named_beside_the_legend(sjostrom):
    ax = sh.plot(sjostrom, panel="outcome", series="timing")
    legends = [child for child in ax.get_children() if isinstance(child, Legend)]
    named = {text.get_text() for legend in legends for text in legend.get_texts()}
    assert named == {"Δt = +25 ms", "Δt = \N{MINUS SIGN}25 ms", "published ± SEM", "model, EPSP", "model, efficacy"}


def test_figure_has_a_row_a_series_and_names_the_error(sjostrom):
    figure = plots.figure(sjostrom)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert [title for title in titles if "E =" in title] == [
        "frequency series\nE = 0.25 (EPSP), 0.25 (efficacy)",
        "timing series\nE = 1.25 (EPSP), 1.25 (efficacy)",
    ]
    assert titles.count("averaged EPSPs") == 2
    assert {"Δt = +10 ms", "Δt = \N{MINUS SIGN}10 ms", "Δt = 0 ms"} <= set(titles)
    assert figure.get_suptitle() == "made_up: rule / set"


def test_ratios_of_a_row_share_their_scale(sjostrom):
    figure = plots.figure(sjostrom)
    courses = [ax for ax in figure.axes if ax.get_xlabel() == "minutes from induction"]
    outcome = next(ax for ax in figure.axes if ax.get_title(loc="left").startswith("frequency"))
    assert courses[0].get_ylim() == courses[1].get_ylim() == outcome.get_ylim()


def test_every_condition_of_a_course_is_named(sjostrom):
    figure = plots.figure(sjostrom)
    ax = next(ax for ax in figure.axes if ax.get_title(loc="left") == "Δt = +10 ms")
    assert texts(ax) == ["0.1 Hz", "10 Hz", "20 Hz", "40 Hz", "50 Hz"]


def test_lines_that_end_together_share_a_name(made):
    data = made({"frequency": [1.0, 5.0, 10.0, 50.0]}, [0.8, 0.8, 0.8, 1.5])
    assert texts(sh.plot(data)) == ["1 to 10 Hz", "50 Hz"]


def test_of_many_conditions_some_are_picked(made):
    delta_t = np.arange(1, 41) * 1e-3
    data = made({"delta_t": delta_t}, 1 + np.exp(-delta_t / 0.01))
    ax = sh.plot(data)
    named = [one for one in ax.lines if one.get_color() != style.LIGHT and str(one.get_label()).startswith("Δt")]
    assert len(named) == 6
    assert sum(str(one.get_label()).startswith("Δt") for one in ax.lines) == 40
    assert texts(ax)[0] == "+40 ms"
    assert texts(ax)[-1] == "+1 ms"


def test_against_delta_t_the_two_sides_are_two_branches(made):
    data = made({"delta_t": [-0.02, -0.01, 0.01, 0.02], "frequency": [1.0] * 4}, [0.9, 0.8, 1.3, 1.1])
    ax = sh.plot(data, panel="outcome")
    lines = [one for one in ax.lines if one.get_label() == "epsp_ratio"]
    assert [one.get_xdata().tolist() for one in lines] == [[-20, -10], [10, 20]]
    assert [one.get_color() for one in lines] == [style.VERMILION, style.BLUE]
    assert "Δt (ms)" in ax.get_xlabel()


def test_wide_ranges_get_a_logarithmic_scale(made):
    figure = plots.figure(made({"frequency": [1.0, 10.0, 100.0]}, [0.5, 2.0, 7.0]))
    assert {ax.get_yscale() for ax in figure.axes if "minutes" in ax.get_xlabel() or "frequency" in ax.get_xlabel()} == {"log"}
    assert sh.plot(made({"frequency": [1.0, 10.0]}, [0.8, 1.5])).get_yscale() == "linear"


def test_conditions_in_words(made):
    ax = sh.plot(made({"drug": ["none", "APV"]}, [1.5, 1.0]), panel="outcome")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["none", "APV"]


def test_without_test_pulses_only_the_outcome_is_there(made):
    data = made({"frequency": [1.0, 10.0]}, [0.8, 1.5], test_pulses=False)
    assert line(sh.plot(data), "efficacy_ratio")[:, 1] == pytest.approx([0.808, 1.515])
    assert len(plots.figure(data).axes) == 1
    for panel in ("course", "traces"):
        with pytest.raises(sh.FormatError, match="without test pulses"):
            sh.plot(data, panel=panel)


def test_a_result_full_of_nan_is_still_drawn(made):
    data = made({"frequency": [1.0, 10.0]}, [np.nan, np.nan])
    assert isinstance(plots.figure(data), Figure)


def test_one_condition_alone(made):
    figure = plots.figure(made({}, [1.4]))
    assert [ax.get_xlabel() for ax in figure.axes] == ["ms from test pulse", "minutes from induction"]


# recordings, windows, replays


def test_recordings_show_every_sweep(made):
    data = made({"recording": ["a"]}, [1.4]).drop_vars("efficacy_ratio")
    data.attrs = {"study": "recording", "recording": "a.csv"}
    ax = sh.plot(data)
    assert line(ax, "single sweeps")[:, 1] == pytest.approx([1] * 10 + [1.4] * 40)
    assert plots.figure(data).get_suptitle() == "a.csv: EPSP ratio 1.4"
    with pytest.raises(sh.UnknownName, match='no panel named "outcome"'):
        sh.plot(data, panel="outcome")


def test_pathways_of_a_recording_have_names_and_no_line_between_them(made):
    """The last sweep of all belongs to the second pathway, so that the first has no value there."""
    data = made({"pathway": [0, 1]}, [1.4, 1.0]).drop_vars("efficacy_ratio")
    data.attrs = {"study": "recording", "recording": "a.csv"}
    data["epsp"].values[0, -1] = np.nan
    data["epsp_ratio_sem"] = ("condition", [0.021, 0.0049])
    page = plots.figure(data)
    assert page.get_suptitle() == "a.csv: EPSP ratios 1.40 ± 0.02, 1.000 ± 0.005"
    assert len(page.axes) == 2
    assert {text.get_text() for text in page.axes[1].texts} == {"pathway 0", "pathway 1"}
    low, high = page.axes[1].get_xlim()
    assert low < -9
    assert high > 39


def test_compared_experiments_have_one_line_style_along_delta_t_and_names_above(made):
    """A colour says the rule; on which side of 0 a line lies needs no style of its own."""
    results = [made({"delta_t": [-0.02, -0.01, 0.01, 0.02]}, ratios) for ratios in ([0.8, 0.7, 1.3, 1.2], [0.9, 0.8, 1.2, 1.1])]
    ax = sh.plot(results)
    assert {drawn.get_linestyle() for drawn in ax.lines if len(drawn.get_xdata()) == 2 and drawn.get_color() != style.LIGHT} == {"-"}
    ax.figure.draw_without_rendering()
    assert ax.get_legend().get_window_extent().y0 >= ax.get_window_extent().y1


def test_signs_of_directions_at_one_place_stand_one_above_the_other(made):
    data = made({"pattern": ["a", "a", "b", "b"], "delta_t": [0.01, 0.02, 0.01, 0.02]}, [1.2, 1.1, 0.9, 0.8])
    data = data.assign(published_outcome=("condition", np.array(["LTP", "LTP", "LTD", "LTD"])))
    ax = sh.plot(data, panel="outcome")
    levels = [float(drawn.get_ydata()[0]) for drawn in ax.lines if drawn.get_label() == "published direction"]
    assert len(levels) == 4
    assert len(set(levels)) == 2


def test_numbers_without_a_unit_stand_with_their_name(made):
    page = plots.figure(made({"repeats": [1, 3]}, [1.2, 1.5]))
    assert {text.get_text() for text in page.axes[1].texts} == {"repeats 1", "repeats 3"}
    assert {text.get_text() for text in page.axes[0].get_legend().get_texts()} == {"repeats 3", "repeats 1", "before"}


def window(label="pair", change=(-0.2, 0.1, 0.4)):
    data = xr.Dataset({"change": ("delta_t", np.array(change))}, coords={"delta_t": [-0.01, 0.0, 0.01]})
    data.attrs = {"study": "window", "rule_label": label, "pairs": 60, "frequency_Hz": 1.0}
    return data


def test_window_is_broken_at_coincidence():
    ax = sh.plot(window())
    points = np.concatenate([one.get_xydata() for one in ax.lines[2:]])
    assert points[np.argsort(points[:, 0])] == pytest.approx(np.array([[-10, -0.2], [0, 0.1], [10, 0.4]]))
    assert all(len(set(np.sign(one.get_xdata()))) == 1 for one in ax.lines[2:])
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
    names, colours = zip(*[(one.get_label(), one.get_color()) for one in mine.lines if one.get_label()[0] != "_"], strict=True)
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


def luminance(colour):
    """Of a colour from 0 (black) to 1 (white), as the WCAG defines it."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in matplotlib.colors.to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


@pytest.mark.parametrize("colour", style.CYCLE[:5])
@pytest.mark.parametrize("count", [2, 5, 6])
def test_shades_grow_darker_and_the_lightest_can_still_be_read(colour, count):
    levels = [luminance(shade) for shade in style.shades(colour, count)]
    assert levels == sorted(levels, reverse=True)
    assert min(-np.diff(levels)) > 0.01
    whole = luminance(colour)
    assert 1.05 / (levels[0] + 0.05) >= 0.55 * 1.05 / (whole + 0.05)


def with_directions(made, ratios=(np.nan, np.nan, np.nan), words=("LTP", "LTD", "none")):
    data = made({"delta_t": [-0.01, 0.01, 0.02]}, [0.8, 1.3, 1.1], published=(list(ratios), [np.nan] * 3), test_pulses=False)
    return data.assign(published_outcome=("condition", np.array(words)))


def test_published_directions_are_drawn_where_there_is_no_number(made):
    ax = sh.plot(with_directions(made), panel="outcome")
    signs = [(one.get_marker(), float(one.get_xdata()[0])) for one in ax.lines if one.get_label() == "published direction"]
    assert sorted(signs) == [("D", 20.0), ("^", -10.0), ("v", 10.0)]
    named = {text.get_text() for text in ax.get_legend().get_texts()}
    assert {"published: potentiation", "published: depression", "published: no change"} <= named


def test_a_number_is_drawn_in_place_of_its_direction(made):
    ax = sh.plot(with_directions(made, ratios=(0.7, np.nan, np.nan)), panel="outcome")
    signs = [float(one.get_xdata()[0]) for one in ax.lines if one.get_label() == "published direction"]
    assert sorted(signs) == [10.0, 20.0]


def test_an_error_that_is_not_known_is_no_heading(sjostrom):
    sjostrom["error_epsp"][1] = np.nan
    sjostrom["error_efficacy"][:] = np.nan
    titles = [ax.get_title(loc="left") for ax in plots.figure(sjostrom).axes]
    assert "frequency series\nE = 0.25 (EPSP)" in titles
    assert "timing series" in titles
    assert not [title for title in titles if "nan" in title]


def test_one_condition_without_test_pulses_has_an_axis_and_its_value(made):
    data = made({"delta_t": [0.01], "frequency": [1.0]}, [1.6], test_pulses=False)
    ax = sh.plot(data)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["Δt = +10 ms\n1 Hz"]
    assert texts(ax) == ["1.62"]
    assert ax.get_xlim()[0] < 0 < ax.get_xlim()[1]
    handles = plots.figure(data).legends[0].legend_handles
    assert [handle.get_marker() for handle in handles] == ["x"]


# several results


def test_lists_of_windows_are_overlaid():
    ax = sh.plot([window(), window("triplet", (-0.3, 0, 0.2))])
    assert ax.get_legend_handles_labels()[1] == ["pair", "triplet"]
    assert isinstance(sh.plot([window()]), type(sh.plot(window())))


def test_lists_of_experiments_are_compared_condition_by_condition(made):
    first = made({"frequency": [1.0, 10.0]}, [0.8, 1.5], published=([0.9, 1.4], [0.1, 0.1]))
    second = made({"frequency": [1.0, 10.0]}, [0.7, 1.2])
    second.attrs["rule_label"] = "other"
    ax = sh.plot([first, second])
    assert line(ax, "rule / set") == pytest.approx(np.array([[1, 0.8], [10, 1.5]]))
    assert line(ax, "other") == pytest.approx(np.array([[1, 0.7], [10, 1.2]]))
    assert len(ax.containers) == 1


def test_lists_of_replays_are_overlaid():
    made = [sh.replay(rule, [0.0, 0.1], [0.01], record=True, engine="brian:numpy") for rule in ("pair", "triplet")]
    assert sh.plot(made).get_legend_handles_labels()[1] == ["pair", "triplet"]


def test_results_that_cannot_be_compared_are_refused_in_one_line(made):
    first = made({"frequency": [1.0, 10.0]}, [0.8, 1.5])
    cases = {
        "expected at least one result": [],
        r"expected results of one kind \(got experiment, window\)": [first, window()],
        r"different conditions \(2 of frequency and 1 of frequency\)": [first, made({"frequency": [1.0]}, [1.0])],
        "give all rules to one call of weights": [xr.Dataset(attrs={"study": "weights"})] * 2,
        "all with test pulses": [first, made({"frequency": [1.0, 10.0]}, [1.0, 1.0], test_pulses=False)],
    }
    for text, results in cases.items():
        with pytest.raises(sh.FormatError, match=text) as caught:
            sh.plot(results)
        assert "\n" not in str(caught.value)


# in a notebook


def test_what_is_plotted_shows_itself_once_in_a_notebook(sjostrom):
    """IPython asks for `_repr_png_`; figures of pyplot would be shown a second time at the end of the cell."""
    for shown in (sh.plot(sjostrom), plots.figure(sjostrom), sh.plot([window(), window("b")])):
        assert shown._repr_png_()[:4] == b"\x89PNG"
    code = (
        "import matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as plt, xarray as xr, spikeheb as sh;"
        "d = xr.Dataset({'w': ('lane', [1.0])}, coords={'lane': [0]}, attrs={'study': 'replay'});"
        "assert sh.plot(d)._repr_png_(); assert plt.get_fignums() == []"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# manners


def test_axes_of_the_user_are_used_and_settings_stay(sjostrom):
    before = dict(matplotlib.rcParams)
    ax = Figure().add_subplot()
    assert sh.plot(sjostrom, ax=ax) is ax
    plots.figure(sjostrom)
    assert dict(matplotlib.rcParams) == before


def test_no_window_and_no_pyplot():
    code = (
        "import sys, xarray as xr, spikeheb as sh;"
        "d = xr.Dataset({'w': ('lane', [1.0])}, coords={'lane': [0]}, attrs={'study': 'replay'});"
        "sh.plot(d); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_no_result_is_refused():
    with pytest.raises(sh.FormatError, match="expected a result of experiment"):
        sh.plot(xr.Dataset())
    with pytest.raises(sh.UnknownName, match='no panel named "corse"; did you mean "course"'):
        data = xr.Dataset(attrs={"study": "experiment"})
        sh.plot(data, panel="corse")


def test_write_replaces_whole_files_only(sjostrom, tmp_path, monkeypatch):
    path = plots.write(plots.figure(sjostrom), tmp_path / "figure.png")
    assert path.read_bytes()[:4] == b"\x89PNG"
    first = path.read_bytes()
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(sh.StorageError, match=r"figure\.png: could not be written whole \(No space left on device\)"):
        plots.write(Figure(), path)
    assert path.read_bytes() == first
    assert list(tmp_path.iterdir()) == [path]


def test_text_is_legible_at_half_size():
    sizes = [value for name, value in style.SETTINGS.items() if name.endswith("size") and isinstance(value, int)]
    assert min(sizes) >= 12


@pytest.mark.parametrize(
    ("values", "gap", "expected"),
    [
        ([1.0, 2.0, 3.0], 0.5, [1.0, 2.0, 3.0]),
        ([1.0, 1.0], 0.5, [0.75, 1.25]),
        ([3.0, 1.0, 1.1], 0.5, [3.0, 0.8, 1.3]),
        ([0.0, 0.4, 0.8], 0.5, [-0.1, 0.4, 0.9]),
        ([], 1.0, []),
    ],
)
def test_names_are_moved_apart_as_little_as_needed(values, gap, expected):
    assert style.spread(values, gap) == pytest.approx(expected)
