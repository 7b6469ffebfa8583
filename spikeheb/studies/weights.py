"""Weight distributions: several rules under the same input spikes, until their weights settle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.circuits.sources import Source
from spikeheb.dimensions import FREQUENCY, TIME, VOLTAGE
from spikeheb.errors import EngineError, ScheduleError, check_used
from spikeheb.limits import whole
from spikeheb.rules.rule import Rule
from spikeheb.studies.calls import recorded
from spikeheb.studies.drive import AUTO, CELL, Drive, drives, same
from spikeheb.studies.inputs import Inputs, as_inputs, fan_in_inputs
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.seeds import chosen_seeds
from spikeheb.studies.start_weights import Start, start_weights
from spikeheb.studies.weights_plan import Plan, memory_bytes, poisson_of_cells, start, stretch
from spikeheb.studies.weights_result import labelled
from spikeheb.studies.weights_runs import carry_out
from spikeheb.units import quantity

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

SNAPSHOTS = 40
WATCH = 1000
MEMORY = "2 GB"
ENGINES = ("auto", "kernel", "plain", "brian")
LARGEST_EPSP = 0.1
"""Volts: beyond what any synapse could give."""


@shows_progress
def weights(
    rules: Sequence[Rule | str] | Rule | str,
    cell: Cell | str | None = "auto",
    inputs: Inputs | Source | None = None,
    duration: object = "100 s",
    seeds: Sequence[int] | int = 2,
    *,
    seed: int = 0,
    cells: int = 1,
    imposed: object = None,
    dt: object = "0.1 ms",
    unit: object = None,
    current: object = None,
    w0: Start | None = None,
    match_rates: bool = False,
    normalise: str | None = None,
    normalise_every: object = None,
    snapshots: int = SNAPSHOTS,
    watch: int = WATCH,
    epsp: object = None,
    memory: object = MEMORY,
    engine: str = "auto",
    names: Sequence[str] | None = None,
    progress: Progress = None,
) -> xr.Dataset:
    """Let weights settle under the same input spikes for every rule.

    A cell that fires faster than 300 Hz has run away: its run is stopped there, and what was computed is kept with a note.

    Parameters
    ----------
    rules : sequence of Rule or str, or one of them
        With their sets and bounds chosen.
    cell : Cell, str or None
        None for postsynaptic spikes that are imposed, at the rate `imposed`. "auto" is none where these are given, else "l5_pyramidal" with
        the conductance "auto".
    inputs : Inputs or one source of trains, optional
        By default those of `fan_in_inputs`: 1000 Poisson inputs at 15 Hz.
    duration : time
    seeds : sequence of int, or int
        Seeds, or how many.
    seed : int
        The first of them, where `seeds` says how many.
    cells : int
        Cells that get the inputs.
    imposed : frequency, optional
        Rate of imposed Poisson spikes of each cell, independent of the inputs.
    dt : time
    unit : conductance, one for each rule, or "auto"; optional
        Of efficacy 1; by default that of the cell's file, which is too strong for many inputs. "auto", the default with the cell "auto", is
        chosen for each rule so that the cell fires at about 12 Hz with every weight at its start and at about 60 Hz with every weight at
        its upper bound; it stands in the result.
    current : amperes, or one for each rule; optional
        Constant, into each cell; by default none, and with "auto" what the inputs lack for these 12 Hz.
    w0 : float, array of shape (inputs,), or file of numbers, optional
        Initial weight of the inputs of each cell, in the rule's own unit; a file is ``.npy`` or a ``.csv`` with the column ``weight``.
        The rule's own where absent.
    match_rates : bool
        Stretch each rule's duration so that all have learned as much as the first: by the inverse of its largest change in one event.
    normalise : {"divisive", "subtractive"}, optional
        Each cell's weights keep the sum that they start with.
    normalise_every : time, optional
        Normalise at these times; after every event if not given.
    snapshots : int
        Times at which all weights are counted and some kept, from the start to the end.
    watch : int
        Synapses of the first cell, evenly spread, whose weight is kept at every snapshot.
    epsp : voltage, optional
        The EPSP that a weight of 1 in the common unit stands for: the measured distribution is then drawn beside the histograms.
    memory : text or float
        That may be taken, such as "2 GB", or bytes; more is refused before the run.
    engine : {"auto", "kernel", "plain", "brian"}
    names : sequence of str, optional
        What the rules are called in the result; by default their labels.
    progress : callable, optional

    Returns
    -------
    xarray.Dataset
        Over ``rule``, ``seed``, ``cell`` and ``input`` the weights in the rule's common unit (``weight``: w/w_max where every rule has
        an upper limit, else w/w0), over ``time`` the kept subset (``snapshot``, NaN after a run was stopped) and the histograms
        (``histogram`` over ``bin``), the ``rate`` of the cells; the shape of each distribution, whether it has settled (``settled``: yes,
        no or cannot tell, and ``why``), a ``note`` where the rate is beyond physiology; over ``rule`` what was run by which engine.

    Raises
    ------
    SpikehebError
        Among others where the estimated memory is beyond `memory`.
    """
    chosen = [library.rule(rule) for rule in ([rules] if isinstance(rules, Rule | str) else rules)]
    if cell == AUTO and unit is None and imposed is None:
        unit = AUTO
    if isinstance(cell, str):
        cell = named_cell(cell, imposed)
    if cell is None:
        check_used("a cell", unit=unit, current=current)
    call: dict[str, Any] = {
        "rules": chosen, "cell": cell,
        "inputs": fan_in_inputs() if inputs is None else as_inputs(inputs), "duration": quantity(duration, TIME, key="duration"),
        "seeds": list(chosen_seeds(seeds, seed)), "cells": whole(cells, "cells", 1), "imposed": _given(imposed, FREQUENCY, "imposed"),
        "dt": quantity(dt, TIME, key="dt"), "w0": None,
        "match_rates": bool(match_rates),
        "normalise": normalise, "normalise_every": _given(normalise_every, TIME, "normalise_every"),
        "snapshots": whole(snapshots, "snapshots", 1), "watch": whole(watch, "watch", 1), "epsp": _epsp(epsp),
        "engine": engine, "names": _names(chosen, names),
    }  # fmt: skip
    starts = [start_weights(w0, rule, call["inputs"].count, "inputs") for rule in chosen]
    call["w0"] = starts[0] if starts else None
    each = drives(chosen, cell, call["inputs"], call["dt"], unit, current, call["w0"])
    call |= {"unit": same([drive.unit for drive in each]), "current": same([drive.current for drive in each])}
    plan = _plan(**{name: value for name, value in call.items() if name not in ("epsp", "names", "unit", "current")}, each=each)
    plan.check(memory_bytes(memory))
    data = labelled(plan, carry_out(plan, engine, report_of(progress)), call["names"])
    if epsp is not None:
        data.attrs["epsp_V"] = call["epsp"]
    return recorded(data, "weights", call)


def named_cell(name: str, imposed: object) -> Cell | None:
    """The cell of that name; for "auto" the default one, or none where spikes are imposed."""
    if name != AUTO:
        return library.cell(name)
    return library.cell(CELL) if imposed is None else None


def _epsp(value: object) -> float | None:
    volts = _given(value, VOLTAGE, "epsp")
    if volts is not None and not 0 < volts < LARGEST_EPSP:
        raise ScheduleError(f"expected an EPSP above 0 and below {LARGEST_EPSP * 1e3:g} mV (got {volts * 1e3:g} mV)", key="epsp")
    return volts


def _given(value: object, dimension: object, key: str) -> float | None:
    return None if value is None else quantity(value, dimension, key=key)  # type: ignore[arg-type]  # one of the units


def _names(rules: Sequence[Rule], names: Sequence[str] | None) -> list[str]:
    """The given names or the labels; equal labels of different rules are numbered."""
    chosen = list(names) if names is not None else [rule.label for rule in rules]
    if len(chosen) != len(rules):
        raise ScheduleError(f"expected a name for each of the {len(rules)} rules (got {len(chosen)})", key="names")
    if not all(str(name).strip() for name in chosen):
        raise ScheduleError("expected names that can be read (got an empty one)", key="names")
    return [f"{name} #{chosen[:n].count(name) + 1}" if chosen.count(name) > 1 else name for n, name in enumerate(chosen)]


def _plan(
    rules: list[Rule], cell: Cell | None, inputs: Inputs, duration: float, seeds: list[int], cells: int, imposed: float | None, dt: float,
    w0: Floats | None, match_rates: bool,
    normalise: str | None, normalise_every: float | None, snapshots: int, watch: int, engine: str, each: list[Drive],
) -> Plan:  # fmt: skip
    if not rules:
        raise ScheduleError("expected one rule or more", key="rules")
    if engine not in ENGINES:
        raise EngineError(f'expected one of {", ".join(ENGINES)} (got "{engine}")', key="engine")
    if cell is None and imposed is None:
        raise ScheduleError("without a cell its spikes must be imposed; give a rate", key="imposed")
    if not 0 < dt <= duration:
        raise ScheduleError(f"expected a duration of one time step or more (got {duration:g} s)", key="duration")
    if normalise is None:
        check_used("a kind of normalisation (normalise)", normalise_every=normalise_every)
    factors = stretch(rules) if match_rates else [1.0] * len(rules)
    if len(rules) == 1:
        check_used("a second rule", match_rates=match_rates or None)
    bounded = all(rule.bounds.w_max is not None and rule.bounds.w_max > 0 for rule in rules)
    initial = None if w0 is None else np.broadcast_to(w0, (inputs.count,))
    return Plan(
        rules=tuple(rules), body=cell, inputs=inputs,
        steps=tuple(max(1, round(factor * duration / dt)) for factor in factors),
        seeds=tuple(seeds), cells=cells, imposed=() if imposed is None else poisson_of_cells(imposed, cells), dt=dt,
        scales=tuple(float(rule.bounds.w_max or 1.0) if bounded else start(rule, initial) for rule in rules),
        unit_name="w/w_max" if bounded else "w/w0", snapshots=snapshots, watch=watch,
        normalise=None if normalise is None else (normalise, normalise_every or 0.0),
        initial=initial, drives=tuple(each),
    )  # fmt: skip
