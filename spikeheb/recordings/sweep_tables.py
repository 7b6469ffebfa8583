"""Sweeps from text files: CSV and its relatives, and Axon Text Files (ATF)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError, UnitError, unknown_name
from spikeheb.recordings.heads import is_stimulus, minute_of, numbered_order, seconds_of, split_head
from spikeheb.recordings.recorded import Recorded
from spikeheb.recordings.text import TABLES, TEXTS, Table, first_cells, holds_text, read_table, read_text, table_of
from spikeheb.units import parse_unit

Floats = npt.NDArray[np.float64]

STANDARD_UNIT = "mV"
_ATF_START = re.compile(r"ATF[\t ,]++[0-9.,]+\s*", re.IGNORECASE)
_COUNT = re.compile(r"[0-9]{1,9}")
_STARTS = re.compile(r'"?SweepStartTimesMS=(.*?)"?', re.IGNORECASE)
_SIGNALS = re.compile(r'"?Signals="?[\t ,]*+(.*)', re.IGNORECASE)

MAX_HEADS = 100
MANY = 30
MISSING = ("", "nan")
"""What a cell says where a sweep was not recorded to its end."""


@dataclass(frozen=True)
class _Column:
    """A column of samples."""

    position: int
    name: str
    unit: str | None
    signal: str = ""


def is_text(path: Path) -> bool:
    """Whether a file of sweeps is read here rather than by Neo."""
    suffix = path.suffix.lower()
    return suffix in (*TABLES, ".atf") or (suffix in TEXTS and holds_text(path))


def _is_atf(path: Path) -> bool:
    return path.suffix.lower() == ".atf" or first_cells(path)[:1] == ["ATF"]


def recorded_table(path: Path, channel: int | str, unit: str | None) -> Recorded:
    """The sweeps of a text file.

    Raises
    ------
    FormatError, UnknownName
    """
    if _is_atf(path):
        return _recorded_atf(path, channel, unit)
    table = read_table(path)
    _check_time(table)
    columns = [_Column(n, *split_head(head)) for n, head in enumerate(table.header) if n]
    return _recorded(table, columns, channel, unit, None)


def _check_time(table: Table) -> None:
    times = [head for head in table.header if seconds_of(head) is not None]
    if len(times) != 1:
        heads = ", ".join(table.header)
        heads = heads if len(heads) <= MAX_HEADS else f"{heads[:MAX_HEADS]}..."
        hint = 'a header with one column "time_s" or "time_ms", or such as "Time (ms)", and a column for each sweep'
        raise table.error(f"expected {hint} (found: {heads})")
    if table.header.index(times[0]) != 0 or len(table.header) < 2:
        raise table.error("expected the time in the first column and a sweep in each further one")


def _recorded(table: Table, columns: list[_Column], channel: int | str, unit: str | None, starts: Floats | None) -> Recorded:
    scale = seconds_of(table.header[0]) or 1.0
    stimuli = [column for column in columns if is_stimulus(column.name) or is_stimulus(column.signal)]
    sweeps = _of_channel([column for column in columns if column not in stimuli], channel, unit, table)
    minutes = _minutes(sweeps, table)
    if minutes is None:
        sweeps = [sweeps[n] for n in numbered_order([column.name for column in sweeps])]
    if len(sweeps) > max(MANY, 3 * len(table.rows)):
        raise table.error(f"{len(sweeps)} sweeps of {len(table.rows)} samples: each sweep must be a column; exchange rows and columns")
    numbers = _numbers(table)
    time = numbers[:, 0] * scale
    stimulus = np.abs(numbers[:, [column.position for column in stimuli]]).max(axis=1) if stimuli else None
    values = numbers[:, [column.position for column in sweeps]].T
    if starts is not None and len(starts) != len(sweeps):
        raise table.error(f"{len(starts)} start times for {len(sweeps)} sweeps")
    return Recorded(values, time, sweeps[0].unit or STANDARD_UNIT, str(table.path), minutes, starts, stimulus=stimulus)


def _numbers(table: Table) -> Floats:
    """All cells, shape (lines, columns), the first column rising; NaN where a sweep has no value, for it is incomplete."""
    rows: list[list[float]] = []
    for line, cells in table.whole_rows():
        values = [
            math.nan if n and cell.lower() in MISSING else table.number(cell, line, f'column "{head}"')
            for n, (head, cell) in enumerate(zip(table.header, cells, strict=True))
        ]
        if rows and values[0] <= rows[-1][0]:
            raise table.error(f"time {values[0]:g} does not come after {rows[-1][0]:g}", line)
        rows.append(values)
    return np.array(rows)


def _of_channel(columns: list[_Column], channel: int | str, unit: str | None, table: Table) -> list[_Column]:
    """The columns that are sweeps of the channel: of that name or signal, or of the kind of the unit; of one unit."""
    if not columns:
        raise table.error("expected the time in the first column and a sweep in each further one")
    signals = list(dict.fromkeys(column.signal for column in columns if column.signal))
    if isinstance(channel, str):
        chosen = [column for column in columns if channel in (column.name, column.signal)]
        if not chosen:
            raise unknown_name("channel", channel, {*signals, *(column.name for column in columns)}, path=str(table.path), key="channel")
        columns = chosen
    elif signals and len(signals) > 1:
        if not 0 <= channel < len(signals):
            raise table.error(f"there is no channel {channel}; the file has {len(signals)}: {', '.join(signals)}")
        columns = [column for column in columns if column.signal == signals[channel]]
    elif channel != 0:
        raise table.error(f"there is no channel {channel}; the sweeps of the table are of one channel")
    return _of_one_unit(columns, unit, table)


def _of_one_unit(columns: list[_Column], unit: str | None, table: Table) -> list[_Column]:
    kinds = {column.unit: _kind(column.unit, table) for column in columns}
    if len(set(kinds.values())) > 1 and unit is not None:
        wanted = _kind(unit, table)
        columns = [column for column in columns if kinds[column.unit] == wanted]
    units = list(dict.fromkeys(column.unit for column in columns))
    if len(units) != 1:
        named = ", ".join(str(own) for own in units) or f"none in {unit}"
        raise table.error(f"the sweeps must have one unit (found: {named}); say the unit of those that count, or name a channel")
    if unit is not None and units[0] is not None and _kind(unit, table) != kinds[units[0]]:
        raise FormatError(f"the heads say {units[0]} (got {unit})", path=str(table.path), key="unit")
    return columns


def _kind(unit: str | None, table: Table) -> str:
    """The kind of a unit in words; a head without one is in the unit that is standard here."""
    try:
        return str(parse_unit(unit or STANDARD_UNIT)[0])
    except UnitError as error:
        raise UnitError(error.message, path=str(table.path), key="unit") from None


def _minutes(columns: list[_Column], table: Table) -> Floats | None:
    """The minutes that the heads are, or None where they are names."""
    texts = [minute_of(column.name) for column in columns]
    if all(text is None for text in texts):
        return None
    minutes = []
    for column, text in zip(columns, texts, strict=True):
        minutes.append(table.number(text or column.name, table.line, "the head of a sweep's column, its minute,"))
        if minutes[-1] == 0:
            raise table.error("minute 0 is the end of the induction: sweeps come before it or after it")
    return np.array(minutes)


# --- Axon Text File --------------------------------------------------------------------------------------------------


def _recorded_atf(path: Path, channel: int | str, unit: str | None) -> Recorded:
    """An Axon Text File: ``ATF 1.0``, the numbers of header lines and columns, the header, the titles, the samples."""
    lines = read_text(path).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    counts = re.split(r"[\t ,]+", lines[1].strip()) if len(lines) > 1 else []
    if not _ATF_START.fullmatch(lines[0]) or len(counts) != 2 or not all(_COUNT.fullmatch(count) for count in counts):
        raise FormatError('is no Axon Text File: expected "ATF 1.0" and a line with two numbers', path=str(path), key="line 1")
    headers, width = map(int, counts)
    options = lines[2 : 2 + headers]
    table = table_of(path, "\n".join(lines[2 + headers :]), 2 + headers)
    if len(table.header) != width:
        raise table.error(f"expected {width} titles (got {len(table.header)})")
    _check_time(table)
    signals = _signals(options)
    columns = []
    for n, head in enumerate(table.header[1:], start=1):
        columns.append(_Column(n, *split_head(head), signal=signals[n] if len(signals) == width else ""))
    return _recorded(table, columns, channel, unit, _atf_starts(options, table))


def _signals(options: list[str]) -> list[str]:
    """The signal of each column, that of the time included; nothing where the header does not say."""
    line = next((match[1] for option in options if (match := _SIGNALS.fullmatch(option.strip()))), "")
    names = [name.strip('" ') for name in re.split(r"\t|,(?=\")", line.strip())]
    return ["", *(name for name in names if name)]


def _atf_starts(options: list[str], table: Table) -> Floats | None:
    """Start times of the sweeps in seconds."""
    text = next((match[1] for option in options if (match := _STARTS.fullmatch(option.strip()))), "")
    cells = [cell for cell in text.split(",") if cell.strip()]
    return np.array([table.number(cell.strip(), 1, "SweepStartTimesMS") for cell in cells]) / 1000 if cells else None
