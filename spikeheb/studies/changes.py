"""How many weights changed, and the likeliest reason why others did not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.expressions import tree as t
from spikeheb.rules.meaning import expand, is_noisy
from spikeheb.rules.rule import Rule

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Events:
    """What reached each row of weights.

    Attributes
    ----------
    pre, post : array of int, shape (rows,)
        Presynaptic spikes, and postsynaptic ones (imposed or the cell's own).
    rewards : array of bool, shape (rows,), or bool
        Whether any reward was given.
    has_cell : bool
        Whether a cell takes part, which might have fired.
    normalised : bool
        Whether the weights are brought to a sum.
    """

    pre: Counts
    post: Counts
    rewards: npt.NDArray[np.bool_] | bool = False
    has_cell: bool = False
    normalised: bool = False


def change_note(rule: Rule, before: npt.ArrayLike, after: npt.ArrayLike, events: Events) -> str:
    """A sentence: how many weights changed, and why the others did not; empty if all changed and none ended at a bound.

    Parameters
    ----------
    rule : Rule
    before, after : arrays of float, shape (rows, ...)
        Weights; a row is a lane, a condition or a cell.
    events : Events
        What reached each row.
    """
    a, b = np.broadcast_arrays(np.asarray(before, dtype=float), np.asarray(after, dtype=float))
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    still = a == b
    parts = [text] if (text := still_note(rule, a, still, events)) else []
    at_bound = _at_bound(rule, b) & ~still
    if at_bound.any():
        parts.append(f"{int(at_bound.sum())} of {b.size} weights ended at a bound ({_limits(rule)}), which cuts their change short")
    return "; ".join(parts)


def still_note(rule: Rule, before: Floats, still: npt.NDArray[np.bool_], events: Events) -> str:
    """A sentence: how many weights changed, and the likeliest reason why the others did not; empty if all changed.

    Parameters
    ----------
    rule : Rule
    before : array of float, shape (rows, weights)
    still : array of bool, of the same shape
        Which of them did not change.
    events : Events
    """
    if not still.any():
        return ""
    changed = f"{int((~still).sum())} of {still.size} weights changed" if not still.all() else f"none of {still.size} weights changed"
    return f"{changed}; {'of the others: ' if not still.all() else ''}{_because(rule, before, still, events)}"


def rejection_note(rejected: npt.NDArray[np.bool_]) -> str:
    """A sentence: which conditions have no outcome because the cell fired in all sweeps before or after; empty if there are none.

    Parameters
    ----------
    rejected : array of bool, shape (conditions,)
    """
    if not rejected.any():
        return ""
    of = "all conditions" if rejected.all() else f"{int(rejected.sum())} of {rejected.size} conditions"
    return (
        f"in {of} every sweep before or after the induction was rejected because the cell fired, so that there is no EPSP ratio; "
        "use a weaker input (fewer copies, a smaller initial weight) or a cell that is harder to fire"
    )


def no_response_note(before: npt.ArrayLike) -> str:
    """A sentence: which conditions have no EPSP before the induction; empty if all have one.

    Parameters
    ----------
    before : array of float, shape (conditions,)
        Mean EPSP before; NaN where it was not measured.
    """
    none = np.asarray(before, dtype=float) == 0
    if not none.any():
        return ""
    of = "all conditions" if none.all() else f"{int(none.sum())} of {none.size} conditions"
    return f"in {of} there is no EPSP before the induction, because the synapse transmits nothing, and therefore no EPSP ratio"


def draw_note(rule: Rule) -> str:
    """A warning about single synapses of a rule that draws random numbers; empty for any other rule."""
    if not is_noisy(rule):
        return ""
    return "the rule draws random numbers, so that each weight is a single draw; give the same spikes to many lanes and take their mean"


def _because(rule: Rule, before: Floats, still: npt.NDArray[np.bool_], events: Events) -> str:
    """The likeliest reason for most of the weights that did not change."""
    rows = np.flatnonzero(still.any(axis=1))
    zero = _amplitudes_of_zero(rule)
    if np.all(events.pre[rows] == 0):
        return "there are no presynaptic spikes"
    if _all_zero(rule, zero):
        return f"what each spike adds is multiplied by 0 ({', '.join(f'{name} = 0' for name in zero)})"
    if not _moving(rule):
        return "no line of the rule changes the weight"
    if np.all(events.post[rows] == 0):
        return "the cell did not fire" if events.has_cell else "there are no postsynaptic spikes"
    if any(handler.event == "reward" for handler in rule.handlers) and not np.broadcast_to(events.rewards, len(before))[rows].any():
        return "the rule waits for a reward, and none was given"
    if np.all(_at_bound(rule, before)[still]):
        return f"they start at a bound ({_limits(rule)}) and were not moved away from it"
    if zero:
        return f"{' and '.join(f'{name} = 0' for name in zero)}, which makes the corresponding change 0"
    if rule.coincidence == "discard":
        return "their pre- and postsynaptic spikes fell into one time step, and the rule discards such ties"
    if events.normalised:
        return "normalisation undoes what the rule changes"
    return "no pair of spikes met what the rule requires (its thresholds or its time constants)"


def _at_bound(rule: Rule, weights: Floats) -> npt.NDArray[np.bool_]:
    at_bound = np.zeros(weights.shape, dtype=bool)
    for limit in (rule.bounds.w_min, rule.bounds.w_max):
        if limit is not None:
            at_bound |= weights == limit
    return at_bound


def _limits(rule: Rule) -> str:
    limits = {"w_min": rule.bounds.w_min, "w_max": rule.bounds.w_max}
    return ", ".join(f"{name} = {value:g}" for name, value in limits.items() if value is not None)


def _moving(rule: Rule) -> list[t.Tree]:
    """The trees that move the weight, with the model's subexpressions put in."""
    trees = [line.expression for handler in rule.handlers for line in handler.lines if line.target in ("ltp", "ltd", rule.weight)]
    trees += [e.expression for e in rule.equations if e.name == rule.weight and e.expression is not None]
    return [expand(tree, rule) for tree in trees]


def _amplitudes_of_zero(rule: Rule) -> list[str]:
    """Parameters that are 0 and read where the weight is moved."""
    read = set().union(*(t.names(tree) for tree in _moving(rule)))
    return [name for name, parameter in rule.parameters.items() if name in read and parameter.value == 0]


def _all_zero(rule: Rule, zero: list[str]) -> bool:
    """Whether nothing moves the weight: every tree has a factor among the parameters that are 0."""
    return bool(zero) and all(_vanishes(tree, set(zero)) for tree in _moving(rule))


def _vanishes(tree: t.Tree, zero: set[str]) -> bool:
    match tree:
        case t.Name(name):
            return name in zero
        case t.Number(value):
            return value == 0
        case t.Negative(operand):
            return _vanishes(operand, zero)
        case t.Binary("*", left, right):
            return _vanishes(left, zero) or _vanishes(right, zero)
        case t.Binary("/", left, _):
            return _vanishes(left, zero)
        case t.Binary("+" | "-", left, right):
            return _vanishes(left, zero) and _vanishes(right, zero)
    return False
