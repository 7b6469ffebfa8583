"""A rule that descends the error of prediction; the published form with a sign lost, which diverges; and its extension, which explodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikeheb.declared import takes_settings
from spikeheb.errors import ScheduleError
from spikeheb.rates import checked
from spikeheb.rates.data import random_patterns
from spikeheb.rates.memory import Memory
from spikeheb.rates.storing import predicting, signs
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.rates.labelled import labelled, wholes
from spikeheb.studies.seeds import chosen_seeds
from spikeheb.studies.settings.rates import Prediction

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Step = Callable[[Floats, Floats, Floats], Floats]

RULES: Mapping[str, Step] = {
    "corrected": lambda W, F, D: (F - W @ (D * F)) @ (D * F).T,
    "published": lambda W, F, D: F @ (D * F).T - W @ F @ F.T,
    "extended": lambda W, F, D: (F + W @ (D * F)) @ (D * F).T,
}
"""Functions of weights, patterns (columns) and signs (a column)."""
EXPLODED = 1e30
COMMON_MODE = ("left in", "cancelled")


@shows_progress
@takes_settings(Prediction)
def prediction(settings: Prediction, *, progress: Progress = None) -> xr.Dataset:
    """Descend ``E = |W D F - F|^2/2`` over patterns F, D the signs of the cells, by three rules, and recall what the first has stored.

    The gradient is ``dW = (F - W D F)(D F)'``. A published account has ``F F' D - W F F'``: both D of the second term are lost. It agrees
    where W is 0 or no cell is inhibitory, which is why it looks right, and diverges. Its extension adds the recurrent prediction where it
    must be subtracted, ``(F + W D F)(D F)'``, and explodes. Under Dale's law the corrected rule makes patterns fixed points, but
    attractors only where fast inhibition cancels the common mode.

    Parameters
    ----------
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``seed``, ``rule`` and ``step``: ``error``, E over that without weights, held where it has passed 1e30. Over ``seed`` and
        ``rule``: ``exploded``, the step at which it did (NaN where it did not). Over ``seed`` and ``weights``: ``agreement``, the cosine
        between the corrected and the published change. Over ``seed``, ``stored`` and ``common_mode``: ``overlap`` after recall from
        flipped BITS under Dale's law, and ``fixed``, the share of patterns that are fixed points.

    Raises
    ------
    SpikehebError
    """
    seeds, stored = chosen_seeds(settings.seeds, settings.seed), wholes(settings.stored, "stored")
    checked.bits(settings.flips, settings.recall_cells)
    if settings.patterns > settings.cells:
        raise ScheduleError(f"expected at most {settings.cells}, the number of cells (got {settings.patterns})", key="patterns")
    largest = float(max(settings.cells, settings.recall_cells))
    checked.room({"the weights": 5.0 * largest**2, "the patterns": 3.0 * largest * max(stored)}, "cells")
    steps = _shown(settings.steps)
    errors, exploded, agreement, recalled = [], [], [], []
    report = report_of(progress)
    for done, seed in enumerate(seeds):
        courses = _courses(settings, seed, steps)
        errors.append(courses[0])
        exploded.append(courses[1])
        agreement.append(courses[2])
        recalled.append([_recall(settings, seed, count) for count in stored])
        if report:
            report((done + 1) / len(seeds))
    overlap, fixed = np.moveaxis(np.array(recalled), 2, 0)
    return labelled(
        "prediction",
        settings,
        {
            "seed": (("seed",), list(seeds), "1", "seed"),
            "rule": (("rule",), list(RULES), "1", "rule"),
            "step": (("step",), steps, "1", "steps so far"),
            "weights": (("weights",), ["zero", "random"], "1", "weights at which two rules are compared"),
            "stored": (("stored",), list(stored), "1", "number of stored patterns"),
            "common_mode": (("common_mode",), list(COMMON_MODE), "1", "mean input of the cells"),
        },
        {
            "error": (("seed", "rule", "step"), np.array(errors), "1", "error of prediction over that without weights"),
            "exploded": (("seed", "rule"), np.array(exploded), "1", "step at which the error passed 1e30"),
            "agreement": (("seed", "weights"), np.array(agreement), "1", "cosine of the published with the corrected change"),
            "overlap": (("seed", "stored", "common_mode"), overlap, "1", "overlap after recall under Dale's law"),
            "fixed": (("seed", "stored", "common_mode"), fixed, "1", "share of patterns that are fixed points"),
        },
        claim="The gradient of the error of prediction stores; the published sign diverges, and its extension explodes.",
        table="error",
        notes=[
            "The published second term W F F' has lost both D of W D F F' D.",
            "Under Dale's law patterns are fixed points either way, but attractors only with the common mode cancelled.",
        ],
    )


def _shown(steps: int) -> list[int]:
    """Steps that are shown: the start, and from 1 to the last evenly as logarithms."""
    return [0, *sorted({round(each) for each in np.geomspace(1, steps, 40)})]


def _courses(settings: Prediction, seed: int, shown: list[int]) -> tuple[list[list[float]], list[float], list[float]]:
    """The error of each rule at the steps shown, the step at which it exploded, and how two rules agree at zero and random weights."""
    rng, cells = np.random.default_rng(seed), settings.cells
    F = random_patterns(settings.patterns, cells, rng=rng).T
    D = signs(cells, settings.inhibitory, rng=rng)[:, None]
    eta, start = 1.0 / float(np.linalg.eigvalsh(F.T @ F)[-1]), float((F**2).sum())
    courses, exploded = [], []
    for rule in RULES.values():
        W, course, ended = np.zeros((cells, cells)), [1.0], np.nan
        for step in range(1, shown[-1] + 1):
            if np.isnan(ended):
                W += eta * rule(W, F, D)
                error = float(((W @ (D * F) - F) ** 2).sum()) / start
                ended = float(step) if error > EXPLODED else np.nan
            if step in shown:
                course.append(error)
        courses.append(course)
        exploded.append(ended)
    places = (np.zeros((cells, cells)), rng.standard_normal((cells, cells)))
    return courses, exploded, [_cosine(RULES["corrected"](W, F, D), RULES["published"](W, F, D)) for W in places]


def _cosine(a: Floats, b: Floats) -> float:
    return float((a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b)))


def _recall(settings: Prediction, seed: int, count: int) -> tuple[list[float], list[float]]:
    """Overlap and share of fixed points with the common mode left in and cancelled."""
    rng = np.random.default_rng([seed, count])
    patterns = random_patterns(count, settings.recall_cells, rng=rng)
    sign = signs(settings.recall_cells, settings.inhibitory, rng=rng)
    weights = predicting(patterns, sign, magnitudes=True, steps=settings.steps)
    memories = [Memory(weights, "asynchronous", cancels_common_mode=cancels) for cancels in (False, True)]
    overlaps = [float(each.overlaps(patterns, flips=settings.flips, seed=seed).mean()) for each in memories]
    return overlaps, [float(each.fixed(patterns).mean()) for each in memories]
