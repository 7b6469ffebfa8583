"""The virtual experiment: EPSP before, induction, EPSP after, beside the published outcome."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.steps import Floats
from spikeheb.circuits.values import constants, per_input
from spikeheb.declared import described, takes_settings
from spikeheb.dimensions import TIME
from spikeheb.engines.choice import check_engine
from spikeheb.errors import ScheduleError, check_used
from spikeheb.protocols import Protocol
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Schedule
from spikeheb.studies.calls import repeatable
from spikeheb.studies.changes import Events, change_note, no_response_note, rejection_note
from spikeheb.studies.experiment.cell_free import carried_out
from spikeheb.studies.experiment.pooling import Session, pooled, session_of, weight_changes
from spikeheb.studies.experiment.readout import beside_published, check_conditions, counted_in, readout_note, texts_of
from spikeheb.studies.experiment.replay import largest_shift
from spikeheb.studies.experiment.session import calcium_parameter, places, session, settled_step, sweep_steps
from spikeheb.studies.labels import describe, provenance
from spikeheb.studies.population import Population, check_memory, population, sharing, starts
from spikeheb.studies.progress import Progress, part, report_of, shows_progress
from spikeheb.studies.settings.experiment import Experiment
from spikeheb.studies.start_weights import start_weights
from spikeheb.units import quantity

if TYPE_CHECKING:
    import xarray as xr

CELLS = 32
"""Cells of each condition where a cell's own noise acts and no number is given."""


@shows_progress
@repeatable
@takes_settings(Experiment)
def run(protocol: Protocol | str, rule: Rule | str, settings: Experiment, *, progress: Progress = None, **parameters: object) -> xr.Dataset:
    """Carry out a protocol with a rule on a cell.

    Parameters
    ----------
    protocol : Protocol or str
        A protocol, its name in the library, or the path of a script.
    rule : Rule or str
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.
    **parameters
        Parameters of the protocol.

    Returns
    -------
    xarray.Dataset
        Over ``condition``: EPSP amplitude and slope before and after, their ratios, the efficacy ratio one second after
        the induction, baseline drift, rejected sweeps, 1/CV^2 of the EPSPs, published ratio and SEM; over ``sweep``:
        every EPSP; over ``time``: the averaged traces. With `control` the same of the unstimulated input, with
        `paired_pulse` the paired-pulse ratio before and after. Of a population, ratios are means after over means before, and
        ``epsp_ratio_sem`` and ``efficacy_ratio_sem`` are standard errors over its synapses (of a protocol that draws, over seeds); a
        rule with a readout adds ``readout_ratio``, which is what its paper compares with data, and may have another direction than the
        efficacy, which has not settled yet. The attribute ``counted`` says which of the two counts; ``note`` says where their directions
        differ, where no weight changed, and why.

    Raises
    ------
    SpikehebError
        For unknown names, wrong units, schedules that cannot be carried out, and non-finite results.
    """
    check_engine(settings.engine)
    protocol = library.protocol(protocol, **parameters)
    rule = library.rule(rule)
    cell = library.cell(settings.cell)
    start = start_weights(settings.w0, rule)
    plan = population(
        rule, settings.cells, settings.synapses, settings.seeds, cell=cell, many=CELLS, seed=settings.seed,
        copies=1 if settings.copies is None else settings.copies, start=start,
    )  # fmt: skip
    names = ("test_pulses", "copies", "control", "paired_pulse", "baseline", "follow_up", "test_interval")
    tests: dict[str, Any] = {name: getattr(settings, name) for name in names}
    schedules = [with_tests(protocol.schedule(np.random.default_rng([number, 0x5C4ED])), **tests) for number in plan.seeds]
    check_memory(_bytes(schedules[0], plan), plan)
    report = report_of(progress)
    sessions, notes = [], []
    for n, schedule in enumerate(schedules):
        circuit = replace(_session(schedule, rule, cell, plan, n, start), exact=settings.exact)
        recording = carried_out(circuit, settings.engine, progress=part(report, n, len(schedules)))
        sessions.append(session_of(_of_population(schedule, plan), circuit, recording))
        notes.append(_events(schedule, circuit, recording, plan))
    differ = any(not _same_spikes(schedules[0], other) for other in schedules[1:])
    data = beside_published(pooled(sessions, plan, circuit, differ=differ), protocol, schedules[0])
    data.attrs = described(settings) | provenance("experiment", rule, cell, recording.engine, settings.seed, schedules[0].dt)
    data.attrs |= conditions_of(protocol, schedules[0], rule)
    data.attrs |= plan.attrs() | {"counted": counted_in(data)}
    if start is not None:
        data.attrs["w0"] = json.dumps(start.tolist()) if start.size > 1 else float(start[0])
    text = _note(rule, sessions, plan, notes, data)
    data.attrs |= {"note": text} if text else {}
    return describe(data, texts_of(schedules[0]))


def _bytes(schedule: Schedule, plan: Population) -> float:
    """What one seed's recording takes: every sweep of every cell, and weight and efficacy of every synapse at every pulse."""
    pulses = schedule.pulses.size + schedule.control_pulses.size
    before, after = sweep_steps(schedule)
    synapses = sum(len(lane.pre) for lane in schedule.lanes) * schedule.copies * plan.synapses
    return 8.0 * plan.cells * (len(schedule.lanes) * pulses * (before + after + 1) + 2 * synapses * (pulses + 1))


