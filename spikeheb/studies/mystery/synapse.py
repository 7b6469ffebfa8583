"""The hidden synapse itself: drawn from a seed, and drawn again until the reference design would find it out."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from spikeheb.errors import EngineError
from spikeheb.studies.mystery.candidates import Candidate, Level
from spikeheb.studies.mystery.conditions import Condition, Session
from spikeheb.studies.mystery.designs import REFERENCE, shared_out
from spikeheb.studies.mystery.noise import Measured, measured
from spikeheb.studies.mystery.observer import SETS, posterior
from spikeheb.studies.mystery.response import Response, cloud_response, response

Floats = npt.NDArray[np.float64]

WANTED = 0.9
"""Mean probability that the ideal observer with the reference design must give to the truth."""
REPLICATES = 6
"""Repetitions of the reference design over which this mean is taken."""
SAME = 0.05
"""Rules whose ratios differ by no more in any session of the reference design count as one answer."""
LEAST_CHANGE = 0.2
"""Change of the ratio that some session of the reference design must bring."""
MOST_ATTEMPTS = 200
MIDDLE = slice(1, 4)
"""The initial weights, of `STARTS`, at which answers are compared."""


@dataclass(frozen=True, slots=True)
class Synapse:
    """A rule with parameters.

    Attributes
    ----------
    level : Level
    seed : int
    attempt : int
        How often it was drawn again.
    candidate : Candidate
    values : tuple of float
        Its free parameters, SI.
    """

    level: Level
    seed: int
    attempt: int
    candidate: Candidate
    values: tuple[float, ...]

    def responds(self, condition: Condition) -> Response:
        """What it does under a condition."""
        return _response(self.candidate, self.values, condition)

    def cell(self, number: int, session: Session) -> Measured:
        """The cell of that number, counted over all experiments: every cell has random numbers of its own."""
        return measured(session, self.responds(session.condition), np.random.default_rng([self.seed, 0xCE11, self.attempt, number]))

    @property
    def answer(self) -> str:
        """The right answer."""
        return self.level.answer_of(self.candidate.name)


@lru_cache(maxsize=1024)
def _response(candidate: Candidate, values: tuple[float, ...], condition: Condition) -> Response:
    return response(candidate, condition, np.array([values]))


def drawn(level: Level, seed: int, attempt: int) -> Synapse:
    """The synapse of this seed after so many draws."""
    rng = np.random.default_rng([seed, 0x5EC3E7, level.number, attempt])
    candidate = level.everything[int(rng.choice(len(level.everything), p=level.prior))]
    return Synapse(level, seed, attempt, candidate, tuple(float(value) for value in candidate.drawn(rng, 1)[0]))


def hidden(level: Level, seed: int, sets: int = SETS) -> Synapse:
    """The first synapse of this seed that the reference design finds out with the cells of the level.

    Raises
    ------
    EngineError
        Where none is found.
    """
    for attempt in range(MOST_ATTEMPTS):
        synapse = drawn(level, seed, attempt)
        if something_happens(synapse) and recognised(synapse, sets) >= WANTED:
            return synapse
    raise EngineError(f"no synapse that can be found out among {MOST_ATTEMPTS} draws; take another seed", key="seed")


def something_happens(synapse: Synapse) -> bool:
    """Whether some session of the reference design changes the weight enough."""
    return any(np.abs(synapse.responds(session.condition).mean() - 1).max() > LEAST_CHANGE for session in REFERENCE)


def recognised(synapse: Synapse, sets: int = SETS) -> float:
    """Mean probability of the right answer, or of one that predicts the same, after the reference design.

    It is 1 minus the difficulty of the synapse.
    """
    right = [synapse.level.answers.index(name) for name in equivalent(synapse, sets)]
    return float(np.mean([belief[right].sum() for belief in reference_beliefs(synapse, synapse.level.cells, sets)]))


def reference_beliefs(synapse: Synapse, cells: int, sets: int = SETS) -> list[Floats]:
    """Probabilities of answers after each repetition of the reference design with so many cells."""
    beliefs = []
    for k in range(REPLICATES):
        other = replace(synapse, seed=int(np.random.SeedSequence([synapse.seed, 0xDE519, k]).generate_state(1)[0]))
        sessions = shared_out(REFERENCE, cells)
        numbers = iter(range(cells))
        experiments = [(session, [other.cell(next(numbers), session) for _ in range(count)]) for session, count in sessions]
        beliefs.append(posterior(synapse.level, experiments, sets).answers)
    return beliefs


def equivalent(synapse: Synapse, sets: int = SETS) -> tuple[str, ...]:
    """The right answer, and those that predict the same in all sessions of the reference design."""
    names = [synapse.answer]
    true = np.array([synapse.responds(session.condition).mean()[0, MIDDLE] for session in REFERENCE])
    for candidate in synapse.level.candidates:
        other = np.array([cloud_response(candidate, session.condition, sets).mean()[:, MIDDLE] for session in REFERENCE])
        if candidate.name not in names and np.abs(other - true[:, None]).max(axis=(0, 2)).min() <= SAME:
            names.append(candidate.name)
    return tuple(names)


def seed_of(secret: bytes, student: str, assignment: str) -> int:
    """The seed of a student's synapse for marks, which only the owner of the secret can compute."""
    return int.from_bytes(keyed(secret, "seed", assignment, student)[:7], "big")


def token_of(secret: bytes, student: str, assignment: str) -> str:
    """What a student shows to the teacher's machine."""
    return keyed(secret, "token", assignment, student).hex()[:32]


def keyed(secret: bytes, *words: str) -> bytes:
    """HMAC-SHA256 of some words under the class secret; their lengths are part of it, so that no two rows of words are alike."""
    return hmac.digest(secret, b"".join(f"{len(word.encode())}:".encode() + word.encode() for word in words), hashlib.sha256)
