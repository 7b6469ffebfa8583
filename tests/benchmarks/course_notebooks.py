"""How long the solved notebooks of the course compute, with a compiler and without one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from measuring import Row
from startup import children_cpu

from spikeheb.studies.course import notebooks
from spikeheb.studies.course.runner import carry_out

SECONDS, WITHOUT_COMPILER = 30.0, 60.0
"""CPU seconds that a notebook may take. With a compiler, kernels are in the cache: each runs twice, and the second run counts."""


def rows() -> list[Row]:
    """Each notebook in a process of its own."""
    listed = []
    for name in notebooks.names():
        seconds(name)  # builds what is not in the cache
        listed.append(Row(name, "CPU s", (seconds(name),), SECONDS, unit="s"))
        listed.append(Row(name, "CPU s without a compiler", (seconds(name, CXX="no-such-compiler"),), WITHOUT_COMPILER, unit="s"))
    return listed


def seconds(name: str, **environment: str) -> float:
    """CPU seconds of one solved notebook and of what it starts.

    Raises
    ------
    RuntimeError
        Where a cell fails.
    """
    kept = dict(os.environ)
    os.environ.update(environment)
    try:
        begun = children_cpu()
        with tempfile.TemporaryDirectory() as place:
            outcomes = carry_out(notebooks.read(notebooks.find(name)).cells, Path(place))
        used = children_cpu() - begun
    finally:
        os.environ.clear()
        os.environ.update(kept)
    failed = [f"cell {cell.number}: {cell.error}: {cell.message}" for cell in outcomes if cell.error]
    if failed:
        raise RuntimeError(f"{name}: {failed[0]}")
    return used
