"""Checks: of a value that a student found, and of a function that a student wrote, on fresh cases."""

from __future__ import annotations

import copy
import inspect
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikeheb.errors import FormatError, SpikehebError, one_line, printable
from spikeheb.studies.course import predictions
from spikeheb.studies.course.mistakes import Case, direction, measured, recognised, same
from spikeheb.studies.course.predictions import shown
from spikeheb.studies.course.seeds import Seed, fresh
from spikeheb.studies.course.timeout import TookTooLong
from spikeheb.studies.course.timeout import within as in_time

TRIES = 3
"""After so many tries the check of a value gives the expected value."""

_tries: Counter[str] = Counter()


class CheckFailed(SpikehebError):
    """A graded check is not passed; a notebook shows the message alone, without the lines of the program.

    Its text may hold any character that prints: a notebook shows them, unlike some terminals.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = printable(message)
        self.args = (self.message,)

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(frozen=True)
class Problem:
    """One case of a graded check, made from what is to be found out.

    Attributes
    ----------
    given : tuple
        The arguments of the student's function.
    expected : object
        The right answer: a number, an array, text or a truth value. None where `accept` judges.
    mistakes : mapping of str to object
        What typical mistakes would answer. The key is a name of `spikeheb.studies.course.mistakes.NAMED` or a sentence to the student.
    accept : callable, optional
        For open questions: takes the answer and gives a sentence that says what is wrong with it, or an empty text.
    """

    given: tuple[Any, ...]
    expected: Any = None
    mistakes: Mapping[str, Any] = field(default_factory=dict)
    accept: Callable[[Any], str] | None = None


def check(
    key: str,
    answer: Any,
    expected: Any = None,
    *,
    on: Callable[[Seed], Problem] | None = None,
    within: float = 0.01,
    absolute: float = 0.0,
    unit: str = "",
    mistakes: Mapping[str, Any] | None = None,
    cases: int = 5,
    seconds: float = 10.0,
    seed: str | None = None,
) -> None:
    """Check an answer, and say the kind of mistake where it is wrong.

    Parameters
    ----------
    key : str
        The name of the check, such as ``"2.1"``.
    answer : object
        A value, or with `on` the function that the student wrote.
    expected : object
        The right value.
    on : callable, optional
        Makes a case from a fresh `Seed`. The check is then graded: it calls `answer` in several cases and raises.
    within, absolute : float
        An answer is right where it differs by at most ``within*abs(expected) + absolute``.
    unit : str
        Of the answer, such as ``"s"``; empty for ratios and plain numbers.
    mistakes : mapping of str to object, optional
        As of `Problem`, for a value.
    cases : int
        How many fresh cases are tried.
    seconds : float
        How long the function may take in each case.
    seed : str, optional
        Repeats the cases of an earlier check, which said their seed.

    Raises
    ------
    CheckFailed
        Where a graded check is not passed. The check of a value only prints.
    NotImplementedError
        Where the answer is not written yet.
    FormatError
        For a check that is wrongly written itself.
    """
    if on is None:
        if expected is None:
            raise FormatError("expected either the right value, or on=problem for a graded check", key="expected")
        _check_value(key, answer, Case(answer, expected, mistakes or {}), (within, absolute), unit)
        return
    if not callable(answer):
        raise CheckFailed(f"Check {key}: give the function itself, without brackets and not its value (got {type(answer).__name__}).")
    draws = fresh(seed)
    problems = [_problem(on, Seed(f"{draws.name}/{key}/{number}"), key) for number in range(max(1, cases))]
    answers = [_called(key, answer, problem, seconds, draws.name) for problem in problems]
    complaint = _complaint(answer, problems, answers, (within, absolute), unit)
    if complaint:
        raise CheckFailed(f'Check {key}: {complaint} (seed="{draws.name}" repeats these cases.)')
    print(f"Check {key} passed, in {len(problems)} fresh cases.")


def _check_value(key: str, answer: Any, case: Case, tolerance: tuple[float, float], unit: str) -> None:
    if answer is None or answer is ...:
        raise NotImplementedError(f"check {key}: write your answer first")
    problem = _kind_problem(answer, case.expected)
    if not problem and same(answer, case.expected, *tolerance):
        print(f"Check {key} passed: {shown(answer, unit)}.")
        return
    _tries[key] += 1
    what = problem or recognised([case], *tolerance, unit) or direction([case], *tolerance) or "It is not that."
    text = f"Check {key}: {shown(answer, unit)} is not right yet. {what}"
    if _tries[key] >= TRIES:
        text += f" Expected: {shown(case.expected, unit)}, {_allowed(tolerance)}. How would you have found it?"
    print(text)


def _problem(on: Callable[[Seed], Problem], draw: Seed, key: str) -> Problem:
    problem = on(draw)
    if not isinstance(problem, Problem) or not isinstance(problem.given, tuple):
        raise FormatError("expected a Problem whose `given` is a tuple of arguments", key=f"check {key}")
    if (problem.expected is None) == (problem.accept is None):
        raise FormatError("expected either `expected` or `accept`", key=f"check {key}")
    return problem


def _called(key: str, function: Callable[..., Any], problem: Problem, seconds: float, seed: str) -> Any:
    """What the student's function gives, in the given time and with arguments of its own."""
    try:
        return in_time(seconds, function, *copy.deepcopy(problem.given))
    except NotImplementedError as error:
        if is_stub(error, getattr(function, "__globals__", {})):
            raise NotImplementedError(f"check {key}: the function {_name(function)} is not written yet") from None
        what = _raised(function, error)
    except TookTooLong:
        what = (
            f"{_name(function)} did not end within {seconds:g} s, so it was stopped. Look for a loop whose condition never becomes false."
        )
    except KeyboardInterrupt:
        raise
    except SystemExit:
        what = f"{_name(function)} ends Python (exit); it should return its answer."
    except Exception as error:
        what = _raised(function, error)
    raise CheckFailed(f'Check {key}: {what} It was called with {_arguments(function, problem)} (seed="{seed}").') from None


