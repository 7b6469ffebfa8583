"""Pairing at inhibitory synapses of auditory cortex (D'amour & Froemke 2015).

60 pairs at 0.2 Hz of a presynaptic spike of an interneuron with a postsynaptic spike, at +5 and -5 ms, through the cell's
inhibitory receptor.

Reference: D'amour & Froemke (2015), Neuron 86:514, doi 10.1016/j.neuron.2015.03.014.

Published outcome (directions, from the abstract): inhibition grows in both orders, while excitation of the same cells follows the
usual window; how much it grows depends on the balance of the two before. For excitation use `pairing`.

Pitfalls. The abstract gives the order, not a distance: +-5 ms, 60 pairs and 0.2 Hz are chosen for illustration. The paper
measured currents under voltage clamp; here it is the IPSP, which depends on how far the cell is from the reversal potential.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/damour_2015.csv"
TISSUE = "auditory cortex, layer 5"


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    delta_t: tuple[sh.Time, ...] = (-0.005, 0.005)
    pairs: int = 60
    frequency: sh.Frequency = 0.2
    receptor: str = "gaba"


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each delta_t."""
    lanes = []
    for delta_t in p.delta_t:
        pre, post = sh.pairings(delta_t, p.pairs, p.frequency)
        lanes.append(sh.Lane({"delta_t": delta_t}, pre=(pre,), post=post))
    return sh.Schedule(tuple(lanes), receptor=p.receptor)


if __name__ == "__main__":
    sh.main(__file__)
