"""What a rule and a cell come to once analysed: frozen values that the analysis fills and every engine reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spikeheb.cells import Cell, Receptor
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import NOISE, Equation
from spikeheb.rules.meaning import Action
from spikeheb.rules.rule import Rule

DRAWN = "_drawn"
"""The number between 0 and 1 that a cell's threshold draws in a step."""


@dataclass(frozen=True, slots=True)
class Block:
    """Variables that are stepped together on the clock.

    Attributes
    ----------
    names : tuple of str
    derivatives : mapping of str to Tree
        Subexpressions put in.
    method : str
    equations : tuple of Equation
        As the file has them.
    jumps : tuple of str
        What is added to v before the step, and is 0 after it.
    """

    names: tuple[str, ...]
    derivatives: Mapping[str, t.Tree]
    method: str
    equations: tuple[Equation, ...]
    jumps: tuple[str, ...] = ()

    @property
    def written(self) -> tuple[str, ...]:
        """All variables that a step gives new values."""
        return (*self.names, *self.jumps)

    @property
    def noisy(self) -> bool:
        """Whether white noise drives it."""
        return any(NOISE in t.names(tree) for tree in self.derivatives.values())


@dataclass(frozen=True, slots=True)
class Decay:
    """Variables that are solved exactly between events: ``dz_i/dt = sum_k slopes[i][k] z_k + rests[i]``."""

    names: tuple[str, ...]
    slopes: tuple[tuple[t.Tree, ...], ...]
    rests: tuple[t.Tree, ...]

    @property
    def reads(self) -> frozenset[str]:
        """What the coefficients read."""
        trees = [*self.rests, *(tree for row in self.slopes for tree in row)]
        return frozenset().union(*map(t.names, trees))


@dataclass(frozen=True, slots=True)
class CellProgram:
    """What an engine has to compute for the cell.

    Attributes
    ----------
    cell : Cell
    block : Block
        Membrane and receptors.
    plain : tuple of str
        Variables that only the reset changes, and jumps of the potential that are due.
    constants : mapping of str to float
    threshold : Tree
        Where it draws a random number, this is read as `DRAWN`.
    reset : tuple of Statement
    receptor : Receptor
        The one that the inputs drive.
    """

    cell: Cell
    block: Block
    plain: tuple[str, ...]
    constants: Mapping[str, float]
    threshold: t.Tree
    reset: tuple[t.Statement, ...]
    receptor: Receptor

    @property
    def draws(self) -> bool:
        """Whether the threshold draws a random number in each step."""
        return DRAWN in t.names(self.threshold)


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """What an engine has to compute.

    Attributes
    ----------
    rule : Rule
    folded : mapping of str to float
        Constants that are written into the code.
    constants : tuple of str
        Those that the code reads when it runs.
    plain : tuple of str
    decays : tuple of Decay
    stepped : Block or None
    clip : Tree or None
        The weight held within its limits, where the model moves it.
    sides : mapping of str to str
        ``"pre"`` or ``"post"`` for the variables that are one-sided.
    actions : tuple of Action
        Handlers made plain, in the order in which they run within a step; subexpressions put in.
    efficacy : Tree
    post : Block or None
    post_plain : tuple of str
    on_spike : tuple of Statement
    cell : CellProgram or None
    fragile : frozenset of str
        Variables of the rule in which a number that is not finite need not stay, because something assigns them anew: they are
        looked at where they are written, the others now and then.
    """

    rule: Rule
    folded: Mapping[str, float]
    constants: tuple[str, ...]
    plain: tuple[str, ...]
    decays: tuple[Decay, ...]
    stepped: Block | None
    clip: t.Tree | None
    sides: Mapping[str, str]
    actions: tuple[Action, ...]
    efficacy: t.Tree
    post: Block | None = None
    post_plain: tuple[str, ...] = ()
    on_spike: tuple[t.Statement, ...] = ()
    cell: CellProgram | None = None
    delayed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    fragile: frozenset[str] = frozenset()

    @property
    def variables(self) -> tuple[str, ...]:
        """The synaptic variables in the rule's order."""
        return self.rule.variables

    @property
    def clocked(self) -> bool:
        """Whether anything has to be stepped."""
        return self.cell is not None or self.stepped is not None or self.post is not None

    @property
    def post_names(self) -> tuple[str, ...]:
        """Variables of ``[post]``, the stepped ones first."""
        return (*(self.post.names if self.post else ()), *self.post_plain)
