"""``spikeheb net``: run a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.flatten import Values, flattened
from spikeheb.cli.output import STANDARD, Target, Words, deliver, folder_name, output
from spikeheb.cli.progress import progress as shown_progress
from spikeheb.studies.settings.network import Network

if TYPE_CHECKING:
    import xarray as xr


@flattened
def net(
    *,
    circuit: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A network of the library, or the path of its file.")],
    settings: Annotated[Values, Network],
    edges: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write all synapses with their final weights, as SONATA edges (HDF5).")
    ] = None,
    save: Annotated[
        str | None, typer.Option(metavar="FILE", help="Save the run in this file on its way.", rich_help_panel=options.RUN_PANEL)
    ] = None,
    every: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Of work between two savings; 60 by default.", rich_help_panel=options.RUN_PANEL)
    ] = None,
    resume: Annotated[
        str | None, typer.Option(metavar="FILE", help="Go on from where this file was saved.", rich_help_panel=options.RUN_PANEL)
    ] = None,
    progress: options.Progress = None,
    target: Target,
) -> None:
    """Run a network: populations of cells that are connected by synapses, some of them plastic.

    The command prints the mean rate of each population and how irregular its spikes are, both for the second half of the run. For each
    plastic projection it prints the weights that were recorded first and last.

    Before that, stderr says roughly how much memory and time the run will take. A long run may be saved on its way: spikeheb net NAME
    --save run.npz. If it is stopped, spikeheb net NAME --resume run.npz with the same settings goes on, and comes to the same result.
    """
    from spikeheb.cli.printing import note
    from spikeheb.cli.report import print_notes
    from spikeheb.results import free_place
    from spikeheb.studies.networks.edges import to_sonata
    from spikeheb.studies.networks.estimate import estimate
    from spikeheb.studies.networks.network import given_circuit, of_file, planned
    from spikeheb.studies.networks.network import network as study

    if edges is not None:
        free_place(edges, target.force)
    names = STANDARD.with_csv(target.csv)
    with output(target.out or folder_name("net", Path(circuit).stem), target.force, names) as folder:
        given = given_circuit(circuit)
        note(str(estimate(planned(given, **settings))))
        with shown_progress("net", progress) as report:
            pause = None if every is None else f"{every} s"
            try:
                with of_file(circuit):
                    data = study(given, **settings, save=save, every=pause, resume=resume, progress=report)
            except KeyboardInterrupt:
                if save is not None and Path(save).exists():
                    note(f"saved: {save}; the same command with --resume {save} goes on from there")
                raise
        deliver(data, folder, target.force, names, Words(lambda: _print(data), lambda: print_notes(data)))
        if edges is not None:
            note(f"edges: {to_sonata(data, edges, force=target.force)}")


def _print(data: xr.Dataset) -> None:
    from spikeheb.cli.printing import data_table

    groups = []
    for name, count in json.loads(data.attrs["populations"]):
        means = data.sel(population=name)
        irregular = f"{float(means['mean_cv']):.2f}" if "mean_cv" in means and means["mean_cv"].notnull() else ""
        groups.append([name, f"{count:,}", f"{float(means['mean_rate']):.2f}", irregular])
    data_table(["population", "cells", "rate (Hz)", "CV of intervals"], groups)
    rows = []
    for name in json.loads(data.attrs["plastic"]):
        weights = data[f"{name}_weight"]
        time = weights.dims[0]
        for place in dict.fromkeys((0, weights.sizes[time] - 1)) if weights.size else ():
            at = weights.isel({time: place})
            spread = float(at.std()) if at.min() < at.max() else 0.0  # that of equal numbers is their rounding
            rows.append([name, f"{at.size:,}", f"{float(at[time]):.4g}", f"{float(at.mean()):.4g}", f"{spread:.4g}"])
    if rows:
        data_table(["projection", "synapses", "time (s)", "mean weight", "s.d."], rows)
