"""What is to be carried out, whichever kind of job asked for it: lanes, and what fan-in adds to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeheb.cells import Receptor
from spikeheb.engines.job import NO_STEPS, Change, Floats, Job, Steps
from spikeheb.engines.population import Normalise, PopulationJob
from spikeheb.errors import EngineError


@dataclass(frozen=True)
class Unplastic:
    """Inputs without plasticity.

    Attributes
    ----------
    receptor : Receptor
    efficacy : float
        Of each spike, in unit conductances.
    arrivals : tuple of arrays of int
        For each lane the steps in which spikes arrive, each as often as there are spikes.
    """

    receptor: Receptor
    efficacy: float
    arrivals: tuple[Steps, ...]


@dataclass(frozen=True)
class Task:
    """Lanes, and what fan-in adds.

    Attributes
    ----------
    job : Job
    inhibition : Unplastic or None
    normalise : Normalise or None
    every : int
        Steps between normalisations; 0 for after every event.
    efficacies : bool
        Whether efficacies are recorded with the weights.
    """

    job: Job
    inhibition: Unplastic | None = None
    normalise: Normalise | None = None
    every: int = 0
    efficacies: bool = True


def of_population(job: PopulationJob) -> Task:
    """Fan-in as lanes: each cell is a lane, and every synapse an input of its own.

    Raises
    ------
    EngineError
        For single precision, and initial values of another shape.
    """
    if job.precision != "float64":
        raise EngineError("the plain engine computes in double precision", key="precision")
    trains = job.input_trains()
    every = range(job.cells)
    lanes = Job(
        rule=job.rule,
        cell=job.cell,
        dt=job.dt,
        steps=job.steps,
        lane_of_input=np.repeat(np.arange(job.cells), job.input_count),
        pre=tuple(trains if job.private else trains * job.cells),
        post=tuple(job.imposed_trains()),
        initial={name: _of_synapses(job, name, value) for name, value in job.initial.items()},
        currents=tuple(Change(lane, 0, job.current) for lane in every) if job.cell is not None else (),
        rewards=tuple(Change(lane, step, amount) for step, amount in job.rewards for lane in every),
        samples=np.unique(np.concatenate([job.snapshots, job.watch, job.histograms])).astype(np.int64),
        receptor=job.receptor,
        seed=job.seed,
        progress=job.progress,
    )
    return Task(lanes, _inhibition(job), job.normalise, job.normalise_every, efficacies=False)


def _of_synapses(job: PopulationJob, name: str, value: float | Floats) -> Floats:
    """Initial values as an array over all synapses."""
    size = (job.cells, job.input_count)
    if np.ndim(value) and np.shape(value) not in (size, size[1:]):
        raise EngineError(f"initial values of {name} have shape {np.shape(value)}, expected {size}", path=job.rule.path)
    return np.broadcast_to(np.asarray(value, dtype=float), size).ravel()


def _inhibition(job: PopulationJob) -> Unplastic | None:
    if job.inhibition is None or job.cell is None:
        return None
    trains = [train + round(job.inhibition.delay / job.dt) for train in job.inhibitory_trains()]
    count = len(trains) // job.copies
    of_cell = [np.concatenate([NO_STEPS, *trains[n * count : (n + 1) * count]]) for n in range(job.copies)]
    return Unplastic(
        receptor=job.cell.receptor(job.inhibition.receptor),
        efficacy=job.inhibition.efficacy,
        arrivals=tuple(of_cell if job.private else of_cell * job.cells),
    )
