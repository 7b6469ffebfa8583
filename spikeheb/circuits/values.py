"""The numbers a job starts from, the same for every engine."""

from __future__ import annotations

import numpy as np

from spikeheb.circuits.job import Job
from spikeheb.circuits.steps import Floats
from spikeheb.errors import NonFiniteError, unknown_name
from spikeheb.expressions.printers import evaluate
from spikeheb.rules.numbers import check_numbers


def constants(job: Job) -> dict[str, float | Floats]:
    """The rule's constants: a float each, or an array over lanes where the job overrides it.

    Raises
    ------
    UnknownName
        For an override that names no constant of the rule.
    NonFiniteError
    ExpressionError
        Where the overrides make a part of the rule that reads only constants something else than a finite real number.
    """
    values: dict[str, float | Floats] = dict(job.rule.constants)
    for name, array in job.overrides.items():
        if name not in values:
            raise unknown_name("constant", name, values, path=job.rule.path, key="overrides")
        values[name] = np.asarray(array, dtype=float)
    for name, value in values.items():
        if not np.all(np.isfinite(value)):
            raise NonFiniteError(f"the constant {name} is not finite", path=job.rule.path)
    if job.overrides:
        check_numbers(job.rule, values)
    return values


def per_input(job: Job, value: float | Floats) -> Floats:
    """A constant as an array over inputs."""
    array = np.asarray(value, dtype=float)
    return array[job.lane_of_input] if array.ndim else np.full(job.inputs, float(array))


def initial_values(job: Job) -> dict[str, Floats]:
    """The synaptic variables at the start, an array over inputs each; ``rand`` and ``randn`` draw from the job's seed.

    Raises
    ------
    UnknownName, NonFiniteError
    """
    rng = np.random.default_rng([job.seed, 0x1417])
    known = {name: per_input(job, value) for name, value in constants(job).items()}
    draws = {"rand": lambda: rng.random(job.inputs), "randn": lambda: rng.standard_normal(job.inputs)}
    starts: dict[str, Floats] = {}
    for name, tree in job.rule.initial.items():
        value = job.initial[name] if name in job.initial else evaluate(tree, known, draws)
        starts[name] = np.broadcast_to(np.asarray(value, dtype=float), (job.inputs,)).copy()
        if not np.all(np.isfinite(starts[name])):
            raise NonFiniteError(f"the initial value of {name} is not finite", path=job.rule.path)
    for name in job.initial:
        if name not in starts:
            raise unknown_name("variable", name, starts, path=job.rule.path, key="initial")
    return starts


def efficacy(job: Job, variables: dict[str, Floats], known: dict[str, Floats]) -> Floats:
    """The efficacy of every input, from the synaptic variables as they stand."""
    from spikeheb.rules.meaning import expand

    tree = expand(job.rule.efficacy, job.rule)
    value = evaluate(tree, {**known, **variables})
    return np.broadcast_to(np.asarray(value, dtype=float), (job.inputs,)).copy()