def is_stub(error: BaseException, namespace: Mapping[str, Any]) -> bool:
    """Whether an error says that a student has still to write something.

    It is then a bare ``raise NotImplementedError()`` of a cell, whose names are `namespace`, or comes from a check or a prediction. A
    library's `NotImplementedError` says that something is wrong.
    """
    if not isinstance(error, NotImplementedError) or error.__traceback__ is None:
        return False
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    if frame.f_globals is namespace:
        return not error.args
    return frame.f_globals.get("__name__") in (__name__, predictions.__name__)


def _raised(function: Callable[..., Any], error: Exception) -> str:
    """What a function raised, and in which of its lines."""
    lines = [entry.lineno for entry in traceback.extract_tb(error.__traceback__) if entry.name == _name(function)]
    where = f" in line {lines[-1]} of its cell" if lines else ""
    reason = one_line(str(error), 200)
    end = "" if reason.endswith((".", "!", "?")) else "."
    return f"{_name(function)} raised {type(error).__name__}{where}{': ' if reason else ''}{reason}{end}"


def _complaint(function: Callable[..., Any], problems: list[Problem], answers: list[Any], tolerance: tuple[float, float], unit: str) -> str:
    """What is wrong with the answers; empty where all are right."""
    kinds = [_kind_problem(answer, problem.expected) for problem, answer in zip(problems, answers, strict=True) if problem.accept is None]
    if any(kinds):
        return next(kind for kind in kinds if kind)
    judged = [problem.accept(answer) for problem, answer in zip(problems, answers, strict=True) if problem.accept]
    if any(judged):
        return next(text for text in judged if text)
    cases = [Case(a, p.expected, p.mistakes) for p, a in zip(problems, answers, strict=True) if p.accept is None]
    wrong = [case for case in cases if not same(case.answer, case.expected, *tolerance)]
    if not wrong:
        return ""
    text = recognised(cases, *tolerance, unit) or (recognised(wrong, *tolerance, unit) if measured(wrong) else "")
    first = next(p for p, a in zip(problems, answers, strict=True) if p.accept is None and not same(a, p.expected, *tolerance))
    example = next(case for case in wrong if case.expected is first.expected)
    counted = f"wrong in {len(wrong)} of {len(cases)} fresh cases."
    sentences = (
        counted,
        text or direction(cases, *tolerance),
        f"For example, with {_arguments(function, first)} it gave {shown(example.answer, unit)}.",
    )
    return " ".join(sentence for sentence in sentences if sentence)


def _kind_problem(answer: Any, expected: Any) -> str:
    """What is wrong with the kind of an answer: nothing returned, text for a number, not finite."""
    if answer is None:
        return "The function returns nothing: its last line should be `return` with the answer."
    if isinstance(expected, str):
        return "" if isinstance(answer, str) else f'Text such as "{"..."}" is expected (got {type(answer).__name__}).'
    if isinstance(expected, bool | np.bool_):
        return "" if isinstance(answer, bool | np.bool_) else f"True or False is expected (got {type(answer).__name__})."
    if isinstance(answer, str | bool | np.bool_) or callable(answer):
        return f"A number is expected (got {type(answer).__name__})."
    try:
        numbers = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        return _ragged(answer, expected) or f"A number is expected (got {type(answer).__name__})."
    if np.shape(expected) == () and numbers.shape != ():
        return f"One number is expected (got {numbers.size} values)."
    return (
        ""
        if np.all(np.isfinite(numbers))
        else "The answer is not a finite number: something was divided by zero, the logarithm of 0 or less was taken, or a mean of nothing."
    )


def _ragged(answer: Any, expected: Any) -> str:
    """Of several values the one that is no number."""
    if not isinstance(answer, tuple | list) or len(answer) != np.size(expected):
        return ""
    shapes = [np.shape(value) for value in answer]
    which = next((n for n, shape in enumerate(shapes) if shape), None)
    return (
        "" if which is None else f"Value {which + 1} of {len(answer)} is a table of the shape {shapes[which]}; a number is expected there."
    )


def _allowed(tolerance: tuple[float, float]) -> str:
    relative, absolute = tolerance
    parts = ([f"{100 * relative:g} %"] if relative else []) + ([f"{absolute:g}"] if absolute else [])
    return "within " + " and ".join(parts) if parts else "exactly"


def _arguments(function: Callable[..., Any], problem: Problem) -> str:
    """What a function was called with, each beside the function's own name for it."""
    values = [one_line(shown(argument), 80) for argument in problem.given]
    try:
        names = list(inspect.signature(function).bind(*problem.given).arguments)
    except (TypeError, ValueError):  # the arguments do not fit, or it is written in C
        names = []
    if len(names) == len(values):
        values = [f"{name}={value}" for name, value in zip(names, values, strict=True)]
    return f"({', '.join(values)})"


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", "the function")
