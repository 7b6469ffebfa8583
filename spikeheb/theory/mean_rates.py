"""The mean change of a weight under independent Poisson trains, by substitution of mean traces.

Where what a spike adds to the weight is linear in the traces of the presynaptic side, and linear in those of the postsynaptic side, its
mean is that of the traces put in: independent sides multiply, and a spike of a Poisson train finds its own side's trace at its mean. A
trace that every spike of rate r raises by a, and that decays with tau, has the mean ``a tau r``. A spike that reads a trace behind
its own increment finds it at that mean plus a, which is counted here as it is written in the rule.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from spikeheb.errors import EngineError
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import evaluate
from spikeheb.program.fold import fold
from spikeheb.rules.meaning import TRANSMIT, affine, expand
from spikeheb.rules.rule import Handler, Rule

Floats = npt.NDArray[np.float64]
SIDES = ("pre", "post")
DEPENDENCE = {"ltp": "F_plus", "ltd": "F_minus"}


def mean_drift(rule: Rule, w: npt.ArrayLike, rate_pre: npt.ArrayLike, rate_post: npt.ArrayLike) -> Floats:
    """Mean change of the weight a second at a weight within its bounds.

    Parameters
    ----------
    rule : Rule
        With events of spikes only, whose increments are linear in the traces of each side.
    w : array of float
        Held.
    rate_pre, rate_post : array of float
        Hertz.

    Returns
    -------
    array of float, shape of the arguments together

    Raises
    ------
    EngineError
        Where the rule is of another kind.
    """
    if others := {handler.event for handler in rule.handlers} - set(SIDES):
        raise _refusal(rule, f"events of spikes alone, and there is one of {sorted(others)[0]}")
    rates = dict(zip(SIDES, (np.asarray(rate, dtype=np.float64) for rate in (rate_pre, rate_post)), strict=True))
    increments = {side: _increments(rule, side) for side in SIDES}
    values: dict[str, object] = {**rule.constants, rule.weight: np.asarray(w, dtype=np.float64)}
    for side, raised in increments.items():
        for name, increment in raised.items():
            values[name] = rates[side] * float(np.asarray(evaluate(increment, rule.constants))) * _time_constant(rule, name)
    total = np.zeros(np.broadcast_shapes(np.shape(w), np.shape(rate_pre), np.shape(rate_post)))
    for handler in rule.handlers:
        change = _change(rule, handler)
        if t.names(change) - values.keys() or t.functions(change) & {"rand", "randn"}:
            raise _refusal(rule, "changes that read traces, the weight and constants, and draw nothing")
        for side in SIDES:
            if affine(change, frozenset(increments[side])) is None:
                raise _refusal(rule, f"changes that are linear in the traces of the {side}synaptic side")
        total = total + rates[handler.event] * np.asarray(evaluate(change, values), dtype=np.float64)
    return total


def _increments(rule: Rule, side: str) -> dict[str, t.Tree]:
    """What a spike of this side adds to each trace of the side."""
    lines = [line for handler in rule.handlers if handler.event == side for line in handler.lines]
    traces: dict[str, t.Tree] = {}
    for line in lines:
        if line.target in (rule.weight, TRANSMIT, *DEPENDENCE) or (added := _added(rule, line)) == t.ZERO:
            continue
        if line.target in traces or t.names(added) - set(rule.constants):
            raise _refusal(rule, f'traces that each spike of one side raises by a constant, and "{line.target}" is none')
        traces[line.target] = added
    return traces


def _added(rule: Rule, line: t.Statement) -> t.Tree:
    """What a line adds to its target."""
    value = _put_in(rule, line.expression, {})
    if line.op == "+=":
        return value
    split = affine(value, frozenset({line.target})) if line.op == "=" else None
    if split is None or split[0].get(line.target) != t.ONE:
        raise _refusal(rule, f'lines that add something, and one for "{line.target}" does not')
    return split[1]


def _time_constant(rule: Rule, name: str) -> float:
    """Of a trace that decays to 0."""
    equation = next(each for each in rule.equations if each.name == name)
    split = None if equation.expression is None else affine(expand(equation.expression, rule), frozenset({name}))
    if split is None or split[1] != t.ZERO or t.names(split[0][name]) - set(rule.constants):
        raise _refusal(rule, f'traces that decay to 0 with a time constant, and "{name}" does not')
    return -1.0 / float(np.asarray(evaluate(split[0][name], rule.constants)))


def _change(rule: Rule, handler: Handler) -> t.Tree:
    """What the handler adds to the weight, of traces as the spike finds them; the lines are carried out in their order."""
    now: dict[str, t.Tree] = {}
    change: t.Tree = t.ZERO
    for line in handler.lines:
        value = _put_in(rule, line.expression, now)
        if line.target in DEPENDENCE:
            term = t.multiply(_put_in(rule, getattr(rule.bounds, DEPENDENCE[line.target]), {}), value)
            change = t.add(change, term) if line.target == "ltp" else t.subtract(change, term)
        elif line.target == rule.weight:
            if line.op not in ("+=", "-="):
                raise _refusal(rule, "weights that are changed by += and -=")
            change = t.add(change, value) if line.op == "+=" else t.subtract(change, value)
        elif line.target != TRANSMIT:
            now[line.target] = t.add(now.get(line.target, t.Name(line.target)), t.substitute(_added(rule, line), now))
    return change


def _put_in(rule: Rule, tree: t.Tree, now: Mapping[str, t.Tree]) -> t.Tree:
    """The expression with subexpressions, the constants of the interaction, and what earlier lines made of the traces."""
    scheme = rule.interactions[rule.interaction] if rule.interaction else {}
    return t.substitute(fold(expand(tree, rule), scheme), now)


def _refusal(rule: Rule, what: str) -> EngineError:
    return EngineError(f"the theory of mean rates is about {what}", path=rule.path, key=rule.name)
