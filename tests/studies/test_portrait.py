"""What is known about a rule, a cell or a protocol, as values."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.studies.portrait import CellPortrait, ProtocolPortrait, RulePortrait, measure_rule, measured, of_rule

EVIL = '<script>alert("x")</script>\n\x1b[31m'
NAMES = {"rule": "pair:additive", "cell": "l5_pyramidal", "protocol": "sjostrom_2001"}


def test_a_rule_with_its_set():
    picture = sh.portrait("triplet:visual_cortex_all_min", measure=False)
    assert isinstance(picture, RulePortrait)
    assert picture.name == "triplet / visual_cortex_all_min"
    assert picture.set == "visual_cortex_all_min"
    equation = next(formula for formula in picture.blocks[0].formulas if formula.text.startswith("do1"))
    assert equation.text == "do1/dt = -o1/tau_minus : 1"
    assert equation.latex == r"\frac{d\mathrm{o1}}{dt} &= -\frac{\mathrm{o1}}{\tau_{-}}"
    (tau_y,) = [parameter for parameter in picture.parameters if parameter.name == "tau_y"]
    assert (tau_y.value, tau_y.text) == (pytest.approx(0.114), "114 ms")
    assert picture.interaction == "all_to_all"
    assert picture.claims == {"event_driven": True, "bounded": True}
    assert picture.measured is None
    assert "10.1523/JNEUROSCI.1425-06.2006" in {reference.doi for reference in picture.references.values()}


def test_the_sets_of_a_rule_hold_only_what_they_change():
    picture = of_rule(sh.rule("vogels"), measure=False)
    sets = {chosen.name: chosen for chosen in picture.sets}
    assert picture.set == ""
    assert sets["single_cell"].values["rho_0"].value == 6.25
    assert "rho_0" not in sets["nest"].values
    assert sets["nest"].bounds == "hard, w_min = 0, w_max = 1"
    (start,) = of_rule(sh.rule("clopath"), measure=False).sets[2].initial
    assert start.text == "w = 1"


def test_the_factors_of_the_bounds_and_what_a_file_calls_positive():
    picture = sh.portrait("pair:multiplicative", measure=False)
    assert [formula.text for formula in picture.update] == [
        "w += F_plus*ltp - F_minus*ltd",
        "F_plus = (w_max - w)/(w_max - w_min)",
        "F_minus = (w - w_min)/(w_max - w_min)",
    ]
    assert any("positive(v - theta_plus)" in formula.text for formula in sh.portrait("clopath", measure=False).blocks[0].formulas)


def test_what_is_unverified_is_a_warning():
    assert any("unverified" in warning for warning in sh.portrait("suppression", measure=False).warnings)
    assert sh.portrait("triplet", measure=False).warnings == ()


def test_what_is_measured_is_what_the_studies_give():
    rule = sh.rule("pair:additive")
    portrayed = measure_rule(rule)
    window = sh.window(rule, portrayed.window.delta_t)
    np.testing.assert_array_equal(portrayed.window.change, window["change"])
    assert portrayed.window.sem == ()
    board = sh.score([rule], ["sjostrom_2001"], refit=False)
    for score in portrayed.scores:
        if score.data_set in board["data_set"]:
            square = board.sel(data_set=score.data_set).isel(entry=0)
            assert (score.error, score.met, score.points) == (float(square["error"]), float(square["met"]), int(square["points"]))
    assert sum(score.data_set.startswith("sjostrom_2001") for score in portrayed.scores) == 4
    assert portrayed.drift == 0.0


def test_the_window_of_a_rule_that_draws_has_standard_errors():
    window = measured._window(sh.rule("graupner_brunel:hippocampal_slices"))
    assert len(window.sem) == len(window.delta_t)
    assert any(sem > 0 for sem in window.sem)
    assert window.counted == "the readout"
    assert window.population == "200 synapses"


def test_scores_are_those_of_the_rule_and_not_those_that_its_authors_give():
    """The board has a line for each; the better one must not stand in for the rule."""
    rule = sh.rule("clopath:visual_cortex")
    board = sh.score([rule], ["sjostrom_2001"], refit=False)
    assert board.sizes["entry"] == 2
    scores = measured._scores(board)
    assert [score.error for score in scores] == board["error"].isel(entry=0).values.tolist()


def test_a_cell():
    picture = sh.portrait("l5_pyramidal")
    assert isinstance(picture, CellPortrait)
    assert picture.method == "exponential_euler"
    assert picture.threshold.text == "v > V_peak"
    assert [line.text for line in picture.reset] == ["v = V_r", "w_ad += b"]
    ampa = next(receptor for receptor in picture.receptors if receptor.name == "ampa")
    assert (ampa.unit, ampa.rise, ampa.decay) == (pytest.approx(4e-9), None, pytest.approx(2e-3))
    assert r"At a spike, that is when $v > V_{\mathrm{peak}}$:" in picture.latex


def test_a_protocol():
    picture = sh.portrait("sjostrom_2001")
    assert isinstance(picture, ProtocolPortrait)
    assert picture.parameters["schedule"] == ("experiment", "experiment or idealised")
    assert picture.published is not None
    row = next(row for row in picture.published.rows if row.condition["frequency"] == 50 and row.condition["delta_t"] == -0.01)
    assert (row.ratio, row.sem, row.n, row.measure) == (1.75, 0.19, 10, "amplitude")
    assert {name: takes for name, (_, takes) in sh.portrait("pairing").parameters.items()}["delta_t"] == "list: a time"


@pytest.mark.parametrize("kind", NAMES)
def test_a_portrait_is_a_line_at_a_prompt_and_a_page_in_a_notebook(kind):
    picture = sh.portrait(NAMES[kind], measure=False)
    assert repr(picture).startswith(f"portrait of the {kind} {picture.name}: ")
    assert len(repr(picture)) < 400
    page = picture._repr_html_()
    assert all(f"<h4>{section.heading}" in page.replace("&#x27;", "'") for section in picture.sections)
    evil = replace(picture, title=EVIL, doc=EVIL, name=EVIL)
    assert "<script" not in evil._repr_html_()
    assert "\x1b" not in repr(evil) + evil._repr_html_()


def test_a_page_holds_the_rows_of_its_tables():
    page = sh.portrait("l5_pyramidal")._repr_html_()
    assert "<td" in page
    assert "281 pF" in page


def test_what_is_shown_as_nothing_is_nan():
    portrayed = measure_rule(sh.rule("vogels"))
    assert portrayed.label == "vogels / single_cell"  # the first of its sets
    (score,) = portrayed.scores
    assert score.data_set == "damour_2015/inhibitory"
    assert math.isnan(score.error)
    assert score.row[2] == ""
    assert score.row[6] == "2 of 2"


def test_a_name_that_several_files_have(tmp_path, monkeypatch):
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "sjostrom_2001.toml").write_text((library.find("rule", "pair")).read_text().replace('"pair"', '"sjostrom_2001"', 1))
    monkeypatch.setenv("SPIKEHEB_PATH", str(tmp_path))
    with pytest.raises(sh.DuplicateName, match="give one of these paths"):
        sh.portrait("sjostrom_2001")
    assert sh.portrait(folder / "sjostrom_2001.toml", measure=False).kind == "rule"


def test_what_is_there_of_no_kind_or_has_no_sets():
    with pytest.raises(sh.UnknownName, match='no rule, cell or protocol named "par"; did you mean "pair" or "pairing"'):
        sh.portrait("par")
    with pytest.raises(sh.FormatError, match="a cell has no sets"):
        sh.portrait("l5_pyramidal:x")
    with pytest.raises(sh.UnknownName):
        sh.portrait("pair:no_such_set")
