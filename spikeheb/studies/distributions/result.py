"""The labelled result of a study of weights."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikeheb.errors import EngineError
from spikeheb.measure import weights as measure
from spikeheb.studies.changes import Events, still_note
from spikeheb.studies.distributions.drive import drive_text
from spikeheb.studies.distributions.plan import Plan
from spikeheb.studies.distributions.runs import PHYSIOLOGICAL, RUNAWAY, Run
from spikeheb.studies.distributions.settling import silent, verdict
from spikeheb.studies.inputs import kind_of
from spikeheb.studies.labels import VERSION, describe
from spikeheb.theory.drift import stationary

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

THEORY_POINTS = 1000
ROUNDING = 1e-12
"""With normalisation, a weight counts as unchanged if it ends this near to its start."""
SHAPES = ("mean", "cv", "skew", "near_low", "near_high", "dip", "dip_p")


def labelled(plan: Plan, runs: list[list[Run]], names: Sequence[str]) -> xr.Dataset:
    """The outcomes of all runs, for each rule and seed."""
    import xarray as xr

    scale = np.array(plan.scales)
    w = np.array([[run.recording.w for run in row] for row in runs]) / scale[:, None, None, None]
    shots = np.stack([_over_time(plan, row, lambda run: run.recording.watched.T) for row in runs]) / scale[:, None, None, None]
    counts = np.stack([_over_time(plan, row, lambda run: run.recording.histograms) for row in runs])
    rates = np.array([[_rate(plan, run) for run in row] for row in runs])
    shapes = [[measure.shape(w[n, k], *_limits(plan, n)) for k in range(len(plan.seeds))] for n in range(len(runs))]
    settled = [
        [
            verdict(plan, n, shots[n, k, : run.reached], rates[n, k, 0], run.steps * plan.dt, run.steps < plan.steps[n])
            for k, run in enumerate(row)
        ]
        for n, row in enumerate(runs)
    ]
    along = ("rule", "seed")
    edges = plan.unit_edges
    data = xr.Dataset(
        {
            "weight": ((*along, "cell", "input"), w),
            "snapshot": ((*along, "time", "synapse"), shots),
            "histogram": ((*along, "time", "bin"), np.nan_to_num(counts).astype(np.int64)),
            "turnover": ((*along, "lag"), np.array([[_turnover(shot) for shot in row] for row in shots])),
            **{name: (along, np.array([[getattr(shape, name) for shape in row] for row in shapes])) for name in SHAPES},
            "settled": (along, np.array([[verdict.verdict for verdict in row] for row in settled])),
            "stationary": (along, np.array([[verdict.stationary for verdict in row] for row in settled])),
            "why": (along, np.array([[verdict.reason for verdict in row] for row in settled])),
            "rate": (along, rates[..., 0]),
            "cv_of_intervals": (along, rates[..., 1]),
            "selectivity": (along, _selectivity(plan, w)),
            "duration": ("rule", np.array(plan.steps) * plan.dt),
            "lasted": (along, np.array([[run.steps * plan.dt for run in row] for row in runs])),
            "note": (
                along,
                np.array([[_notes(plan, n, run, rates[n, k, 0], shots[n, k]) for k, run in enumerate(row)] for n, row in enumerate(runs)]),
            ),
            **_theory(plan, w, rates[..., 0]),
        },
        coords={
            "rule": list(names),
            "seed": list(plan.seeds),
            "time": (plan.times(0) + 1) * plan.dt,
            "time_of_rule": (("rule", "time"), np.array([(plan.times(n) + 1) * plan.dt for n in range(len(runs))])),
            "share": ("time", np.linspace(0, 1, plan.count)),
            "edge_low": ("bin", edges[:-1]),
            "edge_high": ("bin", edges[1:]),
            "group": ("input", plan.inputs.group),
            "input_rate": ("input", np.concatenate([source.mean_rates(plan.dt) for source in plan.inputs.sources])),
            "watched": ("synapse", plan.watched),
            **_of_rules(plan, runs),
        },
    )
    data.attrs = _attributes(plan, runs)
    return describe(data, TEXTS | {name: (unit, f"{words} ({plan.unit_name})") for name, (unit, words) in IN_UNIT.items()})


def _over_time(plan: Plan, row: Sequence[Run], read: Callable[[Run], Any]) -> Floats:
    """What each seed recorded at the snapshots; NaN for those that a stopped run did not reach."""
    parts = [np.asarray(read(run), dtype=float) for run in row]
    return np.array([np.pad(part, ((0, plan.count - len(part)), (0, 0)), constant_values=np.nan) for part in parts])


def _turnover(snapshots: Floats) -> Floats:
    """The turnover in the second half of the part that was run, with as many values as for a whole run."""
    reached = snapshots[np.isfinite(snapshots).all(axis=1)]
    lags = len(snapshots) - len(snapshots) // 2
    known = measure.turnover(reached[len(reached) // 2 :])
    return np.pad(known, (0, lags - len(known)), constant_values=np.nan)


def _limits(plan: Plan, n: int) -> tuple[float | None, float | None]:
    """The limits of the n-th rule's weight in the common unit."""
    bounds, scale = plan.rules[n].bounds, plan.scales[n]
    return (
        None if bounds.w_min is None else bounds.w_min / scale,
        None if bounds.w_max is None else bounds.w_max / scale,
    )


