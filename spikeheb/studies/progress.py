"""Progress of a study: what `progress=` may be, and the bars that show it."""

from __future__ import annotations

import functools
import html
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from spikeheb.errors import FormatError

Report = Callable[[float], None]
"""Called with the fraction done."""
Progress = Report | bool | None
"""A function; True for a bar; False or None for nothing."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

LINES = 10
"""Lines from beginning to end where there is neither a terminal nor a notebook."""
SMALLEST = 0.01
"""Fraction between two pictures of the bar in a notebook."""


def shows_progress(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The function with ``progress=True`` supported: a bar is shown while it runs, and removed however it ends."""

    @functools.wraps(function)
    def inside(*arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        wanted = options.get("progress")
        if wanted is None or callable(wanted):
            return function(*arguments, **options)
        if not isinstance(wanted, bool):
            raise FormatError(f"expected True, False or a function of the fraction done (got {wanted!r:.60})", key="progress")
        if not wanted:
            options["progress"] = None
            return function(*arguments, **options)
        with bar(function.__name__) as report:
            options["progress"] = report
            return function(*arguments, **options)

    return inside


def report_of(progress: Progress) -> Report | None:
    """The function to be called; `shows_progress` has put one in the place of True."""
    return progress if callable(progress) else None


def part(report: Report | None, number: int, of: int) -> Report | None:
    """The function for one part of work that has several equal parts."""
    return None if report is None else lambda fraction: report((number + fraction) / of)


@contextmanager
def bar(text: str) -> Iterator[Report]:
    """A bar in a notebook or a terminal, else a line on stderr every ten per cent; it is taken away at the end, or at an error."""
    notebook = _notebook()
    if notebook is not None:
        with _notebook_bar(text, notebook) as report:
            yield report
    elif sys.stderr.isatty():
        with _terminal_bar(text) as report:
            yield report
    else:
        yield lines(text, lambda line: print(line, file=sys.stderr))


def lines(text: str, write: Callable[[str], None]) -> Report:
    """A line every ten per cent."""
    shown = -1

    def report(fraction: float) -> None:
        nonlocal shown
        tenths = int(fraction * LINES + 1e-9)
        if tenths > shown:
            shown = tenths
            write(f"{text}: {100 * shown // LINES} %")

    return report


@contextmanager
def _terminal_bar(text: str) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, transient=True) as shown:
        task = shown.add_task(text, total=1.0)
        yield lambda fraction: shown.update(task, completed=fraction)


def _notebook() -> Any:
    """IPython's `display` where a notebook's kernel runs this, else None. (rich would need ipywidgets there.)"""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from IPython.display import display  # type: ignore[import-not-found,unused-ignore]  # every notebook has it

    return display


class _Picture:
    """How far the work is, as IPython shows it."""

    def __init__(self, text: str, fraction: float | None) -> None:
        self.text, self.fraction = text, fraction

    def __repr__(self) -> str:
        return "" if self.fraction is None else f"{self.text}: {100 * self.fraction:.0f} %"

    def _repr_html_(self) -> str:
        if self.fraction is None:
            return ""
        return f'{html.escape(self.text)} <progress value="{self.fraction:.3f}" max="1"></progress> {100 * self.fraction:.0f} %'


@contextmanager
def _notebook_bar(text: str, display: Any) -> Iterator[Report]:
    handle = display(_Picture(text, 0.0), display_id=True)
    shown = 0.0

    def report(fraction: float) -> None:
        nonlocal shown
        if fraction >= shown + SMALLEST or fraction >= 1.0 > shown:
            shown = fraction
            handle.update(_Picture(text, fraction))

    try:
        yield report
    finally:
        handle.update(_Picture(text, None))
