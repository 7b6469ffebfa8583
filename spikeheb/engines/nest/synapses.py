"""Which of NEST's own synapses computes what a rule says, and for which rules one is compiled.

A rule is compared with patterns: its traces, what its two handlers do, and its bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from spikeheb.engines.nest.matching import Bound, Reader
from spikeheb.engines.nest.patterns import Pattern, Synapse, patterns, rewarded
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import evaluate
from spikeheb.program.fold import fold
from spikeheb.rules.meaning import expand, is_noisy, reads_membrane, stepped
from spikeheb.rules.rule import Handler, Rule
from spikeheb.rules.ties import without_ties

AMOUNT = "amount"
"""The value of a reward, as its handler reads it."""


def synapse_of(rule: Rule, scale: float, amount: float = 1.0) -> Synapse | None:
    """NEST's synapse for a rule; None where there is none.

    Parameters
    ----------
    rule : Rule
    scale : float
        NEST's weight for efficacy 1, with its sign.
    amount : float
        Of every reward.
    """
    rule = without_ties(rule)
    if rule.post is not None or rule.efficacy != t.Name(rule.weight) or any(handler.delay for handler in rule.handlers):
        return None
    for pattern in (*patterns(), rewarded(amount)):
        own = {*pattern.traces, "w", AMOUNT}
        for bound in _bindings(rule, pattern):
            numbers = {name: float(evaluate(tree, rule.constants)) for name, tree in bound.items() if name not in own}  # type: ignore[arg-type]  # a real one
            synapse = pattern.build(numbers, rule.bounds, scale)
            if synapse is not None:
                return replace(synapse, notes=(*synapse.notes, *_notes(rule), *_notes_on_ties(rule, synapse.model)))
    return None


def why_not(rule: Rule) -> str:
    """Why there is none, by the name of the part that stands against it."""
    parts = why_none_is_compiled(rule)
    if parts:
        return f'the rule "{rule.name}" has {" and ".join(parts)}, which no synapse of NEST that is known here has'
    what = f'its equations, handlers and bounds ("{rule.bounds.kind}") together are those of none'
    return f'no synapse of NEST that is known here computes the rule "{rule.name}": {what}'


def why_none_is_compiled(rule: Rule) -> list[str]:
    """The parts of a rule that no synapse which spikeheb compiles for NEST has; none where one can be compiled."""
    reasons = {
        "what happens on the clock": any(handler.event == "clock" for handler in rule.handlers),
        "variables that need the clock": bool(stepped(rule)),
        "random numbers": is_noisy(rule),
        REWARDS: any(handler.event == "reward" for handler in rule.handlers),
        "[post]": rule.post is not None,
        "the membrane potential": reads_membrane(rule),
        "handlers with a delay of their own": any(handler.delay for handler in rule.handlers),
    }
    return [reason for reason, is_so in reasons.items() if is_so]


REWARDS = "rewards (its dopamine synapse has all pairs, hard bounds from 0 on, and no dopamine below 0)"


# --- comparing ---


def _bindings(rule: Rule, pattern: Pattern) -> Iterator[Bound]:
    """Every way in which the rule is the pattern."""
    equations = {e.name: e.expression for e in rule.equations if e.kind != "subexpression"}
    drift = equations.get(rule.weight, t.ZERO)
    if len(equations) != len(pattern.traces) + 1 or (drift is None) != (not pattern.drift):
        return
    sides = {event: [handler for handler in rule.handlers if handler.event == event] for event in ("pre", "post", "reward")}
    expected = {"pre": 1, "post": bool(pattern.post), "reward": bool(pattern.reward)}
    if {event: len(handlers) for event, handlers in sides.items()} != expected or len(rule.handlers) != sum(expected.values()):
        return
    scheme = dict(rule.interactions[rule.interaction]) if rule.interaction else {}
    reader = Reader(frozenset({*pattern.traces, "w"}), frozenset(rule.constants))

    def folded(tree: t.Tree) -> t.Tree:
        return fold(expand(tree, rule), {name: value for name, value in scheme.items() if value in (0, 1)})

    lines = {event: [line for handler in handlers for line in _lines(handler, folded)] for event, handlers in sides.items()}
    known = {"w": t.Name(rule.weight), **({AMOUNT: t.Name(AMOUNT)} if pattern.reward else {})}
    for start in reader.lines(_parsed(pattern.pre), lines["pre"], known):
        for bound in _both(reader, pattern, lines, start):
            own = {name: bound[name].id for name in pattern.traces}  # type: ignore[union-attr]  # variables stand for names
            left = [gate.parse_expression(text) for text in pattern.traces.values()]
            left += [gate.parse_expression(pattern.initial.get(name, "0")) for name in pattern.traces]
            right = [folded(tree) for name in own.values() if (tree := equations[name]) is not None]
            right += [folded(rule.initial[name]) for name in own.values()]
            if drift is not None and pattern.drift:
                left, right = [*left, gate.parse_expression(pattern.drift)], [*right, folded(drift)]
            yield from reader.all_same(left, right, bound)


def _both(reader: Reader, pattern: Pattern, lines: Mapping[str, list[t.Statement]], start: Bound) -> Iterator[Bound]:
    """Every way in which the handlers of postsynaptic spikes and of rewards are the pattern's."""
    for bound in reader.lines(_parsed(pattern.post), lines["post"], start):
        yield from reader.lines(_parsed(pattern.reward), lines["reward"], bound)


def _lines(handler: Handler, folded: Callable[[t.Tree], t.Tree]) -> list[t.Statement]:
    """The assignments without those that do nothing, and without the plain transmission of a spike."""
    lines = [t.Statement(line.target, "=", folded(line.expression if line.target in ("transmit", "ltp", "ltd") else line.value()))
             for line in handler.lines]  # fmt: skip
    return [line for line in lines if line.expression != t.Name(line.target) and line != t.Statement("transmit", "=", t.ONE)]


@lru_cache
def _parsed(texts: tuple[str, ...]) -> tuple[t.Statement, ...]:
    return tuple(gate.parse_statement(text) for text in texts)


def _notes(rule: Rule) -> tuple[str, ...]:
    """What the built-in synapses do in another order than the rule."""
    lines = next(handler.lines for handler in rule.handlers if handler.event == "pre")
    changes = [n for n, line in enumerate(lines) if line.target in ("ltp", "ltd", rule.weight)]
    transmits = next((n for n, line in enumerate(lines) if line.target == "transmit"), 0)
    return ("a spike transmits the weight after its own change, not before it",) if changes and transmits < changes[-1] else ()


def _notes_on_ties(rule: Rule, model: str) -> tuple[str, ...]:
    """What a pre- and a postsynaptic spike in one time step do that the rule would not have them do."""
    if model in ("stdp_nn_pre_centered_synapse", "stdp_nn_restr_synapse"):
        return ("a tie of spikes leaves other traces behind than in the rule",)
    if rule.bounds.kind not in ("hard", "none"):
        return ("the changes around a tie of spikes come in another order, which counts since they depend on the weight",)
    return ()
