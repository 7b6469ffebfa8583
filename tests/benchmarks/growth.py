"""How time grows with the number of synapses, from a thousand to ten million: a table and a figure (log-log).

``python tests/benchmarks/growth.py [--largest 7] [--out growth.png]``. A synaptic event is a presynaptic spike at one synapse, or a
postsynaptic spike at one synapse: what a program written by hand would loop over. Time is CPU time of one thread.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fan_in_benchmarks import DT, INPUTS, RATE, cases, job

from spikeheb.engines.kernel import fan_in

EVENTS = 2e8
"""Synaptic events that a measurement has at least, as far as `LONGEST` allows."""
LONGEST, SHORTEST = 100.0, 0.2
"""Seconds that are simulated."""
FLAT = 2.0
"""Within what factor the time of an event shall stay."""


@dataclass(frozen=True)
class Point:
    """One size.

    Attributes
    ----------
    size : int
        Synapses or cells.
    seconds : float
        Simulated.
    cpu : float
        CPU seconds of one thread.
    events : int
        Spikes of inputs times cells, and spikes of cells times inputs.
    """

    size: int
    seconds: float
    cpu: float
    events: int

    @property
    def nanoseconds(self) -> float:
        """Of CPU time for a synaptic event."""
        return 1e9 * self.cpu / self.events


def measure(cells: int) -> Point:
    """A thousand Poisson inputs onto so many cells, additive pair rule, weights given at random once for all cells."""
    seconds = float(np.clip(EVENTS / (RATE * INPUTS * cells * 2), SHORTEST, LONGEST))
    start = np.random.default_rng(0).random(INPUTS)
    the_job = job(cases()["additive pair"], cells, seconds, start=start)
    with fan_in.FanIn(the_job, 1) as started:
        before = time.thread_time()
        started.to_end()
        cpu = time.thread_time() - before
        fired = int(started.arrays.counts.sum())
    events = round(RATE * INPUTS * seconds * cells) + fired * INPUTS
    return Point(cells * INPUTS, the_job.steps * DT, cpu, events)


def as_table(points: list[Point], what: str = "synapses") -> str:
    """The points, and how far the time of an event moves."""
    lines = [f"| {what} | simulated | CPU | events | ns an event |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {p.size:,} | {p.seconds:.3g} s | {p.cpu:.3g} s | {p.events:.3g} | {p.nanoseconds:.3g} |" for p in points]
    times = [p.nanoseconds for p in points]
    return "\n".join([*lines, "", f"largest over smallest time of an event: {max(times) / min(times):.2f} (wanted: {FLAT:g} at most)"])


def draw(points: list[Point], path: Path, what: str = "synapses") -> None:
    """CPU seconds a simulated second against the number of synapses or cells, with a line of slope 1; and nanoseconds an event."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    x = np.array([p.size for p in points], dtype=float)
    y = np.array([p.cpu / p.seconds for p in points])
    left.loglog(x, y, "o-", color="#0072B2", label="kernel, one thread")
    left.loglog(x, y[-1] * x / x[-1], "--", color="#6E6E6E", label="proportional")
    left.set(xlabel=what, ylabel="CPU s per simulated s")
    left.legend(frameon=False)
    right.semilogx(x, [p.nanoseconds for p in points], "o-", color="#D55E00")
    right.set(xlabel=what, ylabel="ns per synaptic event", ylim=(0, None))
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def main() -> None:
    """Measure from 10^3 to the largest power of ten that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=7, help="exponent of the largest number of synapses")
    parser.add_argument("--out", type=Path, default=Path("growth.png"), help="the figure")
    given = parser.parse_args()
    points = [measure(10 ** (exponent - 3)) for exponent in range(3, given.largest + 1)]
    print(as_table(points))
    draw(points, given.out)


if __name__ == "__main__":
    main()
