"""Tables as text: which character parts the columns, which is the decimal mark, and what the cells say.

The rules are fixed, so that nothing is guessed:

- Columns are separated by tabs if the header holds one, else by semicolons if it holds one, else by commas. Excel's first line
  ``sep=;`` goes before that.
- The decimal mark is the point or the comma, the same in the whole file; a file with both is refused, and so are marks
  between thousands. Where commas part the columns, ``0,5`` is two cells (``"0,5"`` in quotation marks is one).
- Text is UTF-8, or UTF-16 with a byte order mark, or else Windows-1252, in which programs save a micro sign.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spikeheb.encoding import UTF_16_MARKS, decoded
from spikeheb.errors import FormatError
from spikeheb.limits import check_file
from spikeheb.paths import is_file
from spikeheb.units import plain

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
TABLES = (".csv", ".tsv")
TEXTS = (".txt", ".dat", ".asc")
"""Suffixes that may stand for a table as well as for files that Neo reads; the first line decides."""
_SEPARATOR = re.compile(r"sep=(.)", re.IGNORECASE)
MOST_COLUMNS = 20_000
"""The largest number of columns of a table: two days of sweeps at 0.1 Hz."""
NAMES = {"\t": "tabs", ";": "semicolons", ",": "commas"}


@dataclass
class Table:
    """The rows of a text file; it remembers which decimal mark it has met.

    Attributes
    ----------
    path : Path
    delimiter : str
    line : int
        Of the header.
    header : list of str
    rows : list of (line, cells)
    """

    path: Path
    delimiter: str
    line: int
    header: list[str]
    rows: list[tuple[int, list[str]]]
    _marks: dict[str, tuple[int, str]] = field(default_factory=dict)

    def error(self, message: str, line: int | None = None) -> FormatError:
        """An error that names the file and the line."""
        return FormatError(message, path=str(self.path), key=f"line {self.line if line is None else line}")

    def whole_rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows below the header, which must be as long as it."""
        for line, cells in self.rows:
            if len(cells) != len(self.header):
                hint = (
                    "; with a decimal comma, separate columns by ; or tabs"
                    if self.delimiter == "," and len(cells) > len(self.header)
                    else ""
                )
                raise self.error(
                    f"expected {len(self.header)} columns (got {len(cells)}), separated by {NAMES.get(self.delimiter, 'it')}{hint}", line
                )
            yield line, cells

    def number(self, text: str, line: int, what: str) -> float:
        """The finite number of a cell.

        Raises
        ------
        FormatError
        """
        ascii_text = plain(text)
        value = float(ascii_text.replace(",", ".")) if _NUMBER.fullmatch(ascii_text) else math.nan
        if not math.isfinite(value):
            raise self.error(f'{what} must be a finite number (got "{text[:40]}")', line)
        for mark, other in ((".", ","), (",", ".")):
            if mark in ascii_text:
                self._marks.setdefault(mark, (line, text))
                if other in self._marks:
                    at, before = self._marks[other]
                    raise self.error(f'"{text[:20]}" and "{before[:20]}" (line {at}) have different decimal marks; use one of them', line)
        return value


def read_table(path: Path) -> Table:
    """The table of a text file; empty lines and lines that begin with ``#`` are skipped.

    Raises
    ------
    FormatError
    """
    return table_of(path, read_text(path), 0)


def table_of(path: Path, text: str, skipped: int, delimiter: str | None = None) -> Table:
    """The table of a text that begins after `skipped` lines of the file."""
    first, *_ = text.split("\n", 1)
    if match := _SEPARATOR.fullmatch(first.strip("\r ")):
        delimiter, skipped, text = match[1], skipped + 1, text.partition("\n")[2]
    delimiter = delimiter or delimiter_of(next((line for line in text.split("\n") if _is_content(line)), ""))
    rows: list[tuple[int, list[str]]] = []
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for row in reader:
            if len(row) > MOST_COLUMNS:
                text = f"expected at most {MOST_COLUMNS:,} columns (got {len(row):,}); give a part of them"
                raise FormatError(text, path=str(path), key=f"line {reader.line_num + skipped}")
            cells = [cell.strip() for cell in row]
            if any(cells) and not cells[0].startswith("#"):
                rows.append((reader.line_num + skipped, cells))
    except csv.Error as error:
        raise FormatError(f"is not CSV text ({error})", path=str(path)) from None
    if len(rows) < 2:
        raise FormatError("is empty: expected a header and lines below it", path=str(path))
    (line, header), *rest = rows
    width = _width(header, rest)
    return Table(path, delimiter, line, header[:width], [(at, cells[:width] if len(cells) == len(header) else cells) for at, cells in rest])


def _width(header: list[str], rows: list[tuple[int, list[str]]]) -> int:
    """The columns without the last ones that are empty in every line, where every line ends in separators."""
    if any(len(cells) != len(header) for _, cells in rows):
        return len(header)
    filled = (n for n in range(len(header) - 1, 0, -1) if header[n] or any(cells[n] for _, cells in rows))
    return next(filled, 0) + 1


def delimiter_of(header: str) -> str:
    """What parts the columns: the first of tab, semicolon and comma that stands in the header outside of quotation marks."""
    bare = re.sub(r'"[^"]*"', "", header)
    return next((mark for mark in ("\t", ";") if mark in bare), ",")


def first_cells(path: Path) -> list[str]:
    """The cells of the first line with content, as far as 4 kB reach; nothing if it is not a text file."""
    text = _beginning(path)
    line = next((line for line in text.splitlines() if _is_content(line) and not _SEPARATOR.fullmatch(line.strip())), "")
    return [cell.strip('" ') for cell in line.split(delimiter_of(line))]


def holds_text(path: Path) -> bool:
    """Whether a file begins as text does, with nothing that only a program reads."""
    text = _beginning(path)
    return bool(text.strip()) and "\0" not in text and all(character.isprintable() or character.isspace() for character in text)


def _beginning(path: Path) -> str:
    """The first 4 kB as text; nothing if it is not a file."""
    if not is_file(path):
        return ""
    with path.open("rb") as file:
        data = file.read(4096)
    if data[:2] in UTF_16_MARKS:
        return data.decode("utf-16", errors="ignore")
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data)  # the last character may be cut
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def read_text(path: Path) -> str:
    """The file's text.

    Raises
    ------
    FormatError
        For what is no file, or not text.
    """
    check_file(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be read ({error.strerror or error})", path=str(path)) from None
    try:
        return decoded(data)
    except ValueError as error:
        raise FormatError(f"is not CSV text ({error})", path=str(path)) from None
