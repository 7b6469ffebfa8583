"""The shape of a spike: the membrane held at one value after another, then the reset.

Each part ends with an event of its own, in the slot of the resets, so that the next value or the reset follows at the end of
the step in which the part's time is over. A spike imposed meanwhile begins the shape anew.
"""

from __future__ import annotations

from typing import Any

from spikeheb.cells import Cell
from spikeheb.engines.brian.names import own

PART, ENDS = own("part_of_spike"), own("part_ends")
NEVER = "1e9*second"


def declarations(cell: Cell) -> list[str]:
    """Which part a cell is in, counted from 1 (0: none), and the step at whose end it is over."""
    return [f"{PART} : 1", f"{ENDS} : 1"] if cell.shape else []


def begin(cell: Cell, part: int, dt: float, potential: str, until: str) -> str:
    """Statements that begin a part; `potential` and `until` are the names of the variables that clamp the membrane."""
    hold = cell.shape[part - 1]
    steps = max(1, round(hold.lasts / dt))
    return f"v = {hold.v!r}*volt\n{potential} = v\n{until} = {NEVER}\n{PART} = {part}\n{ENDS} = t_in_timesteps + {steps}"


def events(cell: Cell, forced: str) -> dict[str, str]:
    """For each part the condition that it is over, unless a spike is imposed in this very step."""
    over = f"t_in_timesteps > {ENDS} - 0.5 and {forced} < 0.5"
    return {f"part_{n}": f"{PART} > {n - 0.5} and {PART} < {n + 0.5} and {over}" for n in range(1, len(cell.shape) + 1)}


def follow(cells: Any, cell: Cell, dt: float, reset: str, potential: str, until: str) -> None:
    """What happens when a part is over: the next one, or the reset."""
    for n in range(1, len(cell.shape) + 1):
        last = n == len(cell.shape)
        code = f"{reset}\n{PART} = 0" if last else begin(cell, n + 1, dt, potential, until)
        cells.run_on_event(f"part_{n}", code, when="resets", order=1 + n)
