"""Rules that NEST's own synapses compute, each as a pattern: its traces, what its handlers do, its bounds, and NEST's parameters for it.

NEST changes a weight only when a presynaptic spike passes; `Late` says what the postsynaptic spikes since then would have done, so
that weights can be read at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial

import numpy as np

from spikeheb.circuits.steps import Floats
from spikeheb.engines.nest.compiled import Compiled
from spikeheb.engines.nest.matching import Reader
from spikeheb.engines.nest.reward import Rewarded
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import evaluate
from spikeheb.rules.rule import Bounds

MILLI = 1e3
"""Milliseconds of a second."""
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
    """A model of NEST that computes what a rule says, or the model that is compiled from it.

    Attributes
    ----------
    model : str
    parameters : mapping of str to float
        In NEST's units.
    cell : mapping of str to float
        What the cells that are reached must have.
    late : Late, Rewarded, Compiled or None
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
    late: Late | Rewarded | Compiled | None = None
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
def patterns() -> tuple[Pattern, ...]:
    """All but those with rewards."""
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
def rewarded(amount: float) -> Pattern:
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
