"""Running fan-in: N inputs onto each of M cells, with the compiled kernel."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from spikeheb.cells import Cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.steps import Steps
from spikeheb.engines.alone import Progress
from spikeheb.engines.compiler import compiler, remedy
from spikeheb.engines.dense import Dense, dense
from spikeheb.engines.emit import tiles
from spikeheb.engines.kernel.build import OF_FAN_IN, load
from spikeheb.engines.kernel.contract import FAN_IN, FIRED, Array
from spikeheb.engines.kernel.fan_in_arrays import FanInArrays
from spikeheb.engines.kernel.fan_in_values import values
from spikeheb.engines.kernel.program_arrays import varied
from spikeheb.engines.kernel.run import Part, Run
from spikeheb.engines.threads import allowed
from spikeheb.errors import BuildError, EngineError
from spikeheb.program.analysis import analyse
from spikeheb.program.program import Program
from spikeheb.program.sites import PRE, SYNAPSE, Sites, sites, with_constants_of_cells

HEADERS = ("runtime.hpp", "numbers.hpp", "cells.hpp", "inputs.hpp", "normalise.hpp", "tile.hpp", "fan_in.hpp")
FEW = 4
"""With at most this many cells, each cell is a block."""
CHANGED = (
    "synapse", "lane", "synapse_since", "lane_since", "history", "part", "part_at", "counts",
    "snapshots", "weight", "efficacy", "watch", "v",
)  # fmt: skip
OF_THREADS = ("tiles", "workers", "chunk")


def run(circuit: Circuit, *, threads: int | None = None, progress: Progress = None) -> Recording:
    """Carry a circuit out in which every source reaches every cell.

    Parameters
    ----------
    circuit : Circuit
    threads : int, optional
        Cells are shared among so many; among as many as this work may have if not given. The result does not depend on it.
    progress : callable, optional
        Called with the fraction done.

    Raises
    ------
    EngineError
        For what this engine cannot do.
    NonFiniteError
        With the time, the cell and the input.
    BuildError, StorageError
    """
    with FanIn(circuit, threads, progress=progress) as started:
        return started.to_end()


class FanIn(Run[Recording]):
    """Fan-in on its way.

    Parameters
    ----------
    circuit : Circuit
    threads : int, optional
    progress : callable, optional
        Called with the fraction done.
    """

    finds_all = True
    arrays: FanInArrays

    def __init__(self, circuit: Circuit, threads: int | None = None, *, progress: Progress = None) -> None:
        chosen = compiler()
        if chosen is None:
            raise BuildError(f"a fan-in that can be paused needs a C++ compiler, and none was found; {remedy()}")
        asked = dense(circuit, progress)
        job = replace(asked, cell=driven(asked))
        if job.precision == "float32" and job.rule.before:
            raise EngineError(
                "ties are recognised by the number of the step, which single precision cannot hold; use float64", key="precision"
            )
        varying = frozenset(circuit.plastic.overrides)
        program = analyse(job.rule, job.cell, job.dt, receptor=job.receptor, varying=varying)
        self.program = with_constants_of_cells(program, varying)
        self.sites: Sites = sites(self.program, varied(job))
        width = 1 if job.private or job.cells <= FEW else tiles.WIDTH[job.precision]
        inhibitory = job.cell.receptor(job.unplastic.receptor) if job.cell and job.unplastic else None
        source = tiles.generate(
            self.program, self.sites, width=width, precision=job.precision, inhibitory=inhibitory, mirrored=circuit.mirrored
        )
        library = load(source, tiles.header(self.program, asked.cell), chosen, HEADERS, OF_FAN_IN)
        workers = max(1, min(threads or allowed(), -(-job.cells // width)))
        self.arrays = FanInArrays(job, self.program, self.sites, width, workers, inhibitory)
        self._functions = _functions(library.loaded)
        self._run: int | None = None
        self._earlier = np.zeros(0, dtype=FIRED.ctype())
        super().__init__(job, library, chosen, self.arrays.workers)

    def _open(self) -> None:
        self._free()
        self._run = self._functions.fan_in_open(self.arrays.struct, self.now)
        if not self._run:
            raise MemoryError("no memory for the spikes of the inputs")

    def close(self) -> None:
        """Let the threads go, and free what the kernel holds."""
        super().close()
        self._free()

    def _free(self) -> None:
        """Free what the kernel holds."""
        if self._run:
            self._functions.fan_in_close(self._run)
        self._run = None

    def _again(self) -> FanIn:
        return FanIn(self.job.circuit, self.workers)

    def _parts(self) -> list[Part]:
        return [(0, self.workers)]

    def _shares(self, part: Part, *, careful: bool = False) -> list[Part]:
        return list(pairwise(range(self.workers + 1)))

    def _call(self, share: Part, until: int, careful: bool) -> int:
        return int(self._functions.fan_in_advance(self._run, share[0], until, int(careful)))

    def _seconds(self, part: Part) -> float:
        job: Dense = self.job
        synapses = job.cells * job.input_count
        each = 1e-8 * synapses if self.program.stepped is not None else 0.0
        rate = sum(float(source.mean_rates(job.dt).sum()) for source in job.inputs)
        return each + 2e-8 * job.cells + rate * job.dt * (5e-8 + 3e-9 * job.cells) + 1e-9 * synapses * 50.0 * job.dt

    # --- checkpoints ---

    def _state(self) -> dict[str, Array]:
        arrays, copies = self.arrays, slice(None if self.job.private else 1)
        state = {name: getattr(arrays, name) for name in CHANGED} | {"pre": arrays.pre[copies], "pre_since": arrays.pre_since[copies]}
        return state | {"histograms": arrays.histograms.sum(axis=0), "fired": arrays.fired_by_cell(), "spikes": self._spikes()}

    def _restore(self, state: Mapping[str, Array]) -> None:
        for name in (*CHANGED, "pre", "pre_since"):
            getattr(self.arrays, name)[...] = state[name]
        self.arrays.histograms[0] = state["histograms"]
        self.arrays.set_fired(state["fired"])
        self._earlier = state["spikes"]

    def _given(self) -> dict[str, Array]:
        given = {name: array for name, array in self.arrays.fixed.items() if name != "watch_first"}
        given |= {f"{name} {key}": array for name, source in self.arrays.sources.items() for key, array in source.arrays.items()}
        return given | {"numbers": FAN_IN.numbers(self.arrays.struct, OF_THREADS), "late_by": self.arrays.late_by}

    # --- numbers that are not finite ---

    def _name_of_flaw(self, step: int, lane: int, number: int) -> str:
        """The weight before anything else of the synapse, then what is kept for an input or a cell."""
        arrays, sites_ = self.arrays, self.sites
        block, place = divmod(lane, arrays.width)
        for name in (self.job.rule.weight, *sites_.names(SYNAPSE)) if number >= 0 else ():
            if not np.isfinite(arrays.synapse[sites_.row[name], block, number, place]):
                return f"{name} of input {number} of cell {lane}"
        for name in sites_.names(PRE) if number >= 0 else ():
            if not np.all(np.isfinite(arrays.pre[:, sites_.row[name], number])):
                return f"{name} of input {number}"
        if number >= 0 and np.any(~np.isfinite(arrays.efficacy[lane * self.job.input_count + number])):
            return f"the efficacy of input {number} of cell {lane}"
        flaws = [row for row, values in zip(sites_.rows, arrays.lane, strict=True) if not np.isfinite(values[lane])]
        return f"{flaws[0].partition('.')[2] if flaws else 'v'} of cell {lane}"

    # --- what was recorded ---

    def variables(self) -> dict[str, Any]:
        """All synaptic variables as last stored: for each synapse (cells, inputs), input (inputs,) or cell (cells,).

        Those that decay are given at the last step that was run; with private inputs, those of inputs have a row for each cell.
        """
        return values(self.arrays, self.now - 1)

    def recording(self) -> Recording:
        """What was recorded so far, and the weights as they stand."""
        arrays = self.arrays
        engine = self.engine("kernel:fan-in", precision=self.job.precision)
        w = arrays.by_cell(self.sites.row[self.job.rule.weight])
        spikes = self._trains() if self.job.probes.trains else ()
        return Recording(
            w=w, counts=arrays.counts.copy(), spikes=spikes, snapshots=arrays.snapshots.copy(), watched=arrays.watch.copy(),
            histograms=arrays.histograms.sum(axis=0), v=arrays.v.copy(), weight=arrays.weight.copy(), efficacy=arrays.efficacy.copy(),
            engine=engine,
        )  # fmt: skip

    def _spikes(self) -> Array:
        """All spikes of cells that were recorded, those of each cell in order."""
        spikes, size = [self._earlier], ctypes.c_int64()
        for tile in range(self.arrays.tiles):
            start = self._functions.fan_in_trains(self._run, tile, ctypes.byref(size))
            spikes += [np.ctypeslib.as_array(start, (size.value,))] if size.value else []
        return np.concatenate(spikes)

    def _trains(self) -> tuple[Steps, ...]:
        spikes = self._spikes()
        spikes = spikes[np.argsort(spikes["cell"], kind="stable")]
        edges = np.searchsorted(spikes["cell"], np.arange(self.job.cells + 1))
        return tuple(spikes["step"][a:b] for a, b in pairwise(edges))


def driven(job: Dense) -> Cell | None:
    """The cell without the receptors that no input drives: their conductances are zero throughout."""
    if job.cell is None:
        return None
    used = {job.cell.receptor(job.receptor).name} | ({job.cell.receptor(job.unplastic.receptor).name} if job.unplastic else set())
    return job.cell.driven(used)


def _functions(loaded: ctypes.CDLL) -> Any:
    """The library's functions with their types."""
    pointer, count = ctypes.c_void_p, ctypes.c_int64
    types: dict[str, tuple[Any, list[Any]]] = {
        "fan_in_open": (pointer, [ctypes.POINTER(FAN_IN.ctype()), count]),
        "fan_in_close": (None, [pointer]),
        "fan_in_advance": (count, [pointer, count, count, count]),
        "fan_in_trains": (ctypes.POINTER(FIRED.ctype()), [pointer, count, ctypes.POINTER(count)]),
    }
    for name, (result, arguments) in types.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


def show_source(program: Program, *, width: int = 4, precision: str = "float64") -> str:
    """The C++ that is generated for fan-in of a program."""
    return tiles.header(program, program.cell.cell if program.cell else None) + tiles.generate(
        program, sites(program), width=width, precision=precision
    )
