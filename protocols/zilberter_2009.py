"""Single pairs and trains between cells of layer 2/3 (Zilberter et al. 2009).

40 times, every 5 s: one pair, or a train of 5 pairs at 10 or 20 Hz, at +10 and -10 ms. In 2 mM calcium, 1 mM magnesium.
frequency = 0.2 Hz stands for single pairs.

Reference: Zilberter, Holmgren, Shemer, Silberberg, Grillner, Harkany & Zilberter (2009), Cerebral Cortex 19:2308,
doi 10.1093/cercor/bhn247.

Published outcome: single pairs depress in both orders; trains at 10 Hz depress less, and at 20 Hz there is no change.

Pitfalls. The paper gives both values at -10 ms without showing the data. Trains at -10 ms and 10 Hz were not measured. During
test pulses the interval was 7 s; the outcome is taken from 5 min after the induction on, here from 20 to 40 min.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/zilberter_2009.csv"
TISSUE = "visual cortex, layer 2/3"
CONDITIONS = [(0.2, 0.01), (0.2, -0.01), (10.0, 0.01), (20.0, 0.01), (20.0, -0.01)]


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    repeats: int = 40
    pairs: int = 5  # of each train
    interval: sh.Time = 5.0  # from pair to pair, or from train to train


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each frequency and delta_t."""
    lanes = []
    for frequency, delta_t in CONDITIONS:
        if frequency == 0.2:
            pre, post = sh.pairings(delta_t, p.repeats, 1 / p.interval)
        else:
            pre, post = sh.bursts(delta_t, p.repeats, p.pairs, frequency, p.interval)
        lanes.append(sh.Lane({"frequency": frequency, "delta_t": delta_t}, pre=(pre,), post=post, calcium=2.0))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
