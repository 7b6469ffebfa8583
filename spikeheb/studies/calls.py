"""The arguments of a study, as JSON in the attribute ``call`` of its result: enough to repeat the study, and never executed.

Rules and cells go in as the full text of their files, with every choice beside it and the hash of the whole. A protocol is a script, so it
goes in by name and hash only, and must be found in the library again.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

from spikeheb import library
from spikeheb.carried import carries_unit
from spikeheb.cells import Cell, read_cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.files import circuit_of, circuit_to_toml
from spikeheb.circuits.populations import Cells
from spikeheb.circuits.sources import Group, Poisson, Regular, Replayed
from spikeheb.declared import bind
from spikeheb.errors import FormatError, SpikehebError, UnitError
from spikeheb.expressions import gate
from spikeheb.expressions.printers import to_text
from spikeheb.protocols import Protocol
from spikeheb.protocols import with_parameters as with_protocol_parameters
from spikeheb.rules import Rule, choose, combine, read_rule
from spikeheb.rules.bounds import parse_bounds
from spikeheb.rules.check import check_rule
from spikeheb.rules.ties import with_ties
from spikeheb.schedules import Reward
from spikeheb.studies.datasets import with_measurements
from spikeheb.studies.inputs import Inputs, Unplastic
from spikeheb.studies.settings.weights import FanIn
from spikeheb.studies.start_weights import given_numbers
from spikeheb.units import in_si

if TYPE_CHECKING:
    import xarray as xr

Arguments = ParamSpec("Arguments")
Thing = TypeVar("Thing", Rule, Cell, Protocol)

CALL = "call"
KINDS: Mapping[str, type[Any]] = {kind.__name__: kind for kind in (Inputs, FanIn, Poisson, Group, Regular, Replayed, Unplastic, Reward)}
"""Values of these kinds are stored field by field."""


def recorded(data: xr.Dataset, study: str, arguments: Mapping[str, object]) -> xr.Dataset:
    """The result, with what its study was called with in the attribute ``call``.

    Parameters
    ----------
    data : xarray.Dataset
    study : str
        The name of the function.
    arguments : mapping
        Its keyword arguments as they decide the result: numbers in SI, rules, cells and protocols as values.
    """
    data.attrs[CALL] = json.dumps({"study": study, "arguments": {name: encode(value) for name, value in arguments.items()}})
    return data


def repeatable(study: Callable[Arguments, xr.Dataset]) -> Callable[Arguments, xr.Dataset]:
    """The study, whose result records what it was called with.

    Names of rules, cells and protocols are looked up first, and files of initial weights read, so that what is recorded is what is run.
    """
    signature = inspect.signature(study)
    look_up: dict[str, Callable[[Any], Any]] = {
        "rule": library.rule, "cell": library.cell, "protocol": library.protocol, "w0": given_numbers,
    }  # fmt: skip

    @functools.wraps(study)
    def inside(*args: Arguments.args, **options: Arguments.kwargs) -> xr.Dataset:
        bound = bind(study, signature, args, options)
        for name, find in look_up.items():
            if isinstance(bound.arguments.get(name), str | Path):
                bound.arguments[name] = find(bound.arguments[name])
        given = dict(bound.arguments)
        for name, parameter in signature.parameters.items():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                given |= given.pop(name, {})
        given.pop("progress", None)
        data = study(*bound.args, **bound.kwargs)  # first, since it refuses what is too large to be written down
        encoded = {name: encode(value) for name, value in given.items()}
        data.attrs[CALL] = json.dumps({"study": study.__name__, "arguments": encoded})
        return data

    return inside


# --- to JSON ---------------------------------------------------------------------------------------------------------------


def encode(value: object) -> Any:
    """The value as JSON; a table with one key represents a type that JSON does not have."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            return {"mapping": [[str(name), encode(item)] for name, item in value.items()]}
        case Rule():
            return {"rule": _of_rule(value)}
        case Cell():
            return {"cell": _of_cell(value)}
        case Protocol():
            return {"protocol": _of_protocol(value)}
        case Circuit():
            return {"circuit": _of_circuit(value)}
        case _ if type(value).__name__ in KINDS:
            fields = dataclasses.fields(value)  # type: ignore[arg-type]  # all of KINDS are dataclasses
            return {"value": type(value).__name__, "fields": {field.name: encode(getattr(value, field.name)) for field in fields}}
        case _ if carries_unit(value):
            return _of_quantity(value)
        case np.generic():
            return value.item()
        case _ if hasattr(value, "__array__"):
            return _of_array(np.asarray(value))
        case list() | tuple() | range():
            return [encode(item) for item in value]
    return {"unknown": type(value).__name__}


