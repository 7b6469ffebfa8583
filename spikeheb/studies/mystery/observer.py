"""The ideal observer: it knows the list of rules, the spread of their parameters and the noise, and has every rule computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.studies.mystery.candidates import Candidate, Level
from spikeheb.studies.mystery.conditions import Session
from spikeheb.studies.mystery.noise import Measured, log_likelihood
from spikeheb.studies.mystery.response import cloud_response

Floats = npt.NDArray[np.float64]

SETS = 200
"""Parameter sets that stand for a rule."""


@dataclass(frozen=True)
class Belief:
    """What an ideal observer thinks: a posterior over rules and their parameter sets.

    Attributes
    ----------
    level : Level
    log_likelihood : tuple of arrays of float, shape (sets,)
        For each rule of `Level.everything`.
    """

    level: Level
    log_likelihood: tuple[Floats, ...]

    @property
    def rules(self) -> Floats:
        """The probability of each rule of `Level.everything`."""
        return normalised(self.level.prior * np.array([np.mean(np.exp(each - self._top)) for each in self.log_likelihood]))

    @property
    def answers(self) -> Floats:
        """The probability of each answer."""
        return self.level.by_answer(self.rules)

    @property
    def _top(self) -> float:
        return max(float(each.max()) for each in self.log_likelihood)

    def of_sets(self) -> list[Floats]:
        """The probability of each parameter set of each rule."""
        return [p * normalised(np.exp(each - each.max())) for p, each in zip(self.rules, self.log_likelihood, strict=True)]

    def after(self, session: Session, cells: Iterable[Measured]) -> Belief:
        """The posterior after some more cells of one session."""
        sums = list(self.log_likelihood)
        cells = list(cells)
        for n, candidate in enumerate(self.level.everything):
            synapses = cloud_response(candidate, session.condition, self.sets)
            sums[n] = sums[n] + sum((log_likelihood(session, synapses, cell) for cell in cells), np.zeros_like(sums[n]))
        return Belief(self.level, tuple(sums))

    @property
    def sets(self) -> int:
        """Parameter sets that stand for a rule that draws nothing."""
        return max(each.size for each in self.log_likelihood)


def normalised(values: Floats) -> Floats:
    """The values over their sum."""
    return np.asarray(values / values.sum())


def prior(level: Level, sets: int = SETS) -> Belief:
    """What is known before the first experiment."""
    from spikeheb.studies.mystery.response import cloud

    return Belief(level, tuple(np.zeros(len(cloud(each, sets))) for each in level.everything))


def posterior(level: Level, experiments: Sequence[tuple[Session, Sequence[Measured]]], sets: int = SETS) -> Belief:
    """What is known after these experiments."""
    belief = prior(level, sets)
    for session, cells in experiments:
        belief = belief.after(session, cells)
    return belief


def course(level: Level, experiments: Sequence[Sequence[tuple[Session, Sequence[Measured]]]], sets: int = SETS) -> list[Belief]:
    """What is known before the first experiment and after each."""
    beliefs = [prior(level, sets)]
    for sessions in experiments:
        belief = beliefs[-1]
        for session, cells in sessions:
            belief = belief.after(session, cells)
        beliefs.append(belief)
    return beliefs


def position(level: Level, candidate: Candidate) -> int:
    """The place of a rule in `Level.everything`."""
    return level.everything.index(candidate)
