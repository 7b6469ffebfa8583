"""High-frequency stimulation: trains of 1 s at 100 Hz.

One or more trains of 100 pulses at 100 Hz to the presynaptic side; it depends on the cell whether it fires.

Published outcome: at CA3-CA3 synapses 197 +- 18 % (n = 14) (Mishra, Kim, Guzman & Jonas 2016,
doi 10.1038/ncomms11552, Table 1; the number of trains was not available and is taken as one). D-AP5, EGTA and nimodipine remove it;
no rule here can represent them, so their rows are shown and not simulated. In CA1 140 to 180 % is usual (from memory,
unverified).

Pitfalls. `inputs` act together, as fibres of a bundle do; their number is chosen for illustration, and decides whether the cell
fires. The interval between trains, 20 s by default, is anything from 20 s to 5 min in the literature.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/hfs.csv"
NOT_SIMULATED = "data/hfs_treatments.csv"
TISSUE = "hippocampus, CA3 to CA3"


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    trains: tuple[int, ...] = (1, 2, 4)
    pulses: int = 100
    frequency: sh.Frequency = 100.0
    interval: sh.Time = 20.0  # from train to train
    inputs: int = 10  # stimulated together


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each number of trains."""
    lanes = []
    for trains in p.trains:
        pre, _ = sh.bursts(0.0, trains, p.pulses, p.frequency, p.interval, post_pattern=())
        lanes.append(sh.Lane({"trains": float(trains)}, pre=(pre,)))
    return sh.Schedule(tuple(lanes), copies=p.inputs)


if __name__ == "__main__":
    sh.main(__file__)
