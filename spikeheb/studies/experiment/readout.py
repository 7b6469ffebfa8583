"""The outcome of a session's recording: efficacies, EPSPs, the control input, paired pulses, and published values beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.sources import spike_counts
from spikeheb.circuits.steps import Steps
from spikeheb.circuits.values import constants, efficacy, initial_values, per_input
from spikeheb.errors import ScheduleError
from spikeheb.expressions import tree as t
from spikeheb.measure.compare import normalised_error
from spikeheb.measure.course import baseline_of, window_of
from spikeheb.measure.epsp import measure_sweeps
from spikeheb.measure.measurement import FOLLOW, Measurement
from spikeheb.protocols import Protocol
from spikeheb.rules.meaning import expand
from spikeheb.schedules import Schedule
from spikeheb.studies.experiment.session import SWEEP_AFTER, control_inputs, inputs_under_test, pulse_steps, settled_step, sweep_steps
from spikeheb.studies.population import value_of

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


VIRTUAL = Measurement(baseline=(-1e-3, 0.0), blank=0.0, search=SWEEP_AFTER)
"""A virtual sweep has no artefact, and its baseline no noise: a short one is nearest to the response to a second pulse."""


def outcome(schedule: Schedule, circuit: Circuit, recording: Recording) -> xr.Dataset:
    """Efficacies at the end of the induction, and all that the test pulses say, over ``condition``."""
    data = _efficacies(schedule, circuit, recording)
    if schedule.pulses.size:
        data = data.merge(_epsps(schedule, circuit, recording))
        if schedule.control:
            data = data.merge(_control(schedule, circuit, recording))
    return data


def check_conditions(schedule: Schedule) -> None:
    """Raise an error for a condition with the name of a variable of the result, which it would replace.

    Raises
    ------
    ScheduleError
    """
    for name in schedule.lanes[0].condition:
        if name.removesuffix("_sem") in RESULTS or name in DIMENSIONS or name.startswith("cell_"):
            raise ScheduleError(f'a condition may not be called "{name}", because a result has a variable of that name', key="condition")


# --- efficacies ----------------------------------------------------------------------------------------------------------


def _efficacies(schedule: Schedule, circuit: Circuit, recording: Recording) -> xr.Dataset:
    import xarray as xr

    spikes = np.array([len(train) for train in recording.spikes]) - spike_counts(circuit.drive.imposed)
    start, end = (values.mean(axis=1) for values in start_and_end(schedule, circuit, recording, inputs_under_test(schedule)))
    variables = {"efficacy_before": start, "efficacy_end": end, "efficacy_ratio": _ratio(end, start), "own_spikes": spikes}
    if schedule.control:
        start, end = (values.mean(axis=1) for values in start_and_end(schedule, circuit, recording, control_inputs(schedule)))
        variables["control_efficacy_ratio"] = _ratio(end, start)
    counts = readouts(schedule, circuit, recording, inputs_under_test(schedule))
    if counts is not None:
        start, end = (values.mean(axis=1) for values in counts)
        variables |= {"readout_before": start, "readout_end": end, "readout_ratio": _ratio(end, start)}
    coordinates = {name: ("condition", np.array([lane.condition[name] for lane in schedule.lanes])) for name in schedule.lanes[0].condition}
    return xr.Dataset({name: ("condition", values) for name, values in variables.items()}).assign_coords(coordinates)


def start_and_end(schedule: Schedule, circuit: Circuit, recording: Recording, inputs: Steps) -> tuple[Floats, Floats]:
    """Efficacies of some synapses before and after the induction, in the shape of `inputs`."""
    known = {name: per_input(circuit, value) for name, value in constants(circuit).items()}
    start = efficacy(circuit, initial_values(circuit), known)[inputs]
    column = int(np.searchsorted(circuit.probes.samples, settled_step(schedule)))
    return start, recording.efficacy[inputs, column]


def readouts(schedule: Schedule, circuit: Circuit, recording: Recording, inputs: Steps) -> tuple[Floats, Floats] | None:
    """The same of the rule's readout; None where it has none, or one that reads what was not recorded.

    The weight is recorded 1 s after the induction; the other variables at the end of the run, which is the same without test pulses.
    """
    rule, known = circuit.rule, {name: per_input(circuit, value) for name, value in constants(circuit).items()}
    if rule.readout is None:
        return None
    settled = settled_step(schedule)
    ended = {} if settled < circuit.steps - 1 else dict(recording.variables)
    end = ended | {rule.weight: recording.weight[:, int(np.searchsorted(circuit.probes.samples, settled))]}
    if not t.names(expand(rule.readout, rule)) <= {*end, *known}:
        return None
    states, shape = (initial_values(circuit), end), (circuit.synapse_count,)
    before, after = (value_of(rule.readout, rule, {**known, **state}, shape)[inputs] for state in states)
    return before, after


def counted_in(data: xr.Dataset) -> str:
    """What a result without test pulses is compared with data in: the readout where the rule has one, else the efficacy."""
    return "readout" if "readout_ratio" in data else "efficacy"


def readout_note(data: xr.Dataset) -> str:
    """A sentence: in which conditions efficacy and readout have changed in opposite directions; empty where there are none."""
    if "readout_ratio" not in data:
        return ""
    opposite = _direction(data, "efficacy_ratio") * _direction(data, "readout_ratio") < 0
    if not opposite.any():
        return ""
    return (
        f"in {int(opposite.sum())} of {opposite.size} conditions efficacy_ratio and readout_ratio have opposite directions: the efficacy "
        "is read 1 s after the induction, before it has settled; compare readout_ratio with published data, as the paper of the rule does"
    )


def weights_of(schedule: Schedule, circuit: Circuit, recording: Recording, inputs: Steps) -> tuple[Floats, Floats]:
    """Weights of some synapses before and after the induction, in the shape of `inputs`."""
    column = int(np.searchsorted(circuit.probes.samples, settled_step(schedule)))
    return initial_values(circuit)[circuit.rule.weight][inputs], recording.weight[inputs, column]


def efficacies_at_pulses(schedule: Schedule, circuit: Circuit, recording: Recording, inputs: Steps) -> tuple[Floats, Floats]:
    """Mean efficacy of some synapses over the test pulses of the baseline and of the follow-up window, in the shape of `inputs`."""
    minutes, columns = _minutes(schedule), np.searchsorted(circuit.probes.samples, pulse_steps(schedule)[0])
    before, after = baseline_of(minutes, 0.0), window_of(minutes, 0.0, follow_of(schedule))
    return recording.efficacy[inputs][..., columns[before]].mean(axis=-1), recording.efficacy[inputs][..., columns[after]].mean(axis=-1)


def _direction(data: xr.Dataset, name: str) -> Floats:
    """Whether a ratio rose (1) or fell (-1), or differs from 1 by no more than its standard error (0)."""
    change, sem = data[name].values - 1, data[f"{name}_sem"].values if f"{name}_sem" in data else 0.0
    return np.where(np.abs(change) > sem, np.sign(change), 0.0)


def _ratio(after: Floats, before: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(before != 0, after / before, np.nan)


# --- test pulses ---------------------------------------------------------------------------------------------------------


def _epsps(schedule: Schedule, circuit: Circuit, recording: Recording) -> xr.Dataset:
    import xarray as xr

    pulses, _ = pulse_steps(schedule)
    before, _ = sweep_steps(schedule)
    minutes, n_before = _minutes(schedule), schedule.pulses_before
    time = np.arange(circuit.probes.sweep_steps) * circuit.dt - before * circuit.dt
    sweeps = _sweeps(circuit, recording, pulses - before)
    settings = VIRTUAL if schedule.paired_pulse is None else replace(VIRTUAL, pulses=(0.0, schedule.paired_pulse))
    rejected = _rejected(schedule, circuit, recording, pulses)
    measured = measure_sweeps(sweeps, time, minutes, 0.0, rejected, settings=settings, follow=follow_of(schedule))
    efficacies = recording.efficacy[:, np.searchsorted(circuit.probes.samples, pulses)][inputs_under_test(schedule)].mean(axis=1)
    data = xr.Dataset(
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
    if schedule.paired_pulse is not None:
        data["paired_pulse_ratio_before"] = ("condition", measured.paired_pulse_ratio_before)
        data["paired_pulse_ratio_after"] = ("condition", measured.paired_pulse_ratio_after)
    return data


def _control(schedule: Schedule, circuit: Circuit, recording: Recording) -> xr.Dataset:
    """The EPSP through the input that the induction did not reach."""
    import xarray as xr

    _, pulses = pulse_steps(schedule)
    before, _ = sweep_steps(schedule)
    time = np.arange(circuit.probes.sweep_steps) * circuit.dt - before * circuit.dt
    sweeps = _sweeps(circuit, recording, pulses - before)
    rejected = _rejected(schedule, circuit, recording, pulses)
    measured = measure_sweeps(sweeps, time, _minutes(schedule), 0.0, rejected, settings=VIRTUAL, follow=follow_of(schedule))
    return xr.Dataset(
        {
            "control_epsp": (("condition", "sweep"), measured.amplitude),
            "control_epsp_before": ("condition", measured.amplitude_before),
            "control_epsp_after": ("condition", measured.amplitude_after),
            "control_epsp_ratio": ("condition", measured.amplitude_ratio),
        }
    )


def _sweeps(circuit: Circuit, recording: Recording, first: Steps) -> Floats:
    """The sweeps that begin at those steps; the recording itself where that is all of them, for it is large."""
    return recording.v if np.array_equal(first, circuit.probes.sweeps) else recording.v[:, np.searchsorted(circuit.probes.sweeps, first)]


def _minutes(schedule: Schedule) -> Floats:
    """When each sweep is taken: before the induction counted to its start, after it from its end."""
    before = np.arange(schedule.pulses.size) < schedule.pulses_before
    return np.where(before, schedule.pulses - schedule.baseline, schedule.pulses - schedule.induction_end) / 60


def follow_of(schedule: Schedule) -> tuple[float, float]:
    """Minutes after the induction in which the outcome is measured: 20 to 40, of a shorter follow-up the second half."""
    after = _minutes(schedule)[schedule.pulses_before :]
    if not after.size or np.any((after >= FOLLOW[0]) & (after <= FOLLOW[1])):
        return FOLLOW
    return float(after[-1]) / 2, float(after[-1])


def texts_of(schedule: Schedule) -> dict[str, tuple[str, str]]:
    """Units and names of an experiment's variables, with the minutes that count here."""
    standard, chosen = (f"{first:g}-{last:g} min" for first, last in (FOLLOW, follow_of(schedule)))
    return {name: (units, text.replace(standard, chosen)) for name, (units, text) in TEXTS.items()}


