"""Which of NEST's own synapses computes what a rule says.

A rule is compared with patterns: its traces, what its two handlers do, and its bounds. A pattern stands for one model of NEST, and
says what its parameters are in terms of the rule's. NEST changes a weight only when a presynaptic spike passes; `Late` says what
the postsynaptic spikes since then would have done, so that weights can be read at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

import numpy as np

from spikeheb.circuits.steps import Floats
from spikeheb.engines.nest.matching import Bound, Reader
from spikeheb.engines.nest.reward import Rewarded
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import evaluate
from spikeheb.program.fold import fold
from spikeheb.rules.meaning import expand, is_noisy, reads_membrane, stepped
from spikeheb.rules.rule import Bounds, Handler, Rule
from spikeheb.rules.ties import without_ties

MILLI = 1e3
"""Milliseconds of a second."""
AMOUNT = "amount"
"""The value of a reward, as its handler reads it."""
ENDLESS = 1e300
"""An upper bound that no weight reaches."""
Numbers = Mapping[str, float]
Change = Callable[[Floats, Floats, Floats], Floats]


@dataclass(frozen=True)
class Late:
    """What postsynaptic spikes do to a weight after the last presynaptic one.

    Attributes
    ----------
    change : callable
        The weight (as NEST has it) after one of them, given the weight, the presynaptic trace and the slow postsynaptic trace, this
        spike not yet counted in it.
    tau : float
        Of the presynaptic trace, milliseconds.
    tau_slow : float
        Of the slow postsynaptic trace, milliseconds.
    adds : bool
        Whether presynaptic spikes add up in the trace; where not, it is 1 after each.
    only_first : bool
        Whether the first of them alone counts.
    """

    change: Change
    tau: float
    tau_slow: float = 1.0
    adds: bool = True
    only_first: bool = False


@dataclass(frozen=True)
class Synapse:
    """A model of NEST that computes what a rule says.

    Attributes
    ----------
    model : str
    parameters : mapping of str to float
        In NEST's units.
    cell : mapping of str to float
        What the cells that are reached must have.
    late : Late, Rewarded or None
        None where postsynaptic spikes do nothing.
    rest : float
        Milliseconds of silence at the start, after which no trace is left of the presynaptic spike at time 0 that NEST's synapses for
        nearest spikes assume.
    notes : tuple of str
        In what it differs from the rule nevertheless.
    """

    model: str
    parameters: Numbers
    cell: Numbers = field(default_factory=dict)
    late: Late | Rewarded | None = None
    rest: float = 0.0
    notes: tuple[str, ...] = ()


Build = Callable[[Numbers, Bounds, float], Synapse | None]


@dataclass(frozen=True)
class Pattern:
    """A rule that a model of NEST computes.

    Attributes
    ----------
    traces : mapping of str to str
        The right-hand side of each variable's equation.
    pre, post : tuple of str
        What the handlers do.
    build : callable
        The synapse, given the numbers of the pattern, the bounds and NEST's unit of weight for efficacy 1; None where the bounds
        are others.
    initial : mapping of str to str
        Where the variables start; at 0 if not named.
    reward : tuple of str
        What the handler of rewards does, which reads their ``amount``.
    drift : str
        The right-hand side of the weight's own equation, where it has one.
    """

    traces: Mapping[str, str]
    pre: tuple[str, ...]
    post: tuple[str, ...]
    build: Build
    initial: Mapping[str, str] = field(default_factory=dict)
    reward: tuple[str, ...] = ()
    drift: str = ""


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
    for pattern in (*_patterns(), _rewarded(amount)):
        own = {*pattern.traces, "w", AMOUNT}
        for bound in _bindings(rule, pattern):
            numbers = {name: float(evaluate(tree, rule.constants)) for name, tree in bound.items() if name not in own}  # type: ignore[arg-type]  # a real one
            synapse = pattern.build(numbers, rule.bounds, scale)
            if synapse is not None:
                return replace(synapse, notes=(*synapse.notes, *_notes(rule), *_notes_on_ties(rule, synapse.model)))
    return None


def why_not(rule: Rule) -> str:
    """Why there is none, by the name of the part that stands against it."""
    reasons = {
        "what happens on the clock": any(handler.event == "clock" for handler in rule.handlers),
        "variables that need the clock": bool(stepped(rule)),
        "random numbers": is_noisy(rule),
        REWARDS: any(handler.event == "reward" for handler in rule.handlers),
        "[post]": rule.post is not None,
        "the membrane potential": reads_membrane(rule),
        "handlers with a delay of their own": any(handler.delay for handler in rule.handlers),
    }
    parts = [reason for reason, is_so in reasons.items() if is_so]
    if parts:
        return f'the rule "{rule.name}" has {" and ".join(parts)}, which no synapse of NEST that is known here has'
    what = f'its equations, handlers and bounds ("{rule.bounds.kind}") together are those of none'
    return f'no synapse of NEST that is known here computes the rule "{rule.name}": {what}'


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


# --- the patterns ---

PAIR_TRACES = {"x": "-x/tau_plus", "y": "-y/tau_minus"}
LTD, LTP = "ltd = A_minus*y", "ltp = A_plus*x"
SCHEMES = {
    "stdp_synapse": (("x = x + 1",), ("y = y + 1",)),
    "stdp_nn_symm_synapse": (("x = 1",), ("y = 1",)),
    "stdp_nn_pre_centered_synapse": (("x = x + 1",), ("y = 1", "x = 0")),
    "stdp_nn_restr_synapse": (("x = 1", "y = 0"), ("y = 1", "x = 0")),
}
"""What the handlers of a pair rule do to the traces, by NEST's synapse for it."""


