"""Writing a circuit as a file, which gives the same circuit when it is read."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import Pairwise
from spikeheb.circuits.drives import Change, Drives
from spikeheb.circuits.files import CONNECTORS
from spikeheb.circuits.populations import Population, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Projection
from spikeheb.circuits.sources import Group, Poisson, Regular, Replayed, Source
from spikeheb.dimensions import CURRENT, FREQUENCY, NONE, TIME, VOLTAGE, Dimension
from spikeheb.errors import EngineError
from spikeheb.rules import Rule

UNITS: Mapping[Dimension, str] = {TIME: "s", FREQUENCY: "Hz", CURRENT: "A", VOLTAGE: "V"}


def circuit_to_toml(circuit: Circuit) -> str:
    """The circuit as the text of a file, which gives the same circuit when it is read.

    Raises
    ------
    EngineError
        For a rule or cell that is not what a file gives.
    """
    head: dict[str, object] = {
        "schema": 1, "dt": _text(circuit.dt, TIME), "duration": _text(circuit.steps * circuit.dt, TIME), "seed": circuit.seed,
        "precision": circuit.precision, "exact": circuit.exact, "mirrored": circuit.mirrored,
    }  # fmt: skip
    lines = [f"{name} = {_toml(value)}" for name, value in head.items()]
    parts = {f"populations.{_key(name)}": _population(each) for name, each in circuit.populations.items()}
    parts |= {f"projections.{_key(name)}": _projection(each) for name, each in circuit.projections.items()}
    parts |= {f"drives.{_key(name)}": _drives(each) for name, each in circuit.drives.items()}
    parts["probes"] = {field.name: value for field in fields(Probes) if np.size(value := getattr(circuit.probes, field.name))}
    for heading, table in parts.items():
        lines += ["", f"[{heading}]", *(f"{_key(name)} = {_toml(value)}" for name, value in table.items() if value is not None)]
    return "\n".join(lines) + "\n"


def _text(value: float, dimension: Dimension) -> str:
    return f"{value!r} {UNITS[dimension]}"


def _source(source: Source) -> dict[str, object]:
    match source:
        case Poisson(rates):
            return {"kind": "poisson", "rate": [_text(float(rate), FREQUENCY) for rate in rates]}
        case Group(rate, share, latencies, jitter):
            rows = [_text(float(each), TIME) for each in latencies]
            return {"kind": "group", "rate": _text(rate, FREQUENCY), "share": share, "latencies": rows, "jitter": _text(jitter, TIME)}
        case Regular(periods, phases):
            return {
                "kind": "regular",
                "periods": [_text(float(x), TIME) for x in periods],
                "phases": [_text(float(x), TIME) for x in phases],
            }
        case Replayed(trains, cells):
            return {"kind": "replayed", "trains": [" ".join(map(str, train.tolist())) for train in trains], "cells": cells}


def _population(population: Population) -> dict[str, object]:
    if isinstance(population, Spikes):
        return {"sources": [_source(each) for each in population.sources]}
    cell = population.cell
    if cell is not None and library.cell(cell.path).hash != cell.hash:
        raise EngineError(f'the cell "{cell.name}" was changed, and only what its file says can be named', path=cell.path)
    return {"count": population.count, "cell": None if cell is None else _name(cell, list(library.names("cell")), library.cell)}


def _name(thing: Rule | Cell, known: Sequence[str], find: Callable[[str], Rule | Cell]) -> str:
    """The name by which the library has it, else its path."""
    return thing.name if thing.name in known and find(thing.name).path == thing.path else str(thing.path)


def _rule(rule: Rule) -> dict[str, object]:
    """Its name, and what was chosen of it: `Rule.changed` has the names."""
    choices = {
        "interaction": rule.interaction, "bounds": {"kind": rule.bounds.kind, **rule.bounds.values}, "coincidence": rule.coincidence,
        "axonal_delay": _text(rule.axonal_delay, TIME), "backpropagation_delay": _text(rule.backpropagation_delay, TIME),
    }  # fmt: skip
    chosen: dict[str, Any] = {"set": rule.set} if rule.set is not None else {}
    chosen |= {name: value for name, value in choices.items() if name in rule.changed}
    parameters: dict[str, Any] = {name: rule.constants[name] for name in rule.changed if name in rule.parameters}
    if library.rule(rule.path, **chosen, **parameters).hash != rule.hash:
        raise EngineError(f'the rule "{rule.name}" was changed in a way that no file can say', path=rule.path)
    return {"name": _name(rule, list(library.names("rule")), library.rule), **chosen, **({"parameters": parameters} if parameters else {})}


def _projection(projection: Projection) -> dict[str, object]:
    connect, normalise = projection.connect, projection.normalise
    named = next((name for name, each in CONNECTORS.items() if each == connect), None) if not isinstance(connect, Pairwise) else None
    return {
        "pre": projection.pre, "post": projection.post, "connect": connect.cell if isinstance(connect, Pairwise) else named,
        "rule": None if projection.rule is None else _rule(projection.rule), "receptor": projection.receptor,
        "efficacy": projection.efficacy, "delay": _text(projection.delay, TIME),
        "initial": dict(projection.initial) or None, "overrides": dict(projection.overrides) or None,
        "normalise": None if normalise is None
        else {"kind": normalise.kind, "target": normalise.target, "every": _text(normalise.every, TIME)},
    }  # fmt: skip


def _drives(drives: Drives) -> dict[str, object]:
    def changes(given: tuple[Change, ...], dimension: Dimension) -> list[dict[str, object]] | None:
        values = ["released" if math.isnan(c.value) else c.value if dimension == NONE else _text(c.value, dimension) for c in given]
        return [{"cell": each.cell, "step": each.step, "value": value} for each, value in zip(given, values, strict=True)] or None

    return {
        "imposed": [_source(each) for each in drives.imposed] or None, "currents": changes(drives.currents, CURRENT),
        "clamps": changes(drives.clamps, VOLTAGE), "rewards": changes(drives.rewards, NONE),
    }  # fmt: skip


def _key(name: str) -> str:
    return name if name.replace("_", "a").replace("-", "a").isalnum() and name.isascii() else json.dumps(name)


def _toml(value: object) -> str:
    """A value as TOML has it; tables inline."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(name)} = {_toml(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
