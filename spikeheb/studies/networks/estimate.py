"""How much memory and time a network will take, before any of it is built."""

from __future__ import annotations

from dataclasses import dataclass

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.phases import rewirings
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.limits import BYTES_OF_SYNAPSE

RATE = 5.0
"""Hertz at which cells are taken to fire: nothing is known of it before the run."""
PER_CELL = 8e-9
"""Seconds of a processor for a step of a cell; measured on networks of the library, within a factor of two or so."""
PER_EVENT = 5e-9
"""For a spike at a synapse without a rule."""
PLASTIC = 3.0
"""How many times as long it takes at a synapse with a rule."""
PER_SYNAPSE = 1.5e-7
"""To connect it."""
STEP = 4e-7
"""For a step of a population or projection, however small."""
NUMBERS = 12.0
"""Bytes of a synapse beside its variables: where it leads, its number, and its place among those of its cell."""
REWIRED, REWIRING = 16.0, 8.0
"""Bytes of a synapse of a projection that phases rewire, and for each time: what is kept of how it was."""


@dataclass(frozen=True)
class Estimate:
    """What a network will take.

    Attributes
    ----------
    cells : int
    synapses : float
        Expected.
    bytes : float
        At most: mostly while it is connected.
    seconds : float
        Of one processor, with cells at 5 Hz.
    """

    cells: int
    synapses: float
    bytes: float
    seconds: float

    def __str__(self) -> str:
        size = f"{self.bytes / 1e9:.2g} GB" if self.bytes >= 1e9 else f"{max(1.0, self.bytes / 1e6):.0f} MB"
        time = f"{self.seconds:.0f} s" if self.seconds < 300 else f"{self.seconds / 60:.0f} min"
        return f"{self.cells:,} cells, about {self.synapses:,.0f} synapses, {size} and {time} (at {RATE:g} Hz a cell)"


def estimate(circuit: Circuit) -> Estimate:
    """What the network will take in the kernel.

    Parameters
    ----------
    circuit : Circuit
    """
    word = 4.0 if circuit.precision == "float32" else 8.0
    cells = sum(population.count for population in circuit.populations.values() if isinstance(population, Cells))
    total, bytes_, seconds = 0.0, 100.0 * cells, PER_CELL * cells * circuit.steps
    seconds += STEP * circuit.steps * (len(circuit.populations) + len(circuit.projections))
    for name, projection in circuit.projections.items():
        synapses, rule = circuit.expected_synapses(name), projection.rule
        variables = 1 if rule is None else len(rule.variables)
        taken = circuit.probes.of_synapses(name).snapshots
        rate = _rate(circuit, projection.pre) + (0.0 if rule is None else RATE)
        total += synapses
        snapshots = 0 if taken is None or rule is None else len(taken)
        itself, times = NUMBERS + word * variables, len(rewirings(circuit.phases, name))
        again = itself + REWIRED + REWIRING * times if times else 0.0  # both are there while one follows the other
        bytes_ += synapses * (max(BYTES_OF_SYNAPSE, itself) + again + word * snapshots)
        seconds += synapses * (PER_SYNAPSE + PER_EVENT * (1.0 if rule is None else PLASTIC) * rate * circuit.steps * circuit.dt)
    return Estimate(cells, total, bytes_, seconds)


def _rate(circuit: Circuit, name: str) -> float:
    """The mean rate of a population: that of its sources, or the one that cells are taken to have."""
    population = circuit.populations[name]
    if isinstance(population, Spikes):
        return population.mean_rates(circuit.dt) / max(1, population.count)
    return RATE
