"""Kinds of mistakes, recognised from what a wrong answer is instead of the right one.

A mistake is a value that it would give in each case. It is recognised where it gives the student's answer in every case, also in those
in which the mistaken answer happens to be right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Numbers = Any


@dataclass(frozen=True)
class Mistake:
    """A kind of mistake.

    Attributes
    ----------
    kind : str
    text : str
        What is said to the student: the direction of the mistake and what to think of.
    wrong : callable
        What the mistake makes of the right value; NaN where it makes nothing.
    units : tuple of str
        Units of the answer for which this mistake is possible; any unit where empty.
    """

    kind: str
    text: str
    wrong: Callable[[Numbers], Numbers]
    units: tuple[str, ...] = ()


NEAR = 0.01
"""How far an answer may at most be from what a general mistake makes of the right value, in parts of it."""
RATIO = ("", "1")
"""Units of ratios and plain numbers."""
TIMES = ("s", "ms")
"""Units of times."""


def _inverse(value: Numbers) -> Numbers:
    numbers = np.asarray(value, dtype=float)
    return 1 / np.where(numbers == 0, np.nan, numbers)


GENERAL = (
    Mistake(
        "sign of a time",
        "It has the right size and the wrong sign. Here delta_t = t_post - t_pre, which is positive where the presynaptic spike comes "
        "first; some papers plot t_pre - t_post.",
        lambda e: -e,
        TIMES,
    ),
    Mistake("sign", "It has the right size and the wrong sign: look at what is subtracted from what.", lambda e: -e),
    Mistake(
        "milli", "It is 1000 times too large: as if in ms (mV, nS ...) where SI units are asked for. 20 ms is 0.02 s.", lambda e: 1000 * e
    ),
    Mistake("kilo", "It is 1000 times too small: a factor of milliseconds for seconds was taken the wrong way round.", lambda e: e / 1000),
    Mistake(
        "percent", "It is 100 times too large: it is in per cent. Write 120 % as 1.2 and a change of 20 % as 0.2.", lambda e: 100 * e, RATIO
    ),
    Mistake("of percent", "It is 100 times too small: it was divided by 100 once too often.", lambda e: e / 100, RATIO),
    Mistake(
        "change for ratio", "It is the change (after/before - 1), where the ratio (after/before) is asked for.", lambda e: e - 1, RATIO
    ),
    Mistake(
        "ratio for change", "It is the ratio (after/before), where the change (after/before - 1) is asked for.", lambda e: e + 1, RATIO
    ),
    Mistake(
        "change in percent", "It is the change in per cent, where the ratio (after/before) is asked for.", lambda e: 100 * (e - 1), RATIO
    ),
    Mistake(
        "ratio in percent", "It is the ratio in per cent, where the change (after/before - 1) is asked for.", lambda e: 100 * (e + 1), RATIO
    ),
    Mistake("inverse", "It is one over the right value: before and after, or a time and a rate, are exchanged.", _inverse),
    Mistake("double", "It is twice too large: something is counted twice.", lambda e: 2 * e),
    Mistake("half", "It is half of what it should be: something is missing, or counted half.", lambda e: e / 2),
    Mistake("square", "It is the square of the right value, such as a variance for a standard deviation.", np.square),
    Mistake("root", "It is the square root of the right value.", lambda e: np.sqrt(np.where(np.asarray(e) > 0, e, np.nan))),
    Mistake(
        "milliseconds and sign",
        "It is 1000 times too large (ms for s) and has the wrong sign (delta_t = t_post - t_pre).",
        lambda e: -1000 * e,
        TIMES,
    ),
    Mistake("milli and sign", "It is 1000 times too large (SI units are asked for) and has the wrong sign.", lambda e: -1000 * e),
    Mistake("percent and sign", "It is in per cent, and its sign is wrong.", lambda e: -100 * e, RATIO),
    Mistake("order", "These are the right values in the reverse order.", lambda e: np.flip(e) if np.ndim(e) else np.nan),
)
"""Tried in this order, after the mistakes that a problem names itself."""

NAMED = {
    "swapped": "Pre and post are exchanged. Look at the order of the arguments, and at which spike each trace belongs to.",
    "last weight": "It is the last weight, where its change is asked for: compare it with the weight at the start.",
    "last sweep": "It is the last sweep, where the mean of all sweeps of the window is asked for.",
    "one pair": "It is the change by a single pair, where the change by all pairs is asked for.",
    "all to all": "Every spike is paired with every other (all-to-all), where only the nearest spikes count.",
    "nearest": "Only the nearest spikes are paired, where every spike is paired with every other (all-to-all).",
    "no delay": "The delay is left out.",
    "delay twice": "The delay is counted with the wrong sign.",
    "sd for sem": "It is the standard deviation (how much single values differ), where the standard error of the mean is asked for.",
    "sem for sd": "It is the standard error of the mean, where the standard deviation is asked for.",
    "mean of ratios": "It is the mean of the ratios, where the ratio of the means is asked for.",
    "ratio of means": "It is the ratio of the means, where the mean of the ratios is asked for.",
}
"""Texts of mistakes that a problem may name by a short word; any other key of `mistakes` is a sentence, and is said as it stands."""


PLACES = ("first", "second", "third", "fourth")
"""Where an answer has so few values, it is said of each how it is wrong."""


def same(answer: Any, expected: Any, within: float, absolute: float) -> bool:
    """Whether an answer is right: numbers within the tolerance at every place, anything else equal."""
    if isinstance(expected, str | bool | np.bool_) or expected is None:
        return bool(isinstance(answer, str | bool | np.bool_) and answer == expected)
    given, right = np.asarray(answer, dtype=float), np.asarray(expected, dtype=float)
    if given.shape != right.shape:
        return False
    return bool(np.all((np.abs(given - right) <= within * np.abs(right) + absolute) | (given == right)))


@dataclass(frozen=True)
class Case:
    """One answer beside the right one, and what the mistakes that the problem names would give."""

    answer: Any
    expected: Any
    mistakes: Mapping[str, Any]


def recognised(cases: Sequence[Case], within: float, absolute: float, unit: str) -> str:
    """What the answers have in common with a known mistake, in a sentence or two; empty where none fits all of them."""
    for key in cases[0].mistakes:
        wrong = [case.mistakes.get(key) for case in cases]
        if _fits(cases, wrong, within, absolute):
            return NAMED.get(key, key)
    if not measured(cases):
        return ""
    expected = [np.asarray(case.expected, dtype=float) for case in cases]
    counts = all(bool(np.all(values == np.rint(values))) for values in expected)
    size = max(float(np.max(np.abs(values), initial=0.0)) for values in expected)
    near = max(within, min(NEAR, within + absolute / size if size else NEAR))  # of what is made of the right value, which may be small
    for mistake in GENERAL:
        if mistake.units and unit not in mistake.units:
            continue
        if mistake.kind in ("milli", "kilo", "milli and sign") and unit in RATIO:
            continue
        if mistake.units == RATIO and counts:  # whole numbers are counts
            continue
        wrong = [mistake.wrong(values) for values in expected]
        if all(same(value, case.expected, within, absolute) for case, value in zip(cases, wrong, strict=True)):
            continue  # the check itself takes it for right
        if _fits(cases, wrong, near, 0.0):
            return mistake.text
    return ""


def _fits(cases: Sequence[Case], wrong: Sequence[Any], within: float, absolute: float) -> bool:
    """Whether the mistake gives all the answers, and differs from the right value at least once."""
    if any(value is None for value in wrong):
        return False
    differs = any(not same(value, case.expected, within, absolute) for case, value in zip(cases, wrong, strict=True))
    return differs and all(same(case.answer, value, within, absolute) for case, value in zip(cases, wrong, strict=True))


def direction(cases: Sequence[Case], within: float, absolute: float) -> str:
    """Where no mistake is recognised: too large or too small; of words, and of yes and no, which is said in place of which."""
    if all(isinstance(case.expected, bool | np.bool_) for case in cases):
        false = sum(bool(case.answer) and not case.expected for case in cases)
        missed = sum(bool(case.expected) and not case.answer for case in cases)
        return f"It says True {false} times where False is right, and False {missed} times where True is right."
    if all(isinstance(case.expected, str) for case in cases):
        return _of_words(cases)
    if not measured(cases):
        return ""
    if any(np.shape(case.answer) != np.shape(case.expected) for case in cases):
        case = next(case for case in cases if np.shape(case.answer) != np.shape(case.expected))
        return f"It has the shape {np.shape(case.answer)}, where {np.shape(case.expected)} is expected."
    off = [np.asarray(case.answer, dtype=float) - np.asarray(case.expected, dtype=float) for case in cases]
    allowed = [within * np.abs(np.asarray(case.expected, dtype=float)) + absolute for case in cases]
    shape = np.shape(cases[0].expected)
    if len(shape) == 1 and shape[0] <= len(PLACES) and all(o.shape == shape for o in off):
        return _by_place(np.array(off), np.array(allowed))
    return f"It is {_off(np.concatenate([o.ravel() for o in off]), np.concatenate([a.ravel() for a in allowed]))}."


def _by_place(off: Numbers, allowed: Numbers) -> str:
    """Of a few values, which are wrong and how."""
    wrong = [n for n in range(off.shape[1]) if np.any(np.abs(off[:, n]) > allowed[:, n])]
    said = ", ".join(f"the {PLACES[n]} is {_off(off[:, n], allowed[:, n])}" for n in wrong)
    return f"Of its {off.shape[1]} values {said}{'' if len(wrong) == off.shape[1] else '; the rest is right'}."


def _off(off: Numbers, allowed: Numbers) -> str:
    above, below = bool(np.any(off > allowed)), bool(np.any(off < -allowed))
    return "too large in some places and too small in others" if above and below else "too large" if above else "too small"


def _of_words(cases: Sequence[Case]) -> str:
    words = sorted({case.expected for case in cases})
    other = next((case.answer for case in cases if case.answer not in words), None)
    if other is not None:
        near = [word for word in words if word.casefold() == str(other).strip().casefold()]
        return f'It gave "{other}"; ' + (f'write exactly "{near[0]}".' if near else "its words are not those that are asked for.")
    taken = Counter((case.answer, case.expected) for case in cases if case.answer != case.expected)
    (answer, expected), count = taken.most_common(1)[0]
    return f'It gave "{answer}" {count} time{"" if count == 1 else "s"} where "{expected}" is right.'


def measured(cases: Sequence[Case]) -> bool:
    """Whether all answers are numbers, of which a few tell a mistake: of two words, anything wrong gives the other one."""
    return all(_is_number(case.expected) for case in cases)


def _is_number(value: Any) -> bool:
    if isinstance(value, str | bool | np.bool_) or value is None:
        return False
    try:
        np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return False
    return True
