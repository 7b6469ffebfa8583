"""The work of this tree against the same in another checkout, in turns: ``python tests/benchmarks/before_and_after.py OTHER``.

Two processes, one in each tree, prepare every work once; then they take turns, run by run, so that what else the machine does
meets both. Printed is the ratio of CPU seconds, this tree over the other, with an interval for its median: a row is slower where
the whole interval lies above 1.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
SIZES = {1: 20.0, 100: 4.0, 1000: 1.0}
"""Seconds of fan-in that are simulated, by the number of cells."""
Work = Callable[[], Callable[[], object]]


def works() -> dict[str, Work]:
    """Each work by its name: called, it prepares a run and gives what is timed. Made from the modules of the tree that runs."""
    import fan_in_benchmarks as fan_in
    import lanes

    made: dict[str, Work] = {}
    for name in fan_in.cases():
        for cells, seconds in SIZES.items():
            if name == "additive pair" or cells == 100:
                made[f"fan-in, {name}, {cells} cells"] = _fan_in(name, cells, seconds)
    for name, case in (
        ("window", lanes.window_case(3000)),
        ("820 conditions", lanes.conditions_case()),
        ("noise", lanes.calcium_case(200)),
    ):
        made[f"lanes, {name}"] = lanes.InKernel(case)
    return made | _sessions()


def _fan_in(name: str, cells: int, seconds: float) -> Work:
    import fan_in_benchmarks as bench

    from spikeheb.engines.kernel.fan_in import FanIn

    job = bench.job(bench.cases()[name], cells, seconds)

    def prepare() -> Callable[[], object]:
        started = FanIn(job, 1)

        def go() -> None:
            started.to_end()
            started.close()

        return go

    return prepare


def _sessions() -> dict[str, Work]:
    import spikeheb as sh

    def window() -> object:
        return [sh.window("pair") for _ in range(5)]

    def rules() -> object:
        return [sh.rule("triplet", set="visual_cortex_nearest_min", tau_plus=f"{15 + n} ms") for n in range(20)]

    def pairing() -> object:
        return sh.run("pairing", sh.rule("pair"), delta_t="10 ms")

    def session() -> object:
        return sh.run("sjostrom_2001", sh.rule("triplet", set="visual_cortex_nearest_min"), series="frequency")

    def weights() -> object:
        return sh.weights([sh.rule("pair", set="gutig")], "song_2000", duration="20 s", seeds=1, engine="kernel")

    names = {"sh.rule, 20 times": rules, "sh.window, 5 times": window, "sh.run pairing": pairing}
    names |= {"sh.run sjostrom_2001": session, "sh.weights, 20 s": weights}
    return {name: lambda work=work: work for name, work in names.items()}


def child() -> None:
    """Answer each name on standard input with the CPU seconds of one run."""
    sys.path.remove(str(HERE))  # modules come from the tree that PYTHONPATH names
    made = works()
    for work in made.values():
        work()()
    print("\t".join(made), flush=True)
    for line in sys.stdin:
        go = made[line.strip()]()
        start = time.process_time()
        go()
        print(time.process_time() - start, flush=True)


class Tree:
    """A process in one of the trees."""

    def __init__(self, tree: Path) -> None:
        path = os.pathsep.join([str(tree), str(tree / "tests" / "benchmarks")])
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "before_and_after.py"), "--child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": path}, cwd=tree,
        )  # fmt: skip
        assert self.process.stdin is not None and self.process.stdout is not None
        self.asks, self.answers = self.process.stdin, self.process.stdout
        self.names = self.answers.readline().rstrip("\n").split("\t")

    def time(self, name: str) -> float:
        """CPU seconds of one run."""
        self.asks.write(name + "\n")
        self.asks.flush()
        return float(self.answers.readline())


def interval(ratios: list[float]) -> tuple[float, float]:
    """Of the median, from the order of the values: at least 95 % by the sign test."""
    ordered, n = sorted(ratios), len(ratios)
    aside = max(0, int((n - 1.96 * n**0.5) / 2) - 1)
    return ordered[aside], ordered[n - 1 - aside]


def main() -> None:
    """Measure all rows, or those whose name holds a word."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path, nargs="?", help="the other checkout")
    parser.add_argument("--only", default="", help="a word of the rows' names")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child()
        return
    trees = Tree(HERE.parents[1]), Tree(given.other.resolve())
    print("| work | this / other, median | interval |\n| --- | --- | --- |")
    for name in (name for name in trees[0].names if given.only in name):
        ratios = []
        for n in range(given.runs):
            order = (0, 1) if n % 2 else (1, 0)
            times = {which: trees[which].time(name) for which in order}
            ratios.append(times[0] / times[1])
        low, high = interval(ratios)
        print(f"| {name} | {statistics.median(ratios):.3f} | {low:.3f} - {high:.3f} |", flush=True)
    for tree in trees:
        tree.asks.close()


if __name__ == "__main__":
    main()