def _rate(plan: Plan, run: Run) -> tuple[float, float]:
    """Rate and CV of the cells over the second half."""
    lasts = run.steps * plan.dt
    return measure.rate_and_cv([train * plan.dt for train in run.recording.spikes], lasts / 2, lasts)


def _notes(plan: Plan, n: int, run: Run, rate: float, shots: Floats) -> str:
    """Rates that are beyond physiology, silence, and weights that did not change with the likeliest reason."""
    return "; ".join(text for text in (_note(plan, n, run, rate), _still(plan, n, run, shots[: run.reached])) if text)


def _still(plan: Plan, n: int, run: Run, shots: Floats) -> str:
    """How many of the weights that are watched changed, and why the others did not."""
    still = np.ptp(shots, axis=0) <= (0.0 if plan.normalise is None else ROUNDING * np.abs(shots).max(axis=0))
    rates = np.concatenate([source.mean_rates(plan.dt) for source in plan.inputs.sources])[plan.watched]
    pre = math.ceil(float(rates[still].sum()) * run.steps * plan.dt)
    events = Events(
        np.array([pre]), run.recording.counts[:1].astype(np.int64), has_cell=plan.body is not None, normalised=plan.normalise is not None
    )
    return still_note(plan.rules[n], shots[:1] * plan.scales[n], still[None], events)


def _note(plan: Plan, n: int, run: Run, rate: float) -> str:
    """Notes about a run: rates beyond physiology, and whether it was stopped."""
    if run.runaway is not None:
        words = f"stopped after {run.steps * plan.dt:.3g} s of {plan.steps[n] * plan.dt:.3g} s: the cells fired at "
        words += f"{run.runaway.rate:.0f} Hz in the last {run.runaway.seconds:.3g} s, above"
        return f"{words} {RUNAWAY:g} Hz, which is beyond physiology; a smaller --unit or --rate, or inhibition, lowers it"
    if rate > PHYSIOLOGICAL:
        return f"the cells fired at {rate:.0f} Hz, which is beyond physiology; a smaller --unit or --rate, or inhibition, lowers it"
    silence = silent(plan, rate)
    return f"{silence}; a larger --unit or --rate raises the drive" if silence and plan.body is not None else silence


def _selectivity(plan: Plan, w: Floats) -> Floats:
    """For the first of several sources; NaN where there is one."""
    first = plan.inputs.group == 0
    if first.all():
        return np.full(w.shape[:2], np.nan)
    return np.array([[measure.selectivity(weights, first) for weights in row] for row in w])


def _theory(plan: Plan, w: Floats, rates: Floats) -> dict[str, tuple[tuple[str, ...], Floats]]:
    """The stationary density of each rule at the mean rate of its cells, for independent spikes on the two sides, and its distance.

    Where the cell is driven by its inputs this leaves out what their own spikes cause, and the distance says how much that is. There is
    none where the cells were silent, nor where weights are normalised, which the theory does not know.
    """
    pre = float(np.concatenate([source.mean_rates(plan.dt) for source in plan.inputs.sources]).mean())
    known = np.full((2, len(plan.rules), THEORY_POINTS), np.nan)
    distance = np.full(rates.shape, np.nan)
    for n, rule in enumerate(plan.rules):
        post = float(rates[n].mean())
        if not (pre > 0 and post > 0) or plan.normalise is not None:
            continue
        try:
            density = stationary(rule, pre, post, dt=plan.dt, points=THEORY_POINTS)
        except EngineError:
            continue
        scale = plan.scales[n]
        known[:, n] = density.w / scale, density.density * scale
        fired = rates[n] > 0
        distances = [measure.wasserstein_to_density(weights, known[0, n], known[1, n]) for weights in w[n]]
        distance[n] = np.where(fired, distances, np.nan)
    along = ("rule", "theory_point")
    return {"theory_weight": (along, known[0]), "theory_density": (along, known[1]), "theory_distance": (("rule", "seed"), distance)}


