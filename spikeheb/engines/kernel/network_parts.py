"""The parts of a network, each compiled by itself: populations of cells, and projections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.populations import Cells
from spikeheb.draws.edges import Edges
from spikeheb.engines.compiler import Compiler
from spikeheb.engines.dense import Dense, as_dense
from spikeheb.engines.emit import tiles
from spikeheb.engines.emit.placements import sparse
from spikeheb.engines.kernel.build import Library, load
from spikeheb.engines.kernel.contract import Array
from spikeheb.engines.kernel.network_order import are_equal, are_few, waits
from spikeheb.engines.kernel.program_arrays import LINE, varied
from spikeheb.engines.threads import allowed
from spikeheb.errors import EngineError
from spikeheb.limits import check_memory
from spikeheb.program.analysis import analyse
from spikeheb.program.program import Program
from spikeheb.program.sites import Sites, sites, with_constants_of_cells

HEADERS = ("runtime.hpp", "numbers.hpp", "cells.hpp", "normalise.hpp", "probes.hpp", "network.hpp", "waiting.hpp", "rows.hpp")


CELLS, SYNAPSES = 1 / 500, 1 / 1e5
"""Of a thread's worth of work in a step, what a cell and a synapse are; chosen: about 5 microseconds."""


@dataclass(frozen=True)
class Built:
    """A part of a network, compiled."""

    job: Dense
    program: Program
    sites: Sites
    library: Library


def built(circuit: Circuit, chosen: Compiler, sources: int = 0, edges: Edges | None = None, *, apart: bool = False) -> Built:
    """A part of a network by itself, with the synapses of so many sources, compiled where the build cache does not have it.

    With `apart` every variable of a rule is kept for each synapse, though it could be shared by all of a source or cell.
    """
    job = as_dense(circuit)
    if job.precision == "float32" and job.rule.before:
        raise EngineError("ties are recognised by the number of the step, which single precision cannot hold; use float64", key="precision")
    varying = frozenset(circuit.plastic.overrides)
    program = with_constants_of_cells(analyse(job.rule, job.cell, job.dt, receptor=job.receptor, varying=varying), varying)
    places = sites(program, job.rule.variables if apart else varied(job))
    few, equal = edges is None or are_few(sources, job.cells, edges), edges is not None and are_equal(job)
    shape = sparse(few=few, equal=equal, waits=edges is not None and waits(job, program, places))
    source = tiles.generate(program, places, precision=job.precision, shape=shape)
    return Built(job, program, places, load(source, tiles.header(program, job.cell), chosen, HEADERS, ()))


def lag(circuit: Circuit, edges: Mapping[str, Edges], parts: Mapping[str, Built]) -> int:
    """Steps before any spike gets to a synapse."""
    ways = [
        round(action.delay / circuit.dt) + int(edges[name].delay.min())
        for name, part in parts.items() for action in part.program.actions if action.event == "pre" and len(edges[name].delay)
    ]  # fmt: skip
    return min(ways, default=1)


def remembered(circuit: Circuit, edges: Mapping[str, Edges], parts: Mapping[str, Built], block: int) -> dict[str, int]:
    """How many steps of spikes of each population are kept: as long as the latest of them is under way.

    Threads may be up to a block of steps apart, and what is recorded is read at the end of a block, for which there is room as well;
    also in a population whose spikes reach nothing.
    """
    block = max(1, min(block, circuit.steps))
    past = dict.fromkeys(circuit.populations, block)
    for name, part in parts.items():
        projection = circuit.projections[name]
        for action in part.program.actions:
            end = projection.pre if action.event == "pre" else projection.post
            late = round(action.delay / circuit.dt) + (int(edges[name].delay.max(initial=0)) if action.event == "pre" else 0)
            past[end] = min(max(past[end], late + block), circuit.steps)
    for name, steps in past.items():
        check_memory(4.0 * steps * circuit.populations[name].count, f'the spikes of "{name}" under way for {steps:,} steps', key="delay")
    return past


def without_columns(circuit: Circuit, parts: Mapping[str, Built]) -> dict[str, str]:
    """Where memory was to be saved: the projections for which it was."""
    if not circuit.low_memory:
        return {}
    names = [name for name, part in parts.items() if waits(part.job, part.program, part.sites)]
    return {"low_memory": ", ".join(names) or "no rule allows it"}


def driven(circuit: Circuit) -> Circuit:
    """The same, its cells without the receptors that nothing drives."""
    populations = dict(circuit.populations)
    for name, population in populations_of_cells(circuit).items():
        if population.cell is not None:
            populations[name] = replace(population, cell=circuit.driven_cell(name))
    named = {
        name: projection if (cell := _cell(circuit, projection.post)) is None
        else replace(projection, receptor=cell.receptor(projection.receptor).name) for name, projection in circuit.projections.items()
    }  # fmt: skip
    return replace(circuit, populations=populations, projections=named)


def _cell(circuit: Circuit, name: str) -> Any:
    population = circuit.populations[name]
    return population.cell if isinstance(population, Cells) else None


def populations_of_cells(circuit: Circuit) -> dict[str, Cells]:
    """Those that are not mere sources of spikes, by name."""
    return {name: population for name, population in circuit.populations.items() if isinstance(population, Cells)}


def useful_threads(circuit: Circuit, edges: Mapping[str, Edges]) -> int:
    """As many as are allowed, where a step is long enough that waiting for each other does not matter."""
    cells = sum(population.count for population in populations_of_cells(circuit).values())
    synapses = sum(len(each.pre) for each in edges.values())
    return max(1, min(allowed(), int(CELLS * cells + SYNAPSES * synapses)))


def ranges_of(cells: int, threads: int) -> Array:
    """The first cell of each thread's range, and one beyond the last; ranges begin at whole cache lines."""
    bounds = np.arange(threads + 1) * cells // threads
    bounds[:-1] = bounds[:-1] // LINE * LINE
    return bounds.astype(np.int64)
