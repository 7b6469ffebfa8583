"""Closed forms of Graupner & Brunel's calcium rule under a protocol that repeats itself.

Calcium is taken as periodic from the start, and the cubic term of the rule is dropped, which matters where the noise leaves
rho near its border for as long as tau. Then rho is an Ornstein-Uhlenbeck process whose constants are averages over a period::

    G_p = gamma_p*alpha_p,  G_d = gamma_d*alpha_d,  rho_bar = G_p/(G_p + G_d),  tau_eff = tau/(G_p + G_d)

with alpha the fraction of time that calcium spends at or above a threshold. Constants come by name, SI, as `Rule.constants`
gives them. Source: 10.1073/pnas.1109359109, Eqs. 3-5 and its supporting text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import erf

Constants = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a protocol does to a population of synapses, counted at its end.

    Attributes
    ----------
    up : float
        Share of the synapses started at rho = 0 that end above the border.
    down : float
        Share of those started at rho = 1 that end below it.
    change : float
        Mean efficacy after over before, a share beta having started at 0 and efficacy being 1 below and b above the border.
    """

    up: float
    down: float
    change: float


def fraction_above(times: npt.ArrayLike, amounts: npt.ArrayLike, period: float, tau_ca: float, threshold: float) -> float:
    """The fraction of time that periodic calcium spends at or above a threshold.

    Calcium jumps by `amounts` at `times` of every period and decays exponentially between.

    Parameters
    ----------
    times, amounts : arrays, shape (jumps,)
        Seconds; those that reach beyond a period are taken into it.
    period, tau_ca : float
        Seconds.
    threshold : float
        More than 0.
    """
    phases = np.mod(np.asarray(times, dtype=float), period)
    order = np.argsort(phases, kind="stable")
    phases, jumps = phases[order], np.asarray(amounts, dtype=float)[order]
    gaps = np.diff(phases, append=phases[0] + period)
    calcium = float(np.sum(jumps * np.exp(-(phases[0] + period - phases) / tau_ca))) / -np.expm1(-period / tau_ca)
    above = 0.0
    for jump, gap in zip(jumps, gaps, strict=True):
        calcium += jump
        if calcium >= threshold:
            above += min(gap, tau_ca * np.log(calcium / threshold))
        calcium *= np.exp(-gap / tau_ca)
    return float(above / period)


def at_external_calcium(constants: Constants) -> dict[str, float]:
    """The constants with both calcium amplitudes scaled by their power of ``Ca/Ca_ref``."""
    ratio = constants["Ca"] / constants["Ca_ref"]
    scaled = {name: constants[name] * ratio ** constants[power] for name, power in (("C_pre", "a_pre"), ("C_post", "a_post"))}
    return {**constants, **scaled}


def fractions(constants: Constants, pre: Sequence[float], post: Sequence[float], period: float) -> tuple[float, float]:
    """Fractions of time above theta_p and theta_d for spikes at `pre` and `post` (seconds) of every period."""
    times = [*(time + constants["D"] for time in pre), *post]
    amounts = [*(constants["C_pre"] for _ in pre), *(constants["C_post"] for _ in post)]
    potentiating, depressing = (
        fraction_above(times, amounts, period, constants["tau_ca"], constants[name]) for name in ("theta_p", "theta_d")
    )
    return potentiating, depressing


def mean_rho(constants: Constants, start: float, alphas: tuple[float, float], duration: float) -> float:
    """The mean of rho after `duration` seconds from `start`, the fractions of time being `alphas` (theta_p, theta_d)."""
    up, down = constants["gamma_p"] * alphas[0], constants["gamma_d"] * alphas[1]
    if up + down == 0:
        return start
    target = up / (up + down)
    return float(target + (start - target) * np.exp(-duration * (up + down) / constants["tau"]))


def outcome(constants: Constants, pre: Sequence[float], post: Sequence[float], period: float, repetitions: int) -> Outcome:
    """What `repetitions` periods with spikes at `pre` and `post` (seconds) do to a population.

    The distribution of rho is a Gaussian around `mean_rho` whose variance tends to half of ``sigma**2*(alpha_p +
    alpha_d)/(G_p + G_d)``. Where no threshold is crossed nothing changes.
    """
    alphas, duration = fractions(constants, pre, post, period), repetitions * period
    rate = constants["gamma_p"] * alphas[0] + constants["gamma_d"] * alphas[1]
    if rate == 0:
        return Outcome(0.0, 0.0, 1.0)
    spread = constants["sigma"] ** 2 * sum(alphas) / rate
    width = np.sqrt(-spread * np.expm1(-2 * duration * rate / constants["tau"]))
    border = constants["rho_star"]
    up = 0.5 * (1 + erf((mean_rho(constants, 0.0, alphas, duration) - border) / width))
    down = 0.5 * (1 - erf((mean_rho(constants, 1.0, alphas, duration) - border) / width))
    return Outcome(float(up), float(down), population_change(constants, float(up), float(down)))


def population_change(constants: Constants, up: float, down: float) -> float:
    """Mean efficacy after over before, from the shares of synapses that went up and down."""
    low, b = constants["beta"], constants["b"]
    before = low + (1 - low) * b
    after = (1 - up) * low + down * (1 - low) + b * (up * low + (1 - down) * (1 - low))
    return after / before


def pairs(constants: Constants, delta_t: float, frequency: float, repetitions: int) -> Outcome:
    """What `repetitions` pairs of one presynaptic and one postsynaptic spike do.

    Parameters
    ----------
    delta_t : float
        ``t_post - t_pre`` in seconds.
    frequency : float
        Pairs per second.
    """
    return outcome(constants, [0.0], [delta_t], 1.0 / frequency, repetitions)
