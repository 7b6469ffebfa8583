"""The rules that a hidden synapse may follow, and which of their parameters differ from synapse to synapse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.errors import ScheduleError
from spikeheb.rules.meaning import is_noisy
from spikeheb.rules.rule import Rule

Floats = npt.NDArray[np.float64]

NONE_OF_THESE = "none of these"
SPREAD = 0.2
"""Parameters are drawn evenly within this share of the published value."""
SYNAPSES = 10
"""Synapses of a connection whose rule has two stable states."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule with a published set.

    Attributes
    ----------
    name : str
        Rule and set, as everywhere: ``"pair:additive"``.
    free : tuple of str
        The parameters that differ from synapse to synapse: amplitudes and time constants.
    """

    name: str
    free: tuple[str, ...]

    @property
    def rule(self) -> Rule:
        """The rule with its published values."""
        return _rule(self.name)

    @property
    def two_state(self) -> bool:
        """Whether each synapse is in one of two states, so that a connection is several of them."""
        return is_noisy(self.rule)

    @property
    def published(self) -> Floats:
        """Published values of the free parameters, SI."""
        return np.array([self.rule.parameters[name].value for name in self.free])

    def drawn(self, rng: np.random.Generator, count: int) -> Floats:
        """Values of the free parameters, shape (count, parameters), even within `SPREAD` of the published ones."""
        return np.asarray(self.published * rng.uniform(1 - SPREAD, 1 + SPREAD, (count, len(self.free))))


@lru_cache(maxsize=64)
def _rule(name: str) -> Rule:
    return library.rule(name)


PAIR = ("A_plus", "A_minus", "tau_plus", "tau_minus")
TRIPLET = ("A3_plus", "A2_minus", "tau_plus", "tau_minus", "tau_y")
HIPPOCAMPAL_TRIPLET = ("A2_plus", *TRIPLET)
SIGNED = ("A_first", "A_second", "tau_first", "tau_second")
CALCIUM = ("gamma_d", "gamma_p", "tau_ca", "D")

CANDIDATES = (
    Candidate("pair:additive", PAIR),
    Candidate("pair:multiplicative", PAIR),
    Candidate("pair:linear_ltd", PAIR),
    Candidate("suppression:literature", (*PAIR, "tau_s_of_pre", "tau_s_of_post")),
    Candidate("triplet:visual_cortex_all_min", TRIPLET),
    Candidate("triplet:hippocampus_all_min", HIPPOCAMPAL_TRIPLET),
    Candidate("triplet:hippocampus_nearest_min", HIPPOCAMPAL_TRIPLET),
    Candidate("graupner_2016:linear", CALCIUM),
    Candidate("signed_pair:anti_hebbian", SIGNED),
    Candidate("signed_pair:symmetric", SIGNED),
    Candidate("vogels:nest", ("eta", "tau", "rho_0")),
    Candidate("graupner_brunel:DP", CALCIUM),
    Candidate("graupner_brunel:cortical_slices", CALCIUM),
)
"""The thirteen rules of levels 2 and 3."""
OUTSIDE = (
    Candidate("triplet:visual_cortex_nearest_min", TRIPLET),
    Candidate("graupner_2016:nonlinear", CALCIUM),
    Candidate("signed_pair:symmetric_ltd", SIGNED),
    Candidate("damour_froemke:auditory_cortex", ("A_near", "tau_near", "tau_far")),
)
"""What the rule may be at level 3 if it is none of the thirteen."""
EASY = (
    "pair:additive", "triplet:hippocampus_all_min", "suppression:literature", "graupner_2016:linear", "signed_pair:anti_hebbian",
    "graupner_brunel:DP",
)  # fmt: skip
"""The six of level 1."""
QUICK = ("pair:additive", "triplet:hippocampus_all_min", "suppression:literature", "signed_pair:anti_hebbian")
"""The four of level 0: those of level 1 that only change at spikes, which numpy computes fast enough without a compiler."""


@dataclass(frozen=True, slots=True)
class Level:
    """How hard it is.

    Attributes
    ----------
    number : int
    cells : int
        The budget.
    candidates : tuple of Candidate
        The rules that students are told of.
    outside : tuple of Candidate
        Further rules, which count together as `NONE_OF_THESE`.
    """

    number: int
    cells: int
    candidates: tuple[Candidate, ...]
    outside: tuple[Candidate, ...] = ()

    @property
    def everything(self) -> tuple[Candidate, ...]:
        """All rules that may be hidden."""
        return (*self.candidates, *self.outside)

    @property
    def prior(self) -> Floats:
        """Probability of each rule of `everything`: one in six lies outside the list, if any does."""
        share = OUTSIDE_SHARE if self.outside else 0.0
        inside = np.full(len(self.candidates), (1 - share) / len(self.candidates))
        return np.concatenate([inside, np.full(len(self.outside), share / max(1, len(self.outside)))])

    @property
    def answers(self) -> tuple[str, ...]:
        """What may be answered."""
        return tuple(each.name for each in self.candidates) + ((NONE_OF_THESE,) if self.outside else ())

    def by_answer(self, of_rules: Floats) -> Floats:
        """Probabilities of answers from those of `everything`, along the last axis."""
        inside = of_rules[..., : len(self.candidates)]
        if not self.outside:
            return inside
        return np.concatenate([inside, of_rules[..., len(self.candidates) :].sum(axis=-1, keepdims=True)], axis=-1)

    def answer_of(self, name: str) -> str:
        """The right answer for a rule."""
        return name if name in self.answers else NONE_OF_THESE


OUTSIDE_SHARE = 1 / 6
LEVELS = {
    0: Level(0, 48, tuple(each for each in CANDIDATES if each.name in QUICK)),
    1: Level(1, 48, tuple(each for each in CANDIDATES if each.name in EASY)),
    2: Level(2, 36, CANDIDATES),
    3: Level(3, 24, CANDIDATES, OUTSIDE),
}


def level_of(number: object) -> Level:
    """The level of that number.

    Raises
    ------
    ScheduleError
    """
    if isinstance(number, bool) or not isinstance(number, int) or number not in LEVELS:
        raise ScheduleError(f"expected 0, 1, 2 or 3 (got {str(number)[:20]})", key="level")
    return LEVELS[number]
