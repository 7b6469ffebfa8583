"""``spikeheb analyse``: recorded sweeps, measured like virtual ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spikeheb.cli.flatten import Values, flattened
from spikeheb.cli.output import STANDARD, Target, Words, deliver, folder_name, output
from spikeheb.studies.settings.recorded import Recorded


@flattened
def analyse(
    *,
    recording: Annotated[
        list[Path],
        typer.Argument(
            metavar="RECORDING...",
            help="CSV: time_ms, then one column for each sweep, headed by its minute; or a file that Neo reads. "
            "Several files are read one after the other.",
        ),
    ],
    settings: Annotated[Values, Recorded],
    target: Target,
) -> None:
    """Measure a recorded sweep file as virtual sweeps are measured: EPSP before and after, drift, rejected sweeps.

    Sweeps are numbered from 0. Windows are times after the pulse; --pulse and --step are times in the file.
    """
    from spikeheb.cli.report import print_notes, print_outcome
    from spikeheb.studies.experiment.recorded import analyse as study

    channel = str(settings["channel"])
    names = STANDARD.with_csv(target.csv)
    with output(target.out or folder_name("analyse", recording[0].stem), target.force, names) as folder:
        data = study(list(recording), **{**settings, "channel": int(channel) if channel.isdecimal() else channel})
        deliver(data, folder, target.force, names, Words(lambda: print_outcome(data), lambda: print_notes(data)))
