"""A trial of a rule or cell in the engines: one step in numpy, and the text that Brian2 would be given, without importing Brian2."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spikeheb.cells import Cell, assemble
from spikeheb.circuits.drives import Change, Drives
from spikeheb.circuits.usual import given, lanes
from spikeheb.engines.alone import Alone, alone
from spikeheb.engines.brian import text
from spikeheb.engines.brian.settings import settings
from spikeheb.engines.kernel import numpy_lanes
from spikeheb.errors import EngineError, FormatError
from spikeheb.expressions import tree as t
from spikeheb.program.analysis import analyse
from spikeheb.rules.meaning import actions, affine, expand, reads_membrane, stepped
from spikeheb.rules.rule import Rule

DT = 1e-4
STEPS = 4


def try_in_numpy(rule: Rule, cell: Cell) -> None:
    """Run a presynaptic and a postsynaptic spike, a tie and a reward through the numpy engine, and print the text for Brian2.

    Parameters
    ----------
    rule : Rule
    cell : Cell
        Used where the rule reads a membrane potential.

    Raises
    ------
    FormatError
        For a method that cannot step the rule's equations.
    NonFiniteError, ExpressionError
        Where a value is not finite after a step.
    """
    run(rule, cell if reads_membrane(rule) else None)


def run(rule: Rule, cell: Cell | None) -> None:
    """One rule on one cell, or on none, for a few steps; what runs on the clock runs in each."""
    rule = replace(rule, handlers=tuple(replace(handler, every=DT if handler.every else 0.0) for handler in rule.handlers))
    delayed = [action.delay for action in actions(rule)]
    steps = STEPS + (round(max(delayed) / DT) if max(delayed) < 0.1 else 0)
    trains = (np.array([0, 1], dtype=np.int64), np.array([1, 2], dtype=np.int64))
    rewards = (Change(0, 1, 1.0),) if any(action.event == "reward" for action in actions(rule)) else ()
    circuit = lanes(rule, cell, DT, steps, np.zeros(1, dtype=np.int64), trains[:1], Drives(imposed=given(trains[1:]), rewards=rewards))
    brian_text(alone(circuit))
    try:
        program = analyse(rule, cell, DT)
    except EngineError as error:
        if not brian_alone_steps(rule):
            raise FormatError(error.message, path=rule.path, key="synapse.method") from None
    else:
        numpy_lanes.run(circuit, program)


def brian_alone_steps(rule: Rule) -> bool:
    """Whether Brian2 has a method for the rule where the kernel has none: milstein, and coupled linear equations solved exactly."""
    if rule.method == "milstein":
        return True
    if rule.method not in (None, "exact"):
        return False
    trees = {e.name: expand(e.expression, rule) for e in rule.equations if e.kind == "differential" and e.expression is not None}
    moving = stepped(rule)
    linear = all(affine(trees[name], moving) is not None for name in moving)
    return linear and all(t.names(trees[name]) <= {*moving, *rule.constants} for name in moving)


def brian_text(job: Alone) -> str:
    """Model and handlers as Brian2 would get them, with every number that it would be given computed."""
    settings(job)
    receptor = job.cell.receptor(job.receptor) if job.cell is not None else None
    parts = [text.synapse_model(job.rule, stepped(job.rule))]
    parts += [text.handler_code(job.rule, action, receptor) for action in actions(job.rule)]
    if job.cell is not None:
        parts.append(text.membrane_model(assemble(job.cell, job.dt)))
    return "\n".join(parts)
