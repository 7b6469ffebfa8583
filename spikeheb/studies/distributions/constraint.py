"""The constraint theorem on a spiking cell: normalised weights against probabilities of promotion (Chu & Le Nguyen 2020).

A cell hears Poisson inputs of different rates; after every event its weights are divided by their sum. A pair rule without
depression is Hebbian: each weight should come to its share of all promotions. With depression it should come to its share of
promotion minus demotion. Both shares are counted in runs with other seeds than those of the weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Normalise
from spikeheb.circuits.sources import Poisson
from spikeheb.circuits.usual import fan_in
from spikeheb.declared import declared, described, takes_settings
from spikeheb.engines.choice import on_its_way, side_by_side
from spikeheb.errors import ScheduleError
from spikeheb.measure.compare import mean_and_sem
from spikeheb.rules import choose
from spikeheb.rules.promotion import logged
from spikeheb.rules.rule import Rule
from spikeheb.studies.calls import recorded
from spikeheb.studies.inputs import with_unit
from spikeheb.studies.labels import VERSION, describe
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.settings.constraint import Constraint
from spikeheb.theory.constraint import prediction
from spikeheb.units import quantity

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

DT = 1e-4
KINDS = ("hebbian", "stdp")
SAMPLES = 400
"""Times over the second half at which weights are read."""
RATES = tuple(np.linspace(5.0, 40.0, 20))


@shows_progress
@takes_settings(Constraint)
def constraint(settings: Constraint, *, progress: Progress = None) -> xr.Dataset:
    """Compare normalised weights of a pair rule with what counted promotions predict.

    A cell gets Poisson inputs of different rates, and after every event its weights are divided by their sum. An increase of a weight by
    a pair of spikes is a promotion, a decrease a demotion.

    Parameters
    ----------
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``kind`` (Hebbian, STDP), ``learning_rate`` and ``input``: time-averaged ``weight`` and ``predicted`` share of
        promotions (minus demotions), each with its standard error over seeds; ``bias``, the mean absolute difference.

    Raises
    ------
    SpikehebError
        Among others for fewer than one seed, and rows of rates that are empty.
    """
    import xarray as xr

    seeds, shares = settings.seeds, np.array(settings.learning_rates)
    rates = np.array(RATES if settings.input_rates is None else settings.input_rates)
    for key, row in (("learning_rates", shares), ("input_rates", rates)):
        if not row.size:
            raise ScheduleError("expected a row of one or more finite numbers", key=key)
    if not np.all(shares > 0):
        raise ScheduleError(f"expected an LTP above 0 (got {shares.min():g})", key="learning_rates")
    cell = library.cell(settings.cell)
    body = with_unit(cell, settings.unit)
    settings = replace(settings, cell=cell, unit=quantity(settings.unit, cell.receptor(None).dimension, key="unit"))
    works = [
        _work(body, kind, float(rate), settings.duration * np.sqrt(shares.max() / rate), rates, seed)
        for kind in KINDS
        for rate in shares
        for seed in range(2 * seeds)
    ]
    runs_of_all = np.array(side_by_side(works, report_of(progress))).reshape(len(KINDS), shares.size, 2, seeds, 3, rates.size)
    weight, weight_sem = mean_and_sem(np.moveaxis(runs_of_all[:, :, 0, :, 0], 2, 0))
    predictions = np.array([[[prediction(run[1], run[2]) for run in runs] for runs in row] for row in runs_of_all[:, :, 1]])
    predicted, predicted_sem = mean_and_sem(np.moveaxis(predictions, 2, 0))
    along = ("kind", "learning_rate", "input")
    data = xr.Dataset(
        {
            "weight": (along, weight),
            "weight_sem": (along, weight_sem),
            "predicted": (along, predicted),
            "predicted_sem": (along, predicted_sem),
            "bias": (along[:2], np.abs(weight - predicted).mean(axis=-1)),
        },
        coords={"kind": list(KINDS), "learning_rate": shares, "input_rate": ("input", rates)},
    )
    data.attrs = described(settings) | {"study": "constraint", "spikeheb": VERSION, "cell": cell.name}
    return recorded(describe(data, TEXTS), "constraint", {name: getattr(settings, name) for name in declared(Constraint)})


def rule_of(kind: str, rate: float) -> Rule:
    """A pair rule whose promotions are logged: without depression, or with half as much of it as of potentiation."""
    depression = 0.0 if kind == "hebbian" else 0.5 * rate
    parameters = {"A_plus": rate, "A_minus": depression, "tau_plus": "20 ms", "tau_minus": "20 ms"}
    return logged(choose(library.rule("pair"), parameters=parameters, bounds={"kind": "hard", "w_min": 0, "w_max": 1}))


def _work(cell: Cell | None, kind: str, rate: float, lasts: float, input_rates: Floats, seed: int) -> Callable[[], Floats]:
    return lambda: _run(cell, kind, rate, lasts, input_rates, seed)


def _run(cell: Cell | None, kind: str, rate: float, lasts: float, input_rates: Floats, seed: int) -> Floats:
    """Time-averaged weights, promotions and demotions over the second half, shape (3, inputs)."""
    steps = round(lasts / DT)
    count = len(input_rates)
    probes = Probes(snapshots=np.unique(np.linspace(steps // 2, steps - 1, SAMPLES).astype(np.int64)))
    circuit = fan_in(
        rule_of(kind, rate), cell, DT, steps, 1, (Poisson(np.asarray(input_rates, dtype=float)),), probes=probes,
        initial={"w": 1.0 / count}, normalise=Normalise("divisive", 1.0), seed=seed,
    )  # fmt: skip
    with on_its_way(circuit, 1) as started:
        started.advance(steps // 2)
        half = started.variables()
        whole = started.to_end()
        end = started.variables()
    logs = [np.broadcast_to(end[name] - half[name], (1, count))[0] for name in ("promoted", "demoted")]
    return np.array([whole.snapshots.mean(axis=(0, 1)), *logs])


TEXTS = {
    "weight": ("1", "time-averaged weight, as a share of the sum"),
    "weight_sem": ("1", "its standard error over seeds"),
    "predicted": ("1", "share of promotions (minus demotions) in other runs"),
    "predicted_sem": ("1", "its standard error over seeds"),
    "bias": ("1", "mean absolute difference of weight and prediction"),
    "learning_rate": ("1", "LTP of a pair as a share of the sum"),
    "input_rate": ("Hz", "rate of the input"),
}
