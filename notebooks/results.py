"""Writes ``data/NAME.json``: what the long simulations of a notebook give, for machines without a compiler.

``python notebooks/results.py 07 09`` runs the solved notebooks 7 and 9 and stores what their `long_run` computed.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import matplotlib

from spikeheb.studies.course import notebooks
from spikeheb.studies.course.resources import folder, has_compiler


def store(name: str) -> None:
    """Run one notebook and write its results."""
    path = notebooks.find(name)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in notebooks.read(path).cells:
        if cell.kind == "code":
            exec(compile(cell.source, path.name, "exec"), namespace)
    note = f"made by notebooks/results.py from {path.name}"
    target = folder() / "data" / f"{path.stem}.json"
    target.parent.mkdir(exist_ok=True)
    entries = [json.dumps(key) + ": " + json.dumps(value) for key, value in {"note": note, **namespace["results"]}.items()]
    target.write_text("{\n" + ",\n".join(entries) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    if not has_compiler():
        sys.exit("the results are made on a machine with a C++ compiler")
    matplotlib.use("agg")
    for argument in sys.argv[1:]:
        store(argument)
