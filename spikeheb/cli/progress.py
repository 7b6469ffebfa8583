"""Progress of long work, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

Report = Callable[[float], None]


@contextmanager
def progress(text: str, wanted: bool | None = None) -> Iterator[Report | None]:
    """A function to be called with the fraction done; None if no progress is shown.

    Parameters
    ----------
    text : str
        What is being done.
    wanted : bool, optional
        By default, whether stderr is a terminal: there it is a bar, elsewhere a line every ten per cent.
    """
    from spikeheb.studies.progress import bar, lines

    terminal = sys.stderr.isatty()
    if wanted is False or (wanted is None and not terminal):
        yield None
    elif terminal:
        with bar(text) as report:
            yield report
    else:
        yield lines(text, lambda line: typer.echo(line, err=True))
