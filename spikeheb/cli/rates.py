"""``spikeheb rates``: rate rules, and the studies of networks that learn by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spikeheb.cli import options
from spikeheb.cli.flatten import QUANTITIES, Values, flattened
from spikeheb.cli.output import STANDARD, Target, Words, deliver, folder_name, output
from spikeheb.cli.progress import progress as shown_progress
from spikeheb.studies.settings.rates import STUDIES

if TYPE_CHECKING:
    import xarray as xr

    from spikeheb.rates.rate_rule import RateRule

rates = typer.Typer(help="Rate rules, and studies of networks that learn by them.", invoke_without_command=True)
run = typer.Typer(no_args_is_help=True, help="Run a study of rates.")


@rates.callback()
def _list(context: typer.Context) -> None:
    """List rate rules and the studies of networks that learn by them; show a rule, or run a study."""
    from spikeheb.cli.printing import data_table
    from spikeheb.library import catalogue

    if context.invoked_subcommand is None:
        studies = [("study", name, _summary(cls)) for name, cls in STUDIES.items()]
        data_table(["kind", "name", "title"], [*catalogue("rates").rows, *studies])


@rates.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A rate rule of the library, or the path of its file.")],
    latex: Annotated[bool, typer.Option("--latex", help="Print the equations in LaTeX.")] = False,
) -> None:
    """Show a rate rule: its equations, parameters with their sources, spiking twin and references."""
    from spikeheb.cli.show import print_rate_rule
    from spikeheb.rates.file import rule

    print_rate_rule(rule(name), latex=latex)


def check_rule(rule: RateRule) -> str:
    """Let the rule learn from two samples, so that every line is computed; returns what it is, in words."""
    import numpy as np

    from spikeheb.rates.layer import Layer

    samples = np.array([[0.5, -0.25, 1.0], [0.25, 0.75, -0.5]])
    Layer(rule, 2).fit(samples, targets=np.full((2, 2), 0.5), amounts=np.ones(2))
    return f"rate rule {rule.name}" + (f", twin {rule.twin.rule}" if rule.twin else "")


def _summary(cls: type) -> str:
    return (cls.__doc__ or "").strip().splitlines()[0].rstrip(".")


def _command(name: str, cls: type) -> Callable[..., None]:
    """The command that runs a study, with an option for each of its settings."""

    def command(*, settings: Values, progress: options.Progress = None, target: Target) -> None:
        import importlib

        study = getattr(importlib.import_module(f"spikeheb.studies.rates.{name}"), name)
        names = STANDARD.with_csv(target.csv)
        with output(target.out or folder_name("rates", name), target.force, names) as folder:
            with shown_progress(name, progress) as report:
                data = study(**settings, progress=report)
            deliver(data, folder, target.force, names, Words(lambda: _print(data), lambda: _notes(data)))

    command.__name__ = name
    command.__doc__ = f"{_summary(cls)}.\n\nMeans over the seeds are printed, with their standard deviations."
    command.__annotations__["settings"] = Annotated[Values, cls]
    return flattened(command)


def _print(data: xr.Dataset) -> None:
    """The mean and the standard deviation over seeds of everything that has no dimension of its own but these of the study's table."""
    from spikeheb.cli.printing import data_table
    from spikeheb.studies.rates.summary import columns, rows

    data_table(columns(data), rows(data))


def _notes(data: xr.Dataset) -> None:
    from spikeheb.cli.printing import note

    note(str(data.attrs["claim"]))
    if "note" in data.attrs:
        note(f"note: {data.attrs['note']}")


def _add_studies(studies: Mapping[str, type]) -> None:
    """A command for each; a quantity of several words is read as in any other command."""
    single: set[str] = set()
    several: set[str] = set()
    for name, cls in studies.items():
        run.command(name)(_command(name, cls))
        made: Any = QUANTITIES.pop(name)
        single, several = single | made[0], several | made[1]
    QUANTITIES["rates"] = (single, several)


_add_studies(STUDIES)
rates.add_typer(run, name="run")
