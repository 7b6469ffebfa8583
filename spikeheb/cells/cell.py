"""The frozen values that a cell file turns into."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from spikeheb.dimensions import CONDUCTANCE, CURRENT, VOLTAGE, Dimension
from spikeheb.errors import NonFiniteError, unknown_name
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation
from spikeheb.expressions.printers import evaluate, to_brian
from spikeheb.tables import Parameter, Reference, content_hash, page, prompt

Array = npt.NDArray[np.float64]
METHODS = ("exponential_euler", "euler", "rk2", "rk4")
KINDS = {"conductance": CONDUCTANCE, "current": CURRENT, "jump": VOLTAGE}
"""What a receptor may be, and of which dimension its state is."""


@dataclass(frozen=True, slots=True)
class Receptor:
    """A synaptic conductance or current that rises (at once, or with `rise`) and decays exponentially; or a jump of the potential.

    With a rise as long as the decay it is an alpha function, ``t/decay*exp(1 - t/decay)``. Its state ``g_NAME_rise`` decays, and
    ``g_NAME_decay``, which the membrane sees, follows it; a spike moves only the former.

    The state ``g_NAME`` of a jump is by how much the potential is to jump. The state update of the next step begins with that jump,
    unless the potential is held then, and takes the state to 0.

    Attributes
    ----------
    unit : float
        Peak conductance in siemens, peak current in amperes, or jump in volts, of a synapse of efficacy 1; a current or jump below 0
        inhibits.
    reversal : float or None
        In volts; None for a current or a jump.
    rise : float or None
        Seconds; None for an instantaneous rise.
    decay : float or None
        Seconds; None for a jump.
    doc, source : str
        Which EPSP the unit gives; where the numbers are from.
    """

    name: str
    unit: float
    reversal: float | None
    rise: float | None
    decay: float | None
    doc: str = ""
    source: str = ""

    @property
    def kind(self) -> str:
        """One of `KINDS`."""
        if self.decay is None:
            return "jump"
        return "current" if self.reversal is None else "conductance"

    @property
    def dimension(self) -> Dimension:
        """The dimension of the unit and of the states."""
        return KINDS[self.kind]

    @property
    def is_alpha(self) -> bool:
        """Whether the course is an alpha function."""
        return self.rise is not None and self.rise == self.decay

    @property
    def states(self) -> tuple[str, ...]:
        """Names of all states."""
        return (f"g_{self.name}",) if self.rise is None else (f"g_{self.name}_decay", f"g_{self.name}_rise")

    @property
    def parts(self) -> tuple[tuple[str, float, float], ...]:
        """What a spike moves: name of the state, time constant (0 for a jump), weight (so that the course peaks at 1).

        A spike adds ``abs(weight) * unit`` times what it transmits; parts of negative weight are subtracted in ``I_syn``.
        """
        if self.rise is None or self.decay is None:
            return ((f"g_{self.name}", self.decay or 0.0, 1.0),)
        if self.is_alpha:
            return ((f"g_{self.name}_rise", self.decay, math.e),)
        peak = math.log(self.decay / self.rise) * self.rise * self.decay / (self.decay - self.rise)
        norm = 1.0 / (math.exp(-peak / self.decay) - math.exp(-peak / self.rise))
        return ((f"g_{self.name}_decay", self.decay, norm), (f"g_{self.name}_rise", self.rise, -norm))

    def current(self, v: Array, states: Mapping[str, Array]) -> Array:
        """The current through all its synapses, above 0 where it pushes the potential up. A jump has none: see `Cell.conducting`.

        Parameters
        ----------
        v : array
            Volts.
        states : mapping of str to array
            Siemens or amperes, by the name of a part.

        Returns
        -------
        array
            Amperes.
        """
        total = np.zeros_like(v)
        for state, _, weight in self.parts:
            total += math.copysign(1.0, weight) * states[state]
        return total if self.reversal is None else total * (self.reversal - v)


@dataclass(frozen=True, slots=True)
class Hold:
    """A part of the spike's shape: the membrane potential held at `v` (volts) for `lasts` (seconds)."""

    v: float
    lasts: float


