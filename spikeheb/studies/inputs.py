"""What drives the cells of a study of weights: plastic inputs, inhibition beside them, and how strong efficacy 1 is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spikeheb.cells import Cell
from spikeheb.engines.population import Group, Inhibition, Poisson, Regular, Replayed, Source
from spikeheb.limits import check_memory
from spikeheb.numbers import check_near, quantities
from spikeheb.units import CONDUCTANCE, FREQUENCY, TIME, Dimension, quantity

_KINDS: dict[type, dict[str, Dimension]] = {
    Poisson: {"rates": FREQUENCY},
    Group: {"rate": FREQUENCY, "latencies": TIME, "jitter": TIME},
    Regular: {"periods": TIME, "phases": TIME},
}
_SINGLE = ("rate", "jitter")

BYTES_OF_INPUT = 64.0
"""Of its synapse, its next spikes and its place in the result."""


@dataclass(frozen=True)
class Inputs:
    """Inputs onto each cell.

    Attributes
    ----------
    sources : tuple of Source
        Poisson, correlated or early groups, regular or replayed trains (`spikeheb.engines.population`).
    inhibition : Inhibition or None
    private : bool
        Whether each cell has trains of its own.
    """

    sources: tuple[Source, ...]
    inhibition: Inhibition | None = None
    private: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", tuple(_in_si(source) for source in self.sources))

    @property
    def count(self) -> int:
        """Plastic inputs of a cell."""
        return sum(source.count for source in self.sources)

    @property
    def group(self) -> npt.NDArray[np.int64]:
        """Of each input, which source it belongs to."""
        return np.repeat(np.arange(len(self.sources)), [source.count for source in self.sources])


def _in_si(source: Source) -> Source:
    """The source with rates and times as SI floats, whatever carried a unit."""
    kinds = _KINDS.get(type(source), {})
    given = {name: value for name in kinds if _is_foreign(value := getattr(source, name))}
    numbers = {name: (quantity if name in _SINGLE else quantities)(value, kinds[name], key=name) for name, value in given.items()}
    return replace(source, **numbers)  # type: ignore[arg-type]  # fields of this source


def _is_foreign(row: object) -> bool:
    return not (type(row) in (float, int) or (type(row) is np.ndarray and row.dtype.kind in "fiu"))


def poisson_inputs(count: int = 1000, rate: object = "15 Hz") -> Inputs:
    """Independent Poisson trains of one rate."""
    check_inputs(count, "inputs")
    return Inputs((Poisson(np.full(count, quantity(rate, FREQUENCY, key="rate"))),))


def check_inputs(count: int, key: str) -> None:
    """Refuse more inputs than one cell could have in memory.

    Raises
    ------
    EngineError
    """
    check_memory(BYTES_OF_INPUT * count, f"{count:,} inputs", key=key)


def with_inhibition(inputs: Inputs, count: int, rate: object, receptor: str = "gaba", efficacy: float = 1.0) -> Inputs:
    """The inputs with Poisson inhibitory ones beside them, which have no plasticity."""
    check_inputs(count, "inhibitory")
    source = Poisson(np.full(count, quantity(rate, FREQUENCY, key="rate")))
    return replace(inputs, inhibition=Inhibition((source,), efficacy, receptor))


def kind_of(source: Source) -> str:
    """What a source is called in figures."""
    if isinstance(source, Group):
        return "early" if np.ptp(source.latencies) else "correlated"
    return {Poisson: "independent", Regular: "regular", Replayed: "replayed"}[type(source)]


def with_unit(cell: Cell | None, unit: object) -> Cell | None:
    """The cell with another conductance of efficacy 1 at its first receptor, that of plastic inputs."""
    if cell is None or unit is None:
        return cell
    first = cell.receptor(None)
    check_near(unit, first.unit, CONDUCTANCE, "unit")
    changed = replace(first, unit=quantity(unit, CONDUCTANCE, key="unit"))
    return replace(cell, receptors={**cell.receptors, first.name: changed})
