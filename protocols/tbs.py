"""Theta-burst stimulation: bursts of 4 pulses at 100 Hz, 5 a second.

10 bursts of 4 pulses at 100 Hz, one every 200 ms, to the presynaptic side; all of this once or more often, every 10 s. It
depends on the cell whether it fires.

This protocol has no measured value: in CA1 130 to 160 % is usual (from memory, unverified).

Pitfalls. `inputs` act together, as fibres of a bundle do; their number is chosen for illustration, and decides whether the cell
fires.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    repeats: tuple[int, ...] = (1, 3)
    bursts: int = 10
    pulses: int = 4  # of each burst
    frequency: sh.Frequency = 100.0
    every: sh.Time = 0.2  # from burst to burst
    interval: sh.Time = 10.0  # from repeat to repeat
    inputs: int = 10  # stimulated together


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each number of repeats."""
    pulses, _ = sh.bursts(0.0, p.bursts, p.pulses, p.frequency, p.every, post_pattern=())
    lanes = []
    for repeats in p.repeats:
        pre = (np.arange(repeats)[:, None] * p.interval + pulses).ravel()
        lanes.append(sh.Lane({"repeats": float(repeats)}, pre=(pre,)))
    return sh.Schedule(tuple(lanes), copies=p.inputs)


if __name__ == "__main__":
    sh.main(__file__)
