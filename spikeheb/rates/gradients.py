"""Three Hebbian rules as the gradients of losses (after Miconi 2021).

The loss of a layer is ``L = -sum of ytilde**2/2`` over its cells. Here ytilde has the value of the output y, whatever competition made
of it, but the derivative of a surrogate s, so that ``-dL/dw = y ds/dw`` is the rule::

    hebb     s = w.x                     -dL/dw = y x
    instar   s = w.x - w.w/2             -dL/dw = y (x - w)
    oja      s = w.x - y w.w/2           -dL/dw = y (x - y w)

y stands still in s: thresholds and competition enter the value alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError, unknown_name
from spikeheb.rates import checked

Floats = npt.NDArray[np.float64]
LOSSES = ("hebb", "instar", "oja")


def loss(rule: str, W: npt.ArrayLike, x: npt.ArrayLike, y: npt.ArrayLike, *, at: npt.ArrayLike | None = None) -> float:
    """The loss of a layer for one sample, as a function of the weights `at`, with the outputs frozen that it has at `W`.

    Parameters
    ----------
    rule : {"hebb", "instar", "oja"}
    W : array, shape (cells, inputs)
    x : array, shape (inputs,)
    y : array, shape (cells,)
        Outputs after competition.
    at : array, shape (cells, inputs), optional
        Where the loss is taken; at `W` where absent.

    Raises
    ------
    UnknownName, FormatError, NonFiniteError
    """
    weights, sample, output = _layer(rule, W, x, y)
    place = weights if at is None else checked.rows(at, "at", len(sample))
    moved = _surrogate(rule, place, sample, output) - _surrogate(rule, weights, sample, output)
    return float(-0.5 * np.sum((output + moved) ** 2))


def loss_gradient(rule: str, W: npt.ArrayLike, x: npt.ArrayLike, y: npt.ArrayLike) -> Floats:
    """The gradient ``dL/dW`` at `W`, shape (cells, inputs); arguments as in `loss`. Its negative is the rule without the learning rate.

    Raises
    ------
    UnknownName, FormatError, NonFiniteError
    """
    weights, sample, output = _layer(rule, W, x, y)
    return np.asarray(-output[:, None] * (sample - _held(rule, output)[:, None] * weights))


def _surrogate(rule: str, weights: Floats, x: Floats, y: Floats) -> Floats:
    return np.asarray(weights @ x - 0.5 * _held(rule, y) * (weights**2).sum(axis=1))


def _held(rule: str, y: Floats) -> Floats:
    """What holds the weights: nothing, 1, or the output."""
    return {"hebb": np.zeros_like(y), "instar": np.ones_like(y), "oja": y}[rule]


def _layer(rule: str, W: npt.ArrayLike, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    if rule not in LOSSES:
        raise unknown_name("loss", rule, LOSSES, key="rule")
    weights = checked.rows(W, "W")
    sample, output = (checked.rows(each, key, columns) for each, key, columns in ((x, "x", weights.shape[1]), (y, "y", len(weights))))
    if len(sample) > 1 or len(output) > 1:
        raise FormatError("expected one sample and its outputs", key="x")
    return weights, sample[0], output[0]
