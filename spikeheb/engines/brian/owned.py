"""A job under names that Brian2 cannot take for its own (see `names`), and its recording under those of the rule's file."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from spikeheb.circuits.job import Job
from spikeheb.circuits.population import PopulationJob
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.values import initial_values
from spikeheb.engines.brian.names import owned, users
from spikeheb.rules.names import renamed

AnyJob = TypeVar("AnyJob", Job, PopulationJob)


def of_rule(job: AnyJob) -> AnyJob:
    """The job with the names of its rule owned."""
    return replace(job, rule=renamed(job.rule, owned), initial={owned(name): value for name, value in job.initial.items()})


def lanes_of_rule(job: Job) -> Job:
    """The same for lanes, which may replace constants; what is not finite at the start is told by the names of the file."""
    initial_values(job)
    return replace(of_rule(job), overrides={owned(name): value for name, value in job.overrides.items()})


def under_users_names(recording: Recording) -> Recording:
    """The recording with the names of the rule's file."""
    return replace(recording, variables={users(name): values for name, values in recording.variables.items()})
