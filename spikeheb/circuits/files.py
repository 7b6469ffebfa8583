"""Reading a file of a circuit: TOML in, checked `Circuit` out.

Rules and cells stand in their own files and are named here, with what is chosen of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import AllToAll, Connector, OwnCopies, Pairwise
from spikeheb.circuits.drives import EVERY, RELEASED, Change, Drives
from spikeheb.circuits.populations import Cells, Population, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Normalise, Projection
from spikeheb.circuits.sources import Group, Poisson, Regular, Replayed, Source
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.dimensions import CURRENT, FREQUENCY, NONE, TIME, VOLTAGE, Dimension
from spikeheb.errors import FormatError, SpikehebError
from spikeheb.limits import MOST
from spikeheb.numbers import quantities
from spikeheb.rules import Rule
from spikeheb.tables import decode_text, read_text
from spikeheb.units import quantity

Scalar = str | int | float
Row = Scalar | list[Scalar]
CONNECTORS: Mapping[str, Connector] = {"all_to_all": AllToAll(), "own_copies": OwnCopies()}


class _Source(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    count: int | None = None
    rate: Row | None = None
    share: float = 1.0
    latencies: Row = 0
    jitter: Scalar = 0
    periods: Row = 0
    phases: Row = 0
    trains: list[str] = []
    cells: int = 1


class _Population(msgspec.Struct, forbid_unknown_fields=True):
    sources: list[_Source] | None = None
    count: int | None = None
    cell: str | None = None


class _Normalise(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    target: float
    every: Scalar = 0


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    set: str | None = None
    interaction: str | None = None
    bounds: dict[str, Any] | None = None
    coincidence: str | None = None
    axonal_delay: Scalar | None = None
    backpropagation_delay: Scalar | None = None
    parameters: dict[str, Scalar] = {}


class _Projection(msgspec.Struct, forbid_unknown_fields=True):
    pre: str
    post: str
    connect: str | list[int] = "all_to_all"
    rule: str | _Rule | None = None
    receptor: str | None = None
    efficacy: float = 1.0
    delay: Scalar = 0
    initial: dict[str, float | list[float | list[float]]] = {}
    overrides: dict[str, list[float]] = {}
    normalise: _Normalise | None = None


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    step: int
    value: Scalar
    cell: int = EVERY


class _Drives(msgspec.Struct, forbid_unknown_fields=True):
    imposed: list[_Source] = []
    currents: list[_Change] = []
    clamps: list[_Change] = []
    rewards: list[_Change] = []


class _Probes(msgspec.Struct, forbid_unknown_fields=True):
    samples: list[int] = []
    sweeps: list[int] = []
    sweep_steps: int = 0
    snapshots: list[int] = []
    watched: list[list[int]] = []
    watch: list[int] = []
    histograms: list[int] = []
    edges: list[float] = []
    trains: bool = False


class _Circuit(msgspec.Struct, forbid_unknown_fields=True):
    schema: int
    dt: Scalar
    duration: Scalar
    populations: dict[str, _Population]
    projections: dict[str, _Projection]
    drives: dict[str, _Drives] = {}
    probes: _Probes = msgspec.field(default_factory=_Probes)
    seed: int = 0
    precision: str = "float64"
    exact: bool = False
    mirrored: bool = False


def read_circuit(path: Path | str) -> Circuit:
    """The circuit of a file.

    Raises
    ------
    FormatError, UnitError, UnknownName, EngineError, ScheduleError
        With the file and, as far as it can be told, the key.
    """
    where = str(path)
    table = decode_text(read_text(Path(path)), _Circuit, where)
    if table.schema != 1:
        raise FormatError(f"expected schema = 1 (got {table.schema})", path=where, key="schema")
    dt = _positive(table.dt, where, "dt")
    reader = _Reader(where, dt)
    populations = {name: reader.population(each, f"populations.{name}") for name, each in table.populations.items()}
    projections = {name: reader.projection(each, f"projections.{name}") for name, each in table.projections.items()}
    try:
        return Circuit(
            dt=dt, steps=round(_positive(table.duration, where, "duration") / dt), populations=populations, projections=projections,
            drives={name: reader.drives(each, f"drives.{name}") for name, each in table.drives.items()}, probes=_read_probes(table.probes),
            seed=table.seed, precision=table.precision, exact=table.exact, mirrored=table.mirrored,
        )  # fmt: skip
    except SpikehebError as error:
        raise type(error)(error.message, path=error.path or where, key=error.key) from None


def _positive(value: Scalar, path: str, key: str) -> float:
    seconds = quantity(value, TIME, path=path, key=key)
    if not 0 < seconds < math.inf:
        raise FormatError(f"expected a time above 0 (got {seconds:g} s)", path=path, key=key)
    return float(seconds)


class _Reader:
    """What a file's parts mean; `path` for errors."""

    def __init__(self, path: str, dt: float) -> None:
        self.path, self.dt = path, dt

    def population(self, table: _Population, key: str) -> Population:
        if (table.sources is None) == (table.count is None):
            raise FormatError("a population has either sources of spikes or a count of cells", path=self.path, key=key)
        if table.sources is not None:
            if table.cell is not None:
                raise FormatError("a population of sources has no cell", path=self.path, key=f"{key}.cell")
            return Spikes(tuple(self.source(each, f"{key}.sources[{n}]") for n, each in enumerate(table.sources)))
        return Cells(self.count(table.count, f"{key}.count"), None if table.cell is None else self._cell(table.cell, f"{key}.cell"))

    def count(self, value: int | None, key: str) -> int:
        if value is None or not 1 <= value <= MOST:
            raise FormatError(f"expected 1 to {MOST:,} (got {value})", path=self.path, key=key)
        return value

    def row(self, values: Row, dimension: Dimension, count: int | None, key: str) -> Floats:
        """A row of quantities; one stands for so many."""
        if isinstance(values, list):
            row = np.array([quantity(value, dimension, path=self.path, key=key) for value in values], dtype=float)
        else:
            row = quantities(values if isinstance(values, str) else [values], dimension, path=self.path, key=key)
        if count is not None and row.size == 1:
            row = np.full(self.count(count, key), row[0])
        if count is not None and row.size != count:
            raise FormatError(f"expected {count} values (got {row.size})", path=self.path, key=key)
        return row

    def source(self, table: _Source, key: str) -> Source:
        match table.kind:
            case "poisson" if table.rate is not None:
                return Poisson(self.row(table.rate, FREQUENCY, table.count, f"{key}.rate"))
            case "group" if table.rate is not None and not isinstance(table.rate, list):
                latencies = self.row(table.latencies, TIME, table.count, f"{key}.latencies")
                jitter = quantity(table.jitter, TIME, path=self.path, key=f"{key}.jitter")
                return Group(quantity(table.rate, FREQUENCY, path=self.path, key=f"{key}.rate"), table.share, latencies, jitter)
            case "regular":
                periods = self.row(table.periods, TIME, table.count, f"{key}.periods")
                return Regular(periods, self.row(table.phases, TIME, periods.size, f"{key}.phases"))
            case "replayed":
                return Replayed(tuple(self.train(text, f"{key}.trains[{n}]") for n, text in enumerate(table.trains)), table.cells)
            case "poisson" | "group":
                raise FormatError(f'a source of kind "{table.kind}" needs a rate', path=self.path, key=f"{key}.rate")
        raise FormatError(f'expected "poisson", "group", "regular" or "replayed" (got "{table.kind}")', path=self.path, key=f"{key}.kind")

    def train(self, text: str, key: str) -> Steps:
        """Steps with blanks between them."""
        words = text.split()
        if not all(word.isdecimal() and len(word) < 16 for word in words):
            raise FormatError(f'expected time steps with blanks between them, such as "5 300" (got "{text[:40]}")', path=self.path, key=key)
        return np.array(words, dtype=np.int64)

    def _cell(self, name: str, key: str) -> Cell:
        return library.cell(self._beside(name))

    def _beside(self, name: str) -> str:
        """A name as it is; a path as it stands from the file."""
        return str(Path(self.path).parent / name) if "/" in name or name.endswith(".toml") else name

    def _rule(self, table: str | _Rule, key: str) -> Rule:
        if isinstance(table, str):
            return library.rule(self._beside(table))
        return library.rule(
            self._beside(table.name), set=table.set, interaction=table.interaction, bounds=table.bounds, coincidence=table.coincidence,
            axonal_delay=table.axonal_delay, backpropagation_delay=table.backpropagation_delay, **table.parameters,
        )  # fmt: skip

    def projection(self, table: _Projection, key: str) -> Projection:
        normalise = table.normalise
        return Projection(
            table.pre, table.post, self.connect(table.connect, f"{key}.connect"),
            None if table.rule is None else self._rule(table.rule, f"{key}.rule"), table.receptor, table.efficacy,
            float(quantity(table.delay, TIME, path=self.path, key=f"{key}.delay")),
            {name: self.numbers(value, f"{key}.initial.{name}") for name, value in table.initial.items()},
            {name: np.array(value, dtype=float) for name, value in table.overrides.items()},
            None if normalise is None
            else Normalise(normalise.kind, normalise.target, quantity(normalise.every, TIME, path=self.path, key=f"{key}.normalise.every")),
        )  # fmt: skip

    def numbers(self, value: float | list[float | list[float]], key: str) -> float | Floats:
        if not isinstance(value, list):
            return float(value)
        if len({len(row) if isinstance(row, list) else -1 for row in value}) > 1:
            raise FormatError("expected rows of one length", path=self.path, key=key)
        return np.array(value, dtype=float)

    def connect(self, value: str | list[int], key: str) -> Connector:
        if isinstance(value, list):
            return Pairwise(np.array(value, dtype=np.int64))
        if value not in CONNECTORS:
            text = f'expected "all_to_all", "own_copies" or the cell of each source (got "{value}")'
            raise FormatError(text, path=self.path, key=key)
        return CONNECTORS[value]

    def drives(self, table: _Drives, key: str) -> Drives:
        imposed = tuple(self.source(each, f"{key}.imposed[{n}]") for n, each in enumerate(table.imposed))
        changes = {
            name: tuple(self.change(each, dimension, f"{key}.{name}[{n}]") for n, each in enumerate(getattr(table, name)))
            for name, dimension in (("currents", CURRENT), ("clamps", VOLTAGE), ("rewards", NONE))
        }
        return Drives(imposed=imposed, **changes)

    def change(self, table: _Change, dimension: Dimension, key: str) -> Change:
        if table.step < 0:
            raise FormatError(f"expected a step from 0 on (got {table.step})", path=self.path, key=f"{key}.step")
        if dimension == VOLTAGE and table.value == "released":
            return Change(table.cell, table.step, RELEASED)
        return Change(table.cell, table.step, float(quantity(table.value, dimension, path=self.path, key=f"{key}.value")))


def _read_probes(table: _Probes) -> Probes:
    steps: dict[str, Steps] = {
        name: np.array(getattr(table, name), dtype=np.int64) for name in ("samples", "sweeps", "snapshots", "watch", "histograms")
    }
    watched = np.array(table.watched, dtype=np.int64).reshape(len(table.watched), -1) if table.watched else Probes().watched
    return Probes(**steps, sweep_steps=table.sweep_steps, watched=watched, edges=np.array(table.edges, dtype=float), trains=table.trains)
