"""Reading a rule file: TOML in, checked `Rule` out."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from spikeheb.dimensions import TIME
from spikeheb.errors import ExpressionError, FormatError, unknown_name
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation, parse_model
from spikeheb.rules.bounds import parse_bounds
from spikeheb.rules.check import check_rule
from spikeheb.rules.rule import EVENTS, Delayed, Handler, ParameterSet, Post, Rule
from spikeheb.tables import (
    REMEMBERED,
    ParameterTable,
    ReferenceTable,
    decode_text,
    read_parameters,
    read_references,
    read_text,
    read_values,
)
from spikeheb.units import quantity

Scalar = str | int | float
SHORTEST, LONGEST = 1e-6, 1e6
"""Seconds between two times of a handler on the clock."""
_DATA = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}(/[A-Za-z0-9][A-Za-z0-9_ -]{0,59})?")


class _Synapse(msgspec.Struct, forbid_unknown_fields=True):
    model: str
    weight: str
    efficacy: Scalar | None = None
    readout: Scalar | None = None
    initial: dict[str, Scalar] = {}
    method: str | None = None


class _On(msgspec.Struct, forbid_unknown_fields=True):
    event: str
    do: list[str]
    delay: str | None = None
    every: Scalar | None = None


class _Set(msgspec.Struct, forbid_unknown_fields=True):
    reference: str
    tissue: str
    fitted_to: list[str]
    values: dict[str, Scalar] = {}
    initial: dict[str, Scalar] = {}
    interaction: str | None = None
    bounds: dict[str, Scalar] | None = None
    free_parameters: int | None = None


class _RuleTable(msgspec.Struct, forbid_unknown_fields=True):
    schema: int
    name: str
    title: str
    doc: str
    synapse: _Synapse
    refit: list[str] = []
    on: list[_On] = []
    references: dict[str, ReferenceTable] = {}
    parameters: dict[str, ParameterTable] = {}
    post: dict[str, object] | None = None
    bounds: dict[str, Scalar] = msgspec.field(default_factory=lambda: {"kind": "none"})
    interactions: dict[str, dict[str, int | float]] = {}
    sets: dict[str, _Set] = {}
    claims: dict[str, bool] = {}


METHODS = ("exact", "euler", "rk2", "rk4", "exponential_euler", "heun", "milstein")


def read_rule(path: Path | str) -> Rule:
    """The rule of a file, with its first interaction scheme and no set chosen.

    Raises
    ------
    FormatError, ExpressionError, UnitError, UnknownName
        Naming the file and the key, for the first thing that is not as the format says.
    """
    return parse_rule(read_text(Path(path)), str(path))


def parse_rule(text: str, where: str) -> Rule:
    """The same from the text of a file; errors say `where` it is from."""
    rule = _parsed(text, where)
    return replace(rule, parameters=dict(rule.parameters), initial=dict(rule.initial), sets=dict(rule.sets))


@functools.lru_cache(REMEMBERED)
def _parsed(text: str, where: str) -> Rule:
    """The rule of a file's text; a rule cannot be changed, so one and the same serves whoever reads the file again."""
    table = decode_text(text, _RuleTable, where)
    if table.schema != 1:
        raise FormatError(f"this version reads schema 1 (got {table.schema})", path=where, key="schema")
    gate.check_name(table.name, path=where, key="name")
    references = read_references(table.references)
    parameters = read_parameters(table.parameters, references, path=where, endings=True)
    equations = parse_model(table.synapse.model, path=where, key="synapse.model")
    weight = table.synapse.weight
    rule = Rule(
        name=table.name,
        title=table.title,
        doc=table.doc,
        path=where,
        references=references,
        parameters=parameters,
        equations=equations,
        weight=weight,
        efficacy=_expression(weight if table.synapse.efficacy is None else table.synapse.efficacy, where, "synapse.efficacy"),
        readout=None if table.synapse.readout is None else _expression(table.synapse.readout, where, "synapse.readout"),
        initial=_initial(table.synapse.initial, equations, where, "synapse.initial"),
        method=_method(table.synapse.method, where, "synapse.method"),
        post=_read_post(table.post, where),
        handlers=tuple(_handler(on, index, where) for index, on in enumerate(table.on)),
        bounds=parse_bounds(table.bounds, weight, path=where, key="bounds"),
        interactions={name: _scheme(name, values, where) for name, values in table.interactions.items()},
        sets={},
        claims=table.claims,
        refit=tuple(_refit(table.refit, parameters, where)),
        interaction=next(iter(table.interactions), None),
        texts=(text,),
    )
    sets = {name: _read_set(name, raw, rule) for name, raw in table.sets.items()}
    rule = replace(rule, sets=sets)
    check_rule(rule)
    return rule


def format_reference() -> str:
    """The reference of the file format, as text."""
    return Path(__file__).with_name("format.md").read_text(encoding="utf-8").rstrip()


def _expression(value: Scalar, path: str, key: str) -> t.Tree:
    return gate.parse_expression(str(value), path=path, key=key)


def _initial(raw: Mapping[str, object], equations: tuple[Equation, ...], path: str, key: str) -> dict[str, t.Tree]:
    """The starting value of every variable, 0 where nothing is said."""
    given = _starting(raw, equations, path, key)
    return {e.name: given.get(e.name, t.ZERO) for e in equations if e.kind != "subexpression"}


def _starting(raw: Mapping[str, object], equations: tuple[Equation, ...], path: str, key: str) -> dict[str, t.Tree]:
    """The starting values that are given."""
    declared = [equation.name for equation in equations if equation.kind != "subexpression"]
    for name, value in raw.items():
        if name not in declared:
            raise unknown_name("variable", name, declared, path=path, key=key)
        if isinstance(value, bool) or not isinstance(value, Scalar):
            raise FormatError(f"expected a number or an expression (got {value})", path=path, key=f"{key}.{name}")
    return {name: gate.parse_expression(str(raw[name]), path=path, key=f"{key}.{name}") for name in declared if name in raw}


