"""A fan-in job as the arrays that a kernel reads and writes: those that `contract.FAN_IN` points to."""

from __future__ import annotations

import ctypes
from itertools import pairwise
from typing import Any

import numpy as np

from spikeheb.cells import Receptor
from spikeheb.circuits.projections import NORMALISATIONS
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.draws.expanded import clock
from spikeheb.draws.trains import IMPOSED, INHIBITION, INPUTS
from spikeheb.engines.dense import Dense
from spikeheb.engines.kernel.contract import CELLS_OF_TILE, FAN_IN, FAR, Array
from spikeheb.engines.kernel.program_arrays import ProgramArrays, Starts, aligned
from spikeheb.engines.kernel.source_arrays import SourceArrays
from spikeheb.program.program import Program
from spikeheb.program.sites import POST, PRE, SYNAPSE, Sites

LINE = 64
BYTES_OF_TILE = 640_000
"""So that the synapses of a tile stay in a processor's own cache."""
SPIKES_OF_CHUNK = 1 << 14
SOURCES = ("trains", "inhibition", "imposed")


class FanInArrays(ProgramArrays):
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
        super().__init__(job, program, sites, width)
        self.tile_first = self._tiles(workers)
        self.tiles = len(self.tile_first) - 1
        self.workers = min(workers, self.tiles)
        self._synapses()
        self.start(inhibitory)
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
        self.changes("signal", [change for change, _ in signals])
        self.changes("current", sorted(job.currents, key=lambda change: change.step))
        self.changes("clamp", sorted(job.clamps, key=lambda change: change.step))
        self.fixed["samples"] = np.ascontiguousarray(job.probes.samples, dtype=np.int64)
        self.fixed["sweeps"] = np.ascontiguousarray(job.probes.sweeps, dtype=np.int64)
        self.v = np.zeros((job.cells, len(job.probes.sweeps), job.probes.sweep_steps))

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
            "bins": self.histograms.shape[2], "inhibition_delay": round(job.unplastic.fixed_delay / job.dt) if job.unplastic else 0,
            **{name: ctypes.addressof(self.sources[name].struct) if name in self.sources else None for name in SOURCES},
        }  # fmt: skip
        if normalise is not None:
            low, high = job.rule.bounds.w_min, job.rule.bounds.w_max
            numbers |= {"normalise": NORMALISATIONS.index(normalise.kind), "normalise_every": job.normalise_every}
            numbers |= {"target": normalise.target, "low": -np.inf if low is None else low, "high": np.inf if high is None else high}
        return FAN_IN.filled({**self.fixed, **vars(self)}, numbers, job.precision)
