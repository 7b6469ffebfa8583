"""The frozen value that the file of a rate rule turns into.

Every rule has the form ``dW = eta [ post (x) pre - K(y) W ]``: what the output cell gives, what the input gives, and what forgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_text
from spikeheb.rules.rule import Bounds
from spikeheb.tables import Parameter, Reference, content_hash, html_table, parameter_rows, summary_line

AMONG = ("own", "earlier", "all")
SETTLE = ("none", "linear", "rectified")
EFFECTS = ("inhibitory", "excitatory")
SOFTMAX = "softmax"


@dataclass(frozen=True, slots=True)
class Running:
    """A value that each cell, or each input, carries from sample to sample: where it starts and what it becomes."""

    initial: t.Tree
    next: t.Tree


@dataclass(frozen=True, slots=True)
class Change:
    """How weights change with one sample: ``eta [ post (x) pre - K W ]``.

    Attributes
    ----------
    eta, post, pre, forgets : Tree
        One value for each output cell, but `pre`: one for each input (of lateral weights, for each cell that the weight comes from).
    among : {"own", "earlier", "all"}
        K is diagonal with `forgets`; or ``K_ik = y_i y_k`` for k <= i; or for all k.
    """

    eta: t.Tree
    post: t.Tree
    pre: t.Tree
    forgets: t.Tree
    among: str = "own"

    @property
    def text(self) -> str:
        """``eta [ (y) ⊗ (x) - (y**2) W ]``, for people."""
        forgets = {"own": to_text(self.forgets), "earlier": "y_i*y_k (k <= i)", "all": "y_i*y_k"}[self.among]
        decay = "" if self.among == "own" and self.forgets == t.ZERO else f" - ({forgets}) W"
        return f"{to_text(self.eta)} [ ({to_text(self.post)}) ⊗ ({to_text(self.pre)}){decay} ]"


@dataclass(frozen=True, slots=True)
class Twin:
    """The spiking rule that says the same, perhaps with a set, and the mean change of its weight per second.

    The drift reads the rates x and y in Hz and the parameters of that rule.
    """

    rule: str
    drift: t.Tree


@dataclass(frozen=True)
class RateRule:
    """A plasticity rule of rates.

    Attributes
    ----------
    name, title, doc, path : str
    references : mapping of str to Reference
    parameters : mapping of str to Parameter
        Pure numbers: there is no clock.
    enters, output : Tree
        What of an input x enters the sum ``u = W enters``, and what a cell makes of u.
    settle : {"none", "linear", "rectified"}
        How lateral weights act: not at all, ``y = (I + M)^-1 u``, or ``y = [u - M y]_+``.
    winners : int, "softmax" or None
        How many cells stay active; or all share an activity of 1.
    inputs, cells : mapping of str to Running
        Running values, which take the new sample in before the weights change.
    forward : Change
    lateral : Change or None
    effect : {"inhibitory", "excitatory"}
        How lateral weights enter.
    learned_diagonal : bool
        Whether the lateral weight of a cell with itself is learned, and stands in the place of the cell's leak of 1.
    bounds : Bounds
        Of the forward weights.
    twin : Twin or None
    text : str
        That of the file.
    """

    name: str
    title: str
    doc: str
    path: str
    references: Mapping[str, Reference]
    parameters: Mapping[str, Parameter]
    enters: t.Tree
    output: t.Tree
    settle: str
    winners: int | str | None
    inputs: Mapping[str, Running]
    cells: Mapping[str, Running]
    forward: Change
    lateral: Change | None
    effect: str
    learned_diagonal: bool
    bounds: Bounds
    twin: Twin | None
    text: str

    @property
    def values(self) -> dict[str, float]:
        """The parameters as numbers."""
        return {name: parameter.value for name, parameter in self.parameters.items()}

    @property
    def hash(self) -> str:
        """Changes with the file and with any parameter."""
        return content_hash([self.text, self.values])

    @property
    def reads(self) -> frozenset[str]:
        """Every name that the changes of weights and running values read."""
        changes = [self.forward, *([self.lateral] if self.lateral else [])]
        trees = [tree for each in changes for tree in (each.eta, each.post, each.pre, each.forgets)]
        return frozenset[str]().union(*map(t.names, [*trees, *(each.next for each in (*self.cells.values(), *self.inputs.values()))]))

    def __repr__(self) -> str:
        return summary_line("rate rule", self.name, self.title, f"twin {self.twin.rule}" if self.twin else "")

    def _repr_html_(self) -> str:
        return html_table(repr(self), ("parameter", "value", "meaning", "source"), parameter_rows(self.parameters))
