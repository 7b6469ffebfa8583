"""Recurrent networks: the kernel's rows against a program written by hand, on the same graph. Run it for a table."""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
from lanes import needed_compiler
from measuring import Row, as_text, paired
from network_threads import beside_another, two_threads
from startup import children_cpu

from spikeheb.cells import read_cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import PairwiseBernoulli
from spikeheb.circuits.drives import Change, Drives
from spikeheb.circuits.files import read_circuit
from spikeheb.circuits.populations import Cells
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Projection
from spikeheb.draws.edges import edges_of
from spikeheb.engines.compiler import SUFFIX
from spikeheb.engines.kernel import network
from spikeheb.engines.kernel.network_arrays import ProjectionArrays
from spikeheb.engines.threads import side_by_side
from spikeheb.rules import choose, read_rule

HERE = Path(__file__).parent
MODELS = HERE.parents[1] / "models"
DT, SECONDS = 1e-4, 2.0


# --- the networks ---


def vogels(seconds: float = SECONDS, scale: float = 1.0) -> Circuit:
    """The network of Vogels et al. 2011; at another scale as many synapses a cell, if there are enough cells."""
    whole = read_circuit(MODELS / "networks" / "vogels_2011.toml")
    cells = {name: replace(population, count=round(population.count * scale)) for name, population in whole.populations.items()}
    connected = {
        name: replace(projection, connect=replace(projection.connect, probability=min(0.5, projection.connect.probability / scale)))
        for name, projection in whole.projections.items()
    }
    return replace(whole, populations=cells, projections=connected, steps=round(seconds / DT), probes=Probes())


def excitatory(seconds: float = SECONDS, scale: float = 1.0) -> Circuit:
    """4000 and 1000 cells, a tenth of all pairs connected; pair STDP between excitatory cells, which fire at 5 to 10 Hz."""
    cell, rule = read_cell(MODELS / "cells" / "vogels_2011.toml"), choose(read_rule(MODELS / "rules" / "pair.toml"), set="additive")
    counts = {"e": round(4000 * scale), "i": round(1000 * scale)}
    drives = {name: Drives(currents=_spread(count)) for name, count in counts.items()}
    chance = PairwiseBernoulli(probability=min(0.5, 0.1 / scale), autapses=False)
    fixed = {"ei": ("ampa", 0.5), "ii": ("gaba", 5.0), "ie": ("gaba", 5.0)}
    projections = {"ee": Projection("e", "e", chance, rule, receptor="ampa", initial={"w": 0.5}, delay=1.5e-3)}
    for name, (receptor, efficacy) in fixed.items():
        connect = replace(chance, autapses=name != "ii")
        projections[name] = Projection(name[0], name[1], connect, receptor=receptor, efficacy=efficacy, delay=1.5e-3)
    populations = {name: Cells(count, cell) for name, count in counts.items()}
    return Circuit(dt=DT, steps=round(seconds / DT), seed=1, populations=populations, projections=projections, drives=drives)


def _spread(count: int) -> tuple[Change, ...]:
    """A current into each cell, chosen for this benchmark so that they do not fire together."""
    return tuple(Change(cell, 0, float(value)) for cell, value in enumerate(np.linspace(1.5e-10, 4.5e-10, count)))


# --- the same by hand ---


class Synapses(ctypes.Structure):
    """``struct Synapses`` of `networks_by_hand.cpp`."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in ("pre", "post", "plastic", "inhibitory")),
        ("efficacy", ctypes.c_double),
        *((name, ctypes.c_void_p) for name in ("first", "target", "column", "edge", "source", "w")),
    ]


NUMBERS = "dt g_L C E_L V_th V_r unit E_e E_i tau_e tau_i mean_e mean_i".split()


class Given(ctypes.Structure):
    """``struct Given`` of `networks_by_hand.cpp`."""

    _fields_ = [
        ("cells", ctypes.c_int64 * 2),
        *((name, ctypes.c_int64) for name in ("steps", "delay", "refractory", "epoch")),
        *((name, ctypes.c_double) for name in NUMBERS),
        ("current", ctypes.c_void_p * 2),
        *((name, ctypes.c_void_p) for name in ("rule", "of_pre", "of_post")),
        ("synapses", ctypes.POINTER(Synapses)),
        ("projections", ctypes.c_int64),
        ("counts", ctypes.c_void_p * 2),
    ]


@cache
def library() -> ctypes.CDLL:
    """`networks_by_hand.cpp`, compiled with the kernel's flags."""
    folder = Path(tempfile.mkdtemp(prefix="networks-by-hand-"))
    for file in (HERE / "networks_by_hand.cpp", *(Path(network.__file__).parent / name for name in ("runtime.hpp", "numbers.hpp"))):
        shutil.copy(file, folder)
    needed_compiler().build(folder / "networks_by_hand.cpp", folder / f"by_hand{SUFFIX}")
    return ctypes.CDLL(str(folder / f"by_hand{SUFFIX}"))


