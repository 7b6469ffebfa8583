"""What changes in a network while it runs: where plasticity stands still, and constants of rules."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from spikeheb.errors import ScheduleError

MOST_PHASES = 1000
"""Of a network: where each begins, all before it are looked at."""
KEPT = ("indegree", "outdegree")


@dataclass(frozen=True)
class Rewire:
    """Synapses that are removed where a phase begins, and as many that are drawn in their place.

    For each removed synapse of a cell ("indegree") or of a source ("outdegree") a new partner is drawn, evenly among those that take part
    and with which there is no synapse; a removed one may come back. The new synapse begins with the initial value that the projection
    says, where it is drawn with a new number, and where it is given with that of the synapse in whose place it stands. So is its delay:
    how many synapses there are with each delay does not change. What is under way from its source to it arrives.

    Attributes
    ----------
    below : float
        Removed are those whose weight is less.
    keep : {"indegree", "outdegree"}
        How many synapses reach each cell, or leave each source, stays as it is.

    Raises
    ------
    ScheduleError
    """

    below: float
    keep: str

    def __post_init__(self) -> None:
        if self.keep not in KEPT:
            raise ScheduleError(f'rewiring keeps "indegree" or "outdegree" (got "{self.keep}")', key="keep")
        if not math.isfinite(self.below):
            raise ScheduleError(f"the limit below which synapses are removed is a finite number (got {self.below:g})", key="below")


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What holds from a step on. What a phase does not name stays as it was before.

    Attributes
    ----------
    step : int
    plastic : mapping of str to bool
        By projection whether its weights may change; where not, traces run on.
    parameters : mapping of str to mapping of str to float
        By projection new values of constants of its rule, SI. Time constants and delays stay.
    rewire : mapping of str to Rewire
        By projection which synapses are replaced by others before the phase begins.
    """

    step: int
    plastic: Mapping[str, bool] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    rewire: Mapping[str, Rewire] = field(default_factory=dict)


def rewirings(phases: tuple[Phase, ...], name: str) -> list[tuple[int, Rewire]]:
    """When a projection is rewired (steps, rising), and how."""
    return [(phase.step, phase.rewire[name]) for phase in phases if name in phase.rewire]


def at(phases: tuple[Phase, ...], name: str, step: int) -> tuple[bool, dict[str, float]]:
    """Whether a projection is plastic at a step, and the constants of its rule that are not those of its file."""
    plastic, values = True, dict[str, float]()
    for phase in phases:
        if phase.step <= step:
            plastic = phase.plastic.get(name, plastic)
            values |= phase.parameters.get(name, {})
    return plastic, values
