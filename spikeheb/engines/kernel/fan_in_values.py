"""The variables of a fan-in run as numbers, all advanced to the same step."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeheb.engines.kernel.fan_in_arrays import FanInArrays
from spikeheb.program.sites import POST, PRE, SYNAPSE


def values(arrays: FanInArrays, last: int) -> dict[str, Any]:
    """What is stored, and for each variable that decays relative to its epoch its value at step `last`, the last that was run.

    Variables that are stored with a step of their own are left as they are.
    """
    known = {name: _stored(arrays, name) for name in arrays.sites.side}
    for n, decay in enumerate(arrays.sites.scaled):
        (name,) = decay.names
        factor = arrays.fixed["factors"][n, 0, last % arrays.epoch] if last >= 0 else 1.0
        known[name] = known[name] * factor + arrays.rests[name]
    return known


def _stored(arrays: FanInArrays, name: str) -> Any:
    side, row = arrays.sites.side[name], arrays.sites.row[name]
    if side == SYNAPSE:
        return arrays.by_cell(row)
    if side == POST:
        return arrays.lane[row, : arrays.job.cells].copy()
    assert side == PRE
    whole = np.array(arrays.pre[:, row])
    return whole if arrays.job.private else whole[0]
