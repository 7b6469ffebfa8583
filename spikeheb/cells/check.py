"""What must hold between the parts of a cell: names declared once, dimensions that agree, numbers that are finite."""

from __future__ import annotations

import math
from collections.abc import Mapping

from spikeheb.cells.cell import Cell
from spikeheb.cells.membrane import OF_RECEPTORS
from spikeheb.dimensions import CURRENT, TIME, VOLTAGE, Dimension
from spikeheb.errors import ExpressionError, FormatError, unknown_name
from spikeheb.expressions import tree as t
from spikeheb.expressions.constants import check_constants, with_subexpressions
from spikeheb.expressions.equations import NOISE, check_expression, check_model, subexpressions
from spikeheb.expressions.printers import evaluate, resolve_units, to_brian


def check_cell(cell: Cell) -> None:
    """Raise for the first thing that does not hold.

    Raises
    ------
    FormatError, ExpressionError, UnknownName, NonFiniteError
    """
    known = _declared(cell)
    _check_membrane(cell, known)
    _check_initial(cell, known)
    _check_spike(cell, known)
    _check_receptors(cell)
    _check_numbers(cell)
    _check_at_rest(cell)


def _check_receptors(cell: Cell) -> None:
    """The weights of a receptor's exponentials, which a rise too near to the decay makes infinite."""
    for receptor in cell.receptors.values():
        try:
            weights = [weight for _, _, weight in receptor.parts]
        except (ArithmeticError, ValueError):
            weights = [math.inf]
        if not all(math.isfinite(weight * receptor.unit) and abs(weight) < 1e6 for weight in weights):
            times = f"a rise of {receptor.rise:g} s and a decay of {receptor.decay:g} s"
            message = f"{times} are too near to each other to be computed; make them differ more"
            raise FormatError(message, path=cell.path, key=f"receptors.{receptor.name}.rise")


def _check_numbers(cell: Cell) -> None:
    """Every part that reads only parameters must be a finite real number."""
    known = with_subexpressions(subexpressions(cell.equations), cell.constants, path=cell.path, key="membrane.model")
    for equation in cell.equations:
        if equation.expression is not None:
            check_constants(equation.expression, known, path=cell.path, key="membrane.model")
    for name, tree in cell.initial.items():
        check_constants(tree, known, path=cell.path, key=f"membrane.initial.{name}")
    check_constants(cell.threshold, known, path=cell.path, key="membrane.threshold")
    for n, line in enumerate(cell.reset):
        check_constants(line.value(), known, path=cell.path, key=f"spike.reset[{n}]")


def _declared(cell: Cell) -> dict[str, Dimension]:
    """Every name that the membrane may read, with its dimension."""
    known: dict[str, Dimension] = {"I_syn": CURRENT, "I_ext": CURRENT}
    parameters = [(parameter.name, parameter.dimension) for parameter in cell.parameters.values()]
    for name, dimension in parameters + [(equation.name, equation.dimension) for equation in cell.equations]:
        if name in known:
            raise FormatError(f'"{name}" is declared twice; rename one', path=cell.path, key="membrane.model")
        known[name] = dimension
    if not cell.receptors:
        raise FormatError("a cell needs at least one receptor", path=cell.path, key="receptors")
    taken = {f"E_{name}" for name in cell.receptors}
    for receptor in cell.receptors.values():
        taken |= {prefix + state for state in receptor.states for prefix in OF_RECEPTORS}
    if taken & set(known):
        raise FormatError(f'"{min(taken & set(known))}" belongs to a receptor; rename it', path=cell.path, key="membrane.model")
    return known


def _check_membrane(cell: Cell, known: Mapping[str, Dimension]) -> None:
    where, key = cell.path, "membrane.model"
    if known.get("v") != VOLTAGE or not any(e.name == "v" and e.kind == "differential" for e in cell.equations):
        raise FormatError('expected an equation "dv/dt = ... : volt"', path=where, key=key)
    check_model(cell.equations, known, path=where, key=key)
    trees = [e.expression for e in cell.equations if e.expression is not None]
    read = frozenset().union(*(t.names(tree) for tree in trees))
    for name, what, needed in (("I_syn", "synapses", bool(cell.conducting)), ("I_ext", "injected current", True)):
        if needed and name not in read:
            raise FormatError(f'nothing reads "{name}", so {what} would do nothing; add it to dv/dt', path=where, key=key)
    if NOISE in read and cell.method != "euler":
        raise FormatError(f'noise needs method = "euler" (got "{cell.method}")', path=where, key="membrane.method")
    _refuse_random(where, key, *trees)


def _refuse_random(path: str, key: str, *trees: t.Tree) -> None:
    if any(t.functions(tree) & {"rand", "randn"} for tree in trees):
        raise ExpressionError('a cell may not draw random numbers here; write noise as "xi" in an equation', path=path, key=key)


def _check_initial(cell: Cell, known: Mapping[str, Dimension]) -> None:
    constants = {name: known[name] for name in cell.parameters}
    for name, tree in cell.initial.items():
        key = f"membrane.initial.{name}"
        check_expression(tree, known[name], constants, name, path=cell.path, key=key)
        _refuse_random(cell.path, key, tree)


def _check_spike(cell: Cell, known: Mapping[str, Dimension]) -> None:
    where, key = cell.path, "membrane.threshold"
    check_expression(cell.threshold, TIME / TIME, {**known, "dt": TIME}, "threshold", path=where, key=key)
    drawn = [node.function for node in t.walk(cell.threshold) if isinstance(node, t.Call) and node.function in ("rand", "randn")]
    if drawn not in ([], ["rand"]):
        message = f'a threshold may draw one number, with rand(), as in "rand() < rate*dt" (got {", ".join(f"{f}()" for f in drawn)})'
        raise ExpressionError(message, path=where, key=key)
    states = {state: receptor.dimension for receptor in cell.receptors.values() for state in receptor.states}
    for n, line in enumerate(cell.reset):
        key = f"spike.reset[{n}]"
        if line.target not in {**cell.initial, **states}:
            raise unknown_name("variable", line.target, (*cell.initial, *states), path=where, key=key)
        dimensions = {**known, **states}
        check_expression(line.value(), dimensions[line.target], dimensions, line.target, path=where, key=key)
        _refuse_random(where, key, line.expression)


def _check_at_rest(cell: Cell) -> None:
    """Every line of the model is finite at the initial values, and the threshold, unless written the wrong way round, does not hold."""
    values = {**cell.constants, **cell.rest()}
    at_rest = with_subexpressions(
        subexpressions(cell.equations), {**values, "I_syn": 0.0, "I_ext": 0.0, NOISE: 0.0}, path=cell.path, key="membrane.model"
    )
    for equation in cell.equations:
        if equation.expression is not None:
            check_constants(equation.expression, at_rest, path=cell.path, key="membrane.model")
    threshold = resolve_units(cell.threshold, set(values))
    if not cell.draws and t.names(threshold) <= set(values) and evaluate(threshold, values):
        raise FormatError(f'"{to_brian(cell.threshold)}" already holds at the initial values', path=cell.path, key="membrane.threshold")
