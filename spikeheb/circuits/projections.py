"""What reaches cells beside the plastic inputs, and what holds their weights together."""

from __future__ import annotations

import math
from dataclasses import dataclass

from spikeheb.circuits.sources import Source
from spikeheb.errors import EngineError


@dataclass(frozen=True)
class Inhibition:
    """Inputs without plasticity, through a receptor of their own.

    Attributes
    ----------
    inputs : tuple of Source
    efficacy : float
        In unit conductances of the receptor.
    receptor : str
    delay : float
        From the spike to the synapse, seconds.
    """

    inputs: tuple[Source, ...]
    efficacy: float
    receptor: str
    delay: float = 0.0


NORMALISATIONS = ("none", "divisive", "subtractive")


@dataclass(frozen=True)
class Normalise:
    """The weights of each cell brought to a sum, within the rule's limits.

    Attributes
    ----------
    kind : {"divisive", "subtractive"}
        All weights times one factor, or the same amount from each that is not at its limit.
    target : float
        Their sum.
    every : float
        Seconds; 0 for after every event that reaches the cell's synapses (and once at the start).
    """

    kind: str
    target: float
    every: float = 0.0


def check_normalise(normalise: Normalise) -> None:
    """Whether weights can be normalised like that.

    Raises
    ------
    EngineError
    """
    if normalise.kind not in NORMALISATIONS[1:]:
        raise EngineError(f'the weights are normalised "divisive" or "subtractive" (got "{normalise.kind}")')
    if not (0 < normalise.target < math.inf and 0 <= normalise.every < math.inf):
        raise EngineError(f"normalisation needs a sum above 0 and a time of 0 or more (got {normalise.target:g} and {normalise.every:g} s)")
