"""How a circuit's file says which synapses there are, and which numbers are drawn for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spikeheb.circuits.connect import CONNECTORS, Connector, Explicit, OwnCopies, Pairwise, options
from spikeheb.circuits.distributions import DISTRIBUTIONS, Distribution
from spikeheb.circuits.file_tables import ConnectTable, DistributionTable, ProjectionTable
from spikeheb.circuits.file_values import Reading
from spikeheb.circuits.sonata import read_edges
from spikeheb.dimensions import NONE, Dimension
from spikeheb.errors import unknown_name
from spikeheb.rules.rule import Rule

OF_LISTS = ("pairwise", "own_copies")
"""Connectors that no network has."""


def read_connect(raw: ProjectionTable, rule: Rule | None, sources: int, cells: int, file: Reading, folder: Path, key: str) -> Connector:
    """The way in which a projection is connected; the path of a file of edges is seen from `folder`."""
    table = ConnectTable(raw.connect) if isinstance(raw.connect, str) else raw.connect
    place = f"{key}.connect"
    if table.kind == "pairwise":
        return _pairwise(raw, sources, cells, file, f"{key}.reaches")
    if raw.reaches is not None:
        raise file.error(f"{key}.reaches", 'has no effect unless connect is "pairwise"')
    if table.kind == "own_copies":
        return OwnCopies()
    if table.kind not in CONNECTORS:
        raise unknown_name("way to connect", table.kind, (*CONNECTORS, *OF_LISTS), path=file.where, key=place)
    kind: Any = CONNECTORS[table.kind]
    taken = options(kind)
    given: dict[str, Any] = {name: value for name in ConnectTable.__struct_fields__[1:] if (value := getattr(table, name)) is not None}
    for name in given:
        if name not in taken:
            raise file.error(f"{place}.{name}", f'has no effect where kind is "{table.kind}"')
    if table.file is not None:
        return _of_file(table, raw, rule, file, folder, place)
    if table.population is not None:
        raise file.error(f"{place}.population", "has no effect without file")
    for name in ("probability", "count", "pre", "post"):
        if name in taken and name not in given:
            raise file.error(place, f'"{table.kind}" needs {name}')
    for name, what, count in (("pre", "source", sources), ("post", "cell", cells)):
        wrong = next((n for n, number in enumerate(given.get(name, ())) if not 0 <= number < count), None)
        if wrong is not None:
            file.index(given[name][wrong], count, what, f"{place}.{name}[{wrong}]")
    arrays: dict[str, Any] = {name: np.array(given[name], dtype=np.int64) for name in ("pre", "post") if name in given}
    if table.weight is not None:
        arrays["weight"] = file.floats(table.weight, NONE if rule is None else rule.dimension_of_weight, f"{place}.weight")
    if table.delay is not None:
        arrays["delay"] = np.array([file.time(value, f"{place}.delay[{n}]") for n, value in enumerate(table.delay)], dtype=float)
    connector: Connector = kind(**(given | arrays))
    return connector


def _of_file(table: ConnectTable, raw: ProjectionTable, rule: Rule | None, file: Reading, folder: Path, place: str) -> Explicit:
    """The synapses of a SONATA file; what the projection itself says of weights and delays goes before what the file has."""
    for name in ("pre", "post", "weight", "delay"):
        if getattr(table, name) is not None:
            raise file.error(f"{place}.{name}", "has no effect beside file")
    if table.population is None:
        raise file.error(place, "file needs population, the name of a group in its edges")
    said = raw.efficacy is not None if rule is None else rule.weight in raw.initial
    with file.at(f"{place}.file"):
        return read_edges(folder / str(table.file), table.population, weights=not said, delays=raw.delay is None)


def _pairwise(raw: ProjectionTable, sources: int, cells: int, file: Reading, place: str) -> Connector:
    if raw.reaches is None or len(raw.reaches) != sources:
        raise file.error(place, f"expected the cell of each of {sources:,} sources (got {len(raw.reaches or []):,})")
    for n, number in enumerate(raw.reaches):
        file.index(number, cells, "cell", f"{place}[{n}]")
    if raw.reaches != sorted(raw.reaches):
        raise file.error(place, "expected cells in rising order; sort the sources by the cell that they reach")
    return Pairwise(np.array(raw.reaches, dtype=np.int64))


def read_drawn(raw: DistributionTable, dimension: Dimension, file: Reading, key: str) -> Distribution:
    """A distribution; its numbers have the dimension of what is drawn, but for `sigma`, which has none."""
    if raw.kind not in DISTRIBUTIONS:
        raise unknown_name("distribution", raw.kind, DISTRIBUTIONS, path=file.where, key=f"{key}.kind")
    kind: Any = DISTRIBUTIONS[raw.kind]
    numbers: dict[str, float] = {}
    needed = {"uniform": ("low", "high"), "normal": ("mean", "sd"), "lognormal": ("median", "sigma")}[raw.kind]
    for name in DistributionTable.__struct_fields__[1:]:
        value = getattr(raw, name)
        if value is None and name in needed:
            raise file.error(key, f'"{raw.kind}" needs {name}')
        if value is not None and name not in kind.__dataclass_fields__:
            raise file.error(f"{key}.{name}", f'has no effect where kind is "{raw.kind}"')
        if value is not None:
            numbers[name] = file.number(value, NONE if name == "sigma" else dimension, f"{key}.{name}")
    with file.at(key):
        drawn: Distribution = kind(**numbers)
    return drawn
