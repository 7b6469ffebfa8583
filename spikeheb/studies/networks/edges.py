"""The synapses of a network after its run, as a SONATA file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.files import circuit_of_text
from spikeheb.circuits.sonata import EdgePopulation, write_edges
from spikeheb.draws.edges import edges_of, starts_of
from spikeheb.errors import FormatError
from spikeheb.results import free_place
from spikeheb.rules.static import STATIC

if TYPE_CHECKING:
    import xarray as xr


def to_sonata(data: xr.Dataset, path: Path | str, *, force: bool = False) -> Path:
    """Write the synapses of a network with their final weights as a SONATA file of edges (HDF5).

    Each projection is a population of edges of the same name. ``syn_weight`` is the weight at the end of the run, in the unit that the
    rule gives it; of a projection without a rule its efficacy, in unit conductances of the receptor. ``delay`` is in ms. A projection of
    another network takes them with ``connect = { kind = "explicit", file = "edges.h5", population = "ee" }``.

    Parameters
    ----------
    data : xarray.Dataset
        Of `network`.
    path : path-like
    force : bool
        Replace an existing file.

    Returns
    -------
    Path

    Raises
    ------
    OutputExists, StorageError
    FormatError
        For what is no result of a network, or of one that cannot be written as a file.
    """
    target = free_place(path, force)
    if getattr(data, "attrs", {}).get("study") != "network":
        raise FormatError("expected the result of a network", key="data")
    text = str(data.attrs.get("circuit", ""))
    if text.startswith("#"):
        raise FormatError(f"this network is in no file, so that its synapses cannot be written: {text.lstrip('# ')}", key="data")
    circuit = circuit_of_text(text, "circuit of the result", Path())
    write_edges(target, {name: _edges(circuit, name, data) for name in circuit.projections})
    return target


def _edges(circuit: Circuit, name: str, data: xr.Dataset) -> EdgePopulation:
    projection = circuit.projections[name]
    if projection.rule is None:
        edges = edges_of(circuit, name)
        weight = starts_of(circuit, name, edges)[STATIC.weight]
        return EdgePopulation(
            projection.pre, projection.post, edges.pre, edges.post, weight, np.asarray(edges.delay * circuit.dt, dtype=float)
        )
    try:
        pre, post, weight, delay = (data[f"{name}_{part}"].values for part in ("pre", "post", "weight", "delay"))
    except KeyError as error:
        raise FormatError(f"has no {error.args[0]}; it is no result of this version", key="data") from None
    if pre.ndim > 1:  # of a projection that was rewired: as it is at the end
        pre, post = pre[-1], post[-1]
    return EdgePopulation(projection.pre, projection.post, pre, post, weight[-1].astype(float), np.broadcast_to(delay, pre.shape))
