"""Weight distributions: several rules under the same input spikes, until their weights settle."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.engines.choice import carry_out_fan_in, side_by_side
from spikeheb.engines.population import Normalise, Poisson, PopulationJob, PopulationRecording, Source
from spikeheb.errors import EngineError, ScheduleError
from spikeheb.expressions.printers import evaluate
from spikeheb.limits import SEEDS, check_count, check_memory, check_steps, check_work
from spikeheb.measure import weights as measure
from spikeheb.rules.rule import Rule
from spikeheb.studies.inputs import Inputs, kind_of, poisson_inputs, with_unit
from spikeheb.studies.labels import VERSION, describe
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.theory.drift import stationary
from spikeheb.units import FREQUENCY, TIME, VOLTAGE, quantity

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

SNAPSHOTS = 40
BINS = 100
THEORY_POINTS = 1000
MEMORY = 2e9
"""Bytes that a study may take unless more is allowed."""
ENGINES = ("auto", "kernel", "brian")


@shows_progress
def weights(
    rules: Sequence[Rule | str],
    cell: Cell | str | None = "l5_pyramidal",
    inputs: Inputs | None = None,
    duration: object = "100 s",
    seeds: Sequence[int] | int = 1,
    *,
    cells: int = 1,
    imposed: object = None,
    dt: object = "0.1 ms",
    unit: object = None,
    match_rates: bool = False,
    normalise: str | None = None,
    normalise_every: object = None,
    snapshots: int = SNAPSHOTS,
    watch: int = 1000,
    epsp: object = None,
    memory: float = MEMORY,
    engine: str = "auto",
    names: Sequence[str] | None = None,
    progress: Progress = None,
) -> xr.Dataset:
    """Let weights settle under the same input spikes for every rule.

    Parameters
    ----------
    rules : sequence of Rule or str
        With their sets and bounds chosen.
    cell : Cell, str or None
        None for postsynaptic spikes that are imposed, at the rate `imposed`.
    inputs : Inputs, optional
        By default 1000 Poisson inputs at 15 Hz.
    duration : time
    seeds : sequence of int, or int
        Seeds, or how many.
    cells : int
        Cells that get the inputs.
    imposed : frequency, optional
        Rate of imposed Poisson spikes of each cell, independent of the inputs.
    dt : time
    unit : conductance, optional
        Of efficacy 1; by default the cell's own. Many inputs need a small one.
    match_rates : bool
        Stretch each rule's duration so that all have learned as much as the first: by the inverse of its largest change in one event.
    normalise : {"divisive", "subtractive"}, optional
        Each cell's weights keep the sum that they start with.
    normalise_every : time, optional
        Normalise at these times; after every event if not given.
    snapshots : int
        Times at which all weights are kept and counted, from the start to the end.
    watch : int
        Synapses of the first cell, evenly spread, whose weight is kept at every snapshot.
    epsp : voltage, optional
        The EPSP that a weight of 1 in the common unit stands for: the measured distribution is then drawn beside the histograms.
    memory : float
        Bytes that may be taken; more is refused before the run.
    engine : {"auto", "kernel", "brian"}
    names : sequence of str, optional
        What the rules are called in the result; by default their labels.
    progress : bool or callable, optional

    Returns
    -------
    xarray.Dataset
        Over ``rule``, ``seed``, ``cell`` and ``input`` the weights in the rule's common unit (``weight``: w/w_max where every rule has
        an upper limit, else w/w0), over ``time`` the kept subset (``snapshot``) and the histograms (``histogram`` over ``bin``), the
        ``rate`` of the cells; the shape of each distribution, whether it stands still (``stationary``, ``why``).

    Raises
    ------
    SpikehebError
        Among others where the estimated memory is beyond `memory`.
    """
    chosen = [library.rule(rule) for rule in rules]
    brought = (
        None
        if normalise is None
        else (normalise, 0.0 if normalise_every is None else quantity(normalise_every, TIME, key="normalise_every"))
    )
    plan = _plan(
        chosen, cell, inputs or poisson_inputs(), duration, seeds, cells, imposed, dt, unit, match_rates, snapshots, watch, engine, brought
    )
    plan.check_memory(memory)
    plan.check_work()
    found = _side_by_side(plan, chosen, engine, report_of(progress))
    data = _labelled(plan, chosen, found, _names(chosen, names))
    if epsp is not None:
        data.attrs["epsp_V"] = quantity(epsp, VOLTAGE, key="epsp")
    return data


def _side_by_side(
    plan: _Plan, rules: Sequence[Rule], engine: str, progress: Callable[[float], None] | None
) -> list[list[PopulationRecording]]:
    """Every rule under every seed; kernels run side by side where there are few cells, which they do not share among threads."""
    jobs = [plan.job(n, rule, seed) for n, rule in enumerate(rules) for seed in plan.seeds]
    found = side_by_side([functools.partial(carry_out_fan_in, job, engine) for job in jobs], progress, alone=engine == "brian")
    return [found[n * len(plan.seeds) : (n + 1) * len(plan.seeds)] for n in range(len(rules))]


def _names(rules: Sequence[Rule], names: Sequence[str] | None) -> list[str]:
    """The given names or the labels; equal labels of different rules are numbered."""
    found = list(names) if names is not None else [rule.label for rule in rules]
    if len(found) != len(rules):
        raise ScheduleError(f"expected a name for each of the {len(rules)} rules (got {len(found)})", key="names")
    return [f"{name} #{found[:n].count(name) + 1}" if found.count(name) > 1 else name for n, name in enumerate(found)]


@dataclass(frozen=True)
class _Plan:
    """What is the same for every rule."""

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

    def times(self, n: int) -> npt.NDArray[np.int64]:
        """Steps at whose end the n-th rule's weights are counted."""
        return np.unique(np.linspace(0, self.steps[n] - 1, self.snapshots).astype(np.int64))

    def edges(self, n: int) -> Floats:
        """Of the histogram bins in the unit of the n-th rule's weight."""
        top = 1.0 if self.unit_name == "w/w_max" else 5.0
        return np.linspace(0, top * (1 + 1e-12), BINS + 1) * self.scales[n]

    @property
    def kept(self) -> int:
        """Synapses whose weights are kept at every snapshot."""
        return min(self.inputs.count, self.watch)

    def job(self, n: int, rule: Rule, seed: int) -> PopulationJob:
        """The n-th rule under the inputs of that seed."""
        times = self.times(n)
        told = None if self.normalise is None else Normalise(self.normalise[0], self.inputs.count * _start(rule), self.normalise[1])
        watched = np.stack([np.zeros(self.kept, dtype=np.int64), np.linspace(0, self.inputs.count - 1, self.kept).astype(np.int64)], axis=1)
        return PopulationJob(
            rule, self.body, self.dt, self.steps[n], self.cells, self.inputs.sources, private=self.inputs.private,
            inhibition=self.inputs.inhibition, normalise=told, imposed=self.imposed, watched=watched, watch=times,
            histograms=times, edges=self.edges(n), trains=True, seed=seed,
        )  # fmt: skip

    def check_memory(self, limit: float) -> None:
        """Refuse what would not fit.

        Raises
        ------
        EngineError
        """
        synapses = self.cells * self.inputs.count
        rules = len(self.steps)
        results = 8.0 * rules * len(self.seeds) * (synapses + self.snapshots * (self.kept + BINS))
        needed = 16.0 * synapses + results
        if not needed <= limit:
            words = f"{synapses:,} synapses for {rules} rules and {len(self.seeds)} seeds need about {needed / 1e9:.2g} GB"
            raise EngineError(f"{words}, and {limit / 1e9:.2g} GB are allowed; take fewer, or raise the limit", key="memory")

    def check_work(self) -> None:
        """Refuse what would take too long.

        Raises
        ------
        EngineError
        """
        rate = sum(float(source.mean_rates(self.dt).sum()) for source in self.inputs.sources)
        if self.inputs.inhibition is not None:
            rate += sum(float(source.mean_rates(self.dt).sum()) for source in self.inputs.inhibition.inputs)
        each = self.cells * (1 + rate * self.dt)
        check_work(
            each * sum(self.steps) * len(self.seeds), f"{self.inputs.count:,} inputs for {max(self.steps) * self.dt:g} s", key="duration"
        )


