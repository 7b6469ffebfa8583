"""The score of a hidden synapse: it rises with what the data say, and luck is not paid."""

from __future__ import annotations

import os
import re
from html import escape

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spikeheb as sh
from spikeheb.studies.mystery import log
from spikeheb.studies.mystery.candidates import LEVELS
from spikeheb.studies.mystery.conditions import Session, conditions_of
from spikeheb.studies.mystery.designs import REFERENCE, WINDOW, pairs, shared_out
from spikeheb.studies.mystery.experiments import experiments_of
from spikeheb.studies.mystery.game import Mystery
from spikeheb.studies.mystery.observer import posterior
from spikeheb.studies.mystery.report import Row, _handed_in, _label, overview, page, text, with_twins
from spikeheb.studies.mystery.score import design_points, gained, inference_points, interval_score, prediction_points
from spikeheb.studies.mystery.synapse import drawn, equivalent

SETS = 24
"""Parameter sets that stand for a rule: few, for speed."""
BITS = st.floats(-5, 5)


@given(BITS, BITS, st.floats(0.1, 4))
def test_more_bits_never_give_fewer_points(a, b, reference):
    low, high = sorted((a, b))
    assert 0 <= design_points(low, reference) <= design_points(high, reference) <= 40
    assert design_points(reference, reference) == pytest.approx(40)


def shares(values):
    array = np.array(values) + 1e-3
    return array / array.sum()


ROW = st.lists(st.floats(0, 1), min_size=6, max_size=6).map(shares)


@given(ROW, ROW)
def test_no_probabilities_beat_those_of_the_ideal_observer(written, ideal):
    assert inference_points(ideal, ideal, [0]) > 29
    assert inference_points(written, ideal, [0]) <= inference_points(ideal, ideal, [0]) + 0.2


def test_doubt_is_paid_and_a_lucky_guess_is_not():
    ideal = np.array([0.3, 0.4, 0.1, 0.1, 0.05, 0.05])
    guess = np.eye(6)[0]
    assert inference_points(guess, ideal, [0]) < 5
    assert inference_points(ideal, ideal, [0]) == pytest.approx(30)


def test_equivalent_answers_count_as_one():
    ideal = np.array([0.5, 0.5, 0, 0, 0, 0])
    assert inference_points(np.eye(6)[1], ideal, [0, 1]) > 29
    assert gained(np.full(6, 1 / 6), ideal, [0, 1]) == pytest.approx(np.log2(3))


def test_an_honest_interval_is_the_best():
    outcomes = np.random.default_rng(1).normal(1.3, 0.1, 4000)
    expected = {w: np.mean([interval_score(1.3 - w, 1.3 + w, x) for x in outcomes]) for w in (0.02, 0.128, 0.5)}
    assert min(expected, key=expected.get) == 0.128
    assert prediction_points(0.4, 0.4) == 15 > prediction_points(0.8, 0.4) == 7.5


# --- whole logs -----------------------------------------------------------------------------------------------------------


def played(seed, *, said, predict=(0.9, 1.5), cells=6):
    """A log of level 1 with three experiments and an answer."""
    first = {"kind": "new", "schema": 1, "version": "0", "level": 1, "attempt": 0, "signed": False, "mark": log.PRACTICE, "seed": seed}
    game = Mystery([first])
    game.do("pairing", cells, delta_t="10 ms")
    game.do("pairing", cells, delta_t="-10 ms", post_pattern="0 ms, 20 ms")
    game.do("pairing", cells, delta_t="10 ms", frequency="40 Hz", predict=predict)
    if said is not None:
        game.answer(said)
    return game


@pytest.fixture(scope="module")
def game():
    return played(3, said={"pair:additive": 0.9})


@pytest.fixture(scope="module")
def grade(game):
    return game.grade(SETS)


def test_a_grade_adds_up_and_is_marked_as_practice(game, grade):
    assert grade.total == grade.design + grade.inference + grade.parameters + grade.prediction <= 100
    assert len(grade.beliefs) == 4
    assert all(belief.sum() == pytest.approx(1) for belief in grade.beliefs)
    assert game.synapse.answer in grade.same
    assert grade.notes[0] == log.PRACTICE
    assert not any("edited" in note for note in grade.notes)


def test_naming_the_truth_earns_more_than_a_wrong_name(game, grade):
    right = played(3, said={game.synapse.answer: 0.95})
    values = dict(zip(game.synapse.candidate.free, game.synapse.values, strict=True))
    knowing = played(3, said=None)
    knowing.answer({game.synapse.answer: 0.95}, values)
    assert right.grade(SETS).inference > grade.inference
    assert knowing.grade(SETS).parameters > 14


def test_an_edited_practice_log_is_said_to_be_edited(game):
    edited = Mystery([dict(record) for record in game.records])
    edited.records[1] = {**edited.records[1], "results": [{**edited.records[1]["results"][0], "cells": [[1.0, 2.0]] * 6}]}
    assert any("edited" in note for note in edited.grade(SETS).notes)


def test_the_report_says_what_was_bought_and_what_is_unsafe_is_escaped(game, grade):
    shown, html = text(game, grade), page(game, grade)
    for words in ("practice: not signed", "pairing", "after 3", game.synapse.candidate.name):
        assert words in shown
        assert words in html
    named = Mystery([{**game.records[0], "student": "<script>alert(1)</script>"}, *game.records[1:]])
    assert "<script>" not in page(named, grade)
    assert "http" not in html  # nothing is fetched from outside


