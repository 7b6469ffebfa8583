"""Checks recognise kinds of mistakes, and else say in which direction an answer is wrong."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from course_problems import complaint, decay, tau_of

import spikeheb as sh
from spikeheb.studies.course import checks, mistakes
from spikeheb.studies.course.seeds import VARIABLE

course = sh.course


@pytest.fixture(autouse=True)
def _anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    checks._tries.clear()


GENERAL = {
    "wrong sign": lambda tau: -tau,
    "1000 times too large": lambda tau: 1000 * tau,
    "1000 times too small": lambda tau: tau / 1000,
    "one over the right value": lambda tau: 1 / tau,
    "twice too large": lambda tau: 2 * tau,
    "half of what": lambda tau: tau / 2,
    "ms for s) and has the wrong sign": lambda tau: -1000 * tau,
    "This is the rate": lambda tau: -1 / tau,
    "Pre and post are exchanged": lambda tau: 3 * tau,
    "It is too large": lambda tau: 1.3 * tau,
    "It is too small": lambda tau: 0.8 * tau,
}


@pytest.mark.parametrize("words", GENERAL)
def test_a_graded_check_names_the_kind_of_mistake_and_never_the_expected_value(words: str) -> None:
    seed, wrong = "fixed", GENERAL[words]
    for _ in range(checks.TRIES + 1):
        message = complaint(lambda times, values: wrong(tau_of(times, values)), seed=seed)
        assert words in message
        assert "Expected" not in message
        for number in range(5):
            expected = decay(course.Seed(f"{seed}/t/{number}")).expected
            assert f"{expected:.4g}" not in message.replace(f"{wrong(expected):.4g}", "")


RATIOS = {
    "per cent. Write 120 %": 140.0,
    "100 times too small": 0.014,
    "It is the change (after/before - 1)": 0.4,
    "It is the change in per cent": 40.0,
    "It is the ratio (after/before)": 2.4,
    "square of the right value": 1.96,
    "square root of": 1.4**0.5,
    "It is the last weight": 0.7,
}


@pytest.mark.parametrize("words", RATIOS)
def test_the_check_of_a_value_names_the_kind_of_mistake(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    course.check("r", RATIOS[words], expected=1.4, mistakes={"last weight": 0.7})
    printed = capsys.readouterr().out
    assert words in printed
    assert "Expected" not in printed


def test_milliseconds_are_not_suspected_in_a_ratio_and_per_cents_not_in_a_time() -> None:
    cases = [mistakes.Case(1000.0, 1.0, {})]
    assert mistakes.recognised(cases, 0.01, 0, "") == ""
    assert "1000 times" in mistakes.recognised(cases, 0.01, 0, "s")
    assert mistakes.recognised([mistakes.Case(100.0, 1.0, {})], 0.01, 0, "s") == ""


@pytest.mark.parametrize("factor", [-1, -1000, -100])
def test_only_of_a_time_the_wrong_sign_is_said_to_be_that_of_delta_t(factor: float) -> None:
    def said(unit: str) -> str:
        return mistakes.recognised([mistakes.Case(factor * 0.3, 0.3, {})], 0.01, 0, unit)

    assert ("delta_t" in said("s")) == (factor != -100)
    for unit in ("", "V", "1/s"):
        assert "delta_t" not in said(unit)
        assert "sign" in said(unit) or factor == (-1000 if unit == "" else -100)


def test_a_function_is_shown_by_its_name() -> None:
    def response(draw: Any) -> Any:
        def course_of(tau: float) -> float:
            return tau

        return course.Problem((course_of, (course_of, 2), object()), 1.0)

    assert "with (course_of, [course_of, 2], <object object>) it gave" in complaint(lambda *_: 3.0, on=response)


def test_a_mistake_must_explain_every_answer() -> None:
    def sometimes(times: Any, values: Any) -> float:
        tau = tau_of(times, values)
        return 1000 * tau if values[-1] > 0.08 else 3.3 * tau

    message = complaint(sometimes, cases=30)
    assert "1000 times" not in message
    assert "It is too large" in message


def test_decisions_are_counted_as_missed_and_false() -> None:
    def parity(draw: Any) -> Any:
        number = draw.integer("n", 0, 100)
        return course.Problem((number,), number % 2 == 0)

    message = complaint(lambda number: True, on=parity, cases=20)
    assert re.search(r"says True \d+ times where False is right, and False 0 times", message)
    course.check("t", lambda number: number % 2 == 0, on=parity, cases=20)


def test_rows_are_compared_place_by_place() -> None:
    def row(draw: Any) -> Any:
        values = draw.rng("row").uniform(1, 2, 4)
        return course.Problem((values,), values)

    assert "reverse order" in complaint(lambda values: values[::-1], on=row)
    assert "shape (3,)" in complaint(lambda values: values[:3], on=row)
    assert "the first is too large, the second is too small; the rest is right" in complaint(
        lambda values: values * [1.1, 0.9, 1, 1], on=row
    )


@pytest.mark.parametrize(
    ("answer", "expected", "false"), [(0.1, 156.2, "one over"), (5, 4, "ratio"), (3, 4, "change"), (0.0016, 0.6154, "100 times")]
)
def test_an_absolute_tolerance_says_nothing_of_what_is_made_of_the_right_value(answer: float, expected: float, false: str) -> None:
    """A tolerance of 0.5 around 156.2 is not one around 1/156.2; and a number of sweeps is no ratio."""
    assert false not in mistakes.recognised([mistakes.Case(answer, expected, {})], 0.0, 0.5 if expected > 1 else 0.01, "")
    assert "sign" in mistakes.recognised([mistakes.Case(-expected, expected, {})], 0.0, 0.5 if expected > 1 else 0.01, "")


def test_of_a_few_values_those_are_named_that_are_wrong() -> None:
    def pair(draw: Any) -> Any:
        values = draw.rng("pair").uniform(1, 2, 2)
        return course.Problem((values,), values)

    assert "Of its 2 values the second is too large; the rest is right." in complaint(lambda values: values * [1, 1.3], on=pair)
    assert "Value 2 of 2 is a table of the shape (2, 2)" in complaint(lambda values: (1.0, np.eye(2)), on=pair)


def test_texts_of_mistakes_may_have_any_character_that_prints() -> None:
    def squares(draw: Any) -> Any:
        number = draw.integer("n", 2, 9)
        return course.Problem((number,), number**2, {"It is ±n² and\x1b no more.": number})

    assert "It is ±n² and\\x1b no more." in complaint(lambda n: n, on=squares)


def test_the_expected_value_comes_after_three_tries(capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for answer in (5.0, 6.0, 7.0):
        course.check("v", answer, expected=1.7e-3, unit="s")
        texts.append(capsys.readouterr().out)
    assert ["Expected: 0.0017 s" in text for text in texts] == [False, False, True]
    course.check("v", 1.7e-3, expected=1.7e-3, unit="s")
    assert capsys.readouterr().out == "Check v passed: 0.0017 s.\n"


# --- answers that are words


def side(draw: Any) -> Any:
    """Whether a number is above or below 0, or 0; one mistake turns the signs, one forgets the 0."""
    number = draw.choice("number", [-2, -1, 0, 1, 2])

    def word(value: int) -> str:
        return "zero" if value == 0 else "above" if value > 0 else "below"

    mistakes = {"The sign is turned.": word(-number), "It is 0 or above.": "above" if number == 0 else word(number)}
    return course.Problem((number,), word(number), mistakes)


def test_a_mistake_must_explain_all_words_since_of_two_words_any_wrong_one_fits() -> None:
    def of_large_ones_only(value: int) -> str:
        return "below" if value == 2 else side_of(value)

    def side_of(value: int) -> str:
        return "zero" if value == 0 else "above" if value > 0 else "below"

    told = {"on": side, "cases": 40, "seed": "words"}
    assert "sign is turned" in complaint(lambda value: side_of(-value), **told)
    assert "0 or above" in complaint(lambda value: "above" if value >= 0 else "below", **told)
    message = complaint(of_large_ones_only, **told)
    assert "sign is turned" not in message
    assert re.search(r'fresh cases\. It gave "below" \d+ times where "above" is right\. For example, with \(value=2\) it gave', message)
    course.check("t", side_of, on=side, cases=40)


@pytest.mark.parametrize(
    ("answer", "words"), [("Above", 'It gave "Above"; write exactly "above".'), ("LTP", 'It gave "LTP"; its words are not those')]
)
def test_words_that_are_not_asked_for_are_said(answer: str, words: str) -> None:
    message = complaint(lambda value: answer, on=side, cases=40, seed="words")
    assert words in message
    assert "  " not in message


def test_arguments_are_shown_beside_their_names() -> None:
    assert "with (times=30 values: 0.001, 0.003034, ..., 0.06, values=" in complaint(lambda times, values: 0.5)
    assert "with (30 values" in complaint(lambda *given: 0.5)
    assert re.search(r"raised NameError in line \d+ of its cell: name 'weak' is not defined\. It was called with", complaint(undefined))


def undefined(times: Any, values: Any) -> float:
    return weak  # type: ignore[name-defined]  # noqa: F821  # what a student may write
