"""Letters come back from cues with flipped bits, sweep by sweep, while the energy falls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeheb.declared import takes_settings
from spikeheb.rates import checked
from spikeheb.rates.data import LETTER_SHAPE, letters
from spikeheb.rates.memory import Memory
from spikeheb.rates.storing import hebbian
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.rates.labelled import labelled
from spikeheb.studies.seeds import chosen_seeds
from spikeheb.studies.settings.rates import RecallCourse

if TYPE_CHECKING:
    import xarray as xr


@shows_progress
@takes_settings(RecallCourse)
def recall_course(settings: RecallCourse, *, progress: Progress = None) -> xr.Dataset:
    """Store letters of 10 x 8 dots in Hopfield's weights and follow their recall from cues with flipped BITS.

    Letters have dots in common, so that far fewer of them can be stored than random patterns: the memory of 80 cells holds L, T, X and Z,
    and mixes A with H. With updates one after the other the energy never rises; with all at once it may.

    Parameters
    ----------
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``seed``, ``cue`` and ``sweep``: ``state`` of each ``cell``, ``overlap`` with the letter, and ``energy``.

    Raises
    ------
    SpikehebError
    """
    seeds = chosen_seeds(settings.seeds, settings.seed)
    patterns = letters(settings.letters)
    checked.bits(settings.flips, patterns.shape[1])
    names = [f"{letter}{settings.letters[:n].count(letter) or ''}" for n, letter in enumerate(settings.letters)]
    memory = Memory(hebbian(patterns), settings.order)
    checked.room({"the states": float(len(seeds) * (settings.sweeps + 1) * patterns.size)}, "sweeps")
    states, report = [], report_of(progress)
    for done, seed in enumerate(seeds):
        states.append(memory.course(patterns, flips=settings.flips, sweeps=settings.sweeps, seed=seed).swapaxes(0, 1))
        if report:
            report((done + 1) / len(seeds))
    state = np.array(states)
    energy = memory.energy(state.reshape(-1, state.shape[-1])).reshape(state.shape[:-1])
    over = ("seed", "cue", "sweep")
    data = labelled(
        "recall_course",
        settings,
        {
            "seed": (("seed",), list(seeds), "1", "seed"),
            "cue": (("cue",), names, "1", "letter"),
            "sweep": (("sweep",), np.arange(settings.sweeps + 1), "1", "updates of every cell"),
        },
        {
            "state": ((*over, "cell"), state.astype(np.int8), "1", "state of each cell, rows of dots one after the other"),
            "overlap": (over, (state * patterns[:, None]).mean(axis=-1), "1", "overlap with the letter"),
            "energy": (over, energy, "1", "energy"),
        },
        claim=f"Letters come back from {settings.flips} flipped bits of {patterns.shape[1]}, and the energy falls.",
        table="overlap energy",
    )
    data.attrs["rows"], data.attrs["columns"] = LETTER_SHAPE
    return data
