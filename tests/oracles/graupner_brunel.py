"""The calcium rule without its cubic term, step by step: rho is then Gaussian, and its mean and variance are exact.

Calcium is deterministic, and in a step that begins above a threshold rho follows a linear equation with additive noise. So a
step maps the mean to a*mean + b and the variance to a*a*variance + v, and so does a period. Drift and calcium are Euler's, as
in Brian2's method "heun", whose second stage concerns the noise alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

Constants = Mapping[str, float]
Map = tuple[float, float, float]
BUILD_UP = 12
"""Periods after which calcium repeats itself, for periods of at least two time constants; shorter ones are refused."""


def shares(c: Constants, delta_t: float, frequency: float, pairs: int, dt: float) -> tuple[float, float]:
    """Share of the synapses started at 0 that end above the border, and of those started at 1 that end below it."""
    maps = periods(c, delta_t, frequency, min(pairs, BUILD_UP), dt)
    beyond_border = []
    for start, side in ((0.0, 1.0), (1.0, -1.0)):
        mean, variance = moments(maps, pairs, start)
        beyond = side * (mean - c["rho_star"])
        beyond_border.append(0.5 * (1 + math.erf(beyond / math.sqrt(2 * variance))) if variance > 0 else float(beyond > 0))
    return beyond_border[0], beyond_border[1]


def mean(c: Constants, delta_t: float, frequency: float, pairs: int, dt: float, start: float) -> float:
    """The mean of rho after the pairs."""
    return moments(periods(c, delta_t, frequency, min(pairs, BUILD_UP), dt), pairs, start)[0]


def moments(maps: list[Map], pairs: int, start: float) -> tuple[float, float]:
    """Mean and variance of rho after the pairs; the last map stands for all that follow."""
    mean, variance = start, 0.0
    for n in range(pairs):
        a, b, v = maps[min(n, len(maps) - 1)]
        mean, variance = a * mean + b, a * a * variance + v
    return mean, variance


def periods(c: Constants, delta_t: float, frequency: float, count: int, dt: float) -> list[Map]:
    """What each of the first periods, from the first spike of its pair on, does to mean and variance."""
    steps = round(1 / (frequency * dt))
    assert steps * dt >= 2 * c["tau_ca"], "calcium does not settle"
    pre = max(0, round(-delta_t / dt)) + round(c["D"] / dt)
    jumps = dict.fromkeys((pre % steps, max(0, round(delta_t / dt)) % steps), 0.0)
    jumps[pre % steps] += c["C_pre"]
    jumps[max(0, round(delta_t / dt)) % steps] += c["C_post"]
    calcium, of_pairs = 0.0, []
    for _ in range(count):
        a, b, v = 1.0, 0.0, 0.0
        for step in range(steps):
            if calcium >= min(c["theta_d"], c["theta_p"]):
                keep, rise, noise = of_step(c, calcium, dt)
                a, b, v = keep * a, keep * b + rise, keep * keep * v + noise
            calcium = calcium * (1 - dt / c["tau_ca"]) + jumps.get(step, 0.0)
        of_pairs.append((a, b, v))
    return of_pairs


def of_step(c: Constants, calcium: float, dt: float) -> Map:
    """What a step does that begins with so much calcium."""
    up, down = (float(calcium >= c[name]) for name in ("theta_p", "theta_d"))
    rise, fall = c["gamma_p"] * up * dt / c["tau"], c["gamma_d"] * down * dt / c["tau"]
    return 1 - rise - fall, rise, c["sigma"] ** 2 * (up + down) * dt / c["tau"]
