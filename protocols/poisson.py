"""Random firing of both sides (after Sjöström, Turrigiano & Nelson 2001).

Independent Poisson trains of the pre- and of the postsynaptic cell, both at the same mean rate, drawn anew for every seed. In
2.5 mM calcium.

Reference for the values: Sjöström, Turrigiano & Nelson (2001), Neuron 32:1149, doi 10.1016/S0896-6273(01)00542-6, random firing of
layer 5 cells of visual cortex.

Published outcome: depression at 1 and 20 Hz, no change at 35 Hz, potentiation at 50 Hz.

Pitfalls. How the trains of the experiment were drawn, and how long they were, is not known here: 75 spikes on each side on average, as many
as in the regular series, is chosen for illustration. One seed is one draw; the outcome of a rule is the mean over many. After
each spike the cell is silent for 2 ms.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/poisson.csv"
TISSUE = "visual cortex, layer 5"


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    rate: tuple[sh.Frequency, ...] = (1.0, 20.0, 35.0, 50.0)
    spikes: int = 75  # of either side, on average
    refractory: sh.Time = 0.002


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each rate."""
    lanes = []
    for rate in p.rate:
        pre, post = (sh.poisson(rate, p.spikes / rate, rng, p.refractory) for _ in range(2))
        lanes.append(sh.Lane({"rate": rate}, pre=(pre,), post=post, calcium=2.5))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
