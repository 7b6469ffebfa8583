"""Running a network: rates and irregularity of its cells, all spikes, and the weights of its plastic synapses along time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.files import circuit_of, circuit_to_toml, read_circuit
from spikeheb.circuits.populations import Cells
from spikeheb.circuits.recording import NetworkRecording
from spikeheb.declared import described, takes_settings
from spikeheb.engines.choice import carry_out_network
from spikeheb.errors import EngineError, SpikehebError, check_kind
from spikeheb.measure.activity import interval_cv, rate_course, rates
from spikeheb.studies.labels import VERSION, describe
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.settings.network import Network

if TYPE_CHECKING:
    import xarray as xr

ENGINES = ("auto", "kernel", "plain")
BIN = 0.01
"""Seconds of a bin of the populations' rates; longer in runs of many bins."""
MOST_BINS = 2000
OF_ALL = ("time", "snapshot", "population", "cells", "mean_rate", "mean_cv")
OF_POPULATION = ("cell", "spike", "rate", "cv", "rate_course", "spike_time", "spike_cell")
OF_PROJECTION = ("synapse", "weight", "pre", "post", "delay", "rewiring", "pruned", "grown")
"""Variables and dimensions of a result: of the network, and after the name of each population of cells and projection with a rule."""
FAST = 300.0
"""Hertz: beyond what cells of the cortex do for long."""


@shows_progress
@takes_settings(Network)
def network(circuit: Circuit | Mapping[str, object] | Path | str, settings: Network, *, progress: Progress = None) -> xr.Dataset:
    """Run a network.

    Parameters
    ----------
    circuit : str, path, mapping or Circuit
        A network of the library by name, the path of a file, a mapping with the keys of a file, or a circuit.
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``population`` the means ``mean_rate`` and ``mean_cv``; for each population P of cells ``P_rate`` and ``P_cv`` (coefficient
        of variation of the intervals) over ``P_cell``, all of the second half of the run, ``P_rate_course`` over ``time``, and
        ``P_spike_time`` and ``P_spike_cell`` over ``P_spike``; for each projection Q with a rule ``Q_weight`` over ``snapshot`` and
        ``Q_synapse``, with source ``Q_pre``, cell ``Q_post`` and delay ``Q_delay`` of each synapse (one where all are the same). The last
        snapshot is of the end. Where phases rewire Q, ``Q_pre`` and ``Q_post`` are over ``snapshot`` too, and ``Q_pruned`` and ``Q_grown``
        over ``Q_rewiring``, the times. A ``note`` says where a rate is beyond physiology.

    Raises
    ------
    SpikehebError
    """
    whole = as_asked(circuit, settings)
    recording = carry_out_network(whole, settings.engine, progress=report_of(progress))
    data = labelled(whole, recording)
    data.attrs = described(settings) | attributes(whole, recording)
    texts = _texts(whole)
    notes = _notes(whole, data)
    data.attrs |= {"note": notes} if notes else {}
    return describe(data, texts)


def as_asked(circuit: Circuit | Mapping[str, object] | Path | str, settings: Network) -> Circuit:
    """The network with what the settings say.

    Raises
    ------
    SpikehebError
    """
    if settings.engine not in ENGINES:
        raise EngineError(f'expected one of {", ".join(ENGINES)} (got "{settings.engine}")', key="engine")
    if isinstance(circuit, Mapping):
        circuit = circuit_of(circuit)
    whole = circuit if isinstance(circuit, Circuit) else read_circuit(_path(circuit))
    _check_names(whole)
    steps = whole.steps if settings.duration is None else max(1, round(settings.duration / whole.dt))
    return replace(
        whole, steps=steps, probes=whole.probes.until(steps), seed=whole.seed if settings.seed is None else settings.seed,
        precision=whole.precision if settings.precision is None else settings.precision,
    )  # fmt: skip


def _check_names(circuit: Circuit) -> None:
    """Raise where two parts of a network would have variables or dimensions of one name in the result."""
    owner = dict.fromkeys(OF_ALL, "the whole network")
    ruled = [name for name, projection in circuit.projections.items() if projection.rule is not None]
    for what, names, parts in (("population", populations(circuit), OF_POPULATION), ("projection", ruled, OF_PROJECTION)):
        for name in names:
            for full in (f"{name}_{part}" for part in parts):
                if full in owner:
                    raise EngineError(f'{owner[full]} and {what} "{name}" would both have "{full}"; rename one', key=f"{what}s")
                owner[full] = f'{what} "{name}"'


def _path(name: Path | str) -> Path:
    check_kind(name, (str, Path), "the name of a network, a path, a mapping or a circuit", key="circuit")
    return library.find("network", name)


# --- the result ---


