"""Single spikes and doublets at CA3-CA1 synapses (Wittenberg & Wang 2006).

70 to 100 pairings at 5 Hz (85 by default) of a presynaptic spike with one postsynaptic spike, or with two 10 ms apart; and 20
to 30 pairings (25) with two. delta_t is the time to the last postsynaptic spike. In 2 mM calcium, 1 mM magnesium.

Reference: Wittenberg & Wang (2006), J Neurosci 26:6610, doi 10.1523/JNEUROSCI.5388-05.2006.

Published outcome (directions only): single spikes depress at all timings, whatever their order; doublets after the presynaptic
spike potentiate from +10 to +30 ms, with depression on either side; few pairings of doublets potentiate and do not depress. The
abstract names tens of pairings, 5 Hz and bursts for potentiation, hundreds of pairings and a broad window for depression, and
three kinds of window: depression alone, potentiation alone, and both. Published summaries say which pattern gives which window.

Pitfalls. That delta_t is the time to the last spike follows from the axes of public programs that plot Figs. 3e and 4d. The
potentiation needs 5 Hz: at 0.5 Hz there is none (as others report). Single spikes are paired at 5 Hz here, as in a later
model; others report 0.1 to 0.5 Hz.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/wittenberg_wang_2006.csv"
TISSUE = "hippocampus, CA3 to CA1"
CONDITIONS = [("1 AP", "many"), ("2 AP", "many"), ("2 AP", "few")]


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    many: int = 85
    few: int = 25
    frequency: sh.Frequency = 5.0
    doublet: sh.Time = 0.01  # between the two postsynaptic spikes
    delta_t: tuple[sh.Time, ...] = tuple(n / 200 for n in range(-12, 13) if n)  # every 5 ms


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each pattern, number of pairings and delta_t."""
    lanes = []
    for pattern, number in CONDITIONS:
        pairings = p.many if number == "many" else p.few
        spikes = (0.0,) if pattern == "1 AP" else (-p.doublet, 0.0)
        for delta_t in p.delta_t:
            pre, post = sh.pairings(delta_t, pairings, p.frequency, post_pattern=spikes)
            condition = {"pattern": pattern, "pairings": float(pairings), "delta_t": delta_t}
            lanes.append(sh.Lane(condition, pre=(pre,), post=post, calcium=2.0))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
