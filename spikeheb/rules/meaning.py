"""What a rule's lines mean, in the one form that every engine carries out.

A handler becomes plain assignments in order: ``ltp``, ``ltd`` and changes of the weight are gathered into one update,
applied at the last of them and clipped once; ``transmit`` stays a verb, because what it moves is the cell's.
Differential variables are divided into those that are solved exactly between events and those that are stepped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import NOISE, expanded
from spikeheb.rules.rule import Bounds, Handler, Rule
from spikeheb.rules.ties import before, keeping

TRANSMIT = "transmit"
"""The target of the line at which the conductance grows by efficacy times the line's value."""


@dataclass(frozen=True, slots=True)
class Action:
    """A handler made plain.

    Attributes
    ----------
    event : str
        ``"pre"``, ``"post"``, or a signal: see `signals`.
    delay : float
        Seconds from the spike at the soma to the synapse: axonal or backpropagation delay plus the handler's own.
    lines : tuple of Statement
        Assignments (``=`` only) in order; a target that begins with an underscore is local to the handler.
    """

    event: str
    delay: float
    lines: tuple[t.Statement, ...]


def actions(rule: Rule) -> tuple[Action, ...]:
    """The rule's handlers made plain, in the file's order."""
    transmits = any(line.target == TRANSMIT for handler in rule.handlers for line in handler.lines)
    first = next(h for h in rule.handlers if h.event == "pre" and h.delay is None)
    plain = []
    for handler in rule.handlers:
        delay = {"pre": rule.axonal_delay, "post": rule.backpropagation_delay}.get(handler.event, 0.0)
        if handler.delay is not None:
            delay += rule.parameters[handler.delay].value
        if handler.event == "post" and rule.before:
            lines = plain_lines(_with_parts_put_in(handler, rule), rule.weight, _dependence_with_parts_put_in(rule), before(rule))
        else:
            lines = plain_lines(handler, rule.weight, rule.bounds)
        if handler.event == "pre" and rule.before:
            lines = (*keeping(rule, lines), *lines)
        if not transmits and handler is first:
            lines = (t.Statement(TRANSMIT, "=", t.ONE), *lines)
        plain.append(Action(handler.heard, delay, lines))
    return tuple(plain)


def signals(rule: Rule) -> tuple[str, ...]:
    """The events other than spikes that the rule's handlers receive, in their order within a step: rewards, then the clock."""
    heard = dict.fromkeys(handler.heard for handler in rule.handlers if handler.event not in ("pre", "post"))
    return tuple(sorted(heard, key=lambda name: name != "reward"))


def _with_parts_put_in(handler: Handler, rule: Rule) -> Handler:
    """The handler without the names of subexpressions, behind which the variables that they read would be hidden."""
    return replace(handler, lines=tuple(replace(line, expression=expand(line.expression, rule)) for line in handler.lines))


def _dependence_with_parts_put_in(rule: Rule) -> Bounds:
    """The same for the weight dependence."""
    return replace(rule.bounds, F_plus=expand(rule.bounds.F_plus, rule), F_minus=expand(rule.bounds.F_minus, rule))


def plain_lines(handler: Handler, weight: str, bounds: Bounds, earlier: Mapping[str, t.Tree] | None = None) -> tuple[t.Statement, ...]:
    """The handler's lines with the weight's change gathered into one clipped assignment at the last of its lines.

    With `earlier`, what changes the weight reads these values of the variables, its own handler's earlier lines included.
    """
    own = dict(earlier or {})
    moving = [n for n, line in enumerate(handler.lines) if line.target in ("ltp", "ltd", weight)]
    plain: list[t.Statement] = []
    total: t.Tree = t.Name(weight)
    for n, line in enumerate(handler.lines):
        if n not in moving:
            value = line.expression if line.target == TRANSMIT else line.value()
            plain.append(t.Statement(line.target, "=", value))
            if earlier and line.target != TRANSMIT:
                own[line.target] = t.substitute(value, own)
            continue
        sign, change = _change(line, bounds)
        change = t.substitute(change, own)
        if n != moving[-1]:
            local = f"_change{n}"
            plain.append(t.Statement(local, "=", change))
            change = t.Name(local)
        total = t.Binary(sign, total, change)
        if n == moving[-1]:
            plain.append(t.Statement(weight, "=", clipped(total, bounds)))
    return tuple(plain)


def _change(line: t.Statement, bounds: Bounds) -> tuple[str, t.Tree]:
    if line.target == "ltp":
        return "+", t.multiply(bounds.F_plus, line.expression)
    if line.target == "ltd":
        return "-", t.multiply(bounds.F_minus, line.expression)
    return line.op[0], line.expression


LIMITED = "limited"
"""The call that holds a weight within its limits: as ``clip``, but a value that is not finite stays no number."""


