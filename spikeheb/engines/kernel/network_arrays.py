"""A network as the arrays that the kernel reads and writes: those that `rows_contract` declares."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.populations import Cells
from spikeheb.circuits.probes import OfSynapses
from spikeheb.circuits.projections import NORMALISATIONS
from spikeheb.circuits.steps import NO_STEPS
from spikeheb.circuits.values import initial_values
from spikeheb.draws.edges import Edges, counted_trains, noise_streams, trigger_stream, watched_synapses
from spikeheb.engines.dense import Dense
from spikeheb.engines.kernel.contract import FAR, Array
from spikeheb.engines.kernel.network_order import are_equal, are_few, order_of, places_of, rows_of, waits
from spikeheb.engines.kernel.program_arrays import ProgramArrays, aligned
from spikeheb.engines.kernel.rows_contract import POPULATION, PROJECTION, TRIGGER
from spikeheb.errors import EngineError
from spikeheb.limits import check_memory
from spikeheb.program.handlers import random_draws
from spikeheb.program.program import Program
from spikeheb.program.sites import POST, PRE, SYNAPSE, Sites

BYTES_OF_ROW = 32.0
"""While it is made."""
ROOM = 1 << 16
"""Spikes for which there is room at first, beside one of every cell."""


class Spiking:
    """Who fired in the steps that are remembered: for every thread apart, or as it would be with one."""

    state: dict[str, Array]
    ranges: Array

    def fired(self) -> tuple[Array, Array]:
        """How many fired in each step, shape (past,), and who, shape (past, cells), with zeros behind."""
        count = self.state["fired_count"]
        all_fired, together = count.sum(axis=1), np.zeros_like(self.state["fired"])
        together[np.arange(together.shape[1]) < all_fired[:, None]] = self.state["fired"][self._places(count)]
        return all_fired, together

    def set_fired(self, all_fired: Array, together: Array) -> None:
        """The same, put apart again."""
        step, place = np.nonzero(np.arange(together.shape[1]) < all_fired[:, None])
        cells = together[step, place]
        count = self.state["fired_count"]
        count[...] = 0
        np.add.at(count, (step, np.searchsorted(self.ranges[1:-1], cells, side="right")), 1)
        self.state["fired"][self._places(count)] = cells

    def _places(self, count: Array) -> Array:
        """Where numbers of cells stand, shape (past, cells)."""
        cells = np.arange(self.ranges[-1])
        of = np.searchsorted(self.ranges[1:-1], cells, side="right")
        places: Array = cells - self.ranges[of] < count[:, of]
        return places


class PopulationArrays(ProgramArrays, Spiking):
    """Cells of a network, with a program that has no synapses.

    Parameters
    ----------
    circuit : Circuit
        The whole network.
    name : str
    job : Dense
        The population by itself.
    program : Program
    sites : Sites
    past : int
        Steps that are remembered.
    ranges : array of int64
        The first cell of each thread's, and one beyond the last.
    """

    declares = POPULATION

    def __init__(self, circuit: Circuit, name: str, job: Dense, program: Program, sites: Sites, past: int, ranges: Array) -> None:
        super().__init__(job, program, sites)
        self.start()
        self.ranges = ranges
        self.fixed["range_first"] = ranges
        self.state, self.dropped = spikes_of(circuit, name, past, ranges)
        self.state |= {"lane": self.lane, "part": self.part, "part_at": self.part_at}
        self.state["flags"] = np.zeros(job.cells + 8, dtype=np.uint8)
        self.changes("current", sorted(job.currents, key=lambda change: change.step))
        kept = np.isin(np.arange(job.cells), circuit.probes.kept(name, job.cells))
        self.fixed["keep_cell"] = kept.astype(np.uint8)
        numbers = common(self) | numbers_of_spikes(self.state, past, ranges, keep=bool(kept.any()))
        numbers |= {"current_count": len(self.fixed["current_steps"])} | self._sampled(circuit, name)
        noise = circuit.drives[name].noise if name in circuit.drives else None
        self.fixed["noise_streams"] = np.zeros(0, dtype=np.uint64) if noise is None else noise_streams(circuit, name)
        self.state["steady"] = np.zeros(0 if noise is None else job.cells, dtype=job.dtype)
        if noise is not None:
            numbers |= {"noise_every": noise.steps(job.dt), "noise_low": noise.low, "noise_high": noise.high}
        self.begins = {"imposed": self.state["imposed_steps"], "current": self.fixed["current_steps"], "sample": self.fixed["sample_steps"]}
        self.struct = POPULATION.filled(self.fixed | self.state, numbers, job.precision)

    def _sampled(self, circuit: Circuit, name: str) -> dict[str, int]:
        """Arrays for counts of spikes and for the rows of the cells that are recorded: their potential, then all parts of receptors."""
        of = circuit.probes.of_cells(name)
        states = [state for receptor in circuit.driven_cell(name).conducting for state, _, _ in receptor.parts]
        rows = [self.sites.row_of("cell", state) for state in ("v", *states)]
        bins = circuit.steps // of.bin_steps if of.bin_steps else 0
        self.fixed |= {
            "sample_steps": as_steps(of.samples), "sample_cells": as_steps(of.cells), "sample_rows": np.array(rows, dtype=np.int64),
        }  # fmt: skip
        self.state["binned"] = np.zeros(bins, dtype=np.int64)
        self.state["samples"] = np.zeros((len(of.samples), len(rows), len(of.cells)), dtype=self.job.dtype)
        return {
            "bin_steps": of.bin_steps, "bins": bins, "sample_count": len(of.samples), "sample_cell_count": len(of.cells),
            "sample_row_count": len(rows),
        }  # fmt: skip

    def recorded(self, circuit: Circuit, name: str) -> tuple[Array, Array]:
        """Potentials, shape (samples, cells), and currents by receptor, shape (receptors, samples, cells)."""
        receptors, rows = circuit.driven_cell(name).conducting, self.state["samples"].astype(float).swapaxes(0, 1)
        states = dict(zip((state for receptor in receptors for state, _, _ in receptor.parts), rows[1:], strict=True))
        return rows[0], np.array([receptor.current(rows[0], states) for receptor in receptors]).reshape(len(receptors), *rows[0].shape)


class TriggerArrays:
    """A reward that cells bring about.

    Parameters
    ----------
    circuit : Circuit
    name : str
    groups : mapping of str to ctypes structures
        The populations.
    """

    declares = TRIGGER

    def __init__(self, circuit: Circuit, name: str, groups: Mapping[str, Any]) -> None:
        trigger = circuit.triggers[name]
        within, shortest, longest = trigger.steps(circuit.dt)
        self.state: dict[str, Array] = {"seen": np.array([-FAR, 0], dtype=np.int64), "due": np.zeros(longest + 1, dtype=np.int32)}
        self.fixed: dict[str, Array] = {}
        self.begins: dict[str, Array] = {}
        numbers = {
            "first": ctypes.addressof(groups[trigger.first[0]]), "then": ctypes.addressof(groups[trigger.then[0]]),
            "first_cell": trigger.first[1], "then_cell": trigger.then[1], "within": within, "shortest": shortest, "longest": longest,
            "value": trigger.value, "stream": int(trigger_stream(circuit, name)),
        }  # fmt: skip
        self.struct = TRIGGER.filled(self.state, numbers)


class TrainArrays(Spiking):
    """A population that only sends spikes.

    Parameters
    ----------
    circuit : Circuit
    name : str
    past : int
        Steps that are remembered.
    """

    declares = POPULATION

    def __init__(self, circuit: Circuit, name: str, past: int) -> None:
        self.ranges = np.array([0, circuit.populations[name].count], dtype=np.int64)
        self.state, self.dropped = spikes_of(circuit, name, past, self.ranges)
        self.fixed: dict[str, Array] = {"range_first": self.ranges}
        self.begins = {"imposed": self.state["imposed_steps"]}
        numbers = {"cells": circuit.populations[name].count, "dt": circuit.dt}
        numbers |= numbers_of_spikes(self.state, past, self.ranges, keep=False)
        used = self.state | self.fixed
        unused = dict.fromkeys((member.name for member in POPULATION.members if member.pointee and member.name not in used), None)
        self.struct = POPULATION.filled(used, {**numbers, **unused}, circuit.precision)


def spikes_of(circuit: Circuit, name: str, past: int, ranges: Array) -> tuple[dict[str, Array], int]:
    """The imposed spikes of a population and arrays for all that it will have; and how many imposed spikes are left out."""
    population, (imposed, dropped) = circuit.populations[name], counted_trains(circuit, name)
    count = max(1, len(imposed))
    in_order = np.concatenate([np.zeros(0, dtype=np.int64), *(train * count + n for n, train in enumerate(imposed))])
    in_order.sort()
    kept = isinstance(population, Cells) and len(circuit.probes.kept(name, population.count)) > 0
    capacity = ROOM + population.count if kept else 0
    arrays = {
        "imposed_steps": in_order // count, "imposed_cells": in_order % count,
        "fired_count": np.zeros((past, len(ranges) - 1), dtype=np.int64), "fired": np.zeros((past, population.count), dtype=np.int32),
        "counts": np.zeros(population.count, dtype=np.int64),
        "kept_steps": np.zeros(capacity, dtype=np.int64), "kept_cells": np.zeros(capacity, dtype=np.int32),
    }  # fmt: skip
    return arrays, dropped


def numbers_of_spikes(state: Mapping[str, Array], past: int, ranges: Array, *, keep: bool) -> dict[str, Any]:
    """What the struct says of them."""
    kept = {"keep": int(keep), "capacity": len(state["kept_steps"])}
    return {"imposed_count": len(state["imposed_steps"]), "past": past, "ranges": len(ranges) - 1, **kept}


class ProjectionArrays(ProgramArrays):
    """Synapses of a network.

    Parameters
    ----------
    circuit : Circuit
        The whole network.
    name : str
    job : Dense
        The projection by itself.
    edges : Edges
    program : Program
    sites : Sites
    of_population : Sites
        Those of the cells that it reaches.
    ends : tuple of PopulationArrays or TrainArrays
        The populations.
    triggers : sequence of ctypes structures
        Those that reward the cells that it reaches.
    """

    declares = PROJECTION

    def __init__(
        self, circuit: Circuit, name: str, job: Dense, edges: Edges, program: Program, sites: Sites, of_population: Sites,
        ends: tuple[PopulationArrays | TrainArrays, PopulationArrays | TrainArrays], triggers: Sequence[Any] = (),
    ) -> None:  # fmt: skip
        super().__init__(job, program, sites)
        self.start()
        self.edges, self.sources, self.ranges = edges, ends[0].struct.cells, ends[1].ranges
        self._connect()
        self._start()
        shared = [of_population.rows.index(row) if row in of_population.rows else -1 for row in sites.rows]
        self.fixed |= {"lane_shared": np.array(shared, dtype=np.int64), "late_by": self.late_by}
        signals = [(change, kind) for kind, heard in enumerate(job.signals.values()) for change in heard]
        signals.sort(key=lambda signal: signal[0].step)
        self.fixed["signal_kinds"] = np.array([kind for _, kind in signals], dtype=np.int64)
        self.changes("signal", [change for change, _ in signals])
        recorded = self._recorded(circuit, name)
        heard = [ctypes.addressof(trigger) for trigger in triggers if "reward" in job.signals]
        self.triggers = np.array(heard, dtype=np.int64)
        self.begins = {
            "signal": self.fixed["signal_steps"],
            **{what: self.fixed[f"{what}_steps"] for what in ("snapshot", "watch", "histogram")},
        }
        numbers = common(self) | recorded | {
            "rows": self.rows, "ranges": len(self.ranges) - 1, "synapses": len(edges.pre), "row_delay_count": len(self.fixed["row_delays"]),
            "signal_count": len(signals), "trigger_count": len(heard), "triggers": self.triggers.ctypes.data,
            "pre": ctypes.addressof(ends[0].struct), "post": ctypes.addressof(ends[1].struct),
        }  # fmt: skip
        if job.normalise is not None:
            low, high = job.rule.bounds.w_min, job.rule.bounds.w_max
            numbers |= {"normalise": NORMALISATIONS.index(job.normalise.kind), "normalise_every": job.normalise_every}
            numbers |= {
                "target_sum": job.normalise.target,
                "low": -np.inf if low is None else low,
                "high": np.inf if high is None else high,
            }
        self.struct = PROJECTION.filled(self.fixed | self.state, numbers, job.precision)

    def _recorded(self, circuit: Circuit, name: str) -> dict[str, int]:
        """Arrays for what is recorded of the weights; of synapses without a rule nothing is."""
        of = circuit.probes.of_synapses(name) if circuit.projections[name].rule is not None else OfSynapses()
        self.watched = watched_synapses(circuit, name, self.edges)
        times = {"snapshot": of.snapshots, "watch": of.watch, "histogram": of.histograms}
        self.fixed |= {f"{what}_steps": as_steps(NO_STEPS if steps is None else steps) for what, steps in times.items()}
        counts = {f"{what}_count": len(self.fixed[f"{what}_steps"]) for what in times}
        self.fixed |= {"watched": as_steps(places_of(self.order)[self.watched]), "edges": np.array(of.edges, dtype=float)}
        self.state |= {
            "snapshots": np.zeros((counts["snapshot_count"], len(self.edges.pre)), dtype=self.job.dtype),
            "watched_weights": np.zeros((counts["watch_count"], len(self.watched)), dtype=self.job.dtype),
            "histograms": np.zeros((counts["histogram_count"], of.bins), dtype=np.int64),
        }
        return counts | {"watched_count": len(self.watched), "bins": of.bins}

    def _connect(self) -> None:
        """Rows by source and delay, in each by cell; columns by cell, in each by source, where anything goes through columns."""
        edges, actions, stepped = self.edges, self.program.actions, self.program.stepped
        row, delays = rows_of(edges)
        kind = np.uint16 if are_few(self.sources, self.job.cells, edges) else np.int32
        self.rows = rows = self.sources * len(delays)
        check_memory(BYTES_OF_ROW * rows, f"rows of synapses for {self.sources:,} sources and {len(delays):,} delays", key="delay")
        self.order = order = order_of(row, rows)  # within a row by cell, as the synapses stand
        heard = self.job.normalise is not None or any(action.event != "pre" for action in actions)
        columns = heard and not waits(self.job, self.program, self.sites)
        random = any(map(random_draws, actions)) or (stepped is not None and stepped.noisy)
        self.fixed |= {
            "row_delays": delays.astype(np.int64),
            "row_first": self._firsts(row),
            "target": edges.post[order].astype(kind), "number": order[: len(order) * random].astype(np.int32),
            "column_first": np.searchsorted(edges.post, np.arange(self.job.cells + 1)).astype(np.int64),
            "edge": places_of(order[: len(order) * columns]), "row_of": row[: len(row) * columns].astype(kind),
        }  # fmt: skip

    def _firsts(self, row: Array) -> Array:
        """Where each range's part of a row begins, row after row, and one beyond the last."""
        count = len(self.ranges) - 1
        if count > 1:
            row = row.astype(np.int64) * count + np.searchsorted(self.ranges[1:-1], self.edges.post, side="right")
        return np.concatenate([[0], np.cumsum(np.bincount(row, minlength=self.rows * count))]).astype(np.int64)

    def _start(self) -> None:
        sites, rows, ranges, self.equal = self.sites, self.rows, len(self.ranges) - 1, are_equal(self.job)
        synapses = min(1, len(self.edges.pre)) if self.equal else len(self.edges.pre)
        lazy = {side: len(decays) for side, decays in sites.lazy.items()}
        self.state: dict[str, Array] = {
            "synapse": aligned((len(sites.names(SYNAPSE)), synapses), self.job.dtype),
            "pre_values": aligned((ranges, len(sites.names(PRE)), rows), self.job.dtype),
            "synapse_since": np.zeros((lazy[SYNAPSE], synapses), dtype=np.int64),
            "pre_since": np.zeros((ranges, lazy[PRE], rows), dtype=np.int64),
            "lane_since": np.zeros((lazy[POST], self.job.cells), dtype=np.int64),
            "lane": self.lane, "history": self.history,
        }  # fmt: skip
        for name, values in initial_values(self.job.circuit).items():
            with np.errstate(over="ignore"):  # what single precision cannot hold is not finite, and is found
                start = (values - self.rests.get(name, 0.0)).astype(self.job.dtype)
            if sites.side[name] == SYNAPSE:
                self.state["synapse"][sites.row[name]] = start[:1] if self.equal else start[self.order]
            elif sites.side[name] == PRE and synapses:
                self.state["pre_values"][:, sites.row[name]] = start[0]  # one for all, or it would not be kept by source

    def enter(self, plastic: bool, constants: Mapping[str, float]) -> None:
        """A phase begins: whether weights may change, and which constants are others than at the start.

        Raises
        ------
        EngineError
            For a constant that does not stay out of decays, or is written into the code.
        """
        self.struct.still = int(not plastic)
        if not plastic and any(self.job.rule.weight in decay.names for decay in self.program.decays):
            raise EngineError("a weight that decays by itself cannot be made to stand still", path=self.job.rule.path, key="phases")
        for name, value in constants.items():
            if name not in self.program.constants or any(name in decay.reads for decay in self.program.decays):
                why = "decides how a variable decays" if name not in self.program.folded else "is written into the code"
                raise EngineError(f"{name} {why}, so that it stays as it is while a network runs", path=self.job.rule.path, key="phases")
            self.fixed["constants"][self.program.constants.index(name)] = value

    def values(self, name: str) -> Array:
        """A variable of every synapse as it is stored, in the order of the edges."""
        stored = self.state["synapse"][self.sites.row[name]]
        return np.repeat(stored, len(self.order)) if self.equal else self.by_edge(stored)

    def by_edge(self, stored: Array) -> Array:
        """What is stored row by row, in the order of the edges."""
        values: Array = np.empty_like(stored)
        values[self.order] = stored
        return values

    def snapshots(self) -> Array:
        """Weights at the snapshots, in the order of the edges."""
        values = np.empty_like(self.state["snapshots"])
        values[:, self.order] = self.state["snapshots"]
        return values


def as_steps(values: Array) -> Array:
    """As the kernel reads numbers of steps, cells or synapses."""
    return np.ascontiguousarray(values, dtype=np.int64)


def common(arrays: ProgramArrays) -> dict[str, Any]:
    """The numbers of both structs."""
    return {"cells": arrays.job.cells, "dt": arrays.job.dt, "seed": arrays.job.seed, "epoch": arrays.epoch}


def flaw_in(values: Array) -> Array | None:
    """Where the first number is that is not finite; None where there is none."""
    with np.errstate(over="ignore", invalid="ignore"):
        suspect = not np.isfinite(values.sum())  # a sum may be too large though no number is
    places = np.argwhere(~np.isfinite(values)) if suspect else np.zeros((0, 2), dtype=np.int64)
    return places[0] if len(places) else None
