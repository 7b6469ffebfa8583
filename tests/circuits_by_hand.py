"""Circuits as tests write them: by keywords, whatever part of a circuit each belongs to."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from spikeheb.circuits import usual
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import AllToAll, OwnCopies, Pairwise
from spikeheb.circuits.drives import EVERY, Change, Drives, from_start
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Projection

CELLS_OF_NETWORKS = (
    "brunel_2000", "izhikevich_fs", "izhikevich_fs_1ms", "izhikevich_rs", "izhikevich_rs_1ms", "masquelier_2008", "poisson", "vogels_2011",
)  # fmt: skip
"""Cells of the library for networks of many weak inputs."""
RULES_OF_NETWORKS = ("gain", "izhikevich_2006", "izhikevich_2007")
"""Rules of the library for one network. These and the cells above are tried in part: each rule and cell is a kernel of its own."""

PARTS = {name: {field.name for field in fields(kind)} for name, kind in (("plastic", Projection), ("drive", Drives), ("probes", Probes))}


def of_lanes(rule, cell, dt, steps, lane_of_input, pre, post, **more):
    """Each input reaches one cell; imposed spikes `post` for each cell. `more` as in `but`."""
    drives = Drives(imposed=usual.given(tuple(post)))
    if "clamps" in more or "currents" in more:
        drives = replace(drives, **{name: more.pop(name) for name in ("clamps", "currents") if name in more})
    return but(usual.lanes(rule, cell, dt, steps, np.asarray(lane_of_input), tuple(pre), drives), **more)


def of_fan_in(rule, cell, dt, steps, cells, inputs, **more):
    """Every input reaches every cell. `more` as in `but`."""
    connect = OwnCopies() if more.pop("private", False) else AllToAll()
    return but(usual.fan_in(rule, cell, dt, steps, cells, tuple(inputs), connect), **more)


def but(circuit, **changes):
    """The circuit with other attributes of itself, or of its plastic projection, drives and probes.

    Further `current`: a constant one into every cell; `rewards` of fan-in as pairs of step and amount; `private`; `unplastic`: sources,
    efficacy, receptor and perhaps a delay; `pre`, `post`: trains; `cells`: how many; `cell`.
    """
    parts = {name: {} for name in (*PARTS, "circuit")}
    plastic, populations = circuit.plastic, dict(circuit.populations)
    beside = changes.pop("unplastic", None)
    for name, value in changes.items():
        if name == "current":
            parts["drive"]["currents"] = from_start(value)
        elif name == "rewards":
            parts["drive"]["rewards"] = tuple(v if isinstance(v, Change) else Change(EVERY, *v) for v in value)
        elif name == "private":
            parts["plastic"]["connect"] = OwnCopies() if value else AllToAll()
        elif name == "pre":
            populations[plastic.pre] = Spikes(usual.given(tuple(value)))
        elif name == "inputs":
            populations[plastic.pre] = Spikes(tuple(value))
        elif name == "post":
            parts["drive"]["imposed"] = usual.given(tuple(value))
            populations[plastic.post] = Cells(len(value), changes.get("cell", circuit.cell))
        elif name == "cells":
            populations[plastic.post] = Cells(value, circuit.cell)
        elif name == "cell":
            populations[plastic.post] = Cells(circuit.cells.count, value)
        elif name == "lane_of_input":
            parts["plastic"]["connect"] = Pairwise(value)
        else:
            part = next((part for part, names in PARTS.items() if name in names), "circuit")
            parts[part][name] = value
    changed = replace(plastic, **parts["plastic"])
    other = {name: changed if each is plastic else each for name, each in circuit.projections.items()}
    if circuit.unplastic is not None and "connect" in parts["plastic"]:
        other = {name: replace(each, connect=changed.connect) for name, each in other.items()}
    new = replace(
        circuit,
        populations=populations,
        projections=other,
        drives={**circuit.drives, plastic.post: replace(circuit.drive, **parts["drive"])},
        probes=replace(circuit.probes, **parts["probes"]),
        **parts["circuit"],
    )
    if beside is None:
        return new
    sources, efficacy, receptor, *delay = beside
    return usual.with_unplastic(new, sources, receptor, efficacy, *delay)


def pre_trains(circuit: Circuit):
    """The given trains of a circuit's inputs."""
    return usual.trains_given(circuit.sources.sources)


def post_trains(circuit: Circuit):
    """The given trains that are imposed on its cells."""
    return usual.trains_given(circuit.drive.imposed)
