"""The score of 100: the design, the inference, the parameters, and a prediction that was registered."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spikeheb.studies.mystery.answers import named
from spikeheb.studies.mystery.candidates import Level
from spikeheb.studies.mystery.conditions import Session
from spikeheb.studies.mystery.designs import HELD_OUT, REFERENCE, WINDOW
from spikeheb.studies.mystery.experiments import experiments_of, spent
from spikeheb.studies.mystery.log import Record, text
from spikeheb.studies.mystery.noise import DRIFT, GAIN_SD, Measured, log_errors, measured
from spikeheb.studies.mystery.observer import SETS, Belief, course, normalised
from spikeheb.studies.mystery.response import STARTS, Response, cloud_response, response
from spikeheb.studies.mystery.synapse import Synapse, equivalent, recognised, reference_beliefs

Floats = npt.NDArray[np.float64]
Done = Sequence[tuple[Session, Sequence[Measured]]]

DESIGN, INFERENCE, PARAMETERS, PREDICTION = 40.0, 30.0, 15.0, 15.0
"""Points of each part."""
COVERED = 0.8
"""Probability with which a registered interval holds the outcome."""
LEAST_SHARE = 1e-3
"""Probabilities below this are read as this, so that a zero does not cost everything."""
DRAWS = 300
"""Repetitions of an experiment from which the ideal observer predicts it."""
RIVAL = 0.02
"""Probability from which on a wrong rule counts as a rival."""


@dataclass(frozen=True)
class Grade:
    """The score of a log and what it rests on.

    Attributes
    ----------
    design, inference, parameters, prediction : float
        Points.
    bits, reference_bits : float
        What the data say about the right answer, and what those of the reference design say at the same cost.
    beliefs : tuple of arrays of float, shape (answers,)
        The ideal observer before the first and after each experiment.
    same : tuple of str
        The right answer, and those that count as it.
    difficulty : float
        1 minus the mean probability that the ideal observer gives to the right answer with the reference design.
    truth : str
        The hidden rule with its parameters.
    rivals : tuple of (str, float, str, float)
        Wrong answers that are left, their probability, the experiment that would have told them from the truth, and by how many standard
        deviations of a cell.
    notes : tuple of str
    """

    design: float
    inference: float
    parameters: float
    prediction: float
    bits: float
    reference_bits: float
    beliefs: tuple[Floats, ...]
    same: tuple[str, ...]
    difficulty: float
    truth: str
    rivals: tuple[tuple[str, float, str, float], ...]
    notes: tuple[str, ...]

    @property
    def total(self) -> float:
        """Of 100."""
        return self.design + self.inference + self.parameters + self.prediction


def grade(synapse: Synapse, records: Sequence[Record], sets: int = SETS) -> Grade:
    """Score what a log holds.

    Parameters
    ----------
    synapse : Synapse
    records : sequence of dict
    sets : int
        Parameter sets that stand for a rule.

    Raises
    ------
    SpikehebError
    """
    level, experiments = synapse.level, experiments_of(records)
    beliefs = course(level, [done for _, done in experiments], sets)
    same = equivalent(synapse, sets)
    right = [level.answers.index(name) for name in same]
    start, end = beliefs[0].answers, beliefs[-1].answers
    bits = gained(start, end, right)
    at_cost = max(spent(records), level.cells // 2)
    reference_bits = float(np.mean([gained(start, answers, right) for answers in reference_beliefs(synapse, at_cost, sets)]))
    answer = records[-1] if records[-1]["kind"] == "answer" else None
    return Grade(
        design_points(bits, reference_bits),
        0.0 if answer is None else inference_points(_written(level, answer), end, right),
        0.0 if answer is None else _parameter_points(synapse, answer),
        _prediction_points(experiments, beliefs),
        bits, reference_bits, tuple(belief.answers for belief in beliefs), same, 1 - recognised(synapse, sets), _truth(synapse),
        _rivals(synapse, beliefs[-1], right, sets), _notes(synapse, records),
    )  # fmt: skip


def gained(before: Floats, after: Floats, right: Sequence[int]) -> float:
    """Bits that data give about the right answer: the logarithm of its probability after over before."""
    chosen = list(right)
    return float(np.log2(max(after[chosen].sum(), 1e-12)) - np.log2(before[chosen].sum()))


def design_points(bits: float, reference_bits: float) -> float:
    """Points for the design: the share of the bits that the reference design gives at the same cost, at most all."""
    return DESIGN * float(np.clip(bits / max(reference_bits, 1e-9), 0, 1))


def inference_points(written: Floats, ideal: Floats, right: Sequence[int]) -> float:
    """Points for the inference: halved for each bit that the written probabilities lose against those of the ideal observer.

    The loss is the mean over what the ideal observer holds possible, so that a lucky guess earns nothing.
    """
    pooled = [_pooled(values, right) for values in (written, ideal)]
    p, q = normalised(np.maximum(pooled[1], 1e-12)), normalised(np.maximum(pooled[0], LEAST_SHARE))
    return INFERENCE * float(2.0 ** -max(0.0, np.sum(p * np.log2(p / q))))


def _pooled(values: Floats, right: Sequence[int]) -> Floats:
    """Probabilities in which the right answers are one."""
    return np.append(np.delete(values, list(right)), values[list(right)].sum())


def _written(level: Level, answer: Record) -> Floats:
    return np.array([answer["probabilities"].get(name, 0.0) for name in level.answers], dtype=float)


def _parameter_points(synapse: Synapse, answer: Record) -> float:
    """Points for the parameters: none are left where held-out outcomes are missed by one standard deviation of a cell."""
    best = named(synapse.level, answer["probabilities"])
    values = np.array([[answer["parameters"].get(name, value) for name, value in zip(best.free, best.published, strict=True)]])
    misses = []
    for session in HELD_OUT:
        true = _log_mean(synapse.responds(session.condition))
        misses.append((_log_mean(response(best, session.condition, values)) - true) / _spread(session, true))
    return PARAMETERS * float(max(0.0, 1 - np.sqrt(np.mean(np.square(misses)))))


def _log_mean(synapse: Response) -> float:
    """Logarithm of the mean ratio of a connection of the mean initial weight."""
    return float(np.log(np.interp(0.0, np.log(STARTS), synapse.mean()[0])))


def _spread(session: Session, log_ratio: float) -> float:
    """Standard deviation of the logarithm of a cell's ratio."""
    return float(np.sqrt(DRIFT**2 + np.sum(np.square(log_errors(session))) + (GAIN_SD * log_ratio) ** 2))


