"""Izhikevich (2007), 10.1093/cercor/bhl152, Fig. 1, in the network: of a hundred thousand synapses the rewarded one reaches its limit.

The network is as in the published program but for what its file says, and nothing in it was chosen to suit the seeds. It was tried with
the seeds 1, 1001, 1002 and 1003, in which the rewarded weight was 0.5, 4, 2.0 and 0.3 after 200 to 250 s: how soon it grows differs, so
that a short run is held to the same run without reward (0.08 and 0.04 at most, seeds 1002 and 1003). A weight at its limit does not stay
there: it goes up and down for as long as the network runs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spikeheb import library
from spikeheb.circuits.files import read_circuit
from spikeheb.circuits.probes import Probes
from spikeheb.engines.choice import carry_out_network
from spikeheb.engines.compiler import compiler

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")


def run(seed, duration, every, *, rewarded=True):
    """The course of the rewarded weight, its synapse being one of no reward in a control; and all other weights at the end."""
    circuit = read_circuit(library.find("network", "izhikevich_2007"))
    steps, triggers = round(duration / circuit.dt), circuit.triggers if rewarded else {}
    probes = Probes(snapshots=np.arange(every, duration, every, dtype=int) * 1000)
    recording = carry_out_network(replace(circuit, seed=seed, steps=steps, triggers=triggers, probes=probes))
    course = np.append(recording.snapshots["rewarded"][:, 0], recording.w["rewarded"])
    return course, np.concatenate([recording.w["ee"], recording.w["ei"]])


def test_the_rewarded_synapse_grows_and_without_reward_it_does_not():
    """250 s of it, with a seed that was not tried before; most others have gone down from 1, where they start."""
    course, others = run(2, 250.0, 25)
    without, _ = run(2, 250.0, 25, rewarded=False)
    assert course.max() > 3 * without.max()
    assert course.max() > without.max() + 0.1
    assert np.median(others) < 1.0


@pytest.mark.full
def test_in_an_hour_the_rewarded_synapse_reaches_its_limit():
    """In at least 8 of 10 seeds it ends above 3.8 of 4, and the median of the others stays low.

    It reached 4 in all ten, and ended at 4.0, 3.99, 3.99, 3.98, 4.0, 4.0, 3.67, 3.90, 3.98 and 3.32; the medians are 0.33 to 0.64.
    """
    outcomes = [run(seed, 3600.0, 100) for seed in range(2, 12)]
    assert all(course.max() > 3.8 for course, _ in outcomes)
    assert sum(course[-1] > 3.8 for course, _ in outcomes) >= 8
    assert all(np.median(others) < 1.0 for _, others in outcomes)
