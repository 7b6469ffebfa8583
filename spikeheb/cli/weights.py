"""``spikeheb weights`` and ``spikeheb compare``: which distributions weights settle to, and how these differ."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.choices import RuleChoices, assignments, read_rule, share_out
from spikeheb.cli.given import only_with
from spikeheb.cli.output import STANDARD, Words, deliver, folder_name, output
from spikeheb.cli.progress import progress as shown_progress
from spikeheb.errors import FormatError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import xarray as xr

    from spikeheb.cells import Cell
    from spikeheb.rules import Rule

INPUT_PANEL = "The inputs"
CONSTRAINT = ("constraint", "seeds", "progress", "out", "csv", "force")
"""What goes with --constraint."""


def weights(
    context: typer.Context,
    rules: Annotated[
        list[str] | None,
        typer.Option(
            "--rule",
            "-r",
            metavar="NAME[:SET]",
            help="A rule, by name or path; several stand side by side.",
            rich_help_panel=options.RULE_PANEL,
        ),
    ] = None,
    set: Annotated[
        list[str] | None,
        typer.Option(
            "--set", "-s", metavar="SET", help="A set of the first rule; several stand side by side.", rich_help_panel=options.RULE_PANEL
        ),
    ] = None,
    interaction: options.Interaction = None,
    bounds: options.Bounds = None,
    coincidence: options.Coincidence = None,
    axonal_delay: options.AxonalDelay = None,
    backpropagation_delay: options.BackpropagationDelay = None,
    parameters: options.Assignments = None,
    names: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="TEXT", help="What the rules are called, one for each.", rich_help_panel=options.RULE_PANEL),
    ] = None,
    inputs: Annotated[int, typer.Option(min=1, help="Plastic inputs of each cell.", rich_help_panel=INPUT_PANEL)] = 1000,
    rate: Annotated[str, typer.Option(metavar="RATE", help="Of each Poisson input.", rich_help_panel=INPUT_PANEL)] = "15 Hz",
    correlated: Annotated[
        int, typer.Option(min=0, metavar="N", help="So many of the inputs are correlated with each other.", rich_help_panel=INPUT_PANEL)
    ] = 0,
    correlation: Annotated[float | None, typer.Option(help="Of any two of these; by default 0.1.", rich_help_panel=INPUT_PANEL)] = None,
    correlation_time: Annotated[
        str | None, typer.Option(metavar="TIME", help="Of these; by default 20 ms.", rich_help_panel=INPUT_PANEL)
    ] = None,
    early: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="So many of the inputs follow a common event, 0 to 50 ms after it.", rich_help_panel=INPUT_PANEL
        ),
    ] = 0,
    inhibitory: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Inhibitory Poisson inputs beside them, without plasticity.", rich_help_panel=INPUT_PANEL),
    ] = 0,
    inhibitory_rate: Annotated[
        str | None, typer.Option(metavar="RATE", help="Of each of these; by default 10 Hz.", rich_help_panel=INPUT_PANEL)
    ] = None,
    imposed: Annotated[
        str | None,
        typer.Option(metavar="RATE", help="Poisson postsynaptic spikes at this rate, and no cell.", rich_help_panel=INPUT_PANEL),
    ] = None,
    duration: Annotated[str, typer.Option(metavar="TIME", help="Biological time.", rich_help_panel=options.RUN_PANEL)] = "100 s",
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.", rich_help_panel=options.RUN_PANEL)] = 2,
    seed: Annotated[int, typer.Option(min=0, help="The first of them.", rich_help_panel=options.RUN_PANEL)] = 0,
    cells: Annotated[int, typer.Option(min=1, help="Cells that get the inputs.", rich_help_panel=options.RUN_PANEL)] = 1,
    cell: Annotated[
        str,
        typer.Option(
            "--cell",
            "-c",
            metavar="CELL",
            help="A cell, by name or path; auto is l5_pyramidal with the unit auto, or none where spikes are imposed.",
            rich_help_panel=options.RUN_PANEL,
        ),
    ] = "auto",
    unit: Annotated[
        str | None,
        typer.Option(
            metavar="CONDUCTANCE",
            help="Of efficacy 1, or one for each rule; by default the cell's own, and with the cell auto it is auto: "
            "chosen so that the cell fires at about 12 Hz with every weight at its start "
            "and at about 60 Hz with every weight at its upper bound.",
            rich_help_panel=options.RUN_PANEL,
        ),
    ] = None,
    current: Annotated[
        str | None,
        typer.Option(
            metavar="CURRENT",
            help="Constant, into each cell, or one for each rule; by default none, "
            "and with the unit auto what the inputs lack for the 12 Hz.",
            rich_help_panel=options.RUN_PANEL,
        ),
    ] = None,
    w0: options.StartWeight = None,
    dt: options.TimeStep = "0.1 ms",
    match_rates: Annotated[
        bool, typer.Option("--match-rates", help="Run slow rules longer, so that all learn as much.", rich_help_panel=options.RUN_PANEL)
    ] = False,
    normalise: Annotated[
        str | None,
        typer.Option(
            metavar="KIND", help="divisive or subtractive: each cell's weights keep their sum.", rich_help_panel=options.RUN_PANEL
        ),
    ] = None,
    normalise_every: Annotated[
        str | None, typer.Option(metavar="TIME", help="Do so at these times, not after every event.", rich_help_panel=options.RUN_PANEL)
    ] = None,
    constraint: Annotated[
        bool,
        typer.Option(
            "--constraint",
            help="Hold normalised weights against probabilities of promotion instead; takes --seeds only.",
            rich_help_panel=options.RUN_PANEL,
        ),
    ] = False,
    snapshots: Annotated[int, typer.Option(min=1, help="Times at which the weights are counted.", rich_help_panel=options.RUN_PANEL)] = 40,
    watch: Annotated[
        int, typer.Option(min=1, help="Synapses of the first cell whose weights are kept then.", rich_help_panel=options.RUN_PANEL)
    ] = 1000,
    epsp: Annotated[
        str | None,
        typer.Option(metavar="VOLTAGE", help="EPSP of a weight of 1: measured EPSPs are drawn beside.", rich_help_panel=options.RUN_PANEL),
    ] = None,
    memory: Annotated[
        str, typer.Option(metavar="BYTES", help='That may be taken, such as "2 GB".', rich_help_panel=options.RUN_PANEL)
    ] = "2 GB",
    engine: Annotated[str, typer.Option(metavar="ENGINE", help="auto, kernel, plain, brian.", rich_help_panel=options.RUN_PANEL)] = "auto",
    progress: options.Progress = None,
    out: options.Out = None,
    csv: options.Csv = False,
    force: options.Force = False,
) -> None:
    """Which weight distribution rules settle to under the same input spikes, with the theory's density over it where there is one."""
    from spikeheb.cli.printing import data_table
    from spikeheb.studies.drive import AUTO
    from spikeheb.studies.inputs import fan_in_inputs
    from spikeheb.studies.weights import weights as study

    if constraint:
        only_with(context, "without --constraint", *CONSTRAINT)
        _constraint(seeds, progress, out, force, csv)
        return
    if not rules:
        raise FormatError("give one rule or more", key="--rule")
    flags = RuleChoices(None, interaction, bounds, coincidence, axonal_delay, backpropagation_delay)
    if cell == AUTO and imposed is None:
        unit = unit or AUTO
    chosen, body = _chosen(rules, set or [], flags, assignments(parameters), cell, imposed)
    trains = fan_in_inputs(
        inputs, rate, correlated=correlated, correlation=correlation, correlation_time=correlation_time, early=early,
        inhibitory=inhibitory, inhibitory_rate=inhibitory_rate,
    )  # fmt: skip
    default = folder_name("weights", *(f"{rule.name}-{rule.set}" if rule.set else rule.name for rule in chosen))
    with output(out or default, force, STANDARD.with_csv(csv)) as folder:
        with shown_progress("weights", progress) as report:
            data = study(
                chosen, body, trains, duration, seeds, seed=seed, cells=cells, imposed=imposed, dt=dt, unit=unit, current=current, w0=w0,
                match_rates=match_rates, normalise=normalise, normalise_every=normalise_every, snapshots=snapshots, watch=watch,
                epsp=epsp, memory=memory, engine=engine, names=names or None, progress=report,
            )  # fmt: skip
        deliver(data, folder, force, STANDARD.with_csv(csv), Words(lambda: data_table(*_table(data)), lambda: _say(data)))


