"""``spikeheb window``: the change of the weight against delta_t."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from spikeheb.cli import options
from spikeheb.cli.choices import RuleChoices, assignments, read_rule, share_out
from spikeheb.cli.flatten import Values, flattened
from spikeheb.cli.output import STANDARD, Target, Words, deliver, folder_name, output
from spikeheb.cli.progress import progress as shown_progress
from spikeheb.errors import UnknownName
from spikeheb.studies.settings.window import Window

if TYPE_CHECKING:
    from spikeheb.rules import Rule


@flattened
def window(
    *,
    rule: options.RuleNames,
    choices: RuleChoices,
    parameter: options.Assignments = None,
    settings: Annotated[Values, Window],
    progress: options.Progress = None,
    target: Target,
) -> None:
    """Show the change of the weight after many equal pairs against delta_t = t_post - t_pre, for one rule or several.

    --rule NAME:SET chooses a set for one rule, and --set chooses the set of all other rules. A rule that draws random numbers is shown
    by the mean of many synapses, with its standard error.
    """
    from spikeheb.cli.printing import data_table
    from spikeheb.cli.report import print_notes, window_table
    from spikeheb.engines.choice import check_engine
    from spikeheb.studies.windows.window import window as study

    check_engine(settings["engine"])
    rules = _with_parameters([read_rule(text, choices) for text in rule], assignments(parameter))
    default = folder_name("window", *(f"{each.name}-{each.set}" if each.set else each.name for each in rules))
    names = STANDARD.with_csv(target.csv)
    with output(target.out or default, target.force, names) as folder:
        with shown_progress("window", progress) as report:
            data = study(rules, **settings, progress=report)
        words = Words(lambda: data_table(*window_table(data)), lambda: print_notes(data))
        deliver(data, folder, target.force, names, words)


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
