"""Every curve in the figure of a study of weights is the data's."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.legend import Legend

import spikeheb as sh
from spikeheb.engines.compiler import compiler
from spikeheb.plots import figure, plot
from spikeheb.plots.weights import OVERLAID, shown_top
from spikeheb.theory.measured_weights import epsp_density

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
SETS = ("additive", "multiplicative", "gutig", "linear_ltd")


def study(count, **options):
    rules = [sh.rule("pair", set=name) for name in (*SETS, "van_rossum")[:count]]
    inputs = sh.Inputs((sh.correlated(20, "15 Hz"), *sh.poisson_inputs(40).sources))
    return sh.weights(rules, None, inputs, "20 s", 2, imposed="15 Hz", snapshots=10, **options)


@pytest.fixture(scope="module")
def two():
    return study(2, epsp="2 mV")


@pytest.fixture(scope="module")
def five():
    return study(5)


@pytest.mark.parametrize("log", [False, True])
def test_histograms_are_densities_of_all_weights(two, log):
    ax = plot(two, panel="log_histograms" if log else "histograms")
    assert len(ax.patches) == 2
    for n, patch in enumerate(ax.patches):
        w = np.log10(two["weight"].values[n].ravel()) if log else two["weight"].values[n].ravel()
        edges = np.log10(patch.get_data().edges) if log else patch.get_data().edges
        np.testing.assert_allclose(patch.get_data().values, np.histogram(w, edges, density=True)[0], rtol=1e-9)
        assert patch.get_label() == f"{n + 1}  {two['rule'].values[n]}"


@pytest.mark.parametrize("log", [False, True])
def test_thin_lines_are_the_theory_and_the_dotted_one_the_measured_epsps(two, log):
    ax = plot(two, panel="log_histograms" if log else "histograms")
    assert len(ax.lines) == 3
    for n in range(2):
        x, y = ax.lines[n].get_data()
        np.testing.assert_array_equal(x, two["theory_weight"].values[n])
        density = two["theory_density"].values[n]
        np.testing.assert_allclose(y, density * x * np.log(10) if log else density)
        assert np.trapezoid(y, np.log10(x) if log else x) == pytest.approx(1, abs=0.02)
    x, y = ax.lines[2].get_data()
    density = epsp_density(2 * x) * 2
    np.testing.assert_allclose(y, density * x * np.log(10) if log else density)


def test_five_rules_stand_above_each_other_each_to_its_own_peak(five):
    assert five.sizes["rule"] > OVERLAID
    ax = plot(five, panel="histograms")
    for n, patch in enumerate(ax.patches):
        values, edges, base = patch.get_data()
        assert base == 4 - n
        expected = np.histogram(five["weight"].values[n].ravel(), edges, density=True)[0]
        drawn = (values - base) * 1.1 * shown_top(expected)
        np.testing.assert_allclose(drawn, np.minimum(expected, 1.1 * shown_top(expected)), atol=1e-9)
        assert np.ptp(values) > 0.85
    assert [text.get_text()[0] for text in ax.get_yticklabels()] == ["5", "4", "3", "2", "1"]


def test_one_bar_does_not_flatten_the_rest():
    share = np.array([50.0, 0.5, 1.0, 0.7, 0.2, 8.0])
    assert shown_top(share) == 1.5
    assert shown_top(np.array([50.0, 0.01, 0.0, 0.0])) == 50
    assert shown_top(np.array([0.0, 3.0, 0.0])) == 3
    assert shown_top(np.array([0.2, 0.9, 1.0, 0.8, 0.1])) == 1
    data = study(1)
    data["weight"].values[:] = np.concatenate([np.zeros(84), np.linspace(0.02, 1, 36)]).reshape(1, 2, 1, 60)
    ax = plot(data, panel="histograms")
    highest = ax.patches[0].get_data().values.max()
    assert highest == pytest.approx(0.7 * 50)
    assert ax.get_ylim()[1] < 2
    assert [text.get_text() for text in ax.texts] == ["\N{UPWARDS ARROW} 35"]


def test_a_narrow_peak_leaves_room_for_a_wide_histogram(two):
    wide, narrow = two.copy(deep=True), 1
    wide["weight"].values[0] = np.linspace(0, 1, 120).reshape(2, 1, 60)
    wide["weight"].values[narrow] = 0.5
    ax = plot(wide, panel="histograms")
    assert ax.get_ylim()[1] < 3.5
    assert [text.get_text() for text in ax.texts] == ["\N{UPWARDS ARROW} 50"]


def test_courses_show_the_kept_weights_over_the_time_that_was_run(five):
    for n, ax in enumerate(figure(five).axes[4:9]):
        mesh = ax.collections[0]
        corners = mesh.get_coordinates()
        times, edges = corners[0, :, 0], corners[:, 0, 1]
        shots = five["snapshot"].values[n, 0]
        assert (times[0], times[-1]) == (0, pytest.approx(20))
        assert edges[0] <= shots.min()
        assert shots.max() < edges[-1] <= 1.03 * shots.max()
        expected = np.array([np.histogram(w, edges)[0] / w.size for w in shots]).T
        np.testing.assert_array_equal(np.ma.filled(mesh.get_array(), 0).reshape(expected.shape), expected)
        np.testing.assert_allclose(np.nansum(expected, axis=0), 1)


def test_weights_beyond_any_usual_range_are_in_the_course():
    """Weights at ten times the start, beside a rule without an upper limit."""
    data = study(5)
    data["snapshot"].values[4] = 10.0 + np.arange(60) / 60
    ax = figure(data).axes[8]
    assert ax.get_ylim()[1] > 10.9


def test_a_stopped_run_ends_where_it_was_stopped(two):
    data = two.copy(deep=True)
    data["snapshot"].values[0, :, 4:] = np.nan
    ax = figure(data).axes[4]
    assert ax.get_xlim()[1] == pytest.approx(float(data["time"][3]))
    assert "stopped" in ax.get_title(loc="left")


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        (("yes", "yes"), ": has settled"),
        (("yes", "no"), ": has not settled"),
        (("cannot tell", "no"), ": has not settled"),
        (("yes", "cannot tell"), ": cannot tell whether it has settled"),
    ],
)
def test_titles_of_courses_say_whether_all_seeds_have_settled(two, verdicts, words):
    data = two.assign(settled=(("rule", "seed"), np.array([verdicts, ("yes", "yes")])))
    title = figure(data).axes[4].get_title(loc="left").replace("\n", " ")
    assert title == f"{data['rule'].values[0]}{words}"


def test_no_word_of_the_figure_is_cut(two, five):
    for data in (two, five, five.isel(rule=slice(3))):
        page = figure(data)
        page.draw_without_rendering()
        across, up = page.get_size_inches() * page.dpi
        words = [label for ax in page.axes for label in (ax.xaxis.label, ax.yaxis.label, ax.title, *ax.texts)]
        words += [text for legend in page.findobj(Legend) for text in legend.get_texts()]
        for text in words:
            box = text.get_window_extent()
            assert -1 <= box.x0 <= box.x1 <= across + 1, text
            assert -1 <= box.y0 <= box.y1 <= up + 1, text


def test_names_of_few_rules_stand_in_one_line_with_the_theory(five):
    page = figure(five.isel(rule=slice(3)))
    page.draw_without_rendering()
    heights = [text.get_window_extent().y0 for legend in page.findobj(Legend) for text in legend.get_texts()]
    assert len(heights) == 4
    assert np.ptp(heights) < 5


def test_groups_of_inputs_show_their_mean_and_the_middle_of_their_weights(two):
    ax = plot(two, panel="against_input")
    bars = [child for child in ax.collections if isinstance(child, LineCollection)]
    for n in range(2):
        for k, kind in enumerate((0, 1)):
            w = two["weight"].values[n][..., two["group"].values == kind].ravel()
            assert ax.lines[n].get_ydata()[k] == pytest.approx(w.mean())
            low, high = bars[n].get_segments()[k][:, 1]
            assert (low, high) == (pytest.approx(np.percentile(w, 16)), pytest.approx(np.percentile(w, 84)))
            assert low >= 0
    assert [text.get_text() for text in ax.get_xticklabels()] == ["correlated", "independent"]
    assert ax.get_ylim()[0] == 0


def test_distances_are_those_of_the_weights(two):
    from scipy.stats import wasserstein_distance

    ax = plot(two, panel="distances")
    w = two["weight"].values
    expected = wasserstein_distance(w[0].ravel(), w[1].ravel())
    assert expected > 0.01
    np.testing.assert_allclose(ax.images[0].get_array(), [[0, expected], [expected, 0]])
    assert [text.get_text() for text in ax.texts] == ["0.00", f"{expected:.2f}", f"{expected:.2f}", "0.00"]


def test_numbers_that_stand_for_rules_are_explained(five):
    names = [f"{n}  {name}" for n, name in enumerate(five["rule"].values, start=1)]
    words = [text.get_text() for legend in figure(five).findobj(Legend) for text in legend.get_texts()]
    assert words[:5] == names
    for panel in ("histograms", "log_histograms"):
        assert [text.get_text() for text in plot(five, panel=panel).get_yticklabels()] == names[::-1]
    assert [text.get_text() for text in plot(five, panel="distances").get_yticklabels()] == names
    legend = plot(five, panel="against_input").get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == names


def test_the_legend_is_inside_the_figure(five):
    names = ["pair / gutig (A_minus, A_plus, tau_minus, tau_plus changed)", "a name " * 40]
    long = five.assign_coords(rule=[*names, *five["rule"].values[2:]])
    for data in (five, long):
        page = figure(data)
        page.draw_without_rendering()
        legends = [legend for part in page.subfigs for legend in part.legends]
        assert legends
        for legend in legends:
            box, whole = legend.get_window_extent(), page.bbox
            assert whole.x0 <= box.x0
            assert box.x1 <= whole.x1
