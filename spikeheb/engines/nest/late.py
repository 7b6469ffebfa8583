"""Weights as they are now: what postsynaptic spikes did since NEST last looked at a synapse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeheb.circuits.steps import Floats, Steps
from spikeheb.engines.nest.patterns import Late
from spikeheb.engines.nest.reward import Dopamine, Rewarded, State, moved


@dataclass(frozen=True)
class Train:
    """The spikes of a population, cell after cell and for each cell in order.

    Attributes
    ----------
    steps : array of int
    first : array of int, shape (cells + 1,)
        Where those of each cell begin.
    """

    steps: Steps
    first: Steps

    def until(self, cells: Steps, step: Steps) -> Steps:
        """How many spikes of these cells there are up to a step (the step included), counted from the first of all."""
        width = int(self.steps.max(initial=0)) + 2
        keys = np.repeat(np.arange(len(self.first) - 1), np.diff(self.first)) * width + self.steps
        found: Steps = np.searchsorted(keys, cells * width + np.clip(step, -1, width - 1), side="right")
        return np.maximum(found, self.first[cells])


def train_of(steps: Steps, cells: Steps, count: int) -> Train:
    """The spikes of a population, given as they were recorded."""
    order = np.lexsort((steps, cells))
    return Train(steps[order], np.searchsorted(cells[order], np.arange(count + 1)))


def slow_trace(train: Train, tau: float) -> Floats:
    """The trace of each spike's own cell just before it, to which every earlier spike has added 1; `tau` in steps."""
    trace = np.zeros(len(train.steps))
    counts = np.diff(train.first)
    for n in range(1, int(counts.max(initial=0))):
        at = train.first[:-1][counts > n] + n
        trace[at] = (trace[at - 1] + 1.0) * np.exp((train.steps[at - 1] - train.steps[at]) / tau)
    return trace


@dataclass(frozen=True)
class Ends:
    """The two ends of each synapse of a projection, as NEST has them.

    Attributes
    ----------
    pre, post : array of int, shape (synapses,)
    before, delay : array of int, shape (synapses,)
        Steps from a source's spike to the synapse, and from a cell's.
    """

    pre: Steps
    post: Steps
    before: Steps
    delay: Steps


def brought_up(w: Floats, trace: Floats, late: Late, ends: Ends, sources: Train, cells: Train, now: int, step: float) -> Floats:
    """The weights after the postsynaptic spikes that have reached the synapses since the last presynaptic ones.

    Parameters
    ----------
    w, trace : array, shape (synapses,)
        NEST's weights and presynaptic traces, both just after the last presynaptic spike.
    late : Late
    ends : Ends
    sources, cells : Train
    now : int
        The step of the last spikes that NEST has delivered.
    step : float
        Milliseconds.
    """
    passed, first, pending = _pending(ends, sources, cells, now)
    slow = slow_trace(cells, late.tau_slow / step)
    w, start = w.copy(), trace if late.adds else np.ones_like(w)
    for n in range(min(int(pending.max(initial=0)), 1 if late.only_first else np.iinfo(np.int64).max)):
        at = np.flatnonzero(pending > n)
        spike = first[at] + n
        x = start[at] * np.exp(-(cells.steps[spike] + ends.delay[at] - passed[at]) * step / late.tau)
        w[at] = late.change(w[at], x, slow[spike])
    return w


def _pending(ends: Ends, sources: Train, cells: Train, now: int) -> tuple[Steps, Steps, Steps]:
    """For each synapse the step of its last presynaptic spike, where in `cells` the later postsynaptic ones begin, and how many."""
    last = sources.until(ends.pre, now - ends.before)
    heard = last > sources.first[ends.pre]  # a synapse that no spike has passed has no trace, so that nothing happens
    passed = np.where(heard, sources.steps[np.maximum(last, 1) - 1] if len(sources.steps) else 0, 0) + ends.before
    first, after = (cells.until(ends.post, at - ends.delay) for at in (passed, np.full(len(passed), now)))
    return passed, first, np.where(heard, np.maximum(after - first, 0), 0)


def brought_up_with_rewards(
    state: State, late: Rewarded, ends: Ends, sources: Train, cells: Train, rewards: Steps, now: int, step: float
) -> Floats:
    """The weights after the postsynaptic spikes, and the dopamine, since the last presynaptic spikes.

    Parameters
    ----------
    state : State
        As NEST has it; its times are filled in here.
    rewards : array of int
        NEST's steps at which they reach the synapses.
    late, ends, sources, cells, now, step
        As in `brought_up`.
    """
    passed, first, pending = _pending(ends, sources, cells, now)
    dopamine = Dopamine(rewards, step, late.tau_n)
    state.at = passed.astype(np.float64) * step
    for n in range(int(pending.max(initial=0))):
        there = pending > n
        spike = np.where(there, first + n, 0)
        moved(state, np.where(there, (cells.steps[spike] + ends.delay) * step, state.at), late, dopamine)
        state.c += late.A_plus * state.x * there
    moved(state, np.full(len(state.at), now * step), late, dopamine)
    return state.w
