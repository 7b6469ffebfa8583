"""The trains of a circuit, the same for every engine; and the circuit with every synapse under a train of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import OwnCopies, Pairwise
from spikeheb.circuits.drives import by_cell
from spikeheb.circuits.populations import Population, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Projection
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.sources import Replayed
from spikeheb.circuits.steps import NO_STEPS, Steps
from spikeheb.circuits.values import of_synapses
from spikeheb.draws.trains import IMPOSED, INHIBITION, INPUTS, Clock, trains


def clock(circuit: Circuit) -> Clock:
    """What the trains depend on besides their sources."""
    return Clock(circuit.seed, circuit.dt, circuit.steps)


def trains_of(circuit: Circuit, projection: Projection) -> list[Steps]:
    """The steps of the spikes of each of its sources; where cells have copies of their own those of the first cell, then of the second.

    A population has one train for each source, whatever it reaches.
    """
    population = circuit.populations[projection.pre]
    assert isinstance(population, Spikes)
    copies = circuit.cells.count if isinstance(projection.connect, OwnCopies) else 1
    return trains(population.sources, clock(circuit), INPUTS if projection.pre == circuit.plastic.pre else INHIBITION, copies)


def imposed_trains(circuit: Circuit) -> list[Steps]:
    """The steps of the imposed spikes of each cell; empty where nothing is imposed."""
    return trains(circuit.drive.imposed, clock(circuit), IMPOSED) or [NO_STEPS] * circuit.cells.count


def expanded(circuit: Circuit) -> Circuit:
    """The same with all trains drawn, and a source for every synapse; weights are sampled wherever any is recorded.

    Raises
    ------
    EngineError
        For initial values of another shape.
    """
    cells, drive = circuit.cells.count, circuit.drive
    populations: dict[str, Population] = {circuit.plastic.post: circuit.cells}
    projections = dict(circuit.projections)
    for name, projection in circuit.projections.items():
        drawn, changes = trains_of(circuit, projection), dict[str, Any]()
        if not isinstance(projection.connect, Pairwise):
            drawn = drawn if isinstance(projection.connect, OwnCopies) else drawn * cells
            each = np.repeat(np.arange(cells), len(drawn) // cells)
            initial = {variable: of_synapses(circuit, variable, value) for variable, value in projection.initial.items()}
            changes = {"connect": Pairwise(each), "initial": initial}
        own = f"{projection.pre} of {name}"  # another projection from the same population may be connected otherwise
        populations[own], projections[name] = Spikes((Replayed(tuple(drawn)),)), replace(projection, pre=own, **changes)
    drives = replace(
        drive, imposed=(Replayed(tuple(imposed_trains(circuit))),), currents=by_cell(drive.currents, cells),
        clamps=by_cell(drive.clamps, cells), rewards=by_cell(drive.rewards, cells),
    )  # fmt: skip
    probes = Probes(samples=circuit.probes.weights, sweeps=circuit.probes.sweeps, sweep_steps=circuit.probes.sweep_steps, trains=True)
    return replace(
        circuit, populations=populations, projections=projections, drives={**circuit.drives, circuit.plastic.post: drives}, probes=probes
    )


def gathered(circuit: Circuit, recording: Recording) -> Recording:
    """What was recorded of `expanded(circuit)`, as what the circuit's probes ask for."""
    if circuit.is_pairwise:
        return recording
    probes, steps = circuit.probes, circuit.probes.weights
    samples = np.searchsorted(steps, probes.samples)
    shape = (circuit.cells.count, circuit.sources.count)
    weight = recording.weight.reshape(*shape, len(steps))
    counted = [np.histogram(weight[:, :, n], probes.edges)[0] for n in np.searchsorted(steps, probes.histograms)]
    return Recording(
        w=recording.w.reshape(shape),
        counts=np.array([len(train) for train in recording.spikes], dtype=np.int64),
        spikes=recording.spikes if probes.trains else (),
        weight=recording.weight[:, samples].copy(),
        efficacy=recording.efficacy[:, samples].copy(),
        snapshots=weight[:, :, np.searchsorted(steps, probes.snapshots)].transpose(2, 0, 1).copy(),
        watched=weight[probes.watched[:, 0], probes.watched[:, 1]][:, np.searchsorted(steps, probes.watch)],
        histograms=np.array(counted, dtype=np.int64).reshape(len(probes.histograms), max(1, len(probes.edges) - 1)),
        v=recording.v,
        engine=recording.engine,
    )
