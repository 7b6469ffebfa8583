"""Pairs, triplets and quadruplets in layer 2/3 of visual cortex (Froemke & Dan 2002).

Pairings at 0.2 Hz, 60 to 80 of them. `series = "pairs"`: one spike on either side; "triplets": two pairs that share a spike;
"quadruplets": two pairs, one in each order. For natural trains use the protocol `replayed`.

Reference: Froemke & Dan (2002), Nature 416:433, doi 10.1038/416433a.

Published outcome: a window for pairs; in triplets and quadruplets the first pair decides, and later spikes count less. This
file has no single points, only windows fitted to them (data/froemke_dan_2002_fit.csv), so there is no row to compare.

Pitfalls. Two versions of the window are in use, 1.01 and 1.03, 14.8 and 13.3 ms; the second is from memory. Amplitudes are
totals of all pairings. Post-pre-post depresses here and potentiates in culture (wang_2005): a rule with one set of values cannot
give both. The distances of triplets and quadruplets are chosen for illustration.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

import spikeheb as sh

FITTED = "data/froemke_dan_2002_fit.csv"
TISSUE = "visual cortex, layer 2/3"
TRIPLETS = [(motif, first, second) for motif, sign in (("pre-post-pre", 1), ("post-pre-post", -1)) for first, second in (
    (sign * 0.005, -sign * 0.005), (sign * 0.01, -sign * 0.01), (sign * 0.005, -sign * 0.015), (sign * 0.015, -sign * 0.005))]  # fmt: skip
QUADRUPLETS = [("pre-post-post-pre", 0.006, -0.006), ("post-pre-pre-post", -0.006, 0.006)]


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    series: Literal["pairs", "triplets", "quadruplets"] = "pairs"
    pairings: int = 60
    frequency: sh.Frequency = 0.2
    delta_t: tuple[sh.Time, ...] = tuple(n / 200 for n in range(-20, 21) if n)  # of pairs: every 5 ms
    gap: sh.Time = 0.03  # between the middles of a quadruplet's pairs


def motif(name: str, first: float, second: float, gap: float) -> tuple[list[float], list[float]]:
    """Pre- and postsynaptic spikes of one motif."""
    if name == "pre-post-pre":
        return [0.0, first - second], [first]
    if name == "post-pre-post":
        return [0.0], [first, second]
    return [0.0, gap + (first - second) / 2], [first, gap + (first + second) / 2]


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each delta_t, or for each motif."""
    lanes = []
    for delta_t in p.delta_t if p.series == "pairs" else ():
        pre, post = sh.pairings(delta_t, p.pairings, p.frequency)
        lanes.append(sh.Lane({"delta_t": delta_t}, pre=(pre,), post=post))
    for name, first, second in {"pairs": [], "triplets": TRIPLETS, "quadruplets": QUADRUPLETS}[p.series]:
        pre, post = sh.pairings(0.0, p.pairings, p.frequency, *motif(name, first, second, p.gap))
        lanes.append(sh.Lane({"motif": name, "delta_t_1": first, "delta_t_2": second}, pre=(pre,), post=post))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
