"""Numbers, times and sources of spikes in a circuit's file.

A source is a table with a `kind`: ``"poisson"`` (`rate`), ``"group"`` (`rate` of the common events, `share`, `latency`, `jitter`),
``"regular"`` (`period`, `phase`), ``"walk"`` (`count`, `high`, `slope`, `turn`, `every`, and perhaps `low` and `silence`: see
`spikeheb.circuits.sources.Walk`) or ``"replayed"`` (`trains`, a list of times for each; `cells`). Rate, latency, period and phase are one
quantity for `count` trains, or a list with one for each.

Any may have a `pattern`, such as ``{ window = "50 ms", share = 0.25, members = 1000, jitter = "1 ms", deleted = 0.1, noise = "10 Hz" }``
(see `spikeheb.circuits.sources.Pasted`; the last three are 0 where nothing is said). It may `repeat` after a time, and may be there only
`from` a time `until` another. ``duplicates = "drop"`` leaves out, and counts, the second spike of a train in one time step, which is an
error otherwise, in a source with a pattern or of kind ``"replayed"``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikeheb.circuits.check_sources import check
from spikeheb.circuits.file_tables import Number, Row, SeriesTable, SourceTable, Times
from spikeheb.circuits.places import whole
from spikeheb.circuits.sources import Between, Group, Pasted, Poisson, Regular, Repeated, Replayed, Source, Walk
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.dimensions import CURRENT, FREQUENCY, NONE, TIME, VOLTAGE, Dimension
from spikeheb.errors import FormatError, SpikehebError, UnitError, UnknownName, unknown_name
from spikeheb.limits import MOST, STEPS
from spikeheb.numbers import nearest_step, nearest_steps
from spikeheb.tables import LARGEST, read_quantity
from spikeheb.units import parse_quantity

SOURCES = {
    "poisson": (("rate",), ("count",)),
    "group": (("rate", "share"), ("count", "latency", "jitter")),
    "regular": (("period",), ("count", "phase")),
    "replayed": (("trains",), ("cells", "duplicates")),
    "walk": (("count", "high", "slope", "turn", "every"), ("low", "silence")),
}
"""The keys that a source of each kind needs, and those that it may have."""
OF_ANY = ("kind", "from_", "until", "repeat", "pattern")
"""Keys of sources of every kind; one with a pattern may also say what becomes of duplicates."""
MOST_OF_SERIES = 1_000_000
_Simple = Poisson | Group | Regular | Replayed | Walk
KEYS = {"record": "probes.samples", "sweeps": "probes.sweeps"}
"""Keys of this file by the names that a study has for them."""
LARGEST_OF = {CURRENT: "1 mA", VOLTAGE: "10 V"}
"""What no cell bears, so that a larger value is a slip, such as "200 A" for "200 pA"."""
LIMITED = (TIME, FREQUENCY, FREQUENCY / TIME)
"""Times and rates, which have limits by the time step where they are used."""


@dataclass(frozen=True)
class Reading:
    """A file while it is read.

    Attributes
    ----------
    where : str
        Its name, for errors.
    dt : float
        Its time step, seconds.
    things : mapping of str to Rule or Cell
        What stands in it by itself and not by a name, under a name of its own.
    """

    where: str
    dt: float = math.nan
    things: Mapping[str, Any] = field(default_factory=dict)

    def error(self, key: str, message: str) -> FormatError:
        """What is wrong, with the file and the key."""
        return FormatError(message, path=self.where, key=key)

    @contextmanager
    def at(self, key: str) -> Iterator[None]:
        """Errors of other parts of the program get the file and the whole key; what they say of another file stays in the message."""
        try:
            yield
        except SpikehebError as error:
            if error.path == self.where:
                raise
            if error.path is not None:
                raise self.refused(error, str(error), key) from None
            raise self.refused(error, error.message, whole(key, KEYS.get(error.key or "", error.key))) from None

    @contextmanager
    def chosen(self, name: str, path: str, options: Mapping[str, str], key: str) -> Iterator[None]:
        """The same for what is chosen of a rule or a cell, which is said here and not in its file, so that `path` is not shown.

        `options` has the keys of this file by those that errors have; an error in any other place is about what comes of all of them.
        """
        try:
            yield
        except SpikehebError as error:
            if error.path != path:
                raise
            own = error.key or ""
            option = next((option for option in options if own == option or own.startswith((f"{option}.", f"{option}["))), None)
            if option is None:
                raise self.refused(error, f'with this, {own} of "{name}" cannot be: {error.message}', key) from None
            inside = own.removeprefix(option) if options[option] == option else ""
            raise self.refused(error, error.message, f"{key}.{options[option]}{inside}") from None

    def refused(self, error: SpikehebError, message: str, key: str) -> SpikehebError:
        """An error of another part of the program as one of this file."""
        kind = type(error) if isinstance(error, UnknownName | UnitError) else FormatError
        return kind(message, path=self.where, key=key)

    def number(self, value: Number, dimension: Dimension, key: str) -> float:
        """A quantity, SI, of a size that has a sense."""
        number, limit = read_quantity(value, dimension, path=self.where, key=key), LARGEST_OF.get(dimension, f"{LARGEST:g}")
        if dimension not in LIMITED and not abs(number) <= parse_quantity(limit)[0]:
            raise self.error(key, f'expected {dimension} of at most {limit} (got "{value}"); check its unit and power of ten')
        return number

    def whole(self, value: int, key: str, least: int = 0, most: int = MOST) -> int:
        """A whole number within limits."""
        if not least <= value <= most:
            raise self.error(key, f"expected a whole number from {least} to {most:,} (got {value})")
        return value

    def index(self, value: int, count: int, what: str, key: str) -> int:
        """A number from 0 to below `count`, of things that are counted from 0."""
        if not 0 <= value < count:
            raise self.error(key, f"there is no {what} {value}; there are {count:,}, counted from 0")
        return value

    def time(self, value: Number, key: str) -> float:
        """A time from the start of the run on, seconds."""
        return self._within(self.number(value, TIME, key), key)

    def step(self, value: Number, key: str) -> int:
        """The time step nearest to a time."""
        return nearest_step(self.time(value, key), self.dt)

    def steps(self, times: Times, key: str, end: int | None = None) -> Steps:
        """The time steps nearest to listed times, or to those of a series; one without a count goes on to step `end`."""
        if not isinstance(times, SeriesTable):
            return np.array([self.step(time, f"{key}[{n}]") for n, time in enumerate(times)], dtype=np.int64)
        first, every = self.time(times.first, f"{key}.first"), self.time(times.every, f"{key}.every")
        if not every > 0:
            raise self.error(f"{key}.every", f"expected a time above 0 (got {times.every})")
        if times.count is None and end is None:
            raise self.error(f"{key}.count", "is missing; say how many times there are")
        wanted = math.ceil(max(0.0, (end or 0) * self.dt - first) / every) if times.count is None else times.count
        count = self.whole(wanted, f"{key}.count", most=MOST_OF_SERIES)
        self._within(first + every * count, f"{key}.every")
        steps = nearest_steps(first + every * np.arange(count), self.dt)
        return steps if times.count is not None or end is None else steps[steps < end]

    def floats(self, values: Sequence[Number], dimension: Dimension, key: str) -> Floats:
        """A row of quantities, SI."""
        if dimension == NONE and values and not any(isinstance(value, str) for value in values):
            numbers = np.array(values, dtype=float)
            if np.all(np.isfinite(numbers)):
                return numbers
        return np.array([self.number(value, dimension, f"{key}[{n}]") for n, value in enumerate(values)], dtype=float)

    def row(self, value: Row, dimension: Dimension, count: int, key: str) -> Floats:
        """A quantity for each of `count` things."""
        if not isinstance(value, list):
            return np.full(count, self.number(value, dimension, key))
        if len(value) != count:
            raise self.error(key, f"expected one value, or a list of {count:,} (got {len(value):,})")
        return self.floats(value, dimension, key)

    def _within(self, time: float, key: str) -> float:
        if not 0 <= time / self.dt <= STEPS:
            raise self.error(key, f"expected a time from 0 to {STEPS * self.dt:.3g} s (got {time:g} s)")
        return time


def check_trains(lists: Mapping[str, Sequence[SourceTable]], file: Reading) -> None:
    """Refuse a file that asks for more trains than a run may have, in all its lists of sources together, before any is made.

    Parameters
    ----------
    lists : mapping of str to sequence of SourceTable
        By key.
    file : Reading

    Raises
    ------
    FormatError
    """
    total = 0
    for key, tables in lists.items():
        for n, table in enumerate(tables):
            total += file.whole(table.count or 0, f"{key}[{n}].count", most=MOST)
            if total > MOST:
                raise file.error(
                    f"{key}[{n}].count", f"with this there are {total:,} trains, and {MOST:,} are allowed in a file; use fewer"
                )


def read_sources(raw: Sequence[SourceTable], file: Reading, key: str) -> tuple[Source, ...]:
    """The sources of a list; `check_trains` bounds how many trains they have.

    Raises
    ------
    FormatError, UnitError, UnknownName
    """
    sources: list[Source] = []
    for n, table in enumerate(raw):
        place = f"{key}[{n}]"
        source = _while_there(_with_pattern(_source(table, file, place), table, file, place), table, file, place)
        with file.at(place):
            check(source, file.dt, table.cells or 1)
        sources.append(source)
    return tuple(sources)


def _with_pattern(source: _Simple, raw: SourceTable, file: Reading, key: str) -> _Simple | Pasted:
    """The source, or what a pattern makes of it."""
    table = raw.pattern
    if table is None:
        return source
    key = f"{key}.pattern"
    return Pasted(
        source,
        window=file.number(table.window, TIME, f"{key}.window"),
        share=file.number(table.share, NONE, f"{key}.share"),
        members=table.members,
        jitter=file.number(table.jitter, TIME, f"{key}.jitter"),
        deleted=file.number(table.deleted, NONE, f"{key}.deleted"),
        noise=file.number(table.noise, FREQUENCY, f"{key}.noise"),
        duplicates=raw.duplicates or "error",
    )


def _while_there(source: _Simple | Pasted | Repeated, raw: SourceTable, file: Reading, key: str) -> Source:
    """The source, again and again or only the part of it that the file wants."""
    if raw.repeat is not None and not isinstance(source, Repeated):
        return _while_there(Repeated(source, file.number(raw.repeat, TIME, f"{key}.repeat")), raw, file, key)
    if raw.from_ is None and raw.until is None:
        return source
    start = 0.0 if raw.from_ is None else file.time(raw.from_, f"{key}.from")
    return Between(source, start, math.inf if raw.until is None else file.time(raw.until, f"{key}.until"))


def _source(raw: SourceTable, file: Reading, key: str) -> _Simple:
    _check_keys(raw, file, key)
    if raw.trains is not None:
        cells = 1 if raw.cells is None else file.whole(raw.cells, f"{key}.cells", least=1)
        trains = tuple(file.steps(train, f"{key}.trains[{n}]") for n, train in enumerate(raw.trains))
        return Replayed(trains, cells, raw.duplicates or "error")
    count = _count(raw, file, key)

    def row(name: str, dimension: Dimension) -> Floats:
        value = getattr(raw, name)
        return file.row(0 if value is None else value, dimension, count, f"{key}.{name}")

    if raw.kind == "poisson":
        return Poisson(row("rate", FREQUENCY))
    if raw.kind == "walk":
        return _walk(raw, count, file, key)
    if raw.kind == "regular":
        return Regular(row("period", TIME), row("phase", TIME))
    if raw.rate is None or raw.share is None or isinstance(raw.rate, list):
        raise file.error(f"{key}.rate", "a group has one rate, that of its common events")
    jitter = 0.0 if raw.jitter is None else file.number(raw.jitter, TIME, f"{key}.jitter")
    rate, share = file.number(raw.rate, FREQUENCY, f"{key}.rate"), file.number(raw.share, NONE, f"{key}.share")
    return Group(rate, share, row("latency", TIME), jitter)


def _walk(raw: SourceTable, count: int, file: Reading, key: str) -> Walk:
    kinds = {"low": FREQUENCY, "high": FREQUENCY, "slope": FREQUENCY / TIME, "turn": FREQUENCY / TIME, "every": TIME, "silence": TIME}
    given = {name: value for name in kinds if (value := getattr(raw, name)) is not None}
    return Walk(count, **{"low": 0.0} | {name: file.number(value, kinds[name], f"{key}.{name}") for name, value in given.items()})


def _check_keys(raw: SourceTable, file: Reading, key: str) -> None:
    """Raise for a key that a source of that kind does not have, and for one that it lacks."""
    if raw.kind not in SOURCES:
        raise unknown_name("kind of source", raw.kind, SOURCES, path=file.where, key=f"{key}.kind")
    needed, other = SOURCES[raw.kind]
    other = (*other, "duplicates") if raw.pattern is not None and "duplicates" not in other else other
    given = [name for name in raw.__struct_fields__ if name not in OF_ANY and getattr(raw, name) is not None]
    for name in given:
        if name not in (*needed, *other):
            raise file.error(f"{key}.{name}", f'a source of kind "{raw.kind}" has no such key; it has {", ".join((*needed, *other))}')
    for name in needed:
        if name not in given:
            raise file.error(f"{key}.{name}", f'is missing; a source of kind "{raw.kind}" needs {", ".join(needed)}')


def _count(raw: SourceTable, file: Reading, key: str) -> int:
    """How many trains: what `count` says, or the length of a list."""
    lists = [value for value in (raw.rate, raw.latency, raw.period, raw.phase) if isinstance(value, list)]
    if raw.count is None and not lists:
        raise file.error(f"{key}.count", "is missing; say how many trains there are, or give a list with a value for each")
    return len(lists[0]) if raw.count is None else raw.count
