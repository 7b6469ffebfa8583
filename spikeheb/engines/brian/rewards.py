"""Rewards that the cells of a network bring about, in Brian2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.engines.brian.cells import AMOUNT
from spikeheb.engines.brian.importing import brian
from spikeheb.engines.brian.part import Part
from spikeheb.engines.triggers import Watched
from spikeheb.errors import EngineError


def operation(circuit: Circuit, groups: Mapping[str, Any], parts: Mapping[str, Part], clock: Any) -> Any:
    """What looks at the spikes of each step after the thresholds, and sets the rewards that are due before any handler hears of them."""
    watched = [Watched(circuit, name) for name in circuit.triggers]

    def reward() -> None:
        now = int(np.ravel(clock.variables["timestep"].get_value())[0])
        fired = {name: np.array(group.spikes) for name, group in groups.items()}
        for trigger in watched:
            for amount in trigger.rewards(fired, now):
                for population in trigger.populations:
                    give(population, amount)

    def give(population: str, amount: float) -> None:
        variables = groups[population].variables
        flags = [variables[part.flag_of("reward")] for part in parts.values() if part.job.circuit.plastic.post == population
                 and "reward" in part.job.signals]  # fmt: skip
        if any(np.any(flag.get_value()) for flag in flags):
            raise EngineError('two rewards in one time step need the "kernel" engine, or a smaller time step', key="triggers")
        for flag in flags:
            flag.set_value(np.ones(flag.size))
            variables[AMOUNT].set_value(np.full(flag.size, amount))

    return brian().NetworkOperation(reward, clock=clock, when="thresholds", order=1, name="rewards")
