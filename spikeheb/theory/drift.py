"""Where the weights of a pair rule settle: drift, diffusion, and the stationary density of the Fokker-Planck equation.

Theory for the pair family with all spikes interacting, under Poisson firing and small changes (van Rossum, Bi & Turrigiano 2000;
Gütig et al. 2003; Morrison, Aertsen & Diesmann 2007). With independent spikes of rates r and s on the two sides::

    A(w) = r*s*(F_plus*A_plus*tau_plus - F_minus*A_minus*tau_minus)
    B(w) = r*s*[(p**2*tau_plus + m**2*tau_minus)/2 + (r + s)*(p*tau_plus - m*tau_minus)**2],  p = F_plus*A_plus, m = F_minus*A_minus

plus, where F draws random numbers, the variance that they add at each spike. In time steps of `dt` the two sides may fire at once,
which the rule's coincidence policy counts for one of them: the traces then stand for ``dt/(1 - exp(-dt/tau))`` on that side and for
``dt/(exp(dt/tau) - 1)`` on the other in place of tau, half a per cent apart for 20 ms and 0.1 ms. A postsynaptic cell that its
inputs drive fires a little more often after each of them: `bonus` adds ``p*bonus*w`` to the drift, and is the reason why a
distribution splits into two peaks.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.errors import EngineError
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import evaluate
from spikeheb.rules.rule import Rule

Floats = npt.NDArray[np.float64]

NEEDED = ("A_plus", "A_minus", "tau_plus", "tau_minus")
NODES = 40
"""Nodes of the Gauss-Hermite quadrature over the random numbers of F."""
PROMINENT = 0.02
"""The share of the highest maximum of a density by which another stands out, if it is a mode. Chosen for illustration."""


@dataclass(frozen=True)
class Density:
    """A stationary density of weights.

    Attributes
    ----------
    w : array of float, shape (points,)
        Rising.
    density : array of float, shape (points,)
        Integrates to 1.
    """

    w: Floats
    density: Floats

    @property
    def mean(self) -> float:
        """The mean weight."""
        return float(np.trapezoid(self.w * self.density, self.w))

    @property
    def sd(self) -> float:
        """The standard deviation."""
        return math.sqrt(max(0.0, float(np.trapezoid((self.w - self.mean) ** 2 * self.density, self.w))))

    @property
    def distribution(self) -> Floats:
        """The distribution function at `w`."""
        steps = 0.5 * np.diff(self.w) * (self.density[1:] + self.density[:-1])
        whole: Floats = np.concatenate([[0.0], np.cumsum(steps)])
        whole /= whole[-1]
        return whole

    def quantiles(self, shares: npt.ArrayLike) -> Floats:
        """Weights below which these shares of all lie."""
        weights: Floats = np.interp(np.asarray(shares, dtype=float), self.distribution, self.w)
        return weights


def check_applies(rule: Rule) -> None:
    """Raise an error unless the theory covers this rule.

    Raises
    ------
    EngineError
        Where it is not of the pair family, or not all of its spikes interact.
    """
    lines = {line.target for handler in rule.handlers for line in handler.lines}
    if rule.name != "pair" and not (set(NEEDED) <= set(rule.constants) and {"ltp", "ltd"} <= lines):
        raise EngineError(f"the theory is about pair rules with {', '.join(NEEDED)}, which {rule.label} is not", path=rule.path)
    if rule.interaction not in (None, "all_to_all"):
        raise EngineError(f'the theory is about all spikes interacting (got interaction "{rule.interaction}")', path=rule.path)


def weight_dependence(rule: Rule, w: npt.ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    """Means of F_plus and F_minus over their random numbers, and their variances, at the weights `w`."""
    points = np.asarray(w, dtype=float)
    moments = [_moments(tree, rule, points) for tree in (rule.bounds.F_plus, rule.bounds.F_minus)]
    return moments[0][0], moments[1][0], moments[0][1], moments[1][1]


def _moments(tree: t.Tree, rule: Rule, w: Floats) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()
    values = {**rule.constants, rule.weight: w}
    if not t.functions(tree) & {"randn", "rand"}:
        return np.full(w.shape, 1.0) * np.asarray(evaluate(tree, values)), np.zeros(w.shape)
    at: list[Floats] = []
    for node in nodes:
        factor = evaluate(tree, values, {"randn": functools.partial(float, node), "rand": _none})
        at.append(np.full(w.shape, 1.0) * np.asarray(factor))
    stacked = np.array(at)
    mean = np.tensordot(weights, stacked, axes=1)
    return np.asarray(mean), np.asarray(np.tensordot(weights, (stacked - mean) ** 2, axes=1))


def _none() -> float:
    raise EngineError("the theory knows normal random numbers only")


def drift(rule: Rule, w: npt.ArrayLike, rate_pre: float, rate_post: float, bonus: float = 0.0, dt: float = 0.0) -> Floats:
    """Mean change of the weight a second.

    Parameters
    ----------
    rule : Rule
        Of the pair family.
    w : array of float
    rate_pre, rate_post : float
        Hertz.
    bonus : float
        Postsynaptic spikes a second that a unit of the weight adds to the LTP of its own input.
    dt : float
        Time step in seconds; 0 for none.

    Raises
    ------
    EngineError
    """
    check_applies(rule)
    plus, minus, _, _ = weight_dependence(rule, w)
    c = rule.constants
    lasting_x, lasting_y = _lasting(rule, dt)
    independent = rate_pre * rate_post * (plus * c["A_plus"] * lasting_x - minus * c["A_minus"] * lasting_y)
    rate: Floats = independent + plus * c["A_plus"] * bonus * np.asarray(w, dtype=float)
    return rate


def _lasting(rule: Rule, dt: float) -> tuple[float, float]:
    """The integrals of both traces as the other side sees them."""
    plus, minus = rule.constants["tau_plus"], rule.constants["tau_minus"]
    if not dt:
        return plus, minus
    with_tie = {tau: -dt / math.expm1(-dt / tau) for tau in (plus, minus)}
    without = {tau: dt / math.expm1(dt / tau) for tau in (plus, minus)}
    plus_side = with_tie if rule.coincidence == "pre_first" else without
    minus_side = with_tie if rule.coincidence == "post_first" else without
    return plus_side[plus], minus_side[minus]


def diffusion(rule: Rule, w: npt.ArrayLike, rate_pre: float, rate_post: float) -> Floats:
    """Variance that the weight gains a second; parameters as in `drift`."""
    check_applies(rule)
    plus, minus, spread_plus, spread_minus = weight_dependence(rule, w)
    c, r, s = rule.constants, rate_pre, rate_post
    p, m = plus * c["A_plus"], minus * c["A_minus"]
    both = (p**2 * c["tau_plus"] + m**2 * c["tau_minus"]) / 2 + (r + s) * (p * c["tau_plus"] - m * c["tau_minus"]) ** 2
    square_x, square_y = _mean_square(r, c["tau_plus"]), _mean_square(s, c["tau_minus"])
    drawn = s * spread_plus * c["A_plus"] ** 2 * square_x + r * spread_minus * c["A_minus"] ** 2 * square_y
    variance: Floats = r * s * both + drawn
    return variance


def _mean_square(rate: float, tau: float) -> float:
    """Mean square of a trace that every spike raises by 1."""
    return rate * tau / 2 + (rate * tau) ** 2


def stationary(
    rule: Rule, rate_pre: float, rate_post: float, *, bonus: float = 0.0, dt: float = 0.0, top: float | None = None, points: int = 4000
) -> Density:
    """The stationary density ``exp(2*integral(A/B))/B`` between reflecting limits.

    Parameters
    ----------
    rule, rate_pre, rate_post, bonus, dt
        As in `drift`.
    top : float, optional
        The largest weight; the rule's upper limit, or without one three times the stable fixed point.
    points : int
        Weights at which it is computed.

    Raises
    ------
    EngineError
        Where the theory does not apply, the weight has no upper limit and no fixed point, or nothing spreads it.
    """
    low, high = limits(rule, rate_pre, rate_post, bonus=bonus, dt=dt, top=top)
    w = low + (high - low) * (np.arange(points) + 0.5) / points
    a, b = drift(rule, w, rate_pre, rate_post, bonus, dt), diffusion(rule, w, rate_pre, rate_post)
    if not np.all(b > 0):
        raise EngineError("does not spread every weight, so that it has no stationary density", path=rule.path)
    exponent = np.concatenate([[0.0], np.cumsum(np.diff(w) * (a[1:] / b[1:] + a[:-1] / b[:-1]))]) - np.log(b)
    density = np.exp(exponent - exponent.max())
    return Density(w, density / np.trapezoid(density, w))


def limits(
    rule: Rule, rate_pre: float, rate_post: float, *, bonus: float = 0.0, dt: float = 0.0, top: float | None = None
) -> tuple[float, float]:
    """The range of weights that the theory looks at; parameters as in `stationary`.

    Raises
    ------
    EngineError
        Where the weight has no upper limit and no fixed point.
    """
    low = rule.bounds.w_min or 0.0
    high = rule.bounds.w_max if top is None else top
    if high is None:
        stable = [point.w for point in fixed_points(rule, rate_pre, rate_post, bonus=bonus, dt=dt) if point.stable]
        if not stable:
            raise EngineError("has no upper limit and no stable fixed point; give top", path=rule.path)
        high = 3 * max(stable)
    return low, high


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """A weight without drift; stable if the drift leads back to it. At a limit, the drift leads into it."""

    w: float
    stable: bool
    at_limit: bool = False


def fixed_points(
    rule: Rule, rate_pre: float, rate_post: float, *, bonus: float = 0.0, dt: float = 0.0, top: float = 1e3, points: int = 20001
) -> list[FixedPoint]:
    """All fixed points of the drift, the limits that it leads into included.

    Parameters
    ----------
    top : float
        Where the weight has no upper limit: how far to look.
    """
    low, high = rule.bounds.w_min or 0.0, rule.bounds.w_max
    end = top if high is None else high
    w = low + (end - low) * (np.arange(points) + 0.5) / points
    if high is None:
        w = np.geomspace(max(low, 1e-9 * end), end, points)
    a = drift(rule, w, rate_pre, rate_post, bonus, dt)
    moving = np.flatnonzero(a)  # a fixed point may be one of the points, and the drift there exactly 0
    points_at_rest = [FixedPoint(low, True, True)] if a[0] < 0 else []
    signs = np.sign(a[moving])
    for n in np.flatnonzero(signs[1:] != signs[:-1]):
        ends = w[moving[n]], w[moving[n + 1]]
        root = _root(lambda x: float(drift(rule, np.array([x]), rate_pre, rate_post, bonus, dt)[0]), *ends)
        points_at_rest.append(FixedPoint(root, bool(signs[n] > 0)))
    return points_at_rest + ([FixedPoint(end, True, True)] if a[-1] > 0 and high is not None else [])


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where the function changes its sign; one of the ends, where rounding leaves both with the same sign."""
    from scipy.optimize import brentq

    at_low, at_high = function(low), function(high)
    if at_low * at_high >= 0:
        return float(low if abs(at_low) <= abs(at_high) else high)
    return float(brentq(function, low, high, xtol=1e-12))


def modes(density: Density) -> int:
    """How many maxima a density has, those at its ends included.

    A maximum counts where it rises above the minimum between it and a higher one by `PROMINENT` of the highest. Smaller ones are the
    rounding of a density that is nearly 0, or the fall of the diffusion towards a limit; no histogram shows them.
    """
    from scipy.signal import find_peaks

    padded = np.concatenate([[0.0], density.density, [0.0]])
    return len(find_peaks(padded, prominence=PROMINENT * padded.max())[0])
