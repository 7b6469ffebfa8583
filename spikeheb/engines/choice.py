"""Which engine carries a job out.

``auto`` takes the generated kernel wherever it can run the rule and the cell, else Brian2, and the recording says why.
``brian`` takes Brian2's Cython target for long jobs where there is a compiler, else numpy.
"""

from __future__ import annotations

from dataclasses import replace

from spikeheb.engines.job import Job, Recording
from spikeheb.engines.population import PopulationJob
from spikeheb.engines.threads import side_by_side
from spikeheb.errors import EngineError, unknown_name

__all__ = ["ENGINES", "against_fan_in", "carry_out", "check_engine", "side_by_side"]

ENGINES = ("auto", "kernel", "brian", "brian:numpy", "brian:cython", "brian:standalone")


def check_engine(name: str) -> str:
    """The name itself, if there is such an engine.

    Raises
    ------
    UnknownName
    """
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    return name


def carry_out(job: Job, engine: str = "auto") -> Recording:
    """Run the job.

    Parameters
    ----------
    job : Job
    engine : {"auto", "kernel", "brian", "brian:numpy", "brian:cython", "brian:standalone"}

    Raises
    ------
    UnknownName, EngineError, BuildError, NonFiniteError
    """
    check_engine(engine)
    if engine.startswith("brian"):
        return _brian(job, engine)
    from spikeheb.engines.kernel import runner

    reason = None if engine == "kernel" else _against_kernel(job)
    if reason is None:
        return runner.run(job)
    recording = _brian(job, "brian")
    return replace(recording, engine={**recording.engine, "note": f"not the kernel: {reason}"})


def _against_kernel(job: Job) -> str | None:
    """Why Brian2 serves this job better, if it does."""
    from spikeheb.engines.compiler import compiler
    from spikeheb.engines.kernel.analysis import analyse

    try:
        analyse(job.rule, job.cell, job.dt, receptor=job.receptor, varying=frozenset(job.overrides))
    except EngineError as error:
        return error.message
    if job.cell is not None and compiler() is None:
        return "there is no C++ compiler, and without one it steps through every quiet stretch"
    return None


def against_fan_in(job: PopulationJob) -> str | None:
    """Why the kernel cannot run this fan-in, if it cannot."""
    from spikeheb.engines.kernel.analysis import analyse

    try:
        analyse(job.rule, job.cell, job.dt, receptor=job.receptor)
    except EngineError as error:
        return error.message
    return None


def _brian(job: Job, engine: str) -> Recording:
    from spikeheb.engines.brian import runtime, standalone
    from spikeheb.engines.compiler import compiler

    if engine == "brian:standalone" and compiler() is not None:
        return standalone.run(job)
    if engine == "brian:standalone":
        recording = runtime.run(job, "numpy")
        return replace(recording, engine={**recording.engine, "note": "no C++ compiler found, numpy instead of standalone"})
    return runtime.run(job, {"brian:numpy": "numpy", "brian:cython": "cython"}.get(engine, "auto"))
