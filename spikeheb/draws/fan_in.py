"""The trains of a fan-in job: the same for every engine."""

from __future__ import annotations

from spikeheb.circuits.population import PopulationJob
from spikeheb.circuits.steps import NO_STEPS, Steps
from spikeheb.draws.trains import IMPOSED, INHIBITION, INPUTS, Clock, trains


def clock(job: PopulationJob) -> Clock:
    """What the trains depend on besides their sources."""
    return Clock(job.seed, job.dt, job.steps)


def input_trains(job: PopulationJob) -> list[Steps]:
    """The steps of the spikes of each input; with private inputs those of the first cell, then of the second, and so on."""
    return trains(job.inputs, clock(job), INPUTS, job.copies)


def inhibitory_trains(job: PopulationJob) -> list[Steps]:
    """The same for the inputs without plasticity."""
    return trains(job.inhibition.inputs, clock(job), INHIBITION, job.copies) if job.inhibition else []


def imposed_trains(job: PopulationJob) -> list[Steps]:
    """The steps of the imposed spikes of each cell; empty where nothing is imposed."""
    return trains(job.imposed, clock(job), IMPOSED) or [NO_STEPS] * job.cells