def _plan(
    rules: Sequence[Rule], cell: Cell | str | None, inputs: Inputs, duration: object, seeds: Sequence[int] | int, cells: int,
    imposed: object, dt: object, unit: object, match_rates: bool, snapshots: int, watch: int, engine: str,
    normalise: tuple[str, float] | None,
) -> _Plan:  # fmt: skip
    if not rules:
        raise ScheduleError("expected one rule or more", key="rules")
    if engine not in ENGINES:
        raise EngineError(f'expected one of {", ".join(ENGINES)} (got "{engine}")', key="engine")
    body = library.cell(cell) if isinstance(cell, str) else cell
    if body is None and imposed is None:
        raise ScheduleError("without a cell its spikes must be imposed; give a rate", key="imposed")
    step, lasts = quantity(dt, TIME, key="dt"), quantity(duration, TIME, key="duration")
    check_steps(lasts, step, "duration")
    check_count(seeds if isinstance(seeds, int) else len(seeds), SEEDS, "seeds", "seeds")
    check_memory(64.0 * cells, f"{cells:,} cells", key="cells")
    if not 0 < step <= lasts:
        raise ScheduleError(f"expected a duration of one time step or more (got {lasts:g} s)", key="duration")
    factors = _stretch(rules) if match_rates else [1.0] * len(rules)
    bounded = all(rule.bounds.w_max is not None for rule in rules)
    for factor in factors:
        check_steps(factor * lasts, step, "duration")
    spikes: tuple[Source, ...] = ()
    if imposed is not None:
        spikes = (Poisson(np.full(cells, quantity(imposed, FREQUENCY, key="imposed"))),)
    return _Plan(
        body=with_unit(body, unit), inputs=inputs, steps=tuple(round(factor * lasts / step) for factor in factors),
        seeds=tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds), cells=cells, imposed=spikes, dt=step,
        scales=tuple(float(rule.bounds.w_max or 1.0) if bounded else _start(rule) for rule in rules),
        unit_name="w/w_max" if bounded else "w/w0", snapshots=snapshots, watch=watch,
        normalise=normalise,
    )  # fmt: skip


