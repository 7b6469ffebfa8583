"""Whether what is to be recorded can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from spikeheb.circuits.places import at
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
        with at("probes"):
            _check_steps(getattr(probes, name), steps, name)
    if len(probes.sweeps) and probes.sweep_steps < 1:
        raise ScheduleError(f"sweeps have at least one step (got {probes.sweep_steps})", key="probes.sweep_length")
    ends = probes.sweeps + probes.sweep_steps
    if len(ends) and (ends[-1] > steps or np.any(ends[:-1] > probes.sweeps[1:])):
        text = f"sweeps of {probes.sweep_steps:,} steps overlap, or the last ends after the {steps:,} steps of the run"
        raise ScheduleError(text, key="probes.sweeps")


def check_single(probes: Probes, joined: Joined, *, has_cell: bool) -> None:
    """Refuse what cannot be recorded of a circuit that is no network.

    Raises
    ------
    EngineError
    """
    if len(probes.sweeps) and not has_cell:
        raise EngineError("a record of the potential needs a cell", key="probes.sweeps")
    synapses, cells, sources = joined
    check_memory(
        16.0 * synapses * len(probes.samples), f"the weights of {synapses:,} inputs at {len(probes.samples):,} times", key="record"
    )
    check_memory(8.0 * cells * len(probes.sweeps) * probes.sweep_steps, f"{len(probes.sweeps):,} sweeps of {cells:,} cells", key="sweeps")
    if len(probes.histograms):
        with at("probes"):
            _check_edges(probes.edges)
    outside = probes.watched.size and (np.any(probes.watched < 0) or np.any(probes.watched >= (cells, sources)))
    if probes.watched.ndim != 2 or probes.watched.shape[1] != 2 or outside:
        allowed = f"a cell below {cells:,} and an input below {sources:,}"
        raise EngineError(f"each watched synapse is {allowed}, counted from 0", key="probes.watched")


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
    for key in ("samples", "sweeps", "watched", "watch", "histograms", "edges"):
        if len(getattr(probes, key)):
            raise EngineError(IN_NETWORKS, key=f"probes.{key}")
    needed = 0.0
    for name, of_cells in probes.populations.items():
        if name not in groups:
            raise unknown_name("population of cells", name, groups, key=f"probes.populations.{name}")
        with at(f"probes.populations.{name}"):
            _check_cells(of_cells, groups[name].count, steps)
        needed += _bytes_of_cells(of_cells, groups[name], steps)
    check_memory(needed, "records of potentials and currents", key="probes")
    for name in probes.projections:
        if name not in projections:
            raise unknown_name("projection with a rule", name, projections, key=f"probes.projections.{name}")
    for name, joined in projections.items():
        of = probes.of_synapses(name)
        with at(f"probes.projections.{name}"):
            _check_synapses(of, joined, steps)
        taken = 0 if of.snapshots is None else len(of.snapshots)
        needed += 16.0 * joined.synapses * taken
        place = f"probes.projections.{name}" if name in probes.projections else "probes"
        check_memory(
            needed, f"{taken:,} snapshots of {joined.synapses:,.0f} weights, with what else is recorded,", key=f"{place}.snapshots"
        )
        needed += 16.0 * (of.watched_count * len(of.watch) + of.bins * len(of.histograms))
        check_memory(needed, f'the watched weights and histograms of "{name}", with what else is recorded,', key=place)


def _bytes_of_cells(of: OfCells, population: Cells, steps: int) -> float:
    receptors = [] if population.cell is None else population.cell.receptors.values()
    rows = 1 + sum(1 + len(receptor.parts) for receptor in receptors)
    return 8.0 * len(of.samples) * len(of.cells) * rows + (8.0 * steps / of.bin_steps if of.bin_steps else 0.0)


def _check_cells(of: OfCells, count: int, steps: int) -> None:
    _check_steps(of.samples, steps, "samples")
    for what, cells in (("cells", of.cells), ("spikes", of.spikes)):
        if cells is not None:
            _check_numbers(cells, count, what)
    if len(of.samples) and not len(of.cells):
        raise EngineError("has no effect without cells, which says what is recorded", key="samples")
    if not 0 <= of.bin_steps <= steps:
        allowed = f"at least one step and at most the whole run of {steps:,}"
        raise EngineError(f"a bin of counts lasts {allowed} (got {of.bin_steps:,} steps)", key="bin")


def _check_synapses(of: OfSynapses, joined: Joined, steps: int) -> None:
    for what in ("watch", "histograms"):
        _check_steps(getattr(of, what), steps, what)
    if of.snapshots is not None:
        _check_steps(of.snapshots, steps, "snapshots")
    if len(of.histograms) or len(of.edges):
        _check_edges(of.edges)
    if isinstance(of.watched, int):
        if not 0 <= of.watched <= MOST:
            raise EngineError(f"expected a number from 0 to {MOST:,}, or pairs of cell and source (got {of.watched})", key="watched")
        return
    if of.watched.ndim != 2 or of.watched.shape[1] != 2 or np.any(of.watched < 0) or np.any(of.watched >= joined[1:]):
        allowed = f"a cell below {joined.cells:,} and a source below {joined.sources:,}"
        raise EngineError(f"each watched synapse is {allowed}, counted from 0", key="watched")


def _check_numbers(cells: Steps, count: int, key: str) -> None:
    if len(cells) and (cells[0] < 0 or cells[-1] >= count or np.any(np.diff(cells) <= 0)):
        raise EngineError(f"expected rising numbers of {count:,} cells, counted from 0, none twice", key=key)


def _check_edges(edges: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    if len(edges) < 2:
        raise EngineError(f"histograms need edges, two at least (got {len(edges)})", key="edges")
    if not np.all(np.diff(edges) > 0):
        raise EngineError("the edges of histograms must rise", key="edges")


def _check_steps(steps: Steps, end: int, name: str) -> None:
    wrong = np.flatnonzero((steps >= end) | (np.diff(steps, prepend=-1) <= 0))
    if len(wrong):
        text = f"{name} must rise, from step 0 to step {end - 1} (number {wrong[0] + 1} is step {steps[wrong[0]]})"
        raise ScheduleError(text, key=name)
