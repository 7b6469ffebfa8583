"""Weights from files: their numbers, their shape, and how that shape is interpreted.

A file that could be read in two ways is refused, and the interpretation is given in words (`WeightTable.meaning`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeheb.encoding import both_marks, has_both_marks
from spikeheb.errors import FormatError
from spikeheb.paths import kind_at

Floats = npt.NDArray[np.float64]

LAYOUTS = ("rows", "columns", "one")
MOST_SEEDS = 20
"""An array with at most this number of rows, and with more columns than rows, has one seed in each row; a larger matrix is one sample."""
MAX_BYTES = 500_000_000
_MISSING = {"", "nan", "na", "n/a", "null", "none", "-"}
_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
_NAME = re.compile(r"(w|weights?)\s*([(\[/,].*)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+")
_PLACE = re.compile(
    r"(index|idx|i|j|ids?|n|nr|no|time|t|minutes?|(pre|post|source|target|neuron|synapse|cell|input)s?([ _]?(id|index|nr))?)", re.IGNORECASE
)
_SEED = re.compile(r"seeds?[ _#]*[0-9]*", re.IGNORECASE)


@dataclass(frozen=True)
class WeightTable:
    """The weights of a file: for each seed its weights, and in words what was read."""

    seeds: tuple[Floats, ...]
    meaning: str
    laid_out: bool = False


def read_weight_table(path: Path, layout: str | None = None) -> WeightTable:
    """The weights of a ``.csv`` (or other text) or ``.npy`` file.

    Parameters
    ----------
    path : Path
    layout : {"rows", "columns", "one"}, optional
        What a table of several rows and columns means: seeds by row, seeds by column, or one sample.

    Raises
    ------
    FormatError
        Where the file holds something else, or what could be read in two ways.
    """
    _check_layout(layout)
    if kind_at(path) != "file":
        raise FormatError(f"is a {kind_at(path)}" if kind_at(path) else "there is no such file", path=str(path))
    if path.stat().st_size > MAX_BYTES:
        raise FormatError(f"is larger than {MAX_BYTES / 1e6:g} MB", path=str(path))
    table = _of_array(_array(path), layout, path) if path.suffix.lower() == ".npy" else _of_text(path, layout)
    return _connected(table, path)


def weight_array(values: npt.NDArray[Any], layout: str | None, name: str) -> WeightTable:
    """The weights of an array, of one or two dimensions, as `read_weight_table` reads one from a file; `name` says in errors which it is.

    Raises
    ------
    FormatError
    """
    _check_layout(layout)
    place = Path(name)
    return _connected(_of_array(_numbers(values, place), layout, place), place)


def _check_layout(layout: str | None) -> None:
    if layout is not None and layout not in LAYOUTS:
        raise FormatError(f"expected one of {', '.join(LAYOUTS)} (got {layout!r})", key="layout")


def _connected(table: WeightTable, path: Path) -> WeightTable:
    """Without the entries that are NaN, which mean no connection; these are counted."""
    whole = np.concatenate([seed.ravel() for seed in table.seeds]) if table.seeds else np.zeros(0)
    if np.isinf(whole).any():
        raise FormatError("holds an infinite weight", path=str(path))
    missing = int(np.isnan(whole).sum())
    seeds = tuple(seed[np.isfinite(seed)] for seed in table.seeds)
    if not sum(seed.size for seed in seeds):
        raise FormatError("holds no weights", path=str(path))
    if any(not seed.size for seed in seeds):
        raise FormatError("has a seed without any weight", path=str(path))
    note = f"; {missing} of {whole.size} entries are NaN: no connection, left out" if missing else ""
    return replace(table, seeds=seeds, meaning=table.meaning + note)


# --- arrays --------------------------------------------------------------------------------------------------------------


def _array(path: Path) -> Floats:
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)  # this fails if the header promises more than the file holds
    except (OSError, ValueError, EOFError, SyntaxError, OverflowError, MemoryError) as error:
        raise FormatError(f"is not an array of numbers ({_short(error)})", path=str(path)) from None
    if not isinstance(mapped, np.ndarray):
        raise FormatError("is an archive of arrays; save the weights as one array (.npy)", path=str(path))
    return _numbers(mapped, path)


def _numbers(mapped: npt.NDArray[Any], path: Path) -> Floats:
    if mapped.dtype.names:
        fields = [name for name in mapped.dtype.names if _NAME.fullmatch(name)]
        if len(fields) != 1 or mapped.dtype[fields[0]].kind not in "fiu":
            raise FormatError(
                f"is a structured array of {', '.join(mapped.dtype.names)}; expected one field of numbers called weight",
                path=str(path),
            )
        mapped = mapped[fields[0]]
    if mapped.dtype.kind not in "fiub":
        raise FormatError(f"expected real numbers (got an array of {mapped.dtype})", path=str(path))
    if mapped.ndim not in (1, 2):
        raise FormatError(f"expected an array of one or two dimensions (got {mapped.ndim}, shape {mapped.shape})", path=str(path))
    if mapped.size * 8 > MAX_BYTES:
        raise FormatError(f"holds more than {MAX_BYTES // 8:,} numbers", path=str(path))
    return np.array(mapped, dtype=float)


def _of_array(values: Floats, layout: str | None, path: Path) -> WeightTable:
    if values.ndim == 1 or 1 in values.shape:
        return WeightTable((values.ravel(),), f"{values.size} weights of one seed")
    rows, columns = values.shape
    size = f"a table of {rows} rows and {columns} columns"
    if layout is None:
        layout = "rows" if rows <= MOST_SEEDS and rows < columns else "one"
    match layout:
        case "rows":
            return WeightTable(tuple(values), f"{size}, taken for {rows} seeds of {columns} weights", True)
        case "columns":
            return WeightTable(tuple(values.T), f"{size}, taken for {columns} seeds of {rows} weights", True)
    return WeightTable(
        (values.ravel(),),
        f"{size}, taken for one sample of {values.size} weights (layout says otherwise where rows or columns are seeds)",
        True,
    )


# --- text ----------------------------------------------------------------------------------------------------------------


def _of_text(path: Path, layout: str | None) -> WeightTable:
    lines = _lines(path)
    delimiter = _delimiter(lines)
    first = _cells(lines[0], delimiter)
    if all(_is_entry(cell, delimiter) for cell in first):
        return _headless(lines, delimiter, layout, path)
    return _with_header([cell.strip(" \"'") for cell in first], lines[1:], delimiter, layout, path)


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FormatError(f"cannot be read ({error.strerror or error})", path=str(path)) from None
    except ValueError:
        raise FormatError("is not an array of numbers (it is not UTF-8 text)", path=str(path)) from None
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    lines = lines[1:] if lines and re.fullmatch(r"sep=.?", lines[0].strip(), re.IGNORECASE) else lines  # a line that Excel reads
    if not lines:
        raise FormatError("holds no weights", path=str(path))
    return lines


def _delimiter(lines: list[str]) -> str:
    """A semicolon, a tab or a comma, whichever stands in the file; spaces where none of them does."""
    for delimiter in (";", "\t", ","):
        if any(delimiter in line for line in lines):
            return delimiter
    return ""


def _cells(line: str, delimiter: str) -> list[str]:
    if not delimiter:
        return re.split("[ \t]+", line.strip(" \t"))  # a no-break space may part thousands
    return [cell.strip() for cell in line.split(delimiter)]


def _number(cell: str, delimiter: str) -> float:
    """The entry as a number, NaN for a missing one; a comma inside is a decimal one. ValueError for anything else."""
    cell = cell.strip(" \"'")
    if cell.lower() in _MISSING:
        return float("nan")
    if delimiter != "," and _COMMA.fullmatch(cell):
        cell = cell.replace(",", ".")
    if "_" in cell:
        raise ValueError(cell)
    return float(cell)


def _is_entry(cell: str, delimiter: str) -> bool:
    try:
        _number(cell, delimiter)
    except ValueError:
        return False
    return True


def _table(rows: list[list[str]], delimiter: str, path: Path, first: int) -> Floats:
    """The entries as numbers, shape (rows, columns)."""
    values = np.empty((len(rows), len(rows[0]) if rows else 0))
    for n, row in enumerate(rows):
        if len(row) != values.shape[1]:
            words = f"row {n + first} has {len(row)} entries, and others {values.shape[1]}"
            raise FormatError(f"is not a table of numbers ({words}); is the decimal sign a comma?", path=str(path))
        for k, cell in enumerate(row):
            try:
                values[n, k] = _number(cell, delimiter)
            except ValueError:
                words = both_marks(cell) if has_both_marks(cell) else f'"{cell[:40]}"'
                raise FormatError(f"is not a table of numbers (row {n + first}: {words})", path=str(path)) from None
    return values


def _headless(lines: list[str], delimiter: str, layout: str | None, path: Path) -> WeightTable:
    for line in filter(has_both_marks, lines if layout is None else ()):
        raise FormatError(f"{both_marks(line)}, or add a header line that names the column weight", path=str(path))
    values = _table([_cells(line, delimiter) for line in lines], delimiter, path, 1)
    if values.shape[1] > 1 and layout is None:
        whole = np.all((values == np.rint(values)) | np.isnan(values), axis=0)
        if delimiter == "," and whole.all():
            text = f"{lines[0][:30]} may be {values.shape[1]} whole numbers or numbers with decimal commas"
            raise FormatError(f"{text}; write points, separate columns by semicolons, or say the layout", path=str(path))
        if values.shape[1] in (3, 4) and whole[:2].all() and not whole.all():
            text = "has columns of whole numbers beside others, which look like indices of inputs and cells"
            raise FormatError(f"{text}; add a header line that names the column weight", path=str(path))
        _refuse_numbered(values, path)
    if values.shape[1] == 1:
        values = values[:, 0]
    elif layout is None:
        layout = "one"
    return _of_array(values, layout, path)


def _refuse_numbered(values: Floats, path: Path) -> None:
    """Refuse a first row or column that may be the numbers of columns or rows, and no weights."""
    for table, what in ((values, "row"), (values.T, "column")):
        if len(table) < 2 or values.shape[1] < 2:
            continue
        first, rest = table[0][~np.isnan(table[0])], table[1:]
        counts = first.size > 1 and first[0] in (0, 1) and np.array_equal(np.diff(first), np.ones(first.size - 1))
        unnamed = what == "row" and np.isnan(table[0][0]) and not np.isnan(rest[:, 0]).any()
        if (counts or unnamed) and np.any(rest != np.rint(rest)):
            text = f"has a first {what} that may number the others and hold no weights"
            raise FormatError(f"{text}; add a header line that names the column weight, or say the layout", path=str(path))


def _refuse_thousands(cells: list[str], path: Path) -> None:
    """Refuse numbers of which every comma may part thousands as well as decimals."""
    commas = [cell.strip(" \"'") for cell in cells if "," in cell]
    if commas and all(_THOUSANDS.fullmatch(cell) for cell in commas):
        text = f'"{commas[0][:30]}" may be a number with a decimal comma, or a number with commas between thousands'
        raise FormatError(f"{text}; write it with a point, or without", path=str(path))


def _with_header(header: list[str], lines: list[str], delimiter: str, layout: str | None, path: Path) -> WeightTable:
    if not lines:
        raise FormatError("has a header line and no weights", path=str(path))
    rows = [_cells(line, delimiter) for line in lines]
    said = ""
    if len(header) == 1 and delimiter == "," and all(_COMMA.fullmatch(line.strip()) or "," not in line for line in lines):
        rows, delimiter, said = [[line] for line in lines], ";", ", commas taken for decimal points"
    if any(len(row) != len(header) for row in rows):
        n = next(n for n, row in enumerate(rows) if len(row) != len(header))
        words = f"the header names {len(header)} columns, and row {n + 2} has {len(rows[n])}"
        raise FormatError(f"is not a table of numbers ({words}); is the decimal sign a comma?", path=str(path))
    named = [k for k, name in enumerate(header) if _NAME.fullmatch(name)]
    if len(named) > 1:
        raise FormatError(f"has several columns of weights ({', '.join(header[k] for k in named)}); leave one", path=str(path))
    seeds = [k for k, name in enumerate(header) if _SEED.fullmatch(name)]
    if len(header) == 1 and not named and _PLACE.fullmatch(header[0]):
        raise FormatError(f'has one column, "{header[0][:40]}", which is not a name for weights; call it weight', path=str(path))
    if named or len(header) == 1:
        column = named[0] if named else 0
        if delimiter != ",":
            _refuse_thousands([row[column] for row in rows], path)
        weights = _table([[row[column]] for row in rows], delimiter, path, 2)[:, 0]
        meaning = f'the column "{header[column]}" of {len(header)}{said}: {weights.size} weights'
        return _by_seed(weights, rows, header, seeds, delimiter, meaning, path)
    if len(seeds) == len(header):
        values = _table(rows, delimiter, path, 2)
        return WeightTable(tuple(values.T), f"{len(header)} columns of seeds, {len(values)} weights each")
    if layout is None:
        raise FormatError(f"expected a column called weight or w (got {', '.join(header)[:80]})", path=str(path))
    return _of_array(_table(rows, delimiter, path, 2), layout, path)


def _by_seed(
    weights: Floats, rows: list[list[str]], header: list[str], seeds: list[int], delimiter: str, meaning: str, path: Path
) -> WeightTable:
    """One column of weights, separated by a column ``seed`` where there is one."""
    if not seeds:
        return WeightTable((weights,), f"{meaning} of one seed")
    of = _table([[row[seeds[0]]] for row in rows], delimiter, path, 2)[:, 0]
    groups = [weights[of == seed] for seed in np.unique(of)]
    return WeightTable(tuple(groups), f'{meaning}, divided by the column "{header[seeds[0]]}" into {len(groups)} seeds')


def _short(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:100] if lines else type(error).__name__
