"""The same lanes in Brian2's C++ standalone mode, and in NEST where it is installed."""

from __future__ import annotations

import importlib.util
import os
import tempfile
import time
from collections.abc import Callable

import numpy as np
from lanes import Case, InKernel, conditions_case, window_case
from measuring import Row
from startup import children_cpu

from spikeheb.circuits import usual


def brian_rows() -> list[Row]:
    """Window and conditions: CPU seconds of the program's run over the kernel's, and of its build. Takes minutes."""
    return [row for case in (window_case(), conditions_case()) for row in _brian(case)]


def _brian(case: Case) -> list[Row]:
    from spikeheb.engines.brian import standalone

    before = os.environ.get("SPIKEHEB_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SPIKEHEB_CACHE"] = folder
        try:
            first, *rest = (_seconds(lambda: standalone.run(case.job), children_cpu) for _ in range(4))
        finally:
            os.environ.pop("SPIKEHEB_CACHE")
            if before is not None:
                os.environ["SPIKEHEB_CACHE"] = before
    ours = _kernel(case)
    run = Row(case.work, "Brian2 standalone, run / kernel", tuple(seconds / ours for seconds in rest), note=f"{min(rest):.2f} s")
    build = Row(case.work, "Brian2 standalone, build", (first - min(rest),), unit="s")
    return [run, build]


def nest_rows() -> list[Row]:
    """The window in NEST, whose pair rule is read only at presynaptic spikes; nothing where NEST is not installed."""
    if importlib.util.find_spec("nest") is None:
        return []
    case = window_case()
    ours = _kernel(case)
    seconds = [_nest(case) for _ in range(5)]
    return [Row(case.work, "NEST, Simulate / kernel", tuple(s / ours for s in seconds), note=f"{min(seconds):.2f} s")]


def _nest(case: Case) -> float:
    import nest

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution, count, constants = case.job.dt * 1e3, case.job.cells.count, case.job.rule.constants
    sides = []
    for trains in map(usual.trains_given, (case.job.sources.sources, case.job.drive.imposed)):
        generators, neurons = nest.Create("spike_generator", count), nest.Create("parrot_neuron", count)
        for generator, train in zip(generators, trains, strict=True):
            generator.spike_times = np.round((train + 1) * case.job.dt * 1e3, 1)
        nest.Connect(generators, neurons, "one_to_one", {"delay": 1.0})
        sides.append(neurons)
    sides[1].tau_minus = constants["tau_minus"] * 1e3
    rule = {"synapse_model": "stdp_synapse", "weight": 0.5, "Wmax": 1.0, "delay": 1.0, "mu_plus": 0.0, "mu_minus": 0.0, "receptor_type": 1}
    rule |= {"tau_plus": constants["tau_plus"] * 1e3, "lambda": constants["A_plus"], "alpha": constants["A_minus"] / constants["A_plus"]}
    nest.Connect(*sides, "one_to_one", rule)
    return _seconds(lambda: nest.Simulate(case.job.steps * case.job.dt * 1e3 + 10.0), time.process_time)


def _kernel(case: Case) -> float:
    """CPU seconds of the kernel, the least of several runs."""
    work = InKernel(case)
    return min(_seconds(work(), time.process_time) for _ in range(20))


def _seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    work()
    return clock() - start
