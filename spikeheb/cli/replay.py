"""``spikeheb replay``: what a rule makes of given spike trains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.choices import RuleChoices, assignments, read_rule, share_out
from spikeheb.cli.output import folder_name, output, write
from spikeheb.cli.progress import progress as shown_progress
from spikeheb.errors import FormatError

if TYPE_CHECKING:
    from spikeheb.schedules import Lane, Times


def replay(
    rule: options.RuleName,
    spikes: Annotated[
        Path, typer.Option(metavar="FILE", help="CSV with the columns lane, side (pre or post), time in s; or a file that Neo reads.")
    ],
    set: options.Set = None,
    interaction: options.Interaction = None,
    bounds: options.Bounds = None,
    coincidence: options.Coincidence = None,
    axonal_delay: options.AxonalDelay = None,
    backpropagation_delay: options.BackpropagationDelay = None,
    parameter: options.Assignments = None,
    w0: options.StartWeight = None,
    record: Annotated[
        bool, typer.Option("--record", help="Keep the weight along time as well.", rich_help_panel=options.RUN_PANEL)
    ] = False,
    cell: Annotated[
        str | None,
        typer.Option("--cell", "-c", metavar="CELL", help="For rules that read the membrane potential.", rich_help_panel=options.RUN_PANEL),
    ] = None,
    dt: Annotated[str, typer.Option(metavar="TIME", help="Time step.", rich_help_panel=options.RUN_PANEL)] = "0.1 ms",
    engine: options.Engine = "auto",
    seed: options.Seed = 0,
    progress: options.Progress = None,
    out: options.Out = None,
    force: options.Force = False,
) -> None:
    """The weight after given spike trains, one lane for each synapse."""
    from spikeheb import library
    from spikeheb.cli.printing import data_table
    from spikeheb.cli.report import print_notes, replay_table
    from spikeheb.engines.choice import check_engine
    from spikeheb.recordings import read_spikes
    from spikeheb.studies.replay import replay as replay_study
    from spikeheb.units import TIME, quantity

    check_engine(engine)
    chosen = read_rule(rule, RuleChoices(set, interaction, bounds, coincidence, axonal_delay, backpropagation_delay))
    chosen = library.rule(chosen, **share_out(assignments(parameter), None, chosen)[1])
    step = quantity(dt, TIME, key="--dt")
    names, pre, post = _trains(read_spikes(spikes), cell, str(spikes))
    default = folder_name("replay", spikes.stem, chosen.name, chosen.set or "")
    with output(out or default, force) as folder, shown_progress("replay", progress) as report:
        data = replay_study(chosen, pre, post, w0, cell, record=record, dt=step, engine=engine, seed=seed, progress=report)
    data = data.assign_coords(lane=names)
    try:
        data_table(*replay_table(data))
    finally:  # whoever reads the table may have stopped reading
        print_notes(data)
        write(data, folder, force)


def _trains(lanes: list[Lane], cell: str | None, path: str) -> tuple[list[str], list[Times], list[Times]]:
    """Name, presynaptic and postsynaptic train of every synapse; without a membrane, inputs of one cell are independent."""
    names: list[str] = []
    pre: list[Times] = []
    post: list[Times] = []
    for lane in lanes:
        label, inputs = str(lane.condition["lane"]), lane.pre
        if cell is not None and len(inputs) > 1:
            raise FormatError(f"lane {label} has {len(inputs)} inputs; with --cell a lane has one", path=path)
        names += [label] if len(inputs) == 1 else [f"{label}, input {k}" for k in range(len(inputs))]
        pre += inputs
        post += [lane.post] * len(inputs)
    return names, pre, post
