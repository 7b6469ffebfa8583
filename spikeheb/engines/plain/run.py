"""Carrying a job out with the plain engine."""

from __future__ import annotations

import numpy as np

from spikeheb.engines.job import Floats, Job, Recording
from spikeheb.engines.plain.lanes import Lanes
from spikeheb.engines.plain.step import step
from spikeheb.engines.plain.task import Task, of_population
from spikeheb.engines.population import PopulationJob, PopulationRecording
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
    return Recording(weight, variables, lanes.weight, lanes.efficacy, lanes.v, _spikes(lanes), _engine())


def run_population(job: PopulationJob) -> PopulationRecording:
    """Carry fan-in out.

    Raises
    ------
    EngineError
        For single precision, and for what the analysis of the rule refuses.
    NonFiniteError
        With the time and the synapse (counted over all cells) or the cell.
    """
    task = of_population(job)
    lanes, variables = _to_end(task)
    size, steps = (job.cells, job.input_count), task.job.samples
    weight = lanes.weight.reshape(*size, len(steps))
    snapshots, watched, counted = (np.searchsorted(steps, wanted) for wanted in (job.snapshots, job.watch, job.histograms))
    histograms = [np.histogram(weight[:, :, n], job.edges)[0] for n in counted]
    return PopulationRecording(
        w=variables[job.rule.weight].reshape(size),
        counts=np.array([len(train) for train in lanes.spikes], dtype=np.int64),
        spikes=_spikes(lanes) if job.trains else (),
        snapshots=weight[:, :, snapshots].transpose(2, 0, 1).copy(),
        watched=weight[job.watched[:, 0], job.watched[:, 1]][:, watched],
        histograms=np.array(histograms, dtype=np.int64).reshape(len(counted), max(1, len(job.edges) - 1)),
        engine={**_engine(), "precision": job.precision},
    )


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
