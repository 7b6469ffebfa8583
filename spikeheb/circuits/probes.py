"""What is recorded of a circuit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from spikeheb.circuits.steps import NO_STEPS, Floats, Steps


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

    def until(self, end: int) -> Probes:
        """What of it is recorded before that step; of sweeps, those that end by then."""
        names = ("samples", "snapshots", "watch", "histograms")
        earlier = {name: steps[steps < end] for name in names for steps in [getattr(self, name)]}
        return replace(self, sweeps=self.sweeps[self.sweeps + self.sweep_steps <= end], **earlier)

    @property
    def weights(self) -> Steps:
        """The steps at whose end any weight is recorded."""
        return np.unique(np.concatenate([self.samples, self.snapshots, self.watch, self.histograms])).astype(np.int64)
