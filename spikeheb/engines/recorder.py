"""What engines that run step by step in Python record of a network at the end of each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.draws.edges import Edges, watched_synapses


class Recorder:
    """What is recorded of the cells and of the projections with a rule.

    Parameters
    ----------
    circuit : Circuit
    cells : mapping of str to mapping of str to array, shape (cells,)
        By population the variables of its cells, in arrays that the run changes.
    weights : mapping of str to array, shape (synapses,)
        Those of each projection with a rule, in arrays that the run changes.
    edges : mapping of str to Edges
        By projection.
    """

    def __init__(
        self, circuit: Circuit, cells: Mapping[str, Mapping[str, Floats]], weights: Mapping[str, Floats], edges: Mapping[str, Edges]
    ) -> None:
        self.circuit, self.cells, self.weights = circuit, cells, weights
        self.watched = {name: watched_synapses(circuit, name, edges[name]) for name in weights}
        self._taken: dict[tuple[str, str], list[Any]] = {}

    def record(self, now: int) -> None:
        """What is asked for at the end of the step."""
        for name, w in self.weights.items():
            of = self.circuit.probes.of_synapses(name)
            if of.snapshots is not None and now in of.snapshots:
                self._keep("snapshots", name, w.copy())
            if now in of.watch:
                self._keep("watched", name, w[self.watched[name]])
            if now in of.histograms:
                self._keep("histograms", name, np.histogram(w, of.edges)[0])
        for name, variables in self.cells.items():
            of_cells = self.circuit.probes.of_cells(name)
            if now in of_cells.samples:
                states = {state: values[of_cells.cells] for state, values in variables.items()}
                self._keep("v", name, states["v"])
                receptors = self.circuit.driven_cell(name).conducting
                self._keep("currents", name, [receptor.current(states["v"], states) for receptor in receptors])

    def _keep(self, what: str, name: str, values: Any) -> None:
        self._taken.setdefault((what, name), []).append(values)

    def _of(self, what: str, name: str) -> Any:
        return self._taken.get((what, name), [])

    def recorded(self, spikes: Mapping[str, tuple[Steps, Steps]]) -> dict[str, Any]:
        """What a `NetworkRecording` has of spikes, steps and cells, and what was recorded on the way."""
        probes = self.circuit.probes
        sampled = {name: probes.of_cells(name) for name in self.cells if len(probes.of_cells(name).samples)}
        receptors = {name: len(self.circuit.driven_cell(name).conducting) for name in sampled}
        ruled = {name: probes.of_synapses(name) for name in self.weights}
        counts = {name: self.circuit.populations[name].count for name in self.cells}
        kept = {name: probes.kept(name, count) for name, count in counts.items()}
        return {
            "spikes": {name: _of_cells(spikes[name], kept[name]) for name in self.cells if len(kept[name])},
            "counts": {name: np.bincount(spikes[name][1], minlength=count) for name, count in counts.items()},
            "snapshots": {name: _table(self._of("snapshots", name), len(w)) for name, w in self.weights.items()},
            "binned": {name: self._binned(name, spikes[name][0]) for name in self.cells if probes.of_cells(name).bin_steps},
            "v": {name: _table(self._of("v", name), len(of.cells)) for name, of in sampled.items()},
            "currents": {
                name: np.reshape(self._of("currents", name), (len(self._of("v", name)), receptors[name], len(of.cells))).swapaxes(0, 1)
                for name, of in sampled.items()
            },
            "watched_synapses": {name: self.watched[name] for name, of in ruled.items() if len(of.watch)},
            "watched": {name: _table(self._of("watched", name), len(self.watched[name])) for name, of in ruled.items() if len(of.watch)},
            "histograms": {name: _table(self._of("histograms", name), of.bins) for name, of in ruled.items() if len(of.histograms)},
        }

    def _binned(self, name: str, steps: Steps) -> Any:
        width = self.circuit.probes.of_cells(name).bin_steps
        bins = self.circuit.steps // width
        return np.bincount(steps // width, minlength=bins)[:bins]


def _of_cells(spikes: tuple[Steps, Steps], cells: Steps) -> tuple[Steps, Steps]:
    """Those of some cells."""
    there = np.isin(spikes[1], cells)
    return spikes[0][there], spikes[1][there]


def _table(rows: list[Floats], columns: int) -> Any:
    """The rows, also where there is none."""
    return np.reshape(rows, (len(rows), columns))
