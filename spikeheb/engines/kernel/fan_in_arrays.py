"""A fan-in job as the arrays that a kernel reads and writes: those that `contract.FAN_IN` points to."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from spikeheb.cells import Receptor
from spikeheb.circuits.drives import Change
from spikeheb.circuits.projections import NORMALISATIONS
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.circuits.values import constants
from spikeheb.draws.expanded import clock
from spikeheb.draws.trains import IMPOSED, INHIBITION, INPUTS
from spikeheb.engines.dense import Dense
from spikeheb.engines.emit.tiles import epoch, inhibitory_constants
from spikeheb.engines.kernel.contract import CELLS_OF_TILE, FAN_IN, FAR, Array
from spikeheb.engines.kernel.source_arrays import SourceArrays
from spikeheb.errors import EngineError, NonFiniteError, unknown_name
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import evaluate
from spikeheb.program.fold import fold
from spikeheb.program.program import Program
from spikeheb.program.sites import POST, PRE, SYNAPSE, Sites

LINE = 64
BYTES_OF_TILE = 640_000
"""So that the synapses of a tile stay in a processor's own cache."""
SPIKES_OF_CHUNK = 1 << 14
SOURCES = ("trains", "inhibition", "imposed")


def aligned(shape: tuple[int, ...], dtype: Any) -> Array:
    """Zeros that begin at a cache line."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + LINE, dtype=np.uint8)
    start = -raw.ctypes.data % LINE
    zeros: Array = raw[start : start + size].view(dtype).reshape(shape)
    return zeros


class FanInArrays:
    """All state and all input of a fan-in job.

    Parameters
    ----------
    job : Dense
    program : Program
    sites : Sites
    width : int
        Cells of a block.
    workers : int

    Raises
    ------
    EngineError, NonFiniteError, UnknownName
    """

    def __init__(self, job: Dense, program: Program, sites: Sites, width: int, workers: int, inhibitory: Receptor | None) -> None:
        self.job, self.program, self.sites, self.width = job, program, sites, width
        self.blocks = -(-job.cells // width)
        self.tile_first = self._tiles(workers)
        self.tiles = len(self.tile_first) - 1
        self.workers = min(workers, self.tiles)
        self.fixed: dict[str, Array] = {}
        self._synapses()
        self._rows()
        self._numbers(inhibitory)
        self._records()
        self._trains()
        self.struct = self._struct()

    def _tiles(self, workers: int) -> Steps:
        """The first block of each tile, and one beyond: tiles of about one size, as many for each worker."""
        if self.job.private:
            return np.arange(self.blocks + 1, dtype=np.int64)
        block = self.job.input_count * self.width * self.job.dtype.itemsize * len(self.sites.names(SYNAPSE))
        most = max(1, min(CELLS_OF_TILE // self.width, BYTES_OF_TILE // block))
        tiles = -(-self.blocks // most)
        tiles = min(self.blocks, -(-tiles // workers) * workers)
        return np.linspace(0, self.blocks, tiles + 1).astype(np.int64)

    # --- state ---

    def _synapses(self) -> None:
        job, sites = self.job, self.sites
        names = sites.names(SYNAPSE)
        self.synapse = aligned((len(names), self.blocks, job.input_count, self.width), job.dtype)
        self.pre = aligned((self.tiles, len(sites.names(PRE)), job.input_count), job.dtype)
        self.rests = {decay.names[0]: self._rest(decay.slopes[0][0], decay.rests[0]) for decay in sites.scaled}
        starts = Starts(job)
        for name in job.rule.initial:
            value = starts.next(name)
            side = sites.side[name]
            if side == SYNAPSE:
                self.fill(sites.row[name], value - self.rests.get(name, 0.0))
            elif side == PRE:
                self.pre[:, sites.row[name]] = value - self.rests.get(name, 0.0)
        lazy = {side: len(decays) for side, decays in sites.lazy.items()}
        self.synapse_since = np.zeros((lazy[SYNAPSE], self.blocks, job.input_count, self.width), dtype=np.int64)
        self.pre_since = np.zeros((self.tiles, lazy[PRE], job.input_count), dtype=np.int64)
        self.lane_since = np.zeros((lazy[POST], self.blocks * self.width), dtype=np.int64)

    def fill(self, row: int, values: float | Floats) -> None:
        """Give every synapse its value of a variable: one for all, or by cell and input."""
        if not np.ndim(values):
            self.synapse[row] = values
            return
        whole = np.broadcast_to(values, (self.job.cells, self.job.input_count))
        for block in range(self.blocks):
            part = whole[block * self.width : (block + 1) * self.width]
            self.synapse[row, block, :, : len(part)] = part.T
            self.synapse[row, block, :, len(part) :] = part[-1:].T  # lanes beyond the last cell do what it does

    def by_cell(self, row: int) -> Array:
        """A variable of every synapse, shape (cells, inputs)."""
        job = self.job
        values = np.empty((job.cells, job.input_count), dtype=job.dtype)
        for block in range(self.blocks):
            part = values[block * self.width : (block + 1) * self.width]
            part[:] = self.synapse[row, block, :, : len(part)].T
        return values

    def _rest(self, slope: t.Tree, rest: t.Tree) -> float:
        """What a scaled variable decays to."""
        rate, level = (_number(tree, self._known()) for tree in (slope, rest))
        if not np.isfinite([rate, level]).all() or (rate == 0 and level != 0):
            raise EngineError("a variable that rises without end is not for this engine", path=self.job.rule.path)
        return -level / rate if level else 0.0

    def _known(self) -> dict[str, float | Floats]:
        """Constants by name; by cell where they differ between cells."""
        return {**constants(self.job.circuit), "dt": self.job.dt}

    def _rows(self) -> None:
        job, sites = self.job, self.sites
        lanes = self.blocks * self.width
        self.lane = aligned((len(sites.rows), lanes), job.dtype)
        if job.cell is not None:
            for name, value in job.cell.rest().items():
                self.lane[sites.row_of("cell", name)] = value
        if job.rule.post is not None:
            self._post_rows()
        for name, by_cell in self._known().items():
            if name in job.circuit.plastic.overrides:
                self._fill_row(sites.row_of("post", name), by_cell)
        for name in sites.names(POST):
            self.lane[sites.row[name]] = Starts(job).next(name) - self.rests.get(name, 0.0)
        self.part, self.part_at = np.zeros(lanes, dtype=np.int64), np.full(lanes, FAR)
        self.late_by = np.array([round(job.rule.constants[by] / job.dt) for _, by in self.program.delayed.values()], dtype=np.int64)
        self.history = self._history(lanes)

    def _post_rows(self) -> None:
        rule = self.job.rule
        assert rule.post is not None
        known = self._known() | ({"v": self.job.cell.rest()["v"]} if self.job.cell is not None else {})
        for name, tree in rule.post.initial.items():
            start = np.asarray(evaluate(tree, known))
            if not np.all(np.isfinite(start)):
                raise NonFiniteError(f"the initial value of {name} is not finite", path=rule.path, key="post.initial")
            self._fill_row(self.sites.row_of("post", name), start)

    def _fill_row(self, row: int, values: float | Floats) -> None:
        """Give every cell its value; lanes beyond the last cell do what it does."""
        self.lane[row] = np.pad(np.broadcast_to(values, self.job.cells), (0, self.lane.shape[1] - self.job.cells), mode="edge")

    def _history(self, lanes: int) -> Array:
        """Rings of past values by cell, filled with the initial ones."""
        rings = []
        for (name, (of, _)), by in zip(self.program.delayed.items(), self.late_by, strict=True):
            values = self.lane[self.sites.row_that_rule_reads(of)]
            self.lane[self.sites.row_of("late", name)] = values
            rings.append(np.tile(values, int(by) + 1))
        joined: Array = np.concatenate([*rings, np.zeros(lanes if not rings else 0)])
        return joined.astype(self.job.dtype)

    def fired_by_cell(self) -> Array:
        """Which cells fired in each of the last steps that are remembered: ones and zeros, shape (steps, cells)."""
        bits = np.unpackbits(self.fired.astype("<u8")[..., None].view(np.uint8), axis=-1, bitorder="little")
        return np.concatenate([bits[tile, :, :size] for tile, size in enumerate(np.diff(self.tile_first) * self.width)], axis=1)

    def set_fired(self, cells: Array) -> None:
        """The inverse of `fired_by_cell`."""
        for tile, (low, high) in enumerate(pairwise(self.tile_first * self.width)):
            bits = np.zeros((self.past, CELLS_OF_TILE), dtype=np.uint8)
            bits[:, : high - low] = cells[:, low:high]
            self.fired[tile] = np.packbits(bits, axis=1, bitorder="little").view("<u8")[:, 0]

    # --- numbers ---

    def _numbers(self, inhibitory: Receptor | None) -> None:
        job, program, known = self.job, self.program, self._known()
        self.fixed["constants"] = np.array([known[name] for name in program.constants] or [0.0])
        self.fixed["cell"] = self._cell_numbers(inhibitory)
        delays = np.array([round(action.delay / job.dt) for action in program.actions], dtype=np.int64)
        self.fixed["delays"] = delays
        of_post = [delay for delay, action in zip(delays, program.actions, strict=True) if action.event == "post"]
        self.past = 1 + max(of_post, default=0)
        shape = job.cell.shape if job.cell else ()
        refractory = round(job.cell.refractory / job.dt) if job.cell else 0
        self.fixed["durations"] = np.array([refractory, *(max(1, round(hold.lasts / job.dt)) for hold in shape)], dtype=np.int64)
        slopes = [_number(decay.slopes[0][0], known) for decay in self.sites.scaled]
        self.epoch = epoch(slopes, job.dt, job.precision)
        k = np.arange(self.epoch + 1)
        with np.errstate(over="ignore"):
            tables = [np.stack([np.exp(slope * job.dt * k), np.exp(-slope * job.dt * k)]) for slope in slopes]
        self.fixed["factors"] = np.array(tables or [np.zeros((2, 1))], dtype=job.dtype)

    def _cell_numbers(self, inhibitory: Receptor | None) -> Floats:
        program, places, job = self.program, self.sites.places, self.job
        if program.cell is None:
            return np.zeros(1)
        receptor = program.cell.receptor
        values = dict(program.cell.constants)
        values |= {places.released[state]: receptor.unit * abs(weight) for state, _, weight in receptor.parts}
        values |= {name: hold.v for name, hold in zip(places.shape, program.cell.cell.shape, strict=True)}
        names = list(places.cell_constants)
        if inhibitory is not None and job.unplastic is not None:
            of_state = inhibitory_constants(inhibitory)
            values |= {of_state[state]: inhibitory.unit * abs(weight) * job.unplastic.efficacy for state, _, weight in inhibitory.parts}
            names += of_state.values()
        return np.array([values[name] for name in names])

    # --- what is recorded, and what comes in ---

    def _records(self) -> None:
        job = self.job
        self.counts = np.zeros(job.cells, dtype=np.int64)
        self.snapshots = np.zeros((len(job.probes.snapshots), job.cells, job.input_count), dtype=job.dtype)
        self.weight, self.efficacy = np.zeros((2, job.cells * job.input_count, len(job.probes.samples)))
        self.watch = np.zeros((len(job.probes.watched), len(job.probes.watch)), dtype=job.dtype)
        self.histograms = np.zeros((self.workers, len(job.probes.histograms), max(1, len(job.probes.edges) - 1)), dtype=np.int64)
        self.failures = np.full((self.tiles, 3), FAR, dtype=np.int64)
        self.fired = np.zeros((self.tiles, self.past), dtype=np.uint64)
        watched = np.column_stack([job.probes.watched, np.arange(len(job.probes.watched))]).astype(np.int64)
        watched = watched[np.argsort(watched[:, 0], kind="stable")]
        self.fixed["watched"] = np.ascontiguousarray(watched)
        self.fixed["watch_first"] = np.searchsorted(watched[:, 0], self.tile_first * self.width).astype(np.int64)
        for name in ("snapshots", "watch", "histograms"):
            self.fixed[f"{name.removesuffix('s')}_steps"] = np.ascontiguousarray(getattr(job.probes, name), dtype=np.int64)
        self.fixed["edges"] = np.ascontiguousarray(job.probes.edges, dtype=float)
        signals = [(change, kind) for kind, heard in enumerate(job.signals.values()) for change in heard]
        signals.sort(key=lambda signal: signal[0].step)  # those of one step as they were given
        self.fixed["signal_kinds"] = np.array([kind for _, kind in signals], dtype=np.int64)
        self._changes("signal", [change for change, _ in signals])
        self._changes("current", sorted(job.currents, key=lambda change: change.step))
        self._changes("clamp", sorted(job.clamps, key=lambda change: change.step))
        self.fixed["samples"] = np.ascontiguousarray(job.probes.samples, dtype=np.int64)
        self.fixed["sweeps"] = np.ascontiguousarray(job.probes.sweeps, dtype=np.int64)
        self.v = np.zeros((job.cells, len(job.probes.sweeps), job.probes.sweep_steps))

    def _changes(self, name: str, changes: Sequence[Change]) -> None:
        for part, kind in (("step", np.int64), ("cell", np.int64), ("value", float)):
            self.fixed[f"{name}_{part}s"] = np.array([getattr(change, part) for change in changes], dtype=kind)

    def _trains(self) -> None:
        job = self.job
        self.sources = {"trains": SourceArrays(job.inputs, clock(job.circuit), INPUTS, job.copies)}
        if job.unplastic is not None:
            self.sources["inhibition"] = SourceArrays(job.unplastic_inputs, clock(job.circuit), INHIBITION, job.copies)
        if job.imposed:
            self.sources["imposed"] = SourceArrays(job.imposed, clock(job.circuit), IMPOSED, 1)
        rate = sum(float(source.mean_rates(job.dt).sum()) for source in job.inputs)
        spikes = max(SPIKES_OF_CHUNK // (1 if self.tiles > 1 else 2), job.input_count // 4)
        self.chunk = int(min(1 << 16, max(64, spikes / max(rate * job.dt, 1e-6))))

    def _struct(self) -> ctypes.Structure:
        job, normalise = self.job, self.job.normalise
        numbers: dict[str, Any] = {
            "cells": job.cells, "inputs": job.input_count, "steps": job.steps, "blocks": self.blocks, "tiles": self.tiles,
            "workers": self.workers, "chunk": self.chunk, "is_private": int(job.private), "dt": job.dt, "seed": job.seed & (2**64 - 1),
            "past": self.past, "epoch": self.epoch, "keep_trains": int(job.probes.trains),
            "sweep_count": len(job.probes.sweeps), "sweep_steps": job.probes.sweep_steps,
            **{f"{name}_count": len(self.fixed[f"{name}_steps"]) for name in ("signal", "current", "clamp")},
            "snapshot_count": len(job.probes.snapshots), "sample_count": len(job.probes.samples), "watch_count": len(job.probes.watch),
            "histogram_count": len(job.probes.histograms),
            "bins": self.histograms.shape[2], "inhibition_delay": round(job.unplastic.delay / job.dt) if job.unplastic else 0,
            **{name: ctypes.addressof(self.sources[name].struct) if name in self.sources else None for name in SOURCES},
        }  # fmt: skip
        if normalise is not None:
            low, high = job.rule.bounds.w_min, job.rule.bounds.w_max
            numbers |= {"normalise": NORMALISATIONS.index(normalise.kind), "normalise_every": job.normalise_every}
            numbers |= {"target": normalise.target, "low": -np.inf if low is None else low, "high": np.inf if high is None else high}
        return FAN_IN.filled({**self.fixed, **vars(self)}, numbers, job.precision)


def _number(tree: t.Tree, known: Mapping[str, float | Floats]) -> float:
    """The value of a tree that reads constants alone."""
    return float(np.asarray(evaluate(fold(tree, {}), known)))


class Starts:
    """The initial values of the synapses; what is random is drawn as for lanes, cell after cell."""

    def __init__(self, job: Dense) -> None:
        self.job = job
        self.rng = np.random.default_rng([job.seed, 0x1417])
        shape = (job.cells, job.input_count)
        self.known = {
            name: np.broadcast_to(np.reshape(value, (-1, 1)), shape) if isinstance(value, np.ndarray) else value
            for name, value in constants(job.circuit).items()
        }
        for name in job.initial:
            if name not in job.rule.initial:
                raise unknown_name("variable", name, job.rule.initial, path=job.rule.path, key="initial")

    def next(self, name: str) -> Any:
        """A number for all synapses, or an array (cells, inputs); to be asked in the rule's order."""
        job = self.job
        size = (job.cells, job.input_count)
        draws = {"rand": lambda: self.rng.random(size), "randn": lambda: self.rng.standard_normal(size)}
        given: Mapping[str, Any] = job.initial
        value = given[name] if name in given else evaluate(job.rule.initial[name], self.known, draws)
        array = np.asarray(value, dtype=float)
        if not np.all(np.isfinite(array)):
            raise NonFiniteError(f"the initial value of {name} is not finite", path=job.rule.path)
        if array.ndim and array.shape != size and array.shape != size[1:]:
            raise EngineError(f"initial values of {name} have shape {array.shape}, expected {size}", path=job.rule.path)
        return float(array) if not array.ndim else array


def varied(job: Dense) -> tuple[str, ...]:
    """Variables whose given initial values are not one number; where constants differ between cells, all."""
    return job.rule.variables if job.circuit.plastic.overrides else tuple(name for name, value in job.initial.items() if np.ndim(value))
