"""``spikeheb replay``: how a rule changes the weight under given spike trains."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.choices import RuleChoices, assignments, read_rule, share_out
from spikeheb.cli.flatten import Values, flattened
from spikeheb.cli.output import STANDARD, Target, Words, deliver, folder_name, output
from spikeheb.cli.progress import progress as shown_progress
from spikeheb.errors import FormatError
from spikeheb.studies.settings.replay import Replay

if TYPE_CHECKING:
    from spikeheb.schedules import Lane, Times

FILE_PANEL = "The file"


@flattened
def replay(
    *,
    rule: options.RuleName,
    spikes: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="CSV with the columns lane, side (pre, post or reward), time in s, perhaps input, amount, axonal_delay,"
            " backpropagation_delay; or a file that Neo reads.",
        ),
    ],
    choices: RuleChoices,
    parameter: options.Assignments = None,
    sides: Annotated[
        str | None,
        typer.Option(metavar="LIST", help='Neo: the side of each spike train in turn, "pre, post".', rich_help_panel=FILE_PANEL),
    ] = None,
    reader: Annotated[str | None, typer.Option(metavar="CLASS", help="Neo: the reader to use.", rich_help_panel=FILE_PANEL)] = None,
    settings: Annotated[Values, Replay],
    progress: options.Progress = None,
    target: Target,
) -> None:
    """Compute the weight after given spike trains, for each synapse separately."""
    from spikeheb import library
    from spikeheb.cli.printing import data_table
    from spikeheb.cli.report import print_notes, replay_table
    from spikeheb.engines.choice import check_engine
    from spikeheb.recordings import read_spikes
    from spikeheb.studies.experiment.replay import replay as study

    check_engine(settings["engine"])
    chosen = read_rule(rule, choices)
    chosen = library.rule(chosen, **share_out(assignments(parameter), None, chosen)[1])
    chosen_sides = None if sides is None else [side.strip() for side in sides.split(",")]
    synapses = _synapses(read_spikes(spikes, reader=reader, sides=chosen_sides), settings["cell"], str(spikes))
    delays = {name: _delays(synapses, name, getattr(chosen, name)) for name in ("axonal_delay", "backpropagation_delay")}
    default = folder_name("replay", spikes.stem, chosen.name, chosen.set or "")
    names = STANDARD.with_csv(target.csv)
    with output(target.out or default, target.force, names) as folder:
        with shown_progress("replay", progress) as report:
            data = study(
                chosen, [synapse.pre for synapse in synapses], [synapse.lane.post for synapse in synapses],
                events=[synapse.lane.rewards for synapse in synapses], progress=report, **settings, **delays,
            )  # fmt: skip
        data = data.assign_coords(lane=[synapse.name for synapse in synapses])
        words = Words(lambda: data_table(*replay_table(data)), lambda: print_notes(data))
        deliver(data, folder, target.force, names, words)


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
