"""Running fan-in: N inputs onto each of M cells, with the compiled kernel."""

from __future__ import annotations

import ctypes
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from spikeheb.cells import Cell
from spikeheb.engines.compiler import compiler, remedy
from spikeheb.engines.job import Steps
from spikeheb.engines.kernel import fan_in_source
from spikeheb.engines.kernel.build import Library, load
from spikeheb.engines.kernel.fan_in_arrays import FAR, FanInArrays, PopulationStruct, varied
from spikeheb.engines.kernel.fan_in_values import values
from spikeheb.engines.kernel.source_arrays import TrainsStruct
from spikeheb.engines.population import PopulationJob, PopulationRecording
from spikeheb.engines.threads import allowed, stop_if_asked
from spikeheb.errors import BuildError, EngineError, NonFiniteError
from spikeheb.program.analysis import analyse
from spikeheb.program.program import Plan
from spikeheb.program.sites import PRE, SYNAPSE, Sites, sites

HEADERS = ("runtime.hpp", "numbers.hpp", "inputs.hpp", "normalise.hpp", "tile.hpp", "fan_in.hpp")
PIECE = 0.05
"""Seconds that a call into the kernel should take, so that Ctrl-C is heard and progress is seen."""
DONE, NOT_FINITE, NO_MEMORY = 0, 1, 2
FEW = 4
"""Up to so many cells each is a block of its own."""


def run(job: PopulationJob, threads: int | None = None) -> PopulationRecording:
    """Carry the job out: with the compiled kernel, or as lanes in numpy where there is no compiler.

    Parameters
    ----------
    job : PopulationJob
    threads : int, optional
        Cells are shared among so many; among as many as this work may have if not given. The result does not depend on it.

    Raises
    ------
    EngineError
        For what this engine cannot do.
    NonFiniteError
        With the time, the cell and the input.
    BuildError, StorageError
    """
    if compiler() is None:
        from spikeheb.engines.kernel import as_lanes

        return as_lanes.run(job)
    with FanIn(job, threads) as started:
        return started.to_end()


