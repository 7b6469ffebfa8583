"""``spikeheb replay``: how a rule changes the weight under given spike trains."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.choices import RuleChoices, assignments, read_rule, share_out
from spikeheb.cli.output import STANDARD, Words, deliver, folder_name, output
from spikeheb.cli.progress import progress as shown_progress
from spikeheb.errors import FormatError

if TYPE_CHECKING:
    from spikeheb.schedules import Lane, Times

FILE_PANEL = "The file"


def replay(
    rule: options.RuleName,
    spikes: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="CSV with the columns lane, side (pre, post or reward), time in s, perhaps input, amount, axonal_delay,"
            " backpropagation_delay; or a file that Neo reads.",
        ),
    ],
    set: options.Set = None,
    interaction: options.Interaction = None,
    bounds: options.Bounds = None,
    coincidence: options.Coincidence = None,
    axonal_delay: options.AxonalDelay = None,
    backpropagation_delay: options.BackpropagationDelay = None,
    parameter: options.Assignments = None,
    sides: Annotated[
        str | None,
        typer.Option(metavar="LIST", help='Neo: the side of each spike train in turn, "pre, post".', rich_help_panel=FILE_PANEL),
    ] = None,
    reader: Annotated[str | None, typer.Option(metavar="CLASS", help="Neo: the reader to use.", rich_help_panel=FILE_PANEL)] = None,
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
    csv: options.Csv = False,
    force: options.Force = False,
) -> None:
    """The weight after given spike trains, one lane for each synapse."""
    from spikeheb import library
    from spikeheb.cli.printing import data_table
    from spikeheb.cli.report import print_notes, replay_table
    from spikeheb.dimensions import TIME
    from spikeheb.engines.choice import check_engine
    from spikeheb.recordings import read_spikes
    from spikeheb.studies.replay import replay as replay_study
    from spikeheb.units import quantity

    check_engine(engine)
    chosen = read_rule(rule, RuleChoices(set, interaction, bounds, coincidence, axonal_delay, backpropagation_delay))
    chosen = library.rule(chosen, **share_out(assignments(parameter), None, chosen)[1])
    step = quantity(dt, TIME, key="--dt")
    chosen_sides = None if sides is None else [side.strip() for side in sides.split(",")]
    synapses = _synapses(read_spikes(spikes, reader=reader, sides=chosen_sides), cell, str(spikes))
    delays = {name: _delays(synapses, name, getattr(chosen, name)) for name in ("axonal_delay", "backpropagation_delay")}
    default = folder_name("replay", spikes.stem, chosen.name, chosen.set or "")
    with output(out or default, force, STANDARD.with_csv(csv)) as folder:
        with shown_progress("replay", progress) as report:
            data = replay_study(
                chosen, [synapse.pre for synapse in synapses], [synapse.lane.post for synapse in synapses], w0, cell,
                [synapse.lane.rewards for synapse in synapses], record, dt=step, engine=engine, seed=seed, progress=report, **delays,
            )  # fmt: skip
        data = data.assign_coords(lane=[synapse.name for synapse in synapses])
        words = Words(lambda: data_table(*replay_table(data)), lambda: print_notes(data))
        deliver(data, folder, force, STANDARD.with_csv(csv), words)


@dataclass(frozen=True)
class _Synapse:
    """One input of a lane."""

    name: str
    pre: Times
    lane: Lane


def _synapses(lanes: list[Lane], cell: str | None, path: str) -> list[_Synapse]:
    """Every synapse of the lanes; without a cell, the inputs of a lane are independent."""
    synapses: list[_Synapse] = []
    for lane in lanes:
        label, inputs = str(lane.condition["lane"]), lane.pre
        if cell is not None and len(inputs) > 1:
            raise FormatError(f"lane {label} has {len(inputs)} inputs; with --cell a lane has one", path=path)
        single = len(inputs) == 1
        synapses += [_Synapse(label if single else f"{label}, input {k}", pre, lane) for k, pre in enumerate(inputs)]
    return synapses


def _delays(synapses: list[_Synapse], name: str, usual: float) -> list[float] | None:
    """The delay of each synapse: the one that the file gives for its lane, otherwise the rule's own."""
    if not any(name in synapse.lane.condition for synapse in synapses):
        return None
    return [float(synapse.lane.condition.get(name, usual)) for synapse in synapses]
