"""Running a job's lanes: with the compiled kernel where there is a compiler, else with the same trees in numpy."""

from __future__ import annotations

import contextlib
import ctypes
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np

from spikeheb.engines.compiler import Compiler, compiler
from spikeheb.engines.job import Job, Recording, Steps
from spikeheb.engines.kernel.arrays import Arrays, JobStruct, arrays, struct
from spikeheb.engines.kernel.build import FLAGS, Library, build
from spikeheb.engines.kernel.flow import final_values
from spikeheb.engines.threads import allowed, stop_if_asked
from spikeheb.errors import EngineError, NonFiniteError
from spikeheb.program.analysis import analyse
from spikeheb.program.layout import layout
from spikeheb.program.program import Plan

PIECE = 0.05
"""Seconds that a call into the kernel should take, so that Ctrl-C is heard and progress is seen."""
FIRST_PIECE = 0.1 * PIECE
"""Seconds that the first one should take: how long a step takes is only guessed before it."""
DONE, NOT_FINITE, SPIKES_FULL = 0, 1, 2


def run(job: Job, *, threads: int | None = None) -> Recording:
    """Carry the job out.

    Parameters
    ----------
    job : Job
    threads : int, optional
        Lanes are shared among so many; among as many as this work may have if not given. The result does not depend on it.

    Raises
    ------
    EngineError
        For what this engine cannot do.
    NonFiniteError
        With the time and the lane or input.
    BuildError, StorageError
    """
    plan = analyse(job.rule, job.cell, job.dt, receptor=job.receptor, varying=frozenset(job.overrides))
    chosen = compiler()
    if chosen is None:
        from spikeheb.engines.kernel import numpy_lanes

        return numpy_lanes.run(job, plan)
    return Run(job, plan, build(plan, chosen), chosen).to_end(threads)


