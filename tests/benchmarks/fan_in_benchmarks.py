"""Fan-in: the kernel against a program written by hand, rule by rule. Run it for a table, or call `measure` for its rows."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import brian_program
import numpy as np
from measuring import Row, Work, as_text, paired

from spikeheb.cells import read_cell
from spikeheb.circuits import usual
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.sources import Poisson
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in
from spikeheb.rules import Rule, choose, read_rule

HERE = Path(__file__).parent
RULES = HERE.parents[1] / "models" / "rules"
DT, INPUTS, RATE = 1e-4, 1000, 15.0
SIZES = {1: 100.0, 100: 10.0, 1000: 2.0}
"""Seconds to be simulated, by the number of cells."""


class Told(ctypes.Structure):
    """``struct Told`` of the program written by hand."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in ("inputs", "cells", "steps")),
        *((name, ctypes.c_double) for name in ("dt", "rate")),
        ("seed", ctypes.c_uint64),
        *((name, ctypes.c_double) for name in ("g_L", "C", "E_L", "V_th", "V_r", "unit", "E", "tau_g")),
        ("p", ctypes.c_void_p),
    ]


@dataclass(frozen=True)
class Case:
    """A rule, and what the program written by hand calls it."""

    number: int
    rule: Rule
    constants: tuple[str, ...]

    def numbers(self) -> np.ndarray:
        """The constants in the order in which the program takes them."""
        values = dict(self.rule.constants)
        values["alpha"] = 2 * values.get("rho_0", 0.0) * values.get("tau", 0.0)
        return np.array([values[name] for name in self.constants])


def cases() -> dict[str, Case]:
    """The rules that were written by hand."""
    pair = read_rule(RULES / "pair.toml")
    additive = choose(pair, set="additive", parameters={"A_plus": 0.01, "A_minus": 0.0105})
    bounds = {"kind": "power", "w_min": 0, "w_max": 1}
    power = choose(additive, bounds={**bounds, "mu_plus": 0.02, "mu_minus": 0.02})
    soft = choose(additive, bounds={**bounds, "mu_plus": 0, "mu_minus": 1})
    triplet = choose(read_rule(RULES / "triplet.toml"), set="visual_cortex_all_full", bounds={"kind": "hard", "w_min": 0, "w_max": 1})
    of_pair = ("tau_plus", "tau_minus", "A_plus", "A_minus", "w_min", "w_max")
    of_triplet = ("tau_plus", "tau_minus", "tau_x", "tau_y", "A2_plus", "A3_plus", "A2_minus", "A3_minus", "w_min", "w_max")
    inhibitory = choose(read_rule(RULES / "vogels.toml"), bounds={"kind": "hard", "w_min": 0, "w_max": 1})
    return {
        "additive pair": Case(0, additive, of_pair),
        "triplet": Case(1, triplet, of_triplet),
        "Vogels": Case(2, inhibitory, ("tau", "eta", "alpha", "w_min", "w_max")),
        "power law, mu 0.02": Case(3, power, (*of_pair, "mu_plus", "mu_minus")),
        "power law, mu 0 and 1": Case(4, soft, of_pair),
    }


@cache
def by_hand() -> ctypes.CDLL:
    """The program written by hand, compiled with the flags of the kernel."""
    chosen = compiler()
    assert chosen is not None, "these benchmarks need a C++ compiler"
    folder = Path(tempfile.mkdtemp(prefix="fan-in-by-hand-"))
    chosen.build(HERE / "fan_in_by_hand.cpp", folder / "by_hand.so")
    loaded = ctypes.CDLL(str(folder / "by_hand.so"))
    count = ctypes.c_int64
    loaded.fan_in_by_hand.argtypes = [count, count, count, ctypes.POINTER(Told), ctypes.c_void_p]
    loaded.fan_in_by_hand.restype = count
    return loaded


def starts(cells: int) -> np.ndarray:
    """Weights at the start, shape (cells, inputs): all different, so that the cells do not fire together."""
    return np.random.default_rng(0).random((cells, INPUTS))


def job(case: Case, cells: int, seconds: float, seed: int = 1, start: object = None) -> Circuit:
    """The circuit for the kernel; `start` instead of the weights that the other side starts with."""
    cell = read_cell(HERE / "fan_in_cell.toml")
    source = Poisson(np.full(INPUTS, RATE))
    initial = {"w": starts(cells) if start is None else start}
    return usual.fan_in(case.rule, cell, DT, round(seconds / DT), cells, (source,), initial=initial, seed=seed)


def hand(
    case: Case, cells: int, seconds: float, *, single: bool = False, post_major: bool = False, seed: int = 1
) -> tuple[int, np.ndarray]:
    """The same by hand: number of spikes, and the weights at the end."""
    cell = read_cell(HERE / "fan_in_cell.toml")
    q, receptor, p = cell.constants, cell.receptor(None), case.numbers()
    setup = Told(INPUTS, cells, round(seconds / DT), DT, RATE, seed, q["g_L"], q["C"], q["E_L"], q["V_th"], q["V_r"])
    setup.unit, setup.E, setup.tau_g, setup.p = receptor.unit, receptor.reversal, receptor.decay, p.ctypes.data
    weights = np.ascontiguousarray(starts(cells) if post_major else starts(cells).T).ravel()
    spikes = by_hand().fan_in_by_hand(case.number, int(single), int(post_major), ctypes.byref(setup), weights.ctypes.data)
    return spikes, weights


