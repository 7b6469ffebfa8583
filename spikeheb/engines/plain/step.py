"""The time step: what happens within it, in its order.

State update (cells, then ``[post]``, then synapses, each reading the new values of those before), then bounds; threshold; the handlers
of events that arrive in this step; normalisation; ``[post].on_spike``, the spike's shape and reset; record. What is not finite stops
the run where it appears.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from spikeheb.circuits.steps import Floats, Steps
from spikeheb.draws import random
from spikeheb.engines.alone import raised_by_unplastic
from spikeheb.engines.plain.handlers import act
from spikeheb.engines.plain.lanes import NEVER, Lanes, Rows
from spikeheb.engines.plain.model import Advance
from spikeheb.engines.plain.normalise import bring_to_sum
from spikeheb.program.methods import NOISE_STEP
from spikeheb.program.program import DRAWN

Mask = np.ndarray[Any, np.dtype[np.bool_]]


def step(lanes: Lanes, now: int) -> None:
    """One step of all lanes.

    Raises
    ------
    NonFiniteError
        With the time, and the input or lane.
    """
    switch_drives(lanes, now)
    update_cells(lanes, now)
    update_post(lanes, now)
    update_synapses(lanes, now)
    spiking = fire(lanes, now)
    inhibit(lanes, now)
    reached = deliver(lanes, now)
    normalise(lanes, now, reached)
    change(lanes, "on_spike", spiking, now)
    shape_and_reset(lanes, now, spiking)
    record(lanes, now)


def switch_drives(lanes: Lanes, now: int) -> None:
    """Currents and clamps that begin or end in this step."""
    for change in lanes.events.currents.get(now, ()):
        lanes.cell["I_ext"][change.cell] = change.value
    for change in lanes.events.clamps.get(now, ()):
        lanes.clamp[change.cell] = change.value
        lanes.is_free[change.cell] = np.isnan(change.value)


def update_cells(lanes: Lanes, now: int) -> None:
    """Membranes and receptors; then v stays where it was while it is held after a spike, and is what the clamp says."""
    if lanes.model.cell is None:
        return
    v = lanes.cell["v"]
    before = v.copy()
    advance(lanes, lanes.model.cell, dict(lanes.cell), lanes.cell, now)
    np.copyto(v, before, where=now <= lanes.held_through)
    np.copyto(v, lanes.clamp, where=~lanes.is_free)
    lanes.look(lanes.cell, "lane", now)


def update_post(lanes: Lanes, now: int) -> None:
    """``[post]``, and what is read late: values as they were after this update some steps ago."""
    every = np.arange(lanes.job.lanes) if lanes.late else None
    for name, by in lanes.late_by.items():
        past = lanes.past[name]
        np.copyto(lanes.late[name], past[(now - by) % len(past), every], where=lanes.is_late[name])
    if lanes.model.post is not None:
        advance(lanes, lanes.model.post, lanes.seen_by_lanes(), lanes.post, now)
    for name, (of, _) in lanes.program.delayed.items():
        lanes.past[name][now % len(lanes.past[name])] = lanes.source(of)
        np.copyto(lanes.late[name], lanes.source(of), where=~lanes.is_late[name])
    lanes.look(lanes.post, "lane", now)


def update_synapses(lanes: Lanes, now: int) -> None:
    """Variables that need the clock; then the weight's limits."""
    if lanes.model.synapses is not None:
        scope, weight = lanes.seen_by_inputs(slice(None), now), lanes.synapse[lanes.job.rule.weight]
        before = weight.copy()
        advance(lanes, lanes.model.synapses, scope, lanes.synapse, now)
        for line in lanes.model.clip:
            lanes.synapse[line.target][:] = line.value(scope)
        if lanes.still:
            weight[:] = before
        lanes.look(lanes.synapse, "input", now)


def advance(lanes: Lanes, block: Advance, scope: dict[str, Any], rows: Rows, now: int) -> None:
    """Variables from their values at the end of the last step to those of this one."""
    if block.noise is not None:
        scope[NOISE_STEP] = lanes.noise(block.noise, now)
    for line in block.lines:
        scope[line.target] = line.value(scope)
    for name in block.names:
        rows[name][:] = scope[name]


def fire(lanes: Lanes, now: int) -> Mask:
    """Which cells fire: by an imposed spike, or at the threshold where v is neither held nor clamped; a draw is keyed by lane and step."""
    spiking = np.zeros(lanes.job.lanes, dtype=bool)
    if now in lanes.events.imposed:
        spiking[lanes.events.imposed[now]] = True
    if lanes.program.cell is not None and lanes.model.threshold is not None:
        drawn = {DRAWN: random.uniform(lanes.keys[random.Purpose.DRAWS_OF_THRESHOLD], now)} if lanes.program.cell.draws else {}
        spiking |= (now > lanes.held_through) & lanes.is_free & lanes.model.threshold({**lanes.cell, **drawn})
    for lane in np.flatnonzero(spiking).tolist() if np.count_nonzero(spiking) else ():
        lanes.spikes[lane].append(now)
        lanes.events.spike(lane, now)
    return spiking


