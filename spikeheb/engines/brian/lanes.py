"""A circuit of cells that share nothing but sources, as one explicit Brian2 network.

Within a time step Brian2 runs the state updates (slot ``groups``: cells, held and clamped membranes, [post], synapses),
then thresholds, synapses, resets and the record (slot ``end``). Imposed spikes, current steps and rewards are set before
the threshold by generators whose pathways run in ``before_thresholds``, so that they act in their own step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikeheb.circuits.connect import Pairwise
from spikeheb.circuits.drives import Change
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.dimensions import NONE
from spikeheb.draws.expanded import trains_of
from spikeheb.engines.alone import Alone
from spikeheb.engines.brian import normalising
from spikeheb.engines.brian.cells import SWEEPING, changes, drives, generator, population
from spikeheb.engines.brian.importing import brian
from spikeheb.engines.brian.names import of_cell
from spikeheb.engines.brian.part import Part
from spikeheb.engines.brian.settings import settings
from spikeheb.engines.brian.synapses import of_post, set_values, signals, synapses
from spikeheb.errors import EngineError
from spikeheb.rules.meaning import reads_membrane


@dataclass
class Built:
    """The network and the objects that an engine reads or sets."""

    network: Any
    clock: Any
    synapses: Any
    cells: Any
    spikes: Any
    values: dict[str, Floats] = field(default_factory=dict)
    """What was set: ``synapses.w`` and so on, to be read back."""


def build(job: Alone, *, sweeping: bool = False, inputs: Callable[[Any], Any] | None = None) -> Built:
    """The network of a circuit, with every value set: a group for each population, Synapses for each projection.

    With `sweeping`, the cells have an event ``sweep`` in every step of a sweep, for a monitor to record at. With `inputs`, the
    group that this gives for a clock takes the place of the trains; every lane hears all of it.

    Raises
    ------
    EngineError
        For what this engine cannot do.
    """
    b2 = brian()
    if job.cell is None and reads_membrane(job.rule):
        raise EngineError(f'the rule "{job.rule.name}" reads the membrane potential; name a cell', path=job.rule.path)
    clock, part = b2.Clock(dt=job.dt * b2.second, name="clock"), Part(job)
    cells = population(job, clock, [part], sweeping=sweeping)
    post = of_post(part, cells, clock)
    trains, of_input = _distinct(job.pre)
    source = inputs(clock) if inputs else generator(trains, job.dt, clock, "pre_spikes", "thresholds")
    made = synapses(part, source, of_input if not inputs else np.arange(job.inputs) % len(source), cells, clock)
    objects = [cells, *post, source, made, *drives(job, cells, clock), *_unplastic(job, cells, clock), *signals(part, cells, clock)]
    if job.circuit.plastic.normalise is not None:
        objects.append(normalising.operation(part, made, clock))
    if sweeping:
        edges = [(start, 1.0) for start in job.sweeps] + [(start + job.sweep_steps, 0.0) for start in job.sweeps]
        switches = tuple(Change(lane, int(step), value) for step, value in edges if step < job.steps for lane in range(job.lanes))
        objects += changes(switches, SWEEPING, NONE, job.dt, cells, clock)
    spikes = b2.SpikeMonitor(cells, name="spikes")
    values = set_values(settings(job), {"synapses": made, "cells": cells, **({"post": post[0]} if post else {})})
    return Built(b2.Network(*objects, spikes), clock, made, cells, spikes, values)


def _distinct(trains: Sequence[Steps]) -> tuple[list[Steps], Steps]:
    """Each train once, and which of them each input has: inputs that share a train share its generator."""
    places = {number: n for n, number in enumerate(dict.fromkeys(map(id, trains)))}
    return list({id(train): train for train in trains}.values()), np.array([places[id(train)] for train in trains], dtype=np.int64)


def _unplastic(job: Alone, cells: Any, clock: Any) -> list[Any]:
    """The synapses without plasticity."""
    projection = job.circuit.unplastic
    if projection is None or job.cell is None:
        return []
    b2, receptor, connect = brian(), job.cell.receptor(projection.receptor), projection.connect
    assert isinstance(connect, Pairwise)
    trains, of_input = _distinct(trains_of(job.circuit, projection))
    source = generator(trains, job.dt, clock, "unplastic_spikes", "thresholds")
    made = b2.Synapses(
        source,
        cells,
        "\n".join(f"add_{state} : {receptor.dimension.brian} (shared, constant)" for state, _, _ in receptor.parts),
        on_pre="\n".join(f"{of_cell(state)}_post += add_{state}" for state, _, _ in receptor.parts),
        delay=round(projection.fixed_delay / job.dt) * job.dt * b2.second,
        clock=clock,
        name="unplastic",
        namespace={},
    )
    made.connect(i=of_input, j=connect.cell)
    for state, _, weight in receptor.parts:
        setattr(made, f"add_{state}_", receptor.unit * abs(weight) * projection.fixed_efficacy)
    return [source, made]
