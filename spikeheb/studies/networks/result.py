"""The result of a network's run, as a data set."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.files import circuit_to_toml
from spikeheb.circuits.populations import Cells
from spikeheb.circuits.recording import NetworkRecording
from spikeheb.circuits.steps import Floats
from spikeheb.draws.edges import presentation_lengths
from spikeheb.errors import EngineError, SpikehebError
from spikeheb.measure.activity import balance, by_sign, interval_cv, rate_course, rates
from spikeheb.studies.labels import VERSION, describe

if TYPE_CHECKING:
    import xarray as xr

BIN = 0.01
"""Seconds of a bin of the populations' rates; longer in runs of many bins."""
MOST_BINS = 2000
FAST = 300.0
"""Hertz: beyond what cells of the cortex do for long."""
OF_ALL = ("time", "snapshot", "population", "cells", "mean_rate", "mean_cv")
"""Variables and dimensions of the whole network."""
OF_CELLS = (
    "cell", "rate", "cv", "rate_course", "spike", "spike_time", "spike_cell", "recorded", "bin", "bin_rate", "sample", "probed", "receptor",
    "v", "current", "current_correlation", "current_ratio",
)  # fmt: skip
OF_SYNAPSES = (
    "synapse", "weight", "pre", "post", "delay", "rewiring", "pruned", "grown", "snapshot", "watch", "watched", "watched_weight",
    "histogram_time", "histogram_bin", "histogram_edge", "histogram", "edge",
)  # fmt: skip
"""What stands after the name of a population or projection in the name of a variable or a dimension."""


def check_names(circuit: Circuit) -> None:
    """Refuse names of which two would give the result a variable or a dimension of one name.

    Raises
    ------
    EngineError
    """
    owners = [("the whole network", what) for what in OF_ALL]
    ruled = [name for name, projection in circuit.projections.items() if projection.rule is not None]
    for names, parts in ((populations(circuit), OF_CELLS), (ruled, OF_SYNAPSES)):
        owners += [(f'"{name}"', f"{name}_{what}") for name in names for what in parts]
    double = [variable for variable, count in Counter(variable for _, variable in owners).items() if count > 1]
    if double:
        first, second = [name for name, variable in owners if variable == double[0]][:2]
        raise EngineError(f'{first} and {second} would both have a "{double[0]}"; rename one', key="populations")


def populations(circuit: Circuit) -> dict[str, Cells]:
    """The populations of cells by name."""
    return {name: population for name, population in circuit.populations.items() if isinstance(population, Cells)}


def labelled(circuit: Circuit, recording: NetworkRecording) -> xr.Dataset:
    """The recording as a data set, with a ``note`` where there is something that a user would want to know."""
    import xarray as xr

    variables: dict[str, Any] = {}
    coordinates: dict[str, Any] = {}
    groups = populations(circuit)
    for name, cells in groups.items():
        _add_spikes(variables, coordinates, circuit, recording, name, cells.count)
        _add_samples(variables, coordinates, circuit, recording, name)
    coordinates["population"] = list(groups)
    variables["cells"] = ("population", [group.count for group in groups.values()])
    variables["mean_rate"] = ("population", [float(np.mean(variables[f"{name}_rate"][1])) for name in groups])
    if any(f"{name}_cv" in variables for name in groups):
        variables["mean_cv"] = (
            "population",
            [_mean(variables[f"{name}_cv"][1]) if f"{name}_cv" in variables else np.nan for name in groups],
        )
    for name, (starts, which) in recording.presentations.items():
        if starts.size:
            variables[f"{name}_presentation_time"] = (f"{name}_presentation", starts * circuit.dt)
            variables[f"{name}_presentation_source"] = (f"{name}_presentation", which)
            variables[f"{name}_presentation_length"] = (f"{name}_presentation", presentation_lengths(circuit, name)[which])
    for name in recording.w:
        _add_weights(variables, coordinates, circuit, recording, name)
        _add_watched(variables, coordinates, circuit, recording, name)
    data = describe(xr.Dataset(variables, coordinates), _texts(circuit, recording))
    notes = _notes(circuit, data, recording)
    data.attrs |= {"note": notes} if notes else {}
    return data


Variables = dict[str, Any]


def _add_spikes(variables: Variables, coordinates: Variables, circuit: Circuit, recording: NetworkRecording, name: str, count: int) -> None:
    """Spikes and rates: of the second half where all spikes are recorded, else of the whole run."""
    duration, width = circuit.steps * circuit.dt, circuit.probes.of_cells(name).bin_steps
    if width:
        coordinates[f"{name}_bin"] = (np.arange(len(recording.binned[name])) + 0.5) * width * circuit.dt
        variables[f"{name}_bin_rate"] = (f"{name}_bin", recording.binned[name] / (width * circuit.dt * count))
    if name in recording.spikes:
        steps, which = recording.spikes[name]
        times = steps * circuit.dt
        variables[f"{name}_cv"] = (f"{name}_cell", interval_cv(times, which, count, duration / 2, duration))
        variables[f"{name}_spike_time"], variables[f"{name}_spike_cell"] = (f"{name}_spike", times), (f"{name}_spike", which)
    if not all_recorded(circuit, name):
        variables[f"{name}_rate"] = (f"{name}_cell", recording.counts[name] / duration)
        if name in recording.spikes:
            coordinates[f"{name}_recorded"] = circuit.probes.kept(name, count)
        return
    variables[f"{name}_rate"] = (f"{name}_cell", rates(times, which, count, duration / 2, duration))
    shown = max(BIN, duration / MOST_BINS)
    bins = max(1, int(duration / shown + 1e-9))
    coordinates["time"] = (np.arange(bins) + 0.5) * shown
    variables[f"{name}_rate_course"] = ("time", rate_course(times[times < bins * shown], count, 0.0, bins * shown, shown))


