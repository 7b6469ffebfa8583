"""Writes notebooks/data/NAME.json: what the long computations of a notebook give, for machines without a compiler.

Call it on a machine with a compiler after a rule, or what a notebook computes in `long_run`, has changed.
``python tests/course_results.py`` writes all files, ``python tests/course_results.py 7 9`` those of two notebooks.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt

import spikeheb as sh
from spikeheb.studies.course import notebooks
from spikeheb.studies.course.resources import folder, has_compiler


def results(notebook: notebooks.Notebook) -> dict[str, Any]:
    """What the solved notebook computes in `long_run`, by name."""
    computed: dict[str, Any] = {}

    def compute_and_keep(_: str, name: str, compute: Callable[[], Any]) -> Any:
        computed[name] = compute()
        return computed[name]

    sh.course.long_run = compute_and_keep
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in notebook.cells:
        if cell.kind == "code":
            exec(compile(cell.source, notebook.name, "exec"), namespace)
            plt.close("all")
    return computed


def write(notebook: notebooks.Notebook) -> None:
    """Write the file of one notebook, a line for each result."""
    content = {"note": f"Computed by tests/course_results.py, which ran {notebook.name}.py.", **results(notebook)}
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in content.items()]
    (folder() / "data" / f"{notebook.name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    if not has_compiler():
        sys.exit("these results are computed on a machine with a C++ compiler")
    plt.switch_backend("agg")
    for path in [notebooks.find(name) for name in sys.argv[1:]] or notebooks.names().values():
        notebook = notebooks.read(path)
        if "course.long_run(" in path.read_text(encoding="utf-8"):
            write(notebook)
