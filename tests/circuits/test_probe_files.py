"""The probes of a network in files: what is written is read, and what is wrong is said with file and key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.file_text import difference
from spikeheb.circuits.files import circuit_to_toml, read_circuit
from spikeheb.circuits.probes import OfCells, OfSynapses, Probes

HEAD = """
schema = 1
dt = "0.1 ms"
duration = "0.2 s"
[populations.x]
sources = [{ kind = "poisson", count = 20, rate = "60 Hz" }]
[populations.e]
count = 12
cell = "l5_pyramidal"
[projections.xe]
pre = "x"
post = "e"
connect = { kind = "fixed_indegree", count = 6 }
rule = "pair"
[projections.ee]
pre = "e"
post = "e"
connect = { kind = "fixed_indegree", count = 6, autapses = false }
efficacy = 3
"""


def read(text: str, folder: Path) -> Circuit:
    path = folder / "mine.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return read_circuit(path)


def test_a_file_says_what_is_recorded(tmp_path: Path) -> None:
    probes = read(
        """
        [probes]
        snapshots = { every = "50 ms" }
        [probes.populations.e]
        spikes = 5
        bin = "10 ms"
        cells = [0, 3]
        samples = { first = "1 ms", every = "100 ms" }
        [probes.projections.xe]
        snapshots = ["7 ms"]
        watched = [[0, 3], [11, 19]]
        watch = { every = "90 ms", count = 2 }
        histograms = ["0 ms"]
        edges = { low = 0, high = 1, bins = 4 }
        """,
        tmp_path,
    ).probes
    assert probes == Probes(
        snapshots=np.array([0, 500, 1000, 1500]),
        populations={"e": OfCells(spikes=np.array([0, 2, 4, 7, 9]), bin_steps=100, cells=np.array([0, 3]), samples=np.array([10, 1010]))},
        projections={
            "xe": OfSynapses(
                snapshots=np.array([70]), watched=np.array([[0, 3], [11, 19]]), watch=np.array([0, 900]), histograms=np.array([0]),
                edges=np.array([0.0, 0.25, 0.5, 0.75, 1.0]),
            )
        },
    )  # fmt: skip


BOTH_WAYS = {
    "nothing": Probes(),
    "cells": Probes(populations={"e": OfCells(spikes=np.array([], dtype=np.int64), cells=np.arange(12), samples=np.arange(0, 2000, 7))}),
    "counts": Probes(trains=True, populations={"e": OfCells(bin_steps=33)}),
    "snapshots": Probes(snapshots=np.array([5]), projections={"xe": OfSynapses(snapshots=np.array([], dtype=np.int64))}),
    "watched": Probes(projections={"xe": OfSynapses(watched=12, watch=np.array([3]))}),
    "pairs": Probes(projections={"xe": OfSynapses(watched=np.array([[0, 3]]), watch=np.array([3, 4]))}),
    "histograms": Probes(projections={"xe": OfSynapses(histograms=np.arange(0, 1000, 100), edges=np.linspace(-0.1, 0.7, 31))}),
    "cells at no time": Probes(populations={"e": OfCells(cells=np.arange(12))}),
    "watched at no time": Probes(projections={"xe": OfSynapses(watched=12, edges=np.array([0.0, 0.1, 1.0]))}),
    "edges": Probes(projections={"xe": OfSynapses(histograms=np.array([1999]), edges=np.array([0.0, 0.1, 1.0]))}),
}


@pytest.mark.parametrize("case", BOTH_WAYS)
def test_what_is_written_is_read(case: str, tmp_path: Path) -> None:
    circuit = replace(read("", tmp_path), probes=BOTH_WAYS[case])
    (tmp_path / "again.toml").write_text(circuit_to_toml(circuit), encoding="utf-8")
    again = read_circuit(tmp_path / "again.toml")
    assert difference(circuit, again) is None
    assert again.probes == circuit.probes


WRONG = {
    "sources": ('[probes.populations.x]\nbin = "1 ms"', 'probes.populations.x: no population of cells named "x"'),
    "an unknown population": ("[probes.populations.f]\nspikes = [0]", 'probes.populations.f: no population named "f"; known: e, x'),
    "cells without times": ("[probes.populations.e]\ncells = 3", "probes.populations.e.cells: has no effect without samples"),
    "watched without times": ("[probes.projections.xe]\nwatched = 3", "probes.projections.xe.watched: has no effect without watch"),
    "edges without times": ("[probes.projections.xe]\nedges = [0, 1]", "probes.projections.xe.edges: has no effect without histograms"),
    "a bin shorter than a step": (
        '[probes.populations.e]\nbin = "0.01 ms"', "probes.populations.e.bin: expected at least one time step, 0.0001 s (got 0.01 ms)",
    ),
    "samples after the end": (
        '[probes.populations.e]\ncells = 3\nsamples = ["0.2 s"]',
        "probes.populations.e.samples: expected rising times before the end of the run, 0.2 s",
    ),
    "a watch that falls": (
        '[probes.projections.xe]\nwatched = 3\nwatch = ["2 ms", "1 ms"]', "probes.projections.xe.watch: expected rising times before",
    ),
    "too many cells": ("[probes.populations.e]\nspikes = 13", "probes.populations.e.spikes: expected a whole number from 0 to 12 (got 13)"),
    "an unknown cell": ("[probes.populations.e]\ncells = [12]\nsamples = [0]", "e.cells[0]: there is no cell 12; there are 12"),
    "a bin without a unit": ("[probes.populations.e]\nbin = 5", "probes.populations.e.bin"),
    "an unknown key": ("[probes.populations.e]\nvoltage = [1]", "probes.populations.e.voltage: no such key"),
    "no rule": ("[probes.projections.ee]\nwatched = 3\nwatch = [0]", 'probes.projections.ee: no projection with a rule named "ee"'),
    "three numbers": ("[probes.projections.xe]\nwatched = [[1, 2, 3]]\nwatch = [0]", "xe.watched[0]: expected a cell and a source"),
    "no bins": ("[probes.projections.xe]\nhistograms = [0]\nedges = { low = 0, high = 1, bins = 0 }", "xe.edges.bins: expected a"),
    "edges that fall": ("[probes.projections.xe]\nhistograms = [0]\nedges = { low = 1, high = 0, bins = 2 }", "edges of histograms must"),
    "endless": (
        '[probes.projections.xe]\nwatched = 1\nwatch = { every = "1 ns" }',
        "probes.projections.xe.watch.count: expected a whole number",
    ),
    "a series of spikes without a count": (
        '[populations.y]\nsources = [{ kind = "replayed", trains = [[{ every = "1 ms" }]] }]', "populations.y.sources[0]"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_in_one_line(case: str, tmp_path: Path) -> None:
    text, words = WRONG[case]
    with pytest.raises(sh.SpikehebError) as refused:
        read(text, tmp_path)
    assert words in str(refused.value)
    assert str(tmp_path / "mine.toml") in str(refused.value)
    assert "\n" not in str(refused.value)
