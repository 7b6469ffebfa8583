"""Bursts on both sides at layer 2/3 of visual cortex (Froemke, Tsay, Raad, Long & Dan 2006).

Pre- and postsynaptic bursts of 5 spikes at 10, 50 or 100 Hz, whose first spikes are 6 ms apart in either order; one pairing every
5 s, 60 of them.

Reference: Froemke, Tsay, Raad, Long & Dan (2006), J Neurophysiol 95:1620, doi 10.1152/jn.00910.2005.

Published outcome (directions, from memory, unverified): bursts of 50 Hz and more potentiate whatever the order. The first presynaptic
spikes of a burst count most, because short-term depression weakens the later spikes, as a later model of these synapses says.

Pitfalls. The paper was not read: bursts had 5 or 6 spikes at 10 to 100 Hz; 6 ms, 60 pairings and 0.2 Hz are chosen after the
same laboratory's earlier work. With equal bursts, later spikes of one side come between those of the other, so that the order
at the first spikes is not that of all pairs.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/froemke_2006.csv"
TISSUE = "visual cortex, layer 2/3"


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    frequency: tuple[sh.Frequency, ...] = (10.0, 50.0, 100.0)  # within the bursts
    delta_t: tuple[sh.Time, ...] = (-0.006, 0.006)  # between the first spikes
    spikes: int = 5
    pairings: int = 60
    interval: sh.Time = 5.0


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each frequency and order."""
    lanes = []
    for frequency in p.frequency:
        burst = [n / frequency for n in range(p.spikes)]
        for delta_t in p.delta_t:
            pre, post = sh.pairings(delta_t, p.pairings, 1 / p.interval, pre_pattern=burst, post_pattern=burst)
            lanes.append(sh.Lane({"frequency": frequency, "delta_t": delta_t}, pre=(pre,), post=post))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
