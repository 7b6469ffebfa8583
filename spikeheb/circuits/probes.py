"""What is recorded of a circuit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from spikeheb.circuits.equality import equal_by_value
from spikeheb.circuits.steps import NO_STEPS, Floats, Steps


@equal_by_value
@dataclass(frozen=True, kw_only=True)
class OfCells:
    """What is recorded of a population of cells of a network; steps rise.

    Attributes
    ----------
    spikes : array of int, or None
        Cells whose spikes are recorded, rising; None for all cells or none, as `Probes.trains` says.
    bin_steps : int
        Steps of a bin in which the spikes of all cells are counted together; 0 for no counts.
    cells : array of int
        Cells whose potential and synaptic currents are recorded.
    samples : array of int
        Steps at whose end they are recorded; a current is that through all synapses of a receptor together, in amperes, and above 0
        where it pushes the potential up.
    """

    spikes: Steps | None = None
    bin_steps: int = 0
    cells: Steps = field(default_factory=lambda: NO_STEPS)
    samples: Steps = field(default_factory=lambda: NO_STEPS)

    def until(self, end: int) -> OfCells:
        """What of it is recorded before that step; nothing is counted in bins that are longer."""
        return replace(self, bin_steps=self.bin_steps if self.bin_steps <= end else 0, samples=self.samples[self.samples < end])


@equal_by_value
@dataclass(frozen=True, kw_only=True)
class OfSynapses:
    """What is recorded of a projection of a network with a rule; steps rise.

    Attributes
    ----------
    snapshots : array of int, or None
        Steps at whose end all weights are recorded; None for those of `Probes.snapshots`.
    watched : array of int, shape (n, 2), or int
        Cell and source of the synapses whose weight is recorded at the end of the steps `watch`; a number is for so many of them, which
        are chosen at equal distances among all. Of several from one source to one cell all are recorded.
    watch : array of int
    histograms : array of int
        Steps at whose end all weights are counted in the bins that `edges` bound; as in `numpy.histogram` the last bin
        holds its right edge, and weights beyond are not counted.
    edges : array of float
    """

    snapshots: Steps | None = None
    watched: Steps | int = 0
    watch: Steps = field(default_factory=lambda: NO_STEPS)
    histograms: Steps = field(default_factory=lambda: NO_STEPS)
    edges: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def watched_count(self) -> int:
        """How many synapses are asked for."""
        return self.watched if isinstance(self.watched, int) else len(self.watched)

    @property
    def bins(self) -> int:
        """Of a histogram."""
        return max(0, len(self.edges) - 1)

    def until(self, end: int) -> OfSynapses:
        """What of it is recorded before that step."""
        snapshots = self.snapshots if self.snapshots is None else self.snapshots[self.snapshots < end]
        return replace(self, snapshots=snapshots, watch=self.watch[self.watch < end], histograms=self.histograms[self.histograms < end])


@equal_by_value
@dataclass(frozen=True, kw_only=True)
class Probes:
    """What is recorded; steps rise.

    Attributes
    ----------
    samples : array of int
        Steps at whose end weight and efficacy of every synapse are recorded.
    sweeps : array of int
        First steps of the windows in which the membrane potential is recorded at the end of every step; they do not overlap.
    sweep_steps : int
        Length of a window.
    snapshots : array of int
        Steps at whose end all weights are recorded, by cell and source.
    watched : array of int, shape (n, 2)
        Cell and source of the synapses whose weight is recorded at the end of the steps `watch`.
    watch : array of int
    histograms : array of int
        Steps at whose end all weights are counted in the bins that `edges` bound; as in `numpy.histogram` the last bin
        holds its right edge, and weights beyond are not counted.
    edges : array of float
    trains : bool
        Whether the steps of the cells' spikes are recorded; where every source reaches one cell they always are.
    populations : mapping of str to OfCells
        Of a network: what is recorded of a population of cells.
    projections : mapping of str to OfSynapses
        Of a network: what is recorded of a projection with a rule.
    """

    samples: Steps = field(default_factory=lambda: NO_STEPS)
    sweeps: Steps = field(default_factory=lambda: NO_STEPS)
    sweep_steps: int = 0
    snapshots: Steps = field(default_factory=lambda: NO_STEPS)
    watched: Steps = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))
    watch: Steps = field(default_factory=lambda: NO_STEPS)
    histograms: Steps = field(default_factory=lambda: NO_STEPS)
    edges: Floats = field(default_factory=lambda: np.zeros(0))
    trains: bool = False
    populations: Mapping[str, OfCells] = field(default_factory=dict)
    projections: Mapping[str, OfSynapses] = field(default_factory=dict)

    def until(self, end: int) -> Probes:
        """What of it is recorded before that step; of sweeps, those that end by then."""
        names = ("samples", "snapshots", "watch", "histograms")
        earlier = {name: steps[steps < end] for name in names for steps in [getattr(self, name)]}
        return replace(
            self, sweeps=self.sweeps[self.sweeps + self.sweep_steps <= end], **earlier,
            populations={name: of.until(end) for name, of in self.populations.items()},
            projections={name: of.until(end) for name, of in self.projections.items()},
        )  # fmt: skip

    @property
    def weights(self) -> Steps:
        """The steps at whose end any weight is recorded."""
        return np.unique(np.concatenate([self.samples, self.snapshots, self.watch, self.histograms])).astype(np.int64)

    # --- of a network ---

    def of_cells(self, population: str) -> OfCells:
        """What is recorded of a population."""
        return self.populations.get(population, OfCells())

    def of_synapses(self, projection: str) -> OfSynapses:
        """What is recorded of a projection; its snapshots are those of all where it names none."""
        own = self.projections.get(projection, OfSynapses())
        return own if own.snapshots is not None else replace(own, snapshots=self.snapshots)

    def kept(self, population: str, count: int) -> Steps:
        """Of so many cells of a population, those whose spikes are recorded."""
        given = self.of_cells(population).spikes
        return np.arange(count if self.trains else 0) if given is None else given
