"""A tetanus at different depolarisations, visual cortex (Artola, Bröcher & Singer 1990).

Presynaptic spikes at 50 Hz for 2 s, five times every 10 s, while the cell is at rest, a little or strongly depolarised.

Reference: Artola, Bröcher & Singer (1990), Nature 347:69, doi 10.1038/347069a0.

Published outcome: depression and potentiation have different thresholds of depolarisation, as the title says. The rest (directions,
from memory, unverified): nothing near rest, depression from a first threshold of depolarisation on,
potentiation from a second and higher one on.

Pitfalls. The depolarisation in the slice came from current and from disinhibition by bicuculline and was not clamped; here the
cell is held at -70, -50 and -20 mV, which are chosen for illustration, as are number and length of the tetani. The dendrite of a
model of one compartment is held too. A rule that reads only spike times sees the tetanus alone.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/artola_1990.csv"
TISSUE = "visual cortex, layer 2/3"


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    holding: tuple[sh.Voltage, ...] = (-0.07, -0.05, -0.02)
    frequency: sh.Frequency = 50.0
    pulses: int = 100
    tetani: int = 5
    interval: sh.Time = 10.0
    margin: sh.Time = 0.5  # held before the first pulse and after the last
    rest: sh.Voltage = -0.07  # the cell is held here for 0.1 s more before it is released


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each holding potential."""
    tetanus = sh.train(p.pulses, p.frequency, start=p.margin)
    pre = np.concatenate([tetanus + n * p.interval for n in range(p.tetani)])
    lasts = float(pre[-1]) + p.margin
    down = sh.Clamp(lasts, 0.1, p.rest)
    return sh.Schedule(tuple(sh.Lane({"holding": v}, pre=(pre,), clamps=(sh.Clamp(0.0, lasts, v), down)) for v in p.holding))


if __name__ == "__main__":
    sh.main(__file__)
