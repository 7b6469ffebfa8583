"""Pairing at different external calcium, CA3-CA1 (Inglebert, Aljadeff, Brunel & Debanne 2020).

At 0.3 Hz: 100 pairings with the presynaptic spike first (+10 and +50 ms), 150 with the postsynaptic one first (-25 ms), in 1.3 to
3 mM calcium; and bursts of 2 to 4 postsynaptic spikes at 1.8 and 1.3 mM. Magnesium is calcium / 1.5, at 30 C.

Reference: Inglebert, Aljadeff, Brunel & Debanne (2020), PNAS 117:33639, doi 10.1073/pnas.2013663117.

Published outcome (directions, from the captions): the usual window at 2.5 and 3 mM, with a second region of depression at +40 to +60
ms at 3 mM; depression in either order at 1.8 mM; nothing at 1.5 and 1.3 mM. At 1.8 mM, 3 or 4 postsynaptic spikes bring
potentiation back, and with 2 there is no change on average; at 1.3 mM, 3 spikes do not.

Pitfalls. Only a rule with a parameter Ca, a concentration, depends on the calcium; for any other rule all lanes with the same
pattern are equal, and the result says so. The captions do not say that delta_t is the time to the first spike of a burst, nor
the frequency of bursts: both are chosen for illustration.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/inglebert_2020.csv"
TISSUE = "hippocampus, CA3 to CA1"
PAIRS = [(calcium, 1, delta_t) for calcium in (3.0, 2.5, 1.8, 1.5, 1.3) for delta_t in (0.01, -0.025)]
CONDITIONS = [*PAIRS, (3.0, 1, 0.05), (1.8, 2, 0.01), (1.8, 3, 0.01), (1.8, 4, 0.01), (1.3, 3, 0.01)]


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    positive: int = 100  # pairings
    negative: int = 150
    frequency: sh.Frequency = 0.3
    burst_frequency: sh.Frequency = 50.0


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each calcium, number of postsynaptic spikes and delta_t."""
    lanes = []
    for calcium, spikes, delta_t in CONDITIONS:
        pairings = p.positive if delta_t > 0 else p.negative
        burst = [n / p.burst_frequency for n in range(spikes)]
        pre, post = sh.pairings(delta_t, pairings, p.frequency, post_pattern=burst)
        condition = {"external_calcium": calcium, "pattern": f"{spikes} AP", "delta_t": delta_t}
        lanes.append(sh.Lane(condition, pre=(pre,), post=post, calcium=calcium))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
