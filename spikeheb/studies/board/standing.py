"""How a parameter set relates to a data set: fitted to it, predicting it, or not applicable, and why."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikeheb.rules.meaning import reads_membrane
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Lane, Schedule
from spikeheb.studies.datasets import DataSet
from spikeheb.studies.experiment.session import calcium_parameter

FITTED = "fitted to them"
REFITTED = "refitted here, leave-one-out"
SAME = "predicted, same preparation"
OTHER = "predicted, other preparation"
NOT_APPLICABLE = "not applicable"
STANDINGS = (FITTED, REFITTED, SAME, OTHER, NOT_APPLICABLE)
MARK = "\u2020"
"""Stands after the names of rules and data with numbers or sources that are unverified."""


def standing(rule: Rule, data: DataSet) -> str:
    """How the rule with its chosen set relates to the data; a rule that was changed by hand never counts as fitted."""
    chosen = rule.sets.get(rule.set or "")
    if chosen is None or rule.changed:
        return OTHER
    if data.name in chosen.fitted_to or data.protocol.name in chosen.fitted_to:
        return FITTED
    tissue = data.protocol.tissue
    return SAME if tissue and chosen.tissue.startswith(tissue) else OTHER


def free_parameters(rule: Rule, data: DataSet) -> float:
    """How many parameters were fitted to these data: none for a prediction, NaN where the authors' number is not known."""
    if standing(rule, data) != FITTED:
        return 0.0
    chosen = rule.sets[rule.set or ""]
    known = len(chosen.values) or None if chosen.free_parameters is None else chosen.free_parameters
    return np.nan if known is None else float(known)


def against(rule: Rule, data: DataSet) -> str:
    """Why the rule makes no prediction for the data; empty if it makes one."""
    schedule = data.protocol.schedule(np.random.default_rng(0))
    lanes = [schedule.lanes[n] for n in data.lanes]
    return next(_reasons(rule, schedule, lanes), "")


def _reasons(rule: Rule, schedule: Schedule, lanes: list[Lane]) -> Iterator[str]:
    inhibitory = bool(rule.claims.get("inhibitory"))
    if inhibitory != (schedule.receptor == "gaba"):
        yield "for inhibitory synapses" if inhibitory else "for excitatory synapses"
    if any(handler.event == "reward" for handler in rule.handlers) and not any(lane.rewards for lane in lanes):
        yield "learns from reward, but the protocol gives none"
    if not _moves_weight(rule):
        yield "changes no weight for good"
    if any(lane.clamps for lane in lanes) and not reads_membrane(rule):
        yield "does not read the membrane potential, which is varied"
    if len({lane.calcium for lane in lanes}) > 1 and calcium_parameter(rule) is None:
        yield "does not depend on external calcium, which is varied"


def _moves_weight(rule: Rule) -> bool:
    targets = {line.target for handler in rule.handlers for line in handler.lines} - {"transmit"}
    differential = {equation.name for equation in rule.equations if equation.kind == "differential"}
    return bool(targets & {rule.weight, "ltp", "ltd"}) or rule.weight in differential
