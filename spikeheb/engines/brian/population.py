"""Fan-in in Brian2: the reference for the kernel's, with the same spikes or with Brian2's own.

``python -m spikeheb.engines.brian.population FOLDER`` reads a pickled job from its input and builds and runs it as a C++
standalone program: one build a process is what Brian2 can do.
"""

from __future__ import annotations

import json
import pickle
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from spikeheb.circuits.population import PopulationJob
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.sources import Poisson
from spikeheb.circuits.steps import NO_STEPS, Steps
from spikeheb.draws.fan_in import inhibitory_trains, input_trains
from spikeheb.engines import cache_folder, children
from spikeheb.engines.as_lanes import lanes, with_trains
from spikeheb.engines.brian import importing, modules, network
from spikeheb.engines.brian.names import of_cell, users
from spikeheb.engines.brian.network import Built
from spikeheb.engines.brian.owned import of_rule
from spikeheb.engines.brian.text import cancels
from spikeheb.errors import BuildError, EngineError, NonFiniteError

MOST_TURNS, NEAR = 100, 1e-13
"""Of bringing weights to a sum: how often, and how near is there."""


def run(job: PopulationJob, target: str = "numpy") -> Recording:
    """Carry the job out inside this process, with the spikes that the kernel draws.

    Parameters
    ----------
    job : PopulationJob
        In double precision.
    target : {"numpy", "cython"}

    Raises
    ------
    EngineError, NonFiniteError
    """
    if job.precision != "float64":
        raise EngineError("Brian2 runs fan-in in double precision")
    job = of_rule(job)
    b2 = importing.brian()
    importing.set_target(target, literal=cancels(job.rule))
    b2.start_scope()
    b2.seed(job.seed)
    with cache_folder.writing(), importing.refusals(job.rule.path), modules.built_for(target), np.errstate(all="ignore"):
        built = build(job)
        records = _Records(job, built)
        stops = sorted({0, *(int(step) + 1 for step in (*job.snapshots, *job.watch, *job.histograms)), job.steps})
        for start, end in pairwise(stops):
            built.network.run((end - start) * job.dt * b2.second, namespace={})
            records.after(end - 1)
    return records.recording({"engine": f"brian:{target}", **importing.versions()})


def build(job: PopulationJob, *, own_spikes: bool = False) -> Built:
    """The network of a job.

    Parameters
    ----------
    job : PopulationJob
    own_spikes : bool
        Whether Brian2's PoissonGroup draws the spikes (Poisson inputs only), rather than that they are given.

    Raises
    ------
    EngineError
    """
    built = network.build(with_trains(job)) if job.private else network.build(lanes(job), inputs=_inputs(job, own_spikes))
    if job.inhibition is not None:
        built.network.add(*_inhibition(job, built))
    if job.normalise is not None:
        built.network.add(_normalisation(job, built))
    return built


def _normalisation(job: PopulationJob, built: Built) -> Any:
    """After the handlers of a step. The sum stays where it is until an event moves it, so that every step may be looked at."""
    assert job.normalise is not None
    weights = built.synapses.variables[job.rule.weight]
    every, shape = job.normalise_every or 1, (job.cells, job.input_count)

    def bring_all_to_sum() -> None:
        if (int(np.ravel(built.clock.variables["timestep"].get_value())[0]) + 1) % every == 0:
            w = np.array(weights.get_value(), dtype=float).reshape(shape)
            weights.set_value(brought_to_sum(w, job).ravel())

    return importing.brian().NetworkOperation(bring_all_to_sum, clock=built.clock, when="after_synapses", name="normalisation")


def brought_to_sum(w: Any, job: PopulationJob) -> Any:
    """Weights (cells, inputs) with the sums that the job's `normalise` says, within the rule's limits."""
    normalise, bounds = job.normalise, job.rule.bounds
    assert normalise is not None
    low, high = -np.inf if bounds.w_min is None else bounds.w_min, np.inf if bounds.w_max is None else bounds.w_max
    for row in w:
        for _ in range(MOST_TURNS):
            total = float(row.sum())
            excess = total - normalise.target
            if not abs(excess) > NEAR * normalise.target:
                break
            if normalise.kind == "divisive":
                if not total > 0:
                    break
                row[:] = np.clip(row * (normalise.target / total), low, high)
            else:
                able = np.count_nonzero(row > low if excess > 0 else row < high)
                if not able:
                    break
                row[:] = np.clip(row - excess / able, low, high)
    return w


