"""``spikeheb data``: files of measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.output import write_text
from spikeheb.paths import exists

data = typer.Typer(no_args_is_help=True, help="Prepare files for measurements of your own, which `spikeheb score --data` reads.")


@data.callback()
def _about() -> None:
    """Prepare files for measurements of your own, which `spikeheb score --data` reads."""


@data.command("template")
def template(
    protocol: Annotated[str, typer.Argument(metavar="PROTOCOL", help="A protocol of the library, or the path of its file.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write; by default PROTOCOL.csv.", rich_help_panel=options.OUTPUT_PANEL),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file.", rich_help_panel=options.OUTPUT_PANEL)] = False,
) -> None:
    """Write a CSV file with a row for each condition of a protocol, to be filled in for `score --data PROTOCOL=FILE`."""
    from spikeheb import library
    from spikeheb.cli.printing import note
    from spikeheb.errors import OutputExists
    from spikeheb.results import check_replaceable
    from spikeheb.studies.datasets import template as template_of

    chosen = library.protocol(protocol)
    path = out or Path(f"{chosen.name}.csv")
    check_replaceable(path)
    if exists(path) and not force:
        raise OutputExists("exists already; --force replaces it", path=str(path))
    write_text(template_of(chosen), path)
    note(f"fill in ratio, and sem or n, in {path}; then: spikeheb score --data {protocol}={path}")
