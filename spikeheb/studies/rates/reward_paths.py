"""Trial and error with a Hebbian term: too little of it wastes trials, too much of it makes learning impossible."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeheb.declared import takes_settings
from spikeheb.errors import ScheduleError
from spikeheb.rates.tutored import learn_until_right
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.rates.labelled import labelled
from spikeheb.studies.seeds import chosen_seeds
from spikeheb.studies.settings.rates import RewardPaths

if TYPE_CHECKING:
    import xarray as xr

WALLS = {"signed": 0.25, "active": 0.5}
"""The ratio from which nothing is learned: the gap between active and inactive synapses grows faster than the mean depression closes it."""
LARGEST_RATIO = 10.0


@shows_progress
@takes_settings(RewardPaths)
def reward_paths(settings: RewardPaths, *, progress: Progress = None) -> xr.Dataset:
    """Learn pairs by trial and error with a Hebbian term of different strengths, and count the trials.

    After a wrong answer active synapses are depressed by a random amount of up to rho; a Hebbian term is added after each trial. The
    winners are chosen among cells with equally many active inputs, so that a shift that is common to all counts for nothing: the form
    ``(2 y - 1) x`` with a step is ``y x`` with twice the step. Nothing is learned once the gap that a trial opens is larger than the mean
    depression, rho/2: from a ratio of 1/4 on, or of 1/2 for ``y x``.

    Parameters
    ----------
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``seed`` and ``ratio`` (Hebbian step over rho): ``steps``, trials until all pairs are right, the allowed number where they
        never are; ``failed``, 1 there.

    Raises
    ------
    SpikehebError
    """
    seeds, ratios = chosen_seeds(settings.seeds, settings.seed), tuple(settings.ratios)
    for n, ratio in enumerate(ratios):
        if not 0.0 <= ratio <= LARGEST_RATIO:
            raise ScheduleError(f"expected a number from 0 to {LARGEST_RATIO:g} (got {ratio:g})", key=f"ratios[{n}]")
    if not ratios or len(set(ratios)) < len(ratios):
        raise ScheduleError("expected one or more different values", key="ratios")
    steps, report = np.empty((len(seeds), len(ratios))), report_of(progress)
    form: Any = settings.form
    for done, (n, m) in enumerate(np.ndindex(steps.shape)):
        rng = np.random.default_rng(seeds[n])
        trials = learn_until_right(
            ratios[m], rng=rng, pairs=settings.pairs, rho=settings.rho, form=form, hidden=settings.hidden, winners=settings.winners,
            most=settings.most,
        )  # fmt: skip
        steps[n, m] = math.nan if trials is None else trials
        if report:
            report((done + 1) / steps.size)
    failed, over = np.isnan(steps), ("seed", "ratio")
    return labelled(
        "reward_paths",
        settings,
        {
            "seed": (("seed",), list(seeds), "1", "seed"),
            "ratio": (("ratio",), list(ratios), "1", "Hebbian step over depression"),
        },
        {
            "steps": (over, np.where(failed, settings.most, steps), "1", "trials until all pairs are right"),
            "failed": (over, failed.astype(float), "1", f"whether they never are within {settings.most} trials"),
        },
        claim=f"A Hebbian term shortens learning by trial and error, until from a ratio of {WALLS[settings.form]:g} on nothing is learned.",
        table="steps failed",
        notes=[
            f"A cross is a run that failed: {settings.most} trials were not enough. A pair is repeated until it is right; in strict turn "
            "most runs fail. After cond-mat/0301627 (abstract only)."
        ],
    )
