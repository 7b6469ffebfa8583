"""A simulated slice: the same protocol on many cells, whose baseline weights differ as those of real connections do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.values import constants, initial_values, per_input
from spikeheb.declared import described, takes_settings
from spikeheb.engines.choice import check_engine
from spikeheb.errors import ScheduleError
from spikeheb.measure.compare import mean_and_sem, paired_t_test
from spikeheb.protocols import Protocol
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Schedule
from spikeheb.studies.calls import repeatable
from spikeheb.studies.experiment.cell_free import carried_out
from spikeheb.studies.experiment.experiment import conditions_of, with_tests
from spikeheb.studies.experiment.readout import TEXTS, beside_published, counted_in, outcome, readout_note
from spikeheb.studies.experiment.session import places, session
from spikeheb.studies.labels import describe, provenance
from spikeheb.studies.population import Population, population, sharing, starts
from spikeheb.studies.progress import Progress, part, report_of, shows_progress
from spikeheb.studies.settings.slices import Slice

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

MAX_DRAWS = 1000
KEPT = (
    "epsp_before", "epsp_after", "epsp_ratio", "slope_ratio", "efficacy_before", "efficacy_end", "efficacy_ratio", "readout_before",
    "readout_end", "readout_ratio", "control_epsp_ratio", "control_efficacy_ratio", "paired_pulse_ratio_before",
    "paired_pulse_ratio_after", "inverse_cv2_before", "inverse_cv2_after",
)  # fmt: skip


@shows_progress
@repeatable
@takes_settings(Slice)
def slice_of(protocol: Protocol | str, rule: Rule | str, settings: Slice, *, progress: Progress = None, **parameters: object) -> xr.Dataset:
    """Carry out a protocol on n cells for each condition: mean, standard error over cells, paired t-test.

    Every input of every cell starts at a weight of its own, log-normal around the rule's initial weight. Draws outside the
    rule's bounds are drawn again, so that a rule whose initial weight lies near a bound gets less than the CV asked for. A
    rule that draws its initial weight itself keeps its own distribution. Random protocols are drawn anew for each cell.

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
        Over ``condition`` the means over cells of what `run` gives, such as ``epsp_ratio`` with ``epsp_ratio_sem`` (over
        cells), and of the paired t-test of before against after ``paired_t``, ``paired_p`` and ``cells``, the number of
        cells that it rests on (of EPSPs; without test pulses of the rule's readout, or of efficacies if it has none); over
        ``cell`` and ``condition`` the single values as ``cell_epsp_ratio`` and so on; published values as in `run`.

    Raises
    ------
    ScheduleError
        For fewer than two cells, a negative CV, or bounds that leave no room for draws.
    SpikehebError
        As `run`.
    """
    check_engine(settings.engine)
    if settings.cv < 0:
        raise ScheduleError(f"expected 0 or more (got {settings.cv})", key="cv")
    protocol = library.protocol(protocol, **parameters)
    rule, n = library.rule(rule), settings.n
    cell = library.cell(settings.cell)
    report = report_of(progress)
    plan = population(rule, n, settings.synapses, seed=settings.seed)
    cells_alone = []
    for k in range(n):
        given = protocol.schedule(np.random.default_rng([settings.seed, 0x5C4ED, k]))
        tested = with_tests(given, settings.test_pulses, settings.copies, settings.control, settings.paired_pulse)
        schedule = replace(tested, synapses=plan.synapses)
        circuit = replace(_session(schedule, rule, cell, plan, k, settings.cv), exact=settings.exact)
        recording = carried_out(circuit, settings.engine, progress=part(report, k, n))
        single = outcome(schedule, circuit, recording)
        cells_alone.append(single[[name for name in KEPT if name in single]])
    data = beside_published(
        _over_cells(cells_alone, "epsp" if "epsp_ratio" in cells_alone[0] else counted_in(cells_alone[0])), protocol, schedule
    )
    data.attrs = described(settings) | provenance("slice", rule, cell, recording.engine, settings.seed, schedule.dt)
    data.attrs |= conditions_of(protocol, schedule, rule) | {"cells": n, "synapses": plan.synapses, "counted": counted_in(data)}
    text = readout_note(data)
    data.attrs |= {"note": text} if text else {}
    return describe(data, TEXTS | _cell_texts(data) | SLICE_TEXTS)


def _session(schedule: Schedule, rule: Rule, cell: Cell, plan: Population, k: int, cv: float) -> Circuit:
    """The session of the k-th cell, with its own seed and weights."""
    own = int(np.random.SeedSequence([plan.seeds[0], k]).generate_state(1)[0])
    circuit = session(schedule, rule, sharing(cell, plan.synapses), own)
    known = {name: per_input(circuit, value) for name, value in constants(circuit).items()}
    _, place = places(schedule)
    weights = starts(rule, plan, np.full(circuit.synapse_count, k), place, None, known)
    if weights is None:
        limits = rule.bounds.values.get("w_min", 0.0), rule.bounds.values.get("w_max", np.inf)
        mean = initial_values(circuit)[rule.weight][:: plan.synapses]
        weights = np.repeat(drawn_weights(mean, cv, limits, np.random.default_rng([plan.seeds[0], 0x511CE, k])), plan.synapses)
    return circuit.starting_at(weights)


def drawn_weights(mean: Floats, cv: float, limits: tuple[float, float], rng: np.random.Generator) -> Floats:
    """Log-normal weights of the given means and coefficient of variation, drawn again where they are beyond the limits.

    Parameters
    ----------
    mean : array of float
        Where it is not positive, the weight stays what it is.
    cv : float
    limits : pair of float
    rng : numpy.random.Generator

    Raises
    ------
    ScheduleError
        Where the limits leave hardly any room.
    """
    spread = np.sqrt(np.log1p(cv**2))
    weights: Floats = np.array(mean, dtype=float)
    wanted = np.flatnonzero(weights > 0) if cv else np.zeros(0, dtype=np.int64)
    for _ in range(MAX_DRAWS):
        weights[wanted] = mean[wanted] * np.exp(spread * rng.standard_normal(wanted.size) - spread**2 / 2)
        wanted = wanted[(weights[wanted] < limits[0]) | (weights[wanted] > limits[1])]
        if not wanted.size:
            return weights
    raise ScheduleError(f"hardly any weight with this CV lies between {limits[0]:g} and {limits[1]:g}; give a smaller one", key="cv")


def _over_cells(cells_alone: list[xr.Dataset], tested: str) -> xr.Dataset:
    """Single values over ``cell``, and their means; ratios that no cell has are NaN."""
    import xarray as xr

    single = xr.concat(cells_alone, dim="cell")
    data = single.rename({name: f"cell_{name}" for name in single.data_vars})
    for name in single.data_vars:
        mean, sem = mean_and_sem(single[name].transpose("cell", "condition").values)
        data[name] = ("condition", mean)
        if str(name).endswith("_ratio"):
            data[f"{name}_sem"] = ("condition", sem)
    before, after = (f"{tested}_before", "epsp_after" if tested == "epsp" else f"{tested}_end")
    t, p, cells = paired_t_test(*(single[name].transpose("cell", "condition").values for name in (before, after)))
    return data.assign(paired_t=("condition", t), paired_p=("condition", p), cells=("condition", cells))


SLICE_TEXTS = {
    "epsp_ratio_sem": ("1", "standard error of the EPSP ratio over cells"),
    "slope_ratio_sem": ("1", "standard error of the slope ratio over cells"),
    "efficacy_ratio_sem": ("1", "standard error of the efficacy ratio over cells"),
    "readout_ratio_sem": ("1", "standard error of the readout ratio over cells"),
    "control_epsp_ratio_sem": ("1", "standard error over cells of the EPSP ratio of the unstimulated input"),
    "control_efficacy_ratio_sem": ("1", "standard error over cells of the efficacy ratio of the unstimulated input"),
    "paired_t": ("1", "t of the paired test of after against before"),
    "paired_p": ("1", "p of the paired t-test, two-sided"),
    "cells": ("1", "number of cells in the test"),
}


def _cell_texts(data: xr.Dataset) -> dict[str, tuple[str, str]]:
    return {f"cell_{name}": (TEXTS[name][0], f"{TEXTS[name][1]}, each cell") for name in KEPT if f"cell_{name}" in data}