def _of_quantity(value: object) -> Any:
    """The SI numbers of values with units; what is not understood here stays as it is, and the study raises the error."""
    try:
        return encode(in_si(value))
    except UnitError:
        return {"unknown": type(value).__name__}


def _of_array(array: np.ndarray[Any, Any]) -> Any:
    if array.dtype.kind == "O":
        return [encode(item) for item in array]
    if array.dtype.kind not in "fiub":
        return {"unknown": f"array of {array.dtype}"}
    return {"array": array.tolist(), "dtype": array.dtype.str} if array.ndim else array.item()


def _of_rule(rule: Rule) -> dict[str, Any]:
    bounds: dict[str, Any] = {"kind": rule.bounds.kind, **rule.bounds.values}
    if rule.bounds.kind == "law":
        bounds |= {"F_plus": to_text(rule.bounds.F_plus), "F_minus": to_text(rule.bounds.F_minus)}
    return {
        "name": rule.name,
        "texts": list(rule.texts),
        "hash": rule.hash,
        "set": rule.set,
        "interaction": rule.interaction,
        "bounds": bounds,
        "coincidence": rule.coincidence,
        "delays": [rule.axonal_delay, rule.backpropagation_delay],
        "parameters": {name: parameter.value for name, parameter in rule.parameters.items()},
        "initial": {name: to_text(tree) for name, tree in rule.initial.items()},
        "changed": list(rule.changed),
    }


def _of_protocol(protocol: Protocol) -> dict[str, Any]:
    stored = {"name": protocol.name, "hash": protocol.hash, "source": protocol.source_hash, "values": encode(protocol.values)}
    measured = protocol.published if protocol.measured_elsewhere else None
    return stored if measured is None else stored | {"measured": {"file": Path(measured.path).stem, "text": measured.text}}


def _of_cell(cell: Cell) -> dict[str, Any]:
    return {
        "name": cell.name,
        "text": cell.text,
        "hash": cell.hash,
        "parameters": dict(cell.constants),
        "units": {name: receptor.unit for name, receptor in cell.receptors.items()},
    }


# --- and back --------------------------------------------------------------------------------------------------------------


