"""Frequency and timing at layer 5 connections of visual cortex (Sjöström, Turrigiano & Nelson 2001).

Frequency series: pairs at +10 and -10 ms, at 0.1, 10, 20, 40 and 50 Hz. Timing series: 0 ms at 0.1, 20, 40, 50 and 100 Hz,
and +25 and -25 ms at 20 Hz. `schedule = "experiment"` is what was done: 15 bursts of 5 pairs, one burst every 10 s, and at
0.1 Hz 50 single pairs. `schedule = "idealised"` is what models are often fitted to: 60 pairs without a break.

Reference: Sjöström, Turrigiano & Nelson (2001), Neuron 32:1149, doi 10.1016/S0896-6273(01)00542-6.

Published outcome: at +10 ms nothing at 0.1 Hz and potentiation that grows with frequency; at -10 ms depression up to 20 Hz
and potentiation from 40 Hz on. The ten values of the frequency series are those that the triplet rule was fitted to.

Pitfalls. The schedule decides: Pfister & Gerstner's all-to-all triplet sets reach their small error only with the
idealised schedule. The mean of ((data - model)/SEM)^2 over the ten points is 0.36 there (minimal set), but 5.8 (minimal)
and 6.2 (full) under the real bursts, where only the nearest-spike sets still fit (0.35 and 0.47). Three readings of the
-10 ms branch differ by up to 0.06. At 0 ms a rule with spike traces does what its coincidence policy says: the visual-cortex
triplet sets give strong potentiation with `pre_first` (E of the timing series above 100) and mostly depression with
`post_first` (E = 13 to 17 for the nearest-spike sets); the experiment shows little of either below 100 Hz. At -10 ms each burst may
have held a sixth postsynaptic spike, which is left out here.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

import spikeheb as sh

PUBLISHED = "data/sjostrom_2001.csv"
MODELLED = "data/sjostrom_2001_models.csv"
TISSUE = "visual cortex, layer 5"
FREQUENCY_SERIES = [(frequency, delta_t) for delta_t in (0.01, -0.01) for frequency in (0.1, 10.0, 20.0, 40.0, 50.0)]
TIMING_SERIES = [(0.1, 0.0), (20.0, 0.025), (20.0, 0.0), (20.0, -0.025), (40.0, 0.0), (50.0, 0.0), (100.0, 0.0)]
SERIES = {"frequency": FREQUENCY_SERIES, "timing": TIMING_SERIES, "both": FREQUENCY_SERIES + TIMING_SERIES}


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    schedule: Literal["experiment", "idealised"] = "experiment"
    series: Literal["frequency", "timing", "both"] = "both"


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each point of the series."""
    lanes = []
    for frequency, delta_t in SERIES[p.series]:
        if p.schedule == "idealised":
            pre, post = sh.pairings(delta_t, 60, frequency)
        elif frequency == 0.1:
            pre, post = sh.pairings(delta_t, 50, frequency)
        else:
            pre, post = sh.bursts(delta_t, 15, 5, frequency, interval=10.0)
        lanes.append(sh.Lane({"frequency": frequency, "delta_t": delta_t}, pre=(pre,), post=post))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
