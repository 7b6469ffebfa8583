"""A circuit as Brian2's C++ standalone program, timed: ``python brian_program.py FOLDER`` reads a pickled circuit and builds and runs it.

One build a process is what Brian2 can do.
"""

from __future__ import annotations

import json
import pickle
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.sources import Poisson
from spikeheb.engines import children
from spikeheb.engines.alone import alone
from spikeheb.engines.brian import importing, lanes
from spikeheb.engines.brian.owned import of_rule


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
    counts: Any
    build: float
    run: float


def standalone(circuit: Circuit, *, own_spikes: bool = False) -> Standalone:
    """Build and run the circuit in a folder of its own; with `own_spikes` Brian2's PoissonGroup draws the inputs' spikes."""
    with tempfile.TemporaryDirectory(prefix="spikeheb-") as folder:
        arguments = [sys.executable, str(Path(__file__).resolve()), folder]
        done = children.call(
            arguments, data=pickle.dumps((of_rule(circuit), own_spikes)), folder=Path(folder), environment={"TMPDIR": folder}
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode(errors="replace").strip()[-2000:])
        times = json.loads((Path(folder) / "times.json").read_text())
        with np.load(Path(folder) / "outcome.npz", allow_pickle=False) as results:
            return Standalone(results["w"], results["counts"], times["build"], times["run"])


def _poisson(circuit: Circuit) -> Callable[[Any], Any]:
    def make(clock: Any) -> Any:
        b2, sources = importing.brian(), circuit.sources.sources
        assert all(isinstance(source, Poisson) for source in sources)
        rates = np.concatenate([source.mean_rates(circuit.dt) for source in sources])
        return b2.PoissonGroup(len(rates), rates * b2.hertz, clock=clock, name="pre_spikes")

    return make


def _build_and_run(circuit: Circuit, own_spikes: bool, folder: Path) -> None:
    b2 = importing.brian()
    b2.set_device("cpp_standalone", directory=str(folder / "program"), build_on_run=False)
    b2.seed(circuit.seed)
    start = _cpu()
    built = lanes.build(alone(circuit), inputs=_poisson(circuit) if own_spikes else None)
    built.network.run(circuit.steps * circuit.dt * b2.second, namespace={})
    b2.device.build(directory=str(folder / "program"), compile=True, run=False, with_output=False)
    built_at = _cpu()
    b2.device.run(directory=str(folder / "program"), results_directory="results", with_output=False, run_args=[])
    times = {"build": built_at - start, "run": _cpu() - built_at}
    w = np.array(built.synapses.variables[circuit.rule.weight].get_value()).reshape(circuit.cells.count, circuit.sources.count)
    np.savez(folder / "outcome.npz", w=w, counts=np.bincount(np.asarray(built.spikes.i), minlength=circuit.cells.count))
    (folder / "times.json").write_text(json.dumps(times))


def _cpu() -> float:
    """CPU seconds of this process and those that it started and that have ended."""
    import resource

    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


if __name__ == "__main__":
    the_circuit, with_own_spikes = pickle.load(sys.stdin.buffer)
    _build_and_run(the_circuit, with_own_spikes, Path(sys.argv[1]))