class Run:
    """A job on its way: it may be stopped anywhere, and goes on with the same bytes.

    Parameters
    ----------
    job : Job
    plan : Plan
    library : Library
    compiler : Compiler
    careful : bool
        Step through everything and look at every number: slow, and only for finding the first that is not finite.
    """

    def __init__(self, job: Job, plan: Plan, library: Library, compiler: Compiler, *, careful: bool = False) -> None:
        self.job, self.plan, self.library, self.compiler, self.careful = job, plan, library, compiler, careful
        self.arrays: Arrays = arrays(job, plan)
        self.struct: JobStruct = struct(self.arrays, careful=careful)
        self._advance = library.loaded.advance_lanes
        self._advance.argtypes = [ctypes.POINTER(JobStruct), ctypes.c_int64, ctypes.c_int64, ctypes.c_int64]
        self._advance.restype = ctypes.c_int64
        self._check_sizes()

    def to_end(self, threads: int | None = None) -> Recording:
        """Run to the end in pieces that take a moment each."""
        workers = max(1, min(threads or allowed(), self.job.lanes))
        with ThreadPoolExecutor(workers) as pool:
            for first, last in _ranges(self.job.lanes, workers):
                self._range_to_end(first, last, pool, workers)
        return self.recording()

    def _range_to_end(self, first: int, last: int, pool: ThreadPoolExecutor, workers: int) -> None:
        until, piece = 0, max(1, int(self.job.steps * min(1.0, FIRST_PIECE * workers / self._expected(first, last))))
        while until < self.job.steps:
            until = min(until + piece, self.job.steps)
            start = time.perf_counter()
            self.advance(until, first, last, pool, workers)
            stop_if_asked()
            piece = max(1, int(piece * min(2.0, PIECE / max(time.perf_counter() - start, 1e-6))))
            if self.job.progress is not None:
                self.job.progress((first + (last - first) * until / self.job.steps) / self.job.lanes)

    def _expected(self, first: int, last: int) -> float:
        """A rough guess of the seconds that these lanes take."""
        share = (last - first) / self.job.lanes
        spikes = sum(len(train) for train in (*self.job.pre, *self.job.post))
        steps = self.job.steps * (self.job.lanes + self.job.inputs) if self.plan.clocked else 0
        return 1e-6 + share * (3e-8 * spikes + 2e-8 * steps)

    def advance(
        self, until: int, first: int = 0, last: int | None = None, pool: ThreadPoolExecutor | None = None, workers: int = 1
    ) -> None:
        """Run lanes to step `until`, or as far beyond as a quiet stretch leads.

        Raises
        ------
        NonFiniteError
        """
        last = self.job.lanes if last is None else last
        while True:
            if pool is None or workers == 1:
                status = [self._advance(self.struct, first, last, until)]
            else:
                edges = np.linspace(first, last, workers + 1).astype(int)
                status = list(pool.map(lambda pair: self._advance(self.struct, *pair, until), pairwise(edges)))
            if NOT_FINITE in status:
                raise self._not_finite(until)
            if SPIKES_FULL not in status:
                return
            self._make_room()

    def _make_room(self) -> None:
        """Twice the room for spikes."""
        old = self.arrays.spikes
        self.arrays.spikes = np.zeros((old.shape[0], 2 * old.shape[1]), dtype=np.int64)
        self.arrays.spikes[:, : old.shape[1]] = old
        self.struct = struct(self.arrays, careful=self.careful)

    def _not_finite(self, until: int) -> NonFiniteError:
        """Which number was the first that is not finite: found by a careful run of the same job, lane by lane."""
        if self.careful:
            return NonFiniteError("not finite", path=self.job.rule.path)
        again = Run(replace(self.job, progress=None), self.plan, self.library, self.compiler, careful=True)
        first = None
        for lane in range(self.job.lanes):
            with contextlib.suppress(NonFiniteError):
                again.advance(until, lane, lane + 1)
            step, index = (int(number) for number in again.arrays.failures[lane])
            if 0 <= step < until:
                until, first = step, (step, lane, index)
        if first is None:
            return NonFiniteError(f"a number is not finite before {until * self.job.dt:.4f} s", path=self.job.rule.path)
        step, lane, index = first
        what = again._name_of_flaw(step, lane, index)
        return NonFiniteError(f"{what} is not finite at {step * self.job.dt:.4f} s", path=self.job.rule.path)

    def _name_of_flaw(self, step: int, lane: int, index: int) -> str:
        """The weight before anything else of the synapse; then what was recorded; then the cell and [post]."""
        arrays_, places = self.arrays, layout(self.plan)
        if index >= 0:
            for name in (self.job.rule.weight, *self.plan.variables):
                if not np.isfinite(arrays_.synapses[name][index]):
                    return f"{name} of input {index}"
            if np.any(~np.isfinite(arrays_.efficacy[index][np.asarray(self.job.samples) == step])):
                return f"the efficacy of input {index}"
            return f"what a spike of input {index} does to the cell"
        flawed = [name for name, value in zip((*places.cell, *places.post), arrays_.states[lane], strict=False) if not np.isfinite(value)]
        return f"{flawed[0] if flawed else 'v'} of lane {lane}"

    def _check_sizes(self) -> None:
        """The library must have the same idea of the arrays as `arrays`."""
        sizes = (ctypes.c_int64 * 4)()
        self.library.loaded.sizes_of_lanes(sizes)
        arrays_ = self.arrays
        expected = [ctypes.sizeof(JobStruct), arrays_.synapses.itemsize, 8 * arrays_.states.shape[1], arrays_.places.itemsize]
        if list(sizes) != expected:
            raise EngineError(f"the kernel's arrays do not fit ({list(sizes)}, expected {expected})", path=str(self.library.path))

    def recording(self) -> Recording:
        """What was recorded; synaptic variables as they are at the last step.

        Raises
        ------
        NonFiniteError
        """
        job, arrays_ = self.job, self.arrays
        variables = final_values(self.plan, arrays_.synapses, job)
        if not all(np.all(np.isfinite(values)) for values in (*variables.values(), arrays_.states)):
            raise self._not_finite(job.steps)
        spikes: Sequence[Steps] = [train[train < job.steps] for train in job.post]
        if job.cell is not None:
            spikes = [row[: int(place)].copy() for row, place in zip(arrays_.spikes, arrays_.places["spikes"], strict=True)]
        engine = {
            "engine": "kernel:c++",
            "kernel": self.library.key,
            "compiler": self.compiler.version,
            "flags": " ".join((*self.compiler.flags, *FLAGS)),
            "numpy": np.__version__,
        }
        return Recording(variables[job.rule.weight], variables, arrays_.weight, arrays_.efficacy, arrays_.v, tuple(spikes), engine)


def _ranges(lanes: int, workers: int) -> list[tuple[int, int]]:
    """Ranges of lanes that are run one after the other, so that a piece of many lanes does not last too long."""
    size = max(workers, 4096)
    return [(first, min(first + size, lanes)) for first in range(0, lanes, size)]
