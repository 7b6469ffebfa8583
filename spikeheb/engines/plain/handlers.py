"""A handler at the synapses that its event has reached."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikeheb.circuits.steps import Floats, Steps
from spikeheb.draws import random
from spikeheb.engines.plain.lanes import Lanes
from spikeheb.program.handlers import DRAWS_PER_STEP
from spikeheb.rules.meaning import TRANSMIT


def act(lanes: Lanes, number: int, inputs: Steps, now: int, amount: float) -> None:
    """Carry an action out at some synapses: one after the other where it changes what the synapses of a cell share."""
    shared = any(line.target in lanes.post for line in lanes.model.actions[number])
    for chosen in in_turn(lanes.lane[inputs], inputs) if shared else [inputs]:
        _act(lanes, number, chosen, now, amount)


def in_turn(lane: Steps, inputs: Steps) -> Iterator[Steps]:
    """The first input of each lane, then the second of each, and so on; `lane` and `inputs` rise."""
    turn = np.arange(len(inputs)) - np.searchsorted(lane, lane)
    for n in range(int(turn.max(initial=-1)) + 1):
        yield inputs[turn == n]


def _act(lanes: Lanes, number: int, inputs: Steps, now: int, amount: float) -> None:
    bring_to_now(lanes, inputs, now)
    scope = lanes.seen_by_inputs(inputs, now, amount=amount)
    for line in lanes.model.actions[number]:
        if line.target == TRANSMIT and lanes.program.cell is None:
            continue
        for name, place in line.draws:
            scope[name] = random.normal(lanes.keys[random.Purpose.DRAWS_OF_HANDLER][inputs], DRAWS_PER_STEP * now + place)
        value = np.broadcast_to(line.value(scope), inputs.shape)
        if line.target == TRANSMIT:
            value = value * lanes.model.efficacy(scope)
        lanes.look_at("what a spike transmits" if line.target == TRANSMIT else line.target, value, "input", now, inputs)
        if line.target == TRANSMIT:
            release(lanes, inputs, value)
        else:
            scope[line.target] = value
            store(lanes, line.target, inputs, value)


def bring_to_now(lanes: Lanes, inputs: Steps, now: int) -> None:
    """The variables that are solved exactly get the values that they have now."""
    for name, values in lanes.solved(inputs, now).items():
        lanes.look_at(name, values, "input", now, inputs)
        lanes.synapse[name][inputs] = values
    for since in lanes.since:
        since[inputs] = now


def store(lanes: Lanes, name: str, inputs: Steps, value: Floats) -> None:
    """A new value of a variable of the synapse or of ``[post]``; what begins with an underscore is the handler's own."""
    if lanes.still and name == lanes.job.rule.weight:
        return
    if name in lanes.synapse:
        lanes.synapse[name][inputs] = value
    elif name in lanes.post:
        lanes.post[name][lanes.lane[inputs]] = value


def release(lanes: Lanes, inputs: Steps, released: Floats) -> None:
    """The conductance of the receptor grows by unit conductances."""
    assert lanes.program.cell is not None
    receptor = lanes.program.cell.receptor
    for state, _, weight in receptor.parts:
        np.add.at(lanes.cell[state], lanes.lane[inputs], receptor.unit * abs(weight) * released)
