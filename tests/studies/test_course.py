"""The course: values of one's own, predictions, and checks in which a number typed back earns nothing and nothing runs for ever."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from course_problems import TIMES, complaint, decay, tau_of

import spikeheb as sh
from spikeheb.errors import FormatError
from spikeheb.studies.course import checks, predictions, resources, timeout
from spikeheb.studies.course.seeds import VARIABLE

course = sh.course


@pytest.fixture(autouse=True)
def _anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    checks._tries.clear()
    predictions._predictions.clear()
    predictions._revealed.clear()


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
    course.predict("side", "up", among=("up", "down"))
    course.predict("side", ["up", "down", "up"], among=("up", "down"))
    assert course.predicted("side") == ["up", "down", "up"]
    for wrong in ("Up", 3, ["down", "cats"]):
        with pytest.raises(FormatError, match='is none of "up", "down"; choose from these'):
            course.predict("side", wrong, among=("up", "down"))
    assert course.predicted("side") == ["up", "down", "up"]
    course.predict("jump", 5)
    assert "your first prediction stays: 4" in capsys.readouterr().out
    assert course.predicted("jump") == 4


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