MEASURED = {
    "epsp_before": "amplitude_before",
    "epsp_after": "amplitude_after",
    "epsp_ratio": "amplitude_ratio",
    "epsp_ratio_sem": "amplitude_ratio_sem",
    "slope_before": "slope_before",
    "slope_after": "slope_after",
    "slope_ratio": "slope_ratio",
    "inverse_cv2_before": "inverse_cv2_before",
    "inverse_cv2_after": "inverse_cv2_after",
    "rejected_sweeps": "rejected_count",
}


def _relative_change(values: Floats) -> Floats:
    """Last over first value, minus 1."""
    if not values.shape[1]:
        return np.full(values.shape[0], np.nan)
    return _ratio(values[:, -1], values[:, 0]) - 1


def _rejected(schedule: Schedule, circuit: Circuit, recording: Recording, pulses: Steps) -> npt.NDArray[np.bool_]:
    """Sweeps in which the cell spiked."""
    before, after = sweep_steps(schedule)
    rejected = np.zeros((circuit.cells.count, pulses.size), dtype=bool)
    for lane, train in enumerate(recording.spikes):
        rejected[lane] = np.searchsorted(train, pulses - before) < np.searchsorted(train, pulses + after, side="right")
    return rejected


# --- published values ----------------------------------------------------------------------------------------------------


