"""Exact solutions between events in numpy: the counterpart of ``Propagator`` in `runtime.hpp`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeheb.circuits.steps import Floats
from spikeheb.circuits.values import constants, per_input
from spikeheb.engines.alone import Alone
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import evaluate, numpy_scope, to_numpy
from spikeheb.program.methods import ELAPSED, solution
from spikeheb.program.program import Decay, Program

ORDER = 20


def exprel(x: Any) -> Any:
    """``(exp(x) - 1)/x``, and 1 at 0."""
    x = np.asarray(x, dtype=float)
    return np.where(x == 0, 1.0, np.expm1(x) / np.where(x == 0, 1.0, x))


def final_values(program: Program, synapses: Any, job: Alone) -> dict[str, Floats]:
    """All synaptic variables at the last step; those that decay are advanced from their last event."""
    values = {name: np.array(synapses[name]) for name in program.variables}
    for decay in program.decays:
        elapsed = (job.steps - 1 - synapses[f"since {decay.names[0]}"]).astype(float)
        values |= decayed(decay, values, elapsed, job)
    return values


def decayed(decay: Decay, values: Mapping[str, Floats], elapsed: Floats, job: Alone) -> dict[str, Floats]:
    """The group's values that many steps later, for all inputs of a job.

    Parameters
    ----------
    decay : Decay
    values : mapping of str to array, shape (inputs,)
        All synaptic variables as stored.
    elapsed : array, shape (inputs,)
        Steps.
    """
    known: dict[str, Any] = {name: per_input(job.circuit, value) for name, value in constants(job.circuit).items()}
    known |= {**values, "dt": job.dt}
    if len(decay.names) == 1:
        name = decay.names[0]
        (line,) = solution(decay)
        scope = {**numpy_scope(), "_exprel": exprel, **known, f"{ELAPSED}_{name}": elapsed}
        return {name: np.broadcast_to(eval(to_numpy(line.expression), scope), elapsed.shape).copy()}
    slopes = np.array([[_row(slope, known, elapsed) for slope in row] for row in decay.slopes])
    rests = np.array([_row(rest, known, elapsed) for rest in decay.rests])
    start = np.array([values[name] for name in decay.names])
    end = propagate(np.moveaxis(slopes, -1, 0), start.T, rests.T, job.dt, elapsed.astype(np.int64))
    return {name: end[:, n] for n, name in enumerate(decay.names)}


def _row(tree: t.Tree, known: Mapping[str, Any], like: Floats) -> Floats:
    return np.broadcast_to(np.asarray(evaluate(tree, known), dtype=float), like.shape)


def propagate(slopes: Floats, start: Floats, rests: Floats, dt: float, steps: np.ndarray[Any, Any]) -> Floats:
    """Solve ``dz/dt = A z + b`` over whole numbers of steps.

    Parameters
    ----------
    slopes : array, shape (many, n, n)
    start, rests : arrays, shape (many, n)
    dt : float
    steps : array of int, shape (many,)
    """
    z = start.copy()
    left, power = steps.copy(), 0
    norm = np.abs(slopes).sum(axis=2).max(initial=0.0)
    flow: tuple[Floats, Floats] | None = None
    while np.any(left):
        flow = _power(slopes, dt * 2.0**power, norm, flow)
        odd = (left & 1).astype(bool)
        z[odd] = (np.einsum("mik,mk->mi", flow[0], z) + np.einsum("mik,mk->mi", flow[1], rests))[odd]
        left >>= 1
        power += 1
    return z


def _power(slopes: Floats, h: float, norm: float, half: tuple[Floats, Floats] | None) -> tuple[Floats, Floats]:
    """``exp(A h)`` and its integral: by the series where that converges fast, else by doubling that of ``h/2``."""
    if norm * h <= 0.5:
        return _series(slopes, h)
    if half is None:
        half = _power(slopes, h / 2, norm, None)
    grown, summed = half
    return grown @ grown, summed + grown @ summed


def _series(slopes: Floats, h: float) -> tuple[Floats, Floats]:
    term = np.broadcast_to(np.eye(slopes.shape[-1]), slopes.shape)
    grown, summed = term.copy(), h * term
    for order in range(1, ORDER):
        term = term @ slopes * (h / order)
        grown = grown + term
        summed = summed + term * (h / (order + 1))
    return grown, summed
