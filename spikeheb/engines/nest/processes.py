"""NEST in several processes, which MPI starts: each has the cells and synapses of its own, and spikes of all are put together."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeheb.circuits.steps import Steps
from spikeheb.errors import EngineError

_begun: list[bool] = []
"""One entry for each network that this process has begun to run."""


def begin(nest: Any) -> None:
    """Refuse a second network in processes that MPI started: NEST 3.10 then hands spikes to wrong synapses, or breaks down.

    Raises
    ------
    EngineError
    """
    if nest.num_processes > 1 and _begun:
        why = "with several processes NEST hands spikes of a second network to wrong synapses"
        raise EngineError(f"{why}; run each network by an mpirun of its own", key="engine")
    _begun.append(True)


def of_all_processes(numbers: Steps) -> Steps:
    """What each process has, one after the other.

    Raises
    ------
    EngineError
        Without mpi4py.
    """
    try:
        from mpi4py import MPI  # type: ignore[import-not-found,import-untyped,unused-ignore]  # optional
    except ImportError:
        raise EngineError("NEST runs in several processes, which need mpi4py to exchange spikes; install it", key="engine") from None
    return np.concatenate(MPI.COMM_WORLD.allgather(numbers))