def inhibit(lanes: Lanes, now: int) -> None:
    """Spikes of inputs without plasticity raise the conductance of their receptor."""
    if now in lanes.events.inhibition:
        for state, raised_by in raised_by_unplastic(lanes.job).items():
            lanes.cell[state] += raised_by * lanes.events.inhibition[now]


def deliver(lanes: Lanes, now: int) -> Mask:
    """The handlers one after the other, each at all synapses that its event has reached; which lanes were reached by any."""
    reached = np.zeros(lanes.job.lanes, dtype=bool)
    for number in range(len(lanes.program.actions)):
        for inputs, amount in arrivals(lanes, number, now):
            act(lanes, number, inputs, now, amount)
            reached[lanes.lane[inputs]] = True
    return reached


def arrivals(lanes: Lanes, number: int, now: int) -> Iterator[tuple[Steps, float]]:
    """The inputs that an action's event has reached in this step, and the amount of a reward."""
    events = lanes.events
    match lanes.program.actions[number].event:
        case "pre" if now in events.pre[number]:
            yield events.pre[number][now], 0.0
        case "post" if now in events.post[number]:
            yield np.flatnonzero(np.isin(lanes.lane, events.post[number].pop(now))), 0.0
        case event if event in events.signals:
            for change in events.signals[event].get(now, ()):
                yield np.flatnonzero(lanes.lane == change.cell), change.value


def normalise(lanes: Lanes, now: int, reached: Mask) -> None:
    """Normalise the weights of a cell to their sum: after every event at its synapses and once at the start, or at its times."""
    wanted = lanes.job.circuit.plastic.normalise
    every = wanted.steps(lanes.job.dt) if wanted else 0
    if wanted is None or lanes.still or (every and (now + 1) % every):
        return
    weight = lanes.synapse[lanes.job.rule.weight]
    for lane in range(lanes.job.lanes):
        if every or now == 0 or reached[lane]:
            own = lanes.lane == lane
            weight[own] = bring_to_sum(weight[own], wanted, lanes.job.rule.bounds)


def shape_and_reset(lanes: Lanes, now: int, spiking: Mask) -> None:
    """V is held at each part of the spike's shape in turn; then come the reset and the refractory time."""
    if np.count_nonzero(spiking):
        lanes.part[spiking] = 0
        lanes.part_at[spiking] = now
    due = lanes.part_at == now
    if lanes.program.cell is None or not np.count_nonzero(due):
        return
    cell, dt = lanes.program.cell.cell, lanes.job.dt
    ended = due & (lanes.part == len(cell.shape))
    for lane in np.flatnonzero(due & ~ended).tolist():
        part = cell.shape[lanes.part[lane]]
        lanes.cell["v"][lane] = part.v
        lanes.held_through[lane] = NEVER
        lanes.part_at[lane] = now + max(1, round(part.lasts / dt))
        lanes.part[lane] += 1
    change(lanes, "reset", ended, now)
    lanes.held_through[ended] = now + round(cell.refractory / dt) - 1
    lanes.part_at[ended] = NEVER


def change(lanes: Lanes, what: str, where: Mask, now: int) -> None:
    """``[post].on_spike`` or the cell's reset, at some lanes."""
    if not np.count_nonzero(where):
        return
    rows = lanes.post if what == "on_spike" else lanes.cell
    scope = lanes.seen_by_lanes(where) if what == "on_spike" else {name: values[where] for name, values in rows.items()}
    for line in lanes.model.on_spike if what == "on_spike" else lanes.model.reset:
        value = np.broadcast_to(line.value(scope), (int(np.count_nonzero(where)),))
        lanes.look_at(line.target, value, "lane", now, np.flatnonzero(where))
        rows[line.target][where] = scope[line.target] = value


def record(lanes: Lanes, now: int) -> None:
    """What is asked for at the end of the step; and whether all that belongs to the cells is finite."""
    lanes.look(lanes.cell, "lane", now)
    lanes.look(lanes.post, "lane", now)
    for row, place in lanes.events.sweeps.get(now, ()):
        lanes.v[:, row, place] = lanes.cell["v"]
    column = lanes.events.samples.get(now)
    if column is None:
        return
    scope = lanes.seen_by_inputs(slice(None), now, **lanes.solved(slice(None), now))
    lanes.weight[:, column] = scope[lanes.job.rule.weight]
    strength: Floats = np.broadcast_to(lanes.model.efficacy(scope), lanes.job.inputs)
    lanes.look_at("the efficacy", strength, "input", now)
    lanes.efficacy[:, column] = strength
