"""What test pulses alone do to a synapse: plasticity stays on during them, so that a rule may drift without any induction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spikeheb.cells import Cell
from spikeheb.engines.choice import carry_out
from spikeheb.rules.meaning import reads_membrane
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Lane, Schedule
from spikeheb.studies.predictions import SYNAPSES, before, cell_of, draws
from spikeheb.studies.session import inputs_under_test, session


def drift(rule: Rule, cell: Cell | None = None, *, engine: str = "auto", seed: int = 0) -> float:
    """Change of the efficacy over a whole session of test pulses (10 + 40 min at 0.1 Hz) without an induction, as a share of that before.

    Parameters
    ----------
    rule : Rule
        Of one that draws, the mean over many synapses counts.
    cell : Cell, optional
        By default the rule's own (`cell_of`).
    engine, seed

    Returns
    -------
    float
        NaN where the efficacy is 0 before.

    Raises
    ------
    SpikehebError
    """
    many = draws(rule) and not reads_membrane(rule)
    schedule = Schedule((Lane({"pulses": "alone"}, pre=(np.zeros(0),)),), copies=SYNAPSES if many else 1)
    job = session(schedule, rule, cell or cell_of(rule), seed)
    if many:
        job = replace(job, cell=None, sweeps=job.sweeps[:0], sweep_steps=0)
    recording = carry_out(job, engine)
    inputs = inputs_under_test(schedule)[0]
    start = before(job)[inputs].mean()
    return float(recording.efficacy[inputs, -1].mean() / start - 1) if start else float("nan")
