"""What is to be carried out, whichever kind of job asked for it: lanes, and what fan-in adds to them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spikeheb.cells import Receptor
from spikeheb.circuits.job import Job
from spikeheb.circuits.population import PopulationJob
from spikeheb.circuits.projections import Normalise
from spikeheb.circuits.steps import NO_STEPS, Steps
from spikeheb.draws.fan_in import inhibitory_trains
from spikeheb.engines import as_lanes
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
    lanes = replace(as_lanes.with_trains(job), samples=as_lanes.samples(job), progress=job.progress)
    return Task(lanes, _inhibition(job), job.normalise, job.normalise_every, efficacies=False)


def _inhibition(job: PopulationJob) -> Unplastic | None:
    if job.inhibition is None or job.cell is None:
        return None
    trains = [train + round(job.inhibition.delay / job.dt) for train in inhibitory_trains(job)]
    count = len(trains) // job.copies
    of_cell = [np.concatenate([NO_STEPS, *trains[n * count : (n + 1) * count]]) for n in range(job.copies)]
    return Unplastic(
        receptor=job.cell.receptor(job.inhibition.receptor),
        efficacy=job.inhibition.efficacy,
        arrivals=tuple(of_cell if job.private else of_cell * job.cells),
    )