@lru_cache
def _patterns() -> tuple[Pattern, ...]:
    pairs = [Pattern(PAIR_TRACES, (LTD, *pre), (LTP, *post), _pair(model)) for model, (pre, post) in SCHEMES.items()]
    power = Pattern(PAIR_TRACES, (LTD, "x = x + 1"), (LTP, "y = y + 1"), _power_law)
    triplet = Pattern(
        {"r1": "-r1/tau_plus", "r2": "-r2/tau_x", "o1": "-o1/tau_minus", "o2": "-o2/tau_y"},
        ("ltd = o1*(A2_minus + A3_minus*r2)", "r1 = r1 + 1", "r2 = r2 + 1"),
        ("ltp = r1*(A2_plus + A3_plus*o2)", "o1 = o1 + 1", "o2 = o2 + 1"),
        _triplet,
    )
    vogels = Pattern(
        {"x": "-x/tau", "y": "-y/tau"},
        ("w = w + eta*(y - alpha)", "x = x + 1"), ("w = w + eta*x", "y = y + 1"), _vogels,
    )  # fmt: skip
    return (*pairs, power, triplet, vogels, *_short_term())


def _limits(bounds: Bounds) -> tuple[float, float, float] | None:
    """Upper bound and the exponents of potentiation and depression, of bounds that begin at 0; None for others."""
    if bounds.w_min != 0.0:
        return None
    most = ENDLESS if bounds.w_max is None else bounds.w_max
    match bounds.kind:
        case "hard":
            return most, 0.0, 0.0
        case "soft":
            return most, 1.0, 1.0
        case "power":
            return most, bounds.values["mu_plus"], bounds.values["mu_minus"]
    if (bounds.F_plus, bounds.F_minus) == (t.ONE, t.ONE):
        return most, 0.0, 0.0
    return None


def _pair(model: str) -> Build:
    def build(n: Numbers, bounds: Bounds, scale: float) -> Synapse | None:
        limits = _limits(bounds)
        if limits is None or limits[0] == ENDLESS or not n["A_plus"] > 0 or not n["A_minus"] >= 0:
            return None
        most, mu_plus, mu_minus = limits
        rate, top = n["A_plus"] / most, most * scale

        def change(w: Floats, x: Floats, _: Floats) -> Floats:
            share = w / top
            return np.minimum(share + rate * (1.0 - share) ** mu_plus * x, 1.0) * top

        tau = MILLI * n["tau_plus"]
        nearest = model in ("stdp_nn_symm_synapse", "stdp_nn_restr_synapse")
        return Synapse(
            model,
            {"tau_plus": tau, "lambda": rate, "alpha": n["A_minus"] / n["A_plus"], "mu_plus": mu_plus, "mu_minus": mu_minus, "Wmax": top},
            {"tau_minus": MILLI * n["tau_minus"]},
            Late(change, tau, adds=not nearest, only_first=model in ("stdp_nn_pre_centered_synapse", "stdp_nn_restr_synapse")),
            rest=max(1000.0, 50.0 * tau) if nearest else 0.0,
        )

    return build


def _power_law(n: Numbers, bounds: Bounds, scale: float) -> Synapse | None:
    constants = frozenset(bounds.values)
    reader = Reader(frozenset({"w"}), constants)
    law = (gate.parse_expression("w**mu"), gate.parse_expression("w"))
    bound = next(reader.all_same(law, (bounds.F_plus, bounds.F_minus), {}), None)
    if bound is None or bounds.w_min != 0.0 or bounds.w_max is not None or not scale > 0 or not n["A_plus"] > 0:
        return None
    mu = float(evaluate(bound["mu"], bounds.values))  # type: ignore[arg-type]
    rate, tau = n["A_plus"] * scale ** (1.0 - mu), MILLI * n["tau_plus"]
    return Synapse(
        "stdp_pl_synapse_hom", {"tau_plus": tau, "lambda": rate, "alpha": n["A_minus"] / rate, "mu": mu},
        {"tau_minus": MILLI * n["tau_minus"]}, Late(lambda w, x, _: w + rate * w**mu * x, tau),
    )  # fmt: skip


