"""Experiments on a hidden synapse: what is done to which cells, and what the log says of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from spikeheb.dimensions import NONE
from spikeheb.errors import FormatError, ScheduleError
from spikeheb.numbers import quantities
from spikeheb.studies.labels import describe
from spikeheb.studies.mystery.budget import check_affordable, cost
from spikeheb.studies.mystery.conditions import SHORTEST, Condition, Session, conditions_of
from spikeheb.studies.mystery.log import Record
from spikeheb.studies.mystery.noise import EPSP, Measured
from spikeheb.studies.mystery.synapse import Synapse
from spikeheb.studies.settings.mystery import Trial

if TYPE_CHECKING:
    import xarray as xr

STARTS_ALLOWED = (0.5, 1.5)
"""Mean initial EPSPs, relative to that of all connections, between which one may choose."""
LONGEST_PHASE = 3600.0
"""Seconds of baseline or follow-up."""


def experiment(synapse: Synapse, records: Sequence[Record], protocol: object, settings: Trial, parameters: Mapping[str, object]) -> Record:
    """The record of a further experiment on new cells.

    Parameters
    ----------
    synapse : Synapse
    records : sequence of dict
        What was done before.
    protocol, settings, parameters
        As in `spikeheb.studies.mystery.game.do`.

    Raises
    ------
    ScheduleError
    """
    conditions = conditions_of(protocol, parameters)
    if settings.condition is not None:
        if settings.condition > len(conditions):
            raise ScheduleError(f"the protocol has {len(conditions)} conditions (got {settings.condition})", key="condition")
        conditions = [conditions[settings.condition - 1]]
    _check(settings)
    sessions = [Session(each, settings.start, settings.baseline, settings.follow_up) for each in conditions]
    price = cost(sessions, settings.cells)
    left = synapse.level.cells - spent(records) - price
    check_affordable(price, left + price)
    used = sum(len(each["cells"]) for record in records if record["kind"] == "do" for each in record["results"])
    done = []
    for session in sessions:
        done.append((session, [synapse.cell(used + k, session) for k in range(settings.cells)]))
        used += settings.cells
    predicted = interval(settings.predict)
    return {
        "kind": "do", "number": len(records), "protocol": protocol, "parameters": dict(conditions[0].parameters),
        "condition": settings.condition, "cells": settings.cells, "start": settings.start, "baseline": settings.baseline,
        "follow_up": settings.follow_up, "predict": predicted, "cost": price, "left": left,
        "results": [{"condition": session.condition.label, "cells": [_pair(cell) for cell in cells]} for session, cells in done],
    }  # fmt: skip


def spent(records: Sequence[Record]) -> int:
    """Cells that the experiments of a log have cost."""
    return sum(record["cost"] for record in records if record["kind"] == "do")


def _check(settings: Trial) -> None:
    low, high = STARTS_ALLOWED
    if not low <= settings.start <= high:
        raise ScheduleError(f"expected {low:g} to {high:g} times the mean initial EPSP (got {settings.start:g})", key="start")
    for name in ("baseline", "follow_up"):
        value = getattr(settings, name)
        if not SHORTEST <= value <= LONGEST_PHASE:
            raise ScheduleError(f"expected {SHORTEST / 60:g} to {LONGEST_PHASE / 60:g} min (got {value / 60:g} min)", key=name)


def interval(given: object) -> list[float] | None:
    """A predicted interval as two numbers.

    Raises
    ------
    ScheduleError
    """
    if given is None:
        return None
    expected = 'expected two ratios from 0 to 10, such as "1.2, 1.5", the smaller one first'
    try:
        numbers = np.atleast_1d(quantities(given, NONE)).tolist()
    except (TypeError, ValueError):
        raise ScheduleError(f"{expected} (got {str(given)[:40]})", key="predict") from None
    if len(numbers) != 2 or not all(map(math.isfinite, numbers)) or not 0 <= numbers[0] <= numbers[1] <= 10:
        raise ScheduleError(f"{expected} (got {str(given)[:40]})", key="predict")
    return [float(number) for number in numbers]


def _pair(cell: Measured) -> list[float | None]:
    return [cell.before, None if cell.lost else cell.after]


def as_dataset(record: Record) -> xr.Dataset:
    """An experiment of the log as a labelled result."""
    import xarray as xr

    cells = np.array([each["cells"] for each in record["results"]], dtype=float)
    dims = ("condition", "cell")
    data = xr.Dataset(
        {
            "epsp_before": (dims, cells[..., 0] * 1e-3),
            "epsp_after": (dims, cells[..., 1] * 1e-3),
            "ratio": (dims, cells[..., 1] / cells[..., 0]),
        },
        coords={"condition": [each["condition"] for each in record["results"]]},
    )
    besides = Condition(record["protocol"], tuple(sorted(record["parameters"].items()))).besides
    data.attrs = {"study": "mystery", "protocol": record["protocol"], "besides": besides, "cost": record["cost"], "left": record["left"]}
    return describe(
        data,
        {
            "epsp_before": ("V", f"mean EPSP before the induction; {EPSP:g} mV is the mean of all connections"),
            "epsp_after": ("V", "mean EPSP after the induction; NaN where the cell was lost by drift"),
            "ratio": ("1", "EPSP after over before"),
        },
    )


def experiments_of(records: Sequence[Record]) -> list[tuple[Record, list[tuple[Session, list[Measured]]]]]:
    """The experiments of a log with their sessions and cells."""
    return [(record, _done(record)) for record in records if record["kind"] == "do"]


def _done(record: Record) -> list[tuple[Session, list[Measured]]]:
    conditions = conditions_of(record["protocol"], record["parameters"])
    if record["condition"] is not None:
        conditions = conditions[record["condition"] - 1 : record["condition"]]
    cells = [[Measured(before, math.nan if after is None else after) for before, after in each["cells"]] for each in record["results"]]
    if len(conditions) != len(cells):
        raise FormatError("has results of other conditions than the protocol has", key=f"experiment {record['number']}")
    sessions = [Session(each, record["start"], record["baseline"], record["follow_up"]) for each in conditions]
    return list(zip(sessions, cells, strict=True))
