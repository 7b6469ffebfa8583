"""How strongly the inputs of a study drive the cell: the conductance of efficacy 1, and a steady current beside the inputs.

Rules differ in where their weights start and in how far they may grow. With one conductance for all, a cell whose weights may grow tenfold
is silent at the start or fires far beyond physiology at the end. The default drive is therefore chosen for each rule: with every weight at
its start the cell fires at about 12 Hz, and with every weight at its upper bound at about 60 Hz. Where the inputs alone cannot do both, a
steady current makes up for what they lack. Without an upper bound only the start counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.carried import is_row
from spikeheb.cells import Cell
from spikeheb.dimensions import CONDUCTANCE, CURRENT, Dimension
from spikeheb.errors import ScheduleError
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import evaluate
from spikeheb.numbers import check_near, quantities
from spikeheb.rules.meaning import expand
from spikeheb.rules.rule import Rule
from spikeheb.studies.inputs import Inputs, with_si_unit
from spikeheb.studies.population import spread_evenly
from spikeheb.units import format_quantity, quantity

Floats = npt.NDArray[np.float64]

AUTO, CELL = "auto", "l5_pyramidal"
AT_BOUND = 15e3 * 1e-9
"""Rate of all inputs together times the conductance of each, in Hz S, with which ``l5_pyramidal`` fires at 60 Hz."""
AT_START = AT_BOUND / 2
"""The same for 12 Hz."""
CURRENT_OF_DRIVE = 2e-3 * 0.05
"""Amperes equivalent to a drive of 1 Hz S: an input's conductance lasts 2 ms, and its reversal is 50 mV above the threshold."""
DRAWS = 1000
"""Starting values of a rule that draws them, of which the mean is taken."""


@dataclass(frozen=True)
class Drive:
    """What drives the cell of one rule.

    Attributes
    ----------
    unit : float or None
        Conductance of efficacy 1, siemens, or current, amperes; None for the cell's own.
    current : float
        Into each cell, amperes.
    """

    unit: float | None
    current: float = 0.0


def drives(
    rules: Sequence[Rule], cell: Cell | None, inputs: Inputs, dt: float, unit: object, current: object, w0: Floats | None
) -> list[Drive]:
    """The drive of each rule: what is given, and what is chosen where the conductance is "auto".

    Raises
    ------
    UnitError, ScheduleError
    """
    given = _of_each(current, CURRENT, "current", len(rules))
    if isinstance(unit, str) and unit.strip() == AUTO:
        if cell is None or cell.name != CELL:
            name = "no cell" if cell is None else cell.name
            raise ScheduleError(f'"{AUTO}" is known for the cell {CELL} only (got {name}); give a conductance', key="unit")
        chosen = [chosen_drive(rule, inputs, dt, w0) for rule in rules]
        return [Drive(drive.unit, drive.current if amperes is None else amperes) for drive, amperes in zip(chosen, given, strict=True)]
    dimension = CONDUCTANCE if cell is None else cell.receptor(None).dimension
    units = _of_each(unit, dimension, "unit", len(rules))
    if cell is not None and unit is not None:
        check_near(unit, cell.receptor(None).unit, dimension, "unit")
    return [Drive(size, amperes or 0.0) for size, amperes in zip(units, given, strict=True)]


def drive_text(cell: Cell | None, drive: Drive) -> str:
    """The drive in words; empty without a cell."""
    if cell is None:
        return ""
    first = cell.receptor(None)
    size = first.unit if drive.unit is None else drive.unit
    text = f"efficacy 1 is {format_quantity(float(f'{size:.3g}'), first.dimension)}"
    current = format_quantity(float(f"{drive.current:.3g}"), CURRENT)
    return f"{text}, and a steady current of {current} flows into each cell" if drive.current else text


def driven(cell: Cell | None, drive: Drive) -> Cell | None:
    """The cell with that conductance or current of efficacy 1.

    Raises
    ------
    ScheduleError
    """
    return cell if cell is None or drive.unit is None else with_si_unit(cell, drive.unit)


def chosen_drive(rule: Rule, inputs: Inputs, dt: float, w0: Floats | None = None) -> Drive:
    """The drive by which the cell fires at about 12 Hz at the start, and at about 60 Hz with all weights at their upper bound.

    With a and b the efficacies at the start and at the upper bound, s and 2 s the drives that these rates need, and r the rate of all
    inputs together: ``unit = min(s/(b - a), 2*s/b)/r``, and the current stands for the drive ``s - unit*a*r`` that the start lacks.
    Without an upper bound ``unit = s/(a*r)``.
    """
    rate = sum(float(source.mean_rates(dt).sum()) for source in inputs.sources)
    if not rate > 0:
        return Drive(None)
    start, bound = efficacies(rule, w0)
    if bound is None or not bound > 0:
        return Drive(AT_START / (start if start > 0 else 1.0) / rate)
    unit = AT_BOUND / bound
    if bound > start:
        unit = min(unit, (AT_BOUND - AT_START) / (bound - start))
    lacking = AT_START - unit * start
    return Drive(unit / rate, CURRENT_OF_DRIVE * lacking if lacking > 1e-9 * AT_START else 0.0)


def efficacies(rule: Rule, w0: Floats | None = None) -> tuple[float, float | None]:
    """The mean efficacy at the start, and that of weights at their upper bound; None where there is none."""
    known: dict[str, object] = dict(rule.constants)
    start: dict[str, object] = {name: spread_evenly(tree, known, np.arange(DRAWS), DRAWS) for name, tree in rule.initial.items()}
    if w0 is not None:
        start[rule.weight] = float(w0.mean())
    tree = expand(rule.efficacy, rule)
    before = _mean(tree, known | start)
    return before, None if rule.bounds.w_max is None else _mean(tree, known | start | {rule.weight: rule.bounds.w_max})


def _mean(tree: t.Tree, values: dict[str, object]) -> float:
    return float(np.mean(np.asarray(evaluate(tree, values), dtype=float)))


def _of_each(value: object, dimension: Dimension, key: str, rules: int) -> list[float | None]:
    """SI floats, one for each rule; a single one is that of all, and None is none."""
    if value is None:
        return [None] * rules
    row = is_row(value) or (isinstance(value, str) and "," in value)
    numbers = quantities(value, dimension, key=key) if row else np.array([quantity(value, dimension, key=key)])
    if numbers.ndim != 1 or len(numbers) not in (1, rules):
        raise ScheduleError(f"expected one {key}, or one for each of the {rules} rules (got {numbers.size})", key=key)
    if not all(math.isfinite(number) for number in numbers):
        raise ScheduleError(f"expected finite numbers (got {value})", key=key)
    return [float(number) for number in np.broadcast_to(numbers, (rules,))]


def same(numbers: Sequence[float | None]) -> list[float] | float | None:
    """One number for all rules where they have the same, None where they have none, else the row."""
    first = numbers[0] if numbers else None
    return first if all(number == first for number in numbers) else [math.nan if number is None else number for number in numbers]
