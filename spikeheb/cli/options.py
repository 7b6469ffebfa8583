"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

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
Progress = Annotated[
    bool | None,
    typer.Option("--progress/--no-progress", help="Show progress on stderr; by default in a terminal.", rich_help_panel=RUN_PANEL),
]
