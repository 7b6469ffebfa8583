"""Pairs and bursts at CA3-CA1 synapses of adult rats (Tigaret, Olivo, Sadowski, Ashby & Mellor 2016).

300 motifs at 5 Hz of a presynaptic spike with one postsynaptic spike or with a pair of them 10 ms apart.

Reference: Tigaret, Olivo, Sadowski, Ashby & Mellor (2016), Nature Communications 7:10289, doi 10.1038/ncomms10289.

Published outcome (directions, Fig. 1): single spikes at +10 ms change nothing, doublets at +10 and +50 ms potentiate. Doublets 50 ms
before the presynaptic spike change nothing either; between which events these 50 ms are measured was not read, so they are not in the data.

Pitfalls. Numbers and rates are those of a later model of these experiments. Other distances are chosen for illustration. The motifs
without postsynaptic spikes (depression after 900 pairs of presynaptic spikes at 3 Hz) are not carried out.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/tigaret_2016.csv"
TISSUE = "hippocampus, CA3 to CA1"


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    motifs: int = 300
    frequency: sh.Frequency = 5.0
    delta_t: tuple[sh.Time, ...] = (-0.05, -0.01, 0.01, 0.05)  # to the first postsynaptic spike
    doublet: sh.Time = 0.01


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each pattern and delta_t."""
    lanes = []
    for pattern, post_pattern in (("1 AP", [0.0]), ("2 AP", [0.0, p.doublet])):
        for delta_t in p.delta_t:
            pre, post = sh.pairings(delta_t, p.motifs, p.frequency, post_pattern=post_pattern)
            lanes.append(sh.Lane({"pattern": pattern, "delta_t": delta_t}, pre=(pre,), post=post))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
