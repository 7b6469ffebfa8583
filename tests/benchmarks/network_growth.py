"""How the time of a recurrent network grows with its cells, a thousand to a hundred thousand with 1000 synapses each: a table and a figure.

``python tests/benchmarks/network_growth.py [--largest 5] [--precision float32] [--out network_growth.png]``. A synaptic event is a
presynaptic spike at one synapse, or a postsynaptic spike at one plastic synapse. Time is CPU time of one thread, without connecting.
A hundred thousand cells have 10^8 synapses, 64 million of them plastic; see that nothing else needs the memory (about 12 GB) or the caches.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from growth import Point, as_table, draw
from networks import DT, excitatory

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import FixedIndegree
from spikeheb.draws.edges import Edges
from spikeheb.engines.kernel.network import Network
from spikeheb.limits import GIGABYTES

INDEGREE = {"e": 800, "i": 200}
SIZES = tuple(round(10 ** (k / 2)) for k in range(6, 11))
EVENTS, LONGEST, SHORTEST = 3e8, 10.0, 0.1
"""Synaptic events that a measurement has at about `RATE`, as far as the limits (seconds that are simulated) allow."""
RATE = 7.0


def network(cells: int, seconds: float) -> Circuit:
    """So many cells, a fifth of them inhibitory, each with 1000 synapses; pair STDP between excitatory cells, as in `networks.excitatory`.

    Cells have twice as many synapses as there, of half the efficacy.
    """
    whole = excitatory(seconds, cells / 5000)
    projections = {}
    for name, each in whole.projections.items():
        connect = FixedIndegree(count=INDEGREE[each.pre], multiple=True, autapses=True if each.pre == each.post else None)
        halved = {"initial": {"w": 0.25}} if each.rule is not None else {"efficacy": each.efficacy / 2}
        projections[name] = replace(each, connect=connect, **halved)
    return replace(whole, projections=projections)


def measure(cells: int, precision: str) -> Point:
    """One size."""
    seconds = float(np.clip(EVENTS / (RATE * cells * (1000 + 0.8 * INDEGREE["e"])), SHORTEST, LONGEST))
    circuit = replace(network(cells, seconds), precision=precision)
    with Network(circuit, threads=1) as started:
        before = time.thread_time()
        started.advance(circuit.steps)
        cpu = time.thread_time() - before
        counts = started.recording().counts
        events = sum(_events(circuit, name, part.edges, counts) for name, part in started.projections.items())
    return Point(cells, circuit.steps * DT, cpu, events)


def _events(circuit: Circuit, name: str, edges: Edges, counts: dict[str, np.ndarray]) -> int:
    """Of a projection."""
    each = circuit.projections[name]
    sent = np.bincount(edges.pre, minlength=len(counts[each.pre])) @ counts[each.pre]
    heard = np.bincount(edges.post, minlength=len(counts[each.post])) @ counts[each.post] if each.rule is not None else 0
    return int(sent + heard)


def main() -> None:
    """Measure from a thousand cells to the largest power of ten that was asked for, two sizes a decade."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=float, default=5, help="exponent of the largest number of cells, 3 to 5")
    parser.add_argument("--precision", default="float64", choices=("float64", "float32"))
    parser.add_argument("--out", type=Path, default=Path("network_growth.png"), help="the figure")
    given = parser.parse_args()
    os.environ.setdefault(GIGABYTES, "16")
    points = []
    for size in SIZES:
        if size <= 10**given.largest * 1.01:
            points.append(measure(size, given.precision))
            print(as_table(points[-1:], "cells").splitlines()[-3], flush=True)
    print(as_table(points, "cells"))
    draw(points, given.out, "cells")


if __name__ == "__main__":
    main()
