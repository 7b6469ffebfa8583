"""Online rules find the principal subspace with an error of 1/t; whether they follow a switch depends on what they forget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikeheb.declared import takes_settings
from spikeheb.errors import FormatError, ScheduleError
from spikeheb.rates import checked
from spikeheb.rates.data import orthonormality, spiked, subspace_error
from spikeheb.rates.file import rule
from spikeheb.rates.layer import Layer
from spikeheb.rates.rate_rule import RateRule
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.rates.labelled import labelled, shares, wholes
from spikeheb.studies.seeds import chosen_seeds
from spikeheb.studies.settings.rates import Subspace

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

STREAMS = ("steady", "switched")
LARGEST, SMALLEST = 5.0, 3.0
"""The first and the last of the leading eigenvalues; the rest are below 0.5."""


@shows_progress
@takes_settings(Subspace)
def subspace(settings: Subspace, *, progress: Progress = None) -> xr.Dataset:
    """Give samples of a spiked covariance to similarity matching and other rules, and measure how far they are from its subspace.

    One stream is steady; in the other the leading eigenvectors are drawn anew after some samples. Similarity matching with denominators
    that only grow (Pehlevan, Hu & Chklovskii 2015) does not follow: its learning rate has gone by then. With a share of the activity
    kept at each sample it does.

    Parameters
    ----------
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``seed``, ``stream``, ``rule`` and ``sample``: ``error``, ``|P - Q|^2/k`` with the projections on the filters and on the
        subspace of the moment (0 for the same, 2 for orthogonal ones), and ``orthonormality``, ``|F F' - I|``. Over ``seed`` and ``rule``:
        ``slope`` of the steady error against the samples, both as logarithms, from 100 samples on.

    Raises
    ------
    SpikehebError
    """
    seeds, samples = chosen_seeds(settings.seeds, settings.seed), sorted(wholes(settings.samples, "samples"))
    rules = _rules(settings)
    if settings.units >= settings.features:
        raise ScheduleError(f"expected fewer than {settings.features} units, the number of inputs", key="units")
    checked.room({"the samples": 6.0 * samples[-1] * settings.features}, "samples")
    shape = (len(seeds), len(STREAMS), len(rules), len(samples))
    error, apart, report = np.empty(shape), np.empty(shape), report_of(progress)
    for done, (n, m, k) in enumerate(np.ndindex(shape[:3])):
        error[n, m, k], apart[n, m, k] = _course(settings, list(rules.values())[k], STREAMS[m], seeds[n], samples)
        if report:
            report((done + 1) / (shape[0] * shape[1] * shape[2]))
    over = ("seed", "stream", "rule", "sample")
    return labelled(
        "subspace",
        settings,
        {
            "seed": (("seed",), list(seeds), "1", "seed"),
            "stream": (("stream",), list(STREAMS), "1", "whether the subspace is switched"),
            "rule": (("rule",), list(rules), "1", "rate rule"),
            "sample": (("sample",), samples, "1", "samples so far"),
        },
        {
            "error": (over, error, "1", "distance from the subspace, |P - Q|^2/k"),
            "orthonormality": (over, apart, "1", "distance from orthonormal filters, |FF' - I|"),
            "slope": (("seed", "rule"), slopes(np.array(samples), error[:, 0]), "1", "slope of log error against log samples"),
        },
        claim="Similarity matching finds the principal subspace with an error of 1/t; it follows a switch only if it forgets.",
        table="error orthonormality",
        notes=["With denominators that only grow (keeps = 1) a switched subspace is not followed, unlike what the rule is known for."]
        if 1.0 in settings.keeps
        else [],
    )  # fmt: skip


def _rules(settings: Subspace) -> dict[str, RateRule]:
    """The rules by the names that they have in the result."""
    rules = {}
    for kept in shares(settings.keeps, "keeps", 1.0) if len(settings.keeps) else ():
        label = "similarity_matching" + ("" if kept == 1 else f", keeps {kept:g}")
        rules[label] = rule("similarity_matching", keeps=kept)
    for name in settings.rules:
        rules[name] = rule(name)
        for word in ("target", "amount"):
            if word in rules[name].reads:
                raise FormatError(f'the rule reads "{word}", and here there is none', path=rules[name].path, key="rules")
    if not rules:
        raise ScheduleError("expected at least one rule, or one value of keeps", key="rules")
    return rules


def _course(settings: Subspace, chosen: RateRule, stream: str, seed: int, samples: list[int]) -> tuple[list[float], list[float]]:
    """Error and orthonormality after each number of samples; all rules see the same samples."""
    rng = np.random.default_rng(seed)
    leading = np.linspace(LARGEST, SMALLEST, settings.units)
    first, second = (spiked(samples[-1], settings.features, leading, rng=rng) for _ in STREAMS)
    switch = settings.switch if stream == "switched" else samples[-1]
    layer, before = Layer(chosen, settings.units, seed=seed), 0
    error, apart = [], []
    for count in samples:
        for (drawn, _), low, high in ((first, 0, switch), (second, switch, samples[-1])):
            begin, end = max(before, low), min(count, high)
            if begin < end:
                layer.partial_fit(drawn[begin:end])
        before = count
        error.append(subspace_error(layer.components_, (first if count <= switch else second)[1]))
        apart.append(orthonormality(layer.components_))
    return error, apart


def slopes(samples: npt.NDArray[np.int64], error: Floats) -> Floats:
    """The slope over the last axis of the logarithms, from 100 samples on; NaN where fewer than two are left."""
    late = samples >= 100
    if late.sum() < 2:
        return np.full(error.shape[:-1], np.nan)
    x = np.log(samples[late]) - np.log(samples[late]).mean()
    return np.asarray((np.log(error[..., late]) * x).sum(axis=-1) / (x**2).sum())
