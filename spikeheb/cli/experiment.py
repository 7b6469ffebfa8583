"""``spikeheb run``: a protocol with a rule on a cell."""

from __future__ import annotations

from typing import Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.choices import RuleChoices, assignments, read_rule, share_out
from spikeheb.cli.output import STANDARD, Words, deliver, folder_name, output
from spikeheb.cli.progress import progress as shown_progress


def run(
    protocol: Annotated[
        str, typer.Argument(metavar="PROTOCOL", help="A protocol of the library, or the path of a script, which is executed.")
    ],
    rule: options.RuleName,
    set: options.Set = None,
    interaction: options.Interaction = None,
    bounds: options.Bounds = None,
    coincidence: options.Coincidence = None,
    axonal_delay: options.AxonalDelay = None,
    backpropagation_delay: options.BackpropagationDelay = None,
    cell: Annotated[
        str, typer.Option("--cell", "-c", metavar="CELL", help="A cell, by name or path.", rich_help_panel=options.RUN_PANEL)
    ] = "l5_pyramidal",
    parameter: options.Assignments = None,
    test_pulses: Annotated[
        options.Switch, typer.Option(help="off: the bare induction, no EPSP is measured.", rich_help_panel=options.RUN_PANEL)
    ] = options.Switch.on,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Of test pulses before the induction; by default the protocol's, 10 min.",
            rich_help_panel=options.RUN_PANEL,
        ),
    ] = None,
    follow_up: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Of test pulses after it; by default the protocol's, 40 min. Minutes 20 to 40 count, of a shorter one the second half.",
            rich_help_panel=options.RUN_PANEL,
        ),
    ] = None,
    test_interval: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Between two test pulses; by default the protocol's, 10 s.", rich_help_panel=options.RUN_PANEL),
    ] = None,
    copies: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Stimulate and test N inputs together in place of one.", rich_help_panel=options.RUN_PANEL),
    ] = None,
    control: Annotated[
        bool, typer.Option("--control", help="Test an unstimulated input of the same cell as well.", rich_help_panel=options.RUN_PANEL)
    ] = False,
    paired_pulse: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Follow each test pulse by a second one, such as 50ms.", rich_help_panel=options.RUN_PANEL),
    ] = None,
    w0: options.StartWeight = None,
    cells: options.Cells = None,
    synapses: options.Synapses = None,
    engine: options.Engine = "auto",
    seed: options.Seed = 0,
    seeds: options.Seeds = None,
    progress: options.Progress = None,
    out: options.Out = None,
    csv: options.Csv = False,
    force: options.Force = False,
) -> None:
    """Carry out a protocol with a rule on a cell: EPSP before and after, beside the published points.

    A protocol given as a file, such as `run FILE.py`, is Python and is executed: give only files that you trust. A rule that draws random
    numbers is shown by the mean of many synapses.

    -p changes a parameter of the protocol if it has one of that name, else of the rule; protocol.NAME, rule.NAME and
    cell.NAME say which is meant.
    """
    from spikeheb import library
    from spikeheb.cli.report import print_notes, print_outcome
    from spikeheb.engines.choice import check_engine
    from spikeheb.protocols import with_parameters
    from spikeheb.studies.experiment import run as run_study

    check_engine(engine)
    given = assignments(parameter)
    chosen_rule = read_rule(rule, RuleChoices(set, interaction, bounds, coincidence, axonal_delay, backpropagation_delay))
    chosen_protocol, chosen_cell = library.protocol(protocol), library.cell(cell)
    of_protocol, of_rule, of_cell = share_out(given, chosen_protocol, chosen_rule, chosen_cell)
    chosen_protocol = with_parameters(chosen_protocol, of_protocol)
    chosen_rule = library.rule(chosen_rule, **of_rule)
    if of_cell:
        chosen_cell = library.cell(cell, **of_cell)
    default = folder_name(chosen_protocol.name, chosen_rule.name, chosen_rule.set or "")
    with output(out or default, force, STANDARD.with_csv(csv)) as folder:
        with shown_progress(f"{chosen_protocol.name}, {chosen_rule.label}", progress) as report:
            data = run_study(
                chosen_protocol,
                chosen_rule,
                chosen_cell,
                engine=engine,
                seed=seed,
                test_pulses=test_pulses is options.Switch.on,
                baseline=baseline,
                follow_up=follow_up,
                test_interval=test_interval,
                copies=copies,
                control=control,
                paired_pulse=paired_pulse,
                w0=w0,
                cells=cells,
                synapses=synapses,
                seeds=seeds,
                progress=report,
            )
        deliver(data, folder, force, STANDARD.with_csv(csv), Words(lambda: print_outcome(data), lambda: print_notes(data)))
