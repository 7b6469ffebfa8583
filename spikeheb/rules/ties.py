"""Ties: what a rule does where a presynaptic and a postsynaptic spike arrive at the synapse in one time step.

With ``coincidence = "discard"`` the pair counts in neither direction: the lines that change the weight, of both handlers, read the
values from before either, and the other lines run as with ``pre_first``. Since the presynaptic handlers run first, only the
postsynaptic ones need to be told what was before: each variable that they read and the others write is kept beside itself, with the
step in which it was last written.

Where no spike changes the weight (it moves with a reward, a clock or an equation), nothing is left to discard: `without_effect` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from spikeheb.dimensions import NONE
from spikeheb.errors import FormatError
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation, expanded
from spikeheb.rules.rule import VERBS, Handler, Rule

STEP = "step__now"
"""The number of the time step, as expressions of `keeping` and `before` read it."""
NEVER = t.Negative(t.ONE)


def with_ties(rule: Rule) -> Rule:
    """The rule with the variables that its coincidence policy needs, and no others.

    Raises
    ------
    FormatError
        Where a presynaptic spike changes a ``[post]`` variable that the weight's change at a postsynaptic one reads.
    """
    rule = without_ties(rule)
    if rule.coincidence != "discard":
        return rule
    written = {line.target for handler in rule.handlers if handler.event == "pre" for line in handler.lines}
    read = {name for handler in rule.handlers if handler.event == "post" for tree in _changes(rule, handler) for name in t.names(tree)}
    shared = sorted(written & read & {e.name for e in (rule.post.equations if rule.post else ())})
    if shared:
        message = f'"{shared[0]}" of [post] changes at presynaptic spikes and is read at postsynaptic ones, so a tie cannot be discarded'
        raise FormatError(message, path=rule.path, key="coincidence")
    if {"ltp", "ltd"} & written:
        written |= {rule.weight}
    kept = {name: (f"{name}__before", f"{name}__written") for name in rule.variables if name in written & read}
    dimensions = {equation.name: equation.dimension for equation in rule.equations}
    added = [
        Equation("variable", name, None, dimension)
        for own, names in kept.items()
        for name, dimension in zip(names, (dimensions[own], NONE), strict=True)
    ]
    starts: dict[str, t.Tree] = {}
    for before_, written_ in kept.values():
        starts |= {before_: t.ZERO, written_: NEVER}
    return replace(rule, equations=(*rule.equations, *added), initial={**rule.initial, **starts}, before=kept)


def without_effect(rule: Rule) -> str | None:
    """A sentence where ties are to be discarded and no spike changes the weight, so that they are in fact taken as with ``pre_first``."""
    if rule.coincidence != "discard" or any(_changes(rule, each) for each in rule.handlers if each.event in ("pre", "post")):
        return None
    return 'coincidence: "discard" has no effect here, since no spike changes the weight of this rule; it is taken as "pre_first"'


def without_ties(rule: Rule) -> Rule:
    """The rule without what its coincidence policy needs."""
    added = {name for names in rule.before.values() for name in names}
    return replace(
        rule,
        equations=tuple(equation for equation in rule.equations if equation.name not in added),
        initial={name: tree for name, tree in rule.initial.items() if name not in added},
        before={},
    )


def _changes(rule: Rule, handler: Handler) -> list[t.Tree]:
    """What the lines that change the weight read, with the handler's own earlier lines and the weight's dependence put in."""
    inlined: dict[str, t.Tree] = {}
    trees: list[t.Tree] = []
    for line in handler.lines:
        if line.target in ("ltp", "ltd", rule.weight):
            trees.append(t.substitute(line.expression, inlined))
            trees += [rule.bounds.F_plus] if line.target == "ltp" else [rule.bounds.F_minus] if line.target == "ltd" else []
        elif line.target not in VERBS:
            inlined[line.target] = t.substitute(line.value(), inlined)
    return [expanded(tree, rule.all_equations) for tree in trees]


def keeping(rule: Rule, lines: tuple[t.Statement, ...]) -> tuple[t.Statement, ...]:
    """Lines that go before those of a presynaptic handler: what it writes is kept, once in a step."""
    targets = {line.target for line in lines}
    kept: list[t.Statement] = []
    for name, (before_, written) in rule.before.items():
        if name in targets:
            kept.append(t.Statement(before_, "=", _either(written, t.Name(before_), t.Name(name))))
            kept.append(t.Statement(written, "=", t.Name(STEP)))
    return tuple(kept)


def before(rule: Rule) -> Mapping[str, t.Tree]:
    """For each variable that is kept, its value from before the presynaptic spikes of this step."""
    return {name: _either(written, t.Name(kept), t.Name(name)) for name, (kept, written) in rule.before.items()}


def _either(written: str, kept: t.Tree, now: t.Tree) -> t.Tree:
    """The kept value where the variable was written in this very step, else its value now."""
    here = t.Call("int", (t.Compare("==", t.Name(written), t.Name(STEP)),))
    other = t.Call("int", (t.Compare("!=", t.Name(written), t.Name(STEP)),))
    return t.Binary("+", t.Binary("*", here, kept), t.Binary("*", other, now))