def all_recorded(circuit: Circuit, name: str) -> bool:
    """Whether the spikes of all cells of a population are recorded."""
    return len(circuit.probes.kept(name, circuit.populations[name].count)) == circuit.populations[name].count


def _add_samples(variables: Variables, coordinates: Variables, circuit: Circuit, recording: NetworkRecording, name: str) -> None:
    """Potentials and currents, and how far excitation and inhibition balance."""
    of = circuit.probes.of_cells(name)
    if not len(of.samples):
        return
    over, currents, receptors = (f"{name}_sample", f"{name}_probed"), recording.currents[name], circuit.driven_cell(name).conducting
    times = of.samples * circuit.dt
    coordinates |= {f"{name}_sample": times, f"{name}_probed": of.cells, f"{name}_receptor": [r.name for r in receptors]}
    variables[f"{name}_v"] = (over, recording.v[name])
    variables[f"{name}_current"] = ((f"{name}_receptor", *over), currents)
    late = currents[:, times >= circuit.steps * circuit.dt / 2]
    if receptors and late.shape[1] > 1:
        balanced = balance(*by_sign(late))
        variables[f"{name}_current_correlation"] = (f"{name}_probed", balanced.correlation)
        variables[f"{name}_current_ratio"] = (f"{name}_probed", balanced.ratio)


def _add_weights(variables: Variables, coordinates: Variables, circuit: Circuit, recording: NetworkRecording, name: str) -> None:
    """Snapshots, the last of the end; over times of their own where the projection has them."""
    own = circuit.probes.projections.get(name)
    over = "snapshot" if own is None or own.snapshots is None else f"{name}_snapshot"
    taken = circuit.probes.of_synapses(name).snapshots
    times = np.zeros(0) if taken is None else taken * circuit.dt
    coordinates[over] = np.append(times, circuit.steps * circuit.dt)
    variables[f"{name}_weight"] = ((over, f"{name}_synapse"), np.concatenate([recording.snapshots[name], recording.w[name][None]]))
    done = recording.rewirings.get(name, ())
    for end in ("pre", "post"):
        last = getattr(recording, end)[name]
        then = [next((getattr(each, end) for each in done if step < each.step), last) for step in (() if taken is None else taken)]
        variables[f"{name}_{end}"] = ((over, f"{name}_synapse"), np.array([*then, last])) if done else (f"{name}_synapse", last)
    late = recording.delay[name] * circuit.dt
    same = late.size == 0 or late.min() == late.max()
    variables[f"{name}_delay"] = ((), float(late.max(initial=0.0))) if same else (f"{name}_synapse", late)
    if done:
        coordinates[f"{name}_rewiring"] = [each.step * circuit.dt for each in done]
        variables[f"{name}_pruned"] = (f"{name}_rewiring", [each.pruned for each in done])
        variables[f"{name}_grown"] = (f"{name}_rewiring", [each.grown for each in done])


def _add_watched(variables: Variables, coordinates: Variables, circuit: Circuit, recording: NetworkRecording, name: str) -> None:
    of = circuit.probes.of_synapses(name)
    if name in recording.watched:
        coordinates |= {f"{name}_watch": of.watch * circuit.dt, f"{name}_watched": recording.watched_synapses[name]}
        variables[f"{name}_watched_weight"] = ((f"{name}_watch", f"{name}_watched"), recording.watched[name])
    if name in recording.histograms:
        coordinates[f"{name}_histogram_time"] = of.histograms * circuit.dt
        variables[f"{name}_histogram"] = ((f"{name}_histogram_time", f"{name}_histogram_bin"), recording.histograms[name])
        variables[f"{name}_edge"] = (f"{name}_histogram_edge", of.edges)


