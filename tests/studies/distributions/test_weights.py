"""The study of weight distributions, its comparison, its words and pictures."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.circuits.sources import Poisson, correlated
from spikeheb.engines.compiler import compiler
from spikeheb.errors import EngineError, FormatError, ScheduleError
from spikeheb.studies.distributions.comparison import distances_table, read_weights, shapes_table, theory_table
from spikeheb.studies.inputs import Inputs, with_inhibition

RULES = [sh.rule("pair", set=name) for name in ("additive", "gutig")]
needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")


@pytest.fixture(scope="module")
def data():
    return sh.weights(RULES, None, sh.poisson_inputs(60), "20 s", 3, imposed="15 Hz", cells=2, snapshots=12)


def test_the_result_is_labelled_and_of_the_size_that_was_asked_for(data):
    assert data["weight"].sizes == {"rule": 2, "seed": 3, "cell": 2, "input": 60}
    assert data["histogram"].sizes == {"rule": 2, "seed": 3, "time": 12, "bin": 100}
    assert data.attrs["unit"] == "w/w_max"
    assert all(data[name].attrs["long_name"] for name in data.data_vars)
    assert data["rule"].values.tolist() == ["pair / additive", "pair / gutig"]
    np.testing.assert_array_equal(data["histogram"].sum("bin"), 120)


def test_every_rule_sees_the_same_spikes(data):
    """Imposed rates of the two are equal to the last spike, and another seed has others."""
    rates = data["rate"].values
    np.testing.assert_array_equal(rates[0], rates[1])
    assert len(set(rates[0])) == 3


def test_the_last_histogram_counts_the_last_weights(data):
    of_rule = data.isel(rule=1, seed=0)
    edges = np.append(of_rule["edge_low"].values, of_rule["edge_high"].values[-1])
    np.testing.assert_array_equal(of_rule["histogram"].values[-1], np.histogram(of_rule["weight"].values, edges)[0])


def test_theory_is_beside_it_where_there_is_one():
    result = sh.weights([RULES[1], sh.rule("triplet")], None, sh.poisson_inputs(20), "2 s", imposed="15 Hz", snapshots=8)
    assert np.isfinite(result["theory_density"].isel(rule=0)).all()
    assert np.isnan(result["theory_density"].isel(rule=1)).all()


def test_unbounded_weights_are_told_in_units_of_the_start():
    result = sh.weights([RULES[0], sh.rule("pair", set="morrison")], None, sh.poisson_inputs(10), "1 s", imposed="5 Hz", snapshots=8)
    assert result.attrs["unit"] == "w/w0"
    np.testing.assert_allclose(result["snapshot"].isel(time=0), 1, atol=0.05)


def test_equal_labels_are_numbered_and_names_may_be_given():
    two = [sh.rule("pair", set="additive", A_plus=value) for value in (0.01, 0.02)]
    result = sh.weights(two, None, sh.poisson_inputs(5), "1 s", imposed="5 Hz", snapshots=8)
    assert result["rule"].values.tolist() == ["pair / additive (A_plus changed) #1", "pair / additive (A_plus changed) #2"]
    named = sh.weights(two, None, sh.poisson_inputs(5), "1 s", imposed="5 Hz", snapshots=8, name=["slow", "fast"])
    assert named["rule"].values.tolist() == ["slow", "fast"]


def test_slow_rules_run_longer_on_request():
    two = [sh.rule("pair", set="additive", A_plus=value) for value in (0.02, 0.01)]
    result = sh.weights(two, None, sh.poisson_inputs(5), "1 s", imposed="5 Hz", match_rates=True, snapshots=8)
    np.testing.assert_allclose(result["duration"], [1, 2])


@needs_compiler
def test_correlated_inputs_win_on_a_driven_cell():
    inputs = with_inhibition(Inputs((correlated(100, 15.0, 0.3, 0.02), Poisson(np.full(400, 15.0)))), 100, "10 Hz")
    rule = sh.rule("pair", set="additive", A_plus=0.01, A_minus=0.0105)
    result = sh.weights([rule], "song_2000", inputs, "100 s", 1, unit="0.3 nS")
    w, group = result["weight"].values, result["group"].values
    assert w[..., group == 0].mean() > 2 * w[..., group == 1].mean()
    inside, outside = w[..., group == 0].mean(), w[..., group == 1].mean()
    assert result["selectivity"].values[0, 0] == pytest.approx((inside - outside) / (inside + outside))


@needs_compiler
def test_the_two_engines_agree():
    """Same spikes, same weights; Brian2's own example's rule: additive, A 0.01 and 0.0105, 20 ms."""
    rule = sh.rule("pair", set="additive", A_plus=0.01, A_minus=0.0105, tau_plus="20 ms", tau_minus="20 ms")
    arguments = ([rule], "song_2000", sh.poisson_inputs(100), "3 s", 1)
    options = {"unit": "3 nS", "snapshots": 8}
    kernel, brian = (sh.weights(*arguments, engine=engine, **options) for engine in ("kernel", "brian"))
    np.testing.assert_allclose(kernel["weight"], brian["weight"], rtol=0, atol=1e-10)
    np.testing.assert_array_equal(kernel["rate"], brian["rate"])
    assert kernel["rate"].values.mean() > 1


def test_what_cannot_be_done_is_said():
    with pytest.raises(EngineError, match=r"GB.*allowed"):
        sh.weights(RULES, None, sh.poisson_inputs(1000), "1 s", 1, imposed="5 Hz", cells=1000, memory=1e6)
    with pytest.raises(ScheduleError, match="imposed"):
        sh.weights(RULES, None, sh.poisson_inputs(10), "1 s")
    with pytest.raises(EngineError, match="expected one of auto, kernel, plain, brian"):
        sh.weights(RULES, None, sh.poisson_inputs(10), "1 s", imposed="5 Hz", engine="nest")
    with pytest.raises(ScheduleError, match="at least one rule"):
        sh.weights([], None, sh.poisson_inputs(10), "1 s", imposed="5 Hz")
    with pytest.raises(EngineError, match="A_plus or eta"):
        sh.weights([sh.rule("clopath")], "l5_clopath", sh.poisson_inputs(10), "1 s", match_rates=True)


def test_studies_and_weights_from_elsewhere_are_compared(data, tmp_path):
    sh.save(data, tmp_path / "a.nc")
    np.save(tmp_path / "b.npy", np.random.default_rng(0).random((4, 200)))
    (tmp_path / "c.csv").write_text("seed0,seed1\n" + "\n".join(f"{x},{1 - x}" for x in np.linspace(0, 1, 50)))
    samples = [sample for name in ("a.nc", "b.npy", "c.csv") for sample in read_weights(tmp_path / name, 0, 1)]
    assert [sample.name for sample in samples] == ["pair / additive", "pair / gutig", "b", "c"]
    assert [len(sample.seeds) for sample in samples] == [3, 3, 4, 2]
    columns, rows = shapes_table(samples)
    assert {len(row) for row in rows} == {len(columns)}
    columns, rows = distances_table(samples)
    assert len(rows) == 6
    assert all("(" in row[2] for row in rows)
    columns, rows = theory_table(samples)
    assert [row[0] for row in rows] == ["pair / additive", "pair / gutig"]


@pytest.mark.parametrize(("name", "content"), [("a.csv", "a,b\nx,y\n"), ("b.npy", "no array"), ("c.csv", "1,nan\n"), ("d.nc", "nothing")])
def test_files_that_hold_no_weights_are_refused(name, content, tmp_path):
    (tmp_path / name).write_text(content)
    with pytest.raises(FormatError, match=name):
        read_weights(tmp_path / name)
    with pytest.raises(FormatError, match="no such file"):
        read_weights(tmp_path / "none.csv")


def test_pictures_show_the_data(data):
    from spikeheb.plots import figure, plot

    page = figure(data)
    assert len(page.axes) == 6  # histograms twice, against input, distances, two courses
    ax = plot(data, panel="histograms")
    shares = ax.patches[0].get_data()
    np.testing.assert_allclose(np.sum(shares.values * np.diff(shares.edges)), 1)
    assert "w/w_max" in ax.get_xlabel()
    for panel in ("log_histograms", "course", "against_input", "distances"):
        assert plot(data, panel=panel).has_data()


@needs_compiler
@pytest.mark.parametrize("kind", ["divisive", "subtractive"])
def test_normalised_weights_keep_their_sum(kind):
    result = sh.weights(RULES, None, sh.poisson_inputs(40), "10 s", imposed="15 Hz", normalise=kind, snapshots=8)
    np.testing.assert_allclose(result["weight"].sum("input"), 20, rtol=1e-9)
    assert float(result["weight"].min()) >= 0
    slow = sh.weights(RULES[:1], None, sh.poisson_inputs(40), "10 s", imposed="15 Hz", normalise=kind, normalise_every="3 s", snapshots=8)
    assert abs(float(slow["weight"].sum("input")[0, 0, 0]) - 20) > 1e-6


@needs_compiler
def test_the_constraint_study_has_its_picture():
    from spikeheb.plots import figure, plot
    from spikeheb.studies.distributions.constraint import constraint

    result = constraint(learning_rates=(0.2, 0.05), duration="5 s", seeds=2)
    assert result["weight"].sizes == {"kind": 2, "learning_rate": 2, "input": 20}
    np.testing.assert_allclose(result["weight"].sum("input"), 1, rtol=1e-9)
    assert len(figure(result).axes) == 2
    assert plot(result, panel="bias").get_xscale() == "log"


def test_measured_epsps_are_drawn_beside_on_request():
    from spikeheb.plots import plot

    result = sh.weights(RULES[:1], None, sh.poisson_inputs(20), "1 s", imposed="15 Hz", snapshots=8, epsp="2 mV", watch=5)
    assert result["snapshot"].sizes["synapse"] == 5
    labels = [line.get_label() for line in plot(result, panel="log_histograms").lines]
    assert "measured EPSPs" in labels


@pytest.mark.parametrize("inputs", [20, "15 Hz", [0.1, 0.2]], ids=["number", "text", "list"])
def test_inputs_that_are_none_are_refused_by_name(inputs):
    with pytest.raises(ScheduleError, match="inputs: expected Inputs"):
        sh.weights("pair", inputs=inputs, duration="1 s")


@needs_compiler
def test_amplitudes_of_zero_spread_no_weight_and_have_no_theory():
    data = sh.weights(sh.rule("pair", A_plus=0, A_minus=0), None, sh.poisson_inputs(10), "1 s", 1, imposed="20 Hz", snapshots=8)
    assert np.isnan(data["theory_distance"].values).all()
    assert (data["weight"].values == 0.5).all()


@needs_compiler
def test_one_source_of_trains_is_all_the_inputs():
    source = sh.correlated(10, "20 Hz")
    options = {"duration": "1 s", "seeds": 1, "imposed": "20 Hz", "snapshots": 8}
    assert sh.weights("pair", inputs=source, **options).identical(sh.weights("pair", inputs=Inputs((source,)), **options))


@pytest.mark.parametrize("unit", ["0 nS", "-1 nS"])
def test_a_conductance_of_nothing_or_less_is_refused(unit):
    with pytest.raises(ScheduleError, match="unit: expected a conductance above 0"):
        sh.weights("pair", unit=unit, duration="1 s")
