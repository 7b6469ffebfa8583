"""Rewards that the cells of a network bring about themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from spikeheb.circuits.populations import Cells, Population
from spikeheb.errors import EngineError, ScheduleError, unknown_name
from spikeheb.limits import check_memory
from spikeheb.rules.numbers import LONGEST_DELAY


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """A reward a while after one cell has fired soon after another.

    An event is a spike of `then` at most `within` after the last spike of `first`, and not in the same step. After each event the
    synapses onto all cells of some populations hear a reward once, with one amount for all of them. Its delay is a whole number of
    steps between two bounds, each as probable as the others; it depends on the seed, the name of the trigger and the number of the event.

    Attributes
    ----------
    first, then : tuple of str and int
        Population, and the number of a cell or source in it.
    within : float
        Seconds.
    value : float
        Amount of the reward.
    after : tuple of float
        Shortest and longest delay, seconds.
    rewards : tuple of str
        Populations of cells.
    """

    first: tuple[str, int]
    then: tuple[str, int]
    within: float
    value: float
    after: tuple[float, float]
    rewards: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 0 < self.within < math.inf:
            raise ScheduleError(
                f"the second cell must fire within a time above 0 after the first cell (got {self.within:g} s)", key="within"
            )
        low, high = self.after
        if not 0 <= low <= high <= LONGEST_DELAY:
            limits = f"the reward comes after 0 to {LONGEST_DELAY:g} s, between a shortest and a longest delay"
            raise ScheduleError(f"{limits} (got {low:g} s and {high:g} s)", key="after")
        if not math.isfinite(self.value):
            raise EngineError(f"the reward must be a number (got {self.value:g})", key="value")
        if self.first == self.then:
            raise EngineError("a cell cannot fire soon after itself; name two cells", key="then")
        if not self.rewards:
            raise EngineError("name at least one population whose synapses receive the reward", key="rewards")

    def steps(self, dt: float) -> tuple[int, int, int]:
        """`within` and the shortest and the longest delay in steps; `within` is one step at least."""
        return max(1, round(self.within / dt)), round(self.after[0] / dt), round(self.after[1] / dt)


def check_triggers(triggers: Mapping[str, Trigger], populations: Mapping[str, Population], dt: float, heard: Mapping[str, bool]) -> None:
    """Raise for a trigger that cannot be.

    Parameters
    ----------
    triggers : mapping of str to Trigger
    populations : mapping of str to population
    dt : float
        Seconds.
    heard : mapping of str to bool
        By population whether any synapse onto its cells hears rewards.

    Raises
    ------
    EngineError, ScheduleError, UnknownName
        With the trigger and its part as the key.
    """
    for name, trigger in triggers.items():
        for part in ("first", "then"):
            population, cell = getattr(trigger, part)
            if population not in populations:
                raise unknown_name("population", population, populations, key=f"triggers.{name}.{part}")
            count = populations[population].count
            if not 0 <= cell < count:
                raise ScheduleError(f'there is no cell {cell} among the {count:,} of "{population}", counted from 0',
                                    key=f"triggers.{name}.{part}")  # fmt: skip
        for population in trigger.rewards:
            cells = [each for each, group in populations.items() if isinstance(group, Cells)]
            if population not in cells:
                raise unknown_name("population of cells", population, cells, key=f"triggers.{name}.rewards")
            if not heard[population]:
                raise EngineError(f'no rule of a projection onto "{population}" reads rewards', key=f"triggers.{name}.rewards")
        if len(set(trigger.rewards)) < len(trigger.rewards):
            raise EngineError("a population is named twice", key=f"triggers.{name}.rewards")
        longest = trigger.steps(dt)[2]
        check_memory(4.0 * longest, f"rewards under way for {longest:,} steps", key=f"triggers.{name}.after")
