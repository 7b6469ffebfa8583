"""Published data sets: the points of one series of a protocol under one schedule, and the lanes that represent them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args, get_origin

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError
from spikeheb.measure.score import NO_CHANGE, Points, points
from spikeheb.protocols import Protocol, with_parameters
from spikeheb.published import Measurement, Value, read_published
from spikeheb.schedules import Lane

Index = npt.NDArray[np.int64]

SCHEDULE = "schedule"
"""The parameter of a protocol that says which of several schedules is carried out; each makes a data set of its own."""
TO_FILL_IN = ("ratio", "sem", "n")
TEMPLATE_HEAD = """\
# Measurements under the protocol {name}. ratio is the response after over that before, sem its standard error, n the number of cells.
# Fill in ratio, and sem or n. Rows that stay empty do not count. A condition without a unit is in words or SI units. More columns may
# be added: outcome (LTP, LTD or none), measure, delta_t_reference, calcium_mM, temperature_C, age, digitisation_error, series, citation,
# note.
"""
WINDOW = "fitted window"
"""The series of a protocol that has no points, only a window fitted to them: directions are taken from it."""


@dataclass(frozen=True)
class DataSet:
    """Measured outcomes, never pooled with those of another series.

    Attributes
    ----------
    protocol : Protocol
        With its schedule chosen.
    series, schedule : str
    lanes : array of int, shape (points,)
        Which lane of the protocol's schedule stands for each point.
    points : Points
    labels : tuple of str
        The condition of each point in words.
    conditions : tuple of mapping
        The condition of each point.
    unverified : tuple of str
        Sentences in which the sources of these points say that something is unverified.
    """

    protocol: Protocol
    series: str
    schedule: str
    lanes: Index
    points: Points
    labels: tuple[str, ...]
    conditions: tuple[Mapping[str, Value], ...]
    unverified: tuple[str, ...]

    @property
    def name(self) -> str:
        """``"sjostrom_2001/frequency"``."""
        return f"{self.protocol.name}/{self.series}" if self.series else self.protocol.name

    @property
    def label(self) -> str:
        """The name, and the schedule where there are several."""
        return f"{self.name} ({self.schedule})" if self.schedule else self.name


def data_sets(protocol: Protocol) -> tuple[DataSet, ...]:
    """All data sets of a protocol; none where nothing was published."""
    return tuple(data_set for variant, schedule in _variants(protocol) for data_set in _of_variant(variant, schedule))


def with_measurements(protocol: Protocol, path: Path | str) -> Protocol:
    """The protocol with measurements of the user's own in place of the published ones.

    Where a condition of the file is a parameter of the protocol that takes several values, such as delta_t of `pairing`, the
    protocol is carried out at those of the file.

    Raises
    ------
    FormatError
        For a file that `spikeheb.published` cannot read, and for rows that belong to no lane of the protocol.
    """
    measured = read_published(path)
    named = tuple(row if row.series else replace(row, series=Path(path).stem) for row in measured.rows)
    measured = replace(measured, rows=named)
    _check_conditions(protocol, measured.columns, str(path))
    values = {name: tuple(dict.fromkeys(row.condition[name] for row in measured.rows)) for name in measured.conditions}
    given = {name: choices for name, choices in values.items() if isinstance(protocol.values.get(name), tuple)}
    carried_out = with_parameters(protocol, given) if given else protocol
    changed = replace(carried_out, published=measured, modelled=None, fitted=(), tissue="", measured_elsewhere=True)
    lanes = changed.schedule(np.random.default_rng(0)).lanes
    met = {row.line for lane in lanes for row in measured.match(lane.condition)}
    for row in measured.rows:
        if row.line not in met:
            words = ", ".join(f"{name} = {value}" for name, value in row.condition.items())
            raise FormatError(f"no lane of {protocol.name} has {words}{_see(protocol)}", path=str(path), key=f"line {row.line}")
    return changed


def _check_conditions(protocol: Protocol, columns: Mapping[str, str], path: str) -> None:
    known = protocol.schedule(np.random.default_rng(0)).lanes[0].condition
    strange = [column for name, column in columns.items() if name not in known]
    if strange:
        usual = ", ".join(protocol.column(name)[0] for name in known)
        message = f"{protocol.name} has no condition for the columns {', '.join(strange)}; it has {usual}{_see(protocol)}"
        raise FormatError(message, path=path, key="header")


def _see(protocol: Protocol) -> str:
    return f"; `spikeheb data template {protocol.name}` writes a file with all of them"


def template(protocol: Protocol) -> str:
    """A file of measurements to be filled in: a row for each condition of the protocol, as CSV.

    Once ratio, and sem or n, of some rows are filled in, `with_measurements` reads it; rows that stay empty do not count.
    """
    conditions = [lane.condition for lane in protocol.schedule(np.random.default_rng(0)).lanes]
    text = io.StringIO()
    text.write(TEMPLATE_HEAD.format(name=protocol.name))
    table = csv.writer(text, lineterminator="\n")
    columns = {name: protocol.column(name) for name in conditions[0]}
    table.writerow([*(column for column, _ in columns.values()), *TO_FILL_IN])
    for condition in {tuple(condition.items()): condition for condition in conditions}.values():
        cells = [_cell(condition[name], factor) for name, (_, factor) in columns.items()]
        table.writerow([*cells, *("" for _ in TO_FILL_IN)])
    return text.getvalue()


def _cell(value: Value, factor: float) -> str:
    return value if isinstance(value, str) else f"{value * factor:.10g}"


def _variants(protocol: Protocol) -> Iterator[tuple[Protocol, str]]:
    """The protocol under each of its schedules."""
    kind = protocol.kinds.get(SCHEDULE)
    if get_origin(kind) is not Literal:
        yield protocol, ""
        return
    for choice in get_args(kind):
        yield with_parameters(protocol, {SCHEDULE: choice}), str(choice)


def _of_variant(protocol: Protocol, schedule: str) -> Iterator[DataSet]:
    lanes = protocol.schedule(np.random.default_rng(0)).lanes
    if protocol.published is None:
        yield from _of_window(protocol, schedule, lanes)
        return
    rows = [next(iter(protocol.published.match(lane.condition)), None) for lane in lanes]
    for series in dict.fromkeys(row.series or "" for row in rows if row):
        chosen = np.array([n for n, row in enumerate(rows) if row and (row.series or "") == series], dtype=np.int64)
        kept = [row for row in (rows[n] for n in chosen) if row]
        notes = _unverified([protocol.published.doc, *(row.note or "" for row in kept)])
        yield _data_set(protocol, series, schedule, lanes, chosen, _points(kept), notes)


def _data_set(
    protocol: Protocol, series: str, schedule: str, lanes: tuple[Lane, ...], chosen: Index, data: Points, notes: tuple[str, ...]
) -> DataSet:
    labels, conditions = (tuple(lanes[n].label for n in chosen), tuple(lanes[n].condition for n in chosen))
    return DataSet(protocol, series, schedule, chosen, data, labels, conditions, notes)


def _unverified(texts: Iterable[str]) -> tuple[str, ...]:
    """The sentences that say that something is unverified, each once."""
    sentences = [sentence.strip() for text in texts for sentence in re.split(r"(?<=[.])\s+", " ".join(text.split()))]
    return tuple(dict.fromkeys(sentence for sentence in sentences if "unverified" in sentence))


def _points(rows: list[Measurement]) -> Points:
    def column(values: Iterable[float | None]) -> list[float]:
        return [np.nan if value is None else float(value) for value in values]

    return points(
        column(row.ratio for row in rows),
        column(row.sem for row in rows),
        column(row.digitisation_error for row in rows),
        column(row.n for row in rows),
        [row.outcome for row in rows],
    )


def _of_window(protocol: Protocol, schedule: str, lanes: tuple[Lane, ...]) -> Iterator[DataSet]:
    """Directions from the first of the fitted windows, at each lane that is a pair."""
    chosen = [n for n, lane in enumerate(lanes) if set(lane.condition) == {"delta_t"}] if protocol.fitted else []
    if not chosen:
        return
    change = [protocol.fitted[0].ratio(float(lanes[n].condition["delta_t"])) - 1 for n in chosen]
    outcomes: list[str | None] = ["none" if abs(c) <= NO_CHANGE else "LTP" if c > 0 else "LTD" for c in change]
    nothing = np.full(len(chosen), np.nan)
    data = points(nothing, nothing, nothing, nothing, outcomes)
    notes = _unverified([protocol.fitted[0].note or ""])
    yield _data_set(protocol, WINDOW, schedule, lanes, np.array(chosen, dtype=np.int64), data, notes)
