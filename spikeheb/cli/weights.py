"""``spikeheb weights``: which distributions weights settle to."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.choices import RuleChoices, assignments, read_rule, share_out
from spikeheb.cli.flatten import Values, flattened
from spikeheb.cli.output import STANDARD, Target, Words, deliver, folder_name, output
from spikeheb.cli.progress import progress as shown_progress
from spikeheb.errors import FormatError
from spikeheb.studies.settings.weights import Weights

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import xarray as xr

    from spikeheb.cells import Cell
    from spikeheb.rules import Rule


@flattened
def weights(
    *,
    rule: Annotated[
        list[str] | None,
        typer.Option(
            "--rule",
            "-r",
            metavar="NAME[:SET]",
            help="A rule, by name or path; may be repeated to compare several.",
            rich_help_panel=options.RULE_PANEL,
        ),
    ] = None,
    set: Annotated[
        list[str] | None,
        typer.Option(
            "--set", "-s", metavar="SET", help="A published set of the first rule; may be repeated.", rich_help_panel=options.RULE_PANEL
        ),
    ] = None,
    choices: RuleChoices,
    parameter: options.Assignments = None,
    settings: Annotated[Values, Weights],
    progress: options.Progress = None,
    target: Target,
) -> None:
    """Show the weight distribution that each rule settles to under the same input spikes, beside the one that theory predicts."""
    from spikeheb.cli.printing import data_table
    from spikeheb.studies.distributions.drive import AUTO
    from spikeheb.studies.distributions.weights import weights as study

    if not rule:
        raise FormatError("give at least one rule", key="--rule")
    cell, imposed, unit = settings["cell"], settings["imposed"], settings["unit"]
    if cell == AUTO and imposed is None:
        unit = unit or AUTO
    chosen, body = _chosen(rule, set or [], choices, assignments(parameter), cell, imposed)
    known = {**settings, "cell": body, "unit": unit}
    default = folder_name("weights", *(f"{rule.name}-{rule.set}" if rule.set else rule.name for rule in chosen))
    files = STANDARD.with_csv(target.csv)
    with output(target.out or default, target.force, files) as folder:
        with shown_progress("weights", progress) as report:
            data = study(chosen, progress=report, **known)
        deliver(data, folder, target.force, files, Words(lambda: data_table(*_table(data)), lambda: _say(data)))


def _say(data: xr.Dataset) -> None:
    """Print which distributions have not settled and why, rates beyond physiology, and which engines ran."""
    from spikeheb.cli.printing import note

    for rule in data["rule"].values:
        row = data.sel(rule=rule)
        for verdict, start in (("no", "has not settled"), ("cannot tell", "may not have settled")):
            reasons = row["why"].values[row["settled"].values == verdict]
            if reasons.size and not row["note"].values[row["settled"].values == verdict].all():
                note(f"{rule} {start}: {reasons[0]}; choose a longer --duration")
        if "drive" in row.coords:
            note(f"{rule}: {row['drive'].item()}")
        for text in dict.fromkeys(text for text in row["note"].values if text):
            note(f"{rule}: {text}")
    note(f"engine: {data.attrs['engine']}")


def _chosen(
    names: list[str], sets: list[str], flags: RuleChoices, given: dict[str, str], cell: str, imposed: str | None
) -> tuple[list[Rule], Cell | str | None]:
    """The rules and the cell with the parameters meant for them; --set replaces the first rule by its sets.

    Raises
    ------
    UnknownName
        For a parameter that neither the cell nor any of the rules has.
    """
    from spikeheb import library
    from spikeheb.cells import with_parameters
    from spikeheb.studies.distributions.weights import named_cell

    first, *others = names
    rules = [read_rule(first, replace(flags, set=name)) for name in sets] or [read_rule(first, flags)]
    rules += [read_rule(name, flags) for name in others]
    body = named_cell(cell, imposed)
    if not given:
        return rules, body
    changed: list[Rule] = []
    used: list[str] = []
    for rule in rules:
        own = {name: value for name, value in given.items() if _meant_for(name, rule)}
        used += own
        changed.append(library.rule(rule, **share_out(own, None, rule)[1]) if own else rule)
    left = {name: value for name, value in given.items() if name not in used}
    of_cell = share_out(left, None, rules[0], body)[2]
    return changed, with_parameters(body, of_cell) if of_cell and body is not None else body


def _meant_for(name: str, rule: Rule) -> bool:
    return name.removeprefix("rule.") in rule.parameters


def _table(data: xr.Dataset) -> tuple[list[str], list[list[str]]]:
    from spikeheb.tables import number_text

    names = ("mean", "cv", "skew", "near_low", "near_high", "dip_p", "rate", "selectivity", "theory_distance")
    titles = [
        "rule",
        "mean",
        "CV",
        "skew",
        "near lower bound",
        "near upper bound",
        "dip p",
        "rate (Hz)",
        "selectivity",
        "distance to theory",
        "settled",
    ]
    rows = []
    for n, name in enumerate(data["rule"].values):
        of_rule = data.isel(rule=n)
        values = [number_text(_mean(of_rule[key].values)) if key in of_rule else "" for key in names]
        verdicts = set(of_rule["settled"].values)
        rows.append([str(name), *values, next(word for word in ("no", "cannot tell", "yes") if word in verdicts)])
    return titles, rows


def _mean(values: npt.NDArray[np.float64]) -> float:
    """The mean over the seeds that have a value; NaN if none has."""
    known = [float(value) for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan
