"""The settings of the studies of rates, and which studies there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Annotated

from spikeheb.declared import Setting
from spikeheb.limits import LARGEST_SEED, SEEDS

Seeds = Annotated[int, Setting("How many networks, each with a seed of its own.", most=SEEDS, metavar="N")]
FirstSeed = Annotated[int, Setting("The first seed.", least=0, most=LARGEST_SEED)]


@dataclass(frozen=True)
class Capacity:
    """How much a Hopfield memory keeps."""

    seeds: Seeds = 5
    _: KW_ONLY
    cells: Annotated[tuple[int, ...], Setting("Sizes of the network; the curves of larger ones are steeper.", metavar="NUMBERS")] = (
        250,
        500,
    )
    loads: Annotated[
        tuple[float, ...], Setting("Stored patterns over cells, from below to above the capacity.", metavar="LOADS")
    ] = (0.05, 0.08, 0.1, 0.12, 0.138, 0.15, 0.17, 0.2)  # fmt: skip
    kinds: Annotated[
        tuple[str, ...],
        Setting(
            'What is plastic: "unconstrained", "diagonal" (a cell keeps its weight to itself), "excitatory_only" (its positive part), and '
            'under Dale\'s law "both", "excitatory", "inhibitory", "magnitudes" (magnitudes rise with coincidence at both) and '
            '"uncancelled" (both, without cancelling the common mode).',
            metavar="KINDS",
        ),
    ] = ("unconstrained",)  # fmt: skip
    flips: Annotated[int, Setting("BITS that are flipped in each cue.", least=0)] = 0
    recalled: Annotated[int, Setting("How many of the patterns are recalled, at most.")] = 60
    inhibitory: Annotated[float, Setting("Share of inhibitory cells, under Dale's law.")] = 0.2
    w0: Annotated[float, Setting("Mean magnitude of weights under Dale's law, in standard deviations of the stored signal.")] = 4.0
    seed: FirstSeed = 0


STUDIES: Mapping[str, type] = {"capacity": Capacity}
"""By the name of the study: its function has this name too, and is in the module of this name in `spikeheb.studies.rates`."""
