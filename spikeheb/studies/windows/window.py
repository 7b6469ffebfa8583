"""The STDP window of a rule: the change of the weight after many equal pairs, against delta_t."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.drives import Drives
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.steps import Floats
from spikeheb.circuits.usual import given, lanes
from spikeheb.circuits.values import constants, initial_values, per_input
from spikeheb.declared import declared, described, takes_settings
from spikeheb.engines.choice import carry_out, check_engine
from spikeheb.errors import FormatError, ScheduleError
from spikeheb.expressions import tree as t
from spikeheb.measure.paired import paired_ratio
from spikeheb.rules.meaning import is_noisy
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Times, to_steps
from spikeheb.stimuli import pairings
from spikeheb.studies.calls import recorded
from spikeheb.studies.changes import Events, change_note
from spikeheb.studies.experiment.replay import largest_shift, run_length
from spikeheb.studies.labels import describe, provenance
from spikeheb.studies.population import Population, by_units, check_memory, counted, draws_by_cell, population, sharing, starts, value_of
from spikeheb.studies.progress import Progress, Report, part, report_of, shows_progress
from spikeheb.studies.settings.window import Window
from spikeheb.studies.start_weights import given_numbers, start_weights
from spikeheb.studies.windows.overlay import overlay

if TYPE_CHECKING:
    import xarray as xr

DELTA_T: Floats = np.asarray(np.arange(-60, 61, 2) * 1e-3, dtype=np.float64)
Trains = list[tuple[Times, Times]]


@shows_progress
@takes_settings(Window)
def window(rule: Rule | str | Sequence[Rule | str], settings: Window, *, progress: Progress = None) -> xr.Dataset:
    """The weight after `pairs` pairs at each delta_t, for one rule or several.

    A rule that draws random numbers is shown by the mean of many synapses, in its readout (in its efficacy where it has none); any
    other by the weight of one.

    Parameters
    ----------
    rule : Rule or str, or a sequence of these
        A rule, or its name or path.
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``delta_t``: ``w`` (final weight, mean over synapses) and ``change`` (mean after over mean before, minus 1), of a rule that
        draws also ``change_sem``. The attribute ``counted`` says what changed: weight, efficacy or readout; ``note`` says where no weight
        changed, and why. Of several rules, over ``rule`` as well (`spikeheb.studies.windows.overlay`).

    Raises
    ------
    FormatError
        Without a rule.
    ScheduleError
        For a delta_t that is not shorter than the period, and numbers of pairs, cells, synapses or seeds below 1.
    """
    check_engine(settings.engine)
    rules = [library.rule(each) for each in library.row(rule)]
    if not rules:
        raise FormatError("expected at least one rule", key="rule")
    settings = replace(
        settings,
        cell=None if settings.cell is None else library.cell(settings.cell),
        w0=None if settings.w0 is None else given_numbers(settings.w0),
    )
    windows = [_of_rule(each, settings, part(report_of(progress), n, len(rules))) for n, each in enumerate(rules)]
    data = windows[0] if len(windows) == 1 else overlay(windows)
    given = {name: getattr(settings, name) for name in declared(Window)}
    return recorded(data, "window", {"rule": rules[0] if len(rules) == 1 else rules} | given)


def _of_rule(rule: Rule, settings: Window, progress: Report | None) -> xr.Dataset:
    """The window of one rule."""
    import xarray as xr

    body, step = settings.cell, settings.dt
    values = _default_delta_t(settings.frequency) if settings.delta_t is None else np.array(settings.delta_t, dtype=float)
    if not values.size:
        raise ScheduleError("expected a row of finite times in seconds", key="delta_t")
    start = start_weights(settings.w0, rule)
    plan = population(rule, settings.cells, settings.synapses, settings.seeds, cell=body, seed=settings.seed, start=start)
    check_memory(16.0 * len(values) * plan.cells * plan.synapses * (settings.pairs + 16), plan)
    trains = [pairings(float(value), settings.pairs, settings.frequency) for value in values]
    parts = []
    for n in range(len(plan.seeds)):
        circuit = replace(_circuit(rule, body, trains, step, plan, n, start), exact=settings.exact)
        recording = carry_out(circuit, settings.engine, progress=part(progress, n, len(plan.seeds)))
        parts.append(_before_and_after(circuit, recording, len(values)))
    before, after = ({name: np.concatenate([part[k][name] for part in parts], axis=1) for name in parts[0][k]} for k in (0, 1))
    name = counted(rule)[0] if is_noisy(rule) else "weight"
    by_cell = draws_by_cell(rule, body)
    pair = [by_units(values[name], plan, by_cell) for values in (before, after)]
    ratio, sem = paired_ratio(*pair)
    data = xr.Dataset({"w": ("delta_t", after["weight"].mean(axis=1)), "change": ("delta_t", ratio - 1)}, coords={"delta_t": values})
    if (is_noisy(rule) or by_cell) and pair[0].shape[1] > 1:
        data["change_sem"] = ("delta_t", sem)
    data.attrs = described(settings) | provenance("window", rule, body, recording.engine, settings.seed, step)
    data.attrs["largest_shift_s"] = largest_shift([train for pair in trains for train in pair], step)
    data.attrs |= {"w0": float(before["weight"].mean()), "counted": name, **plan.attrs()}
    notes = [_note(rule, trains, before["weight"], after["weight"], recording, body is not None)]
    if settings.delta_t is None and values.size < DELTA_T.size:
        limit, period = f"{values[-1] * 1e3:g}", f"{1e3 / settings.frequency:g} ms at {settings.frequency:g} Hz"
        notes.append(f"delta_t goes from -{limit} to {limit} ms, because it is shorter than the period, {period}")
    data.attrs |= {"note": "; ".join(filter(None, notes))} if any(notes) else {}
    return describe(data, _texts(name))


def _default_delta_t(frequency: float) -> Floats:
    """The default values that are shorter than the period."""
    return DELTA_T if frequency <= 0 else DELTA_T[np.abs(DELTA_T) * frequency < 1 - 1e-9]


def _circuit(rule: Rule, cell: Cell | None, trains: Trains, dt: float, plan: Population, n: int, start: Floats | None) -> Circuit:
    """The circuit of the n-th seed: in each lane one delta_t on one cell; the cells of one delta_t stand side by side."""
    pre = [to_steps(train, dt, "pre") for train, _ in trains]
    post = [to_steps(train, dt, "post") for _, train in trains]
    lane = np.repeat(np.arange(len(trains) * plan.cells), plan.synapses)
    circuit = lanes(
        rule, None if cell is None else sharing(cell, plan.synapses), dt, run_length(rule, (*pre, *post), dt), lane,
        tuple(train for train in pre for _ in range(plan.cells * plan.synapses)),
        Drives(imposed=given(tuple(train for train in post for _ in range(plan.cells)))), seed=plan.seeds[n],
    )  # fmt: skip
    known: dict[str, object] = {name: per_input(circuit, value) for name, value in constants(circuit).items()}
    member, place = n * plan.cells + lane % plan.cells, np.tile(np.arange(plan.synapses), len(trains) * plan.cells)
    return circuit.starting_at(starts(rule, plan, member, place, start, known))


def _before_and_after(circuit: Circuit, recording: Recording, rows: int) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Weight, and the counted quantity of a rule that draws, at the start and at the end, shape (delta_t, synapses of all cells)."""
    known: dict[str, object] = {name: per_input(circuit, value) for name, value in constants(circuit).items()}
    trees: dict[str, t.Tree] = {"weight": t.Name(circuit.rule.weight)}
    if is_noisy(circuit.rule):
        name, tree = counted(circuit.rule)
        trees[name] = tree
    variables = initial_values(circuit), {**recording.variables, circuit.rule.weight: recording.w}
    before, after = (
        {name: value_of(tree, circuit.rule, {**known, **each}, (circuit.synapse_count,)).reshape(rows, -1) for name, tree in trees.items()}
        for each in variables
    )
    return before, after


def _note(rule: Rule, trains: Trains, before: Floats, after: Floats, recording: Recording, has_cell: bool) -> str:
    pre = np.array([train.size for train, _ in trains])
    post = np.array([len(train) for train in recording.spikes]).reshape(len(trains), -1).sum(axis=1)
    return change_note(rule, before, after, Events(pre, post, has_cell=has_cell))


def _texts(name: str) -> dict[str, tuple[str, str]]:
    return {
        "delta_t": ("s", "delta_t = t_post - t_pre"),
        "w": ("1", "weight at the end"),
        "change": ("1", f"change of the {name}, as a fraction of the initial {name}"),
        "change_sem": ("1", f"standard error of the change of the {name}, over the population"),
    }