def against_hand(name: str, cells: int, target: float | None, runs: int, *, single: bool = False, post_major: bool = False) -> Row:
    """CPU time of the kernel, one thread, over that of the program written by hand."""
    case, seconds = cases()[name], SIZES[cells]
    kernel_job = replace(job(case, cells, seconds), precision="float32" if single else "float64")
    note = [f"{RATE:g} Hz x {INPUTS} inputs", *(["float32"] if single else []), *(["by hand post-major"] if post_major else [])]

    def kernel() -> object:
        started = fan_in.FanIn(kernel_job, 1)

        def go() -> None:
            started.to_end()
            started.close()

        return go

    pairs = paired(kernel, lambda: lambda: hand(case, cells, seconds, single=single, post_major=post_major), runs=runs)
    note.append(f"kernel {min(pairs.first):.3g} s, by hand {min(pairs.second):.3g} s")
    return Row(f"fan-in, {name}, {cells} cells, {seconds:g} s", "kernel / by hand", pairs.ratios, target, note=", ".join(note))


def threads(runs: int) -> list[Row]:
    """Wall time of one thread over that of two; and CPU time of one over that of the slower of two, whatever else runs."""
    kernel_job = job(cases()["additive pair"], 1000, 5 * SIZES[1000])

    def on(count: int) -> Work:
        def prepare() -> Work:
            started = fan_in.FanIn(kernel_job, count)

            def go() -> None:
                started.to_end()
                started.close()

            return go

        return prepare

    name = "fan-in, additive pair, 1000 cells, 10 s"
    times = paired(on(1), on(2), runs=runs, clock=time.perf_counter)
    busy = tuple(max(_busy(kernel_job, 1)) / max(_busy(kernel_job, 2)) for _ in range(runs))
    wall = Row(name, "one thread / two, wall", times.ratios, 1.8, at_least=True)
    return [wall, Row(name, "one thread / the slower of two, CPU", busy)]


def _busy(kernel_job: Circuit, count: int) -> list[float]:
    """CPU seconds of each thread."""
    with fan_in.FanIn(kernel_job, count) as started, ThreadPoolExecutor(count) as pool:

        def go(worker: int) -> float:
            before = time.thread_time()
            for until in range(1000, kernel_job.steps + 1, 1000):
                started._functions.fan_in_advance(started._run, worker, until, 0)
            return time.thread_time() - before

        return list(pool.map(go, range(count)))


def cold_build(runs: int = 3) -> Row:
    """CPU time of the compiler for a new rule."""
    chosen = compiler()
    assert chosen is not None
    started = fan_in.FanIn(job(cases()["triplet"], 1000, DT), 1)
    folder = started.library.path
    started.close()
    command = [*chosen.command, *chosen.flags, "-o", "/dev/null", str(folder / "model.cpp")]
    seconds = []
    for _ in range(runs):
        before = _children()
        subprocess.run(command, check=True)
        seconds.append(_children() - before)
    return Row("fan-in, triplet: build", "CPU", tuple(seconds), 1.5, unit="s")


def _children() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


_MEMORY = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
import fan_in_benchmarks as b
from spikeheb.engines.kernel import fan_in

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

case = b.cases()["additive pair"]
fan_in.run(b.job(case, 9, 0.01, start=0.5), threads=1)
before = peak()
recording = fan_in.run(b.job(case, {cells}, 0.05, start=0.5), threads=1)
print((peak() - before - recording.w.nbytes) / recording.w.size)
"""


def memory(cells: int = 4000) -> Row:
    """Peak bytes a synapse beyond the recorded weights, in a process of its own (Linux)."""
    program = _MEMORY.format(here=str(HERE), cells=cells)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return Row(f"fan-in, {cells * INPUTS:,} synapses, float64", "bytes a synapse", (float(done.stdout),), 16.0, unit="bytes")


def against_brian(cells: int, target: float) -> Row:
    """CPU time of Brian2's standalone program (its build apart), as in its own example, over that of the kernel."""
    the_job = job(cases()["additive pair"], cells, SIZES[cells])
    theirs = brian_program.standalone(the_job, own_spikes=True)
    with fan_in.FanIn(the_job, 1) as started:
        before = time.process_time()
        started.to_end()
        ours = time.process_time() - before
    note = f"kernel {ours:.3g} s, Brian2 {theirs.run:.3g} s and {theirs.build:.3g} s to build"
    name = f"fan-in, additive pair, {cells} cells, {SIZES[cells]:g} s"
    return Row(name, "Brian2 standalone / kernel", (theirs.run / ours,), target, at_least=True, note=note)


def measure(runs: int = 5, *, brian: bool = False) -> list[Row]:
    """All rows; with Brian2's, some minutes more."""
    rows = [against_hand("additive pair", cells, target, runs) for cells, target in ((1, 1.1), (100, 1.1), (1000, 0.6))]
    rows += [against_hand("additive pair", 1000, None, runs, post_major=True)]
    rows += [against_hand("additive pair", cells, None, runs, single=True) for cells in SIZES]
    rows += [against_hand(name, 100, 1.2, runs) for name in cases() if name != "additive pair"]
    rows += [against_brian(cells, target) for cells, target in ((1, 80.0), (100, 30.0), (1000, 80.0))] if brian else []
    return [*rows, *threads(runs), cold_build(), memory()]


if __name__ == "__main__":
    print(as_text(measure(brian="--brian" in sys.argv)))
