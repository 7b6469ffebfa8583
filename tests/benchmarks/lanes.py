"""The kernel's lanes against the same work by hand: `by_hand.cpp`, built with the kernel's own compiler and flags."""

from __future__ import annotations

import ctypes
import functools
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from measuring import Row, paired

from spikeheb.cells import Cell, read_cell
from spikeheb.circuits import usual
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.drives import Drives
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.engines.alone import alone
from spikeheb.engines.compiler import SUFFIX, Compiler, compiler
from spikeheb.engines.kernel import runner
from spikeheb.engines.kernel.build import build
from spikeheb.program.analysis import analyse
from spikeheb.rules import Rule, choose, read_rule
from spikeheb.schedules import to_steps
from spikeheb.stimuli import pairings

HERE = Path(__file__).parent
RULES = HERE.parents[1] / "models" / "rules"
DT = 1e-4
STATE = ("synapses", "states", "places", "history", "weight", "efficacy", "v", "spikes", "failures")


class Trains(ctypes.Structure):
    """``struct Trains`` of `by_hand.cpp`."""

    _fields_ = [("first", ctypes.c_void_p), ("steps", ctypes.c_void_p)]


@dataclass(frozen=True)
class Case:
    """A job for the kernel and the same by hand.

    Attributes
    ----------
    work : str
    job : Circuit
        One input a lane.
    by_hand : str
        The function of `by_hand.cpp`.
    numbers : array of float
        The rule's parameters in the order that the function wants.
    more : tuple
        Its further arguments before them.
    """

    work: str
    job: Circuit
    by_hand: str
    numbers: Floats
    more: tuple[object, ...] = ()


def needed_compiler() -> Compiler:
    """The compiler that kernels are built with."""
    chosen = compiler()
    if chosen is None:
        raise SystemExit("there is no C++ compiler: nothing can be measured")
    return chosen


@functools.cache
def library() -> ctypes.CDLL:
    """`by_hand.cpp`, compiled with the kernel's flags."""
    folder = Path(tempfile.mkdtemp(prefix="spikeheb-by-hand-"))
    for file in (HERE / "by_hand.cpp", Path(runner.__file__).parent / "runtime.hpp"):
        shutil.copy(file, folder)
    needed_compiler().build(folder / "by_hand.cpp", folder / f"by_hand{SUFFIX}")
    loaded = ctypes.CDLL(str(folder / f"by_hand{SUFFIX}"))
    shutil.rmtree(folder)
    return loaded


# --- the work ---


def window_case(pairs: int = 60, delta_t: npt.NDArray[np.float64] | None = None) -> Case:
    """The window of the pair rule."""
    values = np.arange(-60, 61, 2) * 1e-3 if delta_t is None else delta_t
    rule = choose(read_rule(RULES / "pair.toml"), set="additive")
    numbers = _constants(rule, "tau_plus", "tau_minus", "A_plus", "A_minus", bounds=True)
    return Case(
        f"window, {values.size} delta_t x {pairs} pairings at 1 Hz", _job(rule, [(v, pairs, 1.0) for v in values]), "pair_by_hand", numbers
    )


def conditions_case(pairs: int = 60, rates: int = 20) -> Case:
    """The triplet rule at 41 delta_t and many rates from 0.1 to 50 Hz."""
    rule = choose(read_rule(RULES / "triplet.toml"), set="visual_cortex_all_full")
    names = ("tau_plus", "tau_minus", "tau_x", "tau_y", "A2_plus", "A3_plus", "A2_minus", "A3_minus")
    trials = [(delta_t * 8e-4, pairs, float(rate)) for rate in np.geomspace(0.1, 50, rates) for delta_t in range(-20, 21)]
    return Case(
        f"triplet, {len(trials)} conditions x {pairs} pairings, 0.1-50 Hz",
        _job(rule, trials),
        "triplet_by_hand",
        _constants(rule, *names, bounds=True),
    )


def calcium_case(lanes: int = 1000, seconds: float = 600.0, pairs: int = 60, sigma: float | None = None) -> Case:
    """Graupner and Brunel's rule with noise: 60 pairs at 1 Hz, then what is left of the time without spikes."""
    parameters = {} if sigma is None else {"sigma": sigma}
    rule = choose(read_rule(RULES / "graupner_brunel.toml"), set="DP", parameters=parameters)
    names = ("tau_ca", "C_pre", "C_post", "theta_d", "theta_p", "gamma_d", "gamma_p", "sigma", "tau", "rho_star")
    job = _job(rule, [(delta_t * 1e-3, pairs, 1.0) for delta_t in np.linspace(-60, 60, lanes).round(1)], steps=round(seconds / DT), seed=3)
    delay = round(rule.constants["D"] / DT)
    more = (ctypes.c_int64(delay), ctypes.c_int64(job.steps))
    work = f"Graupner-Brunel with noise, {lanes} lanes, {seconds:g} s"
    return Case(work, job, "calcium_by_hand", _constants(rule, *names), more)


