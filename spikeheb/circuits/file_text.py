"""A circuit as the text of a TOML file: the writing half of `spikeheb.circuits.files`."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import Connector, Explicit, OwnCopies, Pairwise, options
from spikeheb.circuits.distributions import Distribution
from spikeheb.circuits.drives import EVERY, Change, Drives, Noise
from spikeheb.circuits.phases import Phase
from spikeheb.circuits.populations import Population, Spikes
from spikeheb.circuits.probes import OfCells, OfSynapses, Probes
from spikeheb.circuits.projections import Projection
from spikeheb.circuits.sources import Between, Group, Pasted, Poisson, Regular, Repeated, Replayed, Source, Walk
from spikeheb.circuits.triggers import Trigger
from spikeheb.dimensions import CURRENT, FREQUENCY, NONE, TIME, VOLTAGE, Dimension
from spikeheb.errors import SpikehebError
from spikeheb.expressions.printers import to_brian
from spikeheb.rules import Rule
from spikeheb.units import format_quantity

RELEASED_TEXT = "released"
SHORTEST_SERIES = 4
Content = dict[str, Any]


def toml_text(circuit: Circuit) -> str:
    """The circuit as TOML; whether reading gives the same is for the caller to see."""
    dt = circuit.dt
    head: Content = {"schema": 1} | {name: text for name in ("title", "doc") if (text := getattr(circuit, name))}
    head |= {"dt": format_quantity(dt, TIME), "duration": _time(circuit.steps, dt)}
    head |= {name: getattr(circuit, name) for name in ("seed", "precision", "exact", "mirrored", "low_memory")}
    tables = {f"populations.{_key(name)}": _population(each, dt) for name, each in circuit.populations.items()}
    tables |= {f"projections.{_key(name)}": _projection(each) for name, each in circuit.projections.items()}
    tables |= {f"drives.{_key(name)}": _drives(each, dt) for name, each in circuit.drives.items()}
    tables |= {f"triggers.{_key(name)}": _trigger(each) for name, each in circuit.triggers.items()}
    tables["probes"] = _probes(circuit.probes, dt)
    parts = ["\n".join(_lines(head)), *("\n".join([f"[{name}]", *_lines(content)]) for name, content in tables.items())]
    parts += ["\n".join(["[[phases]]", *_lines(_phase(phase, circuit))]) for phase in circuit.phases]
    return "\n\n".join(parts) + "\n"


def difference(first: Any, second: Any, key: str = "") -> str | None:
    """Where two circuits differ first, as the key of a part; None where they are equal, arrays element by element.

    Rules and cells may come from one file under two names.
    """
    if type(first) is type(second) and isinstance(first, Rule | Cell):
        return None if replace(first, path="") == replace(second, path="") else key
    if isinstance(first, Mapping) or is_dataclass(first) or isinstance(first, tuple):
        parts, others = _parts(first), _parts(second)
        if parts.keys() != others.keys() or (is_dataclass(first) and type(first) is not type(second)):
            return key
        places = (difference(parts[name], others[name], f"{key}.{name}".lstrip(".")) for name in parts)
        return next((place for place in places if place is not None), None)
    if key.endswith("connect.file") and isinstance(first, str) and isinstance(second, str):
        return None if Path(first).absolute() == Path(second).absolute() else key
    both_released = all(isinstance(value, float) and math.isnan(value) for value in (first, second))
    return None if both_released or np.array_equal(first, second) else key


def _parts(value: Any) -> dict[Any, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return dict(enumerate(value)) if isinstance(value, tuple) else {}


# --- parts of a circuit ---


def _population(population: Population, dt: float) -> Content:
    if isinstance(population, Spikes):
        return {"sources": [_source(source, dt) for source in population.sources]}
    return {"count": population.count} | ({} if population.cell is None else {"cell": _cell(population.cell)})


def _source(source: Source, dt: float) -> Content:
    match source:
        case Between(inner, start, stop):
            ends = {"from": format_quantity(start, TIME)} | ({"until": format_quantity(stop, TIME)} if math.isfinite(stop) else {})
            return _source(inner, dt) | ends
        case Repeated(inner, every):
            return _source(inner, dt) | {"repeat": format_quantity(every, TIME)}
        case Poisson(rates):
            return {"kind": "poisson", **_rows({"rate": rates}, FREQUENCY)}
        case Group(rate, share, latencies, jitter):
            own = {"rate": format_quantity(rate, FREQUENCY), "share": float(share), "jitter": format_quantity(jitter, TIME)}
            return {"kind": "group", **own, **_rows({"latency": latencies}, TIME)}
        case Regular(periods, phases):
            return {"kind": "regular", **_rows({"period": periods, "phase": phases}, TIME)}
        case Replayed(trains, cells, duplicates):
            own = {"kind": "replayed", "cells": cells, **_duplicates(duplicates)}
            return own | {"trains": [[_time(step, dt) for step in train] for train in trains]}
        case Walk():
            return {"kind": "walk", "count": source.count, **_walk(source)}
        case Pasted():
            return _source(source.source, dt) | {"pattern": _pattern(source)} | _duplicates(source.duplicates)


def _duplicates(kind: str) -> Content:
    return {} if kind == "error" else {"duplicates": kind}


def _walk(walk: Walk) -> Content:
    kinds = {"low": FREQUENCY, "high": FREQUENCY, "slope": FREQUENCY / TIME, "turn": FREQUENCY / TIME, "every": TIME, "silence": TIME}
    numbers = {name: float(getattr(walk, name)) for name in kinds}
    return {name: format_quantity(number, kinds[name]) for name, number in numbers.items() if math.isfinite(number)}


def _pattern(pasted: Pasted) -> Content:
    return {
        "window": format_quantity(pasted.window, TIME), "share": float(pasted.share), "members": pasted.members,
        "jitter": format_quantity(pasted.jitter, TIME), "deleted": float(pasted.deleted),
        "noise": format_quantity(pasted.noise, FREQUENCY),
    }  # fmt: skip


def _rows(rows: Mapping[str, Iterable[float]], dimension: Dimension) -> Content:
    """Quantities for each train: one and how many trains there are, where all are the same."""
    text = functools.cache(lambda value: format_quantity(value, dimension))  # often thousands of trains are alike
    lists = {name: [text(value) for value in values] for name, values in rows.items()}
    short: Content = {name: texts[0] if len(set(texts)) == 1 else texts for name, texts in lists.items()}
    return short if any(isinstance(value, list) for value in short.values()) else {"count": len(next(iter(lists.values()))), **short}


def _cell(cell: Cell) -> object:
    given = {name: each.text for name, each in cell.parameters.items() if each.source == "given by the user"}
    name = _name_of("cell", cell.path)
    return {"name": name, "parameters": given} if given else name


def _rule(rule: Rule) -> object:
    paths, sets = rule.path.split(" + "), (rule.set or "").split("+")
    names = [_name_of("rule", path) for path in paths]
    table: Content = {}
    if len(paths) > 1 and len(sets) == len(paths):
        names = [name if chosen == "default" else f"{name}:{chosen}" for name, chosen in zip(names, sets, strict=True)]
    elif rule.set is not None:
        table["set"] = rule.set
    table |= {name: getattr(rule, name) for name in ("interaction", "coincidence") if name in rule.changed}
    if "bounds" in rule.changed:
        law = {"F_plus": to_brian(rule.bounds.F_plus), "F_minus": to_brian(rule.bounds.F_minus)} if rule.bounds.kind == "law" else {}
        table["bounds"] = {"kind": rule.bounds.kind, **rule.bounds.values, **law}
    for name in ("axonal_delay", "backpropagation_delay"):
        table |= {name: format_quantity(getattr(rule, name), TIME)} if name in rule.changed else {}
    given = {name: rule.parameters[name].text for name in rule.changed if name in rule.parameters}
    table |= {"parameters": given} if given else {}
    return {"name": "+".join(names), **table} if table else "+".join(names)


def _name_of(kind: str, path: str) -> str:
    """The name under which the library has the file, else its path."""
    here = Path(path).absolute()
    try:
        return here.stem if library.find(kind, here.stem).absolute() == here else str(here)
    except SpikehebError:
        return str(here)


def _projection(projection: Projection) -> Content:
    rule, normalise = projection.rule, projection.normalise
    content: Content = {"pre": projection.pre, "post": projection.post, **_connect(projection.connect, rule)}
    content |= {} if rule is None else {"rule": _rule(rule)}
    content |= {} if projection.receptor is None else {"receptor": projection.receptor}
    edges = projection.connect if isinstance(projection.connect, Explicit) and projection.connect.file is not None else None
    if projection.efficacy != 1.0 or (edges is not None and rule is None and edges.weight is None):  # or the file's would be taken
        content["efficacy"] = _array(projection.efficacy, NONE)
    if projection.delay != 0.0 or (edges is not None and edges.delay is None):
        content["delay"] = _array(projection.delay, TIME)
    kinds = {} if rule is None else {equation.name: equation.dimension for equation in rule.equations}
    kinds |= {} if rule is None else {name: parameter.dimension for name, parameter in rule.parameters.items()}
    for part, values in (("initial", projection.initial), ("overrides", projection.overrides)):
        content |= {part: {_key(name): _array(value, kinds.get(name, NONE)) for name, value in values.items()}} if values else {}
    ranges = {name: getattr(projection, name) for name in ("pre_cells", "post_cells")}
    content |= {name: list(pair) for name, pair in ranges.items() if pair is not None}
    if normalise is not None:
        every = format_quantity(normalise.every, TIME)
        content["normalise"] = {"kind": normalise.kind, "target": float(normalise.target), "every": every}
    return content


def _connect(connect: Connector, rule: Rule | None) -> Content:
    if isinstance(connect, Pairwise):
        return {"connect": "pairwise", "reaches": list(connect.cell)}
    if isinstance(connect, OwnCopies):
        return {"connect": "own_copies"}
    given = {name: value for name in options(type(connect)) if (value := getattr(connect, name)) is not None}
    if isinstance(connect, Explicit) and connect.file is not None:
        given = {"file": str(Path(connect.file).absolute()), "population": connect.population}
    kinds = {"weight": NONE if rule is None else rule.dimension_of_weight, "delay": TIME}
    table = {name: _array(value, kinds[name]) if name in kinds else np.asarray(value).tolist() for name, value in given.items()}
    return {"connect": {"kind": connect.NAME, **table} if table else connect.NAME}


def _array(value: Any, dimension: Dimension) -> object:
    """A number, lists of numbers, or a distribution, with the unit of the dimension."""
    if isinstance(value, Distribution):
        numbers = {field.name: getattr(value, field.name) for field in fields(value)}
        given = {name: _array(number, NONE if name == "sigma" else dimension) for name, number in numbers.items() if math.isfinite(number)}
        return {"kind": value.NAME, **given}
    if np.ndim(value):
        return [_array(item, dimension) for item in value]
    return float(value) if dimension == NONE else format_quantity(value, dimension)


def _drives(drives: Drives, dt: float) -> Content:
    parts = (("currents", drives.currents, CURRENT), ("clamps", drives.clamps, VOLTAGE), ("rewards", drives.rewards, NONE))
    content: Content = {"imposed": [_source(source, dt) for source in drives.imposed]}
    content |= {name: [_change(change, dimension, dt) for change in changes] for name, changes, dimension in parts}
    content |= {} if drives.noise is None else {"noise": _noise(drives.noise)}
    return {name: tables for name, tables in content.items() if tables}


def _noise(noise: Noise) -> Content:
    bounds = {name: format_quantity(getattr(noise, name), CURRENT) for name in ("low", "high")}
    return bounds | {"every": format_quantity(noise.every, TIME)}


def _trigger(trigger: Trigger) -> Content:
    ends = {name: dict(zip(("population", "cell"), getattr(trigger, name), strict=True)) for name in ("first", "then")}
    own = {"within": format_quantity(trigger.within, TIME), "value": float(trigger.value)}
    return ends | own | {"after": [format_quantity(value, TIME) for value in trigger.after], "rewards": list(trigger.rewards)}


def _change(change: Change, dimension: Dimension, dt: float) -> Content:
    value = RELEASED_TEXT if math.isnan(change.value) and dimension == VOLTAGE else _array(change.value, dimension)
    return {"at": _time(change.step, dt), "value": value} | ({} if change.cell == EVERY else {"cell": change.cell})


def _phase(phase: Phase, circuit: Circuit) -> Content:
    content: Content = {"at": _time(phase.step, circuit.dt)}
    content |= {"plastic": {_key(name): value for name, value in phase.plastic.items()}} if phase.plastic else {}
    changed: Content = {}
    for name, values in phase.parameters.items():
        rule = circuit.projections[name].rule
        kinds = {} if rule is None else {constant: parameter.dimension for constant, parameter in rule.parameters.items()}
        changed[_key(name)] = {constant: _array(value, kinds.get(constant, NONE)) for constant, value in values.items()}
    content |= {"parameters": changed} if changed else {}
    rewire: Content = {}
    for name, how in phase.rewire.items():
        rule = circuit.projections[name].rule
        rewire[_key(name)] = {"below": _array(how.below, NONE if rule is None else rule.dimension_of_weight), "keep": how.keep}
    return content | ({"rewire": rewire} if rewire else {})


def _probes(probes: Probes, dt: float) -> Content:
    content: Content = {name: _times(getattr(probes, name), dt) for name in ("samples", "sweeps", "snapshots", "watch", "histograms")}
    content |= {"watched": [list(pair) for pair in probes.watched], "edges": _array(probes.edges, NONE)}
    given = {name: value for name, value in content.items() if value}
    given |= {"sweep_length": _time(probes.sweep_steps, dt)} if probes.sweep_steps else {}
    given["trains"] = probes.trains
    parts = {
        "populations": {_key(name): _of_cells(of, dt) for name, of in probes.populations.items()},
        "projections": {_key(name): _of_synapses(of, dt) for name, of in probes.projections.items()},
    }
    return given | {name: tables for name, tables in parts.items() if tables}


def _of_cells(of: OfCells, dt: float) -> Content:
    content: Content = {} if of.spikes is None else {"spikes": of.spikes.tolist()}
    content |= {"bin": _time(of.bin_steps, dt)} if of.bin_steps else {}
    content |= {"cells": of.cells.tolist()} if len(of.cells) else {}
    return content | ({"samples": _times(of.samples, dt)} if len(of.samples) or len(of.cells) else {})


def _of_synapses(of: OfSynapses, dt: float) -> Content:
    content: Content = {} if of.snapshots is None else {"snapshots": _times(of.snapshots, dt)}
    needed = {"watch": of.watched_count, "histograms": len(of.edges)}  # what says when must be there where it is said what
    content |= {name: _times(getattr(of, name), dt) for name, what in needed.items() if what or len(getattr(of, name))}
    if of.watched if isinstance(of.watched, int) else len(of.watched):
        content["watched"] = of.watched if isinstance(of.watched, int) else of.watched.tolist()
    if of.bins and np.array_equal(of.edges, np.linspace(of.edges[0], of.edges[-1], of.bins + 1)):
        return content | {"edges": {"low": float(of.edges[0]), "high": float(of.edges[-1]), "bins": of.bins}}
    return content | ({"edges": _array(of.edges, NONE)} if len(of.edges) else {})


def _times(steps: Sequence[int] | np.ndarray[Any, Any], dt: float) -> object:
    """Times, as a series where they are at equal distances."""
    distances = set(np.diff(steps).tolist())
    if len(steps) >= SHORTEST_SERIES and len(distances) == 1 and min(distances) > 0:
        return {"first": _time(steps[0], dt), "every": _time(distances.pop(), dt), "count": len(steps)}
    return [_time(step, dt) for step in steps]


def _time(step: int, dt: float) -> str:
    """The time of a step, in as few digits as dt itself has."""
    return format_quantity(float(Decimal(repr(float(dt))) * int(step)), TIME)


# --- TOML ---


def _key(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else json.dumps(name, ensure_ascii=False)


def _lines(content: Content) -> list[str]:
    return [f"{name} = {_value(value)}" for name, value in content.items()]


def _value(value: object) -> str:
    """A value on one line; a list of lists or tables with a line for each."""
    if isinstance(value, dict):
        return "{ " + ", ".join(_lines(value)) + " }"
    if isinstance(value, list):
        inside = [_value(item) for item in value]
        apart = any(isinstance(item, list | dict) for item in value)
        return "[\n" + "".join(f"    {text},\n" for text in inside) + "]" if apart else f"[{', '.join(inside)}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else f"{value}"