class FanIn:
    """A job on its way: it may be stopped anywhere, and goes on with the same bytes.

    Parameters
    ----------
    job : PopulationJob
    threads : int, optional
    """

    def __init__(self, job: PopulationJob, threads: int | None = None) -> None:
        chosen = compiler()
        if chosen is None:
            raise BuildError(f"a fan-in that can be paused needs a C++ compiler, and none was found; {remedy()}")
        asked, job = job, replace(job, cell=driven(job))
        self.job, self.compiler, self.threads = job, chosen, threads
        if job.precision == "float32" and job.rule.before:
            raise EngineError("ties are told by the number of the step, which single precision cannot hold; take float64", key="precision")
        self.plan = analyse(job.rule, job.cell, job.dt, receptor=job.receptor)
        self.sites: Sites = sites(self.plan, varied(job))
        width = 1 if job.private or job.cells <= FEW else fan_in_source.WIDTH[job.precision]
        inhibitory = job.cell.receptor(job.inhibition.receptor) if job.cell and job.inhibition else None
        source = fan_in_source.generate(self.plan, self.sites, width=width, precision=job.precision, inhibitory=inhibitory)
        self.library: Library = load(source, fan_in_source.header(self.plan, asked.cell), chosen, HEADERS)
        workers = max(1, min(threads or allowed(), -(-job.cells // width)))
        self.arrays = FanInArrays(job, self.plan, self.sites, width, workers, inhibitory)
        self.workers = self.arrays.workers
        self._call = _functions(self.library.loaded)
        self._check_sizes()
        self.now = 0
        self._piece = 0
        self._run = self._call.fan_in_open(self.arrays.struct)
        if not self._run:
            raise MemoryError("no memory for the spikes of the inputs")
        self._pool = ThreadPoolExecutor(self.workers) if self.workers > 1 else None

    def __enter__(self) -> FanIn:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free what the kernel holds."""
        if self._pool is not None:
            self._pool.shutdown()
        if self._run:
            self._call.fan_in_close(self._run)
            self._run = None

    def _check_sizes(self) -> None:
        """The library must have the same idea of the arrays."""
        sizes = (ctypes.c_int64 * 7)()
        self._call.fan_in_sizes(sizes)
        arrays, names = self.arrays, self.sites.names
        expected = [ctypes.sizeof(PopulationStruct), ctypes.sizeof(TrainsStruct), len(names(SYNAPSE)), len(names(PRE))]
        expected += [len(self.sites.rows), arrays.width, self.job.dtype.itemsize]
        if list(sizes) != expected:
            raise EngineError(f"the kernel's arrays do not fit ({list(sizes)}, expected {expected})", path=str(self.library.path))

    # --- running ---

    def to_end(self) -> PopulationRecording:
        """Run to the end."""
        self.advance(self.job.steps)
        return self.recording()

    def _first_piece(self) -> int:
        """Steps that take less than a piece on any machine."""
        job = self.job
        synapses = job.cells * job.input_count
        each = 1e-8 * synapses if self.plan.stepped is not None else 0.0
        rate = sum(float(source.mean_rates(job.dt).sum()) for source in job.inputs)
        each += 2e-8 * job.cells + rate * job.dt * (5e-8 + 3e-9 * job.cells) + 1e-9 * synapses * 50.0 * job.dt
        return max(1, int(0.5 * PIECE * self.workers / each))

    def advance(self, until: int) -> None:
        """Go on to step `until`, in pieces that take a moment each.

        Raises
        ------
        NonFiniteError
        MemoryError
        """
        piece = self._piece or self._first_piece()
        while self.now < until:
            start, before = time.perf_counter(), self.now
            self._step_to(min(self.now + piece, until), careful=False)
            stop_if_asked()
            if self.now - before == piece:
                piece = max(1, int(piece * min(2.0, PIECE / max(time.perf_counter() - start, 1e-6))))
            if self.job.progress is not None:
                self.job.progress(self.now / self.job.steps)
        self._piece = piece

    def _step_to(self, until: int, *, careful: bool) -> None:
        def go(worker: int) -> int:
            return int(self._call.fan_in_advance(self._run, worker, until, int(careful)))

        status = [go(0)] if self._pool is None else list(self._pool.map(go, range(self.workers)))
        if NO_MEMORY in status:
            raise MemoryError("no memory for the spikes of inputs or cells")
        if NOT_FINITE in status:
            raise self._not_finite(careful)
        self.now = until

    def _not_finite(self, careful: bool) -> NonFiniteError:
        """The first step at which a number is none; found by running up to the last sound step again, then step by step."""
        failures = self.arrays.failures
        first = int(np.argmin(np.where(failures[:, 0] < 0, FAR, failures[:, 0])))
        step, cell, number = (int(value) for value in failures[first])
        if not careful:
            with FanIn(replace(self.job, progress=None), self.threads) as again:
                again.advance(self.now)
                try:
                    again._step_to(step + 1, careful=True)
                except NonFiniteError as error:
                    return error
        what = self._name_of_flaw(cell, number)
        return NonFiniteError(f"{what} is not finite at {step * self.job.dt:.4f} s", path=self.job.rule.path)

    def _name_of_flaw(self, cell: int, number: int) -> str:
        """The weight before anything else of the synapse, then what is kept for an input or a cell."""
        arrays, sites_ = self.arrays, self.sites
        block, lane = divmod(cell, arrays.width)
        for name in (self.job.rule.weight, *sites_.names(SYNAPSE)) if number >= 0 else ():
            if not np.isfinite(arrays.synapse[sites_.row[name], block, number, lane]):
                return f"{name} of input {number} of cell {cell}"
        for name in sites_.names(PRE) if number >= 0 else ():
            if not np.all(np.isfinite(arrays.pre[:, sites_.row[name], number])):
                return f"{name} of input {number}"
        flaws = [row for row, values in zip(sites_.rows, arrays.lane, strict=True) if not np.isfinite(values[cell])]
        return f"{flaws[0].partition('.')[2] if flaws else 'v'} of cell {cell}"

    # --- what was recorded ---

    def variables(self) -> dict[str, Any]:
        """All synaptic variables as last stored: for each synapse (cells, inputs), input (inputs,) or cell (cells,).

        Those that decay are given at the last step that was run; with private inputs, those of inputs have a row for each cell.
        """
        return values(self.arrays, self.now - 1)

    def recording(self) -> PopulationRecording:
        """What was recorded so far, and the weights as they stand."""
        arrays = self.arrays
        engine = {
            "engine": "kernel:fan-in",
            "kernel": self.library.key,
            "compiler": self.compiler.version,
            "flags": " ".join(self.compiler.flags),
            "precision": self.job.precision,
            "numpy": np.__version__,
        }
        w = arrays.by_cell(self.sites.row[self.job.rule.weight])
        spikes = self._trains() if self.job.trains else ()
        return PopulationRecording(
            w, arrays.counts.copy(), spikes, arrays.snapshots.copy(), arrays.watch.copy(), arrays.histograms.sum(axis=0), engine
        )

    def _trains(self) -> tuple[Steps, ...]:
        trains: list[Steps] = []
        for tile in range(self.arrays.tiles):
            size = ctypes.c_int64()
            start = self._call.fan_in_trains(self._run, tile, ctypes.byref(size))
            pairs = np.ctypeslib.as_array(start, (size.value, 2)).copy() if size.value else np.zeros((0, 2), dtype=np.int64)
            low, high = (min(int(edge) * self.arrays.width, self.job.cells) for edge in self.arrays.tile_first[tile : tile + 2])
            order = np.argsort(pairs[:, 1], kind="stable")
            edges = np.searchsorted(pairs[order, 1], np.arange(low, high + 1))
            trains += [pairs[order[a:b], 0].copy() for a, b in pairwise(edges)]
        return tuple(trains)


def driven(job: PopulationJob) -> Cell | None:
    """The cell without the receptors that no input drives: their conductances are zero throughout."""
    if job.cell is None:
        return None
    used = {job.cell.receptor(job.receptor).name} | ({job.cell.receptor(job.inhibition.receptor).name} if job.inhibition else set())
    return replace(job.cell, receptors={name: receptor for name, receptor in job.cell.receptors.items() if name in used})


def _functions(loaded: ctypes.CDLL) -> Any:
    """The library's functions with their types."""
    pointer, count = ctypes.c_void_p, ctypes.c_int64
    types: dict[str, tuple[Any, list[Any]]] = {
        "fan_in_open": (pointer, [ctypes.POINTER(PopulationStruct)]),
        "fan_in_close": (None, [pointer]),
        "fan_in_advance": (count, [pointer, count, count, count]),
        "fan_in_now": (count, [pointer, count]),
        "fan_in_trains": (ctypes.POINTER(count), [pointer, count, ctypes.POINTER(count)]),
        "fan_in_sizes": (None, [ctypes.POINTER(count)]),
    }
    for name, (result, arguments) in types.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


def show_source(plan: Plan, *, width: int = 4, precision: str = "float64") -> str:
    """The C++ that is generated for fan-in of a plan."""
    return fan_in_source.header(plan, plan.cell.cell if plan.cell else None) + fan_in_source.generate(
        plan, sites(plan), width=width, precision=precision, inhibitory=None
    )