@dataclass(frozen=True)
class Cell:
    """A neuron, as described by its file."""

    name: str
    title: str
    doc: str
    path: str
    references: Mapping[str, Reference]
    parameters: Mapping[str, Parameter]
    equations: tuple[Equation, ...]
    method: str
    threshold: t.Tree
    initial: Mapping[str, t.Tree]
    shape: tuple[Hold, ...]
    reset: tuple[t.Statement, ...]
    refractory: float
    receptors: Mapping[str, Receptor]
    text: str = field(default="", repr=False, compare=False)
    """The file as it was read, so that a result can hold it even if the file changes."""

    __repr__, _repr_html_ = prompt, page

    @cached_property
    def constants(self) -> Mapping[str, float]:
        """The parameters by name, SI."""
        return {name: parameter.value for name, parameter in self.parameters.items()}

    def rest(self) -> dict[str, float]:
        """Initial values of the membrane's variables, SI.

        Raises
        ------
        NonFiniteError
        """
        return {name: self._start(name, tree) for name, tree in self.initial.items()}

    def _start(self, name: str, tree: t.Tree) -> float:
        try:
            with np.errstate(all="ignore"):
                value = float(evaluate(tree, self.constants))  # type: ignore[arg-type]  # a complex one raises below
        except (ArithmeticError, TypeError):
            value = math.nan
        if not math.isfinite(value):
            raise NonFiniteError(f'"{to_brian(tree)}" is not a finite number', path=self.path, key=f"membrane.initial.{name}")
        return value

    @property
    def conducting(self) -> tuple[Receptor, ...]:
        """The receptors through which a current flows: all but jumps of the potential."""
        return tuple(receptor for receptor in self.receptors.values() if receptor.kind != "jump")

    @property
    def draws(self) -> bool:
        """Whether its threshold draws a random number in each step."""
        return "rand" in t.functions(self.threshold)

    def threshold_with(self, drawn: str) -> t.Tree:
        """The threshold with a name in place of the number that it draws."""
        return t.rebuild(self.threshold, lambda node: t.Name(drawn) if isinstance(node, t.Call) and node.function == "rand" else node)

    def receptor(self, name: str | None) -> Receptor:
        """The receptor of that name, or the first of the file.

        Raises
        ------
        UnknownName
        """
        if name is None:
            return next(iter(self.receptors.values()))
        if name not in self.receptors:
            raise unknown_name("receptor", name, self.receptors, path=self.path, key="receptors")
        return self.receptors[name]

    def driven(self, names: Collection[str]) -> Cell:
        """The cell with the receptors of these names and those that its reset names; the states of all others are always zero."""
        in_reset = frozenset[str]().union(*({line.target} | t.names(line.expression) for line in self.reset))
        kept = {
            name: receptor
            for name, receptor in self.receptors.items()
            if name in names or any(state in in_reset for state in receptor.states)
        }
        return replace(self, receptors=kept)

    def describe(self) -> dict[str, object]:
        """Everything that decides what the cell does, as plain data."""
        return dict(self._content)

    @cached_property
    def _content(self) -> dict[str, object]:
        return {
            "name": self.name,
            "constants": dict(sorted(self.constants.items())),
            "equations": [[e.kind, e.name, to_brian(e.expression) if e.expression is not None else ""] for e in self.equations],
            "method": self.method,
            "threshold": to_brian(self.threshold),
            "initial": {name: to_brian(tree) for name, tree in self.initial.items()},
            "shape": [[hold.v, hold.lasts] for hold in self.shape],
            "reset": [[s.target, s.op, to_brian(s.expression)] for s in self.reset],
            "refractory_s": self.refractory,
            "receptors": [[r.name, r.unit, r.reversal, r.rise, r.decay] for r in self.receptors.values()],
        }

    @cached_property
    def description(self) -> str:
        """`describe` as JSON."""
        return json.dumps(self._content, sort_keys=True)

    @cached_property
    def hash(self) -> str:
        """Content hash of `describe`."""
        return content_hash(self._content)