def labelled(circuit: Circuit, recording: NetworkRecording) -> xr.Dataset:
    """The recording as a data set."""
    import xarray as xr

    duration = circuit.steps * circuit.dt
    width = max(BIN, duration / MOST_BINS)
    bins = max(1, int(duration / width + 1e-9))
    variables: dict[str, Any] = {}
    coordinates: dict[str, Any] = {"time": (np.arange(bins) + 0.5) * width}
    for name, cells in populations(circuit).items():
        count = cells.count
        if not circuit.probes.trains:
            variables[f"{name}_rate"] = (f"{name}_cell", recording.counts[name] / duration)
            continue
        steps, which = recording.spikes[name]
        times = steps * circuit.dt
        variables[f"{name}_rate"] = (f"{name}_cell", rates(times, which, count, duration / 2, duration))
        variables[f"{name}_cv"] = (f"{name}_cell", interval_cv(times, which, count, duration / 2, duration))
        inside = times < bins * width
        variables[f"{name}_rate_course"] = ("time", rate_course(times[inside], count, 0.0, bins * width, width))
        variables[f"{name}_spike_time"] = (f"{name}_spike", times)
        variables[f"{name}_spike_cell"] = (f"{name}_spike", which)
    groups = populations(circuit)
    coordinates["population"] = list(groups)
    variables["cells"] = ("population", [group.count for group in groups.values()])
    variables["mean_rate"] = ("population", [float(np.mean(variables[f"{name}_rate"][1])) for name in groups])
    if circuit.probes.trains:
        variables["mean_cv"] = ("population", [_mean(variables[f"{name}_cv"][1]) for name in groups])
    ruled = list(recording.w)
    if ruled:
        coordinates["snapshot"] = np.append(circuit.probes.snapshots * circuit.dt, duration)
    for name in ruled:
        weights = np.concatenate([recording.snapshots[name], recording.w[name][None]])
        variables[f"{name}_weight"] = (("snapshot", f"{name}_synapse"), weights)
        for end in ("pre", "post"):
            variables[f"{name}_{end}"] = _ends(circuit, name, end, recording)
        late = recording.delay[name] * circuit.dt
        same = late.size == 0 or late.min() == late.max()
        variables[f"{name}_delay"] = ((), float(late.max(initial=0.0))) if same else (f"{name}_synapse", late)
        if recording.rewirings.get(name):
            done = recording.rewirings[name]
            coordinates[f"{name}_rewiring"] = [each.step * circuit.dt for each in done]
            variables[f"{name}_pruned"] = (f"{name}_rewiring", [each.pruned for each in done])
            variables[f"{name}_grown"] = (f"{name}_rewiring", [each.grown for each in done])
    return xr.Dataset(variables, coordinates)


def _ends(circuit: Circuit, name: str, end: str, recording: NetworkRecording) -> tuple[Any, Any]:
    """Source or cell of each synapse; at each snapshot, where the projection was rewired."""
    last, dimension = getattr(recording, end)[name], f"{name}_synapse"
    done = recording.rewirings.get(name, ())
    if not done:
        return dimension, last
    nexts = [next((each for each in done if step < each.step), None) for step in circuit.probes.snapshots]
    return ("snapshot", dimension), np.array([*(last if each is None else getattr(each, end) for each in nexts), last])


def _mean(values: npt.NDArray[np.float64]) -> float:
    """The mean of those that are known."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def populations(circuit: Circuit) -> dict[str, Cells]:
    """The populations of cells by name."""
    return {name: population for name, population in circuit.populations.items() if isinstance(population, Cells)}


def attributes(circuit: Circuit, recording: NetworkRecording) -> dict[str, Any]:
    """What was run: the network as the text of a file, hashes of its rules and cells, and which engine ran."""
    ruled = {name: circuit.projections[name].rule for name in recording.w}
    cells = {name: population.cell for name, population in populations(circuit).items()}
    try:
        text = circuit_to_toml(circuit)
    except SpikehebError as error:
        text = f"# cannot be written as a file: {error}"
    engine = {f"engine_{name}" if name != "engine" else name: value for name, value in recording.engine.items()}
    return {
        "study": "network", "spikeheb": VERSION, "seed": circuit.seed, "dt_s": circuit.dt, "duration_s": circuit.steps * circuit.dt,
        "precision": circuit.precision, "populations": json.dumps([[name, each.count] for name, each in populations(circuit).items()]),
        "plastic": json.dumps(list(ruled)), "circuit": text,
        "rule_hashes": json.dumps({name: rule.hash for name, rule in ruled.items() if rule is not None}),
        "cell_hashes": json.dumps({name: cell.hash for name, cell in cells.items() if cell is not None}), **engine,
    }  # fmt: skip


def _texts(circuit: Circuit) -> Mapping[str, tuple[str, str]]:
    texts = {
        "time": ("s", "time"), "snapshot": ("s", "time of the weights"), "cells": ("1", "number of cells"),
        "mean_rate": ("Hz", "mean rate of a cell, second half"), "mean_cv": ("1", "mean coefficient of variation of the intervals"),
    }  # fmt: skip
    for name in populations(circuit):
        texts |= {
            f"{name}_rate": ("Hz", f"rate of the cells of {name}, second half"),
            f"{name}_cv": ("1", f"coefficient of variation of the intervals, {name}"),
            f"{name}_rate_course": ("Hz", f"mean rate of a cell of {name}"),
            f"{name}_spike_time": ("s", f"times of the spikes of {name}"), f"{name}_spike_cell": ("1", f"cells of the spikes of {name}"),
        }  # fmt: skip
    for name, projection in circuit.projections.items():
        ends = f"from {projection.pre} to {projection.post}"
        texts |= {
            f"{name}_weight": ("1", f"weight, {ends}"), f"{name}_pre": ("1", f"source of the synapse, {ends}"),
            f"{name}_post": ("1", f"cell of the synapse, {ends}"), f"{name}_delay": ("s", f"delay from spike to synapse, {ends}"),
            f"{name}_rewiring": ("s", f"time of rewiring, {ends}"), f"{name}_pruned": ("1", f"removed synapses, {ends}"),
            f"{name}_grown": ("1", f"new synapses, {ends}"),
        }  # fmt: skip
    return texts


def _notes(circuit: Circuit, data: xr.Dataset) -> str:
    """What a user would want to know."""
    notes = []
    for name in populations(circuit):
        mean = float(data[f"{name}_rate"].mean())
        if mean == 0.0:
            notes.append(f"{name} is silent in the second half of the run")
        if mean > FAST:
            notes.append(f"{name} fires at {mean:.0f} Hz, which no cell of the cortex does for long")
    return "; ".join(notes)
