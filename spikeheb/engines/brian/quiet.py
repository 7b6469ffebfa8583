"""Quiet stretches: where nothing happens for a while, the cell's way back to rest is computed instead of stepped.

Near its fixed point x* the discrete step F of the cell is linear but for a small remainder, so that n steps are
``x* + J**n (x - x*)`` with J the Jacobian of F at x*. A jump is allowed only where that remainder, added up over the way
back, stays below a bound, and where J contracts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

import numpy as np

from spikeheb.cells import Cell, assemble
from spikeheb.circuits.steps import Floats
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation, expanded
from spikeheb.expressions.printers import evaluate, numpy_scope, resolve_units, to_numpy
from spikeheb.rules.meaning import affine

WAY = 18
"""Points along the way back at which the remainder is measured: after 1, 2, 4, ... 2**17 steps."""
REMAINDER = 1e-12
"""Largest error of a jump in SI units: 1e-12 V, a billionth of a millivolt, for the membrane potential."""


class Relaxation:
    """The discrete step of a cell near rest.

    Parameters
    ----------
    cell : Cell
    dt : float
        Seconds.
    """

    def __init__(self, cell: Cell, dt: float) -> None:
        membrane = assemble(cell, dt)
        self.names = [e.name for e in membrane.equations if e.kind == "differential"]
        self._constants = {**membrane.constants, "I_ext": 0.0}
        self._updates = [
            _update(e, membrane.equations, self._constants, cell.method, dt) for e in membrane.equations if e.kind == "differential"
        ]
        self._threshold = cell.threshold
        known = all(update is not None for update in self._updates)
        self.rest = self._fixed_point(cell) if known else None
        self.jacobian = self._derivative(self.rest) if self.rest is not None else None
        self.usable = not cell.draws and self._contracts()

    def step(self, state: Floats) -> Floats:
        """One step of all variables, shape (variables, lanes), from their old values."""
        values = {**numpy_scope(), **self._constants, **dict(zip(self.names, state, strict=True))}
        return np.array([np.broadcast_to(update(values), state.shape[1:]) for update in self._updates if update])

    def _fixed_point(self, cell: Cell) -> Floats | None:
        start = cell.rest()
        state = np.array([[start.get(name, 0.0)] for name in self.names])
        for _ in range(60):
            residual = self.step(state) - state
            if not np.all(np.isfinite(residual)):
                return None
            change = np.linalg.solve(self._derivative(state) - np.eye(len(self.names)), -residual)
            state = state + change
            if np.all(np.abs(change) <= 4 * np.finfo(float).eps * np.maximum(np.abs(state), 1e-12)):
                return state
        return None

    def _derivative(self, state: Floats) -> Floats:
        """The Jacobian by complex steps: exact to rounding."""
        columns = []
        for n in range(len(self.names)):
            shifted = state.astype(complex)
            shifted[n] += 1e-30j
            columns.append(self.step(shifted)[:, 0].imag / 1e-30)
        return np.array(columns).T

    def _contracts(self) -> bool:
        if self.jacobian is None or self.rest is None:
            return False
        values = {**self._constants, **dict(zip(self.names, self.rest[:, 0], strict=True))}
        firing = bool(evaluate(self._threshold, values))
        self.radius = float(np.max(np.abs(np.linalg.eigvals(self.jacobian))))
        if firing or self.radius >= 1:
            return False
        size = len(self.names)
        self._way = np.array([np.eye(size), *(np.linalg.matrix_power(self.jacobian, 2**k) for k in range(WAY))])
        self._spread = np.abs(np.linalg.inv(np.eye(size) - self.jacobian))
        return True

    def can_jump(self, state: Floats) -> bool:
        """Whether what the linear map leaves out stays below the bound in every lane.

        It is measured here and at points ever further along the way back, because a cell that stands at rest with its
        adaptation still on has an excursion before it; the largest of them is taken to last for the whole way.
        """
        if not self.usable:
            return False
        assert self.rest is not None and self.jacobian is not None
        way = np.einsum("kij,jl->ikl", self._way, state - self.rest).reshape(len(self.names), -1)
        remainder = np.abs(self.step(self.rest + way) - self.rest - self.jacobian @ way)
        rounding = 8 * np.finfo(float).eps * np.abs(self.rest)
        largest = np.maximum(remainder - rounding, 0.0).max(axis=1)
        return bool(np.all(self._spread @ largest < REMAINDER))

    def jump(self, state: Floats, steps: int) -> Floats:
        """The state that many steps later."""
        assert self.rest is not None and self.jacobian is not None
        result: Floats = self.rest + np.linalg.matrix_power(self.jacobian, steps) @ (state - self.rest)
        return result


def _update(
    equation: Equation, equations: tuple[Equation, ...], constants: Mapping[str, float], method: str, dt: float
) -> Callable[[dict[str, Any]], Any] | None:
    """The new value of one variable, as the method computes it from the old ones; None for a method not known here."""
    assert equation.expression is not None
    tree = expanded(equation.expression, equations)
    known = {e.name for e in equations} | set(constants)
    if method == "exponential_euler":
        slope, rest = (_compiled(part, known) for part in conditionally_linear(tree, equation.name))

        def exponential(values: dict[str, Any]) -> Any:
            a = eval(slope, values)
            grown = np.exp(dt * np.asarray(a))
            return values[equation.name] * grown + eval(rest, values) / a * (grown - 1)

        return exponential
    if method == "euler":
        code = _compiled(tree, known)
        return lambda values: values[equation.name] + dt * eval(code, values)
    return None


def _compiled(tree: t.Tree, known: set[str]) -> CodeType:
    """Code of an expression, printed from its tree."""
    return compile(to_numpy(resolve_units(tree, known)), "<cell>", "eval")


def conditionally_linear(tree: t.Tree, name: str) -> tuple[t.Tree, t.Tree]:
    """Slope and rest of the derivative in one variable; terms that are not linear in it count as constant."""
    parts = affine(tree, {name})
    if parts is not None:
        return parts[0].get(name, t.ZERO), parts[1]
    match tree:
        case t.Binary("+" | "-" as op, left, right):
            a, b = conditionally_linear(left, name), conditionally_linear(right, name)
            join = t.add if op == "+" else t.subtract
            return join(a[0], b[0]), join(a[1], b[1])
        case t.Binary("/", left, right) if name not in t.names(right):
            a = conditionally_linear(left, name)
            return _over(a[0], right), _over(a[1], right)
        case t.Binary("*", left, right) if name not in t.names(left):
            a = conditionally_linear(right, name)
            return t.multiply(left, a[0]), t.multiply(left, a[1])
    return t.ZERO, tree


def _over(tree: t.Tree, divisor: t.Tree) -> t.Tree:
    return t.ZERO if tree == t.ZERO else t.Binary("/", tree, divisor)
