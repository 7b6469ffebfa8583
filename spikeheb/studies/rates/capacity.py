"""How many patterns a Hopfield memory keeps, by three criteria, and what Dale's law and inhibition change."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikeheb.declared import takes_settings
from spikeheb.rates import checked
from spikeheb.rates.data import random_patterns
from spikeheb.rates.memory import Memory, check_load
from spikeheb.rates.storing import dale, excitatory_only, hebbian, signs
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.rates.labelled import among, labelled, shares, wholes
from spikeheb.studies.seeds import chosen_seeds
from spikeheb.studies.settings.rates import Capacity

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

RETRIEVAL = 0.138
"""Patterns per cell up to which most are recalled with few errors in an infinite network (Amit, Gutfreund & Sompolinsky 1985)."""
KEPT = 0.9
"""Overlap from which a pattern counts as kept."""
DALE = ("both", "excitatory", "inhibitory", "magnitudes")
UNSIGNED: Mapping[str, Callable[[Floats], Floats]] = {
    "unconstrained": hebbian, "diagonal": lambda patterns: hebbian(patterns, keeps_diagonal=True), "excitatory_only": excitatory_only,
}  # fmt: skip
KINDS = (*UNSIGNED, *DALE, "uncancelled")
LARGEST_LOAD = 2.0


@shows_progress
@takes_settings(Capacity)
def capacity(settings: Capacity, *, progress: Progress = None) -> xr.Dataset:
    """Recall stored patterns of -1 and 1 at several loads, and count what is kept.

    The number of patterns that a network holds depends on what "holds" means. That most are recalled with a few wrong bits goes up to
    0.138 N. That a pattern is exactly fixed goes up to about N/(2 ln N), and that all of them are up to N/(4 ln N). The cells are updated
    asynchronously, in sweeps until nothing changes, from the patterns themselves or with some BITS flipped.

    Parameters
    ----------
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``seed``, ``cells``, ``load`` and ``kind``: ``overlap``, the mean over patterns after recall; ``kept``, the share of patterns
        with an overlap above 0.9; ``fixed``, the share that no cell wants to leave; ``all_fixed``, 1 where all are. Over ``seed``,
        ``cells`` and ``kind``: ``half_load``, the load at which half are kept (NaN where the loads do not reach it). Over ``cells`` the
        loads ``fixed_theory`` and ``all_fixed_theory``; over ``cells`` and ``load`` the share ``fixed_expected`` of patterns that stay
        fixed in networks without constraints.

    Raises
    ------
    SpikehebError
    """
    seeds, sizes = chosen_seeds(settings.seeds, settings.seed), wholes(settings.cells, "cells", 2)
    loads, kinds = shares(settings.loads, "loads", LARGEST_LOAD), among(settings.kinds, KINDS, "kind of memory", "kinds")
    checked.bits(settings.flips, min(sizes))
    for size in sizes:
        check_load(max(1, round(max(loads) * size)), size)
    shape = (len(seeds), len(sizes), len(loads), len(kinds))
    table, report = np.empty((4, *shape)), report_of(progress)
    for done, place in enumerate(np.ndindex(shape[:3])):
        seed, size, load = seeds[place[0]], sizes[place[1]], loads[place[2]]
        table[:, *place] = _at(settings, kinds, seed, size, load)
        if report:
            report((done + 1) / math.prod(shape[:3]))
    over = ("seed", "cells", "load", "kind")
    overlap, kept, fixed, all_fixed = table
    return labelled(
        "capacity",
        settings,
        {
            "seed": (("seed",), list(seeds), "1", "seed"),
            "cells": (("cells",), list(sizes), "1", "number of cells"),
            "load": (("load",), list(loads), "1", "stored patterns over cells"),
            "kind": (("kind",), list(kinds), "1", "what is plastic"),
        },
        {
            "overlap": (over, overlap, "1", "overlap after recall, mean over patterns"),
            "kept": (over, kept, "1", f"share of patterns with an overlap above {KEPT:g}"),
            "fixed": (over, fixed, "1", "share of patterns that are exactly fixed"),
            "all_fixed": (over, all_fixed, "1", "whether all patterns are exactly fixed"),
            "half_load": (("seed", "cells", "kind"), half_loads(np.array(loads), kept), "1", "load at which half of the patterns are kept"),
            "fixed_expected": (over[1:3], [[expected_fixed(n, load) for load in loads] for n in sizes], "1", "expected of fixed"),
            "fixed_theory": (("cells",), [1 / (2 * math.log(size)) for size in sizes], "1", "load N/(2 ln N) over N"),
            "all_fixed_theory": (("cells",), [1 / (4 * math.log(size)) for size in sizes], "1", "load N/(4 ln N) over N"),
        },
        claim=_claim(kinds),
        table="overlap kept fixed all_fixed",
        notes=_notes(kinds, settings.recalled),
    )  # fmt: skip


def _at(settings: Capacity, kinds: tuple[str, ...], seed: int, size: int, load: float) -> Any:
    """Overlap, kept, fixed and all fixed of each kind, from the same patterns and signs."""
    rng = np.random.default_rng([seed, size, round(load * 1e6)])
    patterns = random_patterns(max(1, round(load * size)), size, rng=rng)
    sign = signs(size, settings.inhibitory, rng=rng)
    rows = []
    for kind in kinds:
        memory = _memory(kind, patterns, sign, settings.w0)
        fixed = memory.fixed(patterns)
        overlaps = memory.overlaps(patterns[: settings.recalled], flips=settings.flips, seed=seed)
        rows.append((overlaps.mean(), (overlaps > KEPT).mean(), fixed.mean(), float(fixed.all())))
    return np.array(rows).T


def _memory(kind: str, patterns: Floats, sign: Floats, w0: float) -> Memory:
    if kind in UNSIGNED:
        return Memory(UNSIGNED[kind](patterns), "asynchronous")
    plastic: Any = kind if kind in DALE else "both"
    return Memory(dale(patterns, sign, plastic=plastic, w0=w0), "asynchronous", cancels_common_mode=kind != "uncancelled")


def expected_fixed(cells: int, load: float) -> float:
    """The share of patterns that are exactly fixed in `hebbian` weights, on average over networks.

    The input of a cell is its state and a noise from the other P - 1 patterns, which is nearly normal. Its variance over the cells differs
    between patterns, as chi2(P - 1)/N.
    """
    from scipy.stats import chi2, norm

    others = max(1, round(load * cells)) - 1
    if others == 0:
        return 1.0
    variances = chi2(others).ppf((np.arange(2000) + 0.5) / 2000) / cells
    return float(((1.0 - norm.sf(1.0 / np.sqrt(variances))) ** cells).mean())


def half_loads(loads: Floats, kept: Floats) -> Floats:
    """The load at which `kept`, shape (seed, cells, load, kind), last falls below one half, by a straight line between two loads."""
    order = np.argsort(loads)
    x, curves = loads[order], np.moveaxis(kept[:, :, order], 2, -1)
    half = np.full(curves.shape[:-1], np.nan)
    for place in np.ndindex(half.shape):
        y = curves[place]
        falls = np.flatnonzero((y[:-1] >= 0.5) & (y[1:] < 0.5))
        if falls.size:
            n = falls[-1]
            half[place] = x[n] + (y[n] - 0.5) / (y[n] - y[n + 1]) * (x[n + 1] - x[n])
    return half


def _claim(kinds: tuple[str, ...]) -> str:
    """What the figure shows of such kinds of memory: the criteria of capacity, or what Dale's law leaves of it."""
    if UNSIGNED.keys() & set(kinds):
        return "Patterns are recalled with few errors up to 0.138 N; beyond N/(2 ln N) fewer and fewer stay exactly as stored."
    return "Under Dale's law a memory keeps most where synapses of both signs are plastic and their common mode is cancelled."


def _notes(kinds: tuple[str, ...], recalled: int) -> list[str]:
    scatter = 0.04 * math.sqrt(60 / recalled)  # measured with 60
    notes = [f"Of {recalled} recalled patterns the mean overlap scatters by about {scatter:.2g} between networks beyond the capacity."]
    if "diagonal" in kinds:
        notes.append("A weight of a cell to itself raises what is kept, by hysteresis; 0.138 is about networks without.")
    if "uncancelled" in kinds:
        notes.append("Without cancelling the common mode even plastic synapses of both kinds fail under Dale's law.")
    if "magnitudes" in kinds:
        notes.append(
            "Where the magnitude of inhibitory weights rises with coincidence, their effect is anti-Hebbian and works against the memory."
        )
    return notes
