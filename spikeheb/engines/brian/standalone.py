"""Running a circuit as Brian2's C++ standalone program, built once for each model, lanes and schedule.

The program is built by a process of its own in the build cache. Parameters and initial values are written to files and
named on its command line, so that other values need no build. Brian2's program reports none of what can go wrong: it
takes a missing or wrong-sized value file as no file, and a full disk as success. So everything that was set is read back
and compared, and every result file must have the size that the model gives it.
"""

from __future__ import annotations

import json
import pickle
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.steps import Floats
from spikeheb.circuits.values import constants, efficacy, per_input
from spikeheb.draws.expanded import gathered
from spikeheb.engines import cache as build_cache
from spikeheb.engines import children
from spikeheb.engines.alone import Alone, alone
from spikeheb.engines.brian import building, late
from spikeheb.engines.brian.building import Array
from spikeheb.engines.brian.cells import NO_DRAWS
from spikeheb.engines.brian.names import users
from spikeheb.engines.brian.owned import of_rule, under_users_names
from spikeheb.engines.brian.settings import settings
from spikeheb.engines.compiler import compiler_of_system
from spikeheb.errors import BuildError, EngineError, NonFiniteError, StorageError
from spikeheb.rules.meaning import actions, is_noisy
from spikeheb.tables import content_hash

NEEDS = (building.MANIFEST, "program/main")
"""Files that the cache's entry must have."""


def run(circuit: Circuit) -> Recording:
    """Build the circuit's program if it is not in the cache, and run it.

    Raises
    ------
    BuildError
        Where there is no compiler, or it failed.
    EngineError
        Where the program failed, or did not take a value.
    StorageError
        Where a result file is not whole.
    NonFiniteError
    """
    job = alone(of_rule(circuit))
    if circuit.unplastic is not None or circuit.plastic.normalise is not None or circuit.precision != "float64":
        raise EngineError('inhibitory inputs, normalisation and single precision need another engine than "brian:standalone"')
    if job.cell is not None and job.cell.draws:
        raise EngineError(f'{NO_DRAWS}; the engine "brian:numpy" does', path=job.cell.path, key="membrane.threshold")
    working = compiler_of_system()
    if working is None:
        raise BuildError('no C++ compiler found that Brian2 can use (CXX, g++, c++, clang++); install one, or use the engine "brian:numpy"')
    key = content_hash([_structure(job), building.version(), working.identity, _own_source()])
    folder = build_cache.fetch("brian-standalone", key, lambda place: _build(job, place), NEEDS)
    manifest = json.loads((folder / building.MANIFEST).read_text())
    with tempfile.TemporaryDirectory(prefix="spikeheb-run-") as place:
        results = Results(Path(place), manifest["arrays"])
        values = settings(job)
        _call(folder / "program", Path(place), values, manifest["arrays"])
        results.check_values(values)
        engine = {"engine": "brian:standalone", **manifest["versions"], "compiler": working.version}
        return gathered(circuit, under_users_names(_recording(job, results, engine)))


@cache
def _own_source() -> str:
    """What this package makes of a job: a program built by another version of it is another program."""
    return content_hash([path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))])


def _structure(job: Alone) -> object:
    """All that the program's source depends on."""
    rule = {name: value for name, value in job.rule.describe().items() if name not in ("constants", "set", "changed", "name", "initial")}
    cell = job.cell.describe() if job.cell else None
    return [
        rule,
        sorted(job.rule.constants),
        {name: value for name, value in cell.items() if name not in ("constants", "name", "initial")} if cell else None,
        job.dt, job.steps, job.lane_of_input.tolist(), [train.tolist() for train in job.pre], [train.tolist() for train in job.post],
        sorted(job.overrides), [[c.cell, c.step, c.value] for c in job.currents],
        [[name, c.cell, c.step, c.value] for name, heard in job.signals.items() for c in heard],
        [[c.cell, c.step, repr(c.value)] for c in job.clamps],
        [action.delay for action in actions(job.rule)], late.steps(job) if job.rule.post else None,
        job.samples.tolist(), job.sweeps.tolist(), job.sweep_steps, job.receptor, job.seed if is_noisy(job.rule) else None,
    ]  # fmt: skip


def _build(job: Alone, folder: Path) -> None:
    """Let another process build: Brian2 builds one model a process, and imports what its working directory offers."""
    arguments = [sys.executable, "-m", "spikeheb.engines.brian.building", str(folder)]
    done = children.call(arguments, data=pickle.dumps(replace(job, progress=None)), folder=folder, environment={"TMPDIR": str(folder)})
    if done.returncode != 0 or not (folder / building.MANIFEST).is_file():
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise BuildError(f"the standalone program could not be built ({lines[-1][:200]})")


