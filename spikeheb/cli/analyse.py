"""``spikeheb analyse``: recorded sweeps, measured like virtual ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.output import folder_name, output, write

FILE_PANEL = "The file"


def analyse(
    recording: Annotated[
        Path,
        typer.Argument(metavar="RECORDING", help="CSV: time_ms, then a column a sweep, headed by its minute; or a file that Neo reads."),
    ],
    unit: Annotated[str | None, typer.Option(metavar="UNIT", help='Such as "mV" or "pA".', rich_help_panel=FILE_PANEL)] = None,
    pulse: Annotated[str, typer.Option(metavar="TIME", help="When the stimulus comes in a sweep.", rich_help_panel=FILE_PANEL)] = "0 ms",
    channel: Annotated[str, typer.Option(metavar="CHANNEL", help="Neo: number or name.", rich_help_panel=FILE_PANEL)] = "0",
    interval: Annotated[str | None, typer.Option(metavar="TIME", help="Neo: between sweeps.", rich_help_panel=FILE_PANEL)] = None,
    first_after: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Neo: first sweep after the induction, from 0.", rich_help_panel=FILE_PANEL)
    ] = None,
    reader: Annotated[str | None, typer.Option(metavar="CLASS", help="Neo: the reader to use.", rich_help_panel=FILE_PANEL)] = None,
    follow: Annotated[
        tuple[float, float], typer.Option(metavar="FROM TO", help="Minutes after the induction that count.", rich_help_panel=FILE_PANEL)
    ] = (20.0, 40.0),
    out: options.Out = None,
    force: options.Force = False,
) -> None:
    """Measure a recorded sweep file as virtual sweeps are measured: EPSP before and after, drift, rejected sweeps."""
    from spikeheb.cli.report import print_notes, print_outcome
    from spikeheb.studies.recorded import analyse as analyse_recording
    from spikeheb.units import TIME, quantity

    stimulus = quantity(pulse, TIME, key="--pulse")
    spacing = None if interval is None else quantity(interval, TIME, key="--interval")
    with output(out or folder_name("analyse", recording.stem), force) as folder:
        data = analyse_recording(
            recording, unit=unit, pulse=stimulus, channel=int(channel) if channel.isdecimal() else channel, interval=spacing,
            first_after=first_after, reader=reader, follow=follow,
        )  # fmt: skip
    try:
        print_outcome(data)
    finally:  # whoever reads the table may have stopped reading
        print_notes(data)
        write(data, folder, force)
