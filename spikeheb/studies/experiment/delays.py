"""Delays from the spikes to the synapse that differ between the lanes of a replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikeheb.cells import Cell
from spikeheb.circuits.steps import Steps
from spikeheb.dimensions import TIME
from spikeheb.errors import ScheduleError, UnitError
from spikeheb.numbers import check_near, quantities
from spikeheb.rules.choices import USUAL_DELAY
from spikeheb.rules.rule import Rule

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

DELAYS = {
    "axonal_delay": ("s", "from the presynaptic spike to the synapse"),
    "backpropagation_delay": ("s", "from the postsynaptic spike to the synapse"),
}


@dataclass(frozen=True)
class LaneDelays:
    """The rule without the delays that the lanes have themselves, and these.

    Attributes
    ----------
    rule : Rule
    given : mapping of str to array, shape (lanes,)
        Seconds, for each delay that the user gave.
    """

    rule: Rule
    given: Mapping[str, Floats]

    def shifted(self, name: str, trains: tuple[Steps, ...], dt: float) -> tuple[Steps, ...]:
        """The trains, moved by that delay where the lanes have it themselves."""
        if name not in self.given or getattr(self.rule, name):
            return trains
        return tuple(train + round(float(delay) / dt) for train, delay in zip(trains, self.given[name], strict=True))

    def noted(self, data: xr.Dataset) -> xr.Dataset:
        """The result with the given delays as coordinates of the lanes."""
        for name, delays in self.given.items():
            data = data.assign_coords({name: ("lane", delays)})
            if np.ptp(delays):
                data.attrs.pop(f"{name}_s", None)
            else:
                data.attrs[f"{name}_s"] = float(delays[0])
        return data


def delays_of(rule: Rule, cell: Cell | None, lanes: int, axonal: object, backpropagation: object) -> LaneDelays:
    """The delays that a user gave, one or one for each lane.

    A presynaptic train may be moved as a whole, for all that it does happens at the synapse. The postsynaptic spike also acts
    on the membrane and on ``[post]`` variables, without delay: where there are such, one delay has to serve all lanes.

    Raises
    ------
    ScheduleError
    """
    given = {}
    for name, value in (("axonal_delay", axonal), ("backpropagation_delay", backpropagation)):
        if value is not None:
            check_near(value, getattr(rule, name) or USUAL_DELAY, TIME, name, "delays are near")
            given[name] = _per_lane(value, lanes, name)
    rule = replace(rule, axonal_delay=0.0) if "axonal_delay" in given else rule
    back = given.get("backpropagation_delay")
    if back is None:
        return LaneDelays(rule, given)
    if not np.ptp(back):
        return LaneDelays(replace(rule, backpropagation_delay=float(back[0])), given)
    if cell is not None or rule.post is not None:
        what = "a cell" if cell is not None else "[post] variables"
        hint = "replay the lanes with other delays separately"
        raise ScheduleError(f"with {what} all lanes share one; {hint}", key="backpropagation_delay")
    return LaneDelays(replace(rule, backpropagation_delay=0.0), given)


def _per_lane(value: object, lanes: int, name: str) -> Floats:
    try:
        delays = quantities(value, TIME)
    except UnitError as error:
        raise ScheduleError(error.message, key=name) from None
    if delays.size == 1:
        delays = np.full(lanes, float(delays.reshape(-1)[0]))
    if delays.shape != (lanes,) or not np.all(np.isfinite(delays) & (delays >= 0)):
        raise ScheduleError(f"expected one time of 0 or more, or one for each of {lanes} lanes", key=name)
    return delays
