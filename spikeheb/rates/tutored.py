"""Learning by trial and error: a pair is repeated until the answer is right (after a model of Bak & Chialvo and of cond-mat/0301627).

A layered network whose most driven cells win, a fixed number in each layer. After a wrong answer the synapses between active cells are
depressed by random amounts; a Hebbian term is added after each trial.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError, unknown_name
from spikeheb.limits import whole
from spikeheb.rates import checked

Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.intp]
Form = Literal["signed", "active"]
FORMS = ("signed", "active")
SIZES, ACTIVE = (8, 256, 8), (2, 38, 2)


def learn_until_right(
    ratio: float,
    *,
    rng: np.random.Generator,
    pairs: int = 4,
    rho: float = 0.1,
    form: Form = "signed",
    hidden: int = SIZES[1],
    winners: int = ACTIVE[1],
    most: int = 6000,
) -> int | None:
    """How many trials it takes until all pairs of 2 of 8 inputs and 2 of 8 outputs are answered rightly one after the other.

    Parameters
    ----------
    ratio : float
        The Hebbian step over `rho`.
    rng : Generator
        Of the pairs, the initial weights (uniform between 0 and 1) and the depression.
    pairs : int
        Of different inputs.
    rho : float
        Depression of an active synapse after a wrong answer, at most; uniform from 0.
    form : {"signed", "active"}
        The Hebbian term: ``(2 y - 1) x``, which also depresses the synapses of active inputs onto cells that did not win, or ``y x``.
    hidden, winners : int
        Hidden cells, and how many of them win.
    most : int
        Trials after which it has failed.

    Returns
    -------
    int or None
        Trials until the end of the first round without an error; None where there is none.

    Raises
    ------
    FormatError, ScheduleError, EngineError, UnknownName
    """
    if not (math.isfinite(ratio) and ratio >= 0 and math.isfinite(rho) and rho > 0):
        raise FormatError(f"expected a ratio of 0 or more and rho above 0 (got {ratio!r:.40} and {rho!r:.40})", key="ratio")
    if form not in FORMS:
        raise unknown_name("form", form, FORMS, key="form")
    count, cells, limit = whole(pairs, "pairs", 1, 28), whole(hidden, "hidden"), whole(most, "most")
    whole(winners, "winners", 1, cells)
    checked.room({"the weights": 4.0 * cells * SIZES[0]}, "hidden")
    network = _Network(rng, cells, winners, rho, ratio * rho, form)
    cues, answers = _pairs(count, rng)
    trials = 0
    while True:
        wrong = 0
        for cue, answer in zip(cues, answers, strict=True):
            right = False
            while not right:
                if trials == limit:
                    return None
                trials, right = trials + 1, network.trial(cue, answer)
                wrong += not right
        if not wrong:
            return trials


class _Network:
    """Two layers of weights; a trial changes them."""

    def __init__(self, rng: np.random.Generator, hidden: int, winners: int, rho: float, step: float, form: Form) -> None:
        self.rng, self.rho, self.step, self.form = rng, rho, step, form
        self.weights = [rng.uniform(size=(hidden, SIZES[0])), rng.uniform(size=(SIZES[2], hidden))]
        self.winners = (winners, ACTIVE[2])

    def trial(self, cue: Cells, answer: Cells) -> bool:
        """Whether the answer is right."""
        path = [cue]
        for weights, winners in zip(self.weights, self.winners, strict=True):
            drive = weights[:, path[-1]].sum(axis=1)
            path.append(np.sort(np.argsort(-drive, kind="stable")[:winners]))
        right = np.array_equal(path[-1], answer)
        for weights, before, after in zip(self.weights, path, path[1:], strict=False):
            active = np.ix_(after, before)
            if not right:
                weights[active] -= self.rho * self.rng.uniform(size=(len(after), len(before)))
            if self.form == "signed":
                weights[:, before] -= self.step
                weights[active] += 2.0 * self.step
            else:
                weights[active] += self.step
        return right


def _pairs(count: int, rng: np.random.Generator) -> tuple[list[Cells], list[Cells]]:
    """Different cues of 2 of 8 inputs, and answers of 2 of 8 outputs."""
    every = np.array([(i, j) for i in range(SIZES[0]) for j in range(i + 1, SIZES[0])])
    cues = every[rng.permutation(len(every))[:count]]
    return list(cues), list(every[rng.integers(0, len(every), count)])
