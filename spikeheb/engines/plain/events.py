"""What happens at which step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from spikeheb.circuits.drives import Change
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.circuits.values import constants
from spikeheb.engines.alone import Alone, arrivals_of_unplastic
from spikeheb.program.program import Program


class Events:
    """Everything that is scheduled, by step, and the arrivals of postsynaptic spikes that join on the way.

    Attributes
    ----------
    pre : list of mapping of int to array of int
        For each action the inputs whose spike arrives.
    post : list of mapping of int to list of int
        For each action the lanes whose spike arrives.
    imposed : mapping of int to list of int
        Lanes.
    currents, clamps : mapping of int to list of Change
    signals : mapping of str to mapping of int to list of Change
    inhibition : mapping of int to array of float
        How many spikes of inputs without plasticity arrive at each lane.
    normalisations : iterable of int
        The steps at which weights are normalised even where no event arrives.
    samples : mapping of int to int
        The place of the step's sample in the record.
    sweeps : mapping of int to list of pairs
        Windows, with the step's place in each.
    """

    def __init__(self, job: Alone, program: Program) -> None:
        self.delays = delays(job, program)
        of_input = self.delays[:, np.asarray(job.lane_of_input, dtype=np.int64)]
        self.pre = [_arrivals(job.pre, of_input[n]) if a.event == "pre" else {} for n, a in enumerate(program.actions)]
        self.post: list[dict[int, list[int]]] = [{} for _ in program.actions]
        self._hears_post = [n for n, action in enumerate(program.actions) if action.event == "post"]
        self.imposed = {step: lanes.tolist() for step, lanes in _arrivals(job.post, np.zeros(job.lanes, dtype=np.int64)).items()}
        self.currents, self.clamps = map(_by_step, (job.currents, job.clamps))
        self.signals = {name: _by_step(changes) for name, changes in job.signals.items()}
        self.inhibition = arrivals_of_unplastic(job)
        normalise = job.circuit.plastic.normalise
        every = normalise.steps(job.dt) if normalise else 0
        self.normalisations: Iterable[int] = range(every - 1, job.steps, every) if every else [0] if normalise else []
        self.samples = {int(step): n for n, step in enumerate(job.samples)}
        self.sweeps: dict[int, list[tuple[int, int]]] = {}
        for row, first in enumerate(job.sweeps):
            for place in range(job.sweep_steps):
                self.sweeps.setdefault(int(first) + place, []).append((row, place))

    def spike(self, lane: int, now: int) -> None:
        """A cell fires: its spike arrives at its synapses for each postsynaptic handler in its time."""
        for n in self._hears_post:
            self.post[n].setdefault(now + int(self.delays[n, lane]), []).append(lane)

    def steps(self, end: int) -> list[int]:
        """Every step before `end` in which something happens, where no cell fires by itself."""
        steps = {*self.imposed, *self.samples, *self.normalisations}
        steps |= {step for heard in self.signals.values() for step in heard} | {step for inputs in self.pre for step in inputs}
        for n in self._hears_post:
            steps |= {step + int(self.delays[n, lane]) for step, lanes in self.imposed.items() for lane in lanes}
        return sorted(step for step in steps if step < end)


def delays(job: Alone, program: Program) -> Steps:
    """Steps from a spike to each action at each lane, shape (actions, lanes); a handler's own delay may differ between lanes."""
    order = list(dict.fromkeys(action.event for action in program.actions))
    handlers = sorted(job.rule.handlers, key=lambda handler: order.index(handler.heard))
    values = constants(job.circuit)
    table = np.zeros((len(program.actions), job.lanes), dtype=np.int64)
    for n, (action, handler) in enumerate(zip(program.actions, handlers, strict=True)):
        seconds: float | Floats = action.delay
        if handler.delay is not None and handler.delay in job.overrides:
            seconds = action.delay - job.rule.constants[handler.delay] + values[handler.delay]
        table[n] = np.rint(np.asarray(seconds) / job.dt)
    return table


def _arrivals(trains: Sequence[Steps], delay: Steps) -> dict[int, Steps]:
    """By step the numbers of the trains of which a spike arrives, rising."""
    numbers = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    steps = np.concatenate([np.zeros(0, dtype=np.int64), *trains]).astype(np.int64) + delay[numbers]
    order = np.lexsort((numbers, steps))
    each, first = np.unique(steps[order], return_index=True)
    return dict(zip(each.tolist(), np.split(numbers[order], first[1:]), strict=False))


def _by_step(changes: Iterable[Change]) -> dict[int, list[Change]]:
    """In the order in which they were given."""
    by_step: dict[int, list[Change]] = {}
    for change in changes:
        by_step.setdefault(change.step, []).append(change)
    return by_step
