"""Depression by pairing between cells of layer 2/3 of barrel cortex (Banerjee et al. 2014).

100 pairs at 0.2 Hz, at -15 ms.

Reference: Banerjee, González-Rueda, Sampaio-Baptista, Paulsen & Rodríguez-Moreno (2014), Physiological Reports 2:e00271,
doi 10.1002/phy2.271.

Published outcome: depression, which MK-801 in the presynaptic cell does not remove: these horizontal inputs differ from the
vertical ones of rodriguez_moreno_2008. No rule here can represent the drug: that row is shown and not simulated.

Pitfalls. One condition only. delta_t was read from Fig. 3C and is not stated in the text. EPSPs were measured by their slope.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/banerjee_2014.csv"
TISSUE = "somatosensory cortex, layer 2/3"
NOT_SIMULATED = "data/banerjee_2014_drugs.csv"


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    delta_t: tuple[sh.Time, ...] = (-0.015,)
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