def _of_population(schedule: Schedule, plan: Population) -> Schedule:
    """The schedule with the cells of each condition side by side, and the synapses of each input."""
    return replace(schedule, lanes=tuple(lane for lane in schedule.lanes for _ in range(plan.cells)), synapses=plan.synapses)


def _session(schedule: Schedule, rule: Rule, cell: Cell, plan: Population, n: int, start: Floats | None) -> Circuit:
    """The circuit of the n-th seed."""
    whole = _of_population(schedule, plan)
    circuit = session(whole, rule, sharing(cell, plan.synapses), plan.seeds[n])
    lane, place = places(whole)
    known: dict[str, object] = {name: per_input(circuit, value) for name, value in constants(circuit).items()}
    weights = starts(rule, plan, n * plan.cells + lane % plan.cells, place, start, known)
    return circuit.starting_at(weights)


def _same_spikes(a: Schedule, b: Schedule) -> bool:
    trains = [[train for lane in schedule.lanes for train in (*lane.pre, lane.post)] for schedule in (a, b)]
    return len(trains[0]) == len(trains[1]) and all(np.array_equal(x, y) for x, y in zip(*trains, strict=True))


def _events(schedule: Schedule, circuit: Circuit, recording: Recording, plan: Population) -> Events:
    """The spikes and rewards of each condition until the end of the induction, summed over its cells."""
    end = settled_step(schedule)
    fired = np.array([int(np.searchsorted(train, end, side="right")) for train in recording.spikes]).reshape(-1, plan.cells).sum(axis=1)
    return Events(
        np.array([lane.pre[schedule.tested].size for lane in schedule.lanes]), fired,
        rewards=bool(circuit.drive.rewards), has_cell=True,
    )  # fmt: skip


def _note(rule: Rule, sessions: Sequence[Session], plan: Population, events: Sequence[Events], data: xr.Dataset) -> str:
    """Whether weights changed, and whether any sweep is left to measure."""
    total = replace(events[0], pre=sum(each.pre for each in events), post=sum(each.post for each in events))  # type: ignore[arg-type]  # arrays add up
    parts = [change_note(rule, *weight_changes(sessions, plan), total), readout_note(data)]
    if "epsp_ratio" in data:
        parts.append(rejection_note((data["rejected_sweeps"].values > 0) & np.isnan(data["epsp_ratio"].values)))
        parts.append(no_response_note(data["epsp_before"].values))
    return "; ".join(part for part in parts if part)


def with_tests(
    schedule: Schedule, test_pulses: bool, copies: int | None, control: bool, paired_pulse: object, *,
    baseline: object = None, follow_up: object = None, test_interval: object = None,
) -> Schedule:  # fmt: skip
    """The protocol's schedule with what the experimenter chose about inputs and test pulses.

    Raises
    ------
    ScheduleError, UnitError
        Among others where test pulses are off and something is said about them, or where none would fall before or after the induction.
    """
    check_conditions(schedule)
    given = {"baseline": baseline, "follow_up": follow_up, "test_interval": test_interval, "paired_pulse": paired_pulse}
    times = {name: quantity(value, TIME, key=name) for name, value in given.items() if value is not None}
    if not test_pulses:
        check_used(
            "test pulses, which are off",
            baseline=baseline, follow_up=follow_up, test_interval=test_interval, paired_pulse=paired_pulse,
        )  # fmt: skip
    changed = replace(
        schedule,
        copies=schedule.copies if copies is None else copies,
        control=control or schedule.control,
        **times,  # type: ignore[arg-type]  # these fields are times
    )
    if not test_pulses:
        return changed.without_test_pulses()
    after = changed.pulses.size - changed.pulses_before
    for name, count in (("baseline", changed.pulses_before), ("follow_up", after)):
        if times and not count:
            raise ScheduleError(
                f"is too short for a test pulse every {changed.test_interval:g} s; make it longer, or turn test pulses off", key=name
            )
    return changed


def conditions_of(protocol: Protocol, schedule: Schedule, rule: Rule) -> dict[str, str | int | float]:
    """Attributes of a result: the protocol with its parameters, and under what conditions it was carried out."""
    conditions: dict[str, str | int | float] = {
        "protocol": protocol.name,
        "protocol_title": protocol.title,
        "protocol_hash": protocol.hash,
        "protocol_parameters": str(protocol.parameters),
        "protocol_changed": ", ".join(f"{name} = {text}" for name, text in protocol.changed.items()),
        "baseline_s": schedule.baseline,
        "follow_up_s": schedule.follow_up,
        "test_interval_s": schedule.test_interval,
        "copies": schedule.copies,
        "control": int(schedule.control),
        "paired_pulse_s": schedule.paired_pulse or 0.0,
        "largest_shift_s": max(largest_shift((*lane.pre, lane.post), schedule.dt) for lane in schedule.lanes),
    }
    if any(lane.calcium is not None for lane in schedule.lanes):
        name = calcium_parameter(rule)
        conditions["external_calcium"] = f"the rule's parameter {name}" if name else "not known to the rule"
    return conditions
