"""What drives the cells of a study of weights: plastic inputs, inhibition beside them, and how strong efficacy 1 is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spikeheb.cells import Cell
from spikeheb.circuits.sources import Group, Poisson, Regular, Replayed, Source
from spikeheb.circuits.sources import correlated as correlated_group
from spikeheb.circuits.sources import early as early_group
from spikeheb.declared import takes_settings
from spikeheb.dimensions import FREQUENCY, TIME, Dimension
from spikeheb.errors import ScheduleError, check_kind, check_used
from spikeheb.limits import MOST, check_memory, whole
from spikeheb.numbers import check_near, quantities
from spikeheb.studies.settings.weights import FanIn
from spikeheb.units import format_quantity, quantity

_KINDS: dict[type, dict[str, Dimension]] = {
    Poisson: {"rates": FREQUENCY},
    Group: {"rate": FREQUENCY, "latencies": TIME, "jitter": TIME},
    Regular: {"periods": TIME, "phases": TIME},
}
_SINGLE = ("rate", "jitter")

BYTES_OF_INPUT = 64.0
"""The memory of one input: its synapse, its next spikes and its place in the result."""
CORRELATION, CORRELATION_TIME, INHIBITORY_RATE = 0.1, 0.02, 10.0
"""What `fan_in_inputs` takes where nothing is given: in s and Hz."""
LATEST = 0.05
"""Seconds after a common event at which the last of the early inputs fires."""


@dataclass(frozen=True)
class Unplastic:
    """Inputs without plasticity, through a receptor of their own.

    Attributes
    ----------
    sources : tuple of Source
    efficacy : float
        In unit conductances of the receptor.
    receptor : str
    delay : float
        From the spike to the synapse, seconds.
    """

    sources: tuple[Source, ...]
    efficacy: float
    receptor: str
    delay: float = 0.0


@dataclass(frozen=True)
class Inputs:
    """Inputs onto each cell.

    Attributes
    ----------
    sources : tuple of Source
        Poisson, correlated or early groups, regular or replayed trains (`spikeheb.circuits.sources`).
    unplastic : Unplastic or None
    private : bool
        Whether each cell has its own trains.
    """

    sources: tuple[Source, ...]
    unplastic: Unplastic | None = None
    private: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", tuple(_in_si(source) for source in self.sources))

    @property
    def count(self) -> int:
        """Plastic inputs of a cell."""
        return sum(source.count for source in self.sources)

    @property
    def group(self) -> npt.NDArray[np.int64]:
        """The number of the source of each input."""
        return np.repeat(np.arange(len(self.sources)), [source.count for source in self.sources])


def _in_si(source: Source) -> Source:
    """The source with rates and times as SI floats, whatever carried a unit."""
    kinds = _KINDS.get(type(source), {})
    given = {name: value for name in kinds if _is_foreign(value := getattr(source, name))}
    numbers = {name: (quantity if name in _SINGLE else quantities)(value, kinds[name], key=name) for name, value in given.items()}
    return replace(source, **numbers)  # type: ignore[arg-type]  # fields of this source


def _is_foreign(row: object) -> bool:
    return not (type(row) in (float, int) or (type(row) is np.ndarray and row.dtype.kind in "fiu"))


def as_inputs(given: object) -> Inputs:
    """Inputs as they are; of one source of trains, those that consist of it; of settings, those that `fan_in_inputs` makes of them.

    Raises
    ------
    ScheduleError
        For anything else.
    """
    if isinstance(given, Inputs):
        return given
    if isinstance(given, FanIn):
        return _fan_in(given)
    if isinstance(given, Source):
        return Inputs((given,))
    raise ScheduleError(f"expected Inputs, such as poisson_inputs gives, or one source of trains (got {str(given)[:40]})", key="inputs")


def poisson_inputs(count: int = 1000, rate: object = "15 Hz") -> Inputs:
    """Independent Poisson trains, all with the same rate."""
    return Inputs((_poisson(count, rate, "rate"),))


def correlated(count: int, rate: object, correlation: float = 0.1, correlation_time: object = "20 ms") -> Group:
    """A source of trains of which any two are correlated; see `spikeheb.circuits.sources.correlated`.

    Parameters
    ----------
    count : int
    rate : frequency
        Of each train.
    correlation : float
        In (0, 1].
    correlation_time : time

    Raises
    ------
    ScheduleError, UnitError
    """
    hertz, tau = quantity(rate, FREQUENCY, key="rate"), quantity(correlation_time, TIME, key="correlation_time")
    return correlated_group(_some(count, "correlated"), hertz, correlation, tau)


def early(latencies: npt.ArrayLike, rate: object, jitter: object = 0.0) -> Group:
    """A source of trains that all follow common events, each train with its own latency.

    Parameters
    ----------
    latencies : array of float
        Seconds.
    rate : frequency
        Of the common events.
    jitter : time
        Mean of a random delay.
    """
    return early_group(latencies, rate, jitter)


@takes_settings(FanIn)
def fan_in_inputs(settings: FanIn) -> Inputs:
    """Inputs of up to three kinds: a correlated group, a group that follows common events, and independent inputs.

    Parameters
    ----------

    Raises
    ------
    ScheduleError, UnitError
    FormatError
        For an argument without effect: a correlation without correlated inputs, or a rate without inhibitory inputs.
    """
    return _fan_in(settings)


def _fan_in(settings: FanIn) -> Inputs:
    count, correlated, early = (_some(getattr(settings, name), name) for name in ("inputs", "correlated", "early"))
    if correlated + early > count:
        raise ScheduleError(f"expected at most {count}, the number of inputs (got {correlated + early})", key="correlated, early")
    if not correlated:
        check_used("correlated inputs (correlated)", correlation=settings.correlation, correlation_time=settings.correlation_time)
    if not settings.inhibitory:
        check_used("inhibitory inputs (inhibitory)", inhibitory_rate=settings.inhibitory_rate)
    sources: list[Source] = []
    if correlated:
        share = CORRELATION if settings.correlation is None else settings.correlation
        tau = CORRELATION_TIME if settings.correlation_time is None else settings.correlation_time
        sources.append(correlated_group(correlated, settings.rate, share, tau))
    if early:
        sources.append(early_group(np.linspace(0, LATEST, early), settings.rate))
    if count > correlated + early:
        sources.append(_poisson(count - correlated - early, settings.rate, "rate"))
    trains = Inputs(tuple(sources))
    inhibitory_rate = INHIBITORY_RATE if settings.inhibitory_rate is None else settings.inhibitory_rate
    return with_inhibition(trains, settings.inhibitory, inhibitory_rate) if _some(settings.inhibitory, "inhibitory") else trains


def with_inhibition(inputs: Inputs, count: int, rate: object, receptor: str = "gaba", efficacy: float = 1.0) -> Inputs:
    """The inputs with additional inhibitory Poisson inputs, which have no plasticity."""
    check_kind(inputs, Inputs, "inputs, such as those of poisson_inputs", key="inputs")
    return replace(inputs, unplastic=Unplastic((_poisson(count, rate, "inhibitory_rate"),), efficacy, receptor))


def _poisson(count: int, rate: object, key: str) -> Poisson:
    return Poisson(np.full(_some(count, "inputs"), quantity(rate, FREQUENCY, key=key)))


def _some(count: int, key: str) -> int:
    number = whole(count, key, 0, max(MOST, count if isinstance(count, int) else 0))
    check_memory(BYTES_OF_INPUT * number, f"{number:,} inputs", key=key)
    return number


def kind_of(source: Source) -> str:
    """What a source is called in figures."""
    if isinstance(source, Group):
        return "early" if np.ptp(source.latencies) else "correlated"
    return {Poisson: "independent", Regular: "regular", Replayed: "replayed"}[type(source)]


def with_unit(cell: Cell | None, unit: object) -> Cell | None:
    """The cell with another conductance (or current) of efficacy 1 at its first receptor, that of plastic inputs.

    Raises
    ------
    ScheduleError, UnitError
        For what is not of the kind of the cell's own, or not above 0.
    """
    if cell is None or unit is None:
        return cell
    first = cell.receptor(None)
    check_near(unit, first.unit, first.dimension, "unit")
    return with_si_unit(cell, quantity(unit, first.dimension, key="unit"))


def with_si_unit(cell: Cell, unit: float) -> Cell:
    """As `with_unit`, for a conductance that is given in siemens, or a current in amperes.

    Raises
    ------
    ScheduleError
        For none above 0.
    """
    first = cell.receptor(None)
    if not unit > 0:
        raise ScheduleError(f"expected {first.dimension} above 0 (got {format_quantity(unit, first.dimension)})", key="unit")
    return replace(cell, receptors={**cell.receptors, first.name: replace(first, unit=unit)})
