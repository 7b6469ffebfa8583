"""``spikeheb compare``: how weight distributions differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spikeheb.cli.flatten import flattened
from spikeheb.cli.output import STANDARD, Target, Words, deliver, folder_name, output
from spikeheb.limits import LARGEST_SEED

if TYPE_CHECKING:
    from spikeheb.studies.distributions.comparison import Sample


@flattened
def compare(
    *,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Results of `weights` (.nc), or weights as .csv or .npy.")],
    low: Annotated[float | None, typer.Option(help="Lower bound of weights that are not a result of `weights`.")] = None,
    high: Annotated[float | None, typer.Option(help="Upper bound of weights that are not a result of `weights`.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the intervals.")] = 0,
    layout: Annotated[
        str | None,
        typer.Option(metavar="KIND", help='What an array means: "rows" or "columns" are seeds, or "all" values are one sample.'),
    ] = None,
    target: Target,
) -> None:
    """Compare weight distributions: shape, modes, and distances between every two of them, with intervals over seeds."""
    from spikeheb.cli.printing import note
    from spikeheb.studies.distributions.comparison import compared, read_all

    names = STANDARD.with_csv(target.csv)
    with output(target.out or folder_name("compare", *(path.stem for path in files)), target.force, names) as folder:
        samples = read_all(files, low, high, layout)
        for sample in samples:
            note(f"{sample.name}: {sample.meaning}")
        deliver(compared(samples, seed), folder, target.force, names, Words(lambda: _print(samples, seed)))


def _print(samples: list[Sample], seed: int) -> None:
    from spikeheb.cli.printing import data_table, heading
    from spikeheb.studies.distributions.comparison import distances_table, shapes_table, theory_table

    data_table(*shapes_table(samples))
    if len(samples) > 1:
        heading("Distances, with 95 % intervals over seeds")
        data_table(*distances_table(samples, seed))
    if any(sample.theory is not None for sample in samples):
        heading("Distances to the theory in which pre- and postsynaptic spikes are independent")
        data_table(*theory_table(samples, seed))
