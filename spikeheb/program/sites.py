"""Where loops over many cells keep each variable of a rule: once for an input, once for a cell, or for every synapse."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from spikeheb.errors import EngineError
from spikeheb.expressions import tree as t
from spikeheb.program.layout import Layout, layout
from spikeheb.program.program import Decay, Program

PRE, POST, SYNAPSE = "pre", "post", "synapse"


@dataclass(frozen=True, slots=True)
class Sites:
    """The places of a program's variables.

    Attributes
    ----------
    places : Layout
    side : mapping of str to str
        ``"pre"``, ``"post"`` or ``"synapse"`` for each variable of the rule.
    row : mapping of str to int
        The place of each variable of the rule among those of its side; for the cells' side among all rows.
    scaled : tuple of Decay
        Those with a constant slope, stored relative to their own decay.
    lazy : mapping of str to tuple of Decay
        The others by side: stored with the step of the value.
    rows : tuple of str
        What is kept for each cell, each under the name of its owner: ``cell.v``, ``post.u`` of ``[post]``, ``rule.x``,
        ``late.u_late`` for a delayed value, and two of the loop's own: ``loop.I_ext``, the injected current, and
        ``loop.held``, for how many steps v is still held. No user's name has a dot, so no two of them can meet.
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

    def row_of(self, owner: str, name: str) -> int:
        """The row of what belongs to `owner` (cell, post, rule, late or loop)."""
        return self.rows.index(f"{owner}.{name}")

    def row_that_cell_reads(self, name: str) -> int:
        """The row of a name as the equations of the cell mean it."""
        return self.row_of("loop" if name == "I_ext" else "cell", name)

    def row_that_rule_reads(self, name: str) -> int:
        """The row of a name as the equations of the rule mean it: of the cell they see v alone."""
        owner = "cell" if name == "v" else "post" if name in self.places.post else "late" if name in self.late else "rule"
        return self.row_of(owner, name)

    @property
    def late(self) -> tuple[str, ...]:
        """The delayed values."""
        return tuple(row.removeprefix("late.") for row in self.rows if row.startswith("late."))


def sites(program: Program, varied: Collection[str] = ()) -> Sites:
    """The places of the variables of a program.

    Parameters
    ----------
    program : Program
    varied : collection of str
        Variables whose initial values differ between synapses.
    """
    lifted = dict(program.sides)
    if program.rule.weight in lifted or any(name in lifted for name in varied):
        lifted = {}  # what reads them would have to follow; rare enough to keep everything by synapse
    side = {name: lifted.get(name, SYNAPSE) for name in program.variables}
    places = layout(program)
    of_cells = [name for name, where in side.items() if where == POST]
    owned = {"cell": places.cell, "post": places.post, "rule": of_cells, "late": program.delayed, "loop": ("I_ext", "held")}
    rows = tuple(f"{owner}.{name}" for owner, names in owned.items() for name in names)
    row = {name: rows.index(f"rule.{name}") for name in of_cells}
    for where in (PRE, SYNAPSE):
        row |= {name: n for n, name in enumerate(name for name, at in side.items() if at == where)}
    constants = {*program.constants, "dt"}
    scaled = tuple(decay for decay in program.decays if scalable(decay, constants))
    others = [decay for decay in program.decays if decay not in scaled]
    lazy = {where: tuple(decay for decay in others if side[decay.names[0]] == where) for where in (PRE, POST, SYNAPSE)}
    return Sites(places, side, row, scaled, lazy, rows)


def with_constants_of_cells(program: Program, varying: frozenset[str]) -> Program:
    """The program with the constants that differ between cells as variables of ``[post]`` that nothing changes.

    Parameters
    ----------
    program : Program
        Analysed with these constants as varying.
    varying : set of str

    Raises
    ------
    EngineError
        Where a delay, or how fast coupled variables decay, would differ between cells.
    """
    coupled = [slope for decay in program.decays if len(decay.names) > 1 for row in decay.slopes for slope in row]
    same = {by for _, by in program.delayed.values()} | {handler.delay for handler in program.rule.handlers}
    if varying & same.union(*map(t.names, coupled)):
        what = "delays, and rates at which coupled variables decay, that differ between cells"
        raise EngineError(
            f"{what} are not possible where the weights of all sources onto all cells are kept together", path=program.rule.path
        )
    others = tuple(name for name in program.constants if name not in varying)
    of_cells = tuple(name for name in program.constants if name in varying)
    return replace(program, constants=others, post_plain=(*program.post_plain, *of_cells))


def scalable(decay: Decay, constants: set[str]) -> bool:
    """Whether one variable decays at a rate, and to a value, that are constant."""
    return len(decay.names) == 1 and decay.reads <= constants and decay.slopes[0][0] != t.ZERO
