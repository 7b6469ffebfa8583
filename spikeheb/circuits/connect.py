"""Which source of a projection reaches which cell."""

from __future__ import annotations

from dataclasses import dataclass

from spikeheb.circuits.steps import Steps


@dataclass(frozen=True)
class Pairwise:
    """Each source reaches one cell.

    Attributes
    ----------
    cell : array of int, shape (sources,)
        The cell that each reaches; sorted.
    """

    cell: Steps


@dataclass(frozen=True)
class AllToAll:
    """Every source reaches every cell."""


@dataclass(frozen=True)
class OwnCopies:
    """Every source reaches every cell, and each cell has trains of its own from sources of the same kinds."""


Connector = Pairwise | AllToAll | OwnCopies
