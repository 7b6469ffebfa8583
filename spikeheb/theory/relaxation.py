"""How a distribution of weights goes to the stationary one: the Fokker-Planck equation in time, for the rules that `theory.drift` is about.

The range of the weight is cut into cells, between which weights jump with the rates of Scharfetter & Gummel: mean and variance of the
jumps are the drift A and the diffusion B, and the stationary distribution is the one of the equation, whatever the width of a cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.rules.rule import Rule
from spikeheb.theory.drift import diffusion, drift, limits

Floats = npt.NDArray[np.float64]

CELLS = 160


@dataclass(frozen=True)
class Relaxation:
    """Weights that drift and diffuse.

    Attributes
    ----------
    edges : array of float, shape (cells + 1,)
        Of the cells that the range is cut into.
    generator : array of float, shape (cells, cells)
        Rates a second; a column for each cell that is left.
    """

    edges: Floats
    generator: Floats

    @property
    def centres(self) -> Floats:
        """The centres of the cells of the grid."""
        middle: Floats = 0.5 * (self.edges[1:] + self.edges[:-1])
        return middle

    def shares(self, weights: npt.ArrayLike) -> Floats:
        """Shares of the weights in each cell; weights beyond the range count for the outermost cell."""
        w = np.clip(np.ravel(np.asarray(weights, dtype=float)), self.edges[0], self.edges[-1])
        counts: Floats = np.histogram(w, self.edges)[0] / w.size
        return counts

    def after(self, shares: Floats, seconds: float) -> Floats:
        """The shares some time later."""
        from scipy.linalg import expm

        later: Floats = np.clip(expm(self.generator * seconds) @ shares, 0.0, None)
        later /= later.sum()
        return later

    def distance(self, a: Floats, b: Floats) -> float:
        """Wasserstein distance of two distributions over the cells."""
        return float(np.sum(np.abs(np.cumsum(a - b))[:-1]) * (self.edges[1] - self.edges[0]))

    @property
    def time(self) -> float:
        """The slowest time constant, in seconds: how long the weights take to forget where they were."""
        from scipy.linalg import eigh_tridiagonal

        cells = len(self.generator)
        between = np.sqrt(np.diag(self.generator, 1) * np.diag(self.generator, -1))
        slowest = eigh_tridiagonal(np.diag(self.generator), between, eigvals_only=True, select="i", select_range=(cells - 2, cells - 1))
        return float(1.0 / max(-slowest[0], 1e-300))


def relaxation(
    rule: Rule, rate_pre: float, rate_post: float, *, bonus: float = 0.0, dt: float = 0.0, top: float | None = None, cells: int = CELLS
) -> Relaxation:
    """The cells and rates of a rule.

    Parameters
    ----------
    rule, rate_pre, rate_post, bonus, dt, top
        As in `spikeheb.theory.drift.stationary`.
    cells : int
        That the range is cut into; the error falls with the square of their number.

    Raises
    ------
    EngineError
        Where the theory does not apply, or the weight has no upper limit and no fixed point.
    """
    low, high = limits(rule, rate_pre, rate_post, bonus=bonus, dt=dt, top=top)
    edges = np.linspace(low, high, cells + 1)
    width = edges[1] - edges[0]
    w = 0.5 * (edges[1:] + edges[:-1])
    a, b = drift(rule, w, rate_pre, rate_post, bonus, dt), diffusion(rule, w, rate_pre, rate_post)
    tiny = 1e-12 * max(float(b.max()), 1e-300)
    b = np.maximum(b, tiny)
    tilt = width * (a[1:] / b[1:] + a[:-1] / b[:-1]) + np.log(b[:-1] / b[1:])
    speed = 0.25 * (b[1:] + b[:-1]) / width**2
    up, down = speed * _bernoulli(-tilt), speed * _bernoulli(tilt)
    generator = np.diag(up, -1) + np.diag(down, 1)
    return Relaxation(edges, generator - np.diag(generator.sum(axis=0)))


def _bernoulli(x: Floats) -> Floats:
    """``x/(exp(x) - 1)``, 1 at 0."""
    clipped = np.clip(x, -600.0, 600.0)
    safe = np.where(np.abs(clipped) < 1e-9, 1.0, clipped)
    value: Floats = np.where(np.abs(clipped) < 1e-9, 1.0 - clipped / 2, safe / np.expm1(safe))
    return value