def _mean(values: Floats) -> float:
    """The mean of those that are known."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def attributes(circuit: Circuit, recording: NetworkRecording) -> dict[str, Any]:
    """What was run: the network as the text of a file, hashes of its rules and cells, and which engine ran."""
    ruled = {name: circuit.projections[name].rule for name in recording.w}
    cells = {name: population.cell for name, population in populations(circuit).items()}
    try:
        text = circuit_to_toml(circuit)
    except SpikehebError as error:
        text = f"# cannot be written as a file: {error}"
    engine = {f"engine_{name}" if name != "engine" else name: value for name, value in recording.engine.items()}
    return {name: words for name in ("title", "doc") if (words := getattr(circuit, name))} | {
        "study": "network", "spikeheb": VERSION, "seed": circuit.seed, "dt_s": circuit.dt, "duration_s": circuit.steps * circuit.dt,
        "precision": circuit.precision, "populations": json.dumps([[name, each.count] for name, each in populations(circuit).items()]),
        "plastic": json.dumps(list(ruled)), "circuit": text,
        "dropped_spikes": sum(recording.dropped.values()),
        "rule_hashes": json.dumps({name: rule.hash for name, rule in ruled.items() if rule is not None}),
        "cell_hashes": json.dumps({name: cell.hash for name, cell in cells.items() if cell is not None}), **engine,
    }  # fmt: skip


def _texts(circuit: Circuit, recording: NetworkRecording) -> Mapping[str, tuple[str, str]]:
    texts = {
        "time": ("s", "time"), "snapshot": ("s", "time of the weights"), "cells": ("1", "number of cells"),
        "mean_rate": ("Hz", "mean rate of a cell"), "mean_cv": ("1", "mean coefficient of variation of the intervals, second half"),
    }  # fmt: skip
    for name in populations(circuit):
        of_rate = "second half" if all_recorded(circuit, name) else "whole run"
        texts |= {
            f"{name}_rate": ("Hz", f"rate of the cells of {name}, {of_rate}"),
            f"{name}_cv": ("1", f"coefficient of variation of the intervals, {name}, second half"),
            f"{name}_rate_course": ("Hz", f"mean rate of a cell of {name}"),
            f"{name}_spike_time": ("s", f"times of the spikes of {name}"), f"{name}_spike_cell": ("1", f"cells of the spikes of {name}"),
            f"{name}_recorded": ("1", f"cells of {name} whose spikes are recorded"),
            f"{name}_bin": ("s", f"middle of the bin, {name}"),
            f"{name}_bin_rate": ("Hz", f"mean rate of a cell of {name}, counted in bins"),
            f"{name}_sample": ("s", f"time of the potentials of {name}"), f"{name}_probed": ("1", f"cells of {name} that are recorded"),
            f"{name}_receptor": ("1", f"receptors of {name}"), f"{name}_v": ("V", f"potential, {name}"),
            f"{name}_current": ("A", f"current through all synapses of a receptor, {name}; above 0 it pushes the potential up"),
            f"{name}_current_correlation": ("1", f"correlation of excitatory and negative inhibitory current, {name}, second half"),
            f"{name}_current_ratio": ("1", f"mean excitatory over mean negative inhibitory current, {name}, second half"),
        }  # fmt: skip
    for name in recording.presentations:
        texts |= {
            f"{name}_presentation_time": ("s", f"times when a pattern begins in {name}"),
            f"{name}_presentation_source": ("1", f"source of {name} that has the pattern"),
            f"{name}_presentation_length": ("s", f"length of the pattern in {name}"),
        }
    for name in recording.w:
        projection = circuit.projections[name]
        ends = f"from {projection.pre} to {projection.post}"
        texts |= {
            f"{name}_weight": ("1", f"weight, {ends}"), f"{name}_pre": ("1", f"source of the synapse, {ends}"),
            f"{name}_post": ("1", f"cell of the synapse, {ends}"), f"{name}_delay": ("s", f"delay from spike to synapse, {ends}"),
            f"{name}_snapshot": ("s", f"time of the weights, {ends}"), f"{name}_rewiring": ("s", f"time of rewiring, {ends}"),
            f"{name}_pruned": ("1", f"removed synapses, {ends}"), f"{name}_grown": ("1", f"new synapses, {ends}"),
            f"{name}_watch": ("s", f"time of the watched weights, {ends}"), f"{name}_watched": ("1", f"number of the synapse, {ends}"),
            f"{name}_watched_weight": ("1", f"weight of chosen synapses, {ends}"),
            f"{name}_histogram_time": ("s", f"time of the histogram, {ends}"),
            f"{name}_edge": ("1", f"edge of the bins of weights, {ends}"),
            f"{name}_histogram": ("1", f"number of weights in the bin, {ends}"),
        }  # fmt: skip
    return texts


def _notes(circuit: Circuit, data: xr.Dataset, recording: NetworkRecording) -> str:
    """What a user would want to know."""
    notes = [
        f"{number:,} spikes of {name} were left out, since their trains have another in the same time step"
        for name, number in recording.dropped.items() if number
    ]  # fmt: skip
    for name in populations(circuit):
        mean = float(data[f"{name}_rate"].mean())
        if mean == 0.0:
            half = " in the second half of the run" if all_recorded(circuit, name) else ""
            notes.append(f"{name} is silent{half}")
        if mean > FAST:
            notes.append(f"{name} fires at {mean:.0f} Hz, which no cell of the cortex does for long")
        of = circuit.probes.of_cells(name)
        if of.spikes is None and not circuit.probes.trains and not of.bin_steps:
            notes.append(f"no spikes of {name} are recorded, so there is no {name}_rate_course; trains = true in [probes] records them")
    return "; ".join(notes)
