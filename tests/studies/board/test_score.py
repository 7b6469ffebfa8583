"""The scoreboard on small parts of the library, and its words and picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.engines.choice import carry_out
from spikeheb.errors import FormatError, SpikehebError
from spikeheb.expressions.tree import Number
from spikeheb.measure.score import chance_allowed, deviance, error, points
from spikeheb.rules.meaning import is_noisy
from spikeheb.rules.rule import Post
from spikeheb.studies.board import predictions
from spikeheb.studies.board.entries import AS_PUBLISHED
from spikeheb.studies.board.fit import TOO_FEW, fit_gain, refit
from spikeheb.studies.board.predictions import cell_of, only_imposed_spikes, predict
from spikeheb.studies.board.standing import FITTED, NOT_APPLICABLE, OTHER, SAME, against, free_parameters, standing
from spikeheb.studies.datasets import data_sets, template, with_measurements
from spikeheb.theory.graupner_brunel import outcome, pairs

SJOSTROM = {data.label: data for data in data_sets(sh.protocol("sjostrom_2001"))}
ADDITIVE = sh.rule("pair", set="additive")
IDEALISED = SJOSTROM["sjostrom_2001/frequency (idealised)"]


@pytest.fixture(scope="module")
def board():
    return sh.score(["triplet", "vogels"], ["sjostrom_2001", "damour_2015"], refit=False)


def test_every_schedule_and_series_is_a_data_set_of_its_own():
    series, schedules = ("frequency", "timing"), ("experiment", "idealised")
    assert sorted(SJOSTROM) == [f"sjostrom_2001/{name} ({schedule})" for name in series for schedule in schedules]
    assert IDEALISED.points.ratio.size == 10
    assert IDEALISED.labels[0] == "frequency = 0.1, delta_t = 0.01"


def test_every_file_of_data_is_scored_and_every_fitted_set_names_data_that_there_are():
    known = {data.name for name in library.names("protocol") for data in data_sets(sh.protocol(name))}
    known |= {name.split("/")[0] for name in known}
    fitted = {data for name in library.names("rule") for parameter_set in sh.rule(name).sets.values() for data in parameter_set.fitted_to}
    assert fitted <= known | {"froemke_dan_2002", "bi_poo_1998"}
    assert {"sjostrom_2001/timing", "wang_2005/triplets", "bi_poo_1998/fitted window"} <= known


def test_a_set_is_fitted_predicts_its_own_preparation_or_another():
    timing = SJOSTROM["sjostrom_2001/timing (experiment)"]
    visual = sh.rule("triplet", set="visual_cortex_all_min")
    assert standing(visual, IDEALISED) == FITTED
    assert free_parameters(visual, IDEALISED) == 3
    assert standing(visual, timing) == SAME
    assert free_parameters(visual, timing) == 0
    assert standing(sh.rule("triplet", set="hippocampus_all_min"), IDEALISED) == OTHER
    assert standing(sh.rule("triplet", set="visual_cortex_all_min", A2_minus=0), IDEALISED) == OTHER


@pytest.mark.parametrize(
    ("rule", "protocol", "reason"),
    [
        ("vogels", "sjostrom_2001", "inhibitory"),
        ("pair", "damour_2015", "excitatory"),
        ("covariance_reward", "sjostrom_2001", "reward"),
        ("tsodyks_markram", "sjostrom_2001", "no weight"),
        ("pair", "ngezahayo_2000", "potential"),
        ("pair", "inglebert_2020", "calcium"),
        ("clopath", "ngezahayo_2000", ""),
        ("graupner_brunel_scaled", "inglebert_2020", ""),
    ],
)
def test_what_a_rule_cannot_speak_about_is_said(rule, protocol, reason):
    why_not = against(sh.rule(rule), data_sets(sh.protocol(protocol))[0])
    assert reason in why_not
    assert bool(why_not) == bool(reason)


def test_the_board_holds_published_errors_and_reasons(board):
    """RULES section 2: E = 0.36 of the minimal all-to-all set on the idealised schedule, 5.8 on the experiment's own."""
    entry = board.sel(entry="triplet / visual_cortex_all_min")
    assert float(entry["error"].sel(data_set="sjostrom_2001/frequency (idealised)")) == pytest.approx(0.36, abs=0.01)
    assert float(entry["error"].sel(data_set="sjostrom_2001/frequency (experiment)")) == pytest.approx(5.8, abs=0.1)
    assert float(entry["met"].sel(data_set="sjostrom_2001/frequency (idealised)")) == 10
    assert str(entry["standing"].sel(data_set="damour_2015/inhibitory").values) == NOT_APPLICABLE
    assert np.isnan(entry["ratio"].sel(point=board["data_set_of_point"] == "damour_2015/inhibitory")).all()
    assert all(board[name].attrs["long_name"] for name in board.data_vars)


