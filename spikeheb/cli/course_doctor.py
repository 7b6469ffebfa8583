"""Whether a machine is ready for the course: compiler, kernels, memory, Jupyter, and the time of the slowest notebook."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

NEEDED_MEMORY = 2e9
"""Bytes: the notebooks together with Jupyter and a browser."""
SLOW = 60.0
"""Seconds: a notebook that computes for longer is no pleasure."""
KERNEL = "import spikeheb as sh; sh.window('pair', [0.01], pairs=2, engine='kernel')"


@dataclass(frozen=True)
class Finding:
    """One line of the screen."""

    what: str
    state: str
    ready: bool = True
    advice: str = ""


def examine() -> Iterator[Finding]:
    """What matters, in the order in which it should be mended."""
    compiler = _compiler()
    yield compiler
    if compiler.ready:
        yield _kernel()
    yield _memory()
    yield _jupyter()
    yield _slowest()


def _compiler() -> Finding:
    from spikeheb.engines.compiler import compiler, remedy

    chosen = compiler()
    if chosen is None:
        return Finding("compiler", "none: notebooks use smaller numbers and take longer", False, remedy())
    return Finding("compiler", " ".join(chosen.command))


def _kernel() -> Finding:
    """A kernel is built in an empty cache, as on a student's first day."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        environment = {**os.environ, "SPIKEHEB_CACHE": folder, "MPLBACKEND": "agg"}
        done = subprocess.run([sys.executable, "-c", KERNEL], env=environment, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - begun
    if done.returncode:
        return Finding(
            "kernel", f"does not build: {(done.stderr.splitlines() or ['no message'])[-1][:200]}", False, "spikeheb cache --clear"
        )
    advice = "spikeheb course warm, before the class" if seconds > 15 else ""
    return Finding("kernel", f"builds and runs, in {seconds:.0f} s", True, advice)


def _memory() -> Finding:
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return Finding("memory", "this system does not say", True, "2 GB are enough")
    ready = size >= NEEDED_MEMORY
    return Finding("memory", f"{size / 1e9:.1f} GB", ready, "" if ready else "close other programs; 2 GB are needed")


def _jupyter() -> Finding:
    ready = importlib.util.find_spec("ipykernel") is not None
    return Finding("Jupyter", "this Python has a kernel for it" if ready else "no kernel", ready, "" if ready else "pip install jupyterlab")


def _slowest() -> Finding:
    from spikeheb.studies.course import notebooks
    from spikeheb.studies.course.runner import run_solved

    name = max(notebooks.names(), key=lambda known: notebooks.read(notebooks.find(known)).seconds)
    seconds, problem = run_solved(name)
    if problem:
        return Finding("slowest notebook", f"{name} fails at {problem[:200]}", False, "report this as a fault of spikeheb")
    slow = seconds > SLOW
    return Finding("slowest notebook", f"{name} takes {seconds:.0f} s", not slow, "spikeheb course warm, and try again" if slow else "")
