"""Inhibition that is Hebbian for each pattern links attractors of patterns that followed each other (after Haga & Fukai 2019)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikeheb.declared import takes_settings
from spikeheb.errors import ScheduleError
from spikeheb.rates import checked
from spikeheb.rates.course import integrate
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.rates.labelled import labelled, wholes
from spikeheb.studies.seeds import chosen_seeds
from spikeheb.studies.settings.rates import Association

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

DT = 0.1
"""Time step in time constants of a cell; updates of all cells at once would oscillate where c is not above 0."""
OSCILLATES = -2.0


@shows_progress
@takes_settings(Association)
def association(settings: Association, *, progress: Progress = None) -> xr.Dataset:
    """Let a network with a cyclic sequence of patterns come to rest from each second one, and correlate where it has come to.

    ``dX/dt = step(h) - X`` with ``h = sum over mu of xi^mu [ c m^mu + m^(mu+1) + m^(mu-1) ]``, m the overlaps. Excitation alone has c = 2;
    inhibition that has learned each pattern by Hebb's rule, in magnitude, takes its strength from c. With c below 0 the attractor of a
    pattern spreads over those that came before and after it.

    Parameters
    ----------
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``seed``, ``c`` and ``distance`` in the sequence: ``correlation`` of two attractors, mean over all pairs of that distance.
        Over ``seed`` and ``c``: ``moving``, the mean rate of change at the end: near 0 at rest.

    Raises
    ------
    SpikehebError
    """
    seeds, distances = chosen_seeds(settings.seeds, settings.seed), wholes(settings.distances, "distances")
    strengths = tuple(settings.c)
    for n, c in enumerate(strengths):
        if not (math.isfinite(c) and OSCILLATES < c <= 10.0):
            text = f"expected a number above {OSCILLATES:g}, where the network oscillates, and up to 10 (got {c:g})"
            raise ScheduleError(text, key=f"c[{n}]")
    if not strengths or len(set(strengths)) < len(strengths):
        raise ScheduleError("expected one or more different values", key="c")
    for n, distance in enumerate(distances):
        if distance % 2 or distance >= settings.patterns:
            text = f"expected an even distance below {settings.patterns}, since each second pattern is a start (got {distance})"
            raise ScheduleError(text, key=f"distances[{n}]")
    checked.room({"the patterns and states": 8.0 * settings.cells * settings.patterns}, "cells")
    correlation, report = np.empty((len(seeds), len(strengths), len(distances))), report_of(progress)
    moving = np.empty(correlation.shape[:2])
    for done, (n, m) in enumerate(np.ndindex(moving.shape)):
        correlation[n, m], moving[n, m] = _attractors(settings, seeds[n], strengths[m], distances)
        if report:
            report((done + 1) / moving.size)
    return labelled(
        "association",
        settings,
        {
            "seed": (("seed",), list(seeds), "1", "seed"),
            "c": (("c",), list(strengths), "1", "self-excitation of a pattern, less its inhibition"),
            "distance": (("distance",), list(distances), "1", "distance in the sequence"),
        },
        {
            "correlation": (("seed", "c", "distance"), correlation, "1", "correlation of two attractors"),
            "moving": (("seed", "c"), moving, "1", "mean rate of change at the end"),
        },
        claim="Inhibition of each pattern by itself makes attractors alike far beyond their neighbours in the sequence.",
        table="correlation",
        notes=[f"Beyond distance 4, networks of {settings.cells} cells differ by up to 0.3; 24 000 cells and 81 patterns scatter by 0.02."]
        if settings.cells < 24_000
        else [],
    )


def _attractors(settings: Association, seed: int, c: float, distances: tuple[int, ...]) -> tuple[list[float], float]:
    """The correlations of attractors, and how fast they still move."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, 2, (settings.patterns, settings.cells)).astype(np.float64)
    xi = drawn - 0.5
    xi -= xi.mean(axis=0)  # else few patterns have a common part, and all attractors are alike
    columns = np.ascontiguousarray(xi.T)
    scale = 4.0 / settings.cells

    def derivative(states: Floats) -> Floats:
        m = xi @ states * scale
        return np.asarray((columns @ (c * m + np.roll(m, 1, axis=0) + np.roll(m, -1, axis=0)) > 0) - states)

    ends = integrate(derivative, drawn[::2].T, dt=DT, duration=DT * settings.steps)
    table = np.corrcoef(ends.T)
    return [float(np.diagonal(table, distance // 2).mean()) for distance in distances], float(np.abs(derivative(ends)).mean())
