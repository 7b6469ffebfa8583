"""Carrying out the circuits of a study of weights; a run whose cells fire too fast is stopped, and its outcome so far is kept."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

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


@dataclass(frozen=True)
class Run:
    """The outcome of a rule under one seed.

    Attributes
    ----------
    steps : int
        That were run.
    reached : int
        Snapshots that were taken; fewer than planned where the run was stopped.
    """

    recording: Recording
    steps: int
    reached: int

    def rate(self, dt: float, seconds: float) -> float:
        """The rate of the cells over the last seconds, in hertz."""
        first = self.steps - seconds / dt
        count = sum(int(np.count_nonzero(train >= first)) for train in self.recording.spikes)
        return count / max(1, len(self.recording.spikes)) / seconds


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
            if (count - counted) / circuit.cells.count / ((step - before) * circuit.dt) > RUNAWAY:
                return _stopped(started.recording(), step + 1, int(n) + 1)
            before, counted = step, count
        return Run(started.to_end(), circuit.steps, len(circuit.probes.watch))


def _whole(circuit: Circuit, engine: str) -> Run:
    """With an engine that cannot be paused: to the end, and then again up to the time at which the cells ran away, if they did."""
    recording = carry_out(circuit, engine)
    before = -1
    for n in looks(circuit):
        step = int(circuit.probes.watch[n])
        count = sum(int(np.count_nonzero((train > before) & (train <= step))) for train in recording.spikes)
        if count / circuit.cells.count / ((step - before) * circuit.dt) > RUNAWAY:
            upto = circuit.probes.watch[: n + 1]
            shorter = replace(circuit, steps=step + 1, probes=replace(circuit.probes, watch=upto, histograms=upto))
            return _stopped(carry_out(shorter, engine), step + 1, int(n) + 1)
        before = step
    return Run(recording, circuit.steps, len(circuit.probes.watch))


def _stopped(recording: Recording, steps: int, reached: int) -> Run:
    return Run(replace(recording, watched=recording.watched[:, :reached], histograms=recording.histograms[:reached]), steps, reached)
