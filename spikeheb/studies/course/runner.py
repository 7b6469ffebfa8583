"""Run the cells of a notebook, one after the other, as a script of its own: ``python -m spikeheb.studies.course.runner IN OUT``.

IN and OUT are JSON: a list of cells with their sources, and for each what it raised. What students wrote runs here and in no other
process, each cell for a limited time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spikeheb.errors import one_line
from spikeheb.studies.course import notebooks
from spikeheb.studies.course.notebooks import Cell

CELL_SECONDS = 120.0
NOTEBOOK_SECONDS = 600.0
PACKAGE = "spikeheb"


@dataclass(frozen=True)
class Outcome:
    """How one code cell ended.

    Attributes
    ----------
    number : int
        Of the cell in the notebook.
    error : str
        The name of the error; empty where there was none.
    message : str
    seconds : float
    unwritten : bool
        Whether the error says only that a student has still to write something.
    """

    number: int
    error: str
    message: str
    seconds: float
    unwritten: bool = False


def carry_out(cells: Sequence[Cell], folder: Path, seconds: float = NOTEBOOK_SECONDS) -> list[Outcome]:
    """Run the code cells in a process of their own; every cell is tried, whatever those before it did.

    Parameters
    ----------
    cells : sequence of Cell
    folder : Path
        Where they run, so that they can read files beside the notebook.
    seconds : float
        After this time the process is ended, and the cells that are left count as not finished.
    """
    code: list[dict[str, Any]] = [
        {"number": n, "source": cell.source, "graded": bool(cell.points)} for n, cell in enumerate(cells) if cell.kind == "code"
    ]
    with tempfile.TemporaryDirectory() as place:
        given, result = Path(place) / "cells.json", Path(place) / "outcomes.json"
        given.write_text(json.dumps(code), encoding="utf-8")
        command = [sys.executable, "-m", "spikeheb.studies.course.runner", str(given), str(result)]
        package = str(Path(__file__).parents[3])
        paths = os.pathsep.join(path for path in (package, os.environ.get("PYTHONPATH", "")) if path)
        environment = {**os.environ, "MPLBACKEND": "agg", "PYTHONPATH": paths}
        problem = "NotFinished"
        try:
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=seconds, check=False)
            problem = "Crashed" if done.returncode else problem
        except subprocess.TimeoutExpired:
            problem = "TookTooLong"
        outcomes = [Outcome(**json.loads(line)) for line in result.read_text(encoding="utf-8").splitlines()] if result.exists() else []
    known = {outcome.number for outcome in outcomes}
    return outcomes + [Outcome(cell["number"], problem, "the notebook ended before", 0.0) for cell in code if cell["number"] not in known]


def run_solved(name: str) -> tuple[float, str]:
    """Seconds that a solved notebook of the course takes, and its first error."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        outcomes = carry_out(notebooks.read(notebooks.find(name)).cells, Path(place))
    error = next((outcome for outcome in outcomes if outcome.error), None)
    return time.perf_counter() - begun, "" if error is None else f"cell {error.number}: {error.error}: {error.message}"


def main(given: str, result: str) -> None:
    """Run the cells of a file, and write a line of JSON as each one ends."""
    from spikeheb.studies.course import checks, timeout

    own = [name for name in sys.modules if name == PACKAGE or name.startswith(f"{PACKAGE}.studies.course")]
    kept = [(sys.modules[name], dict(vars(sys.modules[name]))) for name in own]
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with Path(result).open("w", encoding="utf-8") as file:
        for cell in json.loads(Path(given).read_text(encoding="utf-8")):
            if cell["graded"]:  # a check that the cells before it replaced is put back
                for module, names in kept:
                    vars(module).update(names)
                namespace["sh"] = sys.modules[PACKAGE]
            begun = time.perf_counter()
            error = _run(cell["source"], cell["number"], namespace, timeout.within)
            name, message = ("", "") if error is None else (type(error).__name__, one_line(str(error), 600))
            unwritten = error is not None and checks.is_stub(error, namespace)
            outcome = Outcome(cell["number"], name, message, time.perf_counter() - begun, unwritten)
            print(json.dumps(asdict(outcome)), file=file, flush=True)


def _run(source: str, number: int, namespace: dict[str, Any], within: Any) -> BaseException | None:
    """What a cell raised."""
    try:
        within(CELL_SECONDS, exec, compile(source, f"cell {number}", "exec"), namespace)
    except BaseException as error:
        return error
    return None


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
