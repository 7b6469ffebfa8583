"""Model blocks: lines such as ``dx/dt = -x/tau_plus : 1``, and the check that dimensions agree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from spikeheb.errors import ExpressionError, UnitError
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.units import NONE, TIME, Dimension, parse_unit, unit

_DIFFERENTIAL = re.compile(r"d([A-Za-z]\w*)\s*/\s*dt\s*=\s*([^:]+):([^:()]+)", re.ASCII)
_SUBEXPRESSION = re.compile(r"([A-Za-z]\w*)\s*=\s*([^:]+):([^:()]+)", re.ASCII)
_VARIABLE = re.compile(r"([A-Za-z]\w*)\s*:([^:()]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Equation:
    """One line of a model.

    Attributes
    ----------
    kind : str
        ``"differential"`` (d name/dt = expression), ``"subexpression"`` (name = expression) or ``"variable"`` (name alone).
    name : str
    expression : Tree or None
    dimension : Dimension
        Of the name itself.
    """

    kind: str
    name: str
    expression: t.Tree | None
    dimension: Dimension


def parse_model(text: str, *, path: str | None = None, key: str | None = None) -> tuple[Equation, ...]:
    """The equations of a model block, in order.

    Raises
    ------
    ExpressionError
        For a line of another form, a unit that is not one, or a name declared twice.
    """
    found: list[Equation] = []
    for line in gate.lines(text, path=path, key=key):
        equation = _parse_line(line, path, key)
        if any(other.name == equation.name for other in found):
            raise ExpressionError(f'"{equation.name}" is declared twice', path=path, key=key)
        found.append(equation)
    return tuple(found)


def _parse_line(line: str, path: str | None, key: str | None) -> Equation:
    if len(line) > gate.MAX_TEXT:
        raise ExpressionError(f"a line of {len(line)} characters; at most {gate.MAX_TEXT}", path=path, key=key)
    for kind, pattern in (("differential", _DIFFERENTIAL), ("subexpression", _SUBEXPRESSION), ("variable", _VARIABLE)):
        match = pattern.fullmatch(line)
        if match:
            name = gate.check_name(match[1], path=path, key=key)
            tree = None if kind == "variable" else gate.parse_expression(match[2], path=path, key=key)
            try:
                dimension, size = parse_unit(match[match.lastindex or 0].strip())
            except UnitError as error:
                raise ExpressionError(error.message, path=path, key=key) from None
            if size != 1:
                unit_text = match[match.lastindex or 0].strip()
                raise ExpressionError(f'write an unscaled unit for "{name}" (got "{unit_text}")', path=path, key=key)
            return Equation(kind, name, tree, dimension)
    shown = ascii(line)[1:-1][:60]
    raise ExpressionError(
        f'"{shown}" is not "dx/dt = expression : unit", "x = expression : unit" or "x : unit" (without flags)',
        path=path,
        key=key,
    )


def dimension_of(tree: t.Tree, known: Mapping[str, Dimension]) -> Dimension:
    """The dimension of a tree, given those of its names.

    Raises
    ------
    ExpressionError
        For an undeclared name, or terms that cannot be added, compared, or put through a function.
    """
    match tree:
        case t.Number():
            return NONE
        case t.Name(name):
            return _name_dimension(name, known)
        case t.Negative(operand):
            return dimension_of(operand, known)
        case t.Binary("*", left, right):
            return dimension_of(left, known) * dimension_of(right, known)
        case t.Binary("/", left, right):
            return dimension_of(left, known) / dimension_of(right, known)
        case t.Binary("**", left, right):
            return _power_dimension(left, right, known)
        case t.Binary(op, left, right) | t.Compare(op, left, right):
            found = _same((left, right), known, f'"{op}"')
            return NONE if isinstance(tree, t.Compare) else found
        case t.Logic(_, operands):
            for operand in operands:
                dimension_of(operand, known)
            return NONE
        case t.Call(function, arguments):
            return _call_dimension(function, arguments, known)


def _name_dimension(name: str, known: Mapping[str, Dimension]) -> Dimension:
    if name in known:
        return known[name]
    named_unit = unit(name) if len(name) > 1 else None
    if named_unit:
        return named_unit[0]
    near = [other for other in known if other.lower() == name.lower()]
    hint = f'; did you mean "{near[0]}"?' if near else f"; declared: {' '.join(sorted(known)) or 'nothing'}"
    raise ExpressionError(f'undeclared name "{name}"{hint}')


def _same(trees: tuple[t.Tree, ...], known: Mapping[str, Dimension], what: str) -> Dimension:
    """The common dimension; a literal zero fits any."""
    found = [dimension_of(tree, known) for tree in trees if tree != t.ZERO]
    for other in found[1:]:
        if other != found[0]:
            raise ExpressionError(f"{what} of {found[0]} and {other}")
    return found[0] if found else NONE


def _power_dimension(base: t.Tree, exponent: t.Tree, known: Mapping[str, Dimension]) -> Dimension:
    found = dimension_of(base, known)
    if dimension_of(exponent, known) != NONE:
        raise ExpressionError("an exponent must be a number")
    if found == NONE:
        return NONE
    if t.names(exponent):
        raise ExpressionError(f"{found} to a power that is not a literal number")
    return found ** Fraction(gate.constant(exponent)).limit_denominator(12)


def _call_dimension(function: str, arguments: tuple[t.Tree, ...], known: Mapping[str, Dimension]) -> Dimension:
    if function == "clip":
        return _same(arguments, known, "clip")
    found = [dimension_of(argument, known) for argument in arguments]
    if function in ("abs", "positive"):
        return found[0]
    if function == "sqrt":
        return found[0] ** Fraction(1, 2)
    if any(dimension != NONE for dimension in found):
        raise ExpressionError(f"{function} of {found[0]}; it takes a number")
    return NONE


NOISE = "xi"
"""The name of white noise in a differential equation; its dimension is second**-0.5."""


def check_model(
    equations: tuple[Equation, ...], known: Mapping[str, Dimension], *, path: str | None = None, key: str | None = None
) -> None:
    """Hold each line's two sides against each other.

    Raises
    ------
    ExpressionError
        Naming the line, where a name is undeclared or dimensions disagree.
    """
    for equation in equations:
        if equation.expression is None:
            continue
        expected = equation.dimension / TIME if equation.kind == "differential" else equation.dimension
        names = {**known, NOISE: TIME ** Fraction(-1, 2)} if equation.kind == "differential" else known
        label = f"d{equation.name}/dt" if equation.kind == "differential" else equation.name
        check_expression(equation.expression, expected, names, label, path=path, key=key)


def check_expression(
    tree: t.Tree,
    expected: Dimension,
    known: Mapping[str, Dimension],
    label: str,
    *,
    path: str | None = None,
    key: str | None = None,
) -> None:
    """Raise an ExpressionError that names `label` unless the tree has the expected dimension (a literal 0 has any)."""
    try:
        found = dimension_of(tree, known)
    except ExpressionError as error:
        raise ExpressionError(f"in {label}: {error.message}", path=path, key=key) from None
    if found != expected and tree != t.ZERO:
        raise ExpressionError(f"{label} should be {expected}, but its expression is {found}", path=path, key=key)
