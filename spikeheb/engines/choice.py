"""Which engine carries a job out.

``auto`` takes the generated kernel wherever it can run the rule and the cell, else Brian2, and the recording says why.
``brian`` takes Brian2's Cython target for long jobs where there is a compiler, else numpy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from typing import TypeVar

from spikeheb.engines.job import Job, Recording
from spikeheb.engines.population import PopulationJob
from spikeheb.errors import EngineError, unknown_name

Result = TypeVar("Result")
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


def side_by_side(
    works: Sequence[Callable[[], Result]], progress: Callable[[float], None] | None = None, *, alone: bool = False
) -> list[Result]:
    """The outcomes of works, of which kernels run on all processors at once.

    Parameters
    ----------
    works : sequence of callable
        Those that may take long stand best in front.
    progress : callable, optional
        Called with the fraction done.
    alone : bool
        One after the other in the calling thread: Brian2 can do no other.
    """
    found: dict[int, Result] = {}

    def note(n: int, outcome: Result) -> None:
        found[n] = outcome
        if progress is not None:
            progress(len(found) / len(works))

    if alone:
        for n, work in enumerate(works):
            note(n, work())
    else:
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            running = {pool.submit(work): n for n, work in enumerate(works)}
            for future in as_completed(running):
                note(running[future], future.result())
    return [found[n] for n in range(len(works))]


def _brian(job: Job, engine: str) -> Recording:
    from spikeheb.engines.brian import runtime, standalone
    from spikeheb.engines.compiler import compiler

    if engine == "brian:standalone" and compiler() is not None:
        return standalone.run(job)
    if engine == "brian:standalone":
        recording = runtime.run(job, "numpy")
        return replace(recording, engine={**recording.engine, "note": "no C++ compiler found, numpy instead of standalone"})
    return runtime.run(job, {"brian:numpy": "numpy", "brian:cython": "cython"}.get(engine, "auto"))
