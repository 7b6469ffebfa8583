"""Single action potentials and bursts at proximal and distal synapses of layer 5 (Letzkus, Kampa & Stuart 2006).

150 pairings at 1 Hz (the paper: 100 to 200) of a presynaptic spike with one postsynaptic spike, or with a burst of three at 200
Hz, at +10 and -10 ms; delta_t is the time to the first postsynaptic spike. In 2 mM calcium, 1 mM magnesium.

Reference: Letzkus, Kampa & Stuart (2006), J Neurosci 26:10420, doi 10.1523/JNEUROSCI.2650-06.2006.

Published outcome (directions, from the abstract): proximal synapses follow the usual window; at distal ones a single action
potential at +10 ms depresses, and bursts potentiate when the input comes after their onset and depress when it comes before.

Pitfalls. Proximal and distal lanes have the same spikes: a cell of one compartment cannot represent the difference, and no rule
with one set of values can give both. That proximal synapses potentiate with bursts at +10 ms, and the burst of three at 200
Hz, are from a public program that fits a calcium rule to these data. The abstract gives the order of bursts, not the time
between them; +-10 ms is used for it.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/letzkus_2006.csv"
TISSUE = "somatosensory cortex, layer 2/3 to layer 5"
CONDITIONS = [(place, spikes, delta_t) for place in ("proximal", "distal") for spikes in (1, 3) for delta_t in (-0.01, 0.01)]


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    pairings: int = 150
    frequency: sh.Frequency = 1.0
    burst_frequency: sh.Frequency = 200.0


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each location, pattern and delta_t."""
    lanes = []
    for location, spikes, delta_t in CONDITIONS:
        burst = [n / p.burst_frequency for n in range(spikes)]
        pre, post = sh.pairings(delta_t, p.pairings, p.frequency, post_pattern=burst)
        condition = {"location": location, "pattern": f"{spikes} AP", "delta_t": delta_t}
        lanes.append(sh.Lane(condition, pre=(pre,), post=post, calcium=2.0))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
