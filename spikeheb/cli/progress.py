"""How far long work is, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

STEP = 0.1

Report = Callable[[float], None]


@contextmanager
def progress(text: str, wanted: bool | None = None) -> Iterator[Report | None]:
    """A function to be called with the fraction done; None where nobody wants to see it.

    Parameters
    ----------
    text : str
        What is being done.
    wanted : bool, optional
        By default, whether stderr is a terminal: there it is a bar, elsewhere a line every ten per cent.
    """
    terminal = sys.stderr.isatty()
    if wanted is False or (wanted is None and not terminal):
        yield None
    elif terminal:
        with _bar(text) as report:
            yield report
    else:
        yield _lines(text)


@contextmanager
def _bar(text: str) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=1.0)
        yield lambda fraction: bar.update(task, completed=fraction)


def _lines(text: str) -> Report:
    shown = -STEP

    def report(fraction: float) -> None:
        nonlocal shown
        if fraction >= shown + STEP:
            shown = fraction - fraction % STEP
            typer.echo(f"{text}: {100 * shown:.0f} %", err=True)

    return report


def part(report: Report | None, number: int, of: int) -> Report | None:
    """The function for one of several equal parts of the work."""
    return None if report is None else lambda fraction: report((number + fraction) / of)
