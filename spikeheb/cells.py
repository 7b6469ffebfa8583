"""Cells: a neuron's file, and the equations that its membrane, receptors and spikes come to.

A receptor's conductance is a sum of exponentials. The membrane sees, in each time step, the mean of each exponential
over that step, so that the area of an EPSP does not depend on the step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from spikeheb.errors import ExpressionError, FormatError, NonFiniteError, unknown_name
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import NOISE, Equation, check_expression, check_model, parse_model
from spikeheb.expressions.printers import evaluate, resolve_units, to_brian
from spikeheb.tables import (
    Parameter,
    ParameterTable,
    Reference,
    ReferenceTable,
    check_source,
    content_hash,
    decode_toml,
    page,
    prompt,
    read_parameters,
    read_quantity,
    read_references,
)
from spikeheb.units import CONDUCTANCE, CURRENT, TIME, VOLTAGE, Dimension, quantity

METHODS = ("exponential_euler", "euler", "rk2", "rk4")


@dataclass(frozen=True, slots=True)
class Receptor:
    """A synaptic conductance that rises (at once, or with `rise`) and decays exponentially.

    Attributes
    ----------
    unit, reversal : float
        Peak conductance in siemens of a synapse of efficacy 1; reversal potential in volts.
    rise, decay : float
        Seconds; `rise` is None for an instantaneous rise.
    doc, source : str
        Which EPSP the unit gives; where the numbers are from.
    """

    name: str
    unit: float
    reversal: float
    rise: float | None
    decay: float
    doc: str = ""
    source: str = ""

    @property
    def parts(self) -> tuple[tuple[str, float, float], ...]:
        """The exponentials: name of the state, time constant, weight (so that their sum peaks at 1).

        A spike adds ``abs(weight) * unit`` times what it transmits; parts of negative weight are subtracted in ``I_syn``.
        """
        if self.rise is None:
            return ((f"g_{self.name}", self.decay, 1.0),)
        peak = math.log(self.decay / self.rise) * self.rise * self.decay / (self.decay - self.rise)
        norm = 1.0 / (math.exp(-peak / self.decay) - math.exp(-peak / self.rise))
        return ((f"g_{self.name}_decay", self.decay, norm), (f"g_{self.name}_rise", self.rise, -norm))


@dataclass(frozen=True, slots=True)
class Hold:
    """A part of the spike's shape: the membrane potential held at `v` (volts) for `lasts` (seconds)."""

    v: float
    lasts: float


@dataclass(frozen=True, slots=True)
class Cell:
    """A neuron, as its file says."""

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

    __repr__, _repr_html_ = prompt, page

    @property
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

    def describe(self) -> dict[str, object]:
        """Everything that decides what the cell does, as plain data."""
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

    @property
    def hash(self) -> str:
        """Content hash of `describe`."""
        return content_hash(self.describe())


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
            states.append(Equation("differential", state, decay, CONDUCTANCE))
            seen = t.Binary("*", t.Name(f"mean_{state}"), t.Name(state))
            total = t.add(total, seen) if sign > 0 or receptor.rise is None else t.subtract(total, seen)
        constants[f"E_{receptor.name}"] = receptor.reversal
        dimensions[f"E_{receptor.name}"] = VOLTAGE
        drive = t.Binary("-", t.Name(f"E_{receptor.name}"), t.Name("v"))
        current = t.add(current, t.Binary("*", total, drive))
    synaptic = Equation("subexpression", "I_syn", current, CURRENT)
    return Membrane((*cell.equations, *states, synaptic), constants, dimensions)


def _mean_factor(tau: float, dt: float, method: str) -> float:
    """Mean of ``exp(-s/tau)`` over a step, for methods that hold the conductance within the step; else 1."""
    return -math.expm1(-dt / tau) * tau / dt if method == "exponential_euler" else 1.0


class _HoldTable(msgspec.Struct, forbid_unknown_fields=True):
    v: str | int | float
    lasts: str | int | float


class _Membrane(msgspec.Struct, forbid_unknown_fields=True):
    model: str
    method: str
    threshold: str
    initial: dict[str, str | int | float] = {}


class _Spike(msgspec.Struct, forbid_unknown_fields=True):
    reset: list[str]
    shape: list[_HoldTable] = []
    refractory: str | int | float = 0


class _Receptor(msgspec.Struct, forbid_unknown_fields=True):
    unit: str
    reversal: str | int | float
    decay: str
    rise: str | None = None
    doc: str = ""
    source: str = "chosen for illustration"


class _CellTable(msgspec.Struct, forbid_unknown_fields=True):
    schema: int
    name: str
    title: str
    doc: str
    membrane: _Membrane
    spike: _Spike
    receptors: dict[str, _Receptor]
    references: dict[str, ReferenceTable] = {}
    parameters: dict[str, ParameterTable] = {}


def read_cell(path: Path | str) -> Cell:
    """The cell of a file.

    Raises
    ------
    FormatError, ExpressionError, UnitError, UnknownName
        Naming the file and the key, for the first thing that is not as the format says.
    """
    where = str(path)
    table = decode_toml(Path(path), _CellTable)
    if table.schema != 1:
        raise FormatError(f"this version reads schema 1 (got {table.schema})", path=where, key="schema")
    gate.check_name(table.name, path=where, key="name")
    if table.membrane.method not in METHODS:
        raise unknown_name("method", table.membrane.method, METHODS, path=where, key="membrane.method")
    references = read_references(table.references)
    parameters = read_parameters(table.parameters, references, path=where)
    equations = parse_model(table.membrane.model, path=where, key="membrane.model")
    cell = Cell(
        name=table.name,
        title=table.title,
        doc=table.doc,
        path=where,
        references=references,
        parameters=parameters,
        equations=equations,
        method=table.membrane.method,
        threshold=gate.parse_condition(table.membrane.threshold, path=where, key="membrane.threshold"),
        initial=_initial(table.membrane.initial, equations, where),
        shape=tuple(_hold(hold, n, where) for n, hold in enumerate(table.spike.shape)),
        reset=tuple(gate.parse_statement(line, path=where, key=f"spike.reset[{n}]") for n, line in enumerate(table.spike.reset)),
        refractory=_positive(table.spike.refractory, TIME, where, "spike.refractory", zero=True),
        receptors={name: _receptor(name, raw, references, where) for name, raw in table.receptors.items()},
    )
    _check_cell(cell)
    return cell


