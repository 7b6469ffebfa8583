"""Carrying a job out with the plain engine."""

from __future__ import annotations

import numpy as np

from spikeheb.circuits.job import Job
from spikeheb.circuits.population import PopulationJob
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.steps import Floats
from spikeheb.engines import as_lanes
from spikeheb.engines.plain.lanes import Lanes
from spikeheb.engines.plain.step import step
from spikeheb.engines.plain.task import Task, of_population
from spikeheb.engines.threads import stop_if_asked
from spikeheb.program.analysis import analyse

REPORT_EVERY = 1000


def run(job: Job) -> Recording:
    """Carry lanes out.

    Raises
    ------
    EngineError
        For what the analysis of the rule refuses.
    NonFiniteError
        With the time, and the input or lane.
    """
    lanes, variables = _to_end(Task(job))
    weight = variables[job.rule.weight]
    return Recording(
        w=weight, variables=variables, weight=lanes.weight, efficacy=lanes.efficacy, v=lanes.v, spikes=_spikes(lanes), engine=_engine()
    )


def run_population(job: PopulationJob) -> Recording:
    """Carry fan-in out.

    Raises
    ------
    EngineError
        For single precision, and for what the analysis of the rule refuses.
    NonFiniteError
        With the time and the synapse (counted over all cells) or the cell.
    """
    lanes, variables = _to_end(of_population(job))
    engine = {**_engine(), "precision": job.precision}
    recording = Recording(w=variables[job.rule.weight], weight=lanes.weight, spikes=_spikes(lanes), engine=engine)
    return as_lanes.by_cell(job, recording)


def _to_end(task: Task) -> tuple[Lanes, dict[str, Floats]]:
    """The lanes after the last step, and all synaptic variables as they are then."""
    job = task.job
    program = analyse(job.rule, job.cell, job.dt, receptor=job.receptor, varying=frozenset(job.overrides))
    with np.errstate(all="ignore"):
        lanes = Lanes(task, program)
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


def _spikes(lanes: Lanes) -> tuple[np.ndarray, ...]:
    return tuple(np.array(train, dtype=np.int64) for train in lanes.spikes)


def _engine() -> dict[str, str]:
    return {"engine": "plain", "numpy": np.__version__}
