"""A fan-in job as lanes: every synapse an input of its own. Slow, but any engine for lanes can carry it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from spikeheb.circuits.drives import Change
from spikeheb.circuits.job import Job
from spikeheb.circuits.population import PopulationJob
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.steps import NO_STEPS, Floats, Steps
from spikeheb.draws.fan_in import imposed_trains, input_trains
from spikeheb.engines.compiler import remedy
from spikeheb.errors import EngineError


def lanes(job: PopulationJob) -> Job:
    """The same cells as lanes, with an input for every synapse and without the inputs' trains.

    Raises
    ------
    EngineError
        For initial values of another shape.
    """
    every = range(job.cells)
    return Job(
        rule=job.rule,
        cell=job.cell,
        dt=job.dt,
        steps=job.steps,
        lane_of_input=np.repeat(np.arange(job.cells), job.input_count),
        pre=(NO_STEPS,) * (job.cells * job.input_count),
        post=tuple(imposed_trains(job)),
        initial={name: _of_synapses(job, name, value) for name, value in job.initial.items()},
        currents=tuple(Change(lane, 0, job.current) for lane in every) if job.current else (),
        rewards=tuple(Change(lane, step, amount) for lane in every for step, amount in job.rewards),
        receptor=job.receptor,
        seed=job.seed,
    )


def _of_synapses(job: PopulationJob, name: str, value: float | Floats) -> Floats:
    """Initial values as an array over all synapses."""
    size = (job.cells, job.input_count)
    if np.ndim(value) and np.shape(value) not in (size, size[1:]):
        raise EngineError(f"initial values of {name} have shape {np.shape(value)}, expected {size}", path=job.rule.path)
    return np.broadcast_to(np.asarray(value, dtype=float), size).ravel()


def with_trains(job: PopulationJob) -> Job:
    """The same with the trains: what every engine for lanes can carry out, inhibition apart."""
    drawn = input_trains(job)
    return replace(lanes(job), pre=tuple(drawn if job.private else drawn * job.cells))


def run(job: PopulationJob, run_lanes: Callable[[Job], Recording]) -> Recording:
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
    return by_cell(job, run_lanes(replace(with_trains(job), samples=samples(job), progress=job.progress)))


def samples(job: PopulationJob) -> Steps:
    """The steps at whose end any weight is recorded."""
    return np.unique(np.concatenate([job.snapshots, job.watch, job.histograms])).astype(np.int64)


def by_cell(job: PopulationJob, recording: Recording) -> Recording:
    """What was recorded of lanes with those samples, as what was asked of fan-in."""
    steps = samples(job)
    weight = recording.weight.reshape(job.cells, job.input_count, len(steps))
    snapshots = weight[:, :, np.searchsorted(steps, job.snapshots)].transpose(2, 0, 1)
    watched = weight[job.watched[:, 0], job.watched[:, 1]][:, np.searchsorted(steps, job.watch)]
    counted = [np.histogram(weight[:, :, n], job.edges)[0] for n in np.searchsorted(steps, job.histograms)]
    return Recording(
        w=recording.w.reshape(job.cells, job.input_count),
        counts=np.array([len(train) for train in recording.spikes], dtype=np.int64),
        spikes=recording.spikes if job.trains else (),
        snapshots=snapshots.copy(),
        watched=watched,
        histograms=np.array(counted, dtype=np.int64).reshape(len(job.histograms), max(1, len(job.edges) - 1)),
        engine=recording.engine,
    )
