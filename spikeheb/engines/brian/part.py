"""Synapses of one projection and the cells that they reach, and what their objects and variables are called in a Brian2 network."""

from __future__ import annotations

from dataclasses import dataclass

from spikeheb.engines.alone import Alone
from spikeheb.engines.brian.names import own

CELL_ORDER, HOLD_ORDER, CLAMP_ORDER, POST_ORDER, LATE_ORDER, KEEP_ORDER, SYNAPSE_ORDER, CLIP_ORDER, STILL_ORDER = range(9)
"""What happens one after the other in the slot of the state updates."""
JUMP_ORDER = -1
"""There jumps of the potential come before them."""
OF_A_PROJECTION = 1000
"""Places for the handlers of a projection in the slot of the synapses."""
AFTER_SPIKE_ORDER = 1_000_000
"""There ``[post].on_spike`` comes after the handlers of all projections."""


@dataclass(frozen=True)
class Part:
    """A projection.

    Attributes
    ----------
    job : Alone
        Its synapses as inputs of lanes, with the names that the rule has in Brian2.
    number : int or None
        Its place among the projections of a network; None where there is no other.
    stands_still : bool
        Whether there are times at which its weights may not change.
    """

    job: Alone
    number: int | None = None
    stands_still: bool = False

    def named(self, what: str) -> str:
        """The name of something that every projection has."""
        return what if self.number is None else f"{what}_{self.number}"

    def flag_of(self, signal: str) -> str:
        """The variable of a cell that says that the signal is there."""
        return own(self.named(f"heard_{signal}"))

    def order(self, event: str, position: int) -> int:
        """When a handler runs within the slot of the synapses: those of one projection after those of another."""
        return OF_A_PROJECTION * (self.number or 0) + pathway_order(event, position, self.job.rule.coincidence)


def pathway_order(event: str, position: int, coincidence: str) -> int:
    """When a handler runs among those of its rule."""
    base = {"pre": 100 if coincidence == "post_first" else -100, "post": 0, "reward": 200}.get(event, 300)  # the clock comes last
    return base + position
