"""A job under names that Brian2 cannot take for its own, and that no two owners share.

Brian2 gives meaning to endings (``x_`` is x without its unit, ``x_pre`` belongs to a cell) and knows many names (``gamma``, ``i``,
``lastspike``). A user's names therefore get an ending of their own on the way in, and lose it on the way out. Two underscores
in a row stand in no user's name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from spikeheb.engines.job import Job, Recording
from spikeheb.engines.population import PopulationJob
from spikeheb.rules.names import renamed

ENDING = "__rule"
AnyJob = TypeVar("AnyJob", Job, PopulationJob)


def owned(name: str) -> str:
    """The name that a rule's variable or constant has in Brian2."""
    return name + ENDING


def users(name: str) -> str:
    """The name that the rule's file has for it."""
    return name.removesuffix(ENDING)


def of_rule(job: AnyJob) -> AnyJob:
    """The job with the names of its rule owned."""
    return replace(job, rule=renamed(job.rule, owned), initial={owned(name): value for name, value in job.initial.items()})


def lanes_of_rule(job: Job) -> Job:
    """The same for lanes, which may replace constants."""
    return replace(of_rule(job), overrides={owned(name): value for name, value in job.overrides.items()})


def under_users_names(recording: Recording) -> Recording:
    """The recording with the names of the rule's file."""
    return replace(recording, variables={users(name): values for name, values in recording.variables.items()})
