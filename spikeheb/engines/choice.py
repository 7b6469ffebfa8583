"""Which engine carries a job out.

``auto`` takes the generated kernel; where the code that builds it refuses the rule or the cell, Brian2, and the recording says why.
``brian`` takes Brian2's Cython target for long jobs where there is a compiler, else numpy. ``plain`` is slow and shares no code with the
others: a second opinion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from spikeheb.circuits.job import Job
from spikeheb.circuits.population import PopulationJob
from spikeheb.circuits.recording import Recording
from spikeheb.engines.compiler import compiler, compiler_of_system, remedy
from spikeheb.engines.threads import needs_main_thread, side_by_side
from spikeheb.errors import EngineError, unknown_name

if TYPE_CHECKING:
    from spikeheb.engines.kernel.fan_in import FanIn as Started

__all__ = [
    "ENGINES", "can_pause", "carry_out", "check_engine", "hint_on_compiler", "on_its_way", "shares_processors", "side_by_side",
    "with_first_engine",
]  # fmt: skip

Result = TypeVar("Result")
Way = Callable[[Callable[[PopulationJob], Recording]], Result]
ENGINES = ("auto", "kernel", "plain", "brian", "brian:numpy", "brian:cython", "brian:standalone")


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
    engine : {"auto", "kernel", "plain", "brian", "brian:numpy", "brian:cython", "brian:standalone"}

    Raises
    ------
    UnknownName, EngineError, BuildError, NonFiniteError
    """
    check_engine(engine)
    if engine.startswith("brian"):
        return _brian(job, engine)
    if engine == "plain":
        from spikeheb.engines.plain import run as plain

        return plain.run(job)
    from spikeheb.engines.kernel import runner

    reason = None if engine == "kernel" else _against_kernel(job)
    if reason is None:
        try:
            return runner.run(job)
        except EngineError as error:
            if engine == "kernel":
                raise
            reason = error.message
    recording = _brian(job, "brian")
    return replace(recording, engine={**recording.engine, "note": f"not the kernel: {reason}"})


def _against_kernel(job: Job) -> str | None:
    """Why Brian2 serves this job better, though the kernel could carry it out."""
    if job.cell is not None and compiler() is None:
        return f"there is no C++ compiler, and without one it steps through every quiet stretch; {remedy()}"
    return None


def shares_processors(engine: str) -> bool:
    """Whether several works of that engine run side by side: kernels do; Brian2 needs the main thread, and numpy keeps Python busy."""
    return not engine.startswith("brian") and compiler() is not None


def hint_on_compiler() -> str:
    """What to say to a user whose machine has no compiler; nothing where there is one."""
    return f"; there is no C++ compiler here: {remedy()}" if compiler() is None else ""


def can_pause(run: Callable[[PopulationJob], Recording]) -> bool:
    """Whether that way to carry a job out has a counterpart in `on_its_way`."""
    from spikeheb.engines.kernel import fan_in

    return run is fan_in.run and compiler() is not None


def on_its_way(job: PopulationJob, threads: int | None = None) -> Started:
    """The job in the kernel, so that it can be looked at in between.

    Raises
    ------
    EngineError
    BuildError
        Where there is no compiler.
    """
    from spikeheb.engines.kernel import fan_in

    return fan_in.FanIn(job, threads)


def with_first_engine(engine: str, use: Way[Result]) -> Result:
    """What `use` makes of the first engine for fan-in that does not refuse the job.

    Parameters
    ----------
    engine : {"auto", "kernel", "plain", "brian"}
    use : callable
        Called with the engine's `run`.

    Raises
    ------
    EngineError, BuildError, NonFiniteError
    """
    if engine == "plain":
        from spikeheb.engines.plain import run as plain

        return use(plain.run_population)
    reason = None
    if engine != "brian":
        from spikeheb.engines.kernel import fan_in

        try:
            return use(fan_in.run)
        except EngineError as error:
            if engine == "kernel":
                raise
            reason = error.message
    needs_main_thread()
    from spikeheb.engines.brian import population

    def on_brian(any_job: PopulationJob) -> Recording:
        recording = population.run(any_job)
        return recording if reason is None else replace(recording, engine={**recording.engine, "note": f"not the kernel: {reason}"})

    return use(on_brian)


def _brian(job: Job, engine: str) -> Recording:
    needs_main_thread()
    from spikeheb.engines.brian import runtime, standalone

    if engine == "brian:standalone" and compiler_of_system() is not None:
        return standalone.run(job)
    if engine == "brian:standalone":
        recording = runtime.run(job, "numpy")
        return replace(
            recording, engine={**recording.engine, "note": "no C++ compiler found that Brian2 can use, numpy instead of standalone"}
        )
    return runtime.run(job, {"brian:numpy": "numpy", "brian:cython": "cython"}.get(engine, "auto"))
