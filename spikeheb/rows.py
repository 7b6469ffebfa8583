"""The rows of a CSV file of measurements, as spreadsheets write it: cells by column, with the number of their line."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from spikeheb.encoding import both_marks, decoded, has_both_marks
from spikeheb.errors import FormatError
from spikeheb.limits import check_file

MAX_BYTES = 1_000_000
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t])', re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"([+-]?\d*),(\d+(?:[eE][+-]?\d+)?)")

Line = tuple[int, Mapping[str, str]]


def read_lines(path: Path, known: Sequence[str]) -> tuple[bytes, str, list[str], list[Line]]:
    """The bytes, the comment, the header, and the numbered lines with their cells by column.

    Names of columns come as those that are known write them, whatever the case of their letters.

    Raises
    ------
    FormatError
        With the line, for what is no CSV text.
    """
    where = str(path)
    check_file(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FormatError(f"cannot be read ({error.strerror or error})", path=where) from None
    try:
        text = decoded(content)
    except ValueError as error:
        raise FormatError(f"is not text ({error})", path=where) from None
    if len(content) > MAX_BYTES:
        raise FormatError(f"more than {MAX_BYTES} bytes", path=where)
    numbered = [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    said = _SEPARATOR_LINE.match(numbered[0][1]) if numbered else None
    numbered = numbered[1:] if said else numbered
    doc = "\n".join(line.lstrip('"# ').rstrip() for _, line in numbered if _is_comment(line))
    table = [(n, line) for n, line in numbered if not _is_comment(line)]
    if len(table) < 2:
        raise FormatError("expected a header line and at least one row", path=where)
    separator = said[1] if said else _separator(table[0][1])
    cells = [(n, _split(line, separator, n, where)) for n, line in table]
    header = [_known_name(name, known) for name in cells[0][1]]
    return content, doc, header, [(n, _by_column(header, row, n, where)) for n, row in cells[1:]]


def _is_comment(line: str) -> bool:
    """Spreadsheets put a comment with a comma into quotes."""
    return line.lstrip('"').startswith("#")


def _separator(header: str) -> str:
    return "," if "," in header else next((mark for mark in (";", "\t") if mark in header), ",")


def _known_name(column: str, known: Sequence[str]) -> str:
    return next((name for name in known if name.lower() == column.lower()), column)


def _split(line: str, separator: str, number: int, path: str) -> list[str]:
    try:
        cells = [cell.strip() for cell in next(csv.reader([line], strict=True, delimiter=separator))]
    except csv.Error as error:
        raise FormatError(f"is not CSV ({error}); a cell with a comma needs quotes", path=path, key=f"line {number}") from None
    for cell in filter(has_both_marks, cells):
        raise FormatError(both_marks(cell), path=path, key=f"line {number}")
    return cells if separator == "," else [_DECIMAL_COMMA.sub(r"\1.\2", cell) if _DECIMAL_COMMA.fullmatch(cell) else cell for cell in cells]


def _by_column(header: list[str], row: list[str], number: int, path: str) -> Mapping[str, str]:
    if len(row) != len(header):
        raise FormatError(
            f"expected {len(header)} cells (got {len(row)}); a cell with a comma needs quotes", path=path, key=f"line {number}"
        )
    return dict(zip(header, row, strict=True))