def _scheme(name: str, values: Mapping[str, int | float], path: str) -> dict[str, float]:
    for constant, value in values.items():
        if value not in (0, 1):
            raise FormatError(f"expected 0 or 1 (got {value:g})", path=path, key=f"interactions.{name}.{constant}")
    return {constant: float(value) for constant, value in values.items()}


def _method(method: str | None, path: str, key: str) -> str | None:
    if method is not None and method not in METHODS:
        raise unknown_name("method", method, METHODS, path=path, key=key)
    return method


def _handler(on: _On, index: int, path: str) -> Handler:
    key = f"on[{index}]"
    if on.event not in EVENTS:
        raise unknown_name("event", on.event, EVENTS, path=path, key=f"{key}.event")
    if not on.do:
        raise FormatError("a handler without lines", path=path, key=f"{key}.do")
    lines = tuple(gate.parse_statement(line, path=path, key=f"{key}.do[{n}]") for n, line in enumerate(on.do))
    return Handler(on.event, on.delay, lines, _every(on, path, key))


def _every(on: _On, path: str, key: str) -> float:
    """The time between two runs of a handler on the clock; 0 for any other handler."""
    if on.event != "clock":
        if on.every is not None:
            raise FormatError(
                f'only a handler of the event "clock" has a time (this one is of "{on.event}")', path=path, key=f"{key}.every"
            )
        return 0.0
    if on.every is None:
        raise FormatError('a handler of the event "clock" needs a time, such as every = "1 s"', path=path, key=f"{key}.every")
    if on.delay is not None:
        raise FormatError('a handler of the event "clock" has no delay', path=path, key=f"{key}.delay")
    every = float(quantity(on.every, TIME, path=path, key=f"{key}.every"))
    if not SHORTEST <= every <= LONGEST:
        raise FormatError(f"expected {SHORTEST * 1e6:g} us to {LONGEST:g} s (got {every:g} s)", path=path, key=f"{key}.every")
    return every


def _read_post(raw: dict[str, object] | None, path: str) -> Post | None:
    if raw is None:
        return None
    rest = dict(raw)
    model, method = rest.pop("model", ""), rest.pop("method", None)
    on_spike, initial = rest.pop("on_spike", []), rest.pop("initial", {})
    if not isinstance(model, str) or not isinstance(on_spike, list) or not isinstance(initial, dict):
        raise FormatError("expected model (text), on_spike (a list of lines), initial (a table)", path=path, key="post")
    if method is not None and not isinstance(method, str):
        raise FormatError("expected the name of a method", path=path, key="post.method")
    equations = parse_model(model, path=path, key="post.model")
    delayed = {gate.check_name(name, path=path, key=f"post.{name}"): _delayed(name, entry, path) for name, entry in rest.items()}
    statements = tuple(gate.parse_statement(line, path=path, key=f"post.on_spike[{n}]") for n, line in enumerate(on_spike))
    method = _method(method, path, "post.method")
    return Post(equations, method, statements, _initial(initial, equations, path, "post.initial"), delayed)


def _delayed(name: str, entry: object, path: str) -> Delayed:
    if isinstance(entry, dict) and set(entry) == {"of", "by"}:
        of, by = entry["of"], entry["by"]
        if isinstance(of, str) and isinstance(by, str):
            return Delayed(of, by)
    known = "model, method, on_spike, initial"
    message = f'expected a key of [post] ({known}) or a delayed read {{ of = "variable", by = "parameter" }}'
    raise FormatError(message, path=path, key=f"post.{name}")


def _read_set(name: str, raw: _Set, rule: Rule) -> ParameterSet:
    key = f"sets.{name}"
    try:
        gate.check_name(name, path=rule.path, key=key)
    except ExpressionError as error:
        raise FormatError(error.message, path=rule.path, key=key) from None
    if raw.reference not in rule.references:
        raise unknown_name("reference", raw.reference, rule.references, path=rule.path, key=f"{key}.reference")
    if raw.interaction is not None and raw.interaction not in rule.interactions:
        raise unknown_name("interaction", raw.interaction, rule.interactions, path=rule.path, key=f"{key}.interaction")
    bounds = None if raw.bounds is None else parse_bounds(raw.bounds, rule.weight, path=rule.path, key=f"{key}.bounds")
    for n, data in enumerate(raw.fitted_to):
        if not _DATA.fullmatch(data):
            message = f'"{data}" is not the name of a data set or of a series of it, such as "sjostrom_2001" or "sjostrom_2001/timing"'
            raise FormatError(message, path=rule.path, key=f"{key}.fitted_to[{n}]")
    values = read_values(raw.values, rule.parameters, path=rule.path, key=f"{key}.values")
    if raw.free_parameters is not None and not 0 <= raw.free_parameters <= len(rule.parameters):
        message = f"expected 0 to {len(rule.parameters)}, the rule's number of parameters (got {raw.free_parameters})"
        raise FormatError(message, path=rule.path, key=f"{key}.free_parameters")
    initial = _starting(raw.initial, rule.equations, rule.path, f"{key}.initial")
    return ParameterSet(
        name, raw.reference, raw.tissue, tuple(raw.fitted_to), values, raw.interaction, bounds, raw.free_parameters, initial
    )


def _refit(names: list[str], parameters: Mapping[str, object], path: str) -> list[str]:
    for n, name in enumerate(names):
        if name not in parameters:
            raise unknown_name("parameter", name, parameters, path=path, key=f"refit[{n}]")
    return names