def _call(program: Path, place: Path, values: Mapping[str, Floats], arrays: Mapping[str, Array]) -> None:
    arguments = []
    for n, (label, value) in enumerate(values.items()):
        if label not in arrays:
            raise EngineError(f"the program has no variable {shown(label)}")
        if not np.all(np.isfinite(value)):
            raise NonFiniteError(f"{shown(label)} is not finite")
        file = place / f"value{n}.bin"
        _write(file, np.ascontiguousarray(value, dtype=np.float64))
        arguments.append(f"{label}={file}")
    (place / "results").mkdir()
    command = [str(program / "main"), "--results_dir", f"{place / 'results'}/", *arguments]
    done = children.call(command, folder=program)
    complaint = done.stderr.decode(errors="replace").strip()
    if done.returncode != 0 or complaint:
        raise EngineError(f"the standalone program failed (exit code {done.returncode}) {complaint[:200]}".strip())


def shown(label: str) -> str:
    """An ``owner.name`` with the name that the file has."""
    owner, _, name = label.partition(".")
    return f"{owner}.{users(name)}"


def _write(file: Path, value: Floats) -> None:
    try:
        value.tofile(file)
    except OSError as error:
        raise StorageError(f"cannot be written ({error.strerror or error})", path=str(file)) from None
    if file.stat().st_size != value.nbytes:
        raise StorageError("could not be written whole; is the disk full?", path=str(file))


class Results:
    """The program's result files, each checked for its size when it is read.

    Parameters
    ----------
    place : Path
        The folder that holds ``results``.
    arrays : mapping
        For each ``owner.name``: file, dtype, size (a number, or the label of the array that holds it), whether constant.
    """

    def __init__(self, place: Path, arrays: Mapping[str, Array]) -> None:
        self.folder, self.arrays = place / "results", arrays

    def read(self, label: str, times: int = 1) -> npt.NDArray[np.generic]:
        """The array of that label, which must have `times` its listed size."""
        array = self.arrays[label]
        size = array["size"]
        expected = times * (size if isinstance(size, int) else int(self.read(size)[0]))
        file, dtype = self.folder / array["file"], np.dtype(array["dtype"])
        size_of_file = file.stat().st_size if file.is_file() else 0
        if size_of_file != expected * dtype.itemsize:
            raise StorageError(
                f"the result of {shown(label)} has {size_of_file} bytes instead of {expected * dtype.itemsize}; is the disk full?",
                path=str(file),
            )
        return np.fromfile(file, dtype=dtype)

    def check_values(self, values: Mapping[str, Floats]) -> None:
        """Every constant must come back as it was set, and the run must have reached its end."""
        info = self.folder / "last_run_info.txt"
        words = info.read_text().split() if info.is_file() else []
        if len(words) != 2 or float(words[1]) != 1.0:
            raise EngineError("the standalone program did not reach the end of the run; is the disk full?")
        for label, value in values.items():
            if self.arrays[label]["constant"] and not np.array_equal(self.read(label), value):
                raise EngineError(f"the standalone program did not take the value of {shown(label)}")


def _recording(job: Alone, results: Results, engine: dict[str, str]) -> Recording:
    read = results.read
    variables = {name: read(f"synapses.{name}").astype(float) for name in job.rule.variables}
    for name, value in variables.items():
        bad = np.flatnonzero(~np.isfinite(value))
        if bad.size:
            raise NonFiniteError(f"{users(name)} of input {bad[0]} became {value[bad[0]]} before {job.steps * job.dt:.4f} s")
    weight, strength = np.zeros((job.inputs, 0)), np.zeros((job.inputs, 0))
    if job.samples.size:
        rows = job.samples // building.sampling_step(job)
        known = {name: per_input(job.circuit, value) for name, value in constants(job.circuit).items()}
        sampled = {
            name: read(f"sampled.{name}", job.inputs).reshape(-1, job.inputs)[rows].astype(float)
            for name in building.sampled_variables(job)
        }
        weight = sampled[job.rule.weight].T
        columns = [efficacy(job.circuit, {name: value[k] for name, value in sampled.items()}, known) for k in range(len(rows))]
        strength = np.array(columns).T
    v = np.zeros((job.lanes, len(job.sweeps), job.sweep_steps))
    if v.size:
        recorded = read("swept.v").astype(float)
        if recorded.size != v.size or not np.all(np.isfinite(recorded)):
            raise NonFiniteError("the membrane potential became NaN or infinite, or sweeps are missing")
        v = recorded.reshape(len(job.sweeps), job.sweep_steps, job.lanes).transpose(2, 0, 1).copy()
    index, times = read("spikes.i"), read("spikes.t").astype(float)
    steps = np.rint(times / job.dt).astype(np.int64)
    trains = tuple(steps[index == lane] for lane in range(job.lanes))
    return Recording(w=variables[job.rule.weight], variables=variables, weight=weight, efficacy=strength, v=v, spikes=trains, engine=engine)
