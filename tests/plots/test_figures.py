"""Figures of experiments and recordings, by the data that reach the Axes."""

import numpy as np
import pytest
import xarray as xr
from drawn import line, reaches, texts, window
from matplotlib.figure import Figure
from matplotlib.legend import Legend

import spikeheb as sh
from spikeheb import plots
from spikeheb.plots import style

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


LONG = "triplet / visual_cortex_nearest_full, as the authors publish it"


def test_no_figure_of_a_long_name_is_cut(sjostrom, made):
    sjostrom.attrs["rule_label"] = LONG
    bare = made({"delta_t": [0.01, 0.02]}, [1.1, 1.2], test_pulses=False)
    bare.attrs["rule_label"] = LONG
    pages = [plots.figure(data) for data in (sjostrom, bare, window(LONG))]
    pages += [sh.plot(sjostrom, panel=panel).figure for panel in plots.PANELS["experiment"]]
    pages += [sh.plot(data).figure for data in (bare, window(LONG), [window(LONG), window("pair")])]
    assert [reaches(page) for page in pages] == pytest.approx([0] * len(pages), abs=1)


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
    labels = [line.get_label() for line in ax.lines]
    assert labels == ["50 Hz, +10 ms", "before", "10 Hz, \N{MINUS SIGN}10 ms"]
    peaks = [line.get_ydata().max() for line in ax.lines]
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
    after = next(line for line in ax.lines if line.get_label() == "after")
    assert after.get_ydata() == pytest.approx(np.array([0, 0, 20, 0, 2, 1, 0]))
    low, high = ax.get_ylim()
    assert (low, high) == (pytest.approx(-0.1), pytest.approx(2.1))


def test_traces_start_from_the_mean_before_the_pulse():
    ax = sh.plot(recording([0.25, -0.25, 0.1, 0, 2, 1, 0]), panel="traces")
    after = next(line for line in ax.lines if line.get_label() == "after")
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
    named = [line for line in ax.lines if line.get_color() != style.LIGHT and str(line.get_label()).startswith("Δt")]
    assert len(named) == 6
    assert sum(str(line.get_label()).startswith("Δt") for line in ax.lines) == 40
    assert texts(ax)[0] == "+40 ms"
    assert texts(ax)[-1] == "+1 ms"


def test_against_delta_t_the_two_sides_are_two_branches(made):
    data = made({"delta_t": [-0.02, -0.01, 0.01, 0.02], "frequency": [1.0] * 4}, [0.9, 0.8, 1.3, 1.1])
    ax = sh.plot(data, panel="outcome")
    lines = [line for line in ax.lines if line.get_label() == "epsp_ratio"]
    assert [line.get_xdata().tolist() for line in lines] == [[-20, -10], [10, 20]]
    assert [line.get_color() for line in lines] == [style.VERMILION, style.BLUE]
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
    assert page.get_suptitle() == "a.csv: EPSP ratio\n1.40 ± 0.02 (pathway 0), 1.000 ± 0.005 (pathway 1)"
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
