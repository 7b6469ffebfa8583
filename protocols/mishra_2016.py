"""Pairing at CA3-CA3 recurrent synapses (Mishra, Kim, Guzman & Jonas 2016).

300 pairings at 1 Hz, at +10 and -10 ms, and either side alone.

Reference: Mishra, Kim, Guzman & Jonas (2016), Nature Communications 7:11552, doi 10.1038/ncomms11552, Table 1.

Published outcome: potentiation in both orders, 178 % at +10 ms and 159 % at -10 ms; nothing with one side alone. D-AP5, EGTA and
nimodipine remove it, and so does a hyperpolarising pulse; no rule here can represent these, so their rows are shown and not
simulated. High-frequency stimulation of the same synapses is in `hfs`.

Pitfalls. Number and frequency of the pairings are not in the table: 300 at 1 Hz is how a later simulation describes the experiment
(analyse_STDP.py of KaliLab's ca3net). At room temperature. An asymmetric window cannot give both signs of delta_t.
"""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh

PUBLISHED = "data/mishra_2016.csv"
TISSUE = "hippocampus, CA3 to CA3"
NOT_SIMULATED = "data/mishra_2016_treatments.csv"


@dataclass(frozen=True)
class Parameters:
    """What can be changed."""

    delta_t: tuple[sh.Time, ...] = (-0.01, 0.01)
    pairings: int = 300
    frequency: sh.Frequency = 1.0


def schedule(p: Parameters, rng: np.random.Generator) -> sh.Schedule:
    """One lane for each delta_t, and one for each side alone."""
    lanes = []
    for delta_t in p.delta_t:
        pre, post = sh.pairings(delta_t, p.pairings, p.frequency)
        lanes.append(sh.Lane({"pattern": "pairing", "delta_t": delta_t}, pre=(pre,), post=post))
    spikes, nothing = sh.train(p.pairings, p.frequency), np.zeros(0)
    lanes.append(sh.Lane({"pattern": "presynaptic only", "delta_t": 0.0}, pre=(spikes,)))
    lanes.append(sh.Lane({"pattern": "postsynaptic only", "delta_t": 0.0}, pre=(nothing,), post=spikes))
    return sh.Schedule(tuple(lanes))


if __name__ == "__main__":
    sh.main(__file__)
