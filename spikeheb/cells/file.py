"""Reading a cell file: TOML in, checked `Cell` out.

``[membrane]`` has `model`, `method`, `threshold` and `initial`; the model reads ``I_syn``, the current of all synapses, and ``I_ext``.
A threshold may draw one random number between 0 and 1 in each step, as in ``threshold = "rand() < rate*dt"``, which makes a Poisson cell
(`dt` is the time step). The number depends on the seed, the population, the cell and the step alone, so that it is the same in all engines
and for any number of threads. A cell that is held, by a clamp or after a spike, does not fire whatever is drawn.
``[spike]`` has `shape` (parts, each a potential `v` that `lasts` so long), `reset` and `refractory`. A reset may also write the states of
receptors: ``g_NAME``, or ``g_NAME_rise`` and ``g_NAME_decay`` where a rise is given.

``[receptors.NAME]`` has a `kind`, a `unit` (what a synapse of efficacy 1 reaches at its peak), a `decay` and perhaps a `rise`, which is
faster than the decay, or as long for an alpha function. ``kind = "conductance"``, which it is where nothing is said, has a unit such as
``"4 nS"`` and a `reversal`, and gives the membrane the current ``g*(reversal - v)``. ``kind = "current"`` has a unit such as ``"45 pA"``,
gives that current itself, and has no reversal; since efficacies are not negative, a current that inhibits has a negative unit.
``kind = "jump"`` has only a unit such as ``"0.1 mV"``, which may be negative: a spike moves the potential by efficacy times that. A jump
that arrives in a step comes after the threshold, the handlers and the reset of that step: the next state update begins with it, and the
next threshold sees it. What arrives in the step of a spike is therefore not lost to the reset, unless the cell is refractory. A cell that
is held in the next step, by a clamp or after a spike, does not move: the jump is lost. A membrane with jumps alone need not read
``I_syn``. The first receptor is the one that inputs drive where nothing else is said.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from spikeheb.cells.cell import KINDS, METHODS, Cell, Hold, Receptor
from spikeheb.cells.check import check_cell
from spikeheb.dimensions import TIME, VOLTAGE, Dimension
from spikeheb.errors import FormatError, unknown_name
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation, parse_model
from spikeheb.tables import (
    REMEMBERED,
    ParameterTable,
    Reference,
    ReferenceTable,
    check_source,
    decode_text,
    read_parameters,
    read_quantity,
    read_references,
    read_text,
)
from spikeheb.units import quantity


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
    decay: str | None = None
    kind: str = "conductance"
    reversal: str | int | float | None = None
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
    cell = _parsed(read_text(Path(path)), str(path))
    return replace(cell, parameters=dict(cell.parameters), initial=dict(cell.initial), receptors=dict(cell.receptors))


@functools.lru_cache(REMEMBERED)
def _parsed(text: str, where: str) -> Cell:
    """The cell of a file's text; a cell cannot be changed, so one and the same serves whoever reads the file again."""
    table = decode_text(text, _CellTable, where)
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
        text=text,
    )
    check_cell(cell)
    return cell


def with_parameters(cell: Cell, given: Mapping[str, object]) -> Cell:
    """The cell with single parameters changed (text with units, SI floats or Brian2 quantities)."""
    parameters = dict(cell.parameters)
    for name, value in given.items():
        if name not in parameters:
            raise unknown_name("parameter", name, parameters, path=cell.path, key="parameters")
        number = quantity(value, parameters[name].dimension, path=cell.path, key=f"parameters.{name}")
        parameters[name] = replace(parameters[name], value=number, source="given by the user")
    changed = replace(cell, parameters=parameters)
    if given:
        check_cell(changed)
    return changed


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
    if raw.kind not in KINDS:
        raise unknown_name("kind", raw.kind, KINDS, path=path, key=f"{key}.kind")
    decay = _decay(raw, path, f"{key}.decay")
    rise = None if raw.rise is None else _positive(raw.rise, TIME, path, f"{key}.rise")
    if rise is not None and decay is None:
        raise FormatError("a jump has no rise; leave it out", path=path, key=f"{key}.rise")
    if rise is not None and decay is not None and rise > decay:
        message = f"the rise ({raw.rise}) must be faster than the decay ({raw.decay}), or as long for an alpha function"
        raise FormatError(message, path=path, key=f"{key}.rise")
    return Receptor(name, _unit(raw, path, key), _reversal(raw, path, f"{key}.reversal"), rise, decay, raw.doc, raw.source)


def _decay(raw: _Receptor, path: str, key: str) -> float | None:
    if raw.kind == "jump":
        if raw.decay is not None:
            raise FormatError("a jump has no decay; leave it out", path=path, key=key)
        return None
    if raw.decay is None:
        raise FormatError(f'is missing; a {raw.kind} has a decay such as "5 ms"', path=path, key=key)
    return _positive(raw.decay, TIME, path, key)


def _unit(raw: _Receptor, path: str, key: str) -> float:
    """Above 0 for a conductance; a current or a jump may be negative, and then inhibits."""
    if raw.kind == "conductance":
        return _positive(raw.unit, KINDS[raw.kind], path, f"{key}.unit")
    unit = read_quantity(raw.unit, KINDS[raw.kind], path=path, key=f"{key}.unit")
    if unit == 0:
        raise FormatError(f"expected a {raw.kind} other than 0 (got {raw.unit})", path=path, key=f"{key}.unit")
    return unit


def _reversal(raw: _Receptor, path: str, key: str) -> float | None:
    if raw.kind == "conductance" and raw.reversal is None:
        raise FormatError('is missing; a conductance has a reversal potential such as "0 mV"', path=path, key=key)
    if raw.kind != "conductance" and raw.reversal is not None:
        raise FormatError(f"a {raw.kind} has no reversal potential; leave it out", path=path, key=key)
    return None if raw.reversal is None else read_quantity(raw.reversal, VOLTAGE, path=path, key=key)
