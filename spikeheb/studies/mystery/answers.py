"""Answers: probabilities of rules, and parameters of the most probable one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spikeheb import library
from spikeheb.errors import ScheduleError, unknown_name
from spikeheb.studies.mystery.candidates import Candidate, Level
from spikeheb.studies.mystery.log import Record


def answer_of(level: Level, probabilities: Mapping[str, float], parameters: Mapping[str, object]) -> Record:
    """The record of an answer; arguments as in `spikeheb.studies.mystery.game.answer`.

    Raises
    ------
    ScheduleError, UnknownName, UnitError
    """
    shares = _shares(level, probabilities)
    return {"kind": "answer", "probabilities": shares, "parameters": _values(named(level, shares), parameters)}


def _shares(level: Level, probabilities: Mapping[str, float]) -> dict[str, float]:
    """A probability for each answer."""
    if not isinstance(probabilities, Mapping) or not probabilities:
        raise ScheduleError("expected a probability for one rule at least", key="probabilities")
    for name, value in probabilities.items():
        if name not in level.answers:
            raise unknown_name("answer", str(name), level.answers)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise ScheduleError(f"expected a probability from 0 to 1 (got {str(value)[:20]})", key=str(name))
    total = float(sum(probabilities.values()))
    others = [name for name in level.answers if name not in probabilities]
    if total > 1 + 1e-6 or (not others and abs(total - 1) > 1e-6):
        raise ScheduleError(f"probabilities must add up to 1 (they give {total:g})", key="probabilities")
    rest = max(0.0, 1 - total) / len(others) if others else 0.0
    return {name: float(probabilities.get(name, rest)) for name in level.answers}


def named(level: Level, shares: Mapping[str, float]) -> Candidate:
    """The most probable rule of the list, whose parameters an answer gives."""
    return max(level.candidates, key=lambda candidate: shares[candidate.name])


def _values(best: Candidate, parameters: Mapping[str, object]) -> dict[str, float]:
    """Free parameters of the named rule, SI."""
    for name in parameters:
        if name not in best.free:
            raise unknown_name(f"free parameter of {best.name}", str(name), best.free)
    given: dict[str, Any] = dict(parameters)
    rule = library.rule(best.rule, **given)
    return {name: float(rule.parameters[name].value) for name in parameters}
