"""``spikeheb run``: a protocol with a rule on a cell."""

from __future__ import annotations

from typing import Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.choices import RuleChoices, assignments, read_rule, share_out
from spikeheb.cli.flatten import Values, flattened
from spikeheb.cli.output import STANDARD, Target, Words, deliver, folder_name, output
from spikeheb.cli.progress import progress as shown_progress
from spikeheb.studies.settings.experiment import Experiment


@flattened
def run(
    *,
    protocol: Annotated[
        str, typer.Argument(metavar="PROTOCOL", help="A protocol of the library, or the path of a script, which is executed.")
    ],
    rule: options.RuleName,
    choices: RuleChoices,
    parameter: options.Assignments = None,
    settings: Annotated[Values, Experiment],
    progress: options.Progress = None,
    target: Target,
) -> None:
    """Carry out a protocol with a rule on a cell: EPSP before and after, beside the published points.

    A protocol given as a file, such as `run FILE.py`, is Python and is executed: give only files that you trust. A rule that draws random
    numbers is shown by the mean of many synapses.

    -p changes a parameter of the protocol or of the rule. If both have a parameter of that name, write protocol.NAME or rule.NAME. For
    a parameter of the cell write cell.NAME.
    """
    from spikeheb import library
    from spikeheb.cli.report import print_notes, print_outcome
    from spikeheb.engines.choice import check_engine
    from spikeheb.protocols import with_parameters
    from spikeheb.studies.experiment.experiment import run as study

    check_engine(settings["engine"])
    given = assignments(parameter)
    chosen_rule = read_rule(rule, choices)
    chosen_protocol, chosen_cell = library.protocol(protocol), library.cell(settings["cell"])
    of_protocol, of_rule, of_cell = share_out(given, chosen_protocol, chosen_rule, chosen_cell)
    chosen_protocol = with_parameters(chosen_protocol, of_protocol)
    chosen_rule = library.rule(chosen_rule, **of_rule)
    if of_cell:
        chosen_cell = library.cell(settings["cell"], **of_cell)
    default = folder_name(chosen_protocol.name, chosen_rule.name, chosen_rule.set or "")
    names = STANDARD.with_csv(target.csv)
    with output(target.out or default, target.force, names) as folder:
        with shown_progress(f"{chosen_protocol.name}, {chosen_rule.label}", progress) as report:
            data = study(chosen_protocol, chosen_rule, progress=report, **{**settings, "cell": chosen_cell})
        deliver(data, folder, target.force, names, Words(lambda: print_outcome(data), lambda: print_notes(data)))
