"""Pairs that are seen once: how well each is remembered by its age, with Hebb's rule, gradient descent and Hebbian-descent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikeheb.declared import takes_settings
from spikeheb.errors import ScheduleError
from spikeheb.rates import checked
from spikeheb.rates.data import digits
from spikeheb.rates.file import rule
from spikeheb.rates.layer import Layer
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.rates.labelled import labelled
from spikeheb.studies.seeds import chosen_seeds
from spikeheb.studies.settings.rates import OnlinePairs

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

RULES = ("targets_hebb", "delta_rule", "hebbian_descent")
CENTRED = ("raw", "centred")
AGES = (1, 5, 20, 50, 100, 300)
"""Oldest pair of each group of ages but the last, the newest pair having age 1."""
NEWEST = 20
RANDOM_INPUTS = 64


@shows_progress
@takes_settings(OnlinePairs)
def online_pairs(settings: OnlinePairs, *, progress: Progress = None) -> xr.Dataset:
    """Learn pairs of an input and random bits in one pass, each seen once, and measure the error of each pair at the end.

    Three rules, with the learning rate of their file: Hebb with targets, gradient descent on the squared error, and Hebbian-descent,
    which leaves the slope of the output out. Inputs are taken as they are, or with their mean subtracted.

    Parameters
    ----------
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``seed``, ``rule`` and ``centred``: ``newest``, the mean absolute error of the newest 20 pairs; and over ``age``, the oldest of
        a group of pairs, ``error``.

    Raises
    ------
    SpikehebError
    """
    seeds, (inputs, available) = chosen_seeds(settings.seeds, settings.seed), _inputs(settings)
    if settings.pairs > available:
        raise ScheduleError(f"expected at most {available}, the number of digits (got {settings.pairs})", key="pairs")
    if settings.pairs <= AGES[-1]:
        raise ScheduleError(f"expected more than {AGES[-1]} pairs, which are grouped by age (got {settings.pairs})", key="pairs")
    checked.room({"the pairs": 4.0 * settings.pairs * (settings.bits + RANDOM_INPUTS)}, "pairs")
    shape, report = (len(seeds), len(RULES), len(CENTRED)), report_of(progress)
    newest, error = np.empty(shape), np.empty((*shape, len(AGES) + 1))
    for n, seed in enumerate(seeds):
        rng = np.random.default_rng(seed)
        samples = rng.permutation(inputs)[: settings.pairs] if inputs is not None else random_inputs(settings.pairs, rng)
        targets = rng.integers(0, 2, (settings.pairs, settings.bits)).astype(np.float64)
        for m, k in np.ndindex(shape[1:]):
            apart = _errors(RULES[m], samples, targets, centred=bool(k))
            newest[n, m, k] = apart[:NEWEST].mean()
            error[n, m, k] = [group.mean() for group in np.split(apart, AGES)]
        if report:
            report((n + 1) / len(seeds))
    over = ("seed", "rule", "centred")
    return labelled(
        "online_pairs",
        settings,
        {
            "seed": (("seed",), list(seeds), "1", "seed"),
            "rule": (("rule",), list(RULES), "1", "rate rule"),
            "centred": (("centred",), list(CENTRED), "1", "whether the mean input is subtracted"),
            "age": (("age",), [*AGES, settings.pairs], "1", "age of a pair, the oldest of its group"),
        },
        {
            "newest": (over, newest, "1", f"mean absolute error of the newest {NEWEST} pairs"),
            "error": ((*over, "age"), error, "1", "mean absolute error"),
        },
        claim="Hebbian-descent learns a pair at one sight and forgets gradually; it needs centred inputs.",
        table="newest",
        notes=["An error of 0.5 is chance. The inputs are random bits of different frequency; inputs='digits' takes those of scikit-learn."]
        if inputs is None
        else ["An error of 0.5 is chance."],
    )


def _inputs(settings: OnlinePairs) -> tuple[Floats | None, int]:
    """The inputs where they are digits, and how many there are."""
    if settings.inputs == "random":
        return None, settings.pairs
    samples, _ = digits()
    return samples, len(samples)


def random_inputs(number: int, rng: np.random.Generator) -> Floats:
    """Bits, each on with a frequency of its own: a mean that differs from 0, as pictures have it."""
    frequencies = rng.uniform(size=RANDOM_INPUTS)
    return (rng.random((number, RANDOM_INPUTS)) < frequencies).astype(np.float64) * 0.5


def _errors(name: str, samples: Floats, targets: Floats, *, centred: bool) -> Floats:
    """The mean absolute error of each pair after one pass, the newest first."""
    chosen = rule(name, follows=0.0)
    start = {"mu": samples.mean(axis=0) if centred else np.zeros(samples.shape[1])}
    layer = Layer(chosen, targets.shape[1], w0=np.zeros((targets.shape[1], samples.shape[1])), start=start)
    with np.errstate(over="ignore"):
        outputs = layer.fit(samples, targets).transform(samples)
    return np.asarray(np.abs(outputs - targets).mean(axis=1)[::-1])
