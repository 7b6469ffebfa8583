"""Published data sets: the points of one series of a protocol under one schedule, and the lanes that stand for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args, get_origin

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError
from spikeheb.measure.score import NO_CHANGE, Points, points
from spikeheb.protocols import Protocol, with_parameters
from spikeheb.published import Measurement, read_published
from spikeheb.schedules import Lane

Index = npt.NDArray[np.int64]

SCHEDULE = "schedule"
"""The parameter of a protocol that says which of several schedules is carried out; each makes a data set of its own."""
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
    """

    protocol: Protocol
    series: str
    schedule: str
    lanes: Index
    points: Points
    labels: tuple[str, ...]

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
    return tuple(found for variant, schedule in _variants(protocol) for found in _of_variant(variant, schedule))


def with_measurements(protocol: Protocol, path: Path | str) -> Protocol:
    """The protocol with measurements of the user's own in place of the published ones.

    Where a condition of the file is a parameter of the protocol that takes several values, such as delta_t of `pairing`, the
    protocol is carried out at those of the file.

    Raises
    ------
    FormatError
        For a file that is not as `spikeheb.published` says, and one of whose rows no lane of the protocol stands.
    """
    measured = read_published(path)
    values = {name: tuple(dict.fromkeys(row.condition[name] for row in measured.rows)) for name in measured.conditions}
    given = {name: found for name, found in values.items() if isinstance(protocol.values.get(name), tuple)}
    changed = replace(with_parameters(protocol, given) if given else protocol, published=measured, fitted=(), tissue="")
    lanes = changed.schedule(np.random.default_rng(0)).lanes
    met = {row.line for lane in lanes for row in measured.match(lane.condition)}
    for row in measured.rows:
        if row.line not in met:
            words = ", ".join(f"{name} = {value}" for name, value in row.condition.items())
            raise FormatError(f"no lane of {protocol.name} has {words}", path=str(path), key=f"line {row.line}")
    return changed


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
        yield DataSet(protocol, series, schedule, chosen, _points(kept), tuple(lanes[n].label for n in chosen))


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
    yield DataSet(protocol, WINDOW, schedule, np.array(chosen, dtype=np.int64), data, tuple(lanes[n].label for n in chosen))
