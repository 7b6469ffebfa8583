"""How one population reaches another: through synapses with a rule or without."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from spikeheb.circuits.connect import AllToAll, Connector, Explicit
from spikeheb.circuits.distributions import Distribution, greatest, least
from spikeheb.circuits.equality import equal_by_value
from spikeheb.circuits.steps import Floats
from spikeheb.errors import EngineError
from spikeheb.limits import STEPS
from spikeheb.rules.numbers import LONGEST_DELAY
from spikeheb.rules.rule import Rule

NORMALISATIONS = ("none", "divisive", "subtractive")


@dataclass(frozen=True)
class Normalise:
    """Normalisation of the weights of each cell to a sum, within the rule's limits.

    Attributes
    ----------
    kind : {"divisive", "subtractive"}
        All weights times one factor, or the same amount from each that is not at its limit.
    target : float
        Their sum.
    every : float
        Seconds; 0 for after every event that reaches the cell's synapses (and once at the start).

    Raises
    ------
    EngineError
    """

    kind: str
    target: float
    every: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in NORMALISATIONS[1:]:
            raise EngineError(f'the weights are normalised "divisive" or "subtractive" (got "{self.kind}")', key="kind")
        if not 0 < self.target < math.inf:
            raise EngineError(f"normalisation needs a sum above 0 (got {self.target:g})", key="target")
        if not 0 <= self.every < math.inf:
            raise EngineError(f"normalisation needs a time of 0 or more (got {self.every:g} s)", key="every")

    def steps(self, dt: float) -> int:
        """Steps between normalisations; 0 for after every event."""
        return max(1, round(min(self.every / dt, STEPS))) if self.every else 0


@equal_by_value
@dataclass(frozen=True)
class Projection:
    """Synapses from one population to another.

    Attributes
    ----------
    pre, post : str
        Names of populations.
    connect : Connector
    rule : Rule or None
        None for synapses without plasticity.
    receptor : str or None
        The one that is driven; the cell's first if None.
    efficacy : float or Distribution
        Without a rule: in unit conductances of the receptor.
    delay : float or Distribution
        From the spike to the synapse, seconds; beside the delays that a rule has among its parameters.
    initial : mapping of str to float, array or Distribution
        Initial values that replace the rule's own; an array has shape (sources,), or (cells, sources) where every source reaches
        every cell, or in a network (synapses,), cell after cell.
    overrides : mapping of str to array, shape (cells,)
        Constants of the rule that differ between cells.
    normalise : Normalise or None
    pre_cells, post_cells : pair of int, or None
        The first source or cell that takes part and the one after the last; all where None.

    Raises
    ------
    EngineError
        For what only the other kind of projection has, and an efficacy or a delay that cannot be.
    """

    pre: str
    post: str
    connect: Connector = field(default_factory=AllToAll)
    rule: Rule | None = None
    receptor: str | None = None
    efficacy: float | Distribution = 1.0
    delay: float | Distribution = 0.0
    initial: Mapping[str, float | Floats | Distribution] = field(default_factory=dict)
    overrides: Mapping[str, Floats] = field(default_factory=dict)
    normalise: Normalise | None = None
    pre_cells: tuple[int, int] | None = None
    post_cells: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for name, unit in (("efficacy", ""), ("delay", " s")):
            value = getattr(self, name)
            if not 0 <= least(value) < math.inf:
                remedy = "; give the distribution a low limit of 0 or more" if isinstance(value, Distribution) else ""
                below = f"down to {least(value):g}" if isinstance(value, Distribution) else f"{least(value):g}"
                raise EngineError(f"the {name} is 0{unit} or more (got {below}{unit}){remedy}", key=name)
        if LONGEST_DELAY < greatest(self.delay) < math.inf:
            raise EngineError(f"a delay may be at most {LONGEST_DELAY:g} s (got {greatest(self.delay):g} s)", key="delay")
        if isinstance(self.connect, Explicit):
            self._check_given(self.connect)
        if self.rule is not None and self.efficacy != 1.0:
            message = f'"{self.rule.name}" sets the efficacy itself; give a projection an efficacy only where it has no rule'
            raise EngineError(message, key="efficacy")
        if self.rule is None and (self.initial or self.overrides or self.normalise is not None):
            raise EngineError("initial values, constants by cell and normalisation need a projection with a rule")

    def _check_given(self, connect: Explicit) -> None:
        """Raise where synapses have weights or delays of their own and the projection says others."""
        name = "efficacy" if self.rule is None else f"initial.{self.rule.weight}"
        if connect.weight is not None and (self.efficacy != 1.0 if self.rule is None else self.rule.weight in self.initial):
            raise EngineError("the synapses have weights of their own; give one of both", key=name)
        if connect.weight is not None and self.rule is None and np.any(np.asarray(connect.weight) < 0):
            least_weight = float(np.min(connect.weight))
            raise EngineError(
                f"a weight without a rule is 0 or more; the receptor says its sign (got {least_weight:g})", key="connect.weight"
            )
        if connect.delay is not None and self.delay != 0.0:
            raise EngineError("the synapses have delays of their own; give one of both", key="delay")

    # --- where it is of no network, so that nothing is drawn ---

    @property
    def fixed_efficacy(self) -> float:
        """The efficacy of all synapses."""
        assert not isinstance(self.efficacy, Distribution)
        return self.efficacy

    @property
    def fixed_delay(self) -> float:
        """The delay of all synapses."""
        assert not isinstance(self.delay, Distribution)
        return self.delay

    @property
    def fixed_initial(self) -> Mapping[str, float | Floats]:
        """Initial values that are given."""
        return {name: value for name, value in self.initial.items() if not isinstance(value, Distribution)}
