"""Weight distributions: several rules under the same input spikes, until their weights settle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.declared import declared, described, takes_settings
from spikeheb.errors import EngineError, ScheduleError, check_kind, check_used
from spikeheb.rules.rule import Rule
from spikeheb.studies.calls import recorded
from spikeheb.studies.distributions.drive import AUTO, CELL, Drive, drives, same
from spikeheb.studies.distributions.plan import Plan, memory_bytes, poisson_of_cells, start, stretch
from spikeheb.studies.distributions.result import labelled
from spikeheb.studies.distributions.runs import run_all
from spikeheb.studies.inputs import as_inputs
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.seeds import chosen_seeds
from spikeheb.studies.settings.weights import FanIn, Weights
from spikeheb.studies.start_weights import start_weights

if TYPE_CHECKING:
    import xarray as xr

ENGINES = ("auto", "kernel", "plain", "brian")
LARGEST_EPSP = 0.1
"""Volts: beyond what any synapse could give."""


@shows_progress
@takes_settings(Weights)
def weights(rule: Rule | str | Sequence[Rule | str], settings: Weights, *, progress: Progress = None) -> xr.Dataset:
    """Let weights settle under the same input spikes for every rule.

    A run is stopped when a cell fires faster than 300 Hz; the result then has what was computed so far, and a note.

    Parameters
    ----------
    rule : Rule or str, or a sequence of these
        With their sets and bounds chosen.
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

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
    chosen = [library.rule(each) for each in library.row(rule)]
    cell, unit = settings.cell, settings.unit
    if cell == AUTO and unit is None and settings.imposed is None:
        unit = AUTO
    cell = None if cell is None else named_cell(cell, settings.imposed)
    if cell is None:
        check_used("a cell", unit=unit, current=settings.current)
    _check_epsp(settings.epsp)
    asked = FanIn() if settings.inputs is None else settings.inputs
    settings = replace(
        settings, cell=cell, inputs=as_inputs(asked),
        seeds=list(chosen_seeds(settings.seeds, settings.seed)), seed=0, name=_names(chosen, settings.name),
    )  # fmt: skip
    starts = [start_weights(settings.w0, each, settings.inputs.count, "inputs") for each in chosen]
    settings = replace(settings, w0=starts[0] if starts else None)
    each = drives(chosen, cell, settings.inputs, settings.dt, unit, settings.current, settings.w0)
    if cell is not None:
        settings = replace(settings, unit=same([drive.unit for drive in each]), current=same([drive.current for drive in each]))
    plan = _plan(chosen, settings, each)
    plan.check(memory_bytes(settings.memory))
    data = labelled(plan, run_all(plan, settings.engine, report_of(progress)), settings.name)
    settings = replace(settings, inputs=asked if isinstance(asked, FanIn) else settings.inputs)
    data.attrs = described(settings) | data.attrs | {"seed": settings.seeds[0]}
    return recorded(data, "weights", {"rule": chosen} | {name: getattr(settings, name) for name in declared(Weights) if name != "memory"})


def named_cell(name: Cell | str, imposed: object) -> Cell | None:
    """The cell of that name; for "auto" the default one, or none where spikes are imposed."""
    if name != AUTO:
        return library.cell(name)
    return library.cell(CELL) if imposed is None else None


def _check_epsp(volts: float | None) -> None:
    if volts is not None and not 0 < volts < LARGEST_EPSP:
        raise ScheduleError(f"expected an EPSP above 0 and below {LARGEST_EPSP * 1e3:g} mV (got {volts * 1e3:g} mV)", key="epsp")


def _names(rules: Sequence[Rule], names: Sequence[str] | str | None) -> list[str]:
    """The given names or the labels; equal labels of different rules are numbered."""
    chosen = library.row(names) if names is not None else [rule.label for rule in rules]
    if len(chosen) != len(rules):
        raise ScheduleError(f"expected a name for each of the {len(rules)} rules (got {len(chosen)})", key="name")
    for name in chosen:
        check_kind(name, str, "text for each rule", key="name")
    if not all(name.strip() for name in chosen):
        raise ScheduleError("expected names that can be read (got an empty one)", key="name")
    return [f"{name} #{chosen[:n].count(name) + 1}" if chosen.count(name) > 1 else name for n, name in enumerate(chosen)]


def _plan(rules: list[Rule], settings: Weights, each: list[Drive]) -> Plan:
    duration, dt, inputs, cells, imposed = settings.duration, settings.dt, settings.inputs, settings.cells, settings.imposed
    if not rules:
        raise ScheduleError("expected at least one rule", key="rule")
    if settings.engine not in ENGINES:
        raise EngineError(f'expected one of {", ".join(ENGINES)} (got "{settings.engine}")', key="engine")
    if settings.cell is None and imposed is None:
        raise ScheduleError("without a cell its spikes must be imposed; give a rate", key="imposed")
    if settings.cell is None and inputs.unplastic is not None:
        raise EngineError("inhibitory inputs need a cell", key="cell")
    if not 0 < dt <= duration:
        raise ScheduleError(f"expected a duration of one time step or more (got {duration:g} s)", key="duration")
    if settings.normalise is None:
        check_used("a kind of normalisation (normalise)", normalise_every=settings.normalise_every)
    factors = stretch(rules) if settings.match_rates else [1.0] * len(rules)
    if len(rules) == 1:
        check_used("a second rule", match_rates=settings.match_rates or None)
    bounded = all(rule.bounds.w_max is not None and rule.bounds.w_max > 0 for rule in rules)
    initial = None if settings.w0 is None else np.broadcast_to(settings.w0, (inputs.count,))
    return Plan(
        rules=tuple(rules), body=settings.cell, inputs=inputs,
        steps=tuple(max(1, round(factor * duration / dt)) for factor in factors),
        seeds=tuple(settings.seeds), cells=cells, imposed=() if imposed is None else poisson_of_cells(imposed, cells), dt=dt,
        scales=tuple(float(rule.bounds.w_max or 1.0) if bounded else start(rule, initial) for rule in rules),
        unit_name="w/w_max" if bounded else "w/w0", snapshots=settings.snapshots, watch=settings.watch,
        normalise=None if settings.normalise is None else (settings.normalise, settings.normalise_every or 0.0),
        initial=initial, drives=tuple(each),
    )  # fmt: skip
