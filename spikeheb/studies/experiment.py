"""The virtual experiment: EPSP before, induction, EPSP after, beside the published outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.engines.choice import carry_out, check_engine
from spikeheb.errors import ScheduleError
from spikeheb.protocols import Protocol, with_parameters
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Schedule
from spikeheb.studies.calls import repeatable
from spikeheb.studies.labels import describe, provenance
from spikeheb.studies.readout import TEXTS, beside_published, outcome
from spikeheb.studies.replay import largest_shift
from spikeheb.studies.session import calcium_parameter, session
from spikeheb.units import TIME, quantity

if TYPE_CHECKING:
    import xarray as xr


@repeatable
def run(
    protocol: Protocol | str,
    rule: Rule | str,
    cell: Cell | str = "l5_pyramidal",
    *,
    engine: str = "auto",
    seed: int = 0,
    test_pulses: bool = True,
    copies: int | None = None,
    control: bool = False,
    paired_pulse: object = None,
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
    copies : int, optional
        How many inputs are stimulated and tested together where the protocol has one (cooperativity); the protocol's own
        number if not given.
    control : bool
        Test an unstimulated input of the same cell as well (heterosynaptic plasticity).
    paired_pulse : time, optional
        Follow each test pulse by a second one after that time, and give the ratio of the two EPSPs.
    progress : callable, optional
        Called with the fraction done.
    **parameters
        Parameters of the protocol.

    Returns
    -------
    xarray.Dataset
        Over ``condition``: EPSP amplitude and slope before and after, their ratios, the efficacy ratio one second after
        the induction, baseline drift, rejected sweeps, 1/CV^2 of the EPSPs, published ratio and SEM; over ``sweep``:
        every EPSP; over ``time``: the averaged traces. With `control` the same of the unstimulated input, with
        `paired_pulse` the paired-pulse ratio before and after.

    Raises
    ------
    SpikehebError
        For unknown names, wrong units, schedules that cannot be done, and non-finite results.
    """
    check_engine(engine)
    chosen = protocol if isinstance(protocol, Protocol) else library.protocol(protocol)
    protocol = with_parameters(chosen, parameters) if parameters else chosen
    rule = library.rule(rule)
    cell = cell if isinstance(cell, Cell) else library.cell(cell)
    given = protocol.schedule(np.random.default_rng([seed, 0x5C4ED]))
    schedule = with_tests(given, test_pulses, copies, control, paired_pulse)
    job = session(schedule, rule, cell, seed, progress)
    recording = carry_out(job, engine)
    data = beside_published(outcome(schedule, job, recording), protocol, schedule)
    data.attrs = provenance("experiment", rule, cell, recording.engine, seed, schedule.dt)
    data.attrs |= conditions_of(protocol, schedule, rule) | {"test_pulses": int(test_pulses)}
    return describe(data, TEXTS)


def with_tests(schedule: Schedule, test_pulses: bool, copies: int | None, control: bool, paired_pulse: object) -> Schedule:
    """The protocol's schedule with what the experimenter chose about inputs and test pulses.

    Raises
    ------
    ScheduleError, UnitError
    """
    if not test_pulses and paired_pulse is not None:
        raise ScheduleError("a paired-pulse ratio needs test pulses", key="paired_pulse")
    interval = None if paired_pulse is None else quantity(paired_pulse, TIME, key="paired_pulse")
    changed = replace(
        schedule,
        copies=schedule.copies if copies is None else copies,
        control=control or schedule.control,
        paired_pulse=schedule.paired_pulse if interval is None else interval,
    )
    return changed if test_pulses else changed.without_test_pulses()


def conditions_of(protocol: Protocol, schedule: Schedule, rule: Rule) -> dict[str, str | int | float]:
    """Attributes of a result: the protocol with its parameters, and under what conditions it was carried out."""
    found: dict[str, str | int | float] = {
        "protocol": protocol.name,
        "protocol_title": protocol.title,
        "protocol_hash": protocol.hash,
        "protocol_parameters": str(protocol.parameters),
        "protocol_changed": ", ".join(f"{name} = {text}" for name, text in protocol.changed.items()),
        "copies": schedule.copies,
        "control": int(schedule.control),
        "paired_pulse_s": schedule.paired_pulse or 0.0,
        "largest_shift_s": max(largest_shift((*lane.pre, lane.post), schedule.dt) for lane in schedule.lanes),
    }
    if any(lane.calcium is not None for lane in schedule.lanes):
        name = calcium_parameter(rule)
        found["external_calcium"] = f"the rule's parameter {name}" if name else "not known to the rule"
    return found