def test_the_board_agrees_with_a_run(board):
    rule = sh.rule("triplet", set="hippocampus_nearest_full")
    run = sh.run("sjostrom_2001", rule, test_pulses=False)
    chosen = board["data_set_of_point"].isin(["sjostrom_2001/frequency (experiment)", "sjostrom_2001/timing (experiment)"])
    ratios = board["ratio"].sel(entry=rule.label).values[chosen.values]
    np.testing.assert_allclose(ratios, run["efficacy_ratio"].values, rtol=0, atol=1e-9)


def test_sets_are_named_as_rules_are(monkeypatch):
    """The board asks the library for each name, and for nothing else."""
    asked = []
    monkeypatch.setattr(library, "rule", lambda name: asked.append(name) or ADDITIVE)
    sh.score(["triplet:visual_cortex_all_min", "pair"], ["wang_2005"], refit=False)
    assert asked[:2] == ["triplet:visual_cortex_all_min", "pair"]


def test_the_board_survives_a_file_and_makes_words_and_a_picture(board, tmp_path):
    from spikeheb.cli.board import best_table, markdown
    from spikeheb.plots import figure, plot

    back = sh.load(sh.save(board, tmp_path / "score.nc"))
    text = markdown(back)
    assert "## sjostrom_2001/timing (experiment)" in text
    assert "Not applicable, for inhibitory synapses: vogels / single_cell" in text
    assert "| triplet / visual_cortex_nearest_min | fitted to them | 0.35" in text
    columns, rows = best_table(back)
    assert {len(row) for row in rows} == {len(columns)}
    assert len(figure(back).axes) == 4  # two maps and their scales
    numbers = plot(back.isel(data_set=np.flatnonzero(back["points"].values > 0)))
    shown = numbers.images[0].get_array()
    assert len(shown) == back.sizes["entry"] + 2  # an empty line and the noise ceiling
    np.testing.assert_array_equal(np.ma.filled(shown, np.nan)[:-2], back["skill"].values[:, back["points"].values > 0])
    assert np.all(np.ma.filled(shown, np.nan)[-1] > 0.5)


def test_many_synapses_stand_for_a_rule_that_draws():
    """Graupner and Brunel's closed form of what a population shows, to within the chance that the prediction names."""
    rule = sh.rule("graupner_brunel", set="DP")
    prediction = predict(sh.protocol("pairing", delta_t="10 ms, -20 ms"), rule)
    expected = [pairs(rule.constants, delta_t, 1.0, 60).change for delta_t in (0.01, -0.02)]
    assert np.all((prediction.chance > 0.01) & (prediction.chance < 0.08))
    assert np.all(np.abs(prediction.ratio - expected) < 3.5 * prediction.chance)
    assert expected[0] > 1.15
    assert expected[1] < 0.9


def test_the_chance_that_a_prediction_names_is_the_scatter_of_its_repetitions():
    """The even spread of starting weights takes some of it away, which does not count as chance."""
    rule, protocol = sh.rule("graupner_brunel", set="hippocampal_cultures"), sh.protocol("pairing", delta_t="10 ms")
    repeated = [predict(protocol, rule, seed=seed) for seed in range(60)]
    scatter = np.std([prediction.ratio[0] for prediction in repeated], ddof=1)
    named = np.sqrt(np.mean([prediction.chance[0] ** 2 for prediction in repeated]))
    assert 0.7 < scatter / named < 1.35  # 60 repetitions know it to 9 %


