"""How loops over many cells, those of fan-in and of networks, have names and numbers in C++."""

from __future__ import annotations

import math

from spikeheb.engines.emit import steps
from spikeheb.engines.emit.hoist import Hoister
from spikeheb.engines.emit.text import mangled
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_cpp
from spikeheb.program import methods
from spikeheb.program.program import Block, Decay, Program
from spikeheb.program.sites import PRE, SYNAPSE, Sites
from spikeheb.rules.ties import STEP

LITERAL = "_literal_"
COPY = "const Numbers<real> u = k; (void)u;"
"""A function's own copy of all constants, which the compiler then keeps in registers."""


class Text:
    """Trees as C++, with what depends on constants alone collected apart.

    Attributes
    ----------
    hoister : Hoister
    lazy : tuple of Decay
        Decays that are stored with the step of their values, whatever their side.
    outside : tuple of str
        Names of the cell that a rule reads: v, variables of ``[post]``, delayed ones.
    """

    def __init__(self, program: Program, sites: Sites, precision: str) -> None:
        self.program, self.sites, self.precision = program, sites, precision
        self.hoister = Hoister()
        self.lazy: tuple[Decay, ...] = tuple(decay for decays in sites.lazy.values() for decay in decays)
        self.outside = ("v", *sites.places.post, *program.delayed)
        self._rule_fixed = frozenset({*program.constants, "dt"})
        self._cell_fixed = frozenset({*program.cell.constants, "dt"}) if program.cell else frozenset()
        self._literals: dict[float, str] = {}

    # --- names ---

    def rule_constant(self, name: str) -> str:
        """A constant of the rule, or what was collected."""
        if name.startswith("_fixed_"):
            return f"u.d.{name[1:]}"
        return "u.dt" if name == "dt" else f"u.p.{mangled(name)}"

    def cell_constant(self, name: str) -> str:
        """A constant of the cell, or what was collected."""
        if name.startswith("_fixed_"):
            return f"u.d.{name[1:]}"
        return "u.dt" if name == "dt" else f"u.q.{mangled(name)}"

    def whole_array(self, name: str, synapses: str) -> tuple[str, str]:
        """A variable of the rule in the whole tile, and how many numbers that is; `synapses` is how many of these there are."""
        side, row = self.sites.side[name], self.sites.row[name]
        if side == PRE:
            return f"t.pre[{row}]", "t.inputs"
        if side == SYNAPSE:
            return f"t.synapse[{row}]", synapses
        return f"t.lane[{row}]", "t.blocks*W"

    # --- trees ---

    def rule(self, tree: t.Tree, fields: dict[str, str] | None = None) -> str:
        """A tree of the rule; its variables are locals unless `fields` says otherwise."""
        places = fields or {}

        def name(id_: str) -> str:
            if id_ in places:
                return places[id_]
            if id_.startswith(LITERAL):
                return self._literal(id_)
            if id_ in self.program.constants or id_ == "dt" or id_.startswith("_fixed_"):
                return self.rule_constant(id_)
            return {"amount": "amount", STEP: "real(now)"}.get(id_) or mangled(id_)

        return to_cpp(self._numbers(self.hoister.tree(_multiplied(tree, self._rule_fixed), self._rule_fixed, "rule")), name)

    def cell(self, tree: t.Tree) -> str:
        """A tree of the cell; its variables are locals."""

        def name(id_: str) -> str:
            if id_.startswith(LITERAL):
                return self._literal(id_)
            if id_ in self._cell_fixed or id_.startswith("_fixed_"):
                return self.cell_constant(id_)
            return mangled(id_)

        return to_cpp(self._numbers(self.hoister.tree(_multiplied(tree, self._cell_fixed), self._cell_fixed, "cell")), name)

    def _numbers(self, tree: t.Tree) -> t.Tree:
        """In single precision, literals as names, since C++ would compute in double with them; exponents stay."""
        if self.precision == "float64":
            return tree
        match tree:
            case t.Number(value):
                return t.Name(self._literals.setdefault(value, f"{LITERAL}{len(self._literals)}"))
            case t.Name():
                return tree
            case t.Binary("**", left, t.Number() as right):
                return t.Binary("**", self._numbers(left), right)
            case t.Binary(op, left, right):
                return t.Binary(op, self._numbers(left), self._numbers(right))
            case t.Negative(operand):
                return t.Negative(self._numbers(operand))
            case t.Compare(op, left, right):
                return t.Compare(op, self._numbers(left), self._numbers(right))
            case t.Logic(op, operands):
                return t.Logic(op, tuple(map(self._numbers, operands)))
            case t.Call(function, arguments):
                return t.Call(function, tuple(map(self._numbers, arguments)))

    def _literal(self, name: str) -> str:
        value = next(value for value, known in self._literals.items() if known == name)
        if math.isinf(value):
            return "real(INFINITY)" if value > 0 else "real(-INFINITY)"
        return f"real({value!r})"

    # --- steps ---

    def step_lines(self, block: Block, text: steps.Printed, purpose: str, index: str, *, mirrored: bool = False) -> list[str]:
        """The lines that carry a block's locals over one step.

        The noise is that of the stream of an index; of mirrored ones, every second has that of the one before it, turned round.
        """
        lines = []
        if block.noisy:
            needed = steps.acts(block, "real(0)", text)
            root = text(t.Call("sqrt", (methods.DT,)))
            sign, stream = (f"(({index}) % 2 ? real(-1) : real(1))*", f"({index})/2") if mirrored else ("", index)
            drawn = f"real(normal(stream(t.seed, {purpose}, uint64_t({stream})), uint64_t(now)))"
            lines.append(f"const real _noise_ = ({needed}) ? {root}*{sign}{drawn} : real(0);")
        return lines + steps.step(block, "real", mangled, text)


def _multiplied(tree: t.Tree, fixed: frozenset[str]) -> t.Tree:
    """The tree with a product by the inverse in place of each division of what varies by what does not."""

    def change(node: t.Tree) -> t.Tree:
        if isinstance(node, t.Binary) and node.op == "/" and t.names(node.right) <= fixed and not t.names(node.left) <= fixed:
            return t.Binary("*", node.left, t.Binary("/", t.ONE, node.right))
        return node

    return t.rebuild(tree, change)
