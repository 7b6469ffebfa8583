"""The equations that a cell's membrane and receptors come to together.

A receptor's conductance or current is a sum of exponentials. The membrane sees, in each time step, the mean of each exponential
over that step, so that the area of an EPSP does not depend on the step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from spikeheb.cells.cell import Cell
from spikeheb.dimensions import CURRENT, TIME, VOLTAGE, Dimension
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation


@dataclass(frozen=True, slots=True)
class Membrane:
    """A cell's equations with its receptors written in, for one time step.

    Attributes
    ----------
    equations : tuple of Equation
        The file's, then one decay equation for each exponential of each receptor, then the subexpression ``I_syn``.
    constants : mapping
        SI values of every name that they read (``I_ext``, a variable of the engine, apart).
    """

    equations: tuple[Equation, ...]
    constants: Mapping[str, float]
    dimensions: Mapping[str, Dimension]


def assemble(cell: Cell, dt: float) -> Membrane:
    """The membrane and its receptors as one set of equations for steps of `dt` seconds."""
    constants = dict(cell.constants)
    dimensions = {name: parameter.dimension for name, parameter in cell.parameters.items()}
    states: list[Equation] = []
    current: t.Tree = t.ZERO
    for receptor in cell.receptors.values():
        total: t.Tree = t.ZERO
        for state, tau, sign in receptor.parts:
            constants |= {f"tau_{state}": tau, f"mean_{state}": _mean_factor(tau, dt, cell.method)}
            dimensions |= {f"tau_{state}": TIME, f"mean_{state}": TIME / TIME}
            decay = t.Binary("/", t.Negative(t.Name(state)), t.Name(f"tau_{state}"))
            states.append(Equation("differential", state, decay, receptor.dimension))
            seen = t.Binary("*", t.Name(f"mean_{state}"), t.Name(state))
            total = t.add(total, seen) if sign > 0 or receptor.rise is None else t.subtract(total, seen)
        if receptor.reversal is not None:
            constants[f"E_{receptor.name}"] = receptor.reversal
            dimensions[f"E_{receptor.name}"] = VOLTAGE
            total = t.Binary("*", total, t.Binary("-", t.Name(f"E_{receptor.name}"), t.Name("v")))
        current = t.add(current, total)
    synaptic = Equation("subexpression", "I_syn", current, CURRENT)
    return Membrane((*cell.equations, *states, synaptic), constants, dimensions)


def _mean_factor(tau: float, dt: float, method: str) -> float:
    """Mean of ``exp(-s/tau)`` over a step, for methods that hold the conductance within the step; else 1."""
    return -math.expm1(-dt / tau) * tau / dt if method == "exponential_euler" else 1.0