class ByHand:
    """A network by hand, with the graph, the currents and the start that a network of the kernel was given.

    Parameters
    ----------
    circuit : Circuit
        `vogels` or `excitatory`.
    vector : bool
        Whether cells are updated several at once, with the kernel's exponential function; else one by one with the standard library's.
    """

    def __init__(self, circuit: Circuit, *, vector: bool = True) -> None:
        self.circuit, self.vector = circuit, vector
        self.counts = {name: np.zeros(population.count, dtype=np.int64) for name, population in circuit.populations.items()}
        with network.Network(circuit, threads=1) as started:
            self._arrays = started.projections
            ((self.plastic, learning),) = ((name, part) for name, part in started.projections.items() if circuit.projections[name].rule)
        self.start = learning.state["synapse"][0].copy()
        self.stored = self.start.copy()
        self._kept = (self._rule(learning), self._synapses(), *self._currents())
        rule, synapses, *currents = self._kept
        factors = learning.fixed["factors"]
        self._given = Given(steps=circuit.steps, epoch=learning.epoch, delay=round(circuit.projections[self.plastic].delay / circuit.dt))
        self._given.rule, self._given.synapses, self._given.projections = rule.ctypes.data, synapses, len(synapses)
        self._given.of_pre, self._given.of_post = (factors[n].ctypes.data for n in (0, 1))
        for n, (name, current) in enumerate(zip("ei", currents, strict=True)):
            self._given.cells[n], self._given.current[n] = circuit.populations[name].count, current.ctypes.data
            self._given.counts[n] = self.counts[name].ctypes.data
        self._cell()

    def _cell(self) -> None:
        cell, dt, given = self.circuit.populations["e"].cell, self.circuit.dt, self._given
        excitation, inhibition = cell.receptors["ampa"], cell.receptors["gaba"]
        given.dt, given.refractory = dt, round(cell.refractory / dt)
        for name in ("g_L", "C", "E_L", "V_th", "V_r"):
            setattr(given, name, cell.constants[name])
        given.unit, given.E_e, given.E_i = excitation.unit, excitation.reversal, inhibition.reversal
        for side, receptor in (("e", excitation), ("i", inhibition)):
            setattr(given, f"tau_{side}", receptor.decay)
            setattr(given, f"mean_{side}", -np.expm1(-dt / receptor.decay) * receptor.decay / dt)

    def _rule(self, learning: ProjectionArrays) -> np.ndarray:
        p = learning.job.rule.constants
        if learning.job.rule.name == "vogels":
            changes = (p["eta"], 2.0 * p["rho_0"] * p["tau"], p["eta"])
        else:
            changes = (-p["A_minus"], 0.0, p["A_plus"])
        bounds = learning.job.rule.bounds.values
        return np.array([*changes, bounds["w_min"], bounds["w_max"]])

    def _synapses(self) -> ctypes.Array[Synapses]:
        """As C++ reads them, with 32 bits for each cell and row; `_wide` keeps these numbers."""
        listed, self._wide = [], []
        for name, part in self._arrays.items():
            projection, plastic = self.circuit.projections[name], name == self.plastic
            of = Synapses("ei".index(projection.pre), "ei".index(projection.post), plastic, projection.receptor == "gaba")
            target, source = (part.fixed[name].astype(np.int32) for name in ("target", "row_of"))
            self._wide += [target, source]
            of.efficacy, of.first, of.target = projection.efficacy, part.fixed["row_first"].ctypes.data, target.ctypes.data
            of.column, of.edge, of.source = part.fixed["column_first"].ctypes.data, part.fixed["edge"].ctypes.data, source.ctypes.data
            of.w = self.stored.ctypes.data
            listed.append(of)
        return (Synapses * len(listed))(*listed)

    def _currents(self) -> list[np.ndarray]:
        currents = []
        for name, population in self.circuit.populations.items():
            current = np.zeros(population.count)
            for change in self.circuit.drives[name].currents:
                current[slice(None) if change.cell < 0 else change.cell] = change.value
            currents.append(current)
        return currents

    def __call__(self) -> Callable[[], object]:
        """Prepare a run, and give back what carries it out."""
        self.stored[:] = self.start
        for counts in self.counts.values():
            counts[:] = 0
        single = self.circuit.precision == "float32"
        return lambda: library().network_by_hand(ctypes.byref(self._given), ctypes.c_int64(single), ctypes.c_int64(self.vector))

    @property
    def w(self) -> np.ndarray:
        """Weights in the order of the edges."""
        weights = np.empty_like(self.stored)
        weights[self._arrays[self.plastic].order] = self.stored
        return weights


