"""Published directions, lists of results, notebooks, and what all figures have in common."""

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
import xarray as xr
from drawn import line, texts, window
from matplotlib.figure import Figure

import spikeheb as sh
from spikeheb import plots
from spikeheb.plots import style


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
    signs = [(line.get_marker(), float(line.get_xdata()[0])) for line in ax.lines if line.get_label() == "published direction"]
    assert sorted(signs) == [("D", 20.0), ("^", -10.0), ("v", 10.0)]
    named = {text.get_text() for text in ax.get_legend().get_texts()}
    assert {"published: potentiation", "published: depression", "published: no change"} <= named


def test_a_number_is_drawn_in_place_of_its_direction(made):
    ax = sh.plot(with_directions(made, ratios=(0.7, np.nan, np.nan)), panel="outcome")
    signs = [float(line.get_xdata()[0]) for line in ax.lines if line.get_label() == "published direction"]
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


@pytest.mark.parametrize("other", [3, None, sh.rule("pair"), np.zeros(3)])
def test_what_is_no_data_set_is_refused_by_its_kind(other):
    for draw in (sh.plot, sh.figure):
        with pytest.raises(sh.FormatError, match=rf"expected a result of experiment.*\(got {type(other).__name__}\)"):
            draw(other)


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
