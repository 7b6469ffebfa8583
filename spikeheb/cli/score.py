"""``spikeheb score``: the scoreboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.flatten import Values, flattened
from spikeheb.cli.output import Names, Target, Words, deliver, output
from spikeheb.cli.progress import progress as shown_progress
from spikeheb.studies.settings.score import PANEL, Score

NAMES = Names("score.nc", "score.png", "score.md")


@flattened
def score(
    *,
    rule: Annotated[
        list[str] | None,
        typer.Option(
            "--rule",
            "-r",
            metavar="NAME[:SET]",
            help="Only this rule, with all its sets if no set is named; may be repeated.",
            rich_help_panel=PANEL,
        ),
    ] = None,
    protocol: Annotated[
        list[str] | None,
        typer.Option("--protocol", metavar="PROTOCOL", help="Only this protocol; may be repeated.", rich_help_panel=PANEL),
    ] = None,
    join: Annotated[
        list[str] | None,
        typer.Option("--join", metavar="FILE", help="A rule file of your own beside the others; may be repeated.", rich_help_panel=PANEL),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            metavar="[PROTOCOL=]CSV",
            help="Measurements of your own beside the others, in a file such as `spikeheb data template PROTOCOL` writes. "
            "PROTOCOL is `pairing` if it is not given. May be repeated.",
            rich_help_panel=PANEL,
        ),
    ] = None,
    settings: Annotated[Values, Score],
    progress: options.Progress = None,
    target: Target,
) -> None:
    """Score every rule and parameter set against every published data set; nothing is averaged.

    Writes score.nc, score.md and score.png, and prints the five best rules for each data set. Outcomes are efficacies at the end of
    induction, without test pulses.
    """
    from spikeheb.cli.board import best_table, markdown
    from spikeheb.cli.printing import data_table
    from spikeheb.engines.choice import check_engine
    from spikeheb.studies.board.score import score as score_study

    check_engine(settings["engine"])
    names = NAMES.with_csv(target.csv)
    with output(target.out or Path("score"), target.force, names) as folder:
        with shown_progress("score", progress) as report:
            board = score_study(rule or (), protocol or (), join=join or (), data=data or (), progress=report, **settings)
        words = Words(lambda: data_table(*best_table(board)), text=lambda: markdown(board))
        deliver(board, folder, target.force, names, words)
