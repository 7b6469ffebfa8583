"""``spikeheb score``: the scoreboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.choices import RuleChoices, read_rule
from spikeheb.cli.output import Names, Words, deliver, output
from spikeheb.cli.progress import progress as shown_progress

if TYPE_CHECKING:
    from spikeheb.protocols import Protocol
    from spikeheb.rules import Rule

NAMES = Names("score.nc", "score.png", "score.md")
BOARD_PANEL = "The board"


def score(
    rule: Annotated[
        list[str] | None,
        typer.Option(
            "--rule", "-r", metavar="NAME[:SET]", help="Only this rule, with all its sets; may be repeated.", rich_help_panel=BOARD_PANEL
        ),
    ] = None,
    protocol: Annotated[
        list[str] | None,
        typer.Option("--protocol", metavar="PROTOCOL", help="Only this protocol; may be repeated.", rich_help_panel=BOARD_PANEL),
    ] = None,
    join: Annotated[
        list[str] | None,
        typer.Option("--join", metavar="FILE", help="A rule file of your own beside the others.", rich_help_panel=BOARD_PANEL),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            metavar="[PROTOCOL=]CSV",
            help="Measurements of your own beside the others, in a file such as `spikeheb data template PROTOCOL` writes. "
            "PROTOCOL is `pairing` if it is not given.",
            rich_help_panel=BOARD_PANEL,
        ),
    ] = None,
    refit: Annotated[
        bool, typer.Option("--refit/--no-refit", help="Also fit rules to each data set anew.", rich_help_panel=BOARD_PANEL)
    ] = True,
    cell: Annotated[
        str | None,
        typer.Option(
            "--cell", "-c", metavar="CELL", help="One cell for all; by default each rule's own.", rich_help_panel=options.RUN_PANEL
        ),
    ] = None,
    engine: options.Engine = "auto",
    seed: options.Seed = 0,
    progress: options.Progress = None,
    out: options.Out = None,
    csv: options.Csv = False,
    force: options.Force = False,
) -> None:
    """Score rules against published data: every parameter set, every data set, nothing averaged.

    Writes score.nc, score.md and score.png, and prints the five best of each data set. Outcomes are efficacies at the end of
    induction, without test pulses.
    """
    from spikeheb.cli.board import best_table, markdown
    from spikeheb.cli.printing import data_table
    from spikeheb.engines.choice import check_engine
    from spikeheb.studies.board.score import score as score_study

    check_engine(engine)
    rules = _rules(rule or [], join or [])
    protocols = _protocols(protocol or [], data or [])
    with output(out or Path("score"), force, NAMES.with_csv(csv)) as folder:
        with shown_progress("score", progress) as report:
            board = score_study(rules, protocols, cell=cell, refits=refit, engine=engine, seed=seed, progress=report)
        words = Words(lambda: data_table(*best_table(board)), text=lambda: markdown(board))
        deliver(board, folder, force, NAMES.with_csv(csv), words)


def _rules(only: list[str], joining: list[str]) -> list[Rule]:
    from spikeheb import library

    names = only or (list(library.names("rule")) if joining else [])
    return [read_rule(text, RuleChoices()) for text in (*names, *joining)]


def _protocols(only: list[str], data: list[str]) -> list[Protocol]:
    from spikeheb import library
    from spikeheb.studies.datasets import with_measurements

    names = only or (list(library.names("protocol")) if not data else [])
    protocols = [library.protocol(name) for name in names]
    for text in data:
        protocol, equals, path = text.partition("=")
        protocols.append(with_measurements(library.protocol(protocol if equals else "pairing"), path if equals else text))
    return protocols
