"""What a circuit is made of: sources of spikes, and cells. A population of sources is a population like any other."""

from __future__ import annotations

from dataclasses import dataclass

from spikeheb.cells import Cell
from spikeheb.circuits.sources import Source


@dataclass(frozen=True)
class Spikes:
    """A population that only sends spikes.

    Attributes
    ----------
    sources : tuple of Source
        One after the other.
    """

    sources: tuple[Source, ...]

    @property
    def count(self) -> int:
        """Number of trains; where each cell has copies of its own, of one cell."""
        return sum(source.count for source in self.sources)

    def mean_rates(self, dt: float) -> float:
        """Hertz, of all trains together."""
        return sum(float(source.mean_rates(dt).sum()) for source in self.sources)


@dataclass(frozen=True)
class Cells:
    """Cells of one kind.

    Attributes
    ----------
    count : int
    cell : Cell or None
        None for cells that have only imposed spikes.
    """

    count: int
    cell: Cell | None = None


Population = Spikes | Cells
