"""The course: checks recognise kinds of mistakes, give nothing for a number typed back, and end what does not end by itself."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import spikeheb as sh
from spikeheb.errors import FormatError
from spikeheb.studies.course import checks, mistakes, predictions, resources, timeout
from spikeheb.studies.course.seeds import VARIABLE

course = sh.course
TIMES = np.linspace(0.001, 0.06, 30)


@pytest.fixture(autouse=True)
def _anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    checks._tries.clear()
    predictions._predictions.clear()
    predictions._revealed.clear()


def decay(draw: Any) -> Any:
    tau = draw.between("tau", "10 ms", "40 ms")
    return course.Problem((TIMES, 0.5 * np.exp(-TIMES / tau)), tau, {"This is the rate.": -1 / tau, "swapped": 3 * tau})


def tau_of(times: Any, values: Any) -> float:
    return float(-1 / np.polyfit(times, np.log(values), 1)[0])


def complaint(function: Any, on: Callable[..., Any] = decay, **options: Any) -> str:
    with pytest.raises(course.CheckFailed) as caught:
        course.check("t", function, on=on, within=0.02, unit="s", **options)
    return str(caught.value)


# --- values of one's own


def test_a_name_gives_the_same_values_whatever_the_order_and_another_name_gives_others() -> None:
    ada, again, bob = course.seed("Ada  Lovelace"), course.seed(" ada lovelace"), course.seed("Bob")
    assert ada == again
    first = ada.between("tau", "10 ms", "30 ms")
    again.integer("n", 1, 5)
    assert again.between("tau", "10 ms", "30 ms") == first != bob.between("tau", "10 ms", "30 ms")
    assert 0.01 <= first <= 0.03
    values = {course.seed(f"student {k}").between("tau", "10 ms", "12 ms", step="1 ms") for k in range(60)}
    assert sorted(values) == pytest.approx([0.010, 0.011, 0.012])
    assert {course.seed(f"student {k}").integer("n", 1, 3) for k in range(60)} == {1, 2, 3}


@pytest.mark.parametrize("wrong", ["", "  ", 3, None])
def test_a_seed_is_a_name(wrong: Any) -> None:
    with pytest.raises(FormatError, match="expected your name as text"):
        course.seed(wrong)


def test_impossible_ranges_are_refused() -> None:
    ada = course.seed("ada")
    with pytest.raises(FormatError, match="above"):
        ada.between("x", 2, 1)
    with pytest.raises(FormatError, match="positive step"):
        ada.between("x", 0, 1, step=0)
    with pytest.raises(sh.UnitError):
        ada.between("x", "1 ms", "2 mV")


# --- long computations


def test_a_long_run_is_computed_or_without_a_compiler_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    stored = tmp_path / "data" / "99_n.json"
    stored.write_text('{"note": "", "ends": [1, 2]}', encoding="utf-8")
    monkeypatch.setattr(resources, "has_compiler", lambda: True)
    assert course.long_run("99_n", "ends", lambda: [3]) == [3]
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(resources, "has_compiler", lambda: False)
    assert course.long_run("99_n", "ends", lambda: [3]) == [1, 2]
    assert "read from 99_n.json" in capsys.readouterr().out
    with pytest.raises(sh.UnknownName, match=r'"end".*did you mean "ends"'):
        course.long_run("99_n", "end", lambda: [3])
    with pytest.raises(sh.UnknownName, match=r"99_m\.json"):
        course.long_run("99_m", "ends", lambda: [3])
    stored.write_text("[1", encoding="utf-8")
    with pytest.raises(FormatError, match="copy the course anew"):
        course.long_run("99_n", "ends", lambda: [3])


# --- predictions


def test_a_prediction_stands_beside_the_result_and_stays_the_first_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotImplementedError):
        course.predict("jump", ...)
    course.reveal("other", 1.0)
    assert "You predicted  nothing" in capsys.readouterr().out
    course.predict("jump", 3)
    course.predict("jump", 4)
    course.reveal("jump", 5.0, unit="ms")
    assert capsys.readouterr().out.endswith("You predicted  4 ms\nThe result is  5 ms\n")
    course.predict("jump", 5)
    assert "your first prediction stays: 4" in capsys.readouterr().out
    assert course.predicted("jump") == 4


# --- kinds of mistakes

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
    assert "too large in some places and too small" in complaint(lambda values: values * [1.1, 0.9, 1, 1], on=row)


def test_the_expected_value_comes_after_three_tries(capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for answer in (5.0, 6.0, 7.0):
        course.check("v", answer, expected=1.7e-3, unit="s")
        texts.append(capsys.readouterr().out)
    assert ["Expected: 0.0017 s" in text for text in texts] == [False, False, True]
    course.check("v", 1.7e-3, expected=1.7e-3, unit="s")
    assert capsys.readouterr().out == "Check v passed: 0.0017 s.\n"


# --- what earns nothing


def test_a_number_typed_back_earns_nothing() -> None:
    problem = decay(course.Seed("known/t/0"))
    assert "give the function itself" in complaint(problem.expected, seed="known")
    assert "wrong in" in complaint(lambda times, values: problem.expected, seed="known")


def test_cases_are_fresh_each_time_unless_a_seed_repeats_them(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []

    def watched(times: Any, values: Any) -> float:
        seen.append(values[0])
        return tau_of(times, values)

    for _ in range(2):
        course.check("t", watched, on=decay, within=0.02)
    assert len(set(seen)) == 10
    seen.clear()
    monkeypatch.setenv(VARIABLE, "fixed")
    for _ in range(2):
        course.check("t", watched, on=decay, within=0.02)
    assert len(set(seen)) == 5


FAULTS: dict[str, Callable[[Any, Any], Any]] = {
    "returns nothing": lambda times, values: None,
    "One number is expected (got 30 values)": lambda times, values: values,
    "A number is expected (got str)": lambda times, values: "20 ms",
    "not a finite number": lambda times, values: float("nan"),
    "raised ZeroDivisionError in line": lambda times, values: 1 / 0,
    "ends Python": lambda times, values: sys.exit(),
    "raised RecursionError": lambda times, values: FAULTS["raised RecursionError"](times, values + 1),
}


@pytest.mark.parametrize("words", FAULTS)
def test_what_is_no_answer_is_said(words: str) -> None:
    assert words in complaint(FAULTS[words])


def test_what_is_not_written_yet_is_no_mistake() -> None:
    def later(times: Any, values: Any) -> float:
        raise NotImplementedError

    with pytest.raises(NotImplementedError, match="check t: the function later is not written yet"):
        course.check("t", later, on=decay)
    with pytest.raises(NotImplementedError):
        course.check("t", None, expected=1.0)


def test_what_a_library_has_not_implemented_is_a_fault() -> None:
    def asks_a_library(times: Any, values: Any) -> Any:
        return np.ptp(xr.DataArray(values))

    def says_so(times: Any, values: Any) -> float:
        raise NotImplementedError("for falling values")

    assert "asks_a_library raised NotImplementedError in line" in complaint(asks_a_library)
    assert "says_so raised NotImplementedError in line" in complaint(says_so)
    assert "set raised NotImplementedError" in complaint(Unready().set)


class Unready:
    """Its method is implemented elsewhere."""

    def __init__(self) -> None:
        namespace: dict[str, Any] = {}
        exec("def inner():\n    raise NotImplementedError()", namespace)
        self.inner = namespace["inner"]

    def set(self, times: Any, values: Any) -> Any:
        return self.inner()


def test_a_function_cannot_change_the_case_that_judges_it() -> None:
    def spoils(times: Any, values: Any) -> float:
        tau = tau_of(times, values)
        times[:] = 0
        return tau

    course.check("t", spoils, on=decay, within=0.02)
    course.check("t", tau_of, on=decay, within=0.02)


def test_open_questions_are_judged_by_the_problem() -> None:
    def any_even(draw: Any) -> Any:
        return course.Problem((draw.integer("n", 1, 9),), accept=lambda answer: "" if answer % 2 == 0 else "It is odd.")

    assert "It is odd." in complaint(lambda n: 2 * n + 1, on=any_even)
    course.check("t", lambda n: 2 * n, on=any_even)


@pytest.mark.parametrize("wrong", [lambda draw: 3, lambda draw: course.Problem((1,)), lambda draw: course.Problem([1], 2)])
def test_a_check_that_is_wrongly_written_says_so(wrong: Callable[..., Any]) -> None:
    with pytest.raises(FormatError, match="check t"):
        course.check("t", abs, on=wrong)
    with pytest.raises(FormatError, match="either the right value, or on=problem"):
        course.check("t", 3.0)


# --- what does not end


def asleep(*_: Any) -> None:
    while True:
        try:  # noqa: SIM105  # what a student may write
            time.sleep(0.01)
        except:  # noqa: E722
            pass


def busy(*_: Any) -> None:
    n = 0
    while True:
        n += 1


def simulating(*_: Any) -> None:
    sh.weights(["pair"], "l5_pyramidal", sh.poisson_inputs(200, "20 Hz"), "200000 s", seeds=1)


@pytest.mark.parametrize("endless", [asleep, busy, simulating])
def test_a_function_that_does_not_end_is_stopped(endless: Callable[..., None]) -> None:
    begun = time.monotonic()
    count = threading.active_count()
    assert f"{endless.__name__} did not end within 0.3 s" in complaint(endless, seconds=0.3)
    assert time.monotonic() - begun < 10
    course.check("t", tau_of, on=decay, within=0.02)  # and the next call is whole
    assert threading.active_count() <= count + 1


def test_a_function_that_does_not_end_is_stopped_in_a_thread_too() -> None:
    results: list[BaseException | float] = []

    def work() -> None:
        results.append(timeout.within(5, tau_of, TIMES, np.exp(-TIMES / 0.02)))
        try:
            timeout.within(0.2, busy)
        except timeout.TookTooLong as error:
            results.append(error)
        try:
            timeout.within(5, lambda: 1 / 0)
        except ZeroDivisionError as error:
            results.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)
    assert [type(result) for result in results] == [float, timeout.TookTooLong, ZeroDivisionError]


def test_a_time_limit_around_another_one_goes_on() -> None:
    def inside() -> None:
        timeout.within(5, time.sleep, 0.05)
        busy()

    begun = time.monotonic()
    with pytest.raises(timeout.TookTooLong):
        timeout.within(0.4, inside)
    assert time.monotonic() - begun < 4


def test_a_failed_check_is_shown_without_the_lines_of_the_program() -> None:
    assert course.CheckFailed("Check 1: no.")._render_traceback_() == ["Check 1: no."]
