"""Rules and cells in LaTeX: equations, what happens at spikes, parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from spikeheb.cells import Cell
from spikeheb.expressions.equations import Equation
from spikeheb.expressions.printers import equation_latex, latex_name, to_latex
from spikeheb.expressions.tree import Statement
from spikeheb.rules import Rule
from spikeheb.tables import Parameter

_SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_VERBS = {"transmit": r"\mathrm{transmit}", "ltp": r"\Delta_{+}", "ltd": r"\Delta_{-}"}
_EVENTS = {"pre": "presynaptic spike", "post": "postsynaptic spike", "reward": "reward"}


def rule_text(rule: Rule) -> str:
    """The rule as LaTeX (amsmath): an align of its equations, one of each handler, and a table of parameters."""
    blocks = [f"% {rule.label}: {rule.title}", _align(equation_rows(rule.equations))]
    if rule.post is not None:
        blocks.append(_align(equation_rows(rule.post.equations)))
        blocks += [_event("own spike of the cell", rule.post.on_spike)] if rule.post.on_spike else []
    for handler in rule.handlers:
        late = f", ${latex_name(handler.delay)}$ later" if handler.delay else ""
        blocks.append(_event(_EVENTS[handler.event] + late, handler.lines))
    weight = latex_name(rule.weight)
    change = rf"{weight} &\leftarrow {weight} + F_{{+}} \, \Delta_{{+}} - F_{{-}} \, \Delta_{{-}}"
    blocks.append(_align([change, f"F_{{+}} &= {to_latex(rule.bounds.F_plus)}", f"F_{{-}} &= {to_latex(rule.bounds.F_minus)}"]))
    return "\n\n".join([*blocks, _parameters(rule.parameters)])


def cell_text(cell: Cell) -> str:
    """The cell as LaTeX (amsmath): its equations, its spike, and a table of parameters."""
    threshold = f"spike, that is when ${to_latex(cell.threshold)}$"
    return "\n\n".join(
        [f"% {cell.name}: {cell.title}", _align(equation_rows(cell.equations)), _event(threshold, cell.reset), _parameters(cell.parameters)]
    )


def equation_rows(equations: Iterable[Equation]) -> list[str]:
    """Equations with a right-hand side, each with an alignment mark."""
    rows = [equation_latex(e.kind, e.name, e.expression) for e in equations if e.expression is not None]
    return [row.replace(" = ", " &= ", 1) for row in rows]


def _event(name: str, statements: Sequence[Statement]) -> str:
    return f"At a {name}:\n{_align([_statement(line) for line in statements])}"


def _statement(line: Statement) -> str:
    target, right = _VERBS.get(line.target) or latex_name(line.target), to_latex(line.expression)
    if line.op == "=":
        return rf"{target} &\leftarrow {right}"
    sign = {"+=": "+", "-=": "-", "*=": r"\cdot", "/=": "/"}[line.op]
    return rf"{target} &\leftarrow {target} {sign} \left({right}\right)"


def _align(rows: Sequence[str]) -> str:
    body = " \\\\\n".join(f"  {row}" for row in rows)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


def _parameters(parameters: Mapping[str, Parameter]) -> str:
    rows = [f"  ${latex_name(p.name)}$ & {escaped(p.text)} & {escaped(p.doc)} & {escaped(p.source)} \\\\" for p in parameters.values()]
    return "\n".join([r"\begin{tabular}{llll}", r"  parameter & value & meaning & source \\ \hline", *rows, r"\end{tabular}"])


def escaped(text: str) -> str:
    """Prose with LaTeX's special characters escaped."""
    return re.sub(r"[&%$#_{}\\~^]", lambda match: _SPECIAL[match[0]], text)
