"""The table ``[probes]`` of a circuit's file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikeheb.circuits.file_tables import EdgesTable, Number, OfCellsTable, OfSynapsesTable, ProbesTable, SeriesTable, Times
from spikeheb.circuits.file_values import Reading
from spikeheb.circuits.populations import Population
from spikeheb.circuits.probes import OfCells, OfSynapses, Probes
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.dimensions import NONE
from spikeheb.errors import unknown_name
from spikeheb.limits import MOST

MOST_BINS = 100_000
"""Of a histogram."""


def read_probes(raw: ProbesTable, populations: Mapping[str, Population], end: int, file: Reading) -> Probes:
    """What is recorded in a run that ends before step `end`.

    Raises
    ------
    FormatError, UnitError, UnknownName
    """
    names = ("samples", "sweeps", "snapshots", "watch", "histograms")
    times = {name: _times(getattr(raw, name), f"probes.{name}", end, file) for name in names}
    of_cells: dict[str, OfCells] = {}
    for name, table in raw.populations.items():
        key = f"probes.populations.{name}"
        if name not in populations:
            raise unknown_name("population", name, populations, path=file.where, key=key)
        of_cells[name] = _of_cells(table, populations[name].count, end, file, key)
    return Probes(
        samples=times["samples"],
        sweeps=times["sweeps"],
        snapshots=times["snapshots"],
        watch=times["watch"],
        histograms=times["histograms"],
        sweep_steps=file.step(raw.sweep_length, "probes.sweep_length"),
        watched=_pairs(raw.watched, file, "probes.watched"),
        edges=file.floats(raw.edges, NONE, "probes.edges"),
        trains=raw.trains,
        populations=of_cells,
        projections={name: _of_synapses(table, end, file, f"probes.projections.{name}") for name, table in raw.projections.items()},
    )


def _times(raw: Times | None, key: str, end: int, file: Reading) -> Steps:
    """Steps, rising and before the end; none where nothing is said."""
    steps = file.steps([] if raw is None else raw, key, end)
    wrong = np.flatnonzero((steps >= end) | (np.diff(steps, prepend=-1) <= 0))
    if len(wrong):
        expected = f"expected rising times before the end of the run, {end * file.dt:g} s, none twice in one time step"
        raise file.error(key, f"{expected} ({_fault(steps, int(wrong[0]), end, isinstance(raw, SeriesTable), file.dt)})")
    return steps


def _fault(steps: Steps, wrong: int, end: int, in_series: bool, dt: float) -> str:
    """Which time is the first wrong one, and how many of a series would fit."""
    time = f"{steps[wrong] * dt:g} s"
    if steps[wrong] < end:
        return f"number {wrong + 1} is {time}, after {steps[wrong - 1] * dt:g} s"
    return f"number {wrong + 1} is {time}" + (f"; count = {wrong} fits" if in_series and wrong else "")


def _needs(raw: OfCellsTable | OfSynapsesTable, what: str, times: str, file: Reading, key: str) -> None:
    """Raise where it is said what is recorded and not when, or when and not what."""
    if getattr(raw, what) in (0, []) and getattr(raw, times) is not None:
        raise file.error(f"{key}.{times}", f"has no effect without {what}, which says what is recorded")
    if getattr(raw, what) not in (0, []) and getattr(raw, times) is None:
        raise file.error(f"{key}.{what}", f"has no effect without {times}, the times at which they are recorded")


def _of_cells(raw: OfCellsTable, count: int, end: int, file: Reading, key: str) -> OfCells:
    _needs(raw, "cells", "samples", file, key)
    width = file.step(raw.bin, f"{key}.bin")
    if width < 1 and file.time(raw.bin, f"{key}.bin") > 0:
        raise file.error(f"{key}.bin", f"expected at least one time step, {file.dt:g} s (got {raw.bin})")
    return OfCells(
        spikes=None if raw.spikes is None else _cells(raw.spikes, count, file, f"{key}.spikes"),
        bin_steps=width,
        cells=_cells(raw.cells, count, file, f"{key}.cells"),
        samples=_times(raw.samples, f"{key}.samples", end, file),
    )


def _cells(raw: list[int] | int, count: int, file: Reading, key: str) -> Steps:
    """Numbers of cells; of a number so many cells, at equal distances."""
    if isinstance(raw, int):
        return np.arange(file.whole(raw, key, most=count), dtype=np.int64) * count // max(1, raw)
    return np.array([file.index(cell, count, "cell", f"{key}[{n}]") for n, cell in enumerate(raw)], dtype=np.int64)


def _of_synapses(raw: OfSynapsesTable, end: int, file: Reading, key: str) -> OfSynapses:
    for what, times in (("watched", "watch"), ("edges", "histograms")):
        _needs(raw, what, times, file, key)
    return OfSynapses(
        snapshots=None if raw.snapshots is None else _times(raw.snapshots, f"{key}.snapshots", end, file),
        watched=file.whole(raw.watched, f"{key}.watched") if isinstance(raw.watched, int) else _pairs(raw.watched, file, f"{key}.watched"),
        watch=_times(raw.watch, f"{key}.watch", end, file),
        histograms=_times(raw.histograms, f"{key}.histograms", end, file),
        edges=_edges(raw.edges, file, f"{key}.edges"),
    )


def _pairs(raw: list[list[int]], file: Reading, key: str) -> Steps:
    """Pairs of cell and source."""
    for n, pair in enumerate(raw):
        if len(pair) != 2:
            raise file.error(f"{key}[{n}]", f"expected a cell and a source, such as [0, 3] (got {len(pair)} numbers)")
        for number in pair:
            file.whole(number, f"{key}[{n}]", most=MOST)
    return np.array(raw, dtype=np.int64).reshape(-1, 2)


def _edges(raw: EdgesTable | list[Number], file: Reading, key: str) -> Floats:
    if isinstance(raw, list):
        return file.floats(raw, NONE, key)
    low, high = (file.number(getattr(raw, end), NONE, f"{key}.{end}") for end in ("low", "high"))
    return np.linspace(low, high, file.whole(raw.bins, f"{key}.bins", least=1, most=MOST_BINS) + 1)
