"""Model blocks: lines such as ``dx/dt = -x/tau_plus : 1``, and the check that dimensions agree."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from spikeheb.dimensions import NONE, TIME, Dimension
from spikeheb.errors import ExpressionError, UnitError, one_line
from spikeheb.expressions import gate, limits
from spikeheb.expressions import tree as t
from spikeheb.units import parse_unit, unit

_DIFFERENTIAL = re.compile(r"d([A-Za-z][A-Za-z0-9_]*) */ *dt *=([^:]+):([^:()]+)")
_SUBEXPRESSION = re.compile(r"([A-Za-z][A-Za-z0-9_]*) *=([^:]+):([^:()]+)")
_VARIABLE = re.compile(r"([A-Za-z][A-Za-z0-9_]*) *:([^:()]+)")
MAX_LEVELS = 96


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
    equations: list[Equation] = []
    for line in gate.lines(text, path=path, key=key):
        equation = _parse_line(line, path, key)
        if any(other.name == equation.name for other in equations):
            raise ExpressionError(f'"{equation.name}" is declared twice', path=path, key=key)
        equations.append(equation)
    return tuple(equations)


def subexpressions(equations: Iterable[Equation]) -> dict[str, t.Tree]:
    """The lines ``name = expression`` of a model, by name."""
    return {e.name: e.expression for e in equations if e.kind == "subexpression" and e.expression is not None}


def expanded(tree: t.Tree, equations: Iterable[Equation]) -> t.Tree:
    """The tree with the model's subexpressions put in, and those that these read."""
    trees = subexpressions(equations)
    for _ in trees:
        tree = t.substitute(tree, trees)
    return tree


def _parse_line(line: str, path: str | None, key: str | None) -> Equation:
    if len(line) > gate.MAX_TEXT:
        raise ExpressionError(f"a line of {len(line)} characters; at most {gate.MAX_TEXT}", path=path, key=key)
    for kind, pattern in (("differential", _DIFFERENTIAL), ("subexpression", _SUBEXPRESSION), ("variable", _VARIABLE)):
        match = pattern.fullmatch(line)
        if match:
            name = gate.check_name(match[1], path=path, key=key)
            tree = None if kind == "variable" else gate.parse_expression(match[2], path=path, key=key)
            return Equation(kind, name, tree, _unit(match[match.lastindex or 0].strip(), name, path, key))
    raise ExpressionError(
        f'"{one_line(line, 60)}" is not "dx/dt = expression : unit", "x = expression : unit" or "x : unit" (without flags)',
        path=path,
        key=key,
    )


def _unit(text: str, name: str, path: str | None, key: str | None) -> Dimension:
    try:
        dimension, size = parse_unit(text)
    except UnitError as error:
        raise ExpressionError(error.message, path=path, key=key) from None
    if size != 1:
        raise ExpressionError(f'write an unscaled unit for "{name}" (got "{text}")', path=path, key=key)
    return dimension


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
            common = _same((left, right), known, f'"{op}"')
            return NONE if isinstance(tree, t.Compare) else common
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
    stem, _, side = name.rpartition("_")
    if side in ("pre", "post") and stem in known:
        raise ExpressionError(f'undeclared name "{name}"; every variable is read by its bare name here: write "{stem}"')
    near = difflib.get_close_matches(name.lower(), {other.lower() for other in known}, n=1, cutoff=0.6)
    meant = [other for other in known if other.lower() in near]
    hint = f'; did you mean "{meant[0]}"?' if meant else f"; declared: {' '.join(sorted(known)) or 'nothing'}"
    raise ExpressionError(f'undeclared name "{name}"{hint}')


def _same(trees: tuple[t.Tree, ...], known: Mapping[str, Dimension], what: str) -> Dimension:
    """The common dimension; a literal zero fits any."""
    dimensions = [dimension_of(tree, known) for tree in trees if tree != t.ZERO]
    for other in dimensions[1:]:
        if other != dimensions[0]:
            raise ExpressionError(f"{what} of {dimensions[0]} and {other}")
    return dimensions[0] if dimensions else NONE


