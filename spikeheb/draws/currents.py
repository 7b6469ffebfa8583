"""Random currents into the cells of a network."""

from __future__ import annotations

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.steps import Floats
from spikeheb.draws.edges import noise_streams
from spikeheb.draws.random import uniform


class RandomCurrent:
    """The random current into each cell of a population, beside the currents that are given.

    Parameters
    ----------
    circuit : Circuit
    name : str
        A population with a random current.
    """

    def __init__(self, circuit: Circuit, name: str) -> None:
        self._streams, noise = noise_streams(circuit, name), circuit.drives[name].noise
        assert noise is not None
        self._noise, self._every = noise, noise.steps(circuit.dt)
        self._current: Floats = np.zeros(circuit.populations[name].count)

    def at(self, now: int) -> Floats:
        """Amperes in that step; to be asked for step after step, from the first on."""
        if now % self._every == 0:
            low, high = self._noise.low, self._noise.high
            self._current = low + (high - low) * uniform(self._streams, now)
        return self._current
