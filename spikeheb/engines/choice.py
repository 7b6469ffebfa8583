"""Which engine carries a job out.

``auto`` takes the generated kernel wherever it can run the rule and the cell, else Brian2, and the recording says why.
``brian`` takes Brian2's Cython target for long jobs where there is a compiler, else numpy.
"""

from __future__ import annotations

from spikeheb.engines.job import Job, Recording
from spikeheb.errors import unknown_name

ENGINES = ("auto", "brian", "brian:numpy", "brian:cython", "brian:standalone")


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
    engine : {"auto", "brian", "brian:numpy", "brian:cython", "brian:standalone"}

    Raises
    ------
    UnknownName, EngineError, BuildError, NonFiniteError
    """
    check_engine(engine)
    if engine == "brian:standalone":
        from spikeheb.engines.brian import standalone

        return standalone.run(job)
    from spikeheb.engines.brian import runtime

    target = {"brian:numpy": "numpy", "brian:cython": "cython"}.get(engine, "auto")
    return runtime.run(job, target)