def _say(data: xr.Dataset) -> None:
    """Print which distributions have not settled and why, rates beyond physiology, and which engines ran."""
    from spikeheb.cli.printing import note

    for rule in data["rule"].values:
        row = data.sel(rule=rule)
        for verdict, start in (("no", "has not settled"), ("cannot tell", "may not have settled")):
            reasons = row["why"].values[row["settled"].values == verdict]
            if reasons.size and not row["note"].values[row["settled"].values == verdict].all():
                note(f"{rule} {start}: {reasons[0]}; take a longer --duration")
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
    from spikeheb.studies.weights import named_cell

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


def _constraint(seeds: int, shown: bool | None, out: Path | None, force: bool, csv: bool) -> None:
    """Run the study of the constraint theorem: table, result and figure."""
    from spikeheb.cli.printing import data_table
    from spikeheb.studies.constraint import constraint as study
    from spikeheb.tables import number_text

    with output(out or Path("weights-constraint"), force, STANDARD.with_csv(csv)) as folder:
        with shown_progress("constraint", shown) as report:
            data = study(seeds=seeds, progress=report)
        rows = [
            [str(kind), f"{rate:g}", number_text(float(data["bias"].sel(kind=kind, learning_rate=rate)))]
            for kind in data["kind"].values
            for rate in data["learning_rate"].values
        ]
        words = Words(lambda: data_table(["kind", "learning rate", "mean |weight - prediction|"], rows))
        deliver(data, folder, force, STANDARD.with_csv(csv), words)


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


def compare(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Results of `weights` (.nc), or weights as .csv or .npy.")],
    low: Annotated[float | None, typer.Option(help="Lower bound, for weights from elsewhere.")] = None,
    high: Annotated[float | None, typer.Option(help="Upper bound, for weights from elsewhere.")] = None,
    seed: options.Seed = 0,
    layout: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="What rows and columns of an array mean: rows or columns are seeds, or all is one sample."),
    ] = None,
) -> None:
    """Compare weight distributions: shape, modes, and distances of every two, with intervals over seeds."""
    from spikeheb.cli.printing import data_table, heading, note
    from spikeheb.studies.comparison import distances_table, read_all, shapes_table, theory_table

    samples = read_all(files, low, high, layout)
    for sample in samples:
        note(f"{sample.name}: {sample.meaning}")
    data_table(*shapes_table(samples))
    if len(samples) > 1:
        heading("Distances, with 95 % intervals over seeds")
        data_table(*distances_table(samples, seed))
    if any(sample.theory is not None for sample in samples):
        heading("Distances to theory, spikes of the two sides independent")
        data_table(*theory_table(samples, seed))