def _stretch(rules: Sequence[Rule]) -> list[float]:
    """By how much each rule's run is longer than the first's, so that all learn as much: by their LTP amplitudes."""
    sizes = []
    for rule in rules:
        amplitude = rule.constants.get("A_plus", rule.constants.get("eta", 0.0))
        if not amplitude > 0:
            raise EngineError("has no amplitude A_plus or eta by which its time could be matched", path=rule.path)
        sizes.append(amplitude / (rule.bounds.w_max or _start(rule)))
    return [sizes[0] / size for size in sizes]


def _start(rule: Rule) -> float:
    """The rule's own initial weight, at the middle of what it may draw."""
    found = evaluate(rule.initial[rule.weight], rule.constants, {"rand": lambda: 0.5, "randn": lambda: 0.0})
    return float(np.asarray(found)) or 1.0


# --- the result ----------------------------------------------------------------------------------------------------------


def _labelled(plan: _Plan, rules: Sequence[Rule], found: list[list[PopulationRecording]], names: list[str]) -> xr.Dataset:
    import xarray as xr

    scale = np.array(plan.scales)
    w = np.array([[one.w for one in row] for row in found]) / scale[:, None, None, None]
    shots = np.array([[one.watched.T for one in row] for row in found]) / scale[:, None, None, None]
    counts = np.array([[one.histograms for one in row] for row in found])
    top = 1.0 if plan.unit_name == "w/w_max" else None
    shapes = [[measure.shape(w[n, k], rule.bounds.w_min, top) for k in range(len(plan.seeds))] for n, rule in enumerate(rules)]
    still = [
        [measure.standstill(shots[n, k], 1.0 if top else float(shots[n, k].mean())) for k in range(len(plan.seeds))]
        for n in range(len(rules))
    ]
    fired = [[_rate(plan, n, one) for one in row] for n, row in enumerate(found)]
    data = xr.Dataset(
        {
            "weight": (("rule", "seed", "cell", "input"), w),
            "snapshot": (("rule", "seed", "time", "synapse"), shots),
            "histogram": (("rule", "seed", "time", "bin"), counts),
            "turnover": (("rule", "seed", "lag"), np.array([[measure.turnover(one[len(one) // 2 :]) for one in row] for row in shots])),
            **{name: (("rule", "seed"), np.array([[getattr(one, name) for one in row] for row in shapes])) for name in SHAPES},
            "stationary": (("rule", "seed"), np.array([[one.stationary for one in row] for row in still])),
            "why": (("rule", "seed"), np.array([[one.reason for one in row] for row in still])),
            "rate": (("rule", "seed"), np.array([[one[0] for one in row] for row in fired])),
            "cv_of_intervals": (("rule", "seed"), np.array([[one[1] for one in row] for row in fired])),
            "selectivity": (("rule", "seed"), _selectivity(plan, w)),
            "duration": ("rule", np.array(plan.steps) * plan.dt),
        },
        coords={
            "rule": names,
            "rule_hash": ("rule", [rule.hash for rule in rules]),
            "seed": list(plan.seeds),
            "share": ("time", np.linspace(0, 1, counts.shape[2])),
            "edge_low": ("bin", plan.edges(0)[:-1] / scale[0]),
            "edge_high": ("bin", plan.edges(0)[1:] / scale[0]),
            "group": ("input", plan.inputs.group),
            "input_rate": ("input", np.concatenate([source.mean_rates(plan.dt) for source in plan.inputs.sources])),
        },
    )
    data = data.assign(_theory(plan, rules, data))
    data.attrs = {"study": "weights", "spikeheb": VERSION, "unit": plan.unit_name, "dt_s": plan.dt, "cells": plan.cells}
    data.attrs["groups"] = "; ".join(kind_of(source) for source in plan.inputs.sources)
    data.attrs |= {"cell": plan.body.name if plan.body else "", "cell_hash": plan.body.hash if plan.body else ""}
    data.attrs |= {name if name == "engine" else f"engine_{name}": text for name, text in found[0][0].engine.items()}
    return describe(data, TEXTS | {name: (unit, f"{words} ({plan.unit_name})") for name, (unit, words) in IN_UNIT.items()})


def _selectivity(plan: _Plan, w: Floats) -> Floats:
    """For the first of several sources; NaN where there is one."""
    first = plan.inputs.group == 0
    if first.all():
        return np.full(w.shape[:2], np.nan)
    return np.array([[measure.selectivity(one, first) for one in row] for row in w])


def _theory(plan: _Plan, rules: Sequence[Rule], data: xr.Dataset) -> dict[str, tuple[tuple[str, ...], Floats]]:
    """The stationary density of each rule at the rates that were found, for independent spikes on the two sides, and its distance.

    Where the cell is driven by its inputs this leaves out what their own spikes cause, and the distance says how much that is.
    """
    rates = data["input_rate"].values
    known = np.full((2, len(rules), THEORY_POINTS), np.nan)
    distance = np.full((len(rules), len(plan.seeds)), np.nan)
    for n, rule in enumerate(rules):
        post = float(data["rate"].values[n].mean())
        try:
            density = stationary(rule, float(rates.mean()), max(post, 1e-3), dt=plan.dt, points=THEORY_POINTS)
        except EngineError:
            continue
        scale = plan.scales[n]
        known[:, n] = density.w / scale, density.density * scale
        distance[n] = [measure.wasserstein_to_density(one, known[0, n], known[1, n]) for one in data["weight"].values[n]]
    along = ("rule", "theory_point")
    return {"theory_weight": (along, known[0]), "theory_density": (along, known[1]), "theory_distance": (("rule", "seed"), distance)}


def _rate(plan: _Plan, n: int, recording: PopulationRecording) -> tuple[float, float]:
    """Rate and CV of the cells over the second half."""
    lasts = plan.steps[n] * plan.dt
    return measure.rate_and_cv([train * plan.dt for train in recording.spikes], lasts / 2, lasts)


SHAPES = ("mean", "cv", "skew", "near_low", "near_high", "dip", "dip_p")
IN_UNIT = {
    "weight": ("1", "weight at the end"),
    "snapshot": ("1", "weight of some synapses over time"),
    "mean": ("1", "mean weight at the end"),
    "theory_weight": ("1", "weight of the theory's density"),
    "theory_density": ("1", "density of the weights by the Fokker-Planck equation"),
    "edge_low": ("1", "lower edge of the bin"),
    "edge_high": ("1", "upper edge of the bin"),
}
TEXTS = {
    "histogram": ("1", "number of weights in the bin"),
    "turnover": ("1", "how far weights have gone from where they were, 1 where that is forgotten"),
    "cv": ("1", "coefficient of variation of the weights"),
    "skew": ("1", "skewness of the weights"),
    "near_low": ("1", "share of weights near the lower bound"),
    "near_high": ("1", "share of weights near the upper bound"),
    "dip": ("1", "Hartigan's dip"),
    "dip_p": ("1", "p of Hartigan's dip for one mode"),
    "stationary": ("1", "whether the distribution stands still"),
    "why": ("1", "from what that is concluded"),
    "rate": ("Hz", "rate of the cells over the second half"),
    "cv_of_intervals": ("1", "CV of the cells' intervals over the second half"),
    "theory_distance": ("1", "Wasserstein distance to the theory's density"),
    "selectivity": ("1", "mean weight of the first source minus that of the others, over the sum of both"),
    "duration": ("s", "biological time"),
    "share": ("1", "share of the duration"),
    "group": ("1", "source that the input belongs to"),
    "input_rate": ("Hz", "mean rate of the input"),
}
