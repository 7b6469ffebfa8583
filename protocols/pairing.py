"""Pairings: pre- and postsynaptic spikes at fixed distances.

Any number of pairings, at every combination of the given frequencies and of the given delta_t (t_post - t_pre, at the
synapse). A pairing may hold several spikes on either side: with `post_pattern = "0 ms, 10 ms"` each presynaptic spike
is paired with two postsynaptic spikes, and delta_t is the time to the first of them.

This protocol has no published outcome; the defaults, 60 pairings at 1 Hz, are chosen for illustration.

Pitfalls. Once |delta_t| exceeds half the period, the nearest spike of the other side belongs to the neighbouring pairing.
If 1/frequency is not a multiple of the time step, spikes are rounded to the step, on both sides in the same way.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    pairs: int = 60
    frequency: tuple[sh.Frequency, ...] = (1.0,)  # pairings a second
    delta_t: tuple[sh.Time, ...] = (-0.05, -0.02, -0.01, 0.01, 0.02, 0.05)
    pre_pattern: tuple[sh.Time, ...] = (0.0,)  # spikes of one pairing
    post_pattern: tuple[sh.Time, ...] = (0.0,)


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each frequency and delta_t."""
    lanes = []
    for frequency in p.frequency:
        for delta_t in p.delta_t:
            pre, post = sh.pairings(delta_t, p.pairs, frequency, p.pre_pattern, p.post_pattern)
            lanes.append(sh.Lane({"frequency": frequency, "delta_t": delta_t}, pre=(pre,), post=post))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
