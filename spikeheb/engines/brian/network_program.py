"""Running a network as Brian2's C++ standalone program, which is built anew for each run.

``python -m spikeheb.engines.brian.network_program FOLDER`` reads a pickled `Circuit` from standard input (from its parent process only),
builds and runs the program, and leaves the pickled recording, or the error, in the folder.
"""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.populations import Cells
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.recording import NetworkRecording
from spikeheb.engines import children
from spikeheb.engines.brian import importing
from spikeheb.engines.brian.cells import NO_DRAWS
from spikeheb.engines.brian.network import build, enter, plan
from spikeheb.engines.brian.network_run import check_finite, recording, weights_of
from spikeheb.engines.brian.runtime import check_values
from spikeheb.engines.compiler import compiler_of_system
from spikeheb.engines.recorder import Recorder
from spikeheb.errors import BuildError, EngineError, SpikehebError

OUTCOME = "outcome.pickle"
ELSE = 'use the engine "brian:cython" or "brian:numpy"'


def run(circuit: Circuit, *, threads: int = 0) -> NetworkRecording:
    """Build a network's program and run it; the recording's `engine` has the CPU seconds of the build, and CPU and clock of the run.

    Parameters
    ----------
    circuit : Circuit
    threads : int
        Of OpenMP; 0 for a program without it.

    Raises
    ------
    EngineError
        For what a program without Python cannot do, by its name; where the program failed.
    BuildError
        Where there is no compiler, or it failed.
    NonFiniteError
        At the end of the run.
    """
    _refuse(circuit)
    if compiler_of_system() is None:
        raise BuildError(f"no C++ compiler found that Brian2 can use (CXX, g++, c++, clang++); install one, or {ELSE}")
    with tempfile.TemporaryDirectory(prefix="spikeheb-run-") as place:
        arguments = [sys.executable, "-m", "spikeheb.engines.brian.network_program", place, str(threads)]
        done = children.call(arguments, data=pickle.dumps(circuit), folder=Path(place), environment={"TMPDIR": place})
        file = Path(place) / OUTCOME
        if done.returncode != 0 or not file.is_file():
            lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
            raise BuildError(f"the standalone program of the network could not be built or run ({lines[-1][:200]})")
        outcome = pickle.loads(file.read_bytes())
    if isinstance(outcome, SpikehebError):
        raise outcome
    assert isinstance(outcome, NetworkRecording)
    return outcome


def _refuse(circuit: Circuit) -> None:
    if circuit.triggers:
        raise EngineError(f"a standalone program has no triggers; {ELSE}", key="triggers")
    for name, projection in circuit.projections.items():
        if projection.normalise is not None:
            raise EngineError(f'"{name}": a standalone program does not normalise; {ELSE}', key="normalise")
    for name, given in circuit.drives.items():
        if given.noise is not None:
            raise EngineError(f'"{name}": a standalone program has no random currents; {ELSE}', key="drives")
    for name, population in circuit.populations.items():
        if isinstance(population, Cells) and population.cell is not None and population.cell.draws:
            raise EngineError(f'"{name}": {NO_DRAWS}; {ELSE}', path=population.cell.path, key="membrane.threshold")
    last = circuit.steps - 1
    of_cells = any(len(circuit.probes.of_cells(name).samples) for name in circuit.populations)
    if of_cells or _records_before(circuit.probes, circuit, last):
        raise EngineError(f"a standalone program records spikes, and weights at the end of the run; {ELSE} for other probes", key="probes")


def _records_before(probes: Probes, circuit: Circuit, last: int) -> bool:
    """Whether weights are recorded before the last step."""
    for name in circuit.projections:
        of = probes.of_synapses(name)
        for steps in (of.snapshots, of.watch, of.histograms):
            if steps is not None and np.any(steps < last):
                return True
    return False


def _build_and_run(circuit: Circuit, folder: Path, threads: int) -> NetworkRecording:
    planned, b2, program = plan(circuit), importing.brian(), str(folder / "program")
    b2.set_device("cpp_standalone", directory=program, build_on_run=False)
    b2.prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    b2.prefs.devices.cpp_standalone.openmp_threads = threads
    b2.seed(circuit.seed)
    start = _cpu()
    with importing.refusals(""):
        built = build(planned)
        begins = [0, *(phase.step for phase in circuit.phases)]
        for begin, end in zip(begins, [*begins[1:], circuit.steps], strict=True):
            enter(planned, built, begin)
            built.network.run((end - begin) * circuit.dt * b2.second, namespace={})
    b2.device.build(directory=program, compile=True, run=False, with_output=False)
    ready, begun = _cpu(), time.perf_counter()
    b2.device.run(directory=program, results_directory="results", with_output=False, run_args=[])
    spent = {"build_cpu_s": f"{ready - start:.3f}", "run_cpu_s": f"{_cpu() - ready:.3f}", "run_s": f"{time.perf_counter() - begun:.3f}"}
    check_finite(planned, built, circuit.steps)
    check_values(built.network, built.values)
    weights = {name: weights_of(planned, built, name) for name in planned.ruled}
    recorder = Recorder(circuit, {name: {} for name in planned.cells}, weights, planned.edges)
    recorder.record(circuit.steps - 1)
    return recording(planned, built, recorder, {"engine": "brian:standalone", **importing.versions(), **spent})


def _cpu() -> float:
    """CPU seconds of this process and those that it started and that have ended."""
    return sum(os.times()[:4])


def _main(folder: Path, threads: int) -> None:
    outcome: NetworkRecording | SpikehebError
    try:
        outcome = _build_and_run(pickle.load(sys.stdin.buffer), folder, threads)
    except SpikehebError as error:
        outcome = error
    (folder / OUTCOME).write_bytes(pickle.dumps(outcome))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
