"""Given spike trains, such as recorded ones, with the EPSP before and after.

Every lane of a spike file is a condition: its presynaptic trains drive the inputs, its postsynaptic train is imposed on the
cell. The file is CSV with the columns lane, side (pre or post), time and, for several inputs, input; or one that Neo reads.
The trains are played `repeats` times, one start every `every` seconds.

This protocol has no published outcome. The trains that it plays by default are artificial: both sides fire in common episodes, the
presynaptic side leading or lagging by some 10 ms (data/example_trains.csv), chosen for illustration.

Pitfalls. Test pulses go through the first input. Only spike times are replayed: the cell may add spikes of its own where the
inputs drive it across threshold. Where no cell is needed, `spikeheb replay` is simpler.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

EXAMPLE = __file__.removesuffix("replayed.py") + "data/example_trains.csv"


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    file: str = ""  # the example, if empty
    repeats: int = 10
    every: sh.Time = 10.0


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each lane of the file."""
    starts = np.arange(p.repeats) * p.every
    lanes = []
    for lane in sh.read_spikes(p.file or EXAMPLE):
        if lane.duration >= p.every and p.repeats > 1:
            raise sh.ScheduleError(f"the trains last {lane.duration:g} s; repeat them at longer intervals", key="every")
        *pre, post = ((starts[:, None] + train).ravel() for train in (*lane.pre, lane.post))
        lanes.append(sh.Lane(lane.condition, pre=tuple(pre), post=post))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
