"""``spikeheb weights`` and ``spikeheb compare``: what weights settle to, and how distributions differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.choices import RuleChoices, read_rule
from spikeheb.cli.output import STANDARD, folder_name, output, write
from spikeheb.cli.progress import progress as shown_progress
from spikeheb.errors import FormatError

if TYPE_CHECKING:
    import xarray as xr

    from spikeheb.rules import Rule
    from spikeheb.studies.inputs import Inputs

INPUT_PANEL = "The inputs"
LATEST = 0.05
"""Seconds after a common event at which the last of the early inputs fires."""


def weights(
    rule: Annotated[
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
    bounds: options.Bounds = None,
    inputs: Annotated[int, typer.Option(min=1, help="Plastic inputs of each cell.", rich_help_panel=INPUT_PANEL)] = 1000,
    rate: Annotated[str, typer.Option(metavar="RATE", help="Of each Poisson input.", rich_help_panel=INPUT_PANEL)] = "15 Hz",
    correlated: Annotated[
        int, typer.Option(min=0, metavar="N", help="So many of the inputs are correlated with each other.", rich_help_panel=INPUT_PANEL)
    ] = 0,
    correlation: Annotated[float, typer.Option(help="Of any two of these.", rich_help_panel=INPUT_PANEL)] = 0.1,
    correlation_time: Annotated[str, typer.Option(metavar="TIME", help="Of these.", rich_help_panel=INPUT_PANEL)] = "20 ms",
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
    inhibitory_rate: Annotated[str, typer.Option(metavar="RATE", help="Of each of these.", rich_help_panel=INPUT_PANEL)] = "10 Hz",
    imposed: Annotated[
        str | None,
        typer.Option(metavar="RATE", help="No cell: Poisson postsynaptic spikes at this rate.", rich_help_panel=INPUT_PANEL),
    ] = None,
    duration: Annotated[str, typer.Option(metavar="TIME", help="Biological time.", rich_help_panel=options.RUN_PANEL)] = "100 s",
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.", rich_help_panel=options.RUN_PANEL)] = 2,
    cells: Annotated[int, typer.Option(min=1, help="Cells that get the inputs.", rich_help_panel=options.RUN_PANEL)] = 1,
    cell: Annotated[
        str, typer.Option("--cell", "-c", metavar="CELL", help="A cell, by name or path.", rich_help_panel=options.RUN_PANEL)
    ] = "song_2000",
    unit: Annotated[
        str | None, typer.Option(metavar="CONDUCTANCE", help="Of efficacy 1; the cell's own by default.", rich_help_panel=options.RUN_PANEL)
    ] = None,
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
            "--constraint", help="Hold normalised weights against probabilities of promotion instead.", rich_help_panel=options.RUN_PANEL
        ),
    ] = False,
    epsp: Annotated[
        str | None,
        typer.Option(metavar="VOLTAGE", help="EPSP of a weight of 1: measured EPSPs are drawn beside.", rich_help_panel=options.RUN_PANEL),
    ] = None,
    memory: Annotated[float, typer.Option(metavar="GB", help="That may be taken.", rich_help_panel=options.RUN_PANEL)] = 2.0,
    engine: Annotated[str, typer.Option(metavar="ENGINE", help="auto, kernel or brian.", rich_help_panel=options.RUN_PANEL)] = "auto",
    progress: options.Progress = None,
    out: options.Out = None,
    csv: options.Csv = False,
    force: options.Force = False,
) -> None:
    """Which weight distribution rules settle to under the same input spikes, with the theory's density over it where there is one."""
    from spikeheb.cli.printing import data_table, note
    from spikeheb.studies.inputs import with_inhibition
    from spikeheb.studies.weights import weights as study

    if constraint:
        _constraint(seeds, progress, out, force, csv)
        return
    if not rule:
        raise FormatError("give one rule or more", key="--rule")
    rules = _rules(rule, set or [], bounds)
    trains = _inputs(inputs, rate, correlated, correlation, correlation_time, early)
    if inhibitory and not imposed:
        trains = with_inhibition(trains, inhibitory, inhibitory_rate)
    default = folder_name("weights", *(f"{one.name}-{one.set}" if one.set else one.name for one in rules))
    with output(out or default, force, STANDARD.with_csv(csv)) as folder, shown_progress("weights", progress) as report:
        data = study(
            rules, None if imposed else cell, trains, duration, seeds, cells=cells,
            imposed=imposed, unit=unit, match_rates=match_rates,
            normalise=normalise, normalise_every=normalise_every, epsp=epsp, memory=memory * 1e9, engine=engine, progress=report,
        )  # fmt: skip
    try:
        data_table(*_table(data))
    finally:  # whoever reads the table may have stopped reading
        for name, why, still in zip(data["rule"].values, data["why"].values[:, 0], data["stationary"].values, strict=True):
            if not still.all():
                note(f"{name} has not settled: {why}; take a longer --duration")
        note(f"engine: {data.attrs['engine']}")
        write(data, folder, force, STANDARD.with_csv(csv))


