"""Carrying out the circuits of a study of weights; a run whose cells fire too fast is stopped, and its outcome so far is kept."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.recording import Recording
from spikeheb.engines.choice import carry_out, on_its_way, side_by_side
from spikeheb.errors import BuildError, EngineError
from spikeheb.studies.distributions.plan import Plan

Floats = npt.NDArray[np.float64]

PHYSIOLOGICAL = 100.0
"""Hertz: no cortical pyramidal cell fires faster for long; chosen as a limit, not measured."""
RUNAWAY = 300.0
"""Hertz: a driven cell that fires faster has run away, and its run is stopped."""
WINDOW = 1.0
"""Seconds, at least, over which that rate is taken."""


class Stretch(NamedTuple):
    """A stretch of a run, in seconds, and the mean rate of the cells in it, in hertz."""

    seconds: float
    rate: float


@dataclass(frozen=True)
class Run:
    """The outcome of a rule under one seed.

    Attributes
    ----------
    steps : int
        That were run.
    reached : int
        Snapshots that were taken; fewer than planned where the run was stopped.
    runaway : Stretch, optional
        Of a run that was stopped: the stretch in which the cells fired too fast.
    """

    recording: Recording
    steps: int
    reached: int
    runaway: Stretch | None = None


def run_all(plan: Plan, engine: str, progress: Callable[[float], None] | None) -> list[list[Run]]:
    """Every rule under every seed; kernels run side by side where there are few cells, which they do not share among threads."""
    circuits = [plan.circuit(n, seed) for n in range(len(plan.rules)) for seed in plan.seeds]
    runs = side_by_side([functools.partial(_run, circuit, engine) for circuit in circuits], progress, alone=engine == "brian")
    return [runs[n * len(plan.seeds) : (n + 1) * len(plan.seeds)] for n in range(len(plan.rules))]


def _run(circuit: Circuit, engine: str) -> Run:
    if engine in ("auto", "kernel"):
        with suppress(EngineError, BuildError):  # what cannot be paused may yet be carried out as a whole
            return _in_stages(circuit)
    return _whole(circuit, engine)


def looks(circuit: Circuit) -> npt.NDArray[np.int64]:
    """The snapshots after which the rate is looked at: a second or more apart; none where the spikes are imposed."""
    if circuit.cell is None:
        return np.zeros(0, dtype=np.int64)
    chosen, last = [], -1
    for n, step in enumerate(circuit.probes.watch):
        if (step - last) * circuit.dt >= WINDOW:
            chosen.append(n)
            last = step
    return np.array(chosen, dtype=np.int64)


def _in_stages(circuit: Circuit) -> Run:
    """From one check of the rate to the next, until the cells have run away."""
    with on_its_way(circuit) as started:
        before, counted = -1, 0
        for n in looks(circuit):
            step = int(circuit.probes.watch[n])
            started.advance(step + 1)
            count = int(started.arrays.counts.sum())
            stretch = _stretch(circuit, step - before, count - counted)
            if stretch.rate > RUNAWAY:
                return _stopped(started.recording(), step + 1, int(n) + 1, stretch)
            before, counted = step, count
        return Run(started.to_end(), circuit.steps, len(circuit.probes.watch))


def _whole(circuit: Circuit, engine: str) -> Run:
    """With an engine that cannot be paused: to the end, and then again up to the time at which the cells ran away, if they did."""
    recording = carry_out(circuit, engine)
    before = -1
    for n in looks(circuit):
        step = int(circuit.probes.watch[n])
        count = sum(int(np.count_nonzero((train > before) & (train <= step))) for train in recording.spikes)
        stretch = _stretch(circuit, step - before, count)
        if stretch.rate > RUNAWAY:
            upto = circuit.probes.watch[: n + 1]
            shorter = replace(circuit, steps=step + 1, probes=replace(circuit.probes, watch=upto, histograms=upto))
            return _stopped(carry_out(shorter, engine), step + 1, int(n) + 1, stretch)
        before = step
    return Run(recording, circuit.steps, len(circuit.probes.watch))


def _stretch(circuit: Circuit, steps: int, spikes: int) -> Stretch:
    seconds = steps * circuit.dt
    return Stretch(seconds, spikes / circuit.cells.count / seconds)


def _stopped(recording: Recording, steps: int, reached: int, runaway: Stretch) -> Run:
    upto = replace(recording, watched=recording.watched[:, :reached], histograms=recording.histograms[:reached])
    return Run(upto, steps, reached, runaway)
