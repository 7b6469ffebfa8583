"""NEST, where it is installed."""

from __future__ import annotations

import os
from typing import Any

from spikeheb.errors import EngineError

MISSING = 'NEST is not installed; write: pip install "spikeheb[nest]"'


def module() -> Any:
    """NEST, which keeps quiet.

    Raises
    ------
    EngineError
        Where it is not installed.
    """
    os.environ.setdefault("PYNEST_QUIET", "1")  # it would print its name where data are printed
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin while they wait take processors from other programs
    try:
        import nest  # type: ignore[import-not-found,import-untyped,unused-ignore]  # optional
    except ImportError:
        raise EngineError(MISSING, key="engine") from None
    nest.verbosity = nest.VerbosityLevel.ERROR
    return nest
