"""Normalisation of weights in Brian2."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeheb.engines.alone import Alone
from spikeheb.engines.brian.importing import brian
from spikeheb.engines.brian.part import Part
from spikeheb.engines.brian.synapses import PLASTIC

MOST_TURNS, NEAR = 100, 1e-13
"""How often it is tried, and how near is there."""


def operation(part: Part, synapses: Any, clock: Any) -> Any:
    """After the handlers of a step. The sum stays where it is until an event moves it, so that every step may be looked at."""
    job = part.job
    normalise, weights = job.circuit.plastic.normalise, synapses.variables[job.rule.weight]
    assert normalise is not None
    every = normalise.steps(job.dt) or 1
    plastic = synapses.variables[PLASTIC] if part.stands_still else None
    edges = np.searchsorted(job.lane_of_input, np.arange(1, job.lanes))

    def bring_all_to_sum() -> None:
        if plastic is not None and not plastic.get_value():
            return
        if (int(np.ravel(clock.variables["timestep"].get_value())[0]) + 1) % every == 0:
            rows = np.split(np.array(weights.get_value(), dtype=float), edges)
            weights.set_value(np.concatenate([brought_to_sum(row, job) for row in rows]))

    return brian().NetworkOperation(bring_all_to_sum, clock=clock, when="after_synapses", name=part.named("normalisation"))


def brought_to_sum(row: Any, job: Alone) -> Any:
    """The weights of a cell with the sum that `Projection.normalise` says, within the rule's limits."""
    normalise, bounds = job.circuit.plastic.normalise, job.rule.bounds
    assert normalise is not None
    low, high = -np.inf if bounds.w_min is None else bounds.w_min, np.inf if bounds.w_max is None else bounds.w_max
    for _ in range(MOST_TURNS):
        total = float(row.sum())
        excess = total - normalise.target
        if not abs(excess) > NEAR * normalise.target:
            break
        if normalise.kind == "divisive":
            if not total > 0:
                break
            row = np.clip(row * (normalise.target / total), low, high)
        else:
            able = np.count_nonzero(row > low if excess > 0 else row < high)
            if not able:
                break
            row = np.clip(row - excess / able, low, high)
    return row
