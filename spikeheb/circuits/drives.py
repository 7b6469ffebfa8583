"""What acts on cells and synapses from outside at given steps."""

from __future__ import annotations

import math
from dataclasses import dataclass

from spikeheb.circuits.populations import Cells
from spikeheb.circuits.sources import Source
from spikeheb.errors import EngineError, ScheduleError

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
class Noise:
    """A current into each cell of a network that is drawn anew every so often, beside the currents that are given.

    It is uniform between two bounds, and depends on the seed, the name of the population, the cell and the step.

    Attributes
    ----------
    low, high : float
        Amperes.
    every : float
        Seconds; in between the current stays.

    Raises
    ------
    EngineError
    """

    low: float
    high: float
    every: float

    def __post_init__(self) -> None:
        if not -math.inf < self.low < self.high < math.inf:
            raise EngineError(f"the bounds of a random current must rise (got {self.low:g} A and {self.high:g} A)", key="low")

    def steps(self, dt: float) -> int:
        """Steps from one current to the next."""
        return round(self.every / dt)

    def check(self, dt: float, *, has_cell: bool) -> None:
        """Raise where there is no cell to flow into, or no step between two currents.

        Raises
        ------
        EngineError, ScheduleError
        """
        if not has_cell:
            raise EngineError("a random current needs a cell", key="noise")
        if not (math.isfinite(self.every) and self.steps(dt) >= 1):
            text = f"a random current stays for a time step, {dt:g} s, at least (got {self.every:g} s)"
            raise ScheduleError(text, key="noise.every")


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
    noise : Noise or None
        A random current, in networks.
    """

    imposed: tuple[Source, ...] = ()
    currents: tuple[Change, ...] = ()
    clamps: tuple[Change, ...] = ()
    rewards: tuple[Change, ...] = ()
    noise: Noise | None = None


def check_drives(drives: Drives, cells: Cells, dt: float) -> None:
    """Raise for what cannot act on these cells.

    Raises
    ------
    EngineError, ScheduleError
        With a key of the drives.
    """
    for key, what in (("clamps", "a voltage clamp"), ("currents", "a current")):
        if getattr(drives, key) and cells.cell is None:
            raise EngineError(f"{what} needs a cell", key=key)
    if drives.noise is not None:
        drives.noise.check(dt, has_cell=cells.cell is not None)
    for key in ("currents", "clamps", "rewards"):
        for n, change in enumerate(getattr(drives, key)):
            if not (change.cell == EVERY or 0 <= change.cell < cells.count):
                text = f"there is no cell {change.cell}; there are {cells.count:,}, counted from 0"
                raise ScheduleError(text, key=f"{key}[{n}].cell")
            if key != "clamps" and math.isnan(change.value):
                raise EngineError("expected a number (got nan)", key=f"{key}[{n}].value")
    trains = sum(source.count for source in drives.imposed)
    if drives.imposed and trains != cells.count:
        raise ScheduleError(f"imposed spikes need a train for each of the {cells.count} cells (got {trains:,})", key="imposed")


def by_cell(changes: tuple[Change, ...], cells: int) -> tuple[Change, ...]:
    """The changes, with each change of all cells repeated for every cell, in the order in which they were given."""
    return tuple(
        Change(cell, change.step, change.value) for change in changes for cell in (range(cells) if change.cell == EVERY else (change.cell,))
    )


def from_start(current: float) -> tuple[Change, ...]:
    """A constant current into every cell, amperes."""
    return (Change(EVERY, 0, current),) if current else ()