def _triplet(n: Numbers, bounds: Bounds, scale: float) -> Synapse | None:
    limits, size = _limits(bounds), abs(scale)
    if limits is None or limits[1:] != (0.0, 0.0):
        return None
    top = limits[0] * size
    two, three = n["A2_plus"] * size, n["A3_plus"] * size

    def change(w: Floats, x: Floats, slow: Floats) -> Floats:
        stronger: Floats = np.minimum(np.abs(w) + x * (two + three * slow), top)
        return stronger if scale > 0 else -stronger

    tau, tau_slow = MILLI * n["tau_plus"], MILLI * n["tau_y"]
    return Synapse(
        "stdp_triplet_synapse",
        {
            "tau_plus": tau, "tau_plus_triplet": MILLI * n["tau_x"], "Aplus": two, "Aplus_triplet": three,
            "Aminus": n["A2_minus"] * size, "Aminus_triplet": n["A3_minus"] * size, "Wmax": float(np.copysign(top, scale)),
        },
        {"tau_minus": MILLI * n["tau_minus"], "tau_minus_triplet": tau_slow},
        Late(change, tau, tau_slow),
    )  # fmt: skip


def _vogels(n: Numbers, bounds: Bounds, scale: float) -> Synapse | None:
    limits, size = _limits(bounds), abs(scale)
    if limits is None or limits[1:] != (0.0, 0.0):
        return None
    top, eta, tau = limits[0] * size if limits[0] < ENDLESS else ENDLESS, n["eta"] * size, MILLI * n["tau"]

    def change(w: Floats, x: Floats, _: Floats) -> Floats:
        stronger: Floats = np.minimum(np.abs(w) + eta * x, top)
        return stronger if scale > 0 else -stronger

    notes = () if top == ENDLESS else ("a weight at its upper bound falls by eta*alpha at each spike, which the rule clips with the rise",)
    return Synapse(
        "vogels_sprekeler_synapse", {"tau": tau, "eta": eta, "alpha": n["alpha"], "Wmax": float(np.copysign(top, scale))},
        {"tau_minus": tau}, Late(change, tau), notes=notes,
    )  # fmt: skip


def _short_term() -> tuple[Pattern, ...]:
    def build(n: Numbers, _: Bounds, scale: float, facilitates: bool) -> Synapse:
        tau = MILLI * n["tau_f"] if facilitates else 0.0
        return Synapse("tsodyks2_synapse", {"U": n["U"], "u": n["U"], "x": 1.0, "tau_rec": MILLI * n["tau_rec"], "tau_fac": tau})

    traces, start, release = {"x": "(1 - x)/tau_rec", "u": "-u/tau_f"}, {"x": "1"}, ("transmit = u*x", "x = x - u*x")
    uses = {"u = u + U*(1 - u) + (1 - 1)*U": True, "u = u + U*(1 - u)": True, "u = U": False}
    return tuple(Pattern(traces, (use, *release), (), partial(build, facilitates=facilitates), start) for use, facilitates in uses.items())


@lru_cache
def _rewarded(amount: float) -> Pattern:
    """Pairs that leave an eligibility, which moves the weight where there is dopamine."""
    return Pattern(
        {"x": "-x/tau_plus", "y": "-y/tau_minus", "c": "-c/tau_c", "d": "-d/tau_d"},
        ("c = c - A_minus*y", "x = x + 1"), ("c = c + A_plus*x", "y = y + 1"),
        partial(_dopamine, amount=amount), reward=("d = d + amount",), drift="gain*c*(d + d_tonic)",
    )  # fmt: skip


def _dopamine(n: Numbers, bounds: Bounds, scale: float, amount: float) -> Synapse | None:
    """NEST's dopamine is the rule's in units of one reward that lasts a millisecond, and its eligibility a change of the weight."""
    limits = _limits(bounds)
    if bounds.kind != "hard" or not scale > 0 or not n["d_tonic"] >= 0 or limits is None:
        return None
    tau, tau_c, tau_n = (MILLI * n[name] for name in ("tau_plus", "tau_c", "tau_d"))
    unit = amount * tau_n
    size = n["gain"] / MILLI * scale * unit
    late = Rewarded(tau, tau_c, tau_n, size * n["A_plus"], -n["d_tonic"] / unit, 0.0, limits[0] * scale, amount)
    return Synapse(
        "stdp_dopamine_synapse",
        {"tau_plus": tau, "tau_c": tau_c, "tau_n": tau_n, "A_plus": late.A_plus, "A_minus": size * n["A_minus"], "b": late.b,
         "Wmin": late.w_min, "Wmax": late.w_max},
        {"tau_minus": MILLI * n["tau_minus"]}, late,
        notes=("a tie of spikes counts in neither order, and in the rule it counts in one",),
    )  # fmt: skip
