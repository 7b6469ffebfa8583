"""Published outcomes: measured rows of a CSV file, and windows that somebody fitted to them.

A file of measurements has a header line, and one line for each measured value. Lines that start with ``#`` are its
documentation. ``ratio`` (or ``outcome``), one of ``sem`` and ``n``, and one condition or more must be there; the other columns may
be left out, and cells stay empty where the source does not say. A row without ratio, sem, n and outcome was not measured and
does not count. Cells are separated by commas; where the header has none, by semicolons or tabs, and then numbers may have a
decimal comma, as spreadsheets write them in many countries. Excel's first line ``sep=;`` goes before that.

=================  ==========================================================================================
ratio              after / before; may be empty only where there is an ``outcome``
sem                standard error of the ratio
n                  number of cells or connections
measure            ``amplitude`` or ``slope`` of the EPSP, ``EPSC`` or ``IPSC``
delta_t_reference  what delta_t was measured from and to, in words
calcium_mM         external calcium
temperature_C      of the bath
age                of the animals, in words
digitisation_error of the ratio, as the file's documentation defines it
series             the experiment within the paper that the row belongs to
citation           with DOI; the name of the file where there is none
note               anything else
=================  ==========================================================================================

The column ``outcome`` is ``LTP``, ``LTD`` or ``none``, for a source that gives a direction, with or without a number.

All other columns are conditions. A unit at the end of the name is taken off and the cells are converted to SI:
``delta_t_ms`` gives the condition ``delta_t`` in seconds, ``frequency_hz`` gives ``frequency``. Without a unit, a column
holds SI numbers, or words if its first cell is no number.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spikeheb.encoding import decoded
from spikeheb.errors import FormatError, UnitError, unknown_name
from spikeheb.rows import read_lines
from spikeheb.units import parse_quantity, unit

Value = float | str

COLUMNS = (
    "ratio", "sem", "n", "measure", "delta_t_reference", "calcium_mM", "temperature_C", "age", "digitisation_error", "series",
    "citation", "note",
)  # fmt: skip
OUTCOME = "outcome"
MEASURED = ("ratio", OUTCOME, "sem", "n")
"""Columns of which a row has something that was measured."""
OUTCOMES = ("LTP", "LTD", "none")
MEASURES = ("amplitude", "slope", "EPSC", "IPSC")
FIT_COLUMNS = (
    "A_plus", "A_plus_error", "tau_plus_ms", "tau_plus_error_ms", "A_minus", "A_minus_error", "tau_minus_ms", "tau_minus_error_ms",
    "citation", "note",
)  # fmt: skip
KNOWN = (*COLUMNS, OUTCOME, *FIT_COLUMNS)
TOLERANCE = 1e-6
LARGEST = 20.0
"""A ratio above this, or its standard error, was written in per cent."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured value or direction with its condition (SI); None where the source does not say."""

    condition: Mapping[str, Value]
    ratio: float | None
    outcome: str | None
    sem: float | None
    n: int | None
    measure: str | None
    delta_t_reference: str | None
    calcium_mM: float | None
    temperature_C: float | None
    age: str | None
    digitisation_error: float | None
    series: str | None
    citation: str
    note: str | None
    line: int


@dataclass(frozen=True)
class Published:
    """The measurements of one file.

    Attributes
    ----------
    path : str
    doc : str
        The comment lines of the file.
    rows : tuple of Measurement
    hash : str
        The first 16 hexadecimal digits of the SHA-256 of the file.
    columns : mapping of str to str
        The column of each condition: ``{"delta_t": "delta_t_ms"}``.
    text : str
        The file as it was read, so that a result can hold measurements of the user's own.
    """

    path: str
    doc: str
    rows: tuple[Measurement, ...]
    hash: str
    columns: Mapping[str, str]
    text: str = field(default="", repr=False, compare=False)

    @property
    def conditions(self) -> tuple[str, ...]:
        """Names of the conditions, in the order of the columns."""
        return tuple(self.columns)

    @property
    def series(self) -> tuple[str, ...]:
        """Names of the series, in the order of their first rows."""
        return tuple(dict.fromkeys(row.series for row in self.rows if row.series is not None))

    def match(self, condition: Mapping[str, Value], series: str | None = None) -> list[Measurement]:
        """The rows measured under that condition (of one series, if given); empty if there are none.

        Numbers agree within one part in a million. Conditions for which the file has no column are not compared.

        Raises
        ------
        UnknownName
            Where the condition lacks a name in which the rows differ, or there is no such series.
        """
        for name in self.conditions:
            if name not in condition:
                raise unknown_name("condition", name, condition, path=self.path)
        if series is not None and series not in self.series:
            raise unknown_name("series", series, self.series, path=self.path)
        rows = [row for row in self.rows if series is None or row.series == series]
        return [row for row in rows if all(_same(value, condition[name]) for name, value in row.condition.items())]


