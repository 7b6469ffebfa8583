"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from spikeheb.limits import LARGEST_SEED

RULE_PANEL, RUN_PANEL, OUTPUT_PANEL = "The rule", "The run", "The output"


class Switch(StrEnum):
    """On or off."""

    on = "on"
    off = "off"


RuleName = Annotated[
    str,
    typer.Option(
        "--rule",
        "-r",
        metavar="NAME[:SET]",
        help="A rule of the library, or the path of its file; A+B combines two rules.",
        rich_help_panel=RULE_PANEL,
    ),
]
RuleNames = Annotated[
    list[str],
    typer.Option(
        "--rule",
        "-r",
        metavar="NAME[:SET]",
        help="A rule, by name or path; A+B combines two rules. Several rules are drawn in one figure.",
        rich_help_panel=RULE_PANEL,
    ),
]
Set = Annotated[str | None, typer.Option("--set", "-s", metavar="SET", help="A published set of the rule.", rich_help_panel=RULE_PANEL)]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter", "-p", metavar="NAME=VALUE", help='Change a parameter, such as "tau_plus=20 ms"; may be repeated.',
        rich_help_panel=RUN_PANEL,
    ),
]  # fmt: skip
Engine = Annotated[
    str,
    typer.Option(
        metavar="ENGINE", help="auto, kernel, plain; brian, brian:numpy, brian:cython, brian:standalone.", rich_help_panel=RUN_PANEL
    ),
]  # fmt: skip
Seed = Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Of all random numbers.", rich_help_panel=RUN_PANEL)]
Progress = Annotated[
    bool | None,
    typer.Option("--progress/--no-progress", help="Show progress on stderr; by default in a terminal.", rich_help_panel=RUN_PANEL),
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Where to write; by default a folder named after the run.", rich_help_panel=OUTPUT_PANEL),
]
Force = Annotated[bool, typer.Option("--force", help="Replace an earlier result.", rich_help_panel=OUTPUT_PANEL)]
Csv = Annotated[
    bool,
    typer.Option(
        "--csv",
        help="Also write a table that Excel opens, one row a condition: commas between columns, a decimal point.",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
