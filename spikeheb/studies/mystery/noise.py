"""How cells differ, as students are told, and how probable a measured ratio is.

The ratio of a cell is ``exp(g*log(m) + drift + sweeps)``. Here m is what the rule does to a connection of this initial weight. The
gain g is 0 in one cell of ten, and log-normal in the others, with a mean of 1 over all cells. Drift is what the EPSP of an accepted cell
does by itself. The numbers give the standard deviations of the cells of the 72 published means with n and SEM in this library:
0.16 near a ratio of 1, 0.19 below 0.8 and 0.68 above 1.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.studies.experiment.slices import drawn_weights
from spikeheb.studies.mystery.conditions import Session
from spikeheb.studies.mystery.response import STARTS, Response

Floats = npt.NDArray[np.float64]

START_CV = 0.5
NOTHING = 0.1
"""Share of the cells that show no plasticity."""
LOST = 0.08
"""Share of the cells that are lost by drift."""
GAIN_CV = 0.4
DRIFT = 0.14
SWEEP_CV = 0.4
EPSP = 1.0
"""Mean EPSP of all connections before the induction, in mV."""
SMALLEST = 0.01
"""EPSPs after the induction that are smaller are read as this, in mV."""
DIGITS = 4
"""Digits after the decimal point of an EPSP in mV."""
_GAIN_LOG_SD = float(np.sqrt(np.log1p(GAIN_CV**2)))
_GAIN_LOG_MEAN = float(-np.log(1 - NOTHING) - _GAIN_LOG_SD**2 / 2)
_NODES = np.linspace(-4.0, 4.0, 33)
GAINS = np.exp(_GAIN_LOG_MEAN + _GAIN_LOG_SD * _NODES)
"""Gains of the cells that show plasticity, to four standard deviations: a rare cell of a large gain must not refute its own rule."""
SHARES = np.exp(-0.5 * _NODES**2) / np.exp(-0.5 * _NODES**2).sum()
"""Shares of the cells that these gains stand for."""
GAIN_SD = float(np.sqrt((1 + GAIN_CV**2) / (1 - NOTHING) - 1))
"""Standard deviation of the gain over all cells."""

STATED = (
    f"Connections have log-normal initial weights (CV {START_CV:g}) with a mean EPSP of {EPSP:g} mV. One cell in ten shows no plasticity; "
    f"in the others the logarithm of the ratio is multiplied by a gain (log-normal, CV {GAIN_CV:g}), so that the mean gain over all cells "
    f"is 1. The EPSP of each cell drifts by itself (SD {DRIFT:.0%}), single EPSPs vary with a CV of {SWEEP_CV:g}, and {LOST:.0%} of the "
    "cells are lost by drift and cost all the same. A connection with a two-state rule is ten synapses."
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A cell after the experiment.

    Attributes
    ----------
    before, after : float
        Mean EPSP in mV; NaN after where the cell was lost.
    """

    before: float
    after: float

    @property
    def lost(self) -> bool:
        """Whether it was lost by drift."""
        return not np.isfinite(self.after)

    @property
    def ratio(self) -> float:
        """After over before."""
        return self.after / self.before

    @property
    def start(self) -> float:
        """The initial weight over the mean of all connections, as the EPSP before shows it."""
        return float(np.clip(self.before / EPSP, STARTS[0], STARTS[-1]))


def start_weight(session: Session, rng: np.random.Generator) -> float:
    """The relative initial weight of a connection that is chosen for this session."""
    return float(drawn_weights(np.array([session.start]), START_CV, (float(STARTS[0]), float(STARTS[-1])), rng)[0])


def log_errors(session: Session) -> tuple[float, float]:
    """Standard deviations of the logarithm of the mean EPSP before and after, from single sweeps."""
    before, after = session.sweeps
    return SWEEP_CV / float(np.sqrt(before)), SWEEP_CV / float(np.sqrt(after))


def measured(session: Session, synapse: Response, rng: np.random.Generator) -> Measured:
    """One cell with a synapse of the one parameter set of `synapse`."""
    start = start_weight(session, rng)
    before_noise, after_noise, drift, gain = rng.standard_normal(4)
    kind, lost, chance = rng.random(3)
    log_ratio, weight = (values[0] for values in synapse.at(start))
    change = log_ratio[min(int(np.searchsorted(np.cumsum(weight), chance)), weight.size - 1)]
    g = 0.0 if kind < NOTHING else float(np.exp(_GAIN_LOG_MEAN + _GAIN_LOG_SD * gain))
    errors = log_errors(session)
    true = EPSP * start
    before = true * np.exp(errors[0] * before_noise)
    after = np.nan if lost < LOST else true * np.exp(g * change + DRIFT * drift + errors[1] * after_noise)
    return Measured(round(float(before), DIGITS), round(float(np.maximum(after, SMALLEST)), DIGITS))


def log_likelihood(session: Session, synapses: Response, cell: Measured) -> Floats:
    """Logarithm of the probability density of the cell's log ratio, for every parameter set, shape (sets,).

    The initial weight is taken as known; a lost cell says nothing.
    """
    if cell.lost:
        return np.zeros(len(synapses.log_ratio))
    log_ratio, weight = synapses.at(cell.start)
    spread = float(np.hypot(DRIFT, np.hypot(*log_errors(session))))
    y = float(np.log(cell.ratio))
    nothing = np.exp(-0.5 * (y / spread) ** 2)
    some = np.exp(-0.5 * ((y - GAINS * log_ratio[..., None]) / spread) ** 2) @ SHARES
    density = NOTHING * nothing + (1 - NOTHING) * np.sum(weight * some, axis=-1)
    return np.asarray(np.log(density + 1e-12))
