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
    progress: options.Progress = None,
    target: Target,
) -> None:
    """Run a network: populations of cells that reach each other through synapses, some of them plastic.

    Printed are the mean rate of each population and how irregular its spikes are, both of the second half of the run, and the weights of
    each plastic projection, first and last recorded.
    """
    from spikeheb.cli.printing import note
    from spikeheb.cli.report import print_notes
    from spikeheb.results import free_place
    from spikeheb.studies.networks.edges import to_sonata
    from spikeheb.studies.networks.network import network as study

    if edges is not None:
        free_place(edges, target.force)
    names = STANDARD.with_csv(target.csv)
    with output(target.out or folder_name("net", Path(circuit).stem), target.force, names) as folder:
        with shown_progress("net", progress) as report:
            data = study(circuit, **settings, progress=report)
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
        for place in dict.fromkeys((0, weights.sizes["snapshot"] - 1)) if weights.size else ():
            at = weights.isel(snapshot=place)
            rows.append([name, f"{at.size:,}", f"{float(at['snapshot']):.4g}", f"{float(at.mean()):.4g}", f"{float(at.std()):.4g}"])
    if rows:
        data_table(["projection", "synapses", "time (s)", "mean weight", "s.d."], rows)