def _constraint(seeds: int, shown: bool | None, out: Path | None, force: bool, csv: bool) -> None:
    """The constraint theorem's study: its table, result and figure."""
    from spikeheb.cli.printing import data_table
    from spikeheb.cli.report import number
    from spikeheb.studies.constraint import constraint as study

    with output(out or Path("weights-constraint"), force, STANDARD.with_csv(csv)) as folder, shown_progress("constraint", shown) as report:
        data = study(seeds=max(2, seeds), progress=report)
    rows = [
        [str(kind), f"{rate:g}", number(float(data["bias"].sel(kind=kind, learning_rate=rate)))]
        for kind in data["kind"].values
        for rate in data["learning_rate"].values
    ]
    try:
        data_table(["kind", "learning rate", "mean |weight - prediction|"], rows)
    finally:
        write(data, folder, force, STANDARD.with_csv(csv))


def _rules(names: list[str], sets: list[str], bounds: str | None) -> list[Rule]:
    """Each rule; the sets stand for the first."""
    first, *others = names
    chosen = [read_rule(first, RuleChoices(set=name, bounds=bounds)) for name in sets] or [read_rule(first, RuleChoices(bounds=bounds))]
    return chosen + [read_rule(name, RuleChoices(bounds=bounds)) for name in others]


def _inputs(count: int, rate: str, correlated: int, correlation: float, time: str, first: int) -> Inputs:
    """A correlated group, a group with latencies, and independent ones, as far as there are any."""
    import numpy as np

    from spikeheb.engines import population
    from spikeheb.studies.inputs import Inputs, check_inputs
    from spikeheb.units import FREQUENCY, TIME, quantity

    hertz = quantity(rate, FREQUENCY, key="--rate")
    check_inputs(count, "--inputs")
    if correlated + first > count:
        raise FormatError(f"expected at most the {count} inputs (got {correlated + first})", key="--correlated, --early")
    sources: list[population.Source] = []
    if correlated:
        sources.append(population.correlated(correlated, hertz, correlation, quantity(time, TIME, key="--correlation-time")))
    if first:
        sources.append(population.early(np.linspace(0, LATEST, first), hertz))
    if count > correlated + first:
        sources.append(population.Poisson(np.full(count - correlated - first, hertz)))
    return Inputs(tuple(sources))


def _table(data: xr.Dataset) -> tuple[list[str], list[list[str]]]:
    from spikeheb.cli.report import number

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
        one = data.isel(rule=n)
        values = [number(float(one[key].mean())) if key in one else "" for key in names]
        rows.append([str(name), *values, "yes" if bool(one["stationary"].all()) else "no"])
    return titles, rows


def compare(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Results of `weights` (.nc), or weights as .csv or .npy.")],
    low: Annotated[float | None, typer.Option(help="Lower bound, for weights from elsewhere.")] = None,
    high: Annotated[float | None, typer.Option(help="Upper bound, for weights from elsewhere.")] = None,
    seed: options.Seed = 0,
) -> None:
    """Compare weight distributions: shape, modes, and distances of every two, with intervals over seeds."""
    from spikeheb.cli.printing import data_table, heading
    from spikeheb.studies.comparison import distances_table, read_weights, shapes_table, theory_table

    samples = [one for file in files for one in read_weights(file, low, high)]
    data_table(*shapes_table(samples))
    if len(samples) > 1:
        heading("Distances, with 95 % intervals over seeds")
        data_table(*distances_table(samples, seed))
    if any(one.theory is not None for one in samples):
        heading("Distances to theory, spikes of the two sides independent")
        data_table(*theory_table(samples, seed))