def test_so_many_synapses_that_chance_does_no_harm():
    """Graupner & Brunel's cultures on Wang's motifs: the closed form's E is 4.14, with 6 of 8 points met; 128 synapses gave 10.6."""
    rule, data = sh.rule("graupner_brunel", set="hippocampal_cultures"), data_sets(sh.protocol("wang_2005"))[0]
    lanes = data.protocol.schedule(np.random.default_rng(0)).lanes
    motifs = [(lane.pre[0][lane.pre[0] < 0.5], lane.post[lane.post < 0.5]) for lane in (lanes[n] for n in data.lanes)]
    expected = [outcome(rule.constants, pre, post, 1.0, 60).change for pre, post in motifs]
    board = sh.score([rule], ["wang_2005"], refit=False)
    chance = board["chance"].values[0]
    assert np.all(chance <= 0.2 * data.points.sem)
    assert 0.1 < board["chance_share"].item() <= 0.2
    assert np.all(np.abs(board["ratio"].values[0] - expected) < 4 * chance + 0.01)  # the closed form starts with periodic calcium
    assert board["error"].item() == pytest.approx(error(expected, data.points), abs=0.5)
    assert board["met"].item() == 6


def test_so_many_sessions_that_chance_does_no_harm():
    board = sh.score([sh.rule("pair", set="multiplicative")], ["poisson"], refit=True)
    assert 0 < float(board["chance_share"][0, 0]) <= 0.2
    assert str(board["reason"].values[1, 0]) == TOO_FEW


def test_how_much_chance_is_allowed():
    """A fifth of the SEM; what counts as no change where only a direction is known; anything where nothing is."""
    data = points([1.2, 1.2, np.nan, np.nan], [0.1, 0.05] + 2 * [np.nan], 4 * [np.nan], 4 * [np.nan], [None, "LTP", "LTD", None])
    np.testing.assert_allclose(chance_allowed(data), [0.02, 0.01, 0.05, np.inf])


def test_a_rule_that_draws_and_has_variables_of_the_cell_is_averaged_too():
    """Each synapse gets a cell of its own; the window is that of the rule without them."""
    plain = sh.rule("pair", set="van_rossum")
    quiet = replace(plain, post=Post((), None, (), {}, {}))
    protocol = sh.protocol("pairing", delta_t="10 ms, -10 ms")
    assert is_noisy(quiet)
    np.testing.assert_allclose(predict(protocol, quiet).ratio, predict(protocol, plain).ratio, atol=0.2)


def test_the_board_starts_a_set_at_its_own_initial_weight():
    """The hippocampal set of Clopath's rule meets all five points of the clamp from w = 1 on, as in the paper; from 0.5 on it does not."""
    rule = sh.rule("clopath", set="hippocampus")
    from_one = replace(rule, initial={**rule.initial, rule.weight: Number(1.0)})
    board = sh.score([from_one], ["ngezahayo_2000"], refit=False)
    assert board["met"].item() == 5
    assert board["error"].item() == pytest.approx(0.58, abs=0.05)


def test_what_the_authors_give_is_a_line_of_its_own():
    """Clopath et al.: their own ten weights have E = .50; the set on the cell of the library, in fine steps, 2.34."""
    board = sh.score([sh.rule("clopath", set="visual_cortex"), ADDITIVE], ["sjostrom_2001"], refit=False)
    names = [str(name) for name in board["entry"].values]
    assert names == ["clopath / visual_cortex", f"clopath / visual_cortex, {AS_PUBLISHED}", "pair / additive"]
    column = board.sel(data_set="sjostrom_2001/frequency (experiment)")
    assert float(column["error"][1]) == pytest.approx(0.50, abs=0.005)
    assert float(column["error"][0]) == pytest.approx(2.34, abs=0.05)
    assert [str(text) for text in column["standing"].values[:2]] == [FITTED, FITTED]
    assert "144566" in str(column["note"].values[1])
    assert not str(column["note"].values[0])
    other = board.sel(data_set="sjostrom_2001/frequency (idealised)")
    assert str(other["standing"].values[1]) == NOT_APPLICABLE
    assert AS_PUBLISHED not in " ".join(str(name) for name in sh.score([ADDITIVE], ["wang_2005"], refit=False)["entry"].values)


