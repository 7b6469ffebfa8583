"""What synapses of a rule do under a condition: many parameters and initial weights are lanes of one run of the kernel."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeheb.circuits.drives import Drives
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.usual import given, lanes
from spikeheb.engines.choice import carry_out
from spikeheb.expressions.printers import evaluate
from spikeheb.studies.mystery.candidates import SYNAPSES, Candidate
from spikeheb.studies.mystery.conditions import Condition

Floats = npt.NDArray[np.float64]

SETTLE = 1.0
"""Seconds after the last spike at which the weight is read."""
STARTS = np.array([0.3, 0.6, 0.9, 1.3, 1.9])
"""Initial weights, relative to the rule's own, between which outcomes are interpolated; no cell lies outside."""
LEAST, MOST = 0.1, 5.0
"""Ratios beyond these are read as these: an EPSP is then lost in the noise, or the cell fires."""
SETS_OF_ONE = 16
"""A rule that draws gets one parameter set for so many of another rule, because each takes many synapses."""
FEWEST_SETS = 4
"""Parameter sets of a rule that draws at least."""
NOISY_SYNAPSES = 64
"""Simulated synapses from which the chance to change state is counted, for each parameter set."""


@dataclass(frozen=True, slots=True)
class Response:
    """What parameter sets of one rule do under one condition.

    Attributes
    ----------
    log_ratio : array of float, shape (sets, outcomes, STARTS)
        Logarithm of the ratio after over before of a cell of mean plasticity, for each outcome that chance allows.
    weight : array of float, shape (sets, outcomes, STARTS)
        Probability of each outcome; a rule that draws nothing has one outcome.
    """

    log_ratio: Floats
    weight: Floats

    def at(self, start: float) -> tuple[Floats, Floats]:
        """Log ratios and probabilities at one relative initial weight, shapes (sets, outcomes)."""
        k = min(max(int(np.searchsorted(STARTS, start)), 1), STARTS.size - 1)
        share = float(np.log(start / STARTS[k - 1]) / np.log(STARTS[k] / STARTS[k - 1]))
        share = min(max(share, 0.0), 1.0)
        first, second = self.log_ratio[..., k - 1 : k + 1], self.weight[..., k - 1 : k + 1]
        if self.weight.shape[1] == 1:
            return first[..., 0] * (1 - share) + first[..., 1] * share, second[..., 0]
        nearest = k if share > 0.5 else k - 1  # how many synapses are up is a whole number
        return self.log_ratio[..., nearest], self.weight[..., nearest]

    def mean(self) -> Floats:
        """Mean ratio of each set at each of `STARTS`, shape (sets, STARTS)."""
        return np.asarray(np.sum(np.exp(self.log_ratio) * self.weight, axis=1))


def response(candidate: Candidate, condition: Condition, values: Floats) -> Response:
    """What a rule does under a condition, for many parameter sets.

    Parameters
    ----------
    candidate : Candidate
    condition : Condition
    values : array of float, shape (sets, parameters)
        SI, in the order of `Candidate.free`.
    """
    return (_of_two_states if candidate.two_state else _of_weights)(candidate, condition, values)


def _of_weights(candidate: Candidate, condition: Condition, values: Floats) -> Response:
    sets = len(values)
    initial: Any = evaluate(candidate.rule.initial[candidate.rule.weight], dict(candidate.rule.constants))
    start = float(initial)
    weights = np.tile(STARTS * start, sets)
    after = _run(candidate, condition, np.repeat(values, STARTS.size, axis=0), weights)
    ratio = np.clip(after / weights, LEAST, MOST).reshape(sets, 1, STARTS.size)
    return Response(np.log(ratio), np.ones_like(ratio))


def _of_two_states(candidate: Candidate, condition: Condition, values: Floats) -> Response:
    """Outcomes are how many of a connection's synapses are up at the end."""
    from scipy.stats import binom

    sets, constants = len(values), candidate.rule.constants
    each = np.repeat(values, 2 * NOISY_SYNAPSES, axis=0)
    start = np.tile(np.repeat([0.0, 1.0], NOISY_SYNAPSES), sets)
    up = (_run(candidate, condition, each, start) > constants["rho_star"]).reshape(sets, 2, NOISY_SYNAPSES)
    chance = (up.sum(axis=2) + 0.5) / (NOISY_SYNAPSES + 1.0)  # to end up, of those that start down and up
    number = np.arange(SYNAPSES + 1)
    before = synapses_up(constants["b"], STARTS)
    stay = binom.pmf(number, before[:, None], chance[:, 1, None, None])  # (sets, STARTS, number)
    rise = binom.pmf(number, SYNAPSES - before[:, None], chance[:, 0, None, None])
    total = np.zeros((sets, SYNAPSES + 1, STARTS.size))
    for n in number:
        for k in number[: SYNAPSES + 1 - n]:
            total[:, n + k] += stay[:, :, n] * rise[:, :, k]
    strength = 1 + (constants["b"] - 1) * number / SYNAPSES
    ratio = np.clip(strength[:, None] / strength[before][None], LEAST, MOST)
    return Response(np.broadcast_to(np.log(ratio), total.shape), total)


def synapses_up(b: float, start: Floats) -> npt.NDArray[np.int64]:
    """How many synapses of a connection are in the strong state, from its relative initial weight; half of them at 1."""
    mean = 1 + (b - 1) / 2
    return np.clip(np.rint((start * mean - 1) / (b - 1) * SYNAPSES), 0, SYNAPSES).astype(np.int64)


def _run(candidate: Candidate, condition: Condition, values: Floats, start: Floats) -> Floats:
    """The weight at the end of the induction, in each lane; `values` has the shape (lanes, parameters)."""
    pre, post, dt = condition.spikes
    count = len(start)
    last = max(int(train[-1]) if train.size else 0 for train in (pre, post)) + round(SETTLE / dt)
    circuit = lanes(
        candidate.rule, None, dt, last + 1, np.arange(count), (pre,) * count, Drives(imposed=given((post,) * count)),
        Probes(samples=np.array([last])), overrides={name: values[:, k] for k, name in enumerate(candidate.free)},
        seed=zlib.crc32(repr((candidate.name, condition)).encode()),
    )  # fmt: skip
    return np.asarray(carry_out(circuit.starting_at(start)).w)


@lru_cache(maxsize=4096)
def cloud_response(candidate: Candidate, condition: Condition, sets: int) -> Response:
    """The response of the parameter sets that stand for a rule, kept in memory."""
    return response(candidate, condition, cloud(candidate, sets))


def cloud(candidate: Candidate, sets: int) -> Floats:
    """The parameter sets that stand for a rule, shape (sets, parameters); fewer of a rule that draws, which takes longer."""
    count = max(FEWEST_SETS, sets // SETS_OF_ONE) if candidate.two_state else sets
    return candidate.drawn(np.random.default_rng([0xC10D, zlib.crc32(candidate.name.encode())]), count)
