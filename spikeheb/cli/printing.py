"""Tables and text on stdout: framed in a terminal, plain where another program reads them."""

from __future__ import annotations

import contextlib
import sys
import textwrap
from collections.abc import Sequence

import typer

from spikeheb.errors import printable

WIDTH = 100


def note(text: str) -> None:
    """Print a line on stderr, for the person at the terminal."""
    with contextlib.suppress(BrokenPipeError):  # the reader of stderr has closed it
        typer.echo(printable(text), err=True)


def data_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table of data: tab-separated unless stdout is a terminal."""
    columns, rows = _shown(columns), [_shown(row) for row in rows]
    if sys.stdout.isatty():
        _framed(columns, rows)
        return
    for row in (columns, *rows):
        typer.echo("\t".join(row))


def text_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table for reading: aligned with spaces unless stdout is a terminal."""
    columns, rows = _shown(columns), [_shown(row) for row in rows]
    if sys.stdout.isatty():
        _framed(columns, rows)
        return
    widths = [max(len(row[k]) for row in (columns, *rows)) for k in range(len(columns))]
    for row in (columns, *rows):
        typer.echo(("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip())


def heading(text: str) -> None:
    """Print a heading after an empty line."""
    typer.echo("")
    typer.secho(printable(text), bold=True)


def paragraphs(text: str) -> None:
    """Print prose: each paragraph after an empty line, in lines of at most `WIDTH` characters."""
    for block in text.split("\n\n"):
        typer.echo("")
        typer.echo(textwrap.fill(printable(" ".join(block.split())), WIDTH))


def lines(items: Sequence[str]) -> None:
    """Print lines, indented."""
    for item in items:
        typer.echo(f"  {printable(item)}")


def _shown(row: Sequence[str]) -> list[str]:
    """Each cell on one line, with control characters escaped."""
    return [printable(" ".join(cell.split())) for cell in row]


def _framed(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for k, column in enumerate(_headings(columns, rows, console.width)):
        number = all(_is_number(row[k]) for row in rows)
        table.add_column(Text(column), justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _headings(columns: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> Sequence[str]:
    """The headings; one word on each line if the table would otherwise be wider than the terminal."""
    widths = [max(len(row[k]) for row in (columns, *rows)) for k in range(len(columns))]
    return columns if sum(widths) + 2 * len(widths) <= room else ["\n".join(column.split()) for column in columns]


def _is_number(text: str) -> bool:
    try:
        float(text or "0")
    except ValueError:
        return False
    return True
