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
Interaction = Annotated[
    str | None, typer.Option(metavar="SCHEME", help="Which spikes interact: a scheme of the rule's file.", rich_help_panel=RULE_PANEL)
]
Bounds = Annotated[
    str | None,
    typer.Option(
        metavar="KIND",
        help='The whole bounds, such as "kind=hard, w_min=0, w_max=2"; a kind alone (hard, soft, none) keeps the two limits of the rule.',
        rich_help_panel=RULE_PANEL,
    ),
]
Coincidence = Annotated[
    str | None,
    typer.Option(
        metavar="POLICY",
        help="Which side acts first if both spikes fall into one time step: pre_first or post_first; with discard the pair does not count.",
        rich_help_panel=RULE_PANEL,
    ),
]
AxonalDelay = Annotated[
    str | None, typer.Option(metavar="TIME", help='From the presynaptic spike to the synapse, such as "1 ms".', rich_help_panel=RULE_PANEL)
]
BackpropagationDelay = Annotated[
    str | None, typer.Option(metavar="TIME", help="From the postsynaptic spike to the synapse.", rich_help_panel=RULE_PANEL)
]
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
Seeds = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Repeat everything with this many seeds, starting at --seed.", rich_help_panel=RUN_PANEL),
]
Cells = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Cells that carry out each condition; by default 1.", rich_help_panel=RUN_PANEL)
]
Synapses = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Synapses of each cell with the same spikes; by default 1, or 200 in all for a rule that draws random numbers.",
        rich_help_panel=RUN_PANEL,
    ),
]
StartWeight = Annotated[
    str | None,
    typer.Option(
        "--w0",
        metavar="WEIGHT",
        help="Initial weight, or a file with one for each synapse (.npy, or .csv with the column weight); by default the rule's own.",
        rich_help_panel=RUN_PANEL,
    ),
]
CellOfWindow = Annotated[
    str | None,
    typer.Option("--cell", "-c", metavar="CELL", help="The cell, for rules that read the membrane potential.", rich_help_panel=RUN_PANEL),
]
TimeStep = Annotated[str, typer.Option(metavar="TIME", help="Time step.", rich_help_panel=RUN_PANEL)]
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
