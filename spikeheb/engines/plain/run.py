"""Carrying a circuit out with the plain engine."""

from __future__ import annotations

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.steps import Floats
from spikeheb.draws.expanded import gathered
from spikeheb.engines.alone import Alone, Progress, alone
from spikeheb.engines.plain.lanes import Lanes
from spikeheb.engines.plain.step import step
from spikeheb.engines.threads import stop_if_asked
from spikeheb.errors import EngineError
from spikeheb.program.analysis import analyse

REPORT_EVERY = 1000


def run(circuit: Circuit, *, progress: Progress = None) -> Recording:
    """Carry a circuit out.

    Raises
    ------
    EngineError
        For single precision, and for what the analysis of the rule refuses.
    NonFiniteError
        With the time, and the input (counted over all cells) or the cell.
    """
    if circuit.precision != "float64":
        raise EngineError("the plain engine computes in double precision", key="precision")
    job = alone(circuit, progress)
    lanes, variables = _to_end(job)
    recording = Recording(
        w=variables[job.rule.weight], variables=variables, weight=lanes.weight, efficacy=lanes.efficacy, v=lanes.v,
        spikes=tuple(np.array(train, dtype=np.int64) for train in lanes.spikes),
        engine={"engine": "plain", "numpy": np.__version__},
    )  # fmt: skip
    return gathered(circuit, recording)


def _to_end(job: Alone) -> tuple[Lanes, dict[str, Floats]]:
    """The lanes after the last step, and all synaptic variables as they are then."""
    program = analyse(job.rule, job.cell, job.dt, receptor=job.receptor, varying=frozenset(job.overrides))
    with np.errstate(all="ignore"):
        lanes = Lanes(job, program)
        for n, now in enumerate(range(job.steps) if program.clocked else lanes.events.steps(job.steps)):
            step(lanes, now)
            stop_if_asked()
            if n % REPORT_EVERY == 0 and job.progress is not None:
                job.progress(now / job.steps)
        variables = {**{name: values.copy() for name, values in lanes.synapse.items()}, **lanes.solved(slice(None), job.steps - 1)}
        for name, values in variables.items():
            lanes.look_at(name, values, "input", job.steps - 1)
    if job.progress is not None:
        job.progress(1.0)
    return lanes, variables
