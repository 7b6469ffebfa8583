"""What acts on cells and synapses from outside at given steps."""

from __future__ import annotations

import math
from dataclasses import dataclass

from spikeheb.circuits.sources import Source

RELEASED = math.nan
"""The value of a clamp that ends."""
EVERY = -1
"""In place of a cell's number: all cells."""


@dataclass(frozen=True)
class Change:
    """A value that is set at a step: the current into a cell, its clamp, or a reward to its synapses.

    Attributes
    ----------
    cell : int
        Its number, or `EVERY`.
    step : int
    value : float
    """

    cell: int
    step: int
    value: float


@dataclass(frozen=True, kw_only=True)
class Drives:
    """What acts on the cells of a population.

    Attributes
    ----------
    imposed : tuple of Source
        Spikes imposed on the cells: together as many trains as there are cells, or none.
    currents, rewards : tuple of Change
        Current into the cell in amperes from that step on; reward at that step.
    clamps : tuple of Change
        The potential in volts at which the cell is held from that step on, or `RELEASED`. In a clamped step it replaces v
        right after the cell's state update, and there is no threshold; an imposed spike acts as ever.
    """

    imposed: tuple[Source, ...] = ()
    currents: tuple[Change, ...] = ()
    clamps: tuple[Change, ...] = ()
    rewards: tuple[Change, ...] = ()


def by_cell(changes: tuple[Change, ...], cells: int) -> tuple[Change, ...]:
    """The changes, with each change of all cells repeated for every cell, in the order in which they were given."""
    return tuple(
        Change(cell, change.step, change.value) for change in changes for cell in (range(cells) if change.cell == EVERY else (change.cell,))
    )


def from_start(current: float) -> tuple[Change, ...]:
    """A constant current into every cell, amperes."""
    return (Change(EVERY, 0, current),) if current else ()
