"""Timing window in hippocampal culture (Bi & Poo 1998).

60 pairs of one presynaptic and one postsynaptic spike at 1 Hz, for delta_t from -100 to 100 ms.

Reference: Bi & Poo (1998), J Neurosci 18:10464, doi 10.1523/JNEUROSCI.18-24-10464.1998.

Published outcome: potentiation of pairs within some 20-40 ms pre before post, depression within some 40 ms the other way
round. The 45 measured points are single connections; they are not part of this file. It has only the
windows that were fitted to them (data/bi_poo_1998_fit.csv), so there is no row to compare and no point to score.

Pitfalls. The fit is soft: the time constant of depression is 62 +- 58 ms in one fit and 33.7 ms in the fit that most
models use. Points within 3 ms of delta_t = 0 scatter between both signs, which is why 0 is not among the defaults; a rule's value
there is only its choice for coincidences. The percentages are totals of 60 pairs, not of one.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

FITTED = "data/bi_poo_1998_fit.csv"
TISSUE = "hippocampal culture"


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    delta_t: tuple[sh.Time, ...] = tuple(n / 200 for n in range(-20, 21) if n)  # every 5 ms
    pairs: int = 60
    frequency: sh.Frequency = 1.0


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each delta_t."""
    lanes = []
    for delta_t in p.delta_t:
        pre, post = sh.pairings(delta_t, p.pairs, p.frequency)
        lanes.append(sh.Lane({"delta_t": delta_t}, pre=(pre,), post=post))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
