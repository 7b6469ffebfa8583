"""EPSPs with bursts of one to three action potentials in layer 2/3 (Nevian & Sakmann 2006).

60 pairings at 0.1 Hz of one EPSP with 1, 2 or 3 action potentials at 20, 50 or 100 Hz, at several distances; and either side
alone. delta_t is the time from the onset of the EPSP to the first action potential. In 2 mM calcium.

Reference: Nevian & Sakmann (2006), J Neurosci 26:11001, doi 10.1523/JNEUROSCI.1749-06.2006.

Published outcome: with the burst after the EPSP, potentiation needs two or more action potentials above 20 Hz; with the burst
before it, every pattern depresses. Drugs separated the two (MCPG, AM251 and U73122 removed the depression): no rule here can
represent them, so these rows are shown and not simulated.

Pitfalls. Text and legend of Fig. 2 differ for three conditions by up to 0.08; the rows have the text. Where the paper gives the
distance of the last action potential (-10 ms), the length of the burst was added to reach the first. A pair rule potentiates
with a single action potential too. At -10 ms of the burst's onset, two of its three action potentials come after the EPSP.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/nevian_sakmann_2006.csv"
TISSUE = "somatosensory cortex, layer 2/3"
NOT_SIMULATED = "data/nevian_sakmann_2006_drugs.csv"
CONDITIONS = [
    ("3 AP 50 Hz", (-0.09, -0.05, -0.03, -0.01, 0.01, 0.05)), ("1 AP", (-0.01, 0.01)), ("2 AP 50 Hz", (-0.03, 0.01)),
    ("3 AP 20 Hz", (-0.11, 0.01)), ("3 AP 100 Hz", (-0.03, 0.01)), ("EPSP only", (0.0,)), ("3 AP 50 Hz only", (0.0,)),
]  # fmt: skip


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    pairings: int = 60
    frequency: sh.Frequency = 0.1


def burst(pattern: str) -> list[float]:
    """Times of the action potentials from the first on."""
    if pattern == "EPSP only":
        return []
    count, frequency = int(pattern[0]), pattern.partition("AP ")[2].partition(" Hz")[0]
    return [n / float(frequency or 1) for n in range(count)]


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each pattern and delta_t."""
    lanes = []
    for pattern, distances in CONDITIONS:
        epsp = () if pattern.endswith("Hz only") else (0.0,)
        for delta_t in distances:
            pre, post = sh.pairings(delta_t, p.pairings, p.frequency, epsp, burst(pattern))
            lanes.append(sh.Lane({"pattern": pattern, "delta_t": delta_t}, pre=(pre,), post=post, calcium=2.0))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
