"""Refitting a rule to a data set, and predicting each point from the others.

A rule whose parameters are `refit` by its file is fitted by deviance on the spikes alone, without limits to the weight: a global
search by differential evolution, then least squares. Any rule may be given one free gain, which multiplies its changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.usual import with_inputs, with_lanes, without_cell
from spikeheb.dimensions import NONE, TIME
from spikeheb.engines.choice import carry_out
from spikeheb.measure.score import Points, residuals
from spikeheb.rules import choose
from spikeheb.rules.meaning import is_noisy, reads_membrane
from spikeheb.rules.rule import Rule
from spikeheb.studies.board.predictions import STANDARD_CELL, before, draws_spikes
from spikeheb.studies.datasets import DataSet
from spikeheb.studies.experiment.session import inputs_under_test, session, settled_step

Floats = npt.NDArray[np.float64]

TIMES = (2e-3, 0.5)
"""Limits within which a time constant is searched for, in seconds."""
AMPLITUDES = (1e-6, 1.0)
"""Limits within which the change by a single event is searched for, as a share of the initial weight."""
POPULATION, GENERATIONS = 48, 60
FARTHEST = 1e3
"""Larger ratios are set to this value."""


@dataclass(frozen=True)
class Fit:
    """A rule fitted to a data set.

    Attributes
    ----------
    values : mapping of str to float
        The fitted parameters (SI); for a gain, ``{"gain": g}``.
    ratio : array of float, shape (points,)
        Outcomes of the fit to all points.
    left_out : array of float, shape (points,)
        Each point's outcome by a fit to the others; NaN for points without a number.
    """

    values: Mapping[str, float]
    ratio: Floats
    left_out: Floats


def fit_gain(model: npt.ArrayLike, data: Points) -> Fit | None:
    """One factor from 0 on for all changes of a model; None where two points or more with numbers are missing.

    Parameters
    ----------
    model : array of float, shape (points,)
        Ratios.
    data : Points
    """
    change = np.asarray(model, dtype=float) - 1
    chosen = np.flatnonzero(data.numbers)
    if chosen.size < 2 or not np.isfinite(change[chosen]).all():
        return None
    gain = _gain(change, data, chosen)
    left_out = np.full(change.size, np.nan)
    for k in chosen:
        left_out[k] = 1 + _gain(change, data, chosen[chosen != k]) * change[k]
    return Fit({"gain": gain}, 1 + gain * change, left_out)


def _gain(change: Floats, data: Points, chosen: npt.NDArray[np.int64]) -> float:
    """By deviance, from the weighted least squares on; 0 where nothing changes."""
    from scipy.optimize import minimize_scalar

    c, weight = change[chosen], data.error[chosen] ** -2
    if not np.any(c):
        return 0.0
    start = max(0.0, float(np.sum(weight * c * (data.ratio[chosen] - 1)) / np.sum(weight * c**2)))
    part = data.only(chosen)
    minimum = minimize_scalar(lambda g: np.sum(residuals(1 + g * c, part) ** 2), bounds=(0.0, 4 * start + 1e-9), method="bounded")
    return float(minimum.x)


TOO_FEW = "too few points of the data have numbers for a fit"
NOT_FREE = "its file names no free parameters"
NOT_SPIKES_ALONE = "is not decided by the spikes alone"
RANDOM_SPIKES = "has spikes that are drawn anew in each session"


def against_refit(rule: Rule, data: DataSet) -> str:
    """Why the rule cannot be fitted to the data; empty where it can."""
    if not rule.refit:
        return NOT_FREE
    if reads_membrane(rule) or is_noisy(rule):
        return NOT_SPIKES_ALONE
    if int(data.points.numbers.sum()) <= len(rule.refit):
        return TOO_FEW
    return RANDOM_SPIKES if draws_spikes(data.protocol, data.lanes) else ""


def refit(rule: Rule, data: DataSet, *, leave_one_out: bool = True, engine: str = "auto", seed: int = 0) -> Fit:
    """Fit the parameters that the rule's file names to the data.

    Parameters
    ----------
    rule : Rule
        A rule for which `against_refit` gives no reason.
    data : DataSet
    leave_one_out : bool
        Also fit without each of the points in turn.
    engine, seed

    Raises
    ------
    SpikehebError
    """
    from scipy.optimize import differential_evolution

    trials = _Trials(rule, data, engine)

    def cost(points: Floats) -> Floats:  # scipy passes an array of shape (parameters, candidates)
        return np.asarray(np.sum(trials.residuals(points.T, trials.all) ** 2, axis=-1))

    size = max(4, POPULATION // len(rule.refit))
    search = differential_evolution(
        cost, trials.limits, maxiter=GENERATIONS, popsize=size, seed=seed, polish=False, vectorized=True, updating="deferred", tol=1e-6
    )
    best = trials.improve(search.x, trials.all)
    left_out = np.full(data.points.ratio.size, np.nan)
    for k in trials.all if leave_one_out else ():
        left_out[k] = trials.ratios(trials.improve(best, trials.all[trials.all != k])[None])[0, k]
    return Fit(dict(zip(rule.refit, np.exp(best), strict=True)), trials.ratios(best[None])[0], left_out)


class _Trials:
    """The data set's spikes under many candidates at once; a candidate is the logarithms of the free parameters."""

    def __init__(self, rule: Rule, data: DataSet, engine: str) -> None:
        self.rule = choose(rule, bounds="none")
        self.points, self.engine = data.points, engine
        self.all = np.flatnonzero(data.points.numbers)
        schedule = data.protocol.schedule(np.random.default_rng(0)).without_test_pulses()
        schedule = replace(schedule, lanes=tuple(schedule.lanes[n] for n in data.lanes), copies=1, control=False)
        circuit = without_cell(session(schedule, self.rule, library.cell(STANDARD_CELL), 0))
        tested, settled = inputs_under_test(schedule).ravel(), np.array([settled_step(schedule)])
        self.circuit = replace(with_inputs(circuit, tested, np.arange(len(schedule.lanes))), probes=Probes(samples=settled))
        self.start = before(self.circuit)
        self.limits = [self._limits(name) for name in rule.refit]

    def _limits(self, name: str) -> tuple[float, float]:
        dimension = self.rule.parameters[name].dimension
        low, high = TIMES if dimension == TIME else AMPLITUDES
        if dimension == NONE:
            totals = self.rule.parameters["pairings"].value if "pairings" in self.rule.parameters else 1.0
            low, high = low * totals, high * totals
        return float(np.log(low)), float(np.log(high))

    def ratios(self, candidates: Floats) -> Floats:
        """Outcomes over (candidate, point)."""
        count, lanes = len(candidates), self.circuit.cells.count
        values = {name: np.repeat(np.exp(candidates[:, k]), lanes) for k, name in enumerate(self.rule.refit)}
        recording = carry_out(_repeated(self.circuit, count, values), self.engine)
        ratio = recording.efficacy[:, 0].reshape(count, lanes) / self.start
        return np.clip(np.nan_to_num(ratio, nan=FARTHEST), -FARTHEST, FARTHEST)

    def residuals(self, candidates: Floats, chosen: npt.NDArray[np.int64]) -> Floats:
        """Residuals of the chosen points over (candidate, point)."""
        part = self.points.only(chosen)
        return residuals(self.ratios(candidates)[:, chosen], part)

    def improve(self, start: Floats, chosen: npt.NDArray[np.int64]) -> Floats:
        """The nearest best candidate by least squares, within the limits."""
        from scipy.optimize import least_squares

        low, high = np.array(self.limits).T
        step = 1e-5

        def slope(x: Floats) -> Floats:
            moved = self.residuals(np.vstack([x, x + step * np.eye(x.size)]), chosen)
            return np.asarray((moved[1:] - moved[0]).T / step)

        inside = np.clip(start, low + 1e-6, high - 1e-6)
        solution = least_squares(lambda x: self.residuals(x[None], chosen)[0], inside, jac=slope, bounds=(low, high), max_nfev=30)
        return np.asarray(solution.x)


def _repeated(circuit: Circuit, count: int, overrides: Mapping[str, Floats]) -> Circuit:
    """The circuit's lanes again and again, with constants of their own."""
    lane = np.tile(np.arange(circuit.cells.count), count)
    again = with_inputs(circuit, lane, np.zeros(len(lane), dtype=np.int64))
    return with_lanes(again, lane).with_plastic(overrides=overrides)
