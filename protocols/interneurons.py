"""Pairing at excitatory synapses onto interneurons (Lu et al. 2007; Huang, Huganir & Kirkwood 2013).

60 pairs at 0.2 Hz, at +10 and -10 ms, onto fast-spiking (FS, parvalbumin) and low-threshold-spiking (LTS, somatostatin) cells of
somatosensory cortex (S1), and onto FS cells of visual cortex (V1).

References: Lu, Li, Zhao, Poo & Zhang (2007), J Neurosci 27:9711, doi 10.1523/JNEUROSCI.2513-07.2007; Huang, Huganir & Kirkwood
(2013), J Neurosci 33:13171, doi 10.1523/JNEUROSCI.5741-12.2013.

Published outcome (directions): FS cells of S1 depress in any order and at any frequency; LTS cells go either way, by timing; FS
cells of V1 depress post-before-pre and do not potentiate, unless adrenergic receptors are activated, which no rule
here can represent (those rows are shown and not simulated).

Pitfalls. All synapses are given the same spikes: run it once for each cell, such as --cell pv_interneuron, and read the rows of
that cell. Which order does what in LTS cells is from memory, unverified. The sources name an order, not a distance: +-10 ms, 60
pairs and 0.2 Hz are chosen for illustration.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/interneurons.csv"
TISSUE = "interneurons"
NOT_SIMULATED = "data/interneurons_drugs.csv"
SYNAPSES = ("pyramidal to FS (S1)", "pyramidal to LTS (S1)", "pyramidal to FS (V1)")


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    delta_t: tuple[sh.Time, ...] = (-0.01, 0.01)
    pairs: int = 60
    frequency: sh.Frequency = 0.2


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each synapse and delta_t."""
    lanes = []
    for synapse in SYNAPSES:
        for delta_t in p.delta_t:
            pre, post = sh.pairings(delta_t, p.pairs, p.frequency)
            lanes.append(sh.Lane({"synapse": synapse, "delta_t": delta_t}, pre=(pre,), post=post))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
