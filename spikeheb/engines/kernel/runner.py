"""Running lanes: with the compiled kernel where there is a compiler, else with the same trees in numpy."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.steps import Steps
from spikeheb.draws.expanded import gathered
from spikeheb.engines.alone import Alone, Progress, alone
from spikeheb.engines.compiler import Compiler, compiler, remedy
from spikeheb.engines.kernel.arrays import Arrays, arrays, struct
from spikeheb.engines.kernel.build import Library, build
from spikeheb.engines.kernel.contract import LANES, Array
from spikeheb.engines.kernel.flow import final_values
from spikeheb.engines.kernel.run import Part, Run
from spikeheb.engines.threads import allowed
from spikeheb.errors import EngineError
from spikeheb.program.analysis import analyse
from spikeheb.program.layout import layout
from spikeheb.program.program import Program

LANES_OF_PART = 4096
"""Lanes that are run before the next, so that a piece of many lanes does not last too long."""
CHANGED = ("synapses", "states", "places", "history", "spikes", "weight", "efficacy", "v")


def run(circuit: Circuit, *, threads: int | None = None, progress: Progress = None) -> Recording:
    """Carry a circuit out, every synapse by itself.

    Parameters
    ----------
    circuit : Circuit
    threads : int, optional
        Lanes are shared among so many; among as many as this work may have if not given. The result does not depend on it.
    progress : callable, optional
        Called with the fraction done.

    Raises
    ------
    EngineError
        For what this engine cannot do.
    NonFiniteError
        With the time and the lane or input.
    BuildError, StorageError
    """
    job = alone(circuit, progress)
    _refuse(job)
    program = analyse(job.rule, job.cell, job.dt, receptor=job.receptor, varying=frozenset(job.overrides))
    chosen = compiler()
    if chosen is None:
        from spikeheb.engines.kernel import numpy_lanes

        return gathered(circuit, numpy_lanes.run(job.circuit, program, progress=progress))
    with Lanes(job.circuit, program, build(program, chosen), chosen, threads or allowed(), progress=progress) as started:
        return gathered(circuit, started.to_end())


def _refuse(job: Alone) -> None:
    """What has no place where every synapse is by itself."""
    if job.circuit.plastic.normalise is not None or job.circuit.precision != "float64":
        without = f", for which a C++ compiler is needed; {remedy()}" if compiler() is None else ""
        kinds = "normalisation and single precision"
        raise EngineError(f"{kinds} are for circuits in which every source reaches every cell{without}")


class Lanes(Run[Recording]):
    """Lanes on their way.

    Parameters
    ----------
    circuit : Circuit
        Where sources reach every cell, every synapse becomes an input of its own.
    program : Program
    library : Library
    compiler : Compiler
    threads : int
    """

    finds_all = False
    arrays: Arrays

    def __init__(
        self, circuit: Circuit, program: Program, library: Library, compiler: Compiler, threads: int = 1, *, progress: Progress = None
    ) -> None:
        job = alone(circuit, progress)
        self.program, self.arrays = program, arrays(job, program)
        self._advance = library.loaded.advance_lanes
        self._advance.argtypes = [ctypes.POINTER(LANES.ctype()), ctypes.c_int64, ctypes.c_int64, ctypes.c_int64]
        self._advance.restype = ctypes.c_int64
        spikes = sum(len(train) for train in (*job.pre, *job.post))
        self._each: float = 3e-8 * spikes / (job.steps * job.lanes) + (2e-8 * (1 + job.inputs / job.lanes) if program.clocked else 0.0)
        super().__init__(job, library, compiler, max(1, min(threads, job.lanes)))

    def _open(self) -> None:
        self.struct = struct(self.arrays)

    def _again(self) -> Lanes:
        return Lanes(self.job.circuit, self.program, self.library, self.compiler)

    def _parts(self) -> list[Part]:
        size = max(self.workers, LANES_OF_PART)
        return [(first, min(first + size, self.job.lanes)) for first in range(0, self.job.lanes, size)]

    def _shares(self, part: Part, *, careful: bool = False) -> list[Part]:
        first, last = part
        shares = last - first if careful else self.workers
        return list(pairwise(first + (last - first) * n // shares for n in range(shares + 1)))

    def _call(self, share: Part, until: int, careful: bool) -> int:
        self.struct.careful, self.struct.exact = int(careful), int(careful or self.job.exact)
        return int(self._advance(self.struct, *share, until))

    def _seconds(self, part: Part) -> float:
        return 1e-6 / int(self.job.steps) + (part[1] - part[0]) * self._each

    def _make_room(self) -> None:
        self.arrays.spikes = np.pad(self.arrays.spikes, ((0, 0), (0, self.arrays.spikes.shape[1])))
        self._open()

    def _state(self) -> dict[str, Array]:
        return {name: getattr(self.arrays, name) for name in CHANGED}

    def _restore(self, state: Mapping[str, Array]) -> None:
        vars(self.arrays).update(state)

    def _fits(self, state: Mapping[str, Array]) -> bool:
        return bool(np.all((state["places"]["spikes"] >= 0) & (state["places"]["spikes"] <= state["spikes"].shape[1])))

    def _given(self) -> dict[str, Array]:
        return {**self.arrays.fixed, "numbers": LANES.numbers(self.struct)}

    def _name_of_flaw(self, step: int, lane: int, number: int) -> str:
        """The weight before anything else of the synapse; then what was recorded; then the cell and [post]."""
        arrays_, places = self.arrays, layout(self.program)
        if number >= 0:
            for name in (self.job.rule.weight, *self.program.variables):
                if not np.isfinite(arrays_.synapses[name][number]):
                    return f"{name} of input {number}"
            if np.any(~np.isfinite(arrays_.efficacy[number][np.asarray(self.job.samples) == step])):
                return f"the efficacy of input {number}"
            return f"what a spike of input {number} does to the cell"
        flawed = [name for name, value in zip((*places.cell, *places.post), arrays_.states[lane], strict=False) if not np.isfinite(value)]
        return f"{flawed[0] if flawed else 'v'} of lane {lane}"

    def recording(self) -> Recording:
        """What was recorded; synaptic variables as they are at the last step.

        Raises
        ------
        NonFiniteError
        """
        job, arrays_ = self.job, self.arrays
        variables = final_values(self.program, arrays_.synapses, job)
        if not all(np.all(np.isfinite(values)) for values in (*variables.values(), arrays_.states)):
            raise self._not_finite((0, job.lanes), 0, job.steps)
        spikes: Sequence[Steps] = [train[train < job.steps] for train in job.post]
        if job.cell is not None:
            spikes = [row[: int(place)].copy() for row, place in zip(arrays_.spikes, arrays_.places["spikes"], strict=True)]
        return Recording(
            w=variables[job.rule.weight], variables=variables, weight=arrays_.weight, efficacy=arrays_.efficacy, v=arrays_.v,
            spikes=tuple(spikes), engine=self.engine("kernel:c++"),
        )  # fmt: skip
