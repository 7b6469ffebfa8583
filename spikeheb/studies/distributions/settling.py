"""Whether the weights of a study have settled, by their course in time and by the time that the theory says it takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from spikeheb.circuits.sources import Poisson
from spikeheb.errors import EngineError
from spikeheb.measure import standstill
from spikeheb.measure.standstill import CANNOT_TELL, HORIZON, NO, STATIONARY, YES, Standstill
from spikeheb.rules.rule import Rule
from spikeheb.studies.distributions.plan import Plan
from spikeheb.theory.relaxation import Relaxation, relaxation

Floats = npt.NDArray[np.float64]

TIMES = 3.0
"""A run of a driven cell must last this many times as long as the weights take to forget by theory."""


def verdict(plan: Plan, n: int, snapshots: Floats, rate: float, seconds: float, stopped: bool) -> Standstill:
    """Whether the n-th rule's weights have settled under one seed.

    Parameters
    ----------
    snapshots : array of float, shape (times, synapses)
        In the common unit.
    rate : float
        Of the cells over the second half, hertz.
    seconds : float
        That were run.
    stopped : bool
        Whether the run was stopped because the cells fired too fast.
    """
    silence = silent(plan, rate)
    if silence:
        return standstill.unknown(silence)
    if stopped:
        return standstill.unknown("the run was stopped because the cells fired too fast, so nothing can be said")
    rule, scale = plan.rules[n], plan.scales[n]
    bounds = rule.bounds
    width = (bounds.w_max - (bounds.w_min or 0.0)) / scale if bounds.w_max is not None else float(np.abs(snapshots).mean())
    seen = standstill.standstill(snapshots, width)
    undecided = exact(plan) or seen.verdict == YES
    theory = _theory(plan, rule, rate) if undecided and len(snapshots) >= standstill.FEWEST else None
    if theory is None:
        return seen
    return _exact(seen, theory, snapshots[0] * scale, width * scale, seconds) if exact(plan) else _slow(seen, theory, seconds)


def silent(plan: Plan, rate: float) -> str:
    """Why nothing can be said: one side has no spikes; empty if both have some."""
    if not rate > 0:
        return "the cells fired no spike in the second half of the run, so nothing can be said"
    rates = np.concatenate([source.mean_rates(plan.dt) for source in plan.inputs.sources])
    return "" if rates.max() > 0 else "the inputs have no spikes, so nothing can be said"


def exact(plan: Plan) -> bool:
    """Whether the theory is about just this: independent Poisson spikes of one rate on both sides, weights that are not normalised."""
    rates = np.concatenate([source.mean_rates(plan.dt) for source in plan.inputs.sources])
    poisson = all(isinstance(source, Poisson) for source in plan.inputs.sources)
    return plan.body is None and plan.normalise is None and poisson and not np.ptp(rates)


def _theory(plan: Plan, rule: Rule, rate: float) -> Relaxation | None:
    if plan.normalise is not None:
        return None
    rates = np.concatenate([source.mean_rates(plan.dt) for source in plan.inputs.sources])
    try:
        return relaxation(rule, float(rates.mean()), rate, dt=plan.dt)
    except EngineError:
        return None


def _exact(seen: Standstill, theory: Relaxation, start: Floats, width: float, seconds: float) -> Standstill:
    """The theory says how far the weights still have to go; a change beyond chance that was seen counts all the same."""
    now = theory.after(theory.shares(start), seconds)
    left = theory.distance(now, theory.after(now, HORIZON * seconds)) / width
    words = f"by theory the distribution moves by {left:.3f} of the range in {HORIZON} times the run; {STATIONARY:.3f} is allowed"
    if left > STATIONARY:
        return replace(seen, verdict=NO, reason=words)
    changed = bool(seen.change > max(STATIONARY, seen.chance))
    unchanged = np.isnan(seen.change)
    return seen if changed or unchanged else replace(seen, verdict=YES, reason=words)


def _slow(seen: Standstill, theory: Relaxation, seconds: float) -> Standstill:
    """A cell that its inputs drive is another matter, but its weights do not forget faster than those of independent spikes."""
    if seconds >= TIMES * theory.time:
        return seen
    words = f"weights under independent spikes take {theory.time:.3g} s to forget, and the run should last {TIMES:g} times as long"
    return replace(seen, verdict=CANNOT_TELL, reason=words)
