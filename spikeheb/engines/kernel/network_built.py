"""A part of a network as compiled code."""

from __future__ import annotations

from dataclasses import dataclass

from spikeheb.circuits.circuit import Circuit
from spikeheb.engines.compiler import Compiler
from spikeheb.engines.dense import Dense, as_dense
from spikeheb.engines.emit import tiles
from spikeheb.engines.emit.placements import SPARSE
from spikeheb.engines.kernel.build import Library, load
from spikeheb.engines.kernel.program_arrays import varied
from spikeheb.errors import EngineError
from spikeheb.program.analysis import analyse
from spikeheb.program.program import Program
from spikeheb.program.sites import Sites, sites, with_constants_of_cells

HEADERS = ("runtime.hpp", "numbers.hpp", "normalise.hpp", "rows.hpp")


@dataclass(frozen=True)
class Built:
    """A part of a network, compiled."""

    job: Dense
    program: Program
    sites: Sites
    library: Library


def built(circuit: Circuit, chosen: Compiler, *, apart: bool = False) -> Built:
    """A part of a network by itself, compiled where the build cache does not have it; `apart` keeps all variables for each synapse."""
    job = as_dense(circuit)
    if job.precision == "float32" and job.rule.before:
        raise EngineError("ties are told by the number of the step, which single precision cannot hold; take float64", key="precision")
    varying = frozenset(circuit.plastic.overrides)
    program = with_constants_of_cells(analyse(job.rule, job.cell, job.dt, receptor=job.receptor, varying=varying), varying)
    places = sites(program, job.rule.variables if apart else varied(job))
    source = tiles.generate(program, places, precision=job.precision, shape=SPARSE)
    return Built(job, program, places, load(source, tiles.header(program, job.cell), chosen, HEADERS))
