"""Every number that a network is given, by ``owner.name``: what is set, written to a program's files, and read back."""

from __future__ import annotations

import numpy as np

from spikeheb.cells import assemble
from spikeheb.circuits.steps import Floats
from spikeheb.circuits.values import constants, initial_values, per_input
from spikeheb.engines.alone import Alone
from spikeheb.engines.brian import late
from spikeheb.engines.brian.names import of_cell, own, unit_of
from spikeheb.expressions.printers import evaluate

REFRACTORY_TIME = "refractory_time"


def settings(job: Alone) -> dict[str, Floats]:
    """Constants and initial values of synapses, cells and [post]; arrays of one element for shared constants."""
    values: dict[str, object] = {}
    for name, value in constants(job.circuit).items():
        values[f"synapses.{name}"] = per_input(job.circuit, value) if name in job.overrides else value
    values |= {f"synapses.{name}": value for name, value in initial_values(job.circuit).items()}
    values |= _of_post(job)
    values |= _of_cell(job)
    return {label: np.atleast_1d(np.asarray(value, dtype=float)) for label, value in values.items()}


def _of_post(job: Alone) -> dict[str, object]:
    post = job.rule.post
    if post is None:
        return {}
    known = {name: np.broadcast_to(np.asarray(value, dtype=float), (job.lanes,)) for name, value in constants(job.circuit).items()}
    if job.cell is not None:
        known["v"] = np.full(job.lanes, job.cell.rest()["v"])
    values: dict[str, object] = {f"post.{name}": value for name, value in constants(job.circuit).items()}
    for name, tree in post.initial.items():
        values[f"post.{name}"] = np.broadcast_to(np.asarray(evaluate(tree, known), dtype=float), (job.lanes,))
    for name, chain in late.links(job).items():
        of = post.delayed[name].of
        values |= {f"post.{link}": known["v"] if of == "v" else values[f"post.{of}"] for link in chain}
    return values


def _of_cell(job: Alone) -> dict[str, object]:
    if job.cell is None:
        return {}
    receptor = job.cell.receptor(job.receptor)
    values: dict[str, object] = {f"synapses.{unit_of(state)}": receptor.unit * abs(weight) for state, _, weight in receptor.parts}
    values |= {f"cells.{of_cell(name)}": value for name, value in assemble(job.cell, job.dt).constants.items()}
    values |= {f"cells.{of_cell(name)}": np.full(job.lanes, value) for name, value in job.cell.rest().items()}
    if job.cell.refractory > 0 or job.cell.shape:
        values[f"cells.{own(REFRACTORY_TIME)}"] = round(job.cell.refractory / job.dt) * job.dt
    return values