def _inputs(job: PopulationJob, own_spikes: bool) -> Callable[[Any], Any]:
    def make(clock: Any) -> Any:
        b2 = importing.brian()
        if not own_spikes:
            return _generator(input_trains(job), job, clock, "pre_spikes")
        if not all(isinstance(source, Poisson) for source in job.inputs):
            raise EngineError("Brian2 draws the spikes of Poisson inputs only")
        rates = np.concatenate([source.mean_rates(job.dt) for source in job.inputs])
        return b2.PoissonGroup(job.input_count, rates * b2.hertz, clock=clock, name="pre_spikes")

    return make


def _generator(given: list[Steps], job: PopulationJob, clock: Any, name: str) -> Any:
    b2 = importing.brian()
    indices = np.repeat(np.arange(len(given)), [len(train) for train in given])
    steps = np.concatenate([*given, NO_STEPS])
    order = np.lexsort((indices, steps))
    times = steps[order] * job.dt * b2.second
    return b2.SpikeGeneratorGroup(max(len(given), 1), indices[order], times, clock=clock, name=name, sorted=True)


def _inhibition(job: PopulationJob, built: Built) -> list[Any]:
    """The inputs without plasticity."""
    b2 = importing.brian()
    assert job.inhibition is not None and job.cell is not None
    parts = job.cell.receptor(job.inhibition.receptor).parts
    unit = job.cell.receptor(job.inhibition.receptor).unit
    source = _generator(inhibitory_trains(job), job, built.clock, "inhibitory_spikes")
    count = sum(group.count for group in job.inhibition.inputs)
    synapses = b2.Synapses(
        source,
        built.cells,
        "\n".join(f"add_{state} : siemens (shared, constant)" for state, _, _ in parts),
        on_pre="\n".join(f"{of_cell(state)}_post += add_{state}" for state, _, _ in parts),
        delay=round(job.inhibition.delay / job.dt) * job.dt * b2.second,
        clock=built.clock,
        name="inhibition",
        namespace={},
    )
    index = np.arange(job.cells * count)
    synapses.connect(i=index if job.private else index % count, j=index // count)
    for state, _, weight in parts:
        setattr(synapses, f"add_{state}_", unit * abs(weight) * job.inhibition.efficacy)
    return [source, synapses]


class _Records:
    """What is read between the pieces of a run."""

    def __init__(self, job: PopulationJob, built: Built) -> None:
        self.job, self.built = job, built
        self.snapshots: dict[int, Any] = {}
        self.watch: dict[int, Any] = {}
        self.histograms: dict[int, Any] = {}

    def weights(self, step: int) -> Any:
        name = self.job.rule.weight
        w = np.array(self.built.synapses.variables[name].get_value(), dtype=float).reshape(self.job.cells, self.job.input_count)
        self.check(step)
        bad = np.argwhere(~np.isfinite(w))
        if bad.size:
            where = f"{users(name)} of input {bad[0][1]} of cell {bad[0][0]}"
            raise NonFiniteError(f"{where} is not finite at or before {step * self.job.dt:.4f} s", path=self.job.rule.path)
        return w

    def check(self, step: int) -> None:
        """Raise for a variable of the rule, or a conductance, that is not finite."""
        job, built = self.job, self.built
        post = [e.name for e in job.rule.post.equations if e.kind != "subexpression"] if job.rule.post is not None else []
        receptor = job.cell.receptor(job.receptor) if job.cell is not None else None
        states = [of_cell(state) for state, _, _ in receptor.parts] if receptor is not None else []
        seen = [(built.synapses, name) for name in job.rule.variables if name != job.rule.weight]
        for group, name in (*seen, *((built.cells, name) for name in (*post, *states))):
            values = np.ravel(group.variables[name].get_value())
            bad = np.flatnonzero(~np.isfinite(values))
            if bad.size:
                where = (
                    f"input {bad[0] % job.input_count} of cell {bad[0] // job.input_count}" if group is built.synapses else f"cell {bad[0]}"
                )
                when = f"at or before {step * job.dt:.4f} s"
                raise NonFiniteError(f"{users(name)} of {where} is not finite {when}", path=job.rule.path)

    def after(self, step: int) -> None:
        w = self.weights(step)
        if step in self.job.snapshots:
            self.snapshots[step] = w
        if step in self.job.watch:
            self.watch[step] = w[self.job.watched[:, 0], self.job.watched[:, 1]]
        if step in self.job.histograms:
            self.histograms[step] = np.histogram(w, self.job.edges)[0]

    def recording(self, engine: dict[str, str]) -> Recording:
        job, spikes = self.job, self.built.spikes
        cell = np.asarray(spikes.i)
        steps = np.rint(np.asarray(spikes.t / importing.brian().second) / job.dt).astype(np.int64)
        counts = np.bincount(cell, minlength=job.cells).astype(np.int64)
        trains = tuple(steps[cell == n] for n in range(job.cells)) if job.trains else ()
        shape = (job.cells, job.input_count)
        snapshots = np.array([self.snapshots[int(step)] for step in job.snapshots]).reshape(-1, *shape)
        watch = np.array([self.watch[int(step)] for step in job.watch]).reshape(len(job.watch), len(job.watched)).T
        histograms = np.array([self.histograms[int(step)] for step in job.histograms], dtype=np.int64)
        histograms = histograms.reshape(len(job.histograms), max(1, len(job.edges) - 1))
        return Recording(
            w=self.weights(job.steps - 1), counts=counts, spikes=trains, snapshots=snapshots, watched=watch, histograms=histograms,
            engine=engine,
        )  # fmt: skip


# --- as a standalone program ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standalone:
    """What a standalone program gave, and what it took.

    Attributes
    ----------
    w : array, shape (cells, inputs)
    counts : array of int, shape (cells,)
    build, run : float
        CPU seconds.
    """

    w: Any
    counts: Steps
    build: float
    run: float


def standalone(job: PopulationJob, *, own_spikes: bool = False) -> Standalone:
    """Build and run the job as a C++ program in a folder of its own.

    Raises
    ------
    BuildError
    """
    with tempfile.TemporaryDirectory(prefix="spikeheb-") as folder:
        arguments = [sys.executable, "-m", "spikeheb.engines.brian.population", folder]
        pickled = pickle.dumps((replace(of_rule(job), progress=None), own_spikes))
        done = children.call(arguments, data=pickled, folder=Path(folder), environment={"TMPDIR": folder})
        if done.returncode != 0:
            lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
            raise BuildError(f"the standalone program failed ({lines[-1][:200]})")
        times = json.loads((Path(folder) / "times.json").read_text())
        with np.load(Path(folder) / "outcome.npz", allow_pickle=False) as results:
            return Standalone(results["w"], results["counts"], times["build"], times["run"])


def _standalone(job: PopulationJob, own_spikes: bool, folder: Path) -> None:
    b2 = importing.brian()
    b2.set_device("cpp_standalone", directory=str(folder / "program"), build_on_run=False)
    b2.seed(job.seed)
    start = _cpu()
    built = build(job, own_spikes=own_spikes)
    built.network.run(job.steps * job.dt * b2.second, namespace={})
    b2.device.build(directory=str(folder / "program"), compile=True, run=False, with_output=False)
    built_at = _cpu()
    b2.device.run(directory=str(folder / "program"), results_directory="results", with_output=False, run_args=[])
    times = {"build": built_at - start, "run": _cpu() - built_at}
    w = np.array(built.synapses.variables[job.rule.weight].get_value()).reshape(job.cells, job.input_count)
    np.savez(folder / "outcome.npz", w=w, counts=np.bincount(np.asarray(built.spikes.i), minlength=job.cells))
    (folder / "times.json").write_text(json.dumps(times))


def _cpu() -> float:
    """CPU seconds of this process and those that it started and that have ended."""
    import resource

    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    the_job, with_own_spikes = pickle.load(sys.stdin.buffer)
    _standalone(the_job, with_own_spikes, Path(sys.argv[1]))
