"""``spikeheb constraint``: normalised weights beside what promotions predict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from spikeheb.cli import options
from spikeheb.cli.flatten import Values, flattened
from spikeheb.cli.output import STANDARD, Target, Words, deliver, output
from spikeheb.cli.progress import progress as shown_progress
from spikeheb.studies.settings.constraint import Constraint

if TYPE_CHECKING:
    import xarray as xr


@flattened
def constraint(*, settings: Annotated[Values, Constraint], progress: options.Progress = None, target: Target) -> None:
    """Compare normalised weights of a pair rule with what counted promotions predict (Chu & Le Nguyen 2020).

    A cell gets Poisson inputs of different rates, and after every event its weights are divided by their sum. An increase of a weight by
    a pair of spikes is a promotion, a decrease a demotion. Without depression ("hebbian") each weight should settle at its share of all
    promotions, with depression ("stdp") at its share of promotions minus demotions. These are counted in runs with other seeds.
    """
    from spikeheb.studies.distributions.constraint import constraint as study

    names = STANDARD.with_csv(target.csv)
    with output(target.out or Path("constraint"), target.force, names) as folder:
        with shown_progress("constraint", progress) as report:
            data = study(**settings, progress=report)
        deliver(data, folder, target.force, names, Words(lambda: _print(data)))


def _print(data: xr.Dataset) -> None:
    from spikeheb.cli.printing import data_table
    from spikeheb.tables import number_text

    rows = [
        [str(kind), f"{rate:g}", number_text(float(data["bias"].sel(kind=kind, learning_rate=rate)))]
        for kind in data["kind"].values
        for rate in data["learning_rate"].values
    ]
    data_table(["kind", "learning rate", "mean |weight - prediction|"], rows)
