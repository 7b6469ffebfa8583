"""The posterior of the ideal observer after each experiment, as a labelled result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeheb.studies.labels import describe
from spikeheb.studies.mystery.experiments import experiments_of
from spikeheb.studies.mystery.observer import SETS, course
from spikeheb.studies.mystery.synapse import equivalent

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

    from spikeheb.studies.mystery.log import Record
    from spikeheb.studies.mystery.synapse import Synapse


def posterior_of(synapse: Synapse, records: Sequence[Record], sets: int = SETS) -> xr.Dataset:
    """What an ideal observer holds possible before the first experiment of a log and after each.

    Parameters
    ----------
    synapse : Synapse
    records : sequence of dict
    sets : int
        Parameter sets that stand for a rule.

    Returns
    -------
    xarray.Dataset
        ``probability`` over ``experiment`` (0 is before the first) and ``rule``, ``handed_in`` over ``rule``, and ``cells``, which were
        spent by then; the attributes ``truth``, and ``same`` with the answers that count as right.
    """
    import xarray as xr

    experiments = experiments_of(records)
    beliefs = course(synapse.level, [done for _, done in experiments], sets)
    answer: dict[str, float] = next((record["probabilities"] for record in records if record["kind"] == "answer"), {})
    rules = list(synapse.level.answers)
    data = xr.Dataset(
        {
            "probability": (("experiment", "rule"), np.array([belief.answers for belief in beliefs])),
            "handed_in": ("rule", [float(answer.get(rule, np.nan)) for rule in rules]),
            "cells": ("experiment", np.cumsum([0, *(record["cost"] for record, _ in experiments)])),
        },
        coords={
            "experiment": np.arange(len(beliefs)),
            "rule": rules,
            "protocol": ("experiment", ["", *(record["protocol"] for record, _ in experiments)]),
        },
        attrs={"study": "posterior", "truth": synapse.answer, "same": ", ".join(equivalent(synapse, sets))},
    )
    return describe(
        data,
        {
            "probability": ("1", "probability that the ideal observer gives to the rule"),
            "handed_in": ("1", "probability that was handed in"),
            "cells": ("1", "cells that were spent by then"),
        },
    )
