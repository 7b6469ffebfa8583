"""Threads of a network: what a second one saves, and what a busy program beside them costs."""

from __future__ import annotations

import subprocess
import sys
import time

from measuring import Row

from spikeheb.circuits.circuit import Circuit
from spikeheb.engines.kernel import network


def two_threads(circuit: Circuit, work: str, runs: int) -> Row:
    """Time by the clock with one thread over that with two, which have the same bytes."""
    ratios = []
    for _ in range(runs):
        seconds = []
        for threads in (1, 2):
            with network.Network(circuit, threads=threads) as started:
                begun = time.perf_counter()
                started.advance(circuit.steps)
                seconds.append(time.perf_counter() - begun)
        ratios.append(seconds[0] / seconds[1])
    return Row(work, "one thread / two threads, by the clock", tuple(ratios), None, note=f"threads meet every {started.struct.block} steps")


def beside_another(circuit: Circuit, work: str, runs: int) -> Row:
    """Time by the clock of two threads beside a program that never rests, over that without it; a fair share is 1.5 on two processors."""
    seconds: list[list[float]] = [[], []]
    for times in (seconds[0], seconds[1]) * runs:
        busy = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if times is seconds[1] else None
        try:
            with network.Network(circuit, threads=2) as started:
                begun = time.perf_counter()
                started.advance(circuit.steps)
                times.append(time.perf_counter() - begun)
        finally:
            if busy is not None:
                busy.kill()
                busy.wait()
    ratios = tuple(other / alone for alone, other in zip(*seconds, strict=True))
    return Row(work, "two threads beside a busy program / alone, by the clock", ratios, None)
