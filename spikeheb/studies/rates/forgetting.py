"""Fading memories: fixed points when they are recent, chaos around the memory later, then lost (after Pereira-Obilinovic et al. 2023)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from spikeheb.declared import takes_settings
from spikeheb.errors import ScheduleError
from spikeheb.rates import checked
from spikeheb.rates.course import integrate, lyapunov
from spikeheb.rates.data import random_patterns
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.rates.labelled import labelled, shares
from spikeheb.studies.seeds import chosen_seeds
from spikeheb.studies.settings.rates import Forgetting

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

LIFETIMES = 8.0
"""Time constants of forgetting for which patterns are stored; what is older adds exp(-8)."""
KEPT = 0.5
"""Mean overlap from which a memory counts as kept."""
BLOCK = 500
LARGEST_TAU = 10.0


@shows_progress
@takes_settings(Forgetting)
def forgetting(settings: Forgetting, *, progress: Progress = None) -> xr.Dataset:
    """Recall memories of different ages in a sparse network of graded cells whose weights fade, and measure whether they are chaotic.

    ``dh/dt = -h + J tanh(h)`` with ``J_ij = (A/K) c_ij sum over k of exp(-k/(tau K)) xi_i^k xi_j^k``, k the age. Each run starts at
    a memory. After a transient a twin that is 1e-6 away is followed: the largest Lyapunov exponent is negative at a fixed point
    and positive in chaos. Gain and activation function are chosen here and are not those of the publication.

    Parameters
    ----------
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``seed``, ``tau`` and ``age`` (over connections): ``overlap``, the mean in time of ``xi.tanh(h)/N``; ``sd``, the mean
        over cells of the standard deviation of tanh(h) in time; ``lyapunov`` in units of 1 over the cells' time constant; ``kept``, 1 where
        the overlap is above 0.5.

    Raises
    ------
    SpikehebError
    """
    seeds, taus = chosen_seeds(settings.seeds, settings.seed), shares(settings.tau, "tau", LARGEST_TAU)
    ages = _ages(settings, min(taus))
    _check(settings, max(taus))
    table, report = np.empty((3, len(seeds), len(taus), len(ages))), report_of(progress)
    for done, (n, m) in enumerate(np.ndindex(table.shape[1:3])):
        table[:, n, m] = _network(settings, seeds[n], taus[m], ages)
        if report:
            report((done + 1) / (len(seeds) * len(taus)))
    overlap, sd, exponent = table
    over = ("seed", "tau", "age")
    return labelled(
        "forgetting",
        settings,
        {
            "seed": (("seed",), list(seeds), "1", "seed"),
            "tau": (("tau",), list(taus), "1", "time of forgetting over connections"),
            "age": (("age",), [age / settings.connections for age in ages], "1", "age in patterns over connections"),
        },
        {
            "overlap": (over, overlap, "1", "overlap with the memory, mean in time"),
            "sd": (over, sd, "1", "standard deviation of rates in time, mean over cells"),
            "lyapunov": (over, exponent, "1", "largest Lyapunov exponent, in 1 over the cells' time constant"),
            "kept": (over, (overlap > KEPT).astype(float), "1", f"whether the overlap is above {KEPT:g}"),
        },
        claim="Recent memories are fixed points, older ones chaotic around the memory, the oldest are lost.",
        table="overlap sd lyapunov kept",
        notes=["After Pereira-Obilinovic, Aljadeff & Brunel (2023). At gain 2.5 there is no chaos, only a slow transient."],
    )  # fmt: skip


def _ages(settings: Forgetting, shortest: float) -> tuple[int, ...]:
    oldest = LIFETIMES * shortest
    for n, age in enumerate(settings.ages):
        if not 0.0 <= age < oldest:
            raise ScheduleError(f"expected an age from 0 to below {oldest:g} (got {age:g})", key=f"ages[{n}]")
    ages = tuple(round(age * settings.connections) for age in settings.ages)
    if not ages or len(set(ages)) < len(ages):
        raise ScheduleError(f"expected one or more ages that differ by a whole pattern, 1/{settings.connections}", key="ages")
    return ages


def _check(settings: Forgetting, longest: float) -> None:
    if settings.connections > settings.cells:
        raise ScheduleError(f"expected at most {settings.cells}, the number of cells (got {settings.connections})", key="connections")
    if not (math.isfinite(settings.gain) and settings.gain > 0):
        raise ScheduleError(f"expected a number above 0 (got {settings.gain:g})", key="gain")
    patterns = LIFETIMES * longest * settings.connections
    synapses = float(settings.cells) * settings.connections
    checked.room(
        {"the patterns": 2 * patterns * settings.cells, "the weights": 4 * synapses, "their blocks": 3.0 * BLOCK * settings.cells}, "cells"
    )


def _network(settings: Forgetting, seed: int, tau: float, ages: tuple[int, ...]) -> tuple[Floats, Floats, Floats]:
    """Overlap, standard deviation in time and Lyapunov exponent of each age in one network."""
    rng = np.random.default_rng(seed)
    stored = random_patterns(max(max(ages) + 1, math.ceil(LIFETIMES * tau * settings.connections)), settings.cells, rng=rng)
    weights = fading_weights(stored, settings.connections, tau, settings.gain, rng)
    memories = stored[list(ages)].T

    def derivative(h: Floats) -> Floats:
        return np.asarray(weights @ np.tanh(h) - h)

    total, square, overlaps, count = np.zeros(memories.shape), np.zeros(memories.shape), np.zeros(len(ages)), 0

    def observe(h: Floats) -> None:
        nonlocal count
        rates = np.tanh(h)
        total[...] += rates
        square[...] += rates**2
        overlaps[...] += (rates * memories).mean(axis=0)
        count += 1

    settled = integrate(derivative, memories, dt=settings.dt, duration=settings.transient)
    exponent = lyapunov(derivative, settled, dt=settings.dt, duration=settings.measured, seed=seed, observe=observe)
    variance = np.maximum(square / count - (total / count) ** 2, 0.0)
    return overlaps / count, np.sqrt(variance).mean(axis=0), exponent


def fading_weights(patterns: Floats, connections: int, tau: float, gain: float, rng: np.random.Generator) -> csr_matrix:
    """The sparse weights J; the first pattern is the newest."""
    cells = patterns.shape[1]
    faded = patterns * np.exp(-np.arange(len(patterns)) / (tau * connections))[:, None]
    rows, columns, values = [], [], []
    for low in range(0, cells, BLOCK):
        there = rng.random((min(BLOCK, cells - low), cells)) < connections / cells
        there[np.arange(len(there)), low + np.arange(len(there))] = False
        row, column = np.nonzero(there)
        rows.append(row + low)
        columns.append(column)
        values.append((faded[:, low : low + len(there)].T @ patterns)[there])
    entries = np.concatenate(values) * (gain / connections)
    return csr_matrix((entries, (np.concatenate(rows), np.concatenate(columns))), shape=(cells, cells))
