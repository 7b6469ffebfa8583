"""Building a standalone program, in a process that does nothing else.

``python -m spikeheb.engines.brian.building FOLDER`` reads a pickled `Alone` from standard input (from its parent process only) and
leaves the program and a list of its arrays in the folder.
"""

from __future__ import annotations

import json
import pickle
import sys
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from spikeheb.engines.alone import Alone
from spikeheb.errors import EngineError
from spikeheb.expressions import tree as t
from spikeheb.rules.meaning import expand

MANIFEST = "arrays.json"


class Array(TypedDict):
    """A result file: its name, dtype, number of elements (or the label of the array that holds it)."""

    file: str
    dtype: str
    size: int | str
    constant: bool


MAX_SAMPLES = 100_000_000


@cache
def version() -> str:
    """Brian2's version, without importing it."""
    return installed("brian2")


def sampled_variables(job: Alone) -> list[str]:
    """Synaptic variables that weight and efficacy are made of."""
    read = t.names(expand(job.rule.efficacy, job.rule)) & set(job.rule.variables)
    return sorted(read | {job.rule.weight})


def sampling_step(job: Alone) -> int:
    """The largest number of steps that all sampled steps are multiples of.

    Raises
    ------
    EngineError
        Where that is so small that the record would not fit into memory.
    """
    step = int(np.gcd.reduce(job.samples)) or job.steps
    if job.steps // step * job.inputs * len(sampled_variables(job)) > MAX_SAMPLES:
        raise EngineError(
            f'weights at these times have no common interval longer than {step * job.dt * 1e3:g} ms; use the engine "brian:numpy" here'
        )
    return step


def build(job: Alone, folder: Path) -> None:
    """Write, compile and describe the program."""
    from spikeheb.engines.brian import importing, lanes

    b2 = importing.brian()
    b2.set_device("cpp_standalone", directory=str(folder / "program"), build_on_run=False)
    b2.prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    b2.seed(job.seed)
    built = lanes.build(job, sweeping=bool(job.sweep_steps))
    objects = _records(b2, job, built)
    built.network.add(*objects)
    built.network.run(job.steps * job.dt * b2.second, namespace={})
    b2.device.build(directory=str(folder / "program"), compile=True, run=False, with_output=False)
    arrays = _arrays(b2, {obj.name: obj for obj in (*built.network.objects, built.synapses, built.cells)})
    (folder / MANIFEST).write_text(json.dumps({"arrays": arrays, "versions": importing.versions()}))
    for leftover in (folder / "program").rglob("*.o"):
        leftover.unlink()


def _records(b2: Any, job: Alone, built: Any) -> list[Any]:
    objects = []
    if job.samples.size:
        clock = b2.Clock(dt=sampling_step(job) * job.dt * b2.second, name="sampling_clock")
        objects.append(b2.StateMonitor(built.synapses, sampled_variables(job), record=True, clock=clock, when="end", name="sampled"))
    if job.sweep_steps:
        objects.append(b2.EventMonitor(built.cells, "sweep", variables=["v"], when="end", name="swept"))
    return objects


def _arrays(b2: Any, owners: dict[str, Any]) -> dict[str, Array]:
    """What is known of each array that we set or read."""
    arrays: dict[str, Array] = {}

    def add(owner: str, name: str, size: int | str) -> None:
        variable = owners[owner].variables[name]
        file = b2.device.get_array_filename(variable)
        arrays[f"{owner}.{name}"] = {
            "file": file,
            "dtype": np.dtype(variable.dtype).name,
            "size": size,
            "constant": bool(variable.constant),
        }

    for owner in ("synapses", "cells", "post"):
        for name, variable in owners[owner].variables.items() if owner in owners else ():
            if isinstance(variable, b2.core.variables.ArrayVariable) and variable.dtype == np.float64 and variable.owner.name == owner:
                add(owner, name, 1 if variable.scalar else len(owners[owner]))
    for owner, names in (("spikes", ["i", "t"]), ("swept", ["v"]), ("sampled", None)):
        if owner in owners:
            add(owner, "N", 1)
            for name in owners[owner].record_variables if names is None else names:
                add(owner, name, f"{owner}.N")
    return arrays


if __name__ == "__main__":
    build(pickle.load(sys.stdin.buffer), Path(sys.argv[1]))
