"""How test pulses alone change a synapse: plasticity stays on during them, so that a rule may drift without any induction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spikeheb.cells import Cell
from spikeheb.circuits.usual import without_cell
from spikeheb.circuits.values import constants, per_input
from spikeheb.engines.choice import carry_out
from spikeheb.rules.meaning import is_noisy, reads_membrane
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Lane, Schedule
from spikeheb.studies.board.predictions import before, cell_of
from spikeheb.studies.experiment.experiment import CELLS
from spikeheb.studies.experiment.session import inputs_under_test, places, session
from spikeheb.studies.population import counted, population, sharing, starts


def drift(rule: Rule, cell: Cell | None = None, *, synapses: int | None = None, engine: str = "auto", seed: int = 0) -> float:
    """Change of the efficacy over a whole session of test pulses (10 + 40 min at 0.1 Hz) without an induction, as a share of that before.

    Parameters
    ----------
    rule : Rule
        For a rule that draws random numbers, the result is the mean over many synapses, of its readout if it has one.
    cell : Cell, optional
        By default the rule's own (`cell_of`).
    synapses : int, optional
        By default 200 for a rule that draws random numbers, else one; with noise in the cell, one on each of 32 cells.
    engine, seed

    Returns
    -------
    float
        NaN where the efficacy is 0 before.

    Raises
    ------
    SpikehebError
    """
    draws, body = is_noisy(rule), cell or cell_of(rule)
    plan = population(rule, None, synapses, cell=body, many=CELLS, seed=seed)
    schedule = Schedule((Lane({"pulses": "alone"}, pre=(np.zeros(0),)),) * plan.cells, synapses=plan.synapses)
    read = replace(rule, efficacy=counted(rule)[1]) if draws and not reads_membrane(rule) else rule
    circuit = session(schedule, read, sharing(body, plan.synapses), seed)
    lane, place = places(schedule)
    weights = starts(rule, plan, lane, place, None, {name: per_input(circuit, value) for name, value in constants(circuit).items()})
    circuit = circuit.starting_at(weights)
    recording = carry_out(without_cell(circuit) if draws and not reads_membrane(rule) else circuit, engine)
    inputs = inputs_under_test(schedule).ravel()
    start = before(circuit)[inputs].mean()
    return float(recording.efficacy[inputs, -1].mean() / start - 1) if start else float("nan")