# --- the registered prediction --------------------------------------------------------------------------------------------


def _prediction_points(experiments: Sequence[tuple[Record, Done]], beliefs: Sequence[Belief]) -> float:
    """Points for the prediction of the last experiment."""
    if not experiments or experiments[-1][0].get("predict") is None:
        return 0.0
    record, done = experiments[-1]
    low, high = record["predict"]
    ratios = [cell.ratio for _, cells in done for cell in cells if not cell.lost]
    outcome = float(np.mean(ratios)) if ratios else (low + high) / 2
    return prediction_points(interval_score(low, high, outcome), _ideal_score(done, beliefs[-2]))


def prediction_points(score: float, ideal: float) -> float:
    """Points for a prediction, from its interval score and the one that the ideal observer expects."""
    return PREDICTION * float(min(1.0, ideal / max(score, 1e-9)))


def interval_score(low: float, high: float, outcome: float) -> float:
    """Width, and how far the outcome lies outside times 2/(1 - `COVERED`): Gneiting & Raftery, 10.1198/016214506000001437, Eq. 43."""
    return high - low + 2 / (1 - COVERED) * (max(0.0, low - outcome) + max(0.0, outcome - high))


def _ideal_score(done: Done, belief: Belief) -> float:
    """The interval score that the ideal observer expects for its own interval before the experiment."""
    rng = np.random.default_rng(0x9EED1C7)
    shares = belief.of_sets()
    place = np.concatenate([np.stack([np.full(each.size, k), np.arange(each.size)], axis=1) for k, each in enumerate(shares)])
    chosen = place[rng.choice(len(place), DRAWS, p=normalised(np.concatenate(shares)))]
    means = []
    for k, n in chosen:
        ratios = []
        for session, cells in done:
            whole = cloud_response(belief.level.everything[k], session.condition, belief.sets)
            synapse = Response(whole.log_ratio[n : n + 1], whole.weight[n : n + 1])
            ratios += [cell.ratio for cell in (measured(session, synapse, rng) for _ in cells) if not cell.lost]
        means.append(float(np.mean(ratios)) if ratios else np.nan)
    outcomes = np.array(means)
    known = outcomes[np.isfinite(outcomes)]
    low, high = np.quantile(known, [(1 - COVERED) / 2, (1 + COVERED) / 2])
    return float(np.mean([interval_score(low, high, outcome) for outcome in known]))


