"""The virtual experiment: EPSP before, induction, EPSP after, beside the published outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.engines.choice import carry_out, check_engine
from spikeheb.engines.job import Change, Job, Recording, Steps
from spikeheb.engines.values import constants, efficacy, initial_values, per_input
from spikeheb.errors import ScheduleError
from spikeheb.measure.compare import normalised_error
from spikeheb.measure.epsp import measure_sweeps
from spikeheb.protocols import Protocol
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Lane, Schedule, to_steps
from spikeheb.studies.labels import describe, provenance
from spikeheb.studies.replay import largest_shift

if TYPE_CHECKING:
    import xarray as xr

SWEEP_BEFORE = 5e-3
SWEEP_AFTER = 100e-3
SETTLE = 1.0
"""Seconds after the last spike of the induction at which the efficacy "at the end of induction" is read."""

Floats = npt.NDArray[np.float64]


def run(
    protocol: Protocol | str,
    rule: Rule | str,
    cell: Cell | str = "l5_pyramidal",
    *,
    engine: str = "auto",
    seed: int = 0,
    test_pulses: bool = True,
    progress: Callable[[float], None] | None = None,
    **parameters: object,
) -> xr.Dataset:
    """Carry out a protocol with a rule on a cell.

    Parameters
    ----------
    protocol : Protocol or str
        A protocol, its name in the library, or the path of a script.
    rule : Rule or str
    cell : Cell or str
    engine : {"auto", "brian", "brian:numpy", "brian:cython", "brian:standalone"}
    seed : int
    test_pulses : bool
        Without them there is only the induction, and no EPSP is measured.
    progress : callable, optional
        Called with the fraction done.
    **parameters
        Parameters of the protocol.

    Returns
    -------
    xarray.Dataset
        Over ``condition``: EPSP amplitude and slope before and after, their ratios, the efficacy ratio one second after
        the induction, baseline drift, rejected sweeps, published ratio and SEM; over ``sweep``: every EPSP; over
        ``time``: the averaged traces.

    Raises
    ------
    SpikehebError
        For unknown names, wrong units, schedules that cannot be done, and non-finite results.
    """
    check_engine(engine)
    if not isinstance(protocol, Protocol):
        protocol = library.protocol(protocol, **parameters)
    rule = library.rule(rule) if isinstance(rule, str) else rule
    cell = library.cell(cell) if isinstance(cell, str) else cell
    schedule = protocol.schedule(np.random.default_rng([seed, 0x5C4ED]))
    schedule = schedule if test_pulses else schedule.without_test_pulses()
    job = session(schedule, rule, cell, seed, progress)
    recording = carry_out(job, engine)
    data = _efficacies(schedule, job, recording)
    if test_pulses and schedule.pulses.size:
        data = data.merge(_epsps(schedule, job, recording))
    data = _published(data, protocol, schedule)
    data.attrs = provenance("experiment", rule, cell, recording.engine, seed, schedule.dt)
    data.attrs |= {
        "protocol": protocol.name,
        "protocol_title": protocol.title,
        "protocol_hash": protocol.hash,
        "protocol_parameters": str(protocol.parameters),
        "protocol_changed": ", ".join(f"{name} = {text}" for name, text in protocol.changed.items()),
        "test_pulses": int(test_pulses),
        "largest_shift_s": max(largest_shift((*lane.pre, lane.post), schedule.dt) for lane in schedule.lanes),
    }
    return describe(data, TEXTS)


def session(schedule: Schedule, rule: Rule, cell: Cell, seed: int = 0, progress: Callable[[float], None] | None = None) -> Job:
    """The whole session as a job: test pulses, induction, test pulses.

    Raises
    ------
    ScheduleError
        Where two spikes of one train, test pulses included, fall into one time step.
    """
    dt = schedule.dt
    pulses = to_steps(schedule.pulses, dt, "test pulses")
    pre: list[Steps] = []
    post: list[Steps] = []
    lane_of_input: list[int] = []
    currents: list[Change] = []
    rewards: list[Change] = []
    for n, lane in enumerate(schedule.lanes):
        start = round(schedule.induction_start(lane) / dt)
        for k, train in enumerate(lane.pre):
            steps = to_steps(train, dt, f"{lane.label}: pre[{k}]") + start
            pre.append(np.union1d(steps, pulses) if k == schedule.tested else steps)
            lane_of_input.append(n)
        post.append(to_steps(lane.post, dt, f"{lane.label}: post") + start)
        currents += _current_changes(lane, n, start, dt)
        rewards += [Change(n, start + round(reward.time / dt), reward.amount) for reward in lane.rewards]
        if lane.clamps:
            raise ScheduleError("voltage clamp is not carried out by this version", key=lane.label)
    end = round(schedule.induction_end / dt)
    before, after = round(SWEEP_BEFORE / dt), round(SWEEP_AFTER / dt)
    settled = end + round(SETTLE / dt)
    last = max(int(pulses[-1]) + after if pulses.size else 0, settled)
    return Job(
        rule, cell, dt, last + 1, np.array(lane_of_input), tuple(pre), tuple(post),
        overrides=_overrides(schedule, rule), currents=tuple(currents), rewards=tuple(rewards),
        samples=np.unique(np.concatenate([pulses, [settled]])), sweeps=pulses - before,
        sweep_steps=before + after + 1 if pulses.size else 0, receptor=schedule.receptor, seed=seed, progress=progress,
    )  # fmt: skip


def _current_changes(lane: Lane, n: int, start: int, dt: float) -> list[Change]:
    changes = []
    for current in lane.currents:
        first, last = start + round(current.start / dt), start + round((current.start + current.lasts) / dt)
        changes += [Change(n, first, current.amplitude), Change(n, last, 0.0)]
    return sorted(changes, key=lambda change: change.step)


def _overrides(schedule: Schedule, rule: Rule) -> dict[str, Floats]:
    """Constants that some lane replaces, for every lane."""
    names = sorted({name for lane in schedule.lanes for name in lane.overrides})
    own = rule.constants
    return {name: np.array([lane.overrides.get(name, own.get(name, np.nan)) for lane in schedule.lanes]) for name in names}


def _tested_inputs(schedule: Schedule, job: Job) -> Steps:
    """The index of the tested input of every lane."""
    return np.array([np.flatnonzero(job.lane_of_input == n)[schedule.tested] for n in range(job.lanes)])


def _efficacies(schedule: Schedule, job: Job, recording: Recording) -> xr.Dataset:
    import xarray as xr

    tested = _tested_inputs(schedule, job)
    known = {name: per_input(job, value) for name, value in constants(job).items()}
    start = efficacy(job, initial_values(job), known)[tested]
    settled = round(schedule.induction_end / job.dt) + round(SETTLE / job.dt)
    column = int(np.searchsorted(job.samples, settled))
    end = recording.efficacy[tested, column]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(start != 0, end / start, np.nan)
    spikes = np.array([len(train) for train in recording.spikes]) - np.array([len(train) for train in job.post])
    data = xr.Dataset(
        {
            "efficacy_before": ("condition", start),
            "efficacy_end": ("condition", end),
            "efficacy_ratio": ("condition", ratio),
            "own_spikes": ("condition", spikes),
        }
    )
    coordinates = {}
    for name in schedule.lanes[0].condition:
        values = [lane.condition[name] for lane in schedule.lanes]
        coordinates[name] = ("condition", np.array(values))
    return data.assign_coords(coordinates)


def _epsps(schedule: Schedule, job: Job, recording: Recording) -> xr.Dataset:
    import xarray as xr

    tested = _tested_inputs(schedule, job)
    pulses = np.rint(schedule.pulses / job.dt).astype(np.int64)
    n_before = schedule.pulses_before
    minutes = (
        np.where(np.arange(pulses.size) < n_before, schedule.pulses - schedule.baseline, schedule.pulses - schedule.induction_end) / 60
    )
    time = np.arange(job.sweep_steps) * job.dt - round(SWEEP_BEFORE / job.dt) * job.dt
    rejected = _rejected(job, recording, pulses)
    measured = measure_sweeps(recording.v, time, minutes, 0.0, rejected)
    columns = np.searchsorted(job.samples, pulses)
    efficacies = recording.efficacy[tested][:, columns]
    return xr.Dataset(
        {
            "epsp": (("condition", "sweep"), measured.amplitude),
            "rejected": (("condition", "sweep"), measured.rejected),
            "efficacy": (("condition", "sweep"), efficacies),
            "drift_before": ("condition", measured.drift.slope),
            "drift_after": ("condition", _relative_change(efficacies[:, n_before:])),
            "v_before": (("condition", "time"), measured.trace_before),
            "v_after": (("condition", "time"), measured.trace_after),
            **{name: ("condition", getattr(measured, source)) for name, source in MEASURED.items()},
        },
        coords={"minutes": ("sweep", minutes), "time": time},
    )


MEASURED = {
    "epsp_before": "amplitude_before",
    "epsp_after": "amplitude_after",
    "epsp_ratio": "amplitude_ratio",
    "epsp_ratio_sem": "amplitude_ratio_sem",
    "slope_before": "slope_before",
    "slope_after": "slope_after",
    "slope_ratio": "slope_ratio",
    "rejected_sweeps": "rejected_count",
}


def _relative_change(values: Floats) -> Floats:
    """Last over first value, minus 1."""
    if not values.shape[1]:
        return np.full(values.shape[0], np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        change: Floats = values[:, -1] / values[:, 0] - 1
    return change


def _rejected(job: Job, recording: Recording, pulses: Steps) -> npt.NDArray[np.bool_]:
    """Sweeps in which the cell spiked."""
    before, after = round(SWEEP_BEFORE / job.dt), round(SWEEP_AFTER / job.dt)
    found = np.zeros((job.lanes, pulses.size), dtype=bool)
    for lane, train in enumerate(recording.spikes):
        found[lane] = np.searchsorted(train, pulses - before) < np.searchsorted(train, pulses + after, side="right")
    return found


def _published(data: xr.Dataset, protocol: Protocol, schedule: Schedule) -> xr.Dataset:
    """Published ratio, SEM, n and series beside each condition, and the normalised error of each series."""
    if protocol.published is None:
        return data
    rows = [next(iter(protocol.published.match(lane.condition)), None) for lane in schedule.lanes]
    column = {
        "published_ratio": [row.ratio if row else np.nan for row in rows],
        "published_sem": [row.sem if row and row.sem is not None else np.nan for row in rows],
        "published_n": [float(row.n) if row and row.n is not None else np.nan for row in rows],
    }
    data = data.assign({name: ("condition", np.array(values, dtype=float)) for name, values in column.items()})
    series = np.array([row.series or "" if row else "" for row in rows])
    data = data.assign_coords(series=("condition", series))
    names = [name for name in dict.fromkeys(series) if name]
    errors: Mapping[str, list[float]] = {
        f"error_{measure}": [
            normalised_error(data[f"{measure}_ratio"].values, column["published_ratio"], column["published_sem"], series == name)
            for name in names
        ]
        for measure in ("efficacy", "epsp")
        if f"{measure}_ratio" in data
    }
    return data.assign({name: ("series_name", np.array(values)) for name, values in errors.items()}).assign_coords(
        series_name=np.array(names, dtype=str)
    )


TEXTS = {
    "epsp": ("V", "EPSP amplitude"),
    "epsp_before": ("V", "EPSP amplitude before induction"),
    "epsp_after": ("V", "EPSP amplitude 20-40 min after induction"),
    "epsp_ratio": ("1", "EPSP after / before"),
    "epsp_ratio_sem": ("1", "standard error of the EPSP ratio over sweeps"),
    "slope_before": ("V/s", "EPSP slope before induction"),
    "slope_after": ("V/s", "EPSP slope 20-40 min after induction"),
    "slope_ratio": ("1", "EPSP slope after / before"),
    "drift_before": ("1", "drift of the EPSP over the baseline, as a fraction of its mean"),
    "drift_after": ("1", "change of the efficacy over the follow-up, test pulses alone"),
    "rejected": ("1", "sweep rejected because the cell spiked"),
    "rejected_sweeps": ("1", "number of rejected sweeps"),
    "efficacy": ("1", "efficacy at the test pulse"),
    "efficacy_before": ("1", "initial efficacy"),
    "efficacy_end": ("1", "efficacy 1 s after the last spike of the induction"),
    "efficacy_ratio": ("1", "efficacy at the end of induction / initial efficacy"),
    "own_spikes": ("1", "spikes of the cell beyond the imposed ones"),
    "v_before": ("V", "averaged sweep before induction"),
    "v_after": ("V", "averaged sweep 20-40 min after induction"),
    "time": ("s", "time from the test pulse"),
    "minutes": ("min", "time from induction"),
    "published_ratio": ("1", "published after / before"),
    "published_sem": ("1", "published standard error of the mean"),
    "published_n": ("1", "published number of cells"),
    "error_efficacy": ("1", "normalised error E of the efficacy ratio"),
    "error_epsp": ("1", "normalised error E of the EPSP ratio"),
    "frequency": ("Hz", "pairing frequency"),
    "delta_t": ("s", "delta_t = t_post - t_pre"),
}