@dataclass(frozen=True, slots=True)
class FittedWindow:
    """Exponentials that were fitted to measured points: the change is ``A exp(-|delta_t|/tau)`` on either side.

    Attributes
    ----------
    A_plus, A_minus : float
        Change at delta_t = 0+ and 0-, as a fraction of the value before; A_minus is negative for depression.
    tau_plus, tau_minus : float
        Seconds.
    errors : mapping of str to float
        Standard errors of these four, where the source gives them.
    """

    A_plus: float
    tau_plus: float
    A_minus: float
    tau_minus: float
    errors: Mapping[str, float]
    citation: str
    note: str | None

    def ratio(self, delta_t: float) -> float:
        """After / before at `delta_t` seconds; at 0, the mean of both sides' limits."""
        if delta_t == 0:
            return 1 + (self.A_plus + self.A_minus) / 2
        amplitude, tau = (self.A_plus, self.tau_plus) if delta_t > 0 else (self.A_minus, self.tau_minus)
        return 1 + amplitude * math.exp(-abs(delta_t) / tau)


def read_published(path: Path | str) -> Published:
    """The measurements of a CSV file.

    Raises
    ------
    FormatError
        Naming file, line and column, for the first cell that is not as this module says.
    """
    where = str(path)
    content, doc, header, lines = read_lines(Path(path), KNOWN)
    names = [name for name in header if name not in (*COLUMNS, OUTCOME)]
    _check_header(header, _missing(header, names), where)
    texts = {name for name in names if _is_text(name, lines[0][1][name])}
    measured = [(number, cells) for number, cells in lines if any(cells.get(column) for column in MEASURED)]
    if not measured:
        raise FormatError(f"no row has a ratio or an {OUTCOME}; fill in what was measured", path=where)
    rows = tuple(_measurement(number, cells, names, texts, where) for number, cells in measured)
    columns = {_split_unit(name)[0]: name for name in names}
    return Published(where, doc, rows, hashlib.sha256(content).hexdigest()[:16], columns, decoded(content))


def _missing(header: list[str], conditions: list[str]) -> list[str]:
    """What a file of measurements lacks, in words."""
    missing = [] if {"ratio", OUTCOME} & set(header) else ["ratio"]
    missing += [] if {"sem", "n", OUTCOME} & set(header) else ["sem or n"]
    return missing + ([] if conditions else ["a condition such as delta_t_ms"])


def read_fits(path: Path | str) -> tuple[FittedWindow, ...]:
    """The fitted windows of a CSV file: one a line, with the columns `FIT_COLUMNS`.

    Raises
    ------
    FormatError
        Naming file, line and column.
    """
    where = str(path)
    _, _, header, lines = read_lines(Path(path), KNOWN)
    _check_header(header, [name for name in FIT_COLUMNS if name not in header], where)
    for name in header:
        if name not in FIT_COLUMNS:
            raise FormatError(f'expected only {", ".join(FIT_COLUMNS)} (got "{name}")', path=where, key="header")
    return tuple(_fit(number, cells, where) for number, cells in lines)


def _check_header(header: list[str], missing: Sequence[str], path: str) -> None:
    for name, count in Counter(header).items():
        if not name or count > 1:
            raise FormatError(f'column "{name}" is there twice' if name else "a column without a name", path=path, key="header")
    if missing:
        raise FormatError(f"missing columns: {', '.join(missing)} (got {', '.join(header)})", path=path, key="header")


def _split_unit(column: str) -> tuple[str, str]:
    """The condition's name, and the unit at the end of the column's name (or nothing)."""
    name, _, suffix = column.rpartition("_")
    suffix = "Hz" if suffix == "hz" else suffix
    return (name, suffix) if name and unit(suffix) else (column, "")


def _is_text(column: str, first: str) -> bool:
    try:
        float(first)
    except ValueError:
        return not _split_unit(column)[1]
    return False


