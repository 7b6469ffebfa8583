"""Weights that hold patterns: stored at once, with forgetting, by prediction, or under Dale's law.

Two words of the literature, both about synapses of an inhibitory cell: the *magnitude* of a weight (0 or above) and its *effective* value,
which is the magnitude times the sign of the presynaptic cell. Where the magnitude falls with coincidence ("anti-Hebbian"), the effective
weight rises with it; the other literature calls a magnitude that rises "Hebbian inhibitory plasticity", and its effect is anti-Hebbian.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError, NonFiniteError, unknown_name
from spikeheb.limits import whole
from spikeheb.rates import checked

Floats = npt.NDArray[np.float64]
Plastic = Literal["both", "excitatory", "inhibitory", "magnitudes"]
PLASTIC = get_args(Plastic)


def hebbian(patterns: npt.ArrayLike, *, keeps_diagonal: bool = False) -> Floats:
    """Weights ``W = (1/N) sum of xi xi'`` of patterns stored at once (Hopfield 1982).

    Parameters
    ----------
    patterns : array, shape (patterns, cells)
        Of -1 and 1.
    keeps_diagonal : bool
        Whether a cell keeps its weight to itself, P/N, which makes it hold on to its state. The known capacity of 0.138 is without.

    Returns
    -------
    array, shape (cells, cells)

    Raises
    ------
    FormatError, EngineError
    """
    stored = _patterns(patterns)
    return _without_diagonal(stored.T @ stored / stored.shape[1], keeps_diagonal)


def excitatory_only(patterns: npt.ArrayLike) -> Floats:
    """The positive part of `hebbian`, less its mean: plastic excitation against inhibition that is the same everywhere.

    Raises
    ------
    FormatError, EngineError
    """
    weights = np.maximum(hebbian(patterns), 0.0)
    cells = len(weights)
    return _without_diagonal(weights - weights.sum() / (cells * (cells - 1)))


def forgetting_weights(patterns: npt.ArrayLike, *, tau: float, keeps_diagonal: bool = False) -> Floats:
    """Weights after patterns were stored one after the other, the last row last, each memory fading: ``W <- W exp(-1/(tau N)) + xi xi'/N``.

    Parameters
    ----------
    patterns : array, shape (patterns, cells)
    tau : float
        Patterns over which a memory fades to 1/e, as a share of the number of cells.
    keeps_diagonal : bool

    Raises
    ------
    FormatError, EngineError
    """
    stored = _patterns(patterns)
    if not (math.isfinite(tau) and tau > 0):
        raise FormatError(f"expected a number above 0 (got {tau!r:.40})", key="tau")
    ages = np.arange(len(stored))[::-1]
    faded = stored * np.exp(-ages / (tau * stored.shape[1]))[:, None]
    return _without_diagonal(faded.T @ stored / stored.shape[1], keeps_diagonal)


def signs(cells: int, inhibitory: float, *, rng: np.random.Generator) -> Floats:
    """The sign of each cell, shape (cells,): this share of them is -1, at random places.

    Raises
    ------
    FormatError
    """
    count = whole(cells, "cells")
    if not 0.0 <= inhibitory <= 1.0:
        raise FormatError(f"expected a share from 0 to 1 (got {inhibitory!r:.40})", key="inhibitory")
    drawn = np.ones(count)
    drawn[rng.permutation(count)[: round(inhibitory * count)]] = -1.0
    return drawn


def dale(patterns: npt.ArrayLike, signs: npt.ArrayLike, *, plastic: Plastic = "both", w0: float = 4.0) -> Floats:
    """Effective weights of patterns stored in magnitudes under Dale's law: ``W_ij = max(0, w0 s + H_ij D_j)``, returned times D_j.

    H is `hebbian`, s its standard deviation, D the signs. Excitatory magnitudes rise with coincidence and inhibitory ones fall, so that
    the effective weight is Hebbian at both. The network needs `Memory(..., cancels_common_mode=True)`.

    Parameters
    ----------
    patterns : array, shape (patterns, cells)
    signs : array, shape (cells,)
        1 and -1.
    plastic : {"both", "excitatory", "inhibitory", "magnitudes"}
        Which synapses hold the memory; "magnitudes" lets them rise with coincidence at both, as in the other literature.
    w0 : float
        Mean magnitude in standard deviations of H; at 4 hardly any weight is cut off at 0, at 0 half are.

    Returns
    -------
    array, shape (cells, cells)

    Raises
    ------
    FormatError, EngineError, UnknownName
    """
    stored = _patterns(patterns)
    sign = _signs(signs, stored.shape[1])
    if plastic not in PLASTIC:
        raise unknown_name("kind of plastic synapses", plastic, PLASTIC, key="plastic")
    if not (math.isfinite(w0) and w0 >= 0):
        raise FormatError(f"expected a number of 0 or more (got {w0!r:.40})", key="w0")
    weights = hebbian(stored)
    spread = math.sqrt(len(stored)) / stored.shape[1]
    share = {"both": sign, "excitatory": np.maximum(sign, 0.0), "inhibitory": np.minimum(sign, 0.0), "magnitudes": np.ones_like(sign)}
    return _without_diagonal(np.maximum(0.0, w0 * spread + weights * share[plastic]) * sign)


def predicting(
    patterns: npt.ArrayLike, signs: npt.ArrayLike | None = None, *, steps: int = 3000, eta: float | None = None, magnitudes: bool = False
) -> Floats:
    """Effective weights after the error of prediction was descended: ``dW = eta (F - W D F)(D F)'`` over all patterns F at once.

    This is the gradient of ``|W D F - F|^2 / 2``; in effective weights U = W D it is the delta rule ``dU = eta (F - U F) F'`` (projection
    onto the patterns), which stores up to N independent patterns.

    Parameters
    ----------
    patterns : array, shape (patterns, cells)
    signs : array, shape (cells,), optional
        Signs of the cells; all 1 where absent.
    steps : int
    eta : float, optional
        By default 1 over the largest eigenvalue of F F'.
    magnitudes : bool
        Keep Dale's law: weights start at 0, stay at 0 or above, and no cell reaches itself.

    Returns
    -------
    array, shape (cells, cells)

    Raises
    ------
    FormatError, EngineError
    NonFiniteError
        Where `eta` is too large.
    """
    stored = _patterns(patterns)
    sign = np.ones(stored.shape[1]) if signs is None else _signs(signs, stored.shape[1])
    count = whole(steps, "steps")
    activity = stored.T
    given = activity * sign[:, None]
    rate = 1.0 / float(np.linalg.eigvalsh(stored @ stored.T)[-1]) if eta is None else float(eta)
    weights = np.zeros((len(sign), len(sign)))
    with np.errstate(all="ignore"):
        for _ in range(count):
            weights += rate * (activity - weights @ given) @ given.T
            if magnitudes:
                np.maximum(weights, 0.0, out=weights)
                np.fill_diagonal(weights, 0.0)
    if not np.isfinite(weights).all():
        raise NonFiniteError(f"the weights are not finite after {count} steps; use a smaller value", key="eta")
    return weights * sign


def _patterns(given: npt.ArrayLike) -> Floats:
    stored = checked.patterns(given)
    checked.room({"the weights": 3.0 * stored.shape[1] ** 2, "the patterns": 2.0 * stored.size}, "patterns")
    return stored


def _signs(given: npt.ArrayLike, cells: int) -> Floats:
    return np.asarray(checked.patterns(given, "signs", cells)[0])


def _without_diagonal(weights: Floats, keeps_diagonal: bool = False) -> Floats:
    if not keeps_diagonal:
        np.fill_diagonal(weights, 0.0)
    return weights