# --- what the report says -------------------------------------------------------------------------------------------------


def _truth(synapse: Synapse) -> str:
    parameters = synapse.candidate.rule.parameters
    rounded = [float(f"{value:.4g}") for value in synapse.values]
    shown = [f"{name} = {replace(parameters[name], value=value).text}" for name, value in zip(synapse.candidate.free, rounded, strict=True)]
    return f"{synapse.candidate.name} ({', '.join(shown)})"


def _rivals(synapse: Synapse, belief: Belief, right: Sequence[int], sets: int) -> tuple[tuple[str, float, str, float], ...]:
    """What would have told the truth from each rule that is still probable; the rival has its most probable parameters."""
    level, rivals = synapse.level, []
    wrong = {level.answers[k] for k in range(len(level.answers)) if k not in right}
    for candidate, share, of_set in zip(level.everything, belief.rules, belief.of_sets(), strict=True):
        if share < RIVAL or level.answer_of(candidate.name) not in wrong:
            continue
        gaps = []
        for session in (*REFERENCE, *WINDOW):
            true = _log_mean(synapse.responds(session.condition))
            whole, n = cloud_response(candidate, session.condition, sets), int(of_set.argmax())
            other = _log_mean(Response(whole.log_ratio[n : n + 1], whole.weight[n : n + 1]))
            gaps.append(abs(other - true) / _spread(session, (true + other) / 2))
        best = int(np.argmax(gaps))
        rivals.append((candidate.name, float(share), words_of((*REFERENCE, *WINDOW)[best]), float(gaps[best])))
    return tuple(sorted(rivals, key=lambda rival: -rival[1]))


def words_of(session: Session) -> str:
    """A session in words."""
    given = ", ".join(f"{name} = {value}" for name, value in session.condition.parameters)
    start = "" if session.start == 1 else f", start = {session.start:g}"
    return f"{session.condition.protocol} ({given}{start})"


def _notes(synapse: Synapse, records: Sequence[Record]) -> tuple[str, ...]:
    notes = [str(records[0]["mark"])]
    experiments = [record for record in records if record["kind"] == "do"]
    if records[-1]["kind"] != "answer":
        notes.append("there is no answer yet")
    if experiments and experiments[-1].get("predict") is None:
        notes.append("no prediction was registered with the last experiment")
    if spent(records) < synapse.level.cells // 2:
        notes.append("less than half the budget was spent; the design is compared with the reference design at half the budget")
    return tuple(notes)


def digest(records: Sequence[Record]) -> str:
    """What two logs with the same experiments and results have in common."""
    return hashlib.sha256(text([record for record in records if record["kind"] == "do"], None).encode()).hexdigest()[:16]