class InKernel:
    """A network in the kernel; only `advance` is what is timed."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.started: network.Network | None = None

    def __call__(self) -> Callable[[], object]:
        """Prepare a run, and give back what carries it out."""
        self.started = network.Network(self.circuit, threads=1)
        return lambda: self.started.advance(self.circuit.steps)


# --- the table ---


def against_hand(circuit: Circuit, work: str, runs: int) -> list[Row]:
    """CPU time of `advance`, one thread, over that of the program by hand; spikes and weights of both are the same bytes."""
    single = replace(circuit, precision="float32")
    cases = [
        ("kernel / by hand", circuit, ByHand(circuit), 1.1),
        ("kernel in float32 / by hand in float64", single, ByHand(circuit), 0.7),
        ("kernel / by hand, both in float32", single, ByHand(single), None),
        ("kernel / by hand, one cell after the other", circuit, ByHand(circuit, vector=False), None),
    ]
    rows = []
    for measure, of_kernel, by_hand, target in cases:
        times = paired(InKernel(of_kernel), by_hand, runs=runs)
        note = f"kernel {min(times.first):.3g} s, by hand {min(times.second):.3g} s"
        rows.append(Row(work, measure, times.ratios, target, note=note))
    return rows


def without_columns(circuit: Circuit, work: str, runs: int) -> list[Row]:
    """CPU time of `advance` without columns over that with them, which have the same bytes."""
    rows = []
    for precision in ("float64", "float32"):
        with_them = replace(circuit, precision=precision)
        times = paired(InKernel(replace(with_them, low_memory=True)), InKernel(with_them), runs=runs)
        rows.append(Row(work, f"low memory / with columns, {precision}", times.ratios, None))
    return rows


def against_brian(circuit: Circuit, work: str, runs: int = 2) -> list[Row]:
    """CPU time of Brian2's C++ standalone program over that of `advance`; each run builds a program, which takes minutes."""
    from spikeheb.engines.brian import network_program

    ours = []
    for _ in range(runs):
        advance, before = InKernel(circuit)(), time.process_time()
        advance()
        ours.append(time.process_time() - before)
    programs = [network_program.run(circuit).engine for _ in range(runs)]
    with_openmp = float(network_program.run(circuit, threads=2).engine["run_s"])
    with network.Network(circuit, threads=2) as started:
        begun = time.perf_counter()
        started.advance(circuit.steps)
        two = time.perf_counter() - begun
    spent = [float(each["run_cpu_s"]) for each in programs]
    note = f"Brian2 {min(spent):.3g} s, kernel {min(ours):.3g} s"
    ratios = tuple(seconds / min(ours) for seconds in spent)
    return [
        Row(work, "Brian2 standalone, run / kernel", ratios, 5.0, at_least=True, note=note),
        Row(
            work,
            "Brian2 standalone with OpenMP / kernel, 2 threads, by the clock",
            (with_openmp / two,),
            None,
            note=f"Brian2 {with_openmp:.3g} s, kernel {two:.3g} s",
        ),
        Row(work, "Brian2 standalone, build, CPU", tuple(float(each["build_cpu_s"]) for each in programs), unit="s"),
    ]