def clipped(value: t.Tree, bounds: Bounds) -> t.Tree:
    """The value clipped to the limits of the bounds."""
    if bounds.w_min is None and bounds.w_max is None:
        return value
    low: t.Tree = t.Name("w_min") if bounds.w_min is not None else t.Number(-math.inf)
    high: t.Tree = t.Name("w_max") if bounds.w_max is not None else t.Number(math.inf)
    return t.Call(LIMITED, (value, low, high))


def _trees(rule: Rule) -> list[t.Tree]:
    """Every tree that is computed while the rule runs, [post] included."""
    trees = [e.expression for e in rule.equations] + [rule.efficacy, rule.readout]
    trees += [line.expression for handler in rule.handlers for line in handler.lines]
    trees += [rule.bounds.F_plus, rule.bounds.F_minus, *rule.initial.values()]
    if rule.post is not None:
        trees += [e.expression for e in rule.post.equations]
        trees += [*(line.expression for line in rule.post.on_spike), *rule.post.initial.values()]
    return [tree for tree in trees if tree is not None]


def reads_membrane(rule: Rule) -> bool:
    """Whether the rule needs a membrane potential."""
    if rule.post is not None and any(delayed.of == "v" for delayed in rule.post.delayed.values()):
        return True
    return any("v" in t.names(tree) for tree in _trees(rule))


def is_noisy(rule: Rule) -> bool:
    """Whether two runs with different seeds differ."""
    return any(NOISE in t.names(tree) or t.functions(tree) & {"rand", "randn"} for tree in _trees(rule))


def stepped(rule: Rule) -> frozenset[str]:
    """Differential variables of the synapse that must be stepped on the clock.

    The others are linear with constant coefficients and read only where a spike arrives, so they are solved exactly
    from one event to the next. The weight is recorded, and held within its limits, at any time.
    """
    equations = {e.name: e for e in rule.equations}
    derivatives = {
        name: expand(e.expression, rule) for name, e in equations.items() if e.kind == "differential" and e.expression is not None
    }
    on_clock = {name for name, tree in derivatives.items() if not _solvable(tree, name, rule, set(derivatives))}
    continuous = [t.Name(rule.weight), *(expand(tree, rule) for tree in (rule.efficacy, rule.readout) if tree is not None)]
    on_clock |= {name for name in derivatives for tree in continuous if name in t.names(tree)}
    while True:
        reads = {other for name in on_clock for other in t.names(derivatives[name]) if other in derivatives}
        readers = {name for name, tree in derivatives.items() if t.names(tree) & on_clock}
        if reads | readers <= on_clock:
            return frozenset(on_clock)
        on_clock |= reads | readers


def expand(tree: t.Tree, rule: Rule) -> t.Tree:
    """The tree with the subexpressions of the synapse and of ``[post]`` put in."""
    return expanded(tree, rule.all_equations)


def _solvable(tree: t.Tree, name: str, rule: Rule, differential: set[str]) -> bool:
    outside = {NOISE, "v"}
    if rule.post is not None:
        outside |= {e.name for e in rule.post.equations} | set(rule.post.delayed)
    if t.names(tree) & outside:
        return False
    return affine(tree, differential) is not None


def affine(tree: t.Tree, variables: set[str] | frozenset[str]) -> tuple[dict[str, t.Tree], t.Tree] | None:
    """Coefficients of the variables and the rest, where the tree is linear in them; else None."""
    if not t.names(tree) & variables:
        return {}, tree
    match tree:
        case t.Name(name):
            return {name: t.ONE}, t.ZERO
        case t.Negative(operand):
            inner = affine(operand, variables)
            return inner and ({n: t.Negative(c) for n, c in inner[0].items()}, t.subtract(t.ZERO, inner[1]))
        case t.Binary("+" | "-" as op, left, right):
            a, b = affine(left, variables), affine(right, variables)
            if a is None or b is None:
                return None
            join = t.add if op == "+" else t.subtract
            both = {n: join(a[0].get(n, t.ZERO), b[0].get(n, t.ZERO)) for n in {**a[0], **b[0]}}
            return both, join(a[1], b[1])
        case t.Binary("*", left, right):
            fixed, moving = (left, right) if not t.names(left) & variables else (right, left)
            inner = affine(moving, variables) if not t.names(fixed) & variables else None
            return inner and ({n: t.multiply(fixed, c) for n, c in inner[0].items()}, t.multiply(fixed, inner[1]))
        case t.Binary("/", left, right):
            inner = affine(left, variables) if not t.names(right) & variables else None
            return inner and (
                {n: t.Binary("/", c, right) for n, c in inner[0].items()},
                t.ZERO if inner[1] == t.ZERO else t.Binary("/", inner[1], right),
            )
    return None
