"""What an experiment costs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from spikeheb.errors import ScheduleError
from spikeheb.studies.mystery.conditions import Session

MINUTES = 60.0
"""Minutes of simulated time that a cell pays for."""
MOST_CELLS = 12
"""Cells of one experiment."""


def cost_of_cell(session: Session) -> int:
    """Cells that one session costs: each hour that it has begun."""
    return max(1, math.ceil(session.minutes / MINUTES - 1e-9))


def cost(sessions: Sequence[Session], cells: int) -> int:
    """Cells that an experiment costs, with so many cells in each session.

    Raises
    ------
    ScheduleError
        For more than `MOST_CELLS` cells.
    """
    if len(sessions) * cells > MOST_CELLS:
        raise ScheduleError(
            f"{len(sessions)} conditions with {cells} cells each are more than the {MOST_CELLS} cells of one experiment; "
            "choose one condition, or fewer cells",
            key="cells",
        )
    return sum(cost_of_cell(session) * cells for session in sessions)


def check_affordable(price: int, left: int) -> None:
    """Refuse an experiment that costs more than what is left.

    Raises
    ------
    ScheduleError
    """
    if price > left:
        raise ScheduleError(f"this experiment costs {price} cells, and {left} are left; choose fewer cells or a shorter session")
