"""Trains of pairs in layer 2/3 and between spiny stellate cells of layer 4 (Egger, Feldmeyer & Sakmann 1999).

Trains of 5 pairs at delta_t = +10 ms, 10 trains, one every 10 s: at 20 Hz between pyramidal cells of layer 2/3, at 1, 10, 20
and 50 Hz between spiny stellate cells of layer 4, barrel cortex.

Reference: Egger, Feldmeyer & Sakmann (1999), Nature Neuroscience 2:1098, doi 10.1038/16026.

Published outcome: potentiation in layer 2/3; in layer 4 depression at 1 to 20 Hz, although the presynaptic spike comes first,
and little change at 50 Hz.

Pitfalls. Both connections are given the same spikes: one rule with one set of values cannot explain both at 20 Hz. The
depression in layer 4 needs metabotropic receptors and no NMDA receptors, and delta_t below 25 ms (abstract). That it does not depend
on the order of spikes is from memory, unverified; the abstract names one order only.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/egger_1999.csv"
TISSUE = "somatosensory cortex, layer 4"
CONDITIONS = [("L2/3", 20.0), ("L4", 1.0), ("L4", 10.0), ("L4", 20.0), ("L4", 50.0)]


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    trains: int = 10
    pairs: int = 5  # of each train
    delta_t: sh.Time = 0.01
    interval: sh.Time = 10.0  # from train to train


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each connection and frequency."""
    lanes = []
    for connection, frequency in CONDITIONS:
        pre, post = sh.bursts(p.delta_t, p.trains, p.pairs, frequency, p.interval)
        condition = {"connection": connection, "frequency": frequency, "delta_t": p.delta_t}
        lanes.append(sh.Lane(condition, pre=(pre,), post=post))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
