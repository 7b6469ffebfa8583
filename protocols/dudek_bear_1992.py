"""900 presynaptic pulses at different frequencies in CA1 (Dudek & Bear 1992).

900 pulses at 0.5, 1, 3, 10 and 50 Hz, to the presynaptic side only; it depends on the cell whether it fires. In 2.5 mM
calcium, 1.5 mM magnesium.

Reference: Dudek & Bear (1992), PNAS 89:4363, doi 10.1073/pnas.89.10.4363.

Published outcome (directions, from the abstract): depression at 1 to 3 Hz; no lasting change at 10 Hz; usually potentiation at 50 Hz.
How much (about 20 % at 1 Hz, 18 % at 50 Hz) is from memory, unverified.

Pitfalls. Stimulation of a bundle excites many inputs of a cell, and the number of inputs that act together decides what
happens: `inputs` is chosen for illustration. In a cell that stays silent, rules that need postsynaptic spikes give nothing. The
paper measured field potentials, the mean of many cells.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/dudek_bear_1992.csv"
TISSUE = "hippocampus, CA3 to CA1"


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    frequency: tuple[sh.Frequency, ...] = (0.5, 1.0, 3.0, 10.0, 50.0)
    pulses: int = 900
    inputs: int = 10  # stimulated together


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each frequency."""
    trains = [(frequency, sh.train(p.pulses, frequency)) for frequency in p.frequency]
    lanes = [sh.Lane({"frequency": frequency}, pre=(pulses,), calcium=2.5) for frequency, pulses in trains]
    return sh.Schedule(tuple(lanes), copies=p.inputs)


if __name__ == "__main__":
    sh.main(__file__)
