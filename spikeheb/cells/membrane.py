"""The equations that a cell's membrane and receptors come to together.

A receptor's conductance or current is a sum of exponentials, or an alpha function. The membrane sees, in each time step, its mean
over that step, so that the area of an EPSP does not depend on the step. What jumps does so between two state updates (`Membrane.jumps`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from spikeheb.cells.cell import Cell, Receptor
from spikeheb.dimensions import CURRENT, TIME, VOLTAGE, Dimension
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation

OF_RECEPTORS = ("", "tau_", "mean_", "fed_")
"""What stands before the name of a receptor's state in the names that belong to it."""


@dataclass(frozen=True, slots=True)
class Membrane:
    """A cell's equations with its receptors written in, for one time step.

    Attributes
    ----------
    equations : tuple of Equation
        The file's, then one decay equation for each exponential of each receptor, and a variable for each jump, then the subexpression
        ``I_syn``.
    constants : mapping
        SI values of every name that they read (``I_ext``, a variable of the engine, apart).
    jumps : tuple of str
        Variables that are added to v before each state update and are then 0.
    """

    equations: tuple[Equation, ...]
    constants: Mapping[str, float]
    dimensions: Mapping[str, Dimension]
    jumps: tuple[str, ...] = ()


def assemble(cell: Cell, dt: float) -> Membrane:
    """The membrane and its receptors as one set of equations for steps of `dt` seconds."""
    constants = dict(cell.constants)
    dimensions = {name: parameter.dimension for name, parameter in cell.parameters.items()}
    states: list[Equation] = []
    current: t.Tree = t.ZERO
    jumps = tuple(state for receptor in cell.receptors.values() if receptor.kind == "jump" for state in receptor.states)
    for receptor in cell.conducting:
        equations, total, numbers = (_alpha if receptor.is_alpha else _exponentials)(receptor, dt, cell.method == "exponential_euler")
        states += equations
        constants |= numbers
        dimensions |= {name: TIME if name.startswith("tau_") else TIME / TIME for name in numbers}
        if receptor.reversal is not None:
            constants[f"E_{receptor.name}"] = receptor.reversal
            dimensions[f"E_{receptor.name}"] = VOLTAGE
            total = t.Binary("*", total, t.Binary("-", t.Name(f"E_{receptor.name}"), t.Name("v")))
        current = t.add(current, total)
    synaptic = Equation("subexpression", "I_syn", current, CURRENT)
    pending = [Equation("variable", name, None, VOLTAGE) for name in jumps]
    return Membrane((*cell.equations, *states, *pending, synaptic), constants, dimensions, jumps)


_Course = tuple[list[Equation], t.Tree, dict[str, float]]
"""The states of a receptor, what the membrane sees of them, and the constants that both read."""


def _exponentials(receptor: Receptor, dt: float, held: bool) -> _Course:
    """Each state decays by itself; `held` where the method holds within a step what the membrane sees."""
    states, constants = [], dict[str, float]()
    total: t.Tree = t.ZERO
    for state, tau, sign in receptor.parts:
        constants |= {f"tau_{state}": tau, f"mean_{state}": -math.expm1(-dt / tau) * tau / dt if held else 1.0}
        decay = t.Binary("/", t.Negative(t.Name(state)), t.Name(f"tau_{state}"))
        states.append(Equation("differential", state, decay, receptor.dimension))
        seen = t.Binary("*", t.Name(f"mean_{state}"), t.Name(state))
        total = t.add(total, seen) if sign > 0 else t.subtract(total, seen)
    return states, total, constants


def _alpha(receptor: Receptor, dt: float, held: bool) -> _Course:
    """The one state follows the other, which decays as fast: ``dg/dt = (fed*h - g)/tau`` and ``dh/dt = -h/tau``.

    From ``g(t) = (g(0) + h(0)*t/tau)*exp(-t/tau)`` come the means over a step, and `fed`: exponential Euler, which holds h within the step,
    is exact with ``fed = (dt/tau)/(exp(dt/tau) - 1)``.
    """
    course, rise = receptor.states
    ((_, tau, _),) = receptor.parts
    x = dt / tau
    mean = -math.expm1(-x) / x
    constants = {
        f"tau_{course}": tau, f"tau_{rise}": tau, f"fed_{course}": x / math.expm1(x) if held else 1.0,
        f"mean_{course}": mean if held else 1.0, f"mean_{rise}": mean - math.exp(-x) if held else 0.0,
    }  # fmt: skip
    feeds = t.Binary("*", t.Name(f"fed_{course}"), t.Name(rise))
    follows = t.Binary("/", t.Binary("-", feeds, t.Name(course)), t.Name(f"tau_{course}"))
    decays = t.Binary("/", t.Negative(t.Name(rise)), t.Name(f"tau_{rise}"))
    states = [Equation("differential", name, tree, receptor.dimension) for name, tree in ((course, follows), (rise, decays))]
    seen = [t.Binary("*", t.Name(f"mean_{state}"), t.Name(state)) for state in receptor.states]
    return states, t.add(*seen), constants
