"""``spikeheb window``: the change of the weight against delta_t."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.choices import RuleChoices, assignments, read_rule, share_out
from spikeheb.cli.output import STANDARD, Words, deliver, folder_name, output
from spikeheb.cli.progress import part
from spikeheb.cli.progress import progress as shown_progress
from spikeheb.errors import UnknownName

if TYPE_CHECKING:
    from spikeheb.rules import Rule


def window(
    rule: options.RuleNames,
    set: options.Set = None,
    interaction: options.Interaction = None,
    bounds: options.Bounds = None,
    coincidence: options.Coincidence = None,
    axonal_delay: options.AxonalDelay = None,
    backpropagation_delay: options.BackpropagationDelay = None,
    parameter: options.Assignments = None,
    delta_t: Annotated[
        str | None,
        typer.Option(
            metavar="TIMES", help='Such as "-20 ms, -10 ms, 10 ms, 20 ms"; by default -60 to 60 ms.', rich_help_panel=options.RUN_PANEL
        ),
    ] = None,
    pairs: Annotated[int, typer.Option(min=1, help="How many pairs.", rich_help_panel=options.RUN_PANEL)] = 60,
    frequency: Annotated[str, typer.Option(metavar="RATE", help="Pairs a second.", rich_help_panel=options.RUN_PANEL)] = "1 Hz",
    w0: options.StartWeight = None,
    cell: options.CellOfWindow = None,
    cells: options.Cells = None,
    synapses: options.Synapses = None,
    dt: options.TimeStep = "0.1 ms",
    engine: options.Engine = "auto",
    seed: options.Seed = 0,
    seeds: options.Seeds = None,
    progress: options.Progress = None,
    out: options.Out = None,
    csv: options.Csv = False,
    force: options.Force = False,
) -> None:
    """The change of the weight after many equal pairs against delta_t = t_post - t_pre, for one rule or several.

    --rule NAME:SET chooses a set for one rule, --set one for all others. A rule that draws random numbers is shown by the mean of many
    synapses, with its standard error.
    """
    from spikeheb.cli.printing import data_table
    from spikeheb.cli.report import print_notes, window_table
    from spikeheb.engines.choice import check_engine
    from spikeheb.studies.overlay import overlay
    from spikeheb.studies.window import window as window_study

    check_engine(engine)
    choices = RuleChoices(set, interaction, bounds, coincidence, axonal_delay, backpropagation_delay)
    rules = _with_parameters([read_rule(text, choices) for text in rule], assignments(parameter))
    default = folder_name("window", *(f"{each.name}-{each.set}" if each.set else each.name for each in rules))
    with output(out or default, force, STANDARD.with_csv(csv)) as folder:
        with shown_progress("window", progress) as report:
            windows = [
                window_study(
                    chosen, delta_t, pairs, frequency, w0=w0, cell=cell, cells=cells, synapses=synapses, dt=dt, engine=engine, seed=seed,
                    seeds=seeds, progress=part(report, n, len(rules)),
                )
                for n, chosen in enumerate(rules)
            ]  # fmt: skip
        data = windows[0] if len(windows) == 1 else overlay(windows)
        words = Words(lambda: data_table(*window_table(data)), lambda: print_notes(data))
        deliver(data, folder, force, STANDARD.with_csv(csv), words)


def _with_parameters(rules: list[Rule], given: dict[str, str]) -> list[Rule]:
    """The rules with the given parameters; each parameter is set in all rules that have one of that name."""
    from spikeheb import library

    changed, used = [], set()
    problems: list[UnknownName] = []
    for rule in rules:
        own: dict[str, str] = {}
        for name, value in given.items():
            try:
                own |= share_out({name: value}, None, rule)[1]
            except UnknownName as error:
                problems.append(error)
            else:
                used.add(name)
        changed.append(library.rule(rule, **own))
    if used != set(given):
        raise next(error for error in problems if error.key not in {f"-p {name}" for name in used})
    return changed
