"""One outcome of many cells and synapses: means over the population, and the standard errors that it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.recording import Recording
from spikeheb.measure.paired import paired_ratio
from spikeheb.rules.meaning import is_noisy
from spikeheb.schedules import Schedule
from spikeheb.studies.experiment.readout import efficacies_at_pulses, outcome, readouts, start_and_end, weights_of
from spikeheb.studies.experiment.session import inputs_under_test
from spikeheb.studies.population import Population, draws_by_cell

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Pair = tuple[Floats, Floats]

SUMMED = ("own_spikes", "rejected_sweeps")
RATIOS = {
    "efficacy_ratio": ("efficacy_before", "efficacy_end"),
    "readout_ratio": ("readout_before", "readout_end"),
    "epsp_ratio": ("epsp_before", "epsp_after"),
    "slope_ratio": ("slope_before", "slope_after"),
    "control_epsp_ratio": ("control_epsp_before", "control_epsp_after"),
}
"""Ratios that are computed from means over cells, not as means of ratios."""


@dataclass(frozen=True)
class Session:
    """One seed's session.

    Attributes
    ----------
    data : xarray.Dataset
        Over ``condition``, which holds every cell: those of one condition side by side.
    synapses : mapping of str to pair of arrays, shape (lanes, synapses)
        Before and after of every synapse under test: weight, efficacy, readout, and the efficacy at the test pulses (``epsp``).
    """

    data: xr.Dataset
    synapses: Mapping[str, Pair]


def session_of(schedule: Schedule, circuit: Circuit, recording: Recording) -> Session:
    """The outcome of a recording, cell by cell and synapse by synapse."""
    inputs = inputs_under_test(schedule)
    synapses = {
        "weight": weights_of(schedule, circuit, recording, inputs),
        "efficacy": start_and_end(schedule, circuit, recording, inputs),
    }
    counted = readouts(schedule, circuit, recording, inputs)
    if counted is not None:
        synapses["readout"] = counted
    if schedule.pulses.size:
        synapses["epsp"] = efficacies_at_pulses(schedule, circuit, recording, inputs)
    return Session(outcome(schedule, circuit, recording), synapses)


def pooled(sessions: Sequence[Session], plan: Population, circuit: Circuit, *, differ: bool) -> xr.Dataset:
    """The sessions as one result over the conditions.

    Parameters
    ----------
    sessions : sequence of Session
        One for each seed.
    plan : Population
    circuit : Circuit
        Of any of the sessions.
    differ : bool
        Whether the seeds have different spikes; then chance is counted over seeds, else over synapses where the rule draws for each of
        them, and over cells where it does not.
    """
    draws = is_noisy(circuit.rule) or draws_by_cell(circuit.rule, circuit.cell)
    by_synapse = draws and not draws_by_cell(circuit.rule, circuit.cell)
    data = sessions[0].data if plan.members == 1 else _over_cells([each.data for each in sessions], plan.cells)
    for name in ("efficacy", "readout"):
        if name in sessions[0].synapses:
            pair = _units(sessions, name, plan, differ, by_synapse)
            _, sem = paired_ratio(*pair)
            data = data.assign({f"{name}_ratio_sem": ("condition", sem)}) if pair[0].shape[1] > 1 else data
    if "epsp_ratio" in data and (plan.members > 1 or draws):
        data["epsp_ratio_sem"] = ("condition", paired_ratio(*_units(sessions, "epsp", plan, differ, by_synapse))[1])
    return data


def weight_changes(sessions: Sequence[Session], plan: Population) -> Pair:
    """Weights before and after the induction, shape (conditions, synapses of all cells and seeds)."""
    return _units(sessions, "weight", plan, False, True)


def _units(sessions: Sequence[Session], name: str, plan: Population, differ: bool, by_synapse: bool) -> Pair:
    """Before and after, shape (conditions, units): seeds, synapses or cells."""

    def arranged(which: int) -> Floats:
        values = np.stack([each.synapses[name][which] for each in sessions])
        values = values.reshape(len(sessions), -1, plan.cells, values.shape[-1])
        if differ:
            return np.asarray(values.mean(axis=(2, 3)).T)
        values = values if by_synapse else values.mean(axis=3, keepdims=True)
        return np.moveaxis(values, 1, 0).reshape(values.shape[1], -1)

    return arranged(0), arranged(1)


def _over_cells(sessions: Sequence[xr.Dataset], cells: int) -> xr.Dataset:
    """Means over the cells of all seeds, sums of counts, whether any sweep was rejected, and ratios of means."""
    first = sessions[0]
    data = first.isel(condition=slice(None, None, cells)).copy()
    members = {
        name: _members([each[name].values for each in sessions], cells) for name in first.data_vars if "condition" in first[name].dims
    }
    for name, values in members.items():
        data[name] = (first[name].dims, _reduced(str(name), values))
    for name, (before, after) in RATIOS.items():
        if name in members:
            there = np.isfinite(members[before]) & np.isfinite(members[after])
            means = [_mean(np.where(there, members[key], np.nan)) for key in (before, after)]
            with np.errstate(divide="ignore", invalid="ignore"):
                data[name] = ("condition", np.where(means[0] != 0, means[1] / means[0], np.nan))
    return data


def _members(values: Sequence[Floats], cells: int) -> Floats:
    """Shape (cells of all seeds, conditions, ...)."""
    stacked = np.stack(values)
    stacked = stacked.reshape(len(values), -1, cells, *stacked.shape[2:])
    return np.moveaxis(stacked, 2, 1).reshape(-1, stacked.shape[1], *stacked.shape[3:])


def _reduced(name: str, values: Floats) -> Floats:
    if values.dtype == bool:
        return np.asarray(values.any(axis=0))
    return np.asarray(values.sum(axis=0)) if name in SUMMED else _mean(values)


def _mean(values: Floats) -> Floats:
    """Over the first axis, what is not finite left out; NaN where nothing is."""
    there = np.isfinite(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(values.sum(axis=0, where=there) / there.sum(axis=0))
