"""The variables of a fan-in run as numbers, brought to one step."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeheb.engines.kernel.fan_in_arrays import FanInArrays
from spikeheb.engines.kernel.sites import POST, PRE, SYNAPSE


def values(held: FanInArrays, last: int) -> dict[str, Any]:
    """What is stored, and for each variable that decays relative to its epoch its value at step `last`, the last that was run.

    Variables that are stored with a step of their own are left as they are.
    """
    known = {name: _stored(held, name) for name in held.sites.side}
    for n, decay in enumerate(held.sites.scaled):
        (name,) = decay.names
        factor = held.fixed["factors"][n, 0, last % held.epoch] if last >= 0 else 1.0
        known[name] = known[name] * factor + held.rests[name]
    return known


def _stored(held: FanInArrays, name: str) -> Any:
    side, row = held.sites.side[name], held.sites.row[name]
    if side == SYNAPSE:
        return held.by_cell(row)
    if side == POST:
        return held.lane[row, : held.job.cells].copy()
    assert side == PRE
    whole = np.array(held.pre[:, row])
    return whole if held.job.private else whole[0]
