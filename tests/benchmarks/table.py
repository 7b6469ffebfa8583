"""Print the table of benchmarks, and write it as JSON: ``python tests/benchmarks/table.py [--brian] [--only WORD] [--out FILE]``.

Every number is CPU time, or a ratio of CPU times of runs that took turns, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import course_notebooks
import lanes
import others
import rates_benchmarks
import startup
from measuring import Row, as_text

Group = Callable[[], list[Row]]


def groups(brian: bool) -> dict[str, Group]:
    """All benchmarks, by the word that chooses them."""
    benchmarks: dict[str, Group] = {"lanes": lanes.rows, "startup": startup.rows, "nest": others.nest_rows}
    benchmarks |= {"notebooks": course_notebooks.rows, "rates": rates_benchmarks.rows}
    if brian:
        benchmarks["brian"] = others.brian_rows
    if importlib.util.find_spec("fan_in_benchmarks") is not None:
        import fan_in_benchmarks
        import networks
        import weights_benchmarks

        benchmarks["fan_in"] = lambda: fan_in_benchmarks.measure(brian=brian)
        benchmarks["weights"] = weights_benchmarks.rows
        benchmarks["networks"] = lambda: networks.rows(brian=brian)
    return benchmarks


def as_json(rows: list[Row]) -> str:
    """The rows with medians and outcomes, and on what they were measured."""
    chosen = lanes.needed_compiler()
    flags = " ".join(chosen.flags)
    system = {"python": platform.python_version(), "compiler": chosen.version, "flags": flags, "machine": platform.machine()}
    listed = [{**asdict(row), "median": row.median, "outcome": row.outcome} for row in rows]
    return json.dumps({**system, "rows": listed}, indent=1) + "\n"


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brian", action="store_true", help="against Brian2's standalone mode as well; takes minutes")
    parser.add_argument(
        "--only",
        action="append",
        help="lanes, startup, nest, notebooks, rates, brian, fan_in, weights or networks; may be given several times",
    )
    parser.add_argument("--out", type=Path, default=Path("benchmarks.json"), help="the JSON file")
    given = parser.parse_args()
    rows: list[Row] = []
    for name, measure in groups(given.brian or "brian" in (given.only or ())).items():
        if not given.only or name in given.only:
            print(f"measuring {name}", file=sys.stderr)
            rows += measure()
    print(as_text(rows))
    given.out.write_text(as_json(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