def test_what_is_unverified_is_said_where_it_is_used():
    from spikeheb.cli.board import best_table, markdown

    board = sh.score([ADDITIVE, sh.rule("pair", set="van_rossum")], ["froemke_2006", "sjostrom_2001"], refit=False)
    assert [bool(str(text)) for text in board["unverified_rule"].values] == [False, True]
    text = markdown(board)
    assert "## froemke_2006/bursts \u2020" in text
    assert "| pair / van_rossum \u2020 |" in text
    assert "| pair / additive |" in text
    assert "- pair / van_rossum: van_rossum_2000:" in text.split("## Unverified")[1]
    columns, rows = best_table(board)
    printed = {(row[0].split("/")[0], row[1]): row[columns.index("unverified")] for row in rows}
    assert printed["froemke_2006", "pair / additive"] == "data"
    assert printed["froemke_2006", "pair / van_rossum"] == "rule, data"
    assert printed["sjostrom_2001", "pair / van_rossum"] == "rule"
    assert printed["sjostrom_2001", "pair / additive"] == ""


def test_the_cell_is_left_out_only_where_it_cannot_fire():
    cell = library.cell("l5_pyramidal")
    assert only_imposed_spikes(sh.protocol("sjostrom_2001"), cell)
    assert not only_imposed_spikes(sh.protocol("hfs"), cell)


def test_whether_a_cell_can_fire_is_told_by_a_part_of_the_session_and_as_the_whole_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "_KNOWN", {})
    cell, whole = library.cell("l5_pyramidal"), []
    monkeypatch.setattr(predictions, "carry_out", lambda circuit: whole.append(circuit) or carry_out(circuit))
    assert only_imposed_spikes(sh.protocol("wang_2005"), cell)
    assert whole == []
    monkeypatch.setattr(predictions, "_KNOWN", {})
    monkeypatch.setattr(predictions, "is_silent_by_episodes", lambda circuit: False)
    assert only_imposed_spikes(sh.protocol("wang_2005"), cell)
    assert len(whole) == 1


def test_a_rule_that_reads_the_potential_has_the_cell_of_its_paper():
    assert cell_of(sh.rule("clopath")).name == "l5_clopath"
    assert cell_of(sh.rule("pair")).name == "l5_pyramidal"


def test_a_gain_mends_an_amplitude_and_predicts_the_point_that_was_left_out():
    change = IDEALISED.points.ratio - 1
    gain = fit_gain(1 + 0.1 * change, IDEALISED.points)
    assert gain.values["gain"] == pytest.approx(10, rel=1e-3)
    np.testing.assert_allclose(gain.left_out, IDEALISED.points.ratio, atol=1e-3)
    assert fit_gain(np.ones(10), IDEALISED.points).values["gain"] == 0


@pytest.mark.slow
def test_the_pair_rule_gets_its_fair_chance():
    """RULES section 2: with free time constants it reaches E near 2.3 (by deviance 2.5); the triplet rule gets far below."""
    pair, triplet = (refit(sh.rule(name), IDEALISED) for name in ("pair", "triplet"))
    assert error(pair.ratio, IDEALISED.points) == pytest.approx(2.4, abs=0.2)
    assert error(triplet.ratio, IDEALISED.points) < 0.4
    assert deviance(pair.left_out, IDEALISED.points) > deviance(pair.ratio, IDEALISED.points)
    assert pair.values["tau_plus"] > 0.2