def beside_published(data: xr.Dataset, protocol: Protocol, schedule: Schedule) -> xr.Dataset:
    """The data with published ratio, SEM, n, direction and series of each condition, and the error of each series."""
    if protocol.published is None:
        return data
    rows = [next(iter(protocol.published.match(lane.condition)), None) for lane in schedule.lanes]
    column = {
        "published_ratio": [row.ratio if row and row.ratio is not None else np.nan for row in rows],
        "published_sem": [row.sem if row and row.sem is not None else np.nan for row in rows],
        "published_n": [float(row.n) if row and row.n is not None else np.nan for row in rows],
    }
    data = data.assign({name: ("condition", np.array(values, dtype=float)) for name, values in column.items()})
    if any(row and row.outcome for row in rows):
        data["published_outcome"] = ("condition", np.array([row.outcome or "" if row else "" for row in rows]))
    series = np.array([row.series or "" if row else "" for row in rows])
    data = data.assign_coords(series=("condition", series))
    names = [name for name in dict.fromkeys(series) if name]
    errors: Mapping[str, list[float]] = {
        f"error_{measure}": [
            normalised_error(data[f"{measure}_ratio"].values, column["published_ratio"], column["published_sem"], series == name)
            for name in names
        ]
        for measure in ("efficacy", "readout", "epsp")
        if f"{measure}_ratio" in data
    }
    return data.assign({name: ("series_name", np.array(values)) for name, values in errors.items()}).assign_coords(
        series_name=np.array(names, dtype=str)
    )


