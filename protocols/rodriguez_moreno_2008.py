"""Pairing from layer 4 to layer 2/3 of barrel cortex (Rodríguez-Moreno & Paulsen 2008).

100 pairs at 0.2 Hz, at +10 and -15 ms.

Reference: Rodríguez-Moreno & Paulsen (2008), Nature Neuroscience 11:744, doi 10.1038/nn.2125.

Published outcome: potentiation at +10 ms, depression at -15 ms. MK-801 in the presynaptic cell removes the depression and not the
potentiation, so the depression needs NMDA receptors of the presynaptic cell. No rule here can represent the drug: the row at -15 ms is
shown and not simulated.

Pitfalls. The potentiation itself was measured with MK-801 in the presynaptic cell. EPSPs were measured by their slope. Whether
the presynaptic cell was pyramidal is not clear.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/rodriguez_moreno_2008.csv"
TISSUE = "somatosensory cortex, layer 4 to layer 2/3"
NOT_SIMULATED = "data/rodriguez_moreno_2008_drugs.csv"


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    delta_t: tuple[sh.Time, ...] = (-0.015, 0.01)
    pairs: int = 100
    frequency: sh.Frequency = 0.2


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each delta_t."""
    lanes = []
    for delta_t in p.delta_t:
        pre, post = sh.pairings(delta_t, p.pairs, p.frequency)
        lanes.append(sh.Lane({"frequency": p.frequency, "delta_t": delta_t}, pre=(pre,), post=post))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
