"""The runs of a study of weights: a circuit for every rule and seed, with the same input spikes, and limits on memory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.cells import Cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import AllToAll, OwnCopies
from spikeheb.circuits.drives import Drives, from_start
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Normalise
from spikeheb.circuits.sources import Poisson, Source
from spikeheb.circuits.usual import fan_in, with_unplastic
from spikeheb.errors import EngineError, UnitError
from spikeheb.expressions.printers import evaluate
from spikeheb.limits import check_memory, check_steps, check_work
from spikeheb.rules.rule import Rule
from spikeheb.studies.distributions.drive import Drive, driven
from spikeheb.studies.inputs import Inputs

Floats = npt.NDArray[np.float64]

BINS = 100
BEYOND = 1e6
"""Without an upper limit the bins go on to this multiple of the initial weight and become wider."""
_MEMORY = re.compile(r" *([0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,2})?) *(?:(B|kB|MB|GB|TB) *)?")
_BYTES = {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}


@dataclass(frozen=True)
class Plan:
    """What is the same for every rule.

    Attributes
    ----------
    body : Cell or None
        Before the drive of a rule.
    steps : tuple of int
        Of each rule's run.
    scales : tuple of float
        The weight of each rule that is 1 in the common unit.
    unit_name : {"w/w_max", "w/w0"}
    snapshots : int
    watch : int
        Synapses of the first cell whose weight is kept at every snapshot.
    normalise : tuple of str and float, or None
        Kind, and seconds between.
    initial : array or None
        Initial weights of every cell's inputs, in the rule's own unit.
    drives : tuple of Drive
        Of each rule; empty where there is no cell, or it keeps its own conductance.
    """

    rules: tuple[Rule, ...]
    body: Cell | None
    inputs: Inputs
    steps: tuple[int, ...]
    seeds: tuple[int, ...]
    cells: int
    imposed: tuple[Source, ...]
    dt: float
    scales: tuple[float, ...]
    unit_name: str
    snapshots: int
    watch: int
    normalise: tuple[str, float] | None
    initial: Floats | None = None
    drives: tuple[Drive, ...] = ()

    def drive(self, n: int) -> Drive:
        """The drive of the cells with the n-th rule."""
        return self.drives[n] if self.drives else Drive(None)

    def cell(self, n: int) -> Cell | None:
        """The n-th rule's, with the conductance of its drive."""
        return driven(self.body, self.drive(n))

    def times(self, n: int) -> npt.NDArray[np.int64]:
        """Steps at whose end the n-th rule's weights are counted."""
        return np.linspace(0, self.steps[n] - 1, self.count).astype(np.int64)

    @property
    def count(self) -> int:
        """Snapshots of each run."""
        return min(self.snapshots, *self.steps)

    @property
    def unit_edges(self) -> Floats:
        """The edges of the histogram bins in the common unit, from the lowest limit of all rules on."""
        lows = [rule.bounds.w_min for rule in self.rules]
        low = min(0.0 if w_min is None else w_min / scale for w_min, scale in zip(lows, self.scales, strict=True))
        if self.unit_name == "w/w_max":
            edges: Floats = np.linspace(min(0.0, low), 1 + 1e-12, BINS + 1)
            return edges
        if low >= 0 and None not in lows:
            return _rising(BINS)
        upper = _rising(BINS // 2)
        both: Floats = np.concatenate([-upper[:0:-1], upper])
        return both

    def edges(self, n: int) -> Floats:
        """The same in the unit of the n-th rule's weight."""
        return self.unit_edges * self.scales[n]

    @property
    def kept(self) -> int:
        """Synapses whose weights are kept at every snapshot."""
        return min(self.inputs.count, self.watch)

    @property
    def watched(self) -> npt.NDArray[np.int64]:
        """Their inputs."""
        return np.linspace(0, self.inputs.count - 1, self.kept).astype(np.int64)

    def circuit(self, n: int, seed: int) -> Circuit:
        """The n-th rule under the inputs of that seed."""
        times, rule = self.times(n), self.rules[n]
        total = self.inputs.count * start(rule, self.initial)
        normalise = None if self.normalise is None else Normalise(self.normalise[0], total, self.normalise[1])
        watched = np.stack([np.zeros(self.kept, dtype=np.int64), self.watched], axis=1)
        circuit = fan_in(
            rule, self.cell(n), self.dt, self.steps[n], self.cells, self.inputs.sources, OwnCopies() if self.inputs.private else AllToAll(),
            Drives(imposed=self.imposed, currents=from_start(self.drive(n).current)),
            Probes(watched=watched, watch=times, histograms=times, edges=self.edges(n), trains=True),
            {} if self.initial is None else {rule.weight: self.initial}, normalise, seed,
        )  # fmt: skip
        beside = self.inputs.unplastic
        return circuit if beside is None else with_unplastic(circuit, beside.sources, beside.receptor, beside.efficacy, beside.delay)

    def check(self, limit: float) -> None:
        """Raise an error if the study would not fit into memory or would not end.

        Raises
        ------
        EngineError, ScheduleError
        """
        synapses = self.cells * self.inputs.count
        rules = len(self.steps)
        size = f"{synapses:,} synapses for {rules} rules and {len(self.seeds)} seeds"
        results = 8.0 * rules * len(self.seeds) * (synapses + self.snapshots * (self.kept + BINS))
        check_memory(16.0 * synapses + results, size, allowed=limit, key="memory")
        rate = sum(float(source.mean_rates(self.dt).sum()) for source in self.inputs.sources)
        check_steps(max(self.steps) * self.dt, self.dt, "duration")
        check_work(len(self.seeds) * sum(self.steps) * self.cells * (1 + rate * self.dt), size, key="duration")


def _rising(bins: int) -> Floats:
    """Edges from 0 on: half of the bins up to 5 equal, the others ever wider."""
    half = bins // 2
    edges: Floats = np.concatenate([np.linspace(0, 5, half + 1), np.geomspace(5, BEYOND, bins - half + 1)[1:]])
    return edges


def start(rule: Rule, initial: Floats | None = None) -> float:
    """The mean of the initial weights, by default the rule's own at the middle of what it may draw; 1 for 0."""
    if initial is not None:
        return float(initial.mean()) or 1.0
    weight = evaluate(rule.initial[rule.weight], rule.constants, {"rand": lambda: 0.5, "randn": lambda: 0.0})
    return float(np.asarray(weight)) or 1.0


def stretch(rules: Sequence[Rule]) -> list[float]:
    """The factor by which each rule's run is longer than the first's, from their LTP amplitudes, so that all learn as much.

    Raises
    ------
    EngineError
    """
    sizes = []
    for rule in rules:
        amplitude = rule.constants.get("A_plus", rule.constants.get("eta", 0.0))
        if not amplitude > 0:
            raise EngineError("has no amplitude A_plus or eta by which its time could be matched", path=rule.path)
        sizes.append(amplitude / (rule.bounds.w_max or start(rule)))
    return [sizes[0] / size for size in sizes]


def poisson_of_cells(rate: float, cells: int) -> tuple[Source, ...]:
    """Imposed spikes: a train for each cell."""
    return (Poisson(np.full(cells, rate)),)


def memory_bytes(value: object) -> float:
    """Bytes: a number, or text such as ``"2 GB"``.

    Raises
    ------
    UnitError
    """
    match = _MEMORY.fullmatch(value) if isinstance(value, str) else None
    number = float(match[1]) * _BYTES[match[2] or "B"] if match else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < float("inf"):
        raise UnitError(f'expected bytes, such as "2 GB" (got {value!r})', key="memory")
    return float(number)
