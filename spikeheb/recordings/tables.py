"""Spikes and sweeps from CSV files."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from spikeheb.errors import FormatError, printable
from spikeheb.limits import check_file
from spikeheb.recordings.sweeps import Sweeps, checked, size_of
from spikeheb.schedules import Lane

MAX_INPUTS = 100_000


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each line that is not empty or a comment; the header comes first."""
    check_file(path)
    where, found = str(path), 0
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            for row in reader:
                cells = [cell.strip() for cell in row]
                if any(cells) and not cells[0].startswith("#"):
                    found += 1
                    yield reader.line_num, cells
    except OSError as error:
        raise FormatError(f"cannot be read ({error.strerror or error})", path=where) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"is not CSV text ({error})", path=where) from None
    if found < 2:
        raise FormatError("is empty: expected a header and lines below it", path=where)


def _number(text: str, path: Path, line: int, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(f'{what} must be a finite number (got "{text[:40]}")', path=str(path), key=f"line {line}")
    return value


def _time_column(header: list[str], allowed: dict[str, float], path: Path, line: int) -> tuple[int, float]:
    """Position of the one time column, and its size in seconds."""
    found = [name for name in header if name in allowed]
    if len(found) != 1:
        listed = " or ".join(f'"{name}"' for name in allowed)
        raise FormatError(f"expected one column {listed} (found: {', '.join(header)})", path=str(path), key=f"line {line}")
    return header.index(found[0]), allowed[found[0]]


@dataclass
class _Trains:
    """The trains of a lane while its file is read."""

    pre: dict[int, list[float]] = field(default_factory=dict)
    post: list[float] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        """How many inputs there are, if they are numbered from 0 on."""
        return max(self.pre, default=0) + 1

    def lane(self, label: str) -> Lane:
        pre = [np.array(self.pre.get(n, ())) for n in range(self.inputs)]
        return Lane({"lane": printable(label)}, tuple(pre), np.array(self.post))


def spikes_of_table(path: Path) -> list[Lane]:
    """The lanes of a CSV file of spikes."""
    rows = _rows(path)
    line, header = next(rows, (0, []))
    _check_spike_header(header, path, line)
    time_at, scale = _time_column(header, {"time": 1.0, "time_s": 1.0, "time_ms": 1e-3}, path, line)
    lanes: dict[str, _Trains] = {}
    for line, cells in rows:
        if len(cells) != len(header):
            raise FormatError(f"expected {len(header)} columns (got {len(cells)})", path=str(path), key=f"line {line}")
        named = dict(zip(header, cells, strict=True))
        time = _number(cells[time_at], path, line, "time") * scale
        train = _train_of(lanes.setdefault(named["lane"], _Trains()), named, path, line)
        if time < 0 or (train and time < train[-1]):
            found = (
                f"{time:g} s is negative; shift the lane"
                if time < 0
                else f"{time:g} s comes after {train[-1]:g} s; sort each train by time"
            )
            raise FormatError(found, path=str(path), key=f"line {line}")
        train.append(time)
    count = sum(trains.inputs for trains in lanes.values())
    if count > MAX_INPUTS:
        raise FormatError(
            f"the lanes have {count:,} inputs together, and {MAX_INPUTS:,} are allowed; number them from 0 on", path=str(path)
        )
    return [trains.lane(label) for label, trains in lanes.items()]


def _check_spike_header(header: list[str], path: Path, line: int) -> None:
    allowed = ("lane", "side", "time", "time_s", "time_ms", "input")
    for name in ("lane", "side"):
        if header.count(name) != 1:
            raise FormatError(f'expected one column "{name}" (found: {", ".join(header)})', path=str(path), key=f"line {line}")
    for name in header:
        if name not in allowed or header.count(name) > 1:
            raise FormatError(
                f'the column "{name[:40]}" is unknown or there twice; allowed: {", ".join(allowed)}', path=str(path), key=f"line {line}"
            )


def _train_of(trains: _Trains, named: dict[str, str], path: Path, line: int) -> list[float]:
    side, which = named["side"], named.get("input", "")
    if not named["lane"]:
        raise FormatError("lane must not be empty", path=str(path), key=f"line {line}")
    if side == "post":
        return trains.post
    if side != "pre":
        raise FormatError(f'side must be "pre" or "post" (got "{side[:40]}")', path=str(path), key=f"line {line}")
    if which and not (which.isascii() and which.isdigit() and int(which) < MAX_INPUTS):
        raise FormatError(f'input must be a whole number below {MAX_INPUTS} (got "{which[:40]}")', path=str(path), key=f"line {line}")
    return trains.pre.setdefault(int(which or 0), [])


def sweeps_of_table(path: Path, unit: str, pulse: float) -> Sweeps:
    """The sweeps of a CSV file, its values in `unit`, its stimulus at `pulse` seconds."""
    rows = _rows(path)
    line, header = next(rows, (0, []))
    time_at, scale = _time_column(header, {"time_s": 1.0, "time_ms": 1e-3}, path, line)
    if time_at != 0 or len(header) < 2:
        raise FormatError("expected the time in the first column and a sweep in each further one", path=str(path), key=f"line {line}")
    minutes = np.array([_minute(name, path, line) for name in header[1:]])
    table: list[list[float]] = []
    for line, cells in rows:
        if len(cells) != len(header):
            raise FormatError(f"expected {len(header)} columns (got {len(cells)})", path=str(path), key=f"line {line}")
        values = [_number(cell, path, line, f'column "{name}"') for name, cell in zip(header, cells, strict=True)]
        if table and values[0] <= table[-1][0]:
            raise FormatError(f"time {values[0]:g} does not come after {table[-1][0]:g}", path=str(path), key=f"line {line}")
        table.append(values)
    columns = np.array(table).T
    size, name = size_of(unit, str(path))
    return checked(columns[1:] * size, columns[0] * scale - pulse, minutes, name, str(path))


def _minute(name: str, path: Path, line: int) -> float:
    minute = _number(name, path, line, "the head of a sweep's column, its minute,")
    if minute == 0:
        raise FormatError("minute 0 is the end of the induction: sweeps come before it or after it", path=str(path), key=f"line {line}")
    return minute
