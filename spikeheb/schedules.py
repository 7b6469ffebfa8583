"""Schedules: what the experimenter does to each cell, and when.

A lane is one cell with its inputs under one condition. All its times are seconds from the start of its induction; the
schedule puts the test pulses of baseline and follow-up around it. Every number may also carry its unit, as text (``"10 ms"``) or
as a quantity, and is then held as an SI float. Inductions of different length end together, so that
a minute after induction is the same minute in every lane.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeheb.carried import carries_unit
from spikeheb.dimensions import CONCENTRATION, CURRENT, NONE, TIME, VOLTAGE, Dimension
from spikeheb.errors import ScheduleError, UnitError
from spikeheb.limits import BYTES_OF_SPIKE, check_count, check_memory, check_steps
from spikeheb.numbers import check_near, nearest_steps, quantities, si
from spikeheb.units import quantity

Times = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int64]

NOTHING: Times = np.zeros(0)
USUAL_CURRENTS, USUAL_VOLTAGES = (1e-11, 1e-9), (1e-3, 0.1)
"""Amperes and volts, with which numbers without a unit are compared."""
MARGIN = 0.105
"""Seconds around a test pulse that a sweep takes."""
MAX_STEP = 1e-2
"""The longest time step in seconds."""
MAX_COPIES = 100_000
MAX_PULSES = 100_000


@dataclass(frozen=True, slots=True)
class Current:
    """A current step into the cell: `amplitude` amperes from `start` for `lasts` seconds."""

    start: float
    lasts: float
    amplitude: float

    def __post_init__(self) -> None:
        check_near(self.amplitude, USUAL_CURRENTS, CURRENT, "amplitude", "injected currents are near")
        _convert(self, {"start": TIME, "lasts": TIME, "amplitude": CURRENT})


@dataclass(frozen=True, slots=True)
class Clamp:
    """The membrane potential held at `v` volts from `start` for `lasts` seconds."""

    start: float
    lasts: float
    v: float

    def __post_init__(self) -> None:
        check_near(self.v, USUAL_VOLTAGES, VOLTAGE, "v", "membrane potentials are near")
        _convert(self, {"start": TIME, "lasts": TIME, "v": VOLTAGE})


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward of that amount at `time` seconds."""

    time: float
    amount: float = 1.0

    def __post_init__(self) -> None:
        _convert(self, {"time": TIME, "amount": NONE})


@dataclass(frozen=True)
class Lane:
    """One condition of a protocol.

    Attributes
    ----------
    condition : mapping of str to float or str
        The values that are varied, SI: ``{"frequency": 20.0, "delta_t": 0.01}``.
    pre : tuple of arrays of float
        For each input, its spike times in seconds from the start of the induction.
    post : array of float
        Imposed spikes of the cell.
    currents, clamps, rewards : tuples
    overrides : mapping of str to float
        Parameters of the rule that differ in this lane.
    calcium : float or None
        External calcium in mM, if the experiment states it. It becomes the parameter ``Ca`` of a rule that has such a
        parameter with the unit of a concentration.
    """

    condition: Mapping[str, float | str]
    pre: tuple[Times, ...]
    post: Times = field(default_factory=lambda: NOTHING)
    currents: tuple[Current, ...] = ()
    clamps: tuple[Clamp, ...] = ()
    rewards: tuple[Reward, ...] = ()
    overrides: Mapping[str, float] = field(default_factory=dict)
    calcium: float | None = None

    def __post_init__(self) -> None:
        if not self.pre:
            raise ScheduleError("a lane needs at least one input", key=self.label)
        object.__setattr__(self, "condition", {name: _bare(value) for name, value in self.condition.items()})
        object.__setattr__(self, "overrides", {name: si(value) if carries_unit(value) else value for name, value in self.overrides.items()})
        if self.calcium is not None:
            _convert(self, {"calcium": CONCENTRATION}, f"{self.label}: ")
        object.__setattr__(self, "pre", tuple(spike_times(p, f"{self.label}: pre[{n}]") for n, p in enumerate(self.pre)))
        object.__setattr__(self, "post", spike_times(self.post, f"{self.label}: post"))
        for event in self.steps:
            level = event.amplitude if isinstance(event, Current) else event.v
            if not (event.start >= 0 and event.lasts > 0 and math.isfinite(event.start + event.lasts + level)):
                raise ScheduleError(f"a step needs start >= 0, lasts > 0 and finite values (got {event})", key=self.label)
        in_order = sorted(self.clamps, key=lambda clamp: clamp.start)
        for clamp, following in itertools.pairwise(in_order):
            if following.start < clamp.start + clamp.lasts - 1e-9:
                raise ScheduleError(f"two voltage clamps overlap ({clamp} and {following})", key=self.label)
        if self.calcium is not None and not 0 < self.calcium < math.inf:
            raise ScheduleError(f"calcium must be above 0 and finite, in mM (got {self.calcium})", key=self.label)
        for reward in self.rewards:
            if not (reward.time >= 0 and math.isfinite(reward.time) and math.isfinite(reward.amount)):
                raise ScheduleError(f"a reward needs a time >= 0 and a finite amount (got {reward})", key=self.label)

    @property
    def steps(self) -> tuple[Current | Clamp, ...]:
        """The current steps, then the clamps."""
        return (*self.currents, *self.clamps)

    @property
    def label(self) -> str:
        """The condition in words."""
        values = [f"{value:g}" if isinstance(value, float) else value for value in self.condition.values()]
        return ", ".join(f"{name} = {value}" for name, value in zip(self.condition, values, strict=True))

    @property
    def duration(self) -> float:
        """Seconds from the start of the induction to its last event."""
        ends = [float(p[-1]) for p in (*self.pre, self.post) if p.size]
        ends += [event.start + event.lasts for event in self.steps]
        ends += [reward.time for reward in self.rewards]
        return max(ends, default=0.0)


