"""What a user waits for: a whole command beyond its imports, and the build of a new rule's library."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lanes import DT, RULES, needed_compiler
from measuring import Row, paired

from spikeheb.cells import Cell, read_cell
from spikeheb.engines.kernel.build import build
from spikeheb.program.analysis import analyse
from spikeheb.rules import Rule, read_rule

HERE = Path(__file__).parent
COMMANDS = {
    "spikeheb window --rule pair": (("window", "--rule", "pair"), 0.5),
    "spikeheb run sjostrom_2001 --rule triplet": (("run", "sjostrom_2001", "--rule", "triplet"), 1.0),
}
"""Arguments, and seconds that the command may take beyond its imports."""


def children_cpu() -> float:
    """CPU seconds of all processes that were started from here and have ended, and of their threads."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu() -> float:
    """CPU seconds of this process and of those that it started."""
    return time.process_time() + children_cpu()


def rows(runs: int = 7) -> list[Row]:
    """Both commands, then builds from small to large."""
    return [*(command(text, *arguments, runs) for text, arguments in COMMANDS.items()), *builds()]


def command(text: str, arguments: tuple[str, ...], target: float, runs: int) -> Row:
    """A command, its library in the cache, against a script of imports: CPU seconds of the difference."""
    with tempfile.TemporaryDirectory() as folder:
        ours = _process("-m", "spikeheb", *arguments, "--out", str(Path(folder) / "out"), "--force")
        theirs = _process(str(HERE / "nothing_but_imports.py"), folder)
        times = paired(ours, theirs, runs=runs, clock=children_cpu)
    note = f"{min(times.second):.2f} s of imports taken off"
    return Row(text, "CPU s beyond imports", times.differences, target, unit="s", note=note)


def _process(*arguments: str) -> Callable[[], None]:
    """A Python process in an empty folder."""

    def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, *arguments], cwd=folder, check=True, capture_output=True)

    return run


def builds(runs: int = 3) -> list[Row]:
    """From rule and cell to a library that can be called, with nothing in the cache but what is known of the compiler."""
    cell = read_cell(RULES.parent / "cells" / "l5_pyramidal.toml")
    work: dict[str, tuple[Rule, Cell | None]] = {
        "pair, no cell": (read_rule(RULES / "pair.toml"), None),
        "triplet, AdEx cell": (read_rule(RULES / "triplet.toml"), cell),
        "Graupner-Brunel, AdEx cell": (read_rule(RULES / "graupner_brunel.toml"), cell),
    }
    return [Row(f"cold build, {name}", "CPU s", tuple(_build(*model) for _ in range(runs)), 1.5, unit="s") for name, model in work.items()]


def _build(rule: Rule, cell: Cell | None) -> float:
    compiler, before = needed_compiler(), os.environ.get("SPIKEHEB_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SPIKEHEB_CACHE"] = folder
        try:
            start = cpu()
            build(analyse(rule, cell, DT), compiler)
            return cpu() - start
        finally:
            os.environ.pop("SPIKEHEB_CACHE")
            if before is not None:
                os.environ["SPIKEHEB_CACHE"] = before