def with_parameters(cell: Cell, given: Mapping[str, object]) -> Cell:
    """The cell with single parameters changed (text with units, SI floats or Brian2 quantities)."""
    parameters = dict(cell.parameters)
    for name, value in given.items():
        if name not in parameters:
            raise unknown_name("parameter", name, parameters, path=cell.path, key="parameters")
        number = quantity(value, parameters[name].dimension, path=cell.path, key=f"parameters.{name}")
        parameters[name] = replace(parameters[name], value=number, source="given by the user")
    return replace(cell, parameters=parameters)


def _initial(raw: Mapping[str, str | int | float], equations: tuple[Equation, ...], path: str) -> dict[str, t.Tree]:
    declared = [e.name for e in equations if e.kind != "subexpression"]
    for name in raw:
        if name not in declared:
            raise unknown_name("variable", name, declared, path=path, key="membrane.initial")
    return {n: gate.parse_expression(str(raw.get(n, 0)), path=path, key=f"membrane.initial.{n}") for n in declared}


def _hold(raw: _HoldTable, index: int, path: str) -> Hold:
    key = f"spike.shape[{index}]"
    return Hold(read_quantity(raw.v, VOLTAGE, path=path, key=f"{key}.v"), _positive(raw.lasts, TIME, path, f"{key}.lasts"))


def _positive(value: object, dimension: Dimension, path: str, key: str, *, zero: bool = False) -> float:
    number = read_quantity(value, dimension, path=path, key=key)
    if number < 0 or (number == 0 and not zero):
        raise FormatError(f"expected {'0 or more' if zero else 'more than 0'} (got {value})", path=path, key=key)
    return number


def _receptor(name: str, raw: _Receptor, references: Mapping[str, Reference], path: str) -> Receptor:
    key = f"receptors.{name}"
    gate.check_name(name, path=path, key=key)
    check_source(raw.source, references, path=path, key=f"{key}.source")
    decay = _positive(raw.decay, TIME, path, f"{key}.decay")
    rise = None if raw.rise is None else _positive(raw.rise, TIME, path, f"{key}.rise")
    if rise is not None and rise >= decay:
        raise FormatError(f"the rise ({raw.rise}) must be faster than the decay ({raw.decay})", path=path, key=f"{key}.rise")
    unit = _positive(raw.unit, CONDUCTANCE, path, f"{key}.unit")
    reversal = read_quantity(raw.reversal, VOLTAGE, path=path, key=f"{key}.reversal")
    return Receptor(name, unit, reversal, rise, decay, raw.doc, raw.source)


def _check_cell(cell: Cell) -> None:
    known = _declared(cell)
    _check_membrane(cell, known)
    _check_initial(cell, known)
    _check_spike(cell, known)
    _check_at_rest(cell)


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
        taken |= {prefix + state for state, _, _ in receptor.parts for prefix in ("", "tau_", "mean_")}
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
    for name, what in (("I_syn", "synapses"), ("I_ext", "injected current")):
        if name not in read:
            raise FormatError(f'nothing reads "{name}", so {what} would do nothing; add it to dv/dt', path=where, key=key)
    if NOISE in read and cell.method != "euler":
        raise FormatError(f'noise needs method = "euler" (got "{cell.method}")', path=where, key="membrane.method")
    _refuse_random(where, key, *trees)


def _refuse_random(path: str, key: str, *trees: t.Tree) -> None:
    if any(t.functions(tree) & {"rand", "randn"} for tree in trees):
        raise ExpressionError('a cell draws no random numbers here; write noise as "xi" in an equation', path=path, key=key)


def _check_initial(cell: Cell, known: Mapping[str, Dimension]) -> None:
    constants = {name: known[name] for name in cell.parameters}
    for name, tree in cell.initial.items():
        key = f"membrane.initial.{name}"
        check_expression(tree, known[name], constants, name, path=cell.path, key=key)
        _refuse_random(cell.path, key, tree)


def _check_spike(cell: Cell, known: Mapping[str, Dimension]) -> None:
    where, key = cell.path, "membrane.threshold"
    check_expression(cell.threshold, TIME / TIME, known, "threshold", path=where, key=key)
    _refuse_random(where, key, cell.threshold)
    for n, line in enumerate(cell.reset):
        key = f"spike.reset[{n}]"
        if line.target not in cell.initial:
            raise unknown_name("variable", line.target, cell.initial, path=where, key=key)
        check_expression(line.value(), known[line.target], known, line.target, path=where, key=key)
        _refuse_random(where, key, line.expression)


def _check_at_rest(cell: Cell) -> None:
    """A threshold that holds before anything has happened is written the wrong way round."""
    values = {**cell.constants, **cell.rest()}
    threshold = resolve_units(cell.threshold, set(values))
    if t.names(threshold) <= set(values) and evaluate(threshold, values):
        raise FormatError(f'"{to_brian(cell.threshold)}" already holds at the initial values', path=cell.path, key="membrane.threshold")
