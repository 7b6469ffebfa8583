"""Rewards that the cells of a network bring about, step by step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.steps import Steps
from spikeheb.draws.edges import trigger_stream
from spikeheb.draws.random import uniform


class Watched:
    """A trigger on its way.

    Parameters
    ----------
    circuit : Circuit
    name : str
    """

    def __init__(self, circuit: Circuit, name: str) -> None:
        self.trigger = circuit.triggers[name]
        self.populations = self.trigger.rewards
        self.within, self.shortest, self.longest = self.trigger.steps(circuit.dt)
        self.stream = trigger_stream(circuit, name)
        self.last: int | None = None
        self.events = 0
        self.due: dict[int, int] = {}

    def rewards(self, fired: Mapping[str, Steps], now: int) -> list[float]:
        """The amounts that are due in this step, in which these cells of each population fire."""
        if self._fires(self.trigger.first, fired):
            self.last = now
        soon = self.last is not None and 0 < now - self.last <= self.within
        if soon and self._fires(self.trigger.then, fired):
            drawn = float(uniform(self.stream, self.events))
            step = now + self.shortest + int(drawn * (self.longest - self.shortest + 1))
            self.due[step] = self.due.get(step, 0) + 1
            self.events += 1
        return [self.trigger.value] * self.due.pop(now, 0)

    def _fires(self, which: tuple[str, int], fired: Mapping[str, Steps]) -> bool:
        population, cell = which
        return bool(np.any(fired[population] == cell))