def decode(value: Any) -> Any:
    """The value that `encode` was given.

    Raises
    ------
    FormatError
        Where it cannot be made again, or has changed.
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"array": list(items), "dtype": str(kind)} if kind[1:2] in "fiub":
            return np.array(items, dtype=kind)
        case {"mapping": list(items)}:
            return {name: decode(item) for name, item in items}
        case {"rule": dict(stored)}:
            return _same(_rule(stored), "rule", stored)
        case {"cell": dict(stored)}:
            return _same(_cell(stored), "cell", stored)
        case {"protocol": dict(stored)}:
            return _protocol(stored)
        case {"circuit": dict(stored)}:
            return _circuit(stored)
        case {"value": str(name), "fields": dict(fields)} if name in KINDS:
            made = {key: decode(item) for key, item in fields.items()}
            return KINDS[name](**{key: tuple(item) if isinstance(item, list) else item for key, item in made.items()})
        case {"unknown": name}:
            raise FormatError(f"the study was given a {name}, which is not stored with a result; call the study itself")
    raise FormatError("holds something that no version of this program writes", key=CALL)


def _of_circuit(circuit: Circuit) -> dict[str, Any]:
    """The text of the circuit, with its rules and cells as they were; nothing of one that no file can say."""
    cells = {name: each.cell for name, each in circuit.populations.items() if isinstance(each, Cells) and each.cell is not None}
    try:
        text = circuit_to_toml(circuit)
    except SpikehebError as error:
        return {"unknown": f"network that no file can say ({error.message})"}
    return {
        "text": text,
        "rules": {name: _of_rule(each.rule) for name, each in circuit.projections.items() if each.rule is not None},
        "cells": {name: _of_cell(cell) for name, cell in cells.items()},
    }


def _circuit(stored: Mapping[str, Any]) -> Circuit:
    if "unknown" in stored:
        raise FormatError(f"the study was given a {stored['unknown']}, which is not stored with a result; call the study itself")
    content = tomllib.loads(stored["text"])
    for name, rule in stored["rules"].items():
        content["projections"][name]["rule"] = _same(_rule(rule), "rule", rule)
    for name, cell in stored["cells"].items():
        content["populations"][name]["cell"] = _same(_cell(cell), "cell", cell)
    return circuit_of(content)


def _same(thing: Thing, kind: str, stored: Mapping[str, Any]) -> Thing:
    if thing.hash != stored["hash"]:
        text = (
            f"the {kind} {stored['name']} cannot be made again: it has the hash {thing.hash}, but the result was made with {stored['hash']}"
        )
        raise FormatError(f"{text}; its file was changed while it was in use, or it was changed by hand")
    return thing


def _rule(stored: Mapping[str, Any]) -> Rule:
    sets = [stored["set"]] if len(stored["texts"]) == 1 else (stored["set"] or "").split("+")
    sets = [None if name in ("", "default") and len(stored["texts"]) > 1 else name for name in sets]
    sets += [None] * (len(stored["texts"]) - len(sets))
    parts = [choose(_from_text(text, "rule", stored["name"]), set=name) for text, name in zip(stored["texts"], sets, strict=True)]
    rule = parts[0] if len(parts) == 1 else combine(parts)
    if stored["interaction"] in rule.interactions:
        rule = replace(rule, interaction=stored["interaction"])
    values = stored["parameters"]
    initial = {name: to_text(tree) for name, tree in rule.initial.items()}
    chosen = replace(
        rule,
        parameters={name: replace(old, value=float(values[name])) if name in values else old for name, old in rule.parameters.items()},
        bounds=parse_bounds(stored["bounds"], rule.weight, path=rule.path, key="bounds"),
        initial={
            name: tree if stored["initial"].get(name) == initial[name] else gate.parse_expression(stored["initial"][name], path=rule.path)
            for name, tree in rule.initial.items()
        },
        coincidence=stored["coincidence"],
        axonal_delay=float(stored["delays"][0]),
        backpropagation_delay=float(stored["delays"][1]),
        changed=tuple(stored["changed"]),
    )
    chosen = with_ties(chosen)
    check_rule(chosen)
    return chosen


def _cell(stored: Mapping[str, Any]) -> Cell:
    cell: Cell = _from_text(stored["text"], "cell", stored["name"])
    values, units = stored["parameters"], stored["units"]
    return replace(
        cell,
        parameters={name: replace(old, value=float(values[name])) if name in values else old for name, old in cell.parameters.items()},
        receptors={name: replace(old, unit=float(units[name])) if name in units else old for name, old in cell.receptors.items()},
    )


def _from_text(text: str | None, kind: str, name: str) -> Any:
    """The rule or cell of a file with that text."""
    if not isinstance(text, str) or not text:
        raise FormatError(f"the result does not hold the file of the {kind} {name}: it was not made from a file")
    with tempfile.TemporaryDirectory(prefix="spikeheb-") as folder:
        path = Path(folder) / f"{kind}.toml"
        path.write_text(text, encoding="utf-8")
        return (read_rule if kind == "rule" else read_cell)(path)


def _protocol(stored: Mapping[str, Any]) -> Protocol:
    """The library's own script of that name, if it is still the same to the byte; a script is never taken from a result."""
    from hashlib import sha256

    name = stored["name"]
    path = library.names("protocol").get(name)
    if path is None:
        raise FormatError(f"the protocol {name} is a script outside the library, which a result does not contain; run it yourself")
    source = sha256(path.read_bytes()).hexdigest()[:16]
    if source != stored["source"]:
        raise FormatError(f"the protocol {name} of the library has the hash {source}, and the result was made with {stored['source']}")
    protocol = with_protocol_parameters(library.protocol(name), decode(stored["values"]))
    protocol = _same(protocol, "protocol", stored)
    return _with_measurements(protocol, stored["measured"]) if "measured" in stored else protocol


def _with_measurements(protocol: Protocol, stored: Mapping[str, Any]) -> Protocol:
    """The protocol with the measurements of a file with that text, whose name is that of their series."""
    with tempfile.TemporaryDirectory(prefix="spikeheb-") as folder:
        path = Path(folder) / f"{Path(stored['file']).name}.csv"
        path.write_bytes(stored["text"].encode("utf-8"))
        return with_measurements(protocol, path)