def test_data_of_the_users_own_join(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text(
        "frequency_hz,delta_t_ms,ratio,sem,n,measure,delta_t_reference,calcium_mM,temperature_C,age,digitisation_error,series,citation,note\n"
        "1,7,1.4,0.1,6,amplitude,,,,,,,mine,\n1,-7,0.7,0.1,6,amplitude,,,,,,,mine,\n"
    )
    protocol = with_measurements(sh.protocol("pairing"), file)
    board = sh.score([sh.rule("pair", set="additive")], [protocol], refit=False)
    assert board["condition"].values.tolist() == ["frequency = 1, delta_t = 0.007", "frequency = 1, delta_t = -0.007"]
    assert board["signs_right"].values.tolist() == [[2.0]]


def test_data_that_no_lane_stands_for_are_refused(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text(
        "motif,delta_t_ms,ratio,sem,n,measure,delta_t_reference,calcium_mM,temperature_C,age,digitisation_error,series,citation,note\n"
        "strange,7,1.4,0.1,6,amplitude,,,,,,,mine,\n"
    )
    with pytest.raises(SpikehebError, match="motif"):
        with_measurements(sh.protocol("pairing"), file)


def filled(text):
    """A template with a number in each row."""
    return "\n".join(line.replace(",,,", ",1.2,0.1,5") if line.endswith(",,,") else line for line in text.splitlines())


@pytest.mark.parametrize("name", sorted(library.names("protocol")))
def test_a_template_is_read_once_it_is_filled_in(name, tmp_path):
    protocol = sh.protocol(name)
    text = template(protocol)
    (tmp_path / "mine.csv").write_text(filled(text))
    mine = with_measurements(protocol, tmp_path / "mine.csv")
    rows = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(mine.published.rows) == len(rows) - 1
    assert sum(data.points.numbers.sum() for data in data_sets(mine)) > 0


def test_rows_of_a_template_that_stay_empty_do_not_count(tmp_path):
    lines = template(sh.protocol("sjostrom_2001")).splitlines()
    lines[5] = lines[5].replace(",,,", ",1.2,,7")
    (tmp_path / "mine.csv").write_text("\n".join(lines))
    (row,) = with_measurements(sh.protocol("sjostrom_2001"), tmp_path / "mine.csv").published.rows
    assert (row.ratio, row.sem, row.n) == (1.2, None, 7)


def test_a_ratio_without_an_error_is_a_direction(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("delta_t_ms,ratio,n\n10,1.3,5\n-10,0.97,5\n-20,0.8,4\n")
    (data,) = data_sets(with_measurements(sh.protocol("pairing"), file))
    assert data.points.sign.tolist() == [1, 0, -1]
    assert not data.points.numbers.any()


def test_two_files_of_one_name_are_two_data_sets(tmp_path):
    files = []
    for folder, ratio in (("a", 1.4), ("b", 0.7)):
        (tmp_path / folder).mkdir()
        files.append(tmp_path / folder / "mine.csv")
        files[-1].write_text(f"delta_t_ms,ratio,sem\n10,{ratio},0.1\n")
    board = sh.score([ADDITIVE], [with_measurements(sh.protocol("pairing"), file) for file in files], refit=False)
    assert board["data_set"].values.tolist() == ["pairing/mine", "pairing/mine 2"]
    assert board["published_ratio"].values.tolist() == [1.4, 0.7]
    assert float(board["error"][0, 0]) != float(board["error"][0, 1])


@pytest.mark.parametrize("rule", ["pair:additive", ADDITIVE])
@pytest.mark.parametrize("protocol", ["egger_1999", sh.protocol("egger_1999"), library.find("protocol", "egger_1999")])
def test_a_rule_and_a_protocol_need_no_list(rule, protocol):
    assert sh.score(rule, protocol, refit=False).identical(sh.score([ADDITIVE], ["egger_1999"], refit=False))


def test_a_protocol_without_data_cannot_be_scored():
    with pytest.raises(FormatError, match="no published data"):
        sh.score(["pair"], ["pairing"])