RESULTS = {
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
    "inverse_cv2_before": ("1", "1/CV^2 of the EPSP amplitude over the sweeps of the baseline"),
    "inverse_cv2_after": ("1", "1/CV^2 of the EPSP amplitude over the sweeps 20-40 min after induction"),
    "paired_pulse_ratio_before": ("1", "second over first EPSP before induction"),
    "paired_pulse_ratio_after": ("1", "second over first EPSP 20-40 min after induction"),
    "control_epsp": ("V", "EPSP amplitude of the unstimulated input"),
    "control_epsp_before": ("V", "EPSP amplitude of the unstimulated input before induction"),
    "control_epsp_after": ("V", "EPSP amplitude of the unstimulated input 20-40 min after induction"),
    "control_epsp_ratio": ("1", "EPSP of the unstimulated input after / before"),
    "control_efficacy_ratio": ("1", "efficacy of the unstimulated input at the end of induction / initial efficacy"),
    "efficacy": ("1", "efficacy at the test pulse"),
    "efficacy_before": ("1", "initial efficacy"),
    "efficacy_end": ("1", "efficacy 1 s after the last spike of the induction"),
    "efficacy_ratio": ("1", "efficacy at the end of induction / initial efficacy"),
    "efficacy_ratio_sem": ("1", "standard error of the efficacy ratio over the population"),
    "readout_before": ("1", "initial readout of the rule, mean over synapses"),
    "readout_end": ("1", "readout of the rule 1 s after the last spike of the induction, mean over synapses"),
    "readout_ratio": ("1", "readout of the rule at the end of induction / initial readout"),
    "readout_ratio_sem": ("1", "standard error of the readout ratio over the population"),
    "own_spikes": ("1", "spikes of the cell beyond the imposed ones"),
    "v_before": ("V", "averaged sweep before induction"),
    "v_after": ("V", "averaged sweep 20-40 min after induction"),
    "time": ("s", "time from the test pulse"),
    "minutes": ("min", "time from induction"),
    "published_ratio": ("1", "published after / before"),
    "published_sem": ("1", "published standard error of the mean"),
    "published_n": ("1", "published number of cells"),
    "published_outcome": ("1", "published direction of the change"),
    "error_efficacy": ("1", "normalised error E of the efficacy ratio"),
    "error_readout": ("1", "normalised error E of the readout ratio"),
    "error_epsp": ("1", "normalised error E of the EPSP ratio"),
}
DIMENSIONS = ("condition", "sweep", "series", "cell", "cells", "paired_t", "paired_p")
"""Further names in the result of an experiment or a slice."""
TEXTS = RESULTS | {
    "frequency": ("Hz", "pairing frequency"),
    "rate": ("Hz", "mean rate of either side"),
    "delta_t": ("s", "delta_t = t_post - t_pre"),
    "delta_t_1": ("s", "delta_t of the first pair"),
    "delta_t_2": ("s", "delta_t of the second pair"),
    "gap": ("s", "time between the two pairs"),
    "holding": ("V", "holding potential during the induction"),
    "external_calcium": ("mM", "external calcium"),
}