def _measurement(line: int, cells: Mapping[str, str], names: list[str], texts: set[str], path: str) -> Measurement:
    def text(column: str) -> str | None:
        return cells.get(column) or None

    def number(column: str) -> float | None:
        return _number(cells[column], path, line, column) if cells.get(column) else None

    condition = {_split_unit(name)[0]: _condition(name, cells[name], name in texts, path, line) for name in names}
    if len(condition) < len(names):
        raise FormatError("two columns give the same condition", path=path, key="header")
    for column, known in (("measure", MEASURES), (OUTCOME, OUTCOMES)):
        if cells.get(column) and cells[column] not in known:
            raise FormatError(f'expected one of {", ".join(known)} (got "{cells[column]}")', path=path, key=_place(line, column))
    outcome = text(OUTCOME)
    for column in ("ratio", "sem"):
        if (number(column) or 0.0) > LARGEST:
            raise FormatError(
                f'expected a ratio after / before of at most {LARGEST:g} (got "{cells[column]}"); write 1.45 for 145 %',
                path=path,
                key=_place(line, column),
            )
    n = number("n")
    if n is not None and (n != int(n) or n < 1):
        raise FormatError(f'expected a whole number from 1 on (got "{cells["n"]}")', path=path, key=_place(line, "n"))
    return Measurement(
        condition=condition,
        ratio=number("ratio") if outcome else _number(_given(cells, "ratio", path, line), path, line, "ratio"),
        outcome=outcome,
        sem=number("sem"),
        n=None if n is None else int(n),
        measure=text("measure"),
        delta_t_reference=text("delta_t_reference"),
        calcium_mM=number("calcium_mM"),
        temperature_C=number("temperature_C"),
        age=text("age"),
        digitisation_error=number("digitisation_error"),
        series=text("series"),
        citation=text("citation") or Path(path).name,
        note=text("note"),
        line=line,
    )


def _fit(line: int, cells: Mapping[str, str], path: str) -> FittedWindow:
    def number(column: str) -> float:
        value = _si(_given(cells, column, path, line), path, line, column)
        if value < 0 and column != "A_minus":
            raise FormatError(f'expected 0 or more (got "{cells[column]}")', path=path, key=_place(line, column))
        if value == 0 and column in ("tau_plus_ms", "tau_minus_ms"):
            raise FormatError("expected more than 0", path=path, key=_place(line, column))
        return value

    errors = ("A_plus_error", "tau_plus_error_ms", "A_minus_error", "tau_minus_error_ms")
    return FittedWindow(
        A_plus=number("A_plus"),
        tau_plus=number("tau_plus_ms"),
        A_minus=number("A_minus"),
        tau_minus=number("tau_minus_ms"),
        errors={column.partition("_error")[0]: number(column) for column in errors if cells[column]},
        citation=_given(cells, "citation", path, line),
        note=cells["note"] or None,
    )


def _given(cells: Mapping[str, str], column: str, path: str, line: int) -> str:
    if not cells.get(column):
        raise FormatError("may not be empty", path=path, key=_place(line, column))
    return cells[column]


def _condition(column: str, cell: str, is_text: bool, path: str, line: int) -> Value:
    if not cell:
        raise FormatError("a condition may not be empty", path=path, key=_place(line, column))
    return cell if is_text else _si(cell, path, line, column)


def _si(cell: str, path: str, line: int, column: str) -> float:
    """The number in the cell, from the unit at the end of the column's name to SI."""
    _number(cell, path, line, column, signed=True)
    try:
        return parse_quantity(f"{cell} {_split_unit(column)[1]}")[0]
    except UnitError as error:
        raise FormatError(error.message, path=path, key=_place(line, column)) from None


def _number(cell: str, path: str, line: int, column: str, *, signed: bool = False) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (value < 0 and not signed):
        kind = "a number" if signed else "a number of 0 or more"
        raise FormatError(f'expected {kind} (got "{cell}")', path=path, key=_place(line, column))
    return value


def _place(line: int, column: str) -> str:
    return f"line {line}, {column}"


def _same(published: Value, wanted: Value) -> bool:
    if isinstance(published, str) or isinstance(wanted, str):
        return published == wanted
    return math.isclose(published, wanted, rel_tol=TOLERANCE, abs_tol=1e-12)
