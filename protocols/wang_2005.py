"""Triplets and quadruplets in hippocampal culture (Wang, Gerkin, Nauen & Bi 2005).

60 motifs at 1 Hz. Triplets: pre-post-pre and post-pre-post, two pairs that share a spike. Quadruplets: one pair of each sign, at
+-5 ms, in either order; `gap` is the time between the middles of the two pairs.

Reference: Wang, Gerkin, Nauen & Bi (2005), Nature Neuroscience 8:187, doi 10.1038/nn1387.

Published outcome: post-pre-post potentiates, pre-post-pre at equal distances does nothing. Of the quadruplets, post-pre followed
by pre-post gives more than pre-post followed by post-pre; their values are not part of this file, and the gaps are chosen
for illustration.

Pitfalls. For a pair rule both triplets at equal distances are the same two pairs: it gives one value where the data differ by
20 % and more. Which of the asymmetric motifs is which was inferred from the sign convention of the digitised table. Slices of
layer 2/3 give the opposite result (froemke_dan_2002).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

import spikeheb as sh

PUBLISHED = "data/wang_2005.csv"
TISSUE = "hippocampal culture"
TRIPLETS = [
    ("pre-post-pre", 0.005, -0.005), ("pre-post-pre", 0.01, -0.01), ("pre-post-pre", 0.015, -0.005), ("pre-post-pre", 0.005, -0.015),
    ("post-pre-post", -0.005, 0.005), ("post-pre-post", -0.01, 0.01), ("post-pre-post", -0.015, 0.005), ("post-pre-post", -0.005, 0.015),
]  # fmt: skip
QUADRUPLETS = [("pre-post-post-pre", 0.005, -0.005), ("post-pre-pre-post", -0.005, 0.005)]


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    series: Literal["triplets", "quadruplets", "both"] = "both"
    motifs: int = 60
    frequency: sh.Frequency = 1.0
    gaps: tuple[sh.Time, ...] = (0.02, 0.05, 0.1)  # of the quadruplets


def lane(p: Parameters, motif: str, first: float, second: float, gap: float) -> sh.Lane:
    """Spikes of a motif: the first presynaptic one at 0, the time of the second pair's presynaptic spike follows from motif and gap."""
    if gap:
        pres, posts = [0.0, gap + (first - second) / 2], [first, gap + (first + second) / 2]
    elif motif == "pre-post-pre":
        pres, posts = [0.0, first - second], [first]
    else:
        pres, posts = [0.0], [first, second]
    pre, post = sh.pairings(0.0, p.motifs, p.frequency, pres, posts)
    return sh.Lane({"motif": motif, "delta_t_1": first, "delta_t_2": second, "gap": gap}, pre=(pre,), post=post)


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each triplet, and for each quadruplet and gap."""
    motifs = [(*triplet, 0.0) for triplet in TRIPLETS] if p.series != "quadruplets" else []
    if p.series != "triplets":
        motifs += [(*quadruplet, gap) for quadruplet in QUADRUPLETS for gap in p.gaps]
    return sh.Schedule(tuple(lane(p, *motif) for motif in motifs))


if __name__ == "__main__":
    sh.main(__file__)