def _convert(value: object, kinds: Mapping[str, Dimension], where: str = "") -> None:
    """Make SI floats of the fields of a frozen object; what is not finite or no number is left to the checks that know the field."""
    for name, dimension in kinds.items():
        number = getattr(value, name)
        if type(number) is float:
            continue
        try:
            object.__setattr__(value, name, quantity(number, dimension))
        except UnitError as error:
            raise ScheduleError(error.message, key=where + name) from None


def _bare(value: object) -> Any:
    """A value of a condition: words stay, and of what carries a unit the SI number."""
    return si(value) if carries_unit(value) and not isinstance(value, str) else value


def spike_times(times: object, label: str) -> Times:
    """The times as an array of float, in seconds.

    Parameters
    ----------
    times : array of float, or quantities
        Seconds; or what carries its unit: text, a ``neo.SpikeTrain``, an array of quantities.

    Raises
    ------
    ScheduleError
        For NaN, negative or unsorted times, and for quantities that are no times.
    """
    try:
        array = quantities(times, TIME)
    except UnitError as error:
        raise ScheduleError(f"spike times must be numbers, in seconds, or times with a unit; {error.message}", key=label) from None
    if array.ndim != 1:
        raise ScheduleError(f"spike times must be one row of numbers (got {array.ndim} dimensions)", key=label)
    if not np.all(np.isfinite(array)):
        where = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ScheduleError(f"spike time {where} is {array[where]}; all must be finite", key=label)
    if array.size and array.min() < 0:
        raise ScheduleError(f"spike time {array.min():g} s is negative; shift the train", key=label)
    if np.any(np.diff(array) < 0):
        where = int(np.flatnonzero(np.diff(array) < 0)[0])
        raise ScheduleError(f"spike times are not sorted: {array[where]:g} s before {array[where + 1]:g} s", key=label)
    return array


def check_step(dt: object) -> float:
    """The time step in seconds; a ScheduleError unless it is a time above 0 and at most 10 ms."""
    try:
        dt = dt if isinstance(dt, float) and not carries_unit(dt) else quantity(dt, TIME)
    except UnitError as error:
        raise ScheduleError(error.message, key="dt") from None
    if not (math.isfinite(dt) and 0 < dt <= MAX_STEP):
        raise ScheduleError(f"expected a time step above 0 and at most {MAX_STEP * 1e3:g} ms (got {dt * 1e3:g} ms)", key="dt")
    return dt


def to_steps(times: Times, dt: float, label: str) -> Steps:
    """The nearest time steps of a train, as `nearest_steps` has them.

    Raises
    ------
    ScheduleError
        Where two spikes of the train fall into one step.
    """
    if times.size:
        check_steps(float(times.max()), dt, label)
    steps = nearest_steps(times, dt)
    same = np.flatnonzero(np.diff(steps) == 0)
    if same.size:
        first, second = times[same[0]], times[same[0] + 1]
        gap = float(np.diff(times).min())
        hint = f"; use dt of at most {gap / 2 * 1e3:.3g} ms" if gap > 0 else "; they are the same time"
        raise ScheduleError(f"two spikes in one step of {dt * 1e3:g} ms ({first:g} s and {second:g} s){hint}", key=label)
    return steps


