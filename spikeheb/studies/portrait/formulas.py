"""Equations, statements and bounds as a person reads them: as the text of a file, and in LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spikeheb.expressions.equations import Equation
from spikeheb.expressions.latex import align, equation_row, escaped, statement_row, tabular
from spikeheb.expressions.printers import latex_name, to_latex, to_text
from spikeheb.expressions.tree import Statement, Tree
from spikeheb.rules import Bounds, Rule
from spikeheb.studies.portrait.sections import Section
from spikeheb.tables import PARAMETER_COLUMNS, Parameter


@dataclass(frozen=True, slots=True)
class Formula:
    """One line: ``"dx/dt = -x/tau : 1"`` and its LaTeX, with an alignment mark; the LaTeX of a mere declaration is empty."""

    text: str
    latex: str


@dataclass(frozen=True, slots=True)
class Block:
    """Formulas that belong together, in the order in which they act.

    Attributes
    ----------
    title : str
        ``"Equations of the synapse"``, ``"At a presynaptic spike, in this order"``.
    formulas : tuple of Formula
    remarks : tuple of str
        What else a reader has to know: the method of integration, delayed reads.
    event : str
        The line above the formulas in LaTeX; empty for equations.
    """

    title: str
    formulas: tuple[Formula, ...]
    remarks: tuple[str, ...] = ()
    event: str = ""

    @property
    def latex(self) -> str:
        """The formulas as an ``align*``, below the event if there is one; or that nothing changes then."""
        if self.event and not self.formulas:
            return f"{self.event}: nothing changes."
        return (f"{self.event}:\n" if self.event else "") + align(formula.latex for formula in self.formulas)

    @property
    def section(self) -> Section:
        """The block in words."""
        return Section(self.title, lines=(*(formula.text for formula in self.formulas), *self.remarks))


def equations(lines: Iterable[Equation]) -> tuple[Formula, ...]:
    """Model lines; the text is what a file has."""
    formulas = []
    for line in lines:
        left = f"d{line.name}/dt" if line.kind == "differential" else line.name
        right = f" = {to_text(line.expression)}" if line.expression is not None else ""
        formulas.append(Formula(f"{left}{right} : {line.dimension.brian}", equation_row(line)))
    return tuple(formulas)


def statements(lines: Iterable[Statement]) -> tuple[Formula, ...]:
    """What happens at an event: ``w += dw``."""
    return tuple(Formula(f"{line.target} {line.op} {to_text(line.expression)}", statement_row(line)) for line in lines)


def value(name: str, tree: Tree) -> Formula:
    """A name and the expression that gives its value."""
    return Formula(f"{name} = {to_text(tree)}", rf"{latex_name(name)} &= {to_latex(tree)}")


def starts(initial: Mapping[str, Tree]) -> tuple[Formula, ...]:
    """Starting values, without those that are 0."""
    return tuple(value(name, tree) for name, tree in initial.items() if to_text(tree) != "0")


def update(rule: Rule) -> tuple[Formula, ...]:
    """How potentiation and depression change the weight, and the two factors of the bounds."""
    weight = latex_name(rule.weight)
    change = rf"{weight} &\leftarrow {weight} + F_{{+}} \, \Delta_{{+}} - F_{{-}} \, \Delta_{{-}}"
    law = Formula(f"{rule.weight} += F_plus*ltp - F_minus*ltd", change)
    return law, value("F_plus", rule.bounds.F_plus), value("F_minus", rule.bounds.F_minus)


def bounds_text(bounds: Bounds, *, factors: bool = True) -> str:
    """``"hard, w_min = 0, w_max = 1"``, and, if wanted, the two factors where they are not 1."""
    parts = [bounds.kind, *(f"{name} = {number:g}" for name, number in bounds.values.items())]
    trees = (("F_plus", bounds.F_plus), ("F_minus", bounds.F_minus)) if factors else ()
    return ", ".join([*parts, *(f"{name} = {to_text(tree)}" for name, tree in trees if to_text(tree) != "1")])


def document(name: str, title: str, blocks: Iterable[Block], parameters: Iterable[Parameter]) -> str:
    """LaTeX (amsmath) of a rule or a cell: its blocks, and a table of its parameters."""
    rows = [[f"${latex_name(p.name)}$", escaped(p.text), escaped(p.doc), escaped(p.source)] for p in parameters]
    return "\n\n".join([f"% {name}: {title}", *(block.latex for block in blocks), tabular(PARAMETER_COLUMNS, rows)])