def against_nest(circuit: Circuit, work: str, runs: int = 2) -> list[Row]:
    """Time by the clock of NEST's simulation over that of `advance`, two threads each: as the file is, and with NEST's own synapses."""
    if importlib.util.find_spec("nest") is None:
        return []
    from spikeheb.engines.nest import run as nest

    learns = {name: each for name, each in circuit.projections.items() if each.rule is not None}
    usual = {
        name: replace(each, rule=choose(each.rule, coincidence="discard", backpropagation_delay=f"{2e3 * each.delay:g} ms"))
        for name, each in learns.items()
    }
    rows = []
    for kind, projections in (("a synapse compiled from the rule", {}), ("its own synapse", usual)):
        asked, ratios, notes = replace(circuit, projections={**circuit.projections, **projections}), [], []
        for _ in range(runs):
            with network.Network(asked, threads=2) as started:
                begun = time.perf_counter()
                started.advance(asked.steps)
                ours = time.perf_counter() - begun
            module = nest.module()
            built = nest._Network(module, nest.plan(asked))
            built.advance(None)
            theirs = module.GetKernelStatus("time_simulate")
            module.ResetKernel()
            ratios.append(theirs / ours)
            notes.append(f"NEST {theirs:.3g} s, kernel {ours:.3g} s")
        rows.append(Row(work, f"NEST with {kind} / kernel, 2 threads, by the clock", tuple(ratios), None, note=notes[-1]))
    return rows


def build(circuit: Circuit, work: str, runs: int = 3) -> list[Row]:
    """Time of the compiler for all that a network needs: on all processors, as a network builds it, and all processors together."""
    chosen = needed_compiler()
    with network.Network(circuit, threads=1) as started:
        folders = sorted({part.library.path for part in (*started._cells.values(), *started._synapses.values())})

    def compiled(folder: Path) -> None:
        subprocess.run([*chosen.command, *chosen.flags, "-o", "/dev/null", str(folder / "model.cpp")], check=True)

    spent, waited = [], []
    for _ in range(runs):
        before, begun = children_cpu(), time.perf_counter()
        side_by_side([partial(compiled, folder) for folder in folders])
        spent.append(children_cpu() - before)
        waited.append(time.perf_counter() - begun)
    what = f"build, {len(folders)} libraries"
    return [Row(work, what, tuple(waited), 3.0, unit="s"), Row(work, f"{what}, CPU", tuple(spent), unit="s")]


def connect(synapses: int = 10**7, runs: int = 3) -> list[Row]:
    """CPU time of drawing a graph, and of a network with it that is ready to run."""
    whole = excitatory()
    count, chance = 10_000, synapses / 1e8
    projection = replace(whole.projections["ee"], connect=PairwiseBernoulli(probability=chance, autapses=False))
    circuit = replace(whole, populations={"e": Cells(count, whole.populations["e"].cell)}, projections={"ee": projection}, drives={})
    drawn, ready = [], []
    for _ in range(runs):
        start = time.process_time()
        edges_of(circuit, "ee")
        middle = time.process_time()
        network.Network(circuit, threads=1).close()
        drawn.append(middle - start)
        ready.append(time.process_time() - middle)
    work = f"{synapses:,} synapses among {count:,} cells"
    return [Row(work, "drawn, CPU", tuple(drawn), 2.0, unit="s"), Row(work, "ready to run, CPU", tuple(ready), unit="s")]


def memory(circuit: Circuit, target: float) -> list[Row]:
    """Bytes a plastic and a static synapse of the arrays that the kernel reads and writes."""
    rows = []
    with network.Network(circuit, threads=1) as started:
        for name, part in started.projections.items():
            kept = {id(array): array.nbytes for array in (*part.fixed.values(), *part.state.values())}
            each = sum(kept.values()) / len(part.edges.pre)
            plastic = circuit.projections[name].rule is not None
            kind = ", low memory" if circuit.low_memory else ""
            work = f'synapses of "{name}", {"plastic" if plastic else "static"}, {circuit.precision}{kind}'
            rows.append(Row(work, "bytes a synapse", (each,), target if plastic else None, unit="bytes"))
    return rows


def rows(runs: int = 5, *, brian: bool = False) -> list[Row]:
    """All rows; those against Brian2 where they are asked for."""
    cases = [(vogels(), "Vogels network, 10,000 cells, 2 s"), (excitatory(), "E-to-E STDP network, 4000 and 1000 cells, 2 s")]
    measured = []
    for circuit, work in cases:
        measured += [
            *against_hand(circuit, work, runs),
            two_threads(circuit, work, runs),
            beside_another(circuit, work, runs),
            *without_columns(circuit, work, runs),
            *build(circuit, work),
            *against_nest(circuit, work),
        ]
        measured += against_brian(circuit, work) if brian else []
    stdp = cases[1][0]
    single = replace(stdp, precision="float32")
    forms = ((stdp, 20.0), (single, 12.0), (replace(single, low_memory=True), 8.0))
    return [*measured, *connect(), *(row for form, target in forms for row in memory(form, target))]


if __name__ == "__main__":
    print(as_text(rows()))