@dataclass(frozen=True)
class Schedule:
    """All lanes of a protocol, and the test pulses around the induction.

    Attributes
    ----------
    lanes : tuple of Lane
    baseline, follow_up : float
        Seconds of test pulses before and after the induction.
    test_interval : float
        Seconds between test pulses.
    tested : int
        The input that the test pulses go through.
    dt : float
        Time step in seconds.
    receptor : str or None
        The receptor of the cell that the inputs drive; None for the first in its file.
    copies : int
        How many copies there are of each input in `Lane.pre`, all with its spikes (and its test pulses): fibres of a bundle.
    synapses : int
        How many synapses each of these inputs has, all with the same spikes.
    control : bool
        Whether every cell has one more input, which gets no spikes of the induction but its own test pulses, a quarter of
        `test_interval` before the others.
    paired_pulse : float or None
        Seconds from each test pulse to a second one.
    """

    lanes: tuple[Lane, ...]
    baseline: float = 600.0
    follow_up: float = 2400.0
    test_interval: float = 10.0
    tested: int = 0
    dt: float = 1e-4
    receptor: str | None = None
    copies: int = 1
    synapses: int = 1
    control: bool = False
    paired_pulse: float | None = None

    def __post_init__(self) -> None:
        if not self.lanes:
            raise ScheduleError("a schedule needs at least one lane")
        _convert(self, dict.fromkeys(("baseline", "follow_up", "test_interval"), TIME))
        object.__setattr__(self, "dt", check_step(self.dt))
        if self.paired_pulse is not None:
            _convert(self, {"paired_pulse": TIME})
        if not (self.test_interval >= 0.5 and math.isfinite(self.test_interval)):
            raise ScheduleError(f"test pulses need an interval of 0.5 s or more (got {self.test_interval:g} s)", key="test_interval")
        if not (self.baseline >= 0 and self.follow_up >= 0 and math.isfinite(self.baseline + self.follow_up)):
            raise ScheduleError("baseline and follow-up must be finite and not negative", key="baseline, follow_up")
        if self.copies < 1:
            raise ScheduleError(f"every input needs one copy or more (got copies = {self.copies})", key="copies")
        if self.synapses < 1:
            raise ScheduleError(f"every input needs one synapse or more (got {self.synapses})", key="synapses")
        check_count(self.copies, MAX_COPIES, "copies of an input", "copies")
        check_steps(self.induction_end + self.follow_up, self.dt, "duration")
        check_count(math.ceil((self.baseline + self.follow_up) / self.test_interval), MAX_PULSES, "test pulses", "baseline and follow-up")
        spikes = self.copies * sum(train.size for lane in self.lanes for train in (*lane.pre, lane.post))
        check_memory(BYTES_OF_SPIKE * spikes, f"{spikes:,} spikes in {len(self.lanes)} conditions")
        if self.paired_pulse is not None and not self.dt <= self.paired_pulse <= self.test_interval / 4 - MARGIN:
            most = (self.test_interval / 4 - MARGIN) * 1e3
            raise ScheduleError(f"the second pulse must come up to {most:g} ms after the first (got {self.paired_pulse * 1e3:g} ms)")
        names = list(self.lanes[0].condition)
        for lane in self.lanes:
            if list(lane.condition) != names:
                raise ScheduleError(f"all lanes must name the same conditions ({', '.join(names)})", key=lane.label)
            if len(lane.pre) <= self.tested:
                raise ScheduleError(f"there is no input {self.tested} to test", key=lane.label)

    def without_test_pulses(self) -> Schedule:
        """The bare induction."""
        return replace(self, baseline=0.0, follow_up=0.0, paired_pulse=None)

    @property
    def induction_end(self) -> float:
        """Seconds from the start of the session to the end of every lane's induction."""
        return self.baseline + max(lane.duration for lane in self.lanes)

    def induction_start(self, lane: Lane) -> float:
        """Seconds from the start of the session to the start of that lane's induction."""
        return round((self.induction_end - lane.duration) / self.dt) * self.dt

    @property
    def pulses(self) -> Times:
        """Times of the test pulses in seconds from the start of the session.

        In the baseline there is one in the middle of each interval; the first of the follow-up comes one interval after the
        end of the induction.
        """
        before = (np.arange(self.pulses_before) + 0.5) * self.test_interval
        count = math.floor(self.follow_up / self.test_interval + 1e-9)
        after = self.induction_end + np.arange(1, count + 1) * self.test_interval
        return np.concatenate([before, after])

    @property
    def control_pulses(self) -> Times:
        """Times of the test pulses of the control input, each a quarter of an interval before one of `pulses`."""
        return self.pulses - self.test_interval / 4 if self.control else NOTHING

    @property
    def pulses_before(self) -> int:
        """How many of the pulses belong to the baseline."""
        return math.floor(self.baseline / self.test_interval + 1e-9)