def _of_rules(plan: Plan, runs: list[list[Run]]) -> dict[str, tuple[str, list[Any]]]:
    """Where each rule's weights came from: its description and choices, and the engine that ran it."""
    rules, engines = plan.rules, [row[0].recording.engine for row in runs]
    limits = [_limits(plan, n) for n in range(len(rules))]
    columns: dict[str, list[Any]] = {
        "rule_name": [rule.name for rule in rules],
        "rule_set": [rule.set or "" for rule in rules],
        "rule_hash": [rule.hash for rule in rules],
        "rule_description": [rule.description for rule in rules],
        "interaction": [rule.interaction or "" for rule in rules],
        "bounds": [rule.bounds.kind for rule in rules],
        "coincidence": [rule.coincidence for rule in rules],
        "axonal_delay": [rule.axonal_delay for rule in rules],
        "backpropagation_delay": [rule.backpropagation_delay for rule in rules],
        "scale": list(plan.scales),
        "lower_limit": [np.nan if low is None else low for low, _ in limits],
        "upper_limit": [np.nan if high is None else high for _, high in limits],
        **_drive(plan),
        "engine": [engine["engine"] for engine in engines],
        "engine_details": [json.dumps(dict(engine), sort_keys=True) for engine in engines],
    }
    return {name: ("rule", values) for name, values in columns.items()}


def _drive(plan: Plan) -> dict[str, list[Any]]:
    """Conductance (or synaptic current, or jump of the potential) of efficacy 1 and current for each rule; none where there is no cell."""
    cells = [plan.cell(n) for n in range(len(plan.rules))]
    receptors = [cell.receptor(None) for cell in cells if cell is not None]
    if not receptors:
        return {}
    drives = [plan.drive(n) for n in range(len(cells))]
    texts = [drive_text(plan.body, drive) for drive in drives]
    name = {"conductance": "conductance", "current": "synaptic_current", "jump": "synaptic_jump"}[receptors[0].kind]
    return {name: [receptor.unit for receptor in receptors], "current": [drive.current for drive in drives], "drive": texts}


def _attributes(plan: Plan, runs: list[list[Run]]) -> dict[str, Any]:
    body = plan.cell(0)
    engines = dict.fromkeys(row[0].recording.engine["engine"] for row in runs)
    return {
        "study": "weights",
        "spikeheb": VERSION,
        "unit": plan.unit_name,
        "dt_s": plan.dt,
        "cells": plan.cells,
        "groups": "; ".join(kind_of(source) for source in plan.inputs.sources),
        "cell": body.name if body else "",
        "cell_hash": body.hash if body else "",
        "cell_description": body.description if body else "",
        "engine": "; ".join(engines),
    }


IN_UNIT = {
    "weight": ("1", "weight at the end"),
    "snapshot": ("1", "weight of some synapses over time"),
    "mean": ("1", "mean weight at the end"),
    "theory_weight": ("1", "weight of the theory's density"),
    "theory_density": ("1", "density of the weights by the Fokker-Planck equation"),
    "edge_low": ("1", "lower edge of the bin"),
    "edge_high": ("1", "upper edge of the bin"),
    "lower_limit": ("1", "lower limit of the weight"),
    "upper_limit": ("1", "upper limit of the weight"),
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
    "settled": ("1", "whether the distribution has settled: yes, no, cannot tell"),
    "stationary": ("1", "whether the distribution is known to stand still"),
    "why": ("1", "from what that is concluded"),
    "note": ("1", "what to know about the run; empty if nothing"),
    "rate": ("Hz", "rate of the cells over the second half"),
    "cv_of_intervals": ("1", "CV of the cells' intervals over the second half"),
    "theory_distance": ("1", "Wasserstein distance to the theory's density"),
    "selectivity": ("1", "mean weight of the first source minus that of the others, over the sum of both"),
    "duration": ("s", "biological time that was asked for"),
    "lasted": ("s", "biological time that was run"),
    "time": ("s", "time of the snapshot in the first rule's run"),
    "time_of_rule": ("s", "time of the snapshot"),
    "share": ("1", "share of the planned duration"),
    "group": ("1", "source that the input belongs to"),
    "input_rate": ("Hz", "mean rate of the input"),
    "watched": ("1", "input of the synapse of the first cell"),
    "scale": ("1", "weight that is 1 in the common unit"),
    "conductance": ("S", "of efficacy 1"),
    "synaptic_current": ("A", "of efficacy 1"),
    "synaptic_jump": ("V", "of efficacy 1"),
    "current": ("A", "constant current into each cell"),
    "drive": ("1", "how strongly the inputs drive the cell"),
    "axonal_delay": ("s", "from the presynaptic spike to the synapse"),
    "backpropagation_delay": ("s", "from the postsynaptic spike to the synapse"),
}
