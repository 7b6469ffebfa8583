"""The settings of the studies of rates, and which studies there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Literal

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


@dataclass(frozen=True)
class RecallCourse:
    """How letters come back from cues with flipped bits, and the energy falls."""

    seeds: Seeds = 5
    _: KW_ONLY
    letters: Annotated[str, Setting("The stored letters, of A, H, L, T, X and Z.", metavar="LETTERS")] = "LTXZ"
    flips: Annotated[int, Setting("BITS that are flipped in each cue, of 80.", least=0)] = 16
    sweeps: Annotated[int, Setting("How many times each cell is updated.", most=1000)] = 3
    order: Annotated[
        Literal["asynchronous", "at_once"], Setting("Whether cells are updated one after the other, or all at once.", metavar="ORDER")
    ] = "asynchronous"  # fmt: skip
    seed: FirstSeed = 0


@dataclass(frozen=True)
class Separation:
    """How many patterns a memory tells apart that sharpens similarities before they vote."""

    seeds: Seeds = 3
    _: KW_ONLY
    stored: Annotated[tuple[int, ...], Setting("How many patterns are stored.", metavar="NUMBERS")] = (10, 30, 100, 300, 1000, 3000)
    flips: Annotated[tuple[int, ...], Setting("BITS that are flipped in each cue.", metavar="BITS")] = (6, 12)
    kinds: Annotated[
        tuple[str, ...],
        Setting(
            '"sign" (Hopfield\'s weights), "power_3", "power_4" (asynchronous), "softmax" (one update at once).', metavar="KINDS"
        ),
    ] = ("sign", "power_3", "power_4", "softmax")  # fmt: skip
    cells: Annotated[int, Setting("How many cells.", least=2)] = 64
    beta: Annotated[float, Setting("Sharpness of the softmax.")] = 1.0
    cues: Annotated[int, Setting("How many of the patterns are recalled, at most.")] = 50
    sweeps: Annotated[int, Setting("Sweeps of the asynchronous memories, at most.")] = 10
    seed: FirstSeed = 0


@dataclass(frozen=True)
class Subspace:
    """How fast online rules find the principal subspace, and whether they follow one that is switched."""

    seeds: Seeds = 5
    _: KW_ONLY
    rules: Annotated[tuple[str, ...], Setting("Rate rules beside similarity matching.", metavar="RULES")] = ("oja_subspace",)
    keeps: Annotated[
        tuple[float, ...],
        Setting("Share of its activity that similarity matching keeps at each sample; 1 never forgets.", metavar="SHARES"),
    ] = (1.0, 0.997)  # fmt: skip
    samples: Annotated[tuple[int, ...], Setting("Numbers of samples after which the error is read.", metavar="NUMBERS")] = (
        100, 200, 300, 500, 1000, 2000, 3000, 3300, 4000, 6000, 10000,
    )  # fmt: skip
    switch: Annotated[int, Setting("Sample after which the second stream has another subspace.")] = 3000
    features: Annotated[int, Setting("How many inputs.", least=2)] = 64
    units: Annotated[int, Setting("How many cells, and leading eigenvalues, which fall from 5 to 3.")] = 4
    seed: FirstSeed = 0


@dataclass(frozen=True)
class Forgetting:
    """How memories that fade turn from fixed points to chaos with age, and are lost."""

    seeds: Seeds = 2
    _: KW_ONLY
    tau: Annotated[tuple[float, ...], Setting("Time of forgetting, in patterns over connections.", metavar="NUMBERS")] = (0.3, 0.45)
    ages: Annotated[tuple[float, ...], Setting("Ages of recalled memories, in patterns over connections.", metavar="NUMBERS")] = (
        0.0, 0.03, 0.06, 0.08, 0.09, 0.1,
    )  # fmt: skip
    cells: Annotated[int, Setting("How many cells.", least=2)] = 4000
    connections: Annotated[int, Setting("How many inputs a cell has on average.")] = 100
    gain: Annotated[float, Setting("Strength A of the weights.")] = 20.0
    transient: Annotated[float, Setting("Time left out, in time constants of a cell.")] = 120.0
    measured: Annotated[float, Setting("Time after it, of which the second half counts for the exponent.")] = 120.0
    dt: Annotated[float, Setting("Time step, in time constants of a cell.")] = 0.1
    seed: FirstSeed = 0


@dataclass(frozen=True)
class ThreeRules:
    """How Hebb, instar and Oja learn in rates and, side by side, in spikes."""

    seeds: Seeds = 3
    _: KW_ONLY
    duration: Annotated[float, Setting("Seconds of learning; the rates change every 100 ms.")] = 100.0
    inputs: Annotated[int, Setting("How many inputs, in two groups.", least=2)] = 20
    eta: Annotated[float, Setting("Learning rate of a spike.")] = 0.002
    seed: FirstSeed = 0


@dataclass(frozen=True)
class Prediction:
    """How the gradient of the error of prediction stores patterns, and how forms with a lost or wrong sign diverge."""

    seeds: Seeds = 3
    _: KW_ONLY
    cells: Annotated[int, Setting("Cells of the comparison of rules.", least=2)] = 60
    patterns: Annotated[int, Setting("Patterns of the comparison of rules.", least=1)] = 12
    steps: Annotated[int, Setting("Steps of learning, over all patterns at once.", least=10)] = 3000
    inhibitory: Annotated[float, Setting("Share of inhibitory cells.")] = 0.2
    recall_cells: Annotated[int, Setting("Cells of the memories under Dale's law.", least=2)] = 200
    stored: Annotated[tuple[int, ...], Setting("Patterns of the memories under Dale's law.", metavar="NUMBERS")] = (20, 40, 60)
    flips: Annotated[int, Setting("BITS that are flipped in each cue.", least=0)] = 20
    seed: FirstSeed = 0


@dataclass(frozen=True)
class Association:
    """How inhibition that has learned each pattern links the attractors of patterns in a sequence."""

    seeds: Seeds = 4
    _: KW_ONLY
    c: Annotated[
        tuple[float, ...], Setting("Self-excitation of a pattern less its inhibition; 2 without inhibition.", metavar="NUMBERS")
    ] = (1.5, 0.5, -0.5, -1.0, -1.5)  # fmt: skip
    distances: Annotated[tuple[int, ...], Setting("Even distances in the sequence.", metavar="NUMBERS")] = (2, 4, 6, 8)
    cells: Annotated[int, Setting("How many cells.", least=2)] = 6000
    patterns: Annotated[int, Setting("How many patterns, in a cycle.", least=3)] = 41
    steps: Annotated[int, Setting("Steps of a tenth of the cells' time constant.")] = 400
    seed: FirstSeed = 0


@dataclass(frozen=True)
class OnlinePairs:
    """How well pairs that are seen once are remembered, by rule and by age."""

    seeds: Seeds = 3
    _: KW_ONLY
    inputs: Annotated[
        Literal["random", "digits"], Setting("Random bits, or the digits that scikit-learn ships.", metavar="INPUTS")
    ] = "random"  # fmt: skip
    pairs: Annotated[int, Setting("How many pairs.", least=2)] = 1500
    bits: Annotated[int, Setting("Random bits of a target.")] = 100
    seed: FirstSeed = 0


@dataclass(frozen=True)
class RewardPaths:
    """How a Hebbian term helps learning by trial and error, and where it makes it impossible."""

    seeds: Seeds = 8
    _: KW_ONLY
    ratios: Annotated[tuple[float, ...], Setting("Hebbian step over the largest depression.", metavar="NUMBERS")] = (
        0.0, 0.05, 0.1, 0.15, 0.2, 0.24, 0.26,
    )  # fmt: skip
    form: Annotated[
        Literal["signed", "active"], Setting('The Hebbian term: "signed", (2y - 1)x, or "active", yx.', metavar="FORM")
    ] = "signed"  # fmt: skip
    pairs: Annotated[int, Setting("How many pairs are learned.", most=28)] = 4
    rho: Annotated[float, Setting("Depression of an active synapse after a wrong answer, at most.")] = 0.1
    hidden: Annotated[int, Setting("Hidden cells.")] = 256
    winners: Annotated[int, Setting("Hidden cells that win.")] = 38
    most: Annotated[int, Setting("Trials after which a run has failed.")] = 6000
    seed: FirstSeed = 0


@dataclass(frozen=True)
class CuedRecall:
    """How a spiking attractor memory recalls patterns from a part of each, beside its rate counterpart."""

    seeds: Seeds = 2
    _: KW_ONLY
    patterns: Annotated[int, Setting("How many patterns are stored, each in half a second.")] = 5
    shares: Annotated[tuple[float, ...], Setting("Shares of the members that are cued, in tenths.", metavar="SHARES")] = (0.2, 0.5, 0.8)
    seed: Annotated[int, Setting("The first seed.", least=1, most=LARGEST_SEED)] = 1


STUDIES: Mapping[str, type] = {
    "capacity": Capacity, "recall_course": RecallCourse, "three_rules": ThreeRules, "subspace": Subspace, "separation": Separation,
    "prediction": Prediction, "forgetting": Forgetting, "association": Association, "online_pairs": OnlinePairs,
    "reward_paths": RewardPaths, "cued_recall": CuedRecall,
}  # fmt: skip
"""By the name of the study: its function has this name too, and is in the module of this name in `spikeheb.studies.rates`."""
