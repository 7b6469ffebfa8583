"""What is done to a cell: one condition of a protocol, as spikes at the synapse, and how long the session lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from spikeheb import library
from spikeheb.circuits.steps import Steps
from spikeheb.engines.choice import carry_out
from spikeheb.errors import ScheduleError
from spikeheb.limits import check_count
from spikeheb.results import SHOWN
from spikeheb.rules import choose
from spikeheb.schedules import Lane, Schedule, to_steps
from spikeheb.studies.experiment.readout import TEXTS
from spikeheb.studies.experiment.session import session

STANDARD_CELL = "l5_pyramidal"
MOST_SPIKES = 20_000
"""Spikes of one side in one session."""
LONGEST = 6 * 3600.0
"""Seconds of one session."""
TEST_INTERVAL = 10.0
"""Seconds between test pulses."""
SHORTEST = 60.0
"""Seconds of baseline or follow-up at least."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a protocol of the library.

    Attributes
    ----------
    protocol : str
        Its name.
    parameters : tuple of (str, str)
        The changed parameters of the protocol as text, sorted.
    lane : int
        Which of the protocol's conditions.
    """

    protocol: str
    parameters: tuple[tuple[str, str], ...] = ()
    lane: int = 0

    @property
    def label(self) -> str:
        """The condition in words, with units: ``"frequency = 1 Hz, delta_t = 10 ms"``."""
        return ", ".join(f"{name} = {_in_words(name, value)}" for name, value in _lane(self).condition.items())

    @property
    def besides(self) -> str:
        """The changed parameters of the protocol that the label does not name: ``"pairs = 240"``."""
        named = _lane(self).condition
        return ", ".join(f'{k} = "{v}"' if "," in v else f"{k} = {v}" for k, v in self.parameters if k not in named)

    @property
    def duration(self) -> float:
        """Seconds of the induction."""
        return _lane(self).duration

    @property
    def spikes(self) -> tuple[Steps, Steps, float]:
        """Steps of pre- and postsynaptic spikes, and the time step in seconds."""
        return _spikes(self)


def condition(protocol: str, parameters: Mapping[str, str]) -> Condition:
    """The first condition of a protocol with these parameters."""
    return Condition(protocol, tuple(sorted(parameters.items())))


def conditions_of(protocol: object, parameters: Mapping[str, object]) -> list[Condition]:
    """All conditions of a protocol of the library.

    Raises
    ------
    SpikehebError
        For an unknown name, a path, and parameters that the protocol does not have or that cannot be carried out.
    """
    if not isinstance(protocol, str) or library.is_path(protocol):
        raise ScheduleError(f"expected the name of a protocol of the library (got {str(protocol)[:60]})", key="protocol")
    known = tuple(sorted((name, _text(value)) for name, value in parameters.items()))
    schedule = _schedule(protocol, known)
    made = [Condition(protocol, known, n) for n in range(len(schedule.lanes))]
    for each in made:
        _check(each)
    return made


def _text(value: object) -> str:
    """A parameter as it stands in a log; rows are separated by commas, as on the command line."""
    return ", ".join(map(_text, value)) if isinstance(value, list | tuple) else str(value)


def _in_words(name: str, value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    units = TEXTS.get(name, ("1", ""))[0]
    unit, factor = SHOWN.get(units, (units, 1.0))
    return f"{float(f'{value * factor:.6g}'):g} {unit}".strip()


def _check(each: Condition) -> None:
    lane = _lane(each)
    check_count(max(lane.post.size, *(train.size for train in lane.pre)), MOST_SPIKES, "spikes of one side of a session", "spikes")
    if lane.duration > LONGEST:
        raise ScheduleError(f"the induction lasts {lane.duration / 60:.0f} min; at most {LONGEST / 60:.0f} min are allowed", key=each.label)
    if lane.overrides:
        raise ScheduleError("this protocol changes parameters of the rule, which a hidden synapse does not show", key=each.label)


@lru_cache(maxsize=256)
def _schedule(protocol: str, parameters: tuple[tuple[str, str], ...]) -> Schedule:
    """The protocol without test pulses; one that draws spikes has the same ones in every session."""
    made = library.protocol(protocol, **dict(parameters)).schedule(np.random.default_rng([0, 0x5C4ED]))
    return made.without_test_pulses()


def _lane(each: Condition) -> Lane:
    return _schedule(each.protocol, each.parameters).lanes[each.lane]


@lru_cache(maxsize=256)
def _spikes(each: Condition) -> tuple[Steps, Steps, float]:
    schedule, lane = _schedule(each.protocol, each.parameters), _lane(each)
    pre = to_steps(lane.pre[schedule.tested], schedule.dt, f"{lane.label}: pre")
    if lane.steps or schedule.copies > 1 or len(lane.pre) > 1:
        return pre, _fired(replace(schedule, lanes=(lane,), control=False)), schedule.dt
    return pre, to_steps(lane.post, schedule.dt, f"{lane.label}: post"), schedule.dt


def _fired(schedule: Schedule) -> Steps:
    """The spikes of the standard cell where its inputs and currents decide them, while all weights stay at 1."""
    fixed = choose(library.rule("pair"), parameters={"A_plus": 0, "A_minus": 0}, bounds="none")
    circuit = session(schedule, fixed, library.cell(STANDARD_CELL), 0).starting_at(1.0)
    return np.asarray(carry_out(circuit).spikes[0], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Session:
    """What is done to each cell of an experiment.

    Attributes
    ----------
    condition : Condition
    start : float
        Mean initial weight of the connections that are chosen, over that of all.
    baseline, follow_up : float
        Seconds of test pulses before and after.
    """

    condition: Condition
    start: float = 1.0
    baseline: float = 600.0
    follow_up: float = 1800.0

    @property
    def minutes(self) -> float:
        """Simulated time of one cell."""
        return (self.baseline + self.condition.duration + self.follow_up) / 60

    @property
    def sweeps(self) -> tuple[int, int]:
        """How many sweeps are averaged before and after: minutes 20 to 40, or the second half of a shorter time."""
        read = min(self.follow_up, 2400.0) / 2
        return int(self.baseline // TEST_INTERVAL), int(read // TEST_INTERVAL)
