"""Whether what is to be recorded can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from spikeheb.circuits.populations import Cells
from spikeheb.circuits.probes import OfCells, OfSynapses, Probes
from spikeheb.circuits.steps import Steps
from spikeheb.errors import EngineError, ScheduleError, unknown_name
from spikeheb.limits import MOST, check_memory

IN_NETWORKS = (
    "a network records its populations and projections; ask for no samples, sweeps, watched weights or histograms of the whole circuit"
)


class Joined(NamedTuple):
    """A projection with a rule: the expected number of its synapses, and of cells and sources."""

    synapses: float
    cells: int
    sources: int


def check_times(probes: Probes, steps: int) -> None:
    """Refuse records at steps that are not there or do not rise.

    Raises
    ------
    ScheduleError
    """
    for name in ("samples", "sweeps", "snapshots", "watch", "histograms"):
        _check_steps(getattr(probes, name), steps, name)
    if len(probes.sweeps) and probes.sweep_steps < 1:
        raise ScheduleError(f"sweeps have at least one step (got {probes.sweep_steps})")
    ends = probes.sweeps + probes.sweep_steps
    if len(ends) and (ends[-1] > steps or np.any(ends[:-1] > probes.sweeps[1:])):
        raise ScheduleError(f"sweeps of {probes.sweep_steps:,} steps overlap, or the last ends after the {steps:,} steps of the run")


def check_single(probes: Probes, joined: Joined, *, has_cell: bool) -> None:
    """Refuse what cannot be recorded of a circuit that is no network.

    Raises
    ------
    EngineError
    """
    if probes.populations or probes.projections:
        raise EngineError("only a network records populations and projections, and this circuit is not a network")
    if len(probes.sweeps) and not has_cell:
        raise EngineError("a record of the potential needs a cell")
    synapses, cells, sources = joined
    check_memory(
        16.0 * synapses * len(probes.samples), f"the weights of {synapses:,} inputs at {len(probes.samples):,} times", key="record"
    )
    check_memory(8.0 * cells * len(probes.sweeps) * probes.sweep_steps, f"{len(probes.sweeps):,} sweeps of {cells:,} cells", key="sweeps")
    if len(probes.histograms):
        _check_edges(probes.edges, "")
    outside = probes.watched.size and (np.any(probes.watched < 0) or np.any(probes.watched >= (cells, sources)))
    if probes.watched.ndim != 2 or probes.watched.shape[1] != 2 or outside:
        raise EngineError("each watched synapse is a cell and an input, counted from 0")


def check_network(probes: Probes, steps: int, groups: Mapping[str, Cells], projections: Mapping[str, Joined]) -> None:
    """Refuse what cannot be recorded of a network.

    Parameters
    ----------
    probes : Probes
    steps : int
        Of the run.
    groups : mapping of str to Cells
        Its populations of cells.
    projections : mapping of str to Joined
        Those with a rule.

    Raises
    ------
    EngineError, ScheduleError, UnknownName
    """
    if any(len(getattr(probes, name)) for name in ("samples", "sweeps", "watch", "histograms")):
        raise EngineError(IN_NETWORKS)
    needed = 0.0
    for name, of_cells in probes.populations.items():
        if name not in groups:
            raise unknown_name("population of cells", name, groups, key="probes")
        _check_cells(of_cells, f'"{name}"', groups[name].count, steps)
        needed += _bytes_of_cells(of_cells, groups[name], steps)
    check_memory(needed, "records of potentials and currents", key="probes")
    for name in probes.projections:
        if name not in projections:
            raise unknown_name("projection with a rule", name, projections, key="probes")
    for name, joined in projections.items():
        of = probes.of_synapses(name)
        _check_synapses(of, f'"{name}"', joined, steps)
        taken = 0 if of.snapshots is None else len(of.snapshots)
        needed += 16.0 * joined.synapses * taken
        check_memory(needed, f"{taken:,} snapshots of {joined.synapses:,.0f} weights, with what else is recorded,", key="snapshots")
        needed += 16.0 * (of.watched_count * len(of.watch) + of.bins * len(of.histograms))
        check_memory(needed, f'the watched weights and histograms of "{name}", with what else is recorded,', key="probes")


def _bytes_of_cells(of: OfCells, population: Cells, steps: int) -> float:
    receptors = [] if population.cell is None else population.cell.receptors.values()
    rows = 1 + sum(1 + len(receptor.parts) for receptor in receptors)
    return 8.0 * len(of.samples) * len(of.cells) * rows + (8.0 * steps / of.bin_steps if of.bin_steps else 0.0)


def _check_cells(of: OfCells, name: str, count: int, steps: int) -> None:
    _check_steps(of.samples, steps, f"{name}: samples")
    for what, cells in (("cells", of.cells), ("spikes", of.spikes)):
        if cells is not None:
            _check_numbers(cells, count, f"{name}: {what}", "cells")
    if len(of.samples) and not len(of.cells):
        raise EngineError(f"{name}: samples of potentials need cells; name them", key="probes")
    if not 0 <= of.bin_steps <= steps:
        raise EngineError(
            f"{name}: a bin of counts lasts at least one step and at most the whole run (got {of.bin_steps:,} steps)", key="probes"
        )


def _check_synapses(of: OfSynapses, name: str, joined: Joined, steps: int) -> None:
    for what in ("watch", "histograms"):
        _check_steps(getattr(of, what), steps, f"{name}: {what}")
    if of.snapshots is not None:
        _check_steps(of.snapshots, steps, f"{name}: snapshots")
    if len(of.histograms) or len(of.edges):
        _check_edges(of.edges, f"{name}: ")
    if isinstance(of.watched, int):
        if not 0 <= of.watched <= MOST:
            raise EngineError(
                f"{name}: watched is a number from 0 to {MOST:,}, or pairs of cell and source (got {of.watched})", key="probes"
            )
        return
    if of.watched.ndim != 2 or of.watched.shape[1] != 2 or np.any(of.watched < 0) or np.any(of.watched >= joined[1:]):
        raise EngineError(
            f"{name}: each watched synapse is a cell below {joined.cells:,} and a source below {joined.sources:,}", key="probes"
        )


def _check_numbers(cells: Steps, count: int, what: str, kind: str) -> None:
    if len(cells) and (cells[0] < 0 or cells[-1] >= count or np.any(np.diff(cells) <= 0)):
        raise EngineError(f"{what}: expected rising numbers of {count:,} {kind}, counted from 0", key="probes")


def _check_edges(edges: np.ndarray[tuple[int], np.dtype[np.float64]], of: str) -> None:
    if len(edges) < 2 or not np.all(np.diff(edges) > 0):
        raise EngineError(f"{of}the edges of histograms must rise")


def _check_steps(steps: Steps, end: int, name: str) -> None:
    if len(steps) and (steps[0] < 0 or steps[-1] >= end or np.any(np.diff(steps) <= 0)):
        raise ScheduleError(f"{name} must rise, from step 0 to step {end - 1}")