def _power_dimension(base: t.Tree, exponent: t.Tree, known: Mapping[str, Dimension]) -> Dimension:
    dimension = dimension_of(base, known)
    if dimension_of(exponent, known) != NONE:
        raise ExpressionError("an exponent must be a number")
    if dimension == NONE:
        return NONE
    if t.names(exponent):
        raise ExpressionError(f"{dimension} to a power that is not a literal number")
    return dimension ** Fraction(limits.constant(exponent)).limit_denominator(12)


def _call_dimension(function: str, arguments: tuple[t.Tree, ...], known: Mapping[str, Dimension]) -> Dimension:
    if function == "clip":
        return _same(arguments, known, "clip")
    dimensions = [dimension_of(argument, known) for argument in arguments]
    if function in ("abs", "positive"):
        return dimensions[0]
    if function == "sqrt":
        return dimensions[0] ** Fraction(1, 2)
    if any(dimension != NONE for dimension in dimensions):
        raise ExpressionError(f"{function} of {dimensions[0]}; its argument must be a number")
    return NONE


NOISE = "xi"
"""The name of white noise in a differential equation; its dimension is second**-0.5."""


def check_model(
    equations: tuple[Equation, ...], known: Mapping[str, Dimension], *, path: str | None = None, key: str | None = None
) -> dict[str, t.Tree]:
    """Hold each line's two sides against each other, and bound what the lines come to with subexpressions put in.

    Returns
    -------
    dict
        Each subexpression with the subexpressions that it reads put in.

    Raises
    ------
    ExpressionError
        Naming the line, where a name is undeclared, dimensions disagree, subexpressions run in a circle or grow too large.
    """
    for equation in equations:
        if equation.expression is None:
            continue
        expected = equation.dimension / TIME if equation.kind == "differential" else equation.dimension
        names = {**known, NOISE: TIME ** Fraction(-1, 2)} if equation.kind == "differential" else known
        label = f"d{equation.name}/dt" if equation.kind == "differential" else equation.name
        check_expression(equation.expression, expected, names, label, path=path, key=key)
    trees = subexpressions(equations)
    full: dict[str, t.Tree] = {}
    for name in trees:
        _put_in(name, trees, full, (), path=path, key=key)
    for equation in equations:
        if equation.kind == "differential" and equation.expression is not None:
            check_expanded(equation.expression, full, f"d{equation.name}/dt", path=path, key=key)
    return full


def _put_in(
    name: str,
    trees: Mapping[str, t.Tree],
    full: dict[str, t.Tree],
    above: tuple[str, ...],
    *,
    path: str | None,
    key: str | None,
) -> None:
    """Write into `full` the subexpression `name` with those that it reads put in."""
    if name in above:
        raise ExpressionError(f'"{name}" depends on itself ({" -> ".join((*above, name))})', path=path, key=key)
    for other in sorted(t.names(trees[name]) & set(trees)):
        if other not in full:
            _put_in(other, trees, full, (*above, name), path=path, key=key)
    full[name] = check_expanded(trees[name], full, name, path=path, key=key)


def check_expanded(tree: t.Tree, full: Mapping[str, t.Tree], label: str, *, path: str | None = None, key: str | None = None) -> t.Tree:
    """The tree with the expanded subexpressions put in, if it stays within the limits."""
    read = [node.id for node in t.walk(tree) if isinstance(node, t.Name) and node.id in full]
    if not read:
        return tree
    size = sum(t.count(full[name]) for name in read)
    whole = tree if size > limits.MAX_EXPANDED else t.substitute(tree, full)
    if size > limits.MAX_EXPANDED or t.depth(whole) > MAX_LEVELS:
        raise ExpressionError(f"{label} is too large with its subexpressions put in", path=path, key=key)
    limits.check_limits(whole, f"{label}, with its subexpressions put in", nodes=limits.MAX_EXPANDED, path=path, key=key)
    return whole


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
        dimension = dimension_of(tree, known)
    except ExpressionError as error:
        raise ExpressionError(f"in {label}: {error.message}", path=path, key=key) from None
    if dimension != expected and tree != t.ZERO:
        raise ExpressionError(f"{label} should be {expected}, but its expression is {dimension}", path=path, key=key)
