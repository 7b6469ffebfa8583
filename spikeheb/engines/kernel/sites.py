"""Where fan-in keeps each variable of a rule: once for an input, once for a cell, or for every synapse."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from spikeheb.engines.kernel.layout import Layout, layout
from spikeheb.engines.kernel.plan import Decay, Plan
from spikeheb.expressions import tree as t

PRE, POST, SYNAPSE = "pre", "post", "synapse"


@dataclass(frozen=True, slots=True)
class Sites:
    """The places of a plan's variables.

    Attributes
    ----------
    places : Layout
    side : mapping of str to str
        ``"pre"``, ``"post"`` or ``"synapse"`` for each variable of the rule.
    row : mapping of str to int
        The place of each variable among those of its side; for the cells' side among all rows.
    scaled : tuple of Decay
        Those with a constant slope, stored relative to their own decay.
    lazy : mapping of str to tuple of Decay
        The others by side: stored with the step of the value.
    rows : tuple of str
        What is kept for each cell: its own variables, those of ``[post]``, the rule's, delayed values, the injected
        current, and how many steps v is still held.
    """

    places: Layout
    side: dict[str, str]
    row: dict[str, int]
    scaled: tuple[Decay, ...]
    lazy: dict[str, tuple[Decay, ...]]
    rows: tuple[str, ...]

    def names(self, side: str) -> tuple[str, ...]:
        """The rule's variables of a side, in their order."""
        return tuple(name for name, where in self.side.items() if where == side)


def sites(plan: Plan, varied: Collection[str] = ()) -> Sites:
    """The places of the variables of a plan.

    Parameters
    ----------
    plan : Plan
    varied : collection of str
        Variables whose initial values differ between synapses.
    """
    lifted = dict(plan.sides)
    if plan.rule.weight in lifted or any(name in lifted for name in varied):
        lifted = {}  # what reads them would have to follow; rare enough to keep everything by synapse
    side = {name: lifted.get(name, SYNAPSE) for name in plan.variables}
    places = layout(plan)
    of_cells = [name for name, where in side.items() if where == POST]
    late = [f"late {name}" for name in plan.delayed]
    rows = (*places.cell, *(f"post {name}" for name in places.post), *(f"rule {name}" for name in of_cells), *late, "I_ext", "held")
    row = {name: rows.index(f"rule {name}") for name in of_cells}
    for where in (PRE, SYNAPSE):
        row |= {name: n for n, name in enumerate(name for name, at in side.items() if at == where)}
    constants = {*plan.constants, "dt"}
    scaled = tuple(decay for decay in plan.decays if scalable(decay, constants))
    others = [decay for decay in plan.decays if decay not in scaled]
    lazy = {where: tuple(decay for decay in others if side[decay.names[0]] == where) for where in (PRE, POST, SYNAPSE)}
    return Sites(places, side, row, scaled, lazy, rows)


def scalable(decay: Decay, constants: set[str]) -> bool:
    """Whether one variable decays at a rate, and to a value, that are constant."""
    return len(decay.names) == 1 and decay.reads <= constants and decay.slopes[0][0] != t.ZERO
