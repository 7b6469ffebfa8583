"""How many patterns can be told apart when similarities are sharpened before they vote, and that the sharpest form is attention."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax as softmax_of_scipy

from spikeheb.declared import takes_settings
from spikeheb.rates import checked
from spikeheb.rates.data import flipped, random_patterns
from spikeheb.rates.memory import Memory, nearest
from spikeheb.rates.storing import hebbian
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.rates.labelled import among, labelled, wholes
from spikeheb.studies.seeds import chosen_seeds
from spikeheb.studies.settings.rates import Separation

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

KINDS = ("sign", "power_3", "power_4", "softmax")
COMPARED = 20
"""Cues for which the retrieved average is held against attention."""


@shows_progress
@takes_settings(Separation)
def separation(settings: Separation, *, progress: Progress = None) -> xr.Dataset:
    """Recall patterns of -1 and 1 with flipped BITS from memories with weights, powers and a softmax.

    The softmax memory takes one update of all cells at once; the others are updated asynchronously. No memory can do better than to
    give the stored pattern that is nearest to the cue, which is counted beside.

    Parameters
    ----------
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``seed``, ``stored``, ``flips`` and ``kind``: ``exact``, the share of cues that come back without an error. Over ``seed``,
        ``stored`` and ``flips``: ``nearest``, the share whose nearest pattern is the right one. Over ``seed`` and ``stored``:
        ``attention_difference``, the largest difference between the softmax memory's average and attention with the patterns as keys
        and values.

    Raises
    ------
    SpikehebError
    """
    seeds, kinds = chosen_seeds(settings.seeds, settings.seed), among(settings.kinds, KINDS, "kind of memory", "kinds")
    stored, cells = wholes(settings.stored, "stored"), settings.cells
    flips = wholes(settings.flips, "flips", 0, cells)
    largest = float(max(stored))
    checked.room({"the patterns": 3.0 * largest * cells, "the similarities": 4.0 * min(largest * settings.cues, 4e6)}, "stored")
    exact = np.empty((len(seeds), len(stored), len(flips), len(kinds)))
    right, difference, report = np.empty(exact.shape[:3]), np.empty(exact.shape[:2]), report_of(progress)
    for done, (n, m) in enumerate(np.ndindex(difference.shape)):
        rng = np.random.default_rng([seeds[n], stored[m]])
        patterns = random_patterns(stored[m], cells, rng=rng)
        wanted = patterns[: settings.cues]
        memories = [_memory(kind, patterns, settings.beta) for kind in kinds]
        for k, count in enumerate(flips):
            cues = flipped(wanted, count, rng=rng)
            right[n, m, k] = (nearest(cues, patterns) == np.arange(len(wanted))).mean()
            for j, (kind, memory) in enumerate(zip(kinds, memories, strict=True)):
                states = memory.recall(cues, sweeps=1 if kind == "softmax" else settings.sweeps, seed=seeds[n])
                exact[n, m, k, j] = (states == wanted).all(axis=1).mean()
        difference[n, m] = attention_difference(patterns, wanted[:COMPARED], settings.beta)
        if report:
            report((done + 1) / difference.size)
    return _labelled(settings, (list(seeds), list(stored), list(flips), list(kinds)), exact, right, difference)


def attention_difference(patterns: Floats, queries: Floats, beta: float) -> float:
    """The largest difference between the memory's average and ``softmax(Q K' beta) V`` with K = V = patterns, computed apart."""
    own = Memory(patterns, "at_once", "softmax", beta=beta).inputs(queries)
    attention = np.einsum("cp,pi->ci", softmax_of_scipy(beta * np.einsum("ci,pi->cp", queries, patterns), axis=1), patterns)
    return float(np.abs(own - attention).max())


def _memory(kind: str, patterns: Floats, beta: float) -> Memory:
    if kind == "softmax":
        return Memory(patterns, "at_once", "softmax", beta=beta)
    if kind == "sign":
        return Memory(hebbian(patterns), "asynchronous")
    return Memory(patterns, "asynchronous", "power", power=int(kind.removeprefix("power_")))


def _labelled(settings: Separation, axes: tuple[list[Any], ...], exact: Floats, right: Floats, difference: Floats) -> xr.Dataset:
    seeds, stored, flips, kinds = axes
    over = ("seed", "stored", "flips", "kind")
    return labelled(
        "separation",
        settings,
        {
            "seed": (("seed",), seeds, "1", "seed"),
            "stored": (("stored",), stored, "1", "number of stored patterns"),
            "flips": (("flips",), flips, "1", "flipped bits of each cue"),
            "kind": (("kind",), kinds, "1", "separation"),
        },
        {
            "exact": (over, exact, "1", "share of cues that come back without an error"),
            "nearest": (over[:3], right, "1", "share of cues whose nearest pattern is the right one"),
            "attention_difference": (over[:2], difference, "1", "largest difference from attention"),
        },
        claim="Hopfield's weights hold a few patterns, powers hundreds to thousands, the softmax all that can be told apart.",
        table="exact nearest",
        notes=[
            f"{settings.cells} cells; bits, not per cent, are flipped: a tenth of 64 is not whole.",
            *([f"Hopfield's 0.138 N is {math.floor(0.138 * settings.cells)} patterns here."] if "sign" in kinds else []),
        ],
    )  # fmt: skip
