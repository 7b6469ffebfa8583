"""A fan-in job as lanes: every synapse an input of its own. Slow, but any engine for lanes can carry it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from spikeheb.engines.compiler import remedy
from spikeheb.engines.job import NO_STEPS, Change, Job, Recording
from spikeheb.engines.population import PopulationJob, PopulationRecording
from spikeheb.errors import EngineError


def lanes(job: PopulationJob) -> Job:
    """The same cells as lanes, with an input for every synapse and without the inputs' trains."""
    size = (job.cells, job.input_count)
    every = range(job.cells)
    return Job(
        rule=job.rule,
        cell=job.cell,
        dt=job.dt,
        steps=job.steps,
        lane_of_input=np.repeat(np.arange(job.cells), job.input_count),
        pre=(NO_STEPS,) * (job.cells * job.input_count),
        post=tuple(job.imposed_trains()),
        initial={name: np.broadcast_to(value, size).ravel() for name, value in job.initial.items()},
        currents=tuple(Change(lane, 0, job.current) for lane in every) if job.current else (),
        rewards=tuple(Change(lane, step, amount) for lane in every for step, amount in job.rewards),
        receptor=job.receptor,
        seed=job.seed,
    )


def with_trains(job: PopulationJob) -> Job:
    """The same with the trains: what every engine for lanes can carry out, inhibition apart."""
    drawn = job.input_trains()
    return replace(lanes(job), pre=tuple(drawn if job.private else drawn * job.cells))


def run(job: PopulationJob, run_lanes: Callable[[Job], Recording]) -> PopulationRecording:
    """Carry the job out as lanes: what is done where there is no compiler.

    Parameters
    ----------
    job : PopulationJob
    run_lanes : callable
        Carries a job of lanes out.

    Raises
    ------
    EngineError
        For inhibition, normalisation and single precision.
    NonFiniteError
    """
    if job.inhibition is not None or job.normalise is not None or job.precision != "float64":
        raise EngineError(f"inhibitory inputs, normalisation and single precision need a C++ compiler, and none was found; {remedy()}")
    steps = np.unique(np.concatenate([job.snapshots, job.watch, job.histograms])).astype(np.int64)
    return _recording(job, steps, run_lanes(replace(with_trains(job), samples=steps, progress=job.progress)))


def _recording(job: PopulationJob, steps: np.ndarray, recording: Recording) -> PopulationRecording:
    weight = recording.weight.reshape(job.cells, job.input_count, len(steps))
    snapshots = weight[:, :, np.searchsorted(steps, job.snapshots)].transpose(2, 0, 1)
    watched = weight[job.watched[:, 0], job.watched[:, 1]][:, np.searchsorted(steps, job.watch)]
    counted = [np.histogram(weight[:, :, n], job.edges)[0] for n in np.searchsorted(steps, job.histograms)]
    return PopulationRecording(
        w=recording.w.reshape(job.cells, job.input_count),
        counts=np.array([len(train) for train in recording.spikes], dtype=np.int64),
        spikes=recording.spikes if job.trains else (),
        snapshots=snapshots.copy(),
        watched=watched,
        histograms=np.array(counted, dtype=np.int64).reshape(len(job.histograms), max(1, len(job.edges) - 1)),
        engine=recording.engine,
    )