def test_the_posterior_is_that_of_the_grade_and_comes_after_the_answer(game, grade):
    data = game.posterior(SETS)
    assert np.allclose(data.probability.values, grade.beliefs)
    assert data.cells.values.tolist() == [0, 6, 12, 18]
    assert data.attrs["truth"] == game.synapse.answer
    assert float(data.handed_in.sel(rule="pair:additive")) == 0.9
    open_game = played(3, said=None)
    for ask in (open_game.posterior, open_game.report):
        with pytest.raises(sh.ScheduleError, match="your own answer"):
            ask()


def test_a_notebook_shows_the_budget_and_then_the_report_in_short_html(game):
    before, after = game._repr_html_(), game.report(SETS)
    assert "the answer was given" in before
    assert "post_pattern = &quot;0 ms, 20 ms&quot;" in before
    assert game.synapse.candidate.name not in before  # the budget does not give the rule away
    assert game.synapse.candidate.name in after._repr_html_()
    assert len(after._repr_html_()) < 8000
    assert "body{" not in after._repr_html_()  # a notebook keeps its own look
    assert repr(after) == text(game, after.grade)


def test_the_report_says_what_was_missed_and_units(game, grade):
    report = text(game, grade)
    assert re.search(r"an ideal observer of the same data gives \d\.\d\d to the right answer, the written probabilities \d\.\d\d", report)
    both = conditions_of("pairing", {"delta_t": ["10 ms", "-10 ms"], "pairs": 240})
    assert [_label(Session(each)) for each in both] == [
        "pairing: frequency = 1 Hz, delta_t = 10 ms, pairs = 240", "pairing: frequency = 1 Hz, delta_t = -10 ms, pairs = 240",
    ]  # fmt: skip


def test_parameters_stand_in_the_report_with_their_units():
    mystery = played(3, said=None, cells=2)
    mystery.answer({"pair:additive": 0.9}, {"tau_plus": "18 ms"})
    assert "tau_plus = 18 ms." in _handed_in(mystery)


def test_the_page_of_a_class_counts_what_was_bought(game, grade):
    html = overview([Row("a.jsonl", game, grade), Row("b.jsonl", game, grade)])
    for record, done in experiments_of(game.records):
        assert record["cells"] == len(done[0][1])
        assert f"<td>{escape(_label(done[0][0]))}</td><td>2</td><td>{2 * record['cells']}</td>" in html


def test_two_submissions_with_one_log_are_shown(game, grade):
    rows = with_twins([Row("a.jsonl", game, grade), Row("b.jsonl", game, grade), Row("c.jsonl", reason="line 2: was changed")])
    assert [row.twin for row in rows] == ["b.jsonl", "a.jsonl", ""]
    html = overview(rows)
    for words in ("the same experiments and results as b.jsonl", "refused: line 2: was changed", "pairing"):
        assert words in html


# --- what designs are worth -----------------------------------------------------------------------------------------------


def worth(level, synapses, design, cells):
    """For each synapse whether the ideal observer names it, and the bits that it has gained."""
    named, bits = [], []
    for synapse in synapses:
        number = iter(range(cells))
        data = [(session, [synapse.cell(next(number), session) for _ in range(count)]) for session, count in shared_out(design, cells)]
        answers = posterior(level, data, SETS).answers
        right = level.answers.index(synapse.answer)
        named.append(int(answers.argmax()) == right)
        bits.append(gained(level.by_answer(level.prior), answers, [right]))
    return np.array(named), np.array(bits)


def test_bits_rise_with_cells_and_with_a_better_design():
    """The same synapses: one session again and again, then eight different ones, then these with three cells each."""
    level = LEVELS[1]
    synapses = [drawn(level, seed, 0) for seed in range(24)]
    poor = worth(level, synapses, (Session(pairs("10 ms")),), 8)[1].mean()
    varied, more = (worth(level, synapses, REFERENCE, cells)[1].mean() for cells in (8, 24))
    assert poor + 0.2 < varied < more - 0.1


def compare(count):
    """Share named rightly with the varied design at 24 cells, and what it has more than the window alone at 48, with its error."""
    level = LEVELS[2]
    synapses = [drawn(level, 10_000 + seed, 0) for seed in range(count)]
    varied, window = worth(level, synapses, REFERENCE, 24)[0], worth(level, synapses, WINDOW, 48)[0]
    gain = varied.astype(float) - window
    return varied.mean(), gain.mean(), gain.std() / np.sqrt(count)


@pytest.mark.slow
def test_varied_experiments_are_worth_more_than_more_cells():
    """40 synapses: the thresholds of the 400 hold within two standard errors."""
    right, gain, error = compare(40)
    assert right >= 0.88 - 2 * np.sqrt(0.88 * 0.12 / 40)
    assert gain >= 0.06 - 2 * error
    assert gain > 0


@pytest.mark.full
@pytest.mark.skipif("SPIKEHEB_FULL" not in os.environ, reason="takes minutes")
def test_varied_experiments_on_400_synapses():
    right, gain, _ = compare(400)
    assert right >= 0.88
    assert gain >= 0.06


def test_the_truth_is_among_its_equivalents():
    synapse = drawn(LEVELS[1], 1, 0)
    assert equivalent(synapse, SETS)[0] == synapse.answer
