"""The usual circuits: spike sources onto cells of one kind, through synapses with one rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from spikeheb.cells import Cell
from spikeheb.circuits.circuit import CELLS, INPUTS, SYNAPSES, UNPLASTIC, Circuit
from spikeheb.circuits.connect import AllToAll, Connector, Pairwise
from spikeheb.circuits.drives import EVERY, Drives
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Normalise, Projection
from spikeheb.circuits.sources import Replayed, Source
from spikeheb.circuits.steps import NO_STEPS, Floats, Steps
from spikeheb.rules.rule import Rule

AS_IN_THE_FILE: Mapping[str, Floats] = {}


def given(trains: tuple[Steps, ...]) -> tuple[Replayed]:
    """Trains of which every step is given."""
    return (Replayed(trains),)


def without_cell(circuit: Circuit) -> Circuit:
    """The same spikes, those of the cells imposed, at synapses by themselves: nothing of a membrane is left."""
    drive, name = circuit.drive, circuit.plastic.post
    return replace(
        circuit.with_plastic(receptor=None),
        populations={**circuit.populations, name: Cells(circuit.cells.count)},
        drives={**circuit.drives, name: Drives(imposed=drive.imposed, rewards=drive.rewards)},
        probes=replace(circuit.probes, sweeps=NO_STEPS, sweep_steps=0),
    )


def with_drive(circuit: Circuit, drive: Drives) -> Circuit:
    """The same under other drives."""
    return replace(circuit, drives={**circuit.drives, circuit.plastic.post: drive})


def trains_given(sources: Sequence[Source]) -> list[Steps]:
    """All given trains."""
    return [train for source in sources if isinstance(source, Replayed) for train in source.trains]


def with_inputs(circuit: Circuit, inputs: Steps, lane: Steps) -> Circuit:
    """Lanes with these of their inputs, some perhaps several times, each in its lane."""
    pre, plastic = trains_given(circuit.sources.sources), circuit.plastic
    populations = {**circuit.populations, plastic.pre: Spikes(given(tuple(pre[k] for k in inputs)))}
    changed = replace(plastic, connect=Pairwise(lane))
    projections = {name: changed if each is plastic else each for name, each in circuit.projections.items()}
    return replace(circuit, populations=populations, projections=projections)


def with_lanes(circuit: Circuit, lanes_of_cells: Steps) -> Circuit:
    """As many lanes as inputs, each for one input, with the drives and constants of the lane that is named for it."""
    drive, plastic, count = circuit.drive, circuit.plastic, len(lanes_of_cells)
    post = trains_given(drive.imposed)
    of_lane = [[reward for reward in drive.rewards if reward.cell in (n, EVERY)] for n in range(circuit.cells.count)]
    rewards = tuple(replace(reward, cell=k) for k, n in enumerate(lanes_of_cells) for reward in of_lane[n])
    overrides = {name: values[lanes_of_cells] for name, values in plastic.overrides.items()}
    changed = replace(plastic, connect=Pairwise(np.arange(count)), overrides=overrides)
    return replace(
        circuit,
        populations={**circuit.populations, plastic.post: Cells(count, circuit.cell)},
        projections={name: changed if each is plastic else each for name, each in circuit.projections.items()},
        drives={**circuit.drives, plastic.post: Drives(imposed=given(tuple(post[n] for n in lanes_of_cells)), rewards=rewards)},
    )


def lanes(
    rule: Rule,
    cell: Cell | None,
    dt: float,
    steps: int,
    lane_of_input: Steps,
    pre: tuple[Steps, ...],
    drives: Drives,
    probes: Probes | None = None,
    initial: Mapping[str, float | Floats] = AS_IN_THE_FILE,
    overrides: Mapping[str, Floats] = AS_IN_THE_FILE,
    receptor: str | None = None,
    seed: int = 0,
) -> Circuit:
    """Cells that share nothing, each with inputs of its own: the lanes of an experiment.

    Parameters
    ----------
    rule, cell
    dt : float
        Seconds.
    steps : int
    lane_of_input : array of int, shape (inputs,)
        The cell of each input, sorted.
    pre : tuple of arrays of int
        Steps of the spikes of each input.
    drives : Drives
        With imposed trains for every cell, which say how many there are.
    probes : Probes, optional
    initial, overrides, receptor
        As in `Projection`.
    seed : int

    Raises
    ------
    EngineError, ScheduleError
    """
    return Circuit(
        dt=dt, steps=steps, seed=seed, probes=probes or Probes(), drives={CELLS: drives},
        populations={INPUTS: Spikes(given(pre)), CELLS: Cells(sum(source.count for source in drives.imposed), cell)},
        projections={
            SYNAPSES: Projection(INPUTS, CELLS, Pairwise(lane_of_input), rule, receptor=receptor, initial=initial, overrides=overrides)
        },
    )  # fmt: skip


def fan_in(
    rule: Rule,
    cell: Cell | None,
    dt: float,
    steps: int,
    cells: int,
    sources: tuple[Source, ...],
    connect: Connector | None = None,
    drives: Drives | None = None,
    probes: Probes | None = None,
    initial: Mapping[str, float | Floats] = AS_IN_THE_FILE,
    normalise: Normalise | None = None,
    seed: int = 0,
) -> Circuit:
    """Sources that all reach every one of some cells.

    Parameters
    ----------
    rule, cell
    dt : float
        Seconds.
    steps, cells : int
    sources : tuple of Source
    connect : AllToAll or OwnCopies, optional
        Whether each cell has trains of its own; by default not.
    drives, probes, optional
    initial, normalise
        As in `Projection`.
    seed : int

    Raises
    ------
    EngineError, ScheduleError
    """
    return Circuit(
        dt=dt, steps=steps, seed=seed, probes=probes or Probes(), drives={CELLS: drives or Drives()},
        populations={INPUTS: Spikes(sources), CELLS: Cells(cells, cell)},
        projections={SYNAPSES: Projection(INPUTS, CELLS, connect or AllToAll(), rule, initial=initial, normalise=normalise)},
    )  # fmt: skip


def with_unplastic(
    circuit: Circuit, sources: tuple[Source, ...], receptor: str | None, efficacy: float = 1.0, delay: float = 0.0
) -> Circuit:
    """The same with inputs without plasticity beside those with the rule, connected alike."""
    plastic = circuit.plastic
    projection = Projection(UNPLASTIC, plastic.post, plastic.connect, receptor=receptor, efficacy=efficacy, delay=delay)
    return replace(
        circuit,
        populations={**circuit.populations, UNPLASTIC: Spikes(sources)},
        projections={**circuit.projections, UNPLASTIC: projection},
    )
