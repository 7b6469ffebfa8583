"""Bursts of pairs onto layer 5 cells, from layer 5 and from layer 2/3 (Sjöström & Häusser 2006).

15 trains of 5 pairs at 50 Hz, +10 ms, one train every 10 s. In 2 mM calcium, 1 mM magnesium.

Reference: Sjöström & Häusser (2006), Neuron 51:227, doi 10.1016/j.neuron.2006.06.017.

Published outcome: potentiation between cells of layer 5, no change on average from layer 2/3 to layer 5, whose synapses lie
farther from the soma.

Pitfalls. Both connections are given the same spikes: a cell of one compartment cannot represent the difference. The values are
means over all distances from the soma; single connections go from potentiation to depression with distance.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/sjostrom_hausser_2006.csv"
TISSUE = "visual cortex, layer 5"


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    trains: int = 15
    pairs: int = 5  # of each train
    frequency: sh.Frequency = 50.0
    delta_t: sh.Time = 0.01
    interval: sh.Time = 10.0  # from train to train


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each connection."""
    pre, post = sh.bursts(p.delta_t, p.trains, p.pairs, p.frequency, p.interval)
    lanes = []
    for connection in ("L5-L5", "L2/3-L5"):
        condition = {"connection": connection, "frequency": p.frequency, "delta_t": p.delta_t}
        lanes.append(sh.Lane(condition, pre=(pre,), post=post, calcium=2.0))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
