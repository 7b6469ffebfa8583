"""Values with arrays are compared with ``==`` like all others."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest

import spikeheb as sh
import spikeheb.circuits.files
from spikeheb.circuits.connect import Explicit, Pairwise
from spikeheb.circuits.drives import Drives
from spikeheb.circuits.files import circuit_of
from spikeheb.circuits.populations import Spikes
from spikeheb.circuits.probes import OfCells, OfSynapses, Probes
from spikeheb.circuits.projections import Projection
from spikeheb.circuits.recording import NetworkRecording, Recording, Rewiring
from spikeheb.circuits.sonata import EdgePopulation
from spikeheb.circuits.sources import Between, Group, Poisson, Regular, Replayed
from spikeheb.draws.edges import Edges

TWO, OTHER = np.array([1, 2]), np.array([1, 3])
MADE = {
    Poisson: Poisson,
    Group: lambda x: Group(3.0, 0.5, x),
    Regular: lambda x: Regular(x, TWO),
    Replayed: lambda x: Replayed((TWO, x)),
    Between: lambda x: Between(Poisson(x)),
    Spikes: lambda x: Spikes((Poisson(x),)),
    Drives: lambda x: Drives(imposed=(Replayed((x,)),)),
    Pairwise: Pairwise,
    Explicit: lambda x: Explicit(pre=TWO, post=x),
    Projection: lambda x: Projection("a", "b", Pairwise(TWO), sh.rule("pair"), initial={"w": x}),
    OfCells: lambda x: OfCells(samples=x),
    OfSynapses: lambda x: OfSynapses(edges=x),
    Probes: lambda x: Probes(snapshots=x),
    Recording: lambda x: Recording(w=x, engine={}),
    NetworkRecording: lambda x: NetworkRecording(
        engine={}, spikes={"e": (TWO, x)}, counts={}, pre={}, post={}, delay={}, w={}, snapshots={}
    ),
    Rewiring: lambda x: Rewiring(step=3, pruned=2, grown=2, pre=TWO, post=x),
    Edges: lambda x: Edges(TWO, x, TWO),
    EdgePopulation: lambda x: EdgePopulation("a", "b", TWO, x, TWO, TWO),
}


@pytest.mark.parametrize("kind", MADE, ids=lambda kind: kind.__name__)
def test_equal_values_are_equal_and_others_are_not(kind):
    make = MADE[kind]
    assert make(TWO) == make(TWO.copy())
    assert make(TWO) != make(OTHER)
    assert make(TWO) != make(np.array([1, 2, 3]))
    assert make(TWO) != "something else"


def test_circuits_are_compared():
    circuit = circuit_of(
        {
            "duration": "10 ms", "populations": {"x": {"sources": [{"kind": "poisson", "rate": ["5 Hz", "6 Hz"]}]}, "e": {"count": 2}},
            "projections": {"xe": {"pre": "x", "post": "e", "rule": "pair", "initial": {"w": [0.1, 0.2]}}}, "probes": {"edges": [0, 1]},
        }
    )  # fmt: skip
    assert circuit == replace(circuit)
    assert circuit != replace(circuit, seed=5)


def test_no_class_of_circuits_asks_an_array_whether_it_is_true():
    """Each dataclass with an array among its fields is in the list above."""
    modules = [importlib.import_module(f"spikeheb.circuits.{each.name}") for each in pkgutil.iter_modules(spikeheb.circuits.__path__)]
    kinds = {kind for module in modules for kind in vars(module).values() if isinstance(kind, type) and is_dataclass(kind)}
    with_arrays = {
        kind for kind in kinds if any(word in str(field.type) for field in fields(kind) for word in ("Steps", "Numbers", "Floats", "Reals"))
    }
    assert len(with_arrays) > 8
    assert with_arrays <= set(MADE)