def voltage_case(name: str, on: str, delta_t: npt.NDArray[np.float64], pairs: int = 60, pulses: int = 0, apart: float = 10.0) -> Case:
    """A rule that reads the potential: its window, or a session with test pulses before and after the pairs."""
    rule, cell = choose(read_rule(RULES / f"{name}.toml")), read_cell(RULES.parent / "cells" / f"{on}.toml")
    trains = [pairings(value, pairs, 1.0) for value in delta_t]
    pre, post = _steps(trains)
    steps = None
    if pulses:
        start, every = round(pulses * apart / DT), round(apart / DT)
        before = np.arange(pulses) * every
        after = before + start + round((pairs / 1.0 + 10.0) / DT)
        pre = tuple(np.concatenate([before, train + start, after]) for train in pre)
        post, steps = tuple(train + start for train in post), int(after[-1]) + every
    job = _of(rule, cell, pre, post, steps)
    work = f"{name} on {on}, {f'session of {job.steps * DT:g} s' if pulses else 'window'}, {len(delta_t)} lanes x {pairs} pairings"
    late = round(rule.constants["late"] / DT)
    refractory = [round(part.lasts / DT) for part in cell.shape] if name == "clopath" else [round(cell.refractory / DT)]
    numbers = _clopath_numbers(rule, cell) if name == "clopath" else _shouval_numbers(rule, cell)
    return Case(work, job, f"{name}_by_hand", numbers, tuple(map(ctypes.c_int64, (late, *refractory, job.steps))))


def _clopath_numbers(rule: Rule, cell: Cell) -> Floats:
    names = "C g_L E_L V_rest V_jump tau_T Delta_T V_peak V_r a b tau_w I_sp tau_z standstill steepest".split()
    program = analyse(rule, cell, DT).cell
    assert program is not None
    constants, receptor = program.constants, program.receptor
    numbers = [constants[name] for name in names] + [part.v for part in cell.shape]
    numbers += [constants["E_ampa"], constants["tau_g_ampa"], receptor.unit * abs(receptor.parts[0][2]), constants["mean_g_ampa"]]
    return np.concatenate(
        [_constants(rule, "theta_minus", "theta_plus", "A_LTD", "A_LTP", "tau_x", "tau_minus", "tau_plus", bounds=True), numbers]
    )


def _shouval_numbers(rule: Rule, cell: Cell) -> Floats:
    names = "open I_fast tau_fast tau_slow G V_ca Mg tau_ca V_bap B_fast tau_bap tau_tail alpha_1 alpha_2 slope P_1 P_2 P_4".split()
    program = analyse(rule, cell, DT).cell
    assert program is not None
    parts = ("decay", "rise")
    unit = {state: program.receptor.unit * abs(weight) for state, _, weight in program.receptor.parts}
    numbers = [program.constants[name] for name in ("C", "g_L", "E_L", "V_r", "E_ampa")]
    numbers += [program.constants[f"tau_g_ampa_{part}"] for part in parts] + [unit[f"g_ampa_{part}"] for part in parts]
    numbers += [program.constants[f"mean_g_ampa_{part}"] for part in parts]
    return np.concatenate([_constants(rule, *names), numbers])


def _job(rule: Rule, trials: Sequence[tuple[float, int, float]], steps: int | None = None, seed: int = 0) -> Circuit:
    """A lane for each delta_t, number of pairs and rate."""
    return _of(rule, None, *_steps([pairings(*trial) for trial in trials]), steps, seed)


def _steps(trains: Sequence[tuple[Floats, Floats]]) -> tuple[tuple[Steps, ...], tuple[Steps, ...]]:
    pre, post = (tuple(to_steps(pair[side], DT, "train") for pair in trains) for side in (0, 1))
    return pre, post


def _of(rule: Rule, cell: Cell | None, pre: tuple[Steps, ...], post: tuple[Steps, ...], steps: int | None, seed: int = 0) -> Circuit:
    last = 1 + max(int(train[-1]) for train in (*pre, *post))
    return usual.lanes(rule, cell, DT, steps or last, np.arange(len(pre)), pre, Drives(imposed=usual.given(post)), seed=seed)


def _constants(rule: Rule, *names: str, bounds: bool = False) -> Floats:
    values = [rule.constants[name] for name in names]
    return np.array(values + ([rule.bounds.values[name] for name in ("w_min", "w_max")] if bounds else []))


