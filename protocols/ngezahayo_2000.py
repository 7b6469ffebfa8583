"""Presynaptic pulses while the cell is held at a voltage (Ngezahayo, Schachner & Artola 2000).

100 presynaptic pulses at 2 Hz, while the postsynaptic cell is held at -40 to 0 mV; before and after, its potential is free.

Reference: Ngezahayo, Schachner & Artola (2000), J Neurosci 20:2451, doi 10.1523/JNEUROSCI.20-07-02451.2000 (DOI from memory,
unverified; authors, title, journal and year as in a public program after the paper).

Published outcome, CA1 of adult mice: no change at -40 mV, depression at -30 mV, no change at -20 mV, potentiation that grows
from -10 to 0 mV.

Pitfalls. Pulses at 2 Hz for 50 s are what Clopath et al. (2010) say in a caption, and 50 Hz in their methods; the paper itself was
not read. The dendrite follows the clamp of the soma only in part: a model of one compartment is held at the full voltage. A rule
that reads only spike times sees presynaptic spikes and nothing else. A cell released from 0 mV would fire, so it is first held
at -70 mV.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/ngezahayo_2000.csv"
TISSUE = "hippocampus, CA1"


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    holding: tuple[sh.Voltage, ...] = (-0.04, -0.03, -0.02, -0.01, 0.0)
    pulses: int = 100
    frequency: sh.Frequency = 2.0
    margin: sh.Time = 0.5  # held before the first pulse and after the last
    rest: sh.Voltage = -0.07  # the cell is held here for 0.1 s more before it is released


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each holding potential."""
    pre = sh.train(p.pulses, p.frequency, start=p.margin)
    lasts = float(pre[-1]) + p.margin
    down = sh.Clamp(lasts, 0.1, p.rest)
    return sh.Schedule(tuple(sh.Lane({"holding": v}, pre=(pre,), clamps=(sh.Clamp(0.0, lasts, v), down)) for v in p.holding))


if __name__ == "__main__":
    sh.main(__file__)
