"""What the plain engine records of a network at the end of each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.steps import Floats
from spikeheb.draws.edges import Edges, watched_synapses
from spikeheb.engines.plain.lanes import Lanes


class Recorder:
    """What is recorded of the cells and of the projections with a rule.

    Parameters
    ----------
    circuit : Circuit
    cells : mapping of str to Lanes
        By population.
    synapses : mapping of str to pair of Lanes and Edges
        By projection.
    """

    def __init__(self, circuit: Circuit, cells: Mapping[str, Lanes], synapses: Mapping[str, tuple[Lanes, Edges]]) -> None:
        self.circuit, self.cells = circuit, cells
        self.synapses = {name: each for name, each in synapses.items() if circuit.projections[name].rule is not None}
        self.watched = {name: watched_synapses(circuit, name, edges) for name, (_, edges) in self.synapses.items()}
        self._taken: dict[tuple[str, str], list[Any]] = {}

    def record(self, now: int) -> None:
        """What is asked for at the end of the step."""
        for name, (lanes, _) in self.synapses.items():
            of, w = self.circuit.probes.of_synapses(name), lanes.synapse[lanes.job.rule.weight]
            if of.snapshots is not None and now in of.snapshots:
                self._keep("snapshots", name, w.copy())
            if now in of.watch:
                self._keep("watched", name, w[self.watched[name]])
            if now in of.histograms:
                self._keep("histograms", name, np.histogram(w, of.edges)[0])
        for name, lanes in self.cells.items():
            of_cells = self.circuit.probes.of_cells(name)
            if now in of_cells.samples:
                states = {state: values[of_cells.cells] for state, values in lanes.cell.items()}
                self._keep("v", name, states["v"])
                receptors = self.circuit.driven_cell(name).receptors.values()
                self._keep("currents", name, [receptor.current(states["v"], states) for receptor in receptors])

    def _keep(self, what: str, name: str, values: Any) -> None:
        self._taken.setdefault((what, name), []).append(values)

    def _of(self, what: str, name: str) -> Any:
        return self._taken.get((what, name), [])

    def recorded(self) -> dict[str, Any]:
        """What a `NetworkRecording` has beside spikes and last weights."""
        probes = self.circuit.probes
        sampled = {name: probes.of_cells(name) for name in self.cells if len(probes.of_cells(name).samples)}
        receptors = {name: len(self.circuit.driven_cell(name).receptors) for name in sampled}
        ruled = {name: probes.of_synapses(name) for name in self.synapses}
        return {
            "snapshots": {name: _table(self._of("snapshots", name), len(edges.pre)) for name, (_, edges) in self.synapses.items()},
            "binned": {name: self._binned(name) for name in self.cells if probes.of_cells(name).bin_steps},
            "v": {name: _table(self._of("v", name), len(of.cells)) for name, of in sampled.items()},
            "currents": {
                name: np.reshape(self._of("currents", name), (-1, receptors[name], len(of.cells))).swapaxes(0, 1)
                for name, of in sampled.items()
            },
            "watched_synapses": {name: self.watched[name] for name, of in ruled.items() if len(of.watch)},
            "watched": {name: _table(self._of("watched", name), len(self.watched[name])) for name, of in ruled.items() if len(of.watch)},
            "histograms": {name: _table(self._of("histograms", name), of.bins) for name, of in ruled.items() if len(of.histograms)},
        }

    def _binned(self, name: str) -> Any:
        width = self.circuit.probes.of_cells(name).bin_steps
        steps = np.concatenate([np.zeros(0, dtype=np.int64), *map(np.array, self.cells[name].spikes)]).astype(np.int64)
        bins = self.circuit.steps // width
        return np.bincount(steps // width, minlength=bins)[:bins]


def _table(rows: list[Floats], columns: int) -> Any:
    """The rows, also where there is none."""
    return np.reshape(rows, (len(rows), columns))