# --- both ways ---


class ByHand:
    """A case by hand, on arrays made beforehand."""

    def __init__(self, case: Case, function: str | None = None) -> None:
        self.case = case
        self.start = np.array(runner.arrays(alone(case.job), _plan(case)).synapses[case.job.rule.weight])
        self.weight = self.start.copy()
        self._function = getattr(library(), function or case.by_hand)
        self._function.restype = None
        self._kept = [
            _joined(trains) for trains in (usual.trains_given(case.job.sources.sources), usual.trains_given(case.job.drive.imposed))
        ]
        trains = [Trains(first.ctypes.data, steps.ctypes.data) for first, steps in self._kept]
        seed = () if not case.more else (ctypes.c_uint64(case.job.seed),)
        before, after = case.more, seed
        numbers = ctypes.c_void_p(case.numbers.ctypes.data)
        self._arguments = (
            ctypes.c_int64(case.job.cells.count), *trains, *before, ctypes.c_double(case.job.dt), *after, numbers, ctypes.c_void_p(self.weight.ctypes.data)  # noqa: E501 - the arguments in the order of the C++ function
        )  # fmt: skip

    def __call__(self) -> Callable[[], object]:
        """Prepare a run, and give back what carries it out."""
        self.weight[:] = self.start
        return functools.partial(self._function, *self._arguments)


def _joined(trains: Sequence[Steps]) -> tuple[Steps, Steps]:
    """Where each lane's part begins (and the last ends), and all steps."""
    first = np.concatenate([[0], np.cumsum([len(train) for train in trains])]).astype(np.int64)
    return first, np.concatenate(trains).astype(np.int64)


class InKernel:
    """A case in the kernel, on arrays made beforehand; `to_end` with the pieces and progress of a real run."""

    def __init__(self, case: Case, *, to_end: bool = False, threads: int = 1) -> None:
        chosen, program = needed_compiler(), _plan(case)
        self.run = runner.Lanes(case.job, program, build(program, chosen), chosen, threads)
        self._saved = {name: getattr(self.run.arrays, name).copy() for name in STATE}
        self._work: Callable[[], object] = functools.partial(self.run.advance, case.job.steps)
        if to_end:
            self._work = self.run.to_end

    def __call__(self) -> Callable[[], object]:
        """Prepare a run, and give back what carries it out."""
        for name, array in self._saved.items():
            getattr(self.run.arrays, name)[...] = array
        self.run.now = 0
        return self._work

    @property
    def weight(self) -> Floats:
        """The weights as they stand."""
        weights: Floats = np.array(self.run.arrays.synapses[self.run.job.rule.weight])
        return weights


def _plan(case: Case) -> runner.Program:
    return analyse(case.job.rule, case.job.cell, case.job.dt)


def rows(runs: int = 9) -> list[Row]:
    """Kernel over hand-written: its own time on prepared arrays, and the whole of `run`."""
    table = []
    for case, target, best_of in ((window_case(), 1.2, 50), (conditions_case(), 1.2, 5), (calcium_case(), 1.2, 1)):
        by_hand = ByHand(case)
        times = paired(InKernel(case), by_hand, runs=runs, best_of=best_of)
        table.append(Row(case.work, "kernel / by hand", times.ratios, target, note=f"{_shown(min(times.second))} by hand"))
        whole = paired(functools.partial(runner.run, case.job, threads=1), by_hand, runs=runs, best_of=max(1, best_of // 5))
        table.append(
            Row(case.work, "whole `run` / by hand", whole.ratios, note=f"{_shown(min(whole.first))} with analysis, arrays, results")
        )
        if case.by_hand == "calcium_by_hand":
            other = paired(InKernel(case), ByHand(case, "calcium_by_hand_std"), runs=runs, best_of=best_of)
            table.append(Row(case.work, "kernel / by hand with <random>", other.ratios))
    return table + voltage_rows(runs)


def voltage_rows(runs: int = 9) -> list[Row]:
    """Rules that read the potential: over what steps through everything by hand."""
    window, session = np.arange(-60, 61, 2) * 1e-3, np.array([-0.01, 0.01])
    cases = [
        (voltage_case("shouval", "ca1_pyramidal", session, pulses=60), 0.5),
        (voltage_case("shouval", "ca1_pyramidal", window), 0.5),
        (voltage_case("clopath", "l5_clopath", window), 0.5),
    ]
    table = []
    for case, target in cases:
        times = paired(InKernel(case), ByHand(case), runs=runs, best_of=1)
        note = f"{_shown(min(times.first))} against {_shown(min(times.second))}"
        table.append(Row(case.work, "kernel / by hand", times.ratios, target, note=note))
    return table


def _shown(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms"
