"""Model lines, statements and tables in LaTeX (amsmath)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from spikeheb.expressions.equations import Equation
from spikeheb.expressions.printers import equation_latex, latex_name, to_latex
from spikeheb.expressions.tree import Statement

_SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_VERBS = {"transmit": r"\mathrm{transmit}", "ltp": r"\Delta_{+}", "ltd": r"\Delta_{-}"}


def equation_row(equation: Equation) -> str:
    """An equation with an alignment mark; empty for a variable without a right-hand side."""
    if equation.expression is None:
        return ""
    return equation_latex(equation.kind, equation.name, equation.expression).replace(" = ", " &= ", 1)


def statement_row(line: Statement) -> str:
    """What happens at a spike, with an alignment mark."""
    target, right = _VERBS.get(line.target) or latex_name(line.target), to_latex(line.expression)
    if line.op == "=":
        return rf"{target} &\leftarrow {right}"
    sign = {"+=": "+", "-=": "-", "*=": r"\cdot", "/=": "/"}[line.op]
    return rf"{target} &\leftarrow {target} {sign} \left({right}\right)"


def align(rows: Iterable[str]) -> str:
    """An ``align*`` of the rows that are not empty."""
    body = " \\\\\n".join(f"  {row}" for row in rows if row)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


def tabular(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are LaTeX already."""
    head, body = " & ".join(columns), [f"  {' & '.join(row)} \\\\" for row in rows]
    return "\n".join([rf"\begin{{tabular}}{{{'l' * len(columns)}}}", rf"  {head} \\ \hline", *body, r"\end{tabular}"])


def escaped(text: str) -> str:
    """Prose with LaTeX's special characters escaped."""
    return re.sub(r"[&%$#_{}\\~^]", lambda match: _SPECIAL[match[0]], text)
