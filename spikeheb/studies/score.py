"""The scoreboard: rules and their parameter sets against published data sets."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.engines.choice import check_engine, side_by_side
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel.analysis import analyse
from spikeheb.errors import EngineError, FormatError
from spikeheb.measure import score as measure
from spikeheb.protocols import Protocol
from spikeheb.rules import choose
from spikeheb.rules.rule import Rule
from spikeheb.studies.calls import recorded
from spikeheb.studies.datasets import DataSet, data_sets
from spikeheb.studies.fit import can_refit, fit_gain, refit
from spikeheb.studies.labels import VERSION, describe
from spikeheb.studies.predictions import cell_of, predict
from spikeheb.studies.standing import NOT_APPLICABLE, REFITTED, against, free_parameters, standing

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

TOO_FEW = "has too few points with numbers for a fit"


@dataclass(frozen=True)
class Entry:
    """A line of the board: a rule with a set, or one that is refitted to each data set anew."""

    rule: Rule
    refitted: bool = False

    @property
    def label(self) -> str:
        """``"triplet / visual_cortex_all_min"``, ``"pair, refitted"``."""
        return f"{self.rule.name}, refitted" if self.refitted else self.rule.label


@dataclass(frozen=True)
class Square:
    """One entry on one data set: a square of the board."""

    standing: str
    reason: str
    free: float
    ratio: Floats
    chance: Floats
    left_out: Floats
    fitted: str


def score(
    rules: Sequence[Rule | str] = (),
    protocols: Sequence[Protocol | str] = (),
    *,
    cell: Cell | str | None = None,
    refits: bool = True,
    engine: str = "auto",
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Score rules against published data: efficacy at the end of induction, test pulses off.

    Parameters
    ----------
    rules : sequence of Rule or str
        All of the library if empty. A rule with no set chosen stands for each of its sets.
    protocols : sequence of Protocol or str
        All of the library with published data if empty.
    cell : Cell or str, optional
        By default each rule's own (`cell_of`).
    refits : bool
        Also fit the rules that name what is free to each data set, leaving each point out in turn.
    engine, seed, progress
        As in `run`.

    Returns
    -------
    xarray.Dataset
        Over ``entry`` and ``data_set``: ``deviance``, ``error`` (E), ``skill``, points ``met`` within two errors, ``signs_right``,
        ``standing`` and ``reason``, ``free_parameters``, ``aic``, ``rank`` with its interval, and what each point's prediction
        from the others gives (``deviance_left_out``, ``error_left_out``); over ``data_set`` the number of ``points``, of known
        ``signs``, and the noise ceiling (``ceiling_error``, ``ceiling_deviance``); over ``entry`` and ``point`` the outcomes.

    Raises
    ------
    SpikehebError
        For unknown names and what cannot be computed.
    """
    check_engine(engine)
    chosen = [library.rule(rule) for rule in rules or library.names("rule")]
    scripts = [library.protocol(one) if isinstance(one, str | Path) else one for one in protocols or library.names("protocol")]
    entries = _entries(chosen, refits)
    data = _data(scripts)
    body = library.cell(cell) if isinstance(cell, str) else cell
    longest_first = sorted(entries, key=lambda entry: not entry.refitted)
    works = [functools.partial(_line, entry, data, body, engine, seed) for entry in longest_first]
    lines = side_by_side(works, progress, alone=not all(_for_kernel(entry.rule, body, engine) for entry in entries))
    table = dict(zip(map(id, longest_first), lines, strict=True))
    board = _board(entries, data, [table[id(entry)] for entry in entries], engine, seed)
    call = {"rules": chosen, "protocols": scripts, "cell": body, "refits": refits, "engine": engine, "seed": seed}
    return recorded(board, "score", call)


def _for_kernel(rule: Rule, cell: Cell | None, engine: str) -> bool:
    """Whether the kernel will carry all of it out."""
    if engine.startswith("brian") or compiler() is None:
        return False
    try:
        analyse(rule, cell or cell_of(rule), 1e-4)
    except EngineError:
        return engine == "kernel"
    return True


def _entries(rules: Sequence[Rule], refits: bool) -> list[Entry]:
    found: list[Entry] = []
    for rule in rules:
        sets = [choose(rule, set=name) for name in rule.sets] if rule.set is None and not rule.changed else []
        found += [Entry(one) for one in sets or [rule]]
    if refits:
        named = {rule.name: rule for rule in rules if rule.refit}
        found += [Entry(rule, refitted=True) for rule in named.values()]
    return found


def _data(protocols: Sequence[Protocol]) -> list[DataSet]:
    found = [data for protocol in protocols for data in data_sets(protocol)]
    if not found:
        raise FormatError("has no published data to score against", path=", ".join(protocol.name for protocol in protocols))
    return found


def _line(entry: Entry, data: Sequence[DataSet], cell: Cell | None, engine: str, seed: int) -> list[Square]:
    """One entry on every data set."""
    if entry.refitted:
        return [_refitted(entry.rule, one, engine, seed) for one in data]
    reasons = {one.label: against(entry.rule, one) for one in data}
    found: dict[str, Square] = {one.label: _nothing(one, reasons[one.label]) for one in data if reasons[one.label]}
    applicable = [one for one in data if one.label not in found]
    for protocol in {one.protocol.hash: one.protocol for one in applicable}.values():
        together = [one for one in applicable if one.protocol.hash == protocol.hash]
        lanes = np.unique(np.concatenate([one.lanes for one in together]))
        outcome = predict(protocol, entry.rule, cell or cell_of(entry.rule), lanes, engine=engine, seed=seed)
        for one in together:
            place = np.searchsorted(lanes, one.lanes)
            found[one.label] = _predicted(entry.rule, one, outcome.ratio[place], outcome.chance[place])
    return [found[one.label] for one in data]


def _nothing(data: DataSet, reason: str) -> Square:
    missing = np.full(data.lanes.size, np.nan)
    return Square(NOT_APPLICABLE, reason, np.nan, missing, missing, missing, "")


def _predicted(rule: Rule, data: DataSet, ratio: Floats, chance: Floats) -> Square:
    gain = fit_gain(ratio, data.points)
    left_out, text = (np.full(ratio.size, np.nan), "") if gain is None else (gain.left_out, f"gain = {gain.values['gain']:.3g}")
    return Square(standing(rule, data), "", free_parameters(rule, data), ratio, chance, left_out, text)


def _refitted(rule: Rule, data: DataSet, engine: str, seed: int) -> Square:
    reason = against(rule, data) or ("" if can_refit(rule, data) else TOO_FEW)
    if reason:
        return _nothing(data, reason)
    fit = refit(rule, data, engine=engine, seed=seed)
    text = ", ".join(f"{name} = {value:.3g}" for name, value in fit.values.items())
    return Square(REFITTED, "", float(len(rule.refit)), fit.ratio, np.zeros(fit.ratio.size), fit.left_out, text)


# --- the result ----------------------------------------------------------------------------------------------------------


def _board(entries: Sequence[Entry], data: Sequence[DataSet], table: Sequence[Sequence[Square]], engine: str, seed: int) -> xr.Dataset:
    import xarray as xr

    columns = [_column(one, [line[n] for line in table], seed) for n, one in enumerate(data)]
    found = {name: (("entry", "data_set"), np.array([column[name] for column in columns]).T) for name in columns[0]}
    of_data = {name: ("data_set", np.array(values)) for name, values in _of_data(data, seed).items()}
    outcomes = {
        "ratio": (("entry", "point"), np.array([np.concatenate([square.ratio for square in line]) for line in table])),
        "chance": (("entry", "point"), np.array([np.concatenate([square.chance for square in line]) for line in table])),
        "ratio_left_out": (("entry", "point"), np.array([np.concatenate([square.left_out for square in line]) for line in table])),
        "published_ratio": ("point", np.concatenate([one.points.ratio for one in data])),
        "published_error": ("point", np.concatenate([one.points.error for one in data])),
    }
    board = xr.Dataset({**found, **of_data, **outcomes}).assign_coords(
        entry=[entry.label for entry in entries],
        data_set=[one.label for one in data],
        rule_hash=("entry", [entry.rule.hash for entry in entries]),
        data_set_of_point=("point", np.repeat([one.label for one in data], [one.lanes.size for one in data])),
        condition=("point", [label for one in data for label in one.labels]),
        tissue=("data_set", [one.protocol.tissue for one in data]),
        protocol_hash=("data_set", [one.protocol.hash for one in data]),
    )
    board.attrs = {"study": "score", "spikeheb": VERSION, "engine": engine, "seed": seed}
    return describe(board, TEXTS)


def _column(data: DataSet, squares: Sequence[Square], seed: int) -> dict[str, list[float] | list[str] | Floats]:
    """All that is known about each entry on one data set."""
    points = data.points
    free = np.array([square.free for square in squares])
    deviance = np.array([measure.deviance(square.ratio, points) for square in squares])
    places = measure.ranks([square.ratio for square in squares], free, points, np.random.default_rng([seed, 0xB00]))
    usable = np.array([square.standing != NOT_APPLICABLE for square in squares])
    signs = np.array([float(measure.signs_right(square.ratio, points)[0]) for square in squares])
    met = np.array([float(measure.met(square.ratio, points)) for square in squares])
    return {
        "standing": [square.standing for square in squares],
        "reason": [square.reason for square in squares],
        "fitted": [square.fitted for square in squares],
        "free_parameters": free,
        "deviance": deviance,
        "aic": deviance + 2 * free,
        "error": [measure.error(square.ratio, points) for square in squares],
        "skill": [measure.skill(square.ratio, points) for square in squares],
        "met": np.where(usable & points.numbers.any(), met, np.nan),
        "signs_right": np.where(usable, signs, np.nan),
        "deviance_left_out": [measure.deviance(square.left_out, points) for square in squares],
        "error_left_out": [measure.error(square.left_out, points) for square in squares],
        "rank": places.rank,
        "rank_low": places.low,
        "rank_high": places.high,
    }


def _of_data(data: Sequence[DataSet], seed: int) -> dict[str, list[float]]:
    ceilings = [measure.noise_ceiling(one.points, np.random.default_rng([seed, 0xCE1])) for one in data]
    nothing = [np.ones(one.lanes.size) for one in data]
    return {
        "points": [float(one.points.numbers.sum()) for one in data],
        "signs": [float(np.isfinite(one.points.sign).sum()) for one in data],
        "error_no_change": [measure.error(ones, one.points) for ones, one in zip(nothing, data, strict=True)],
        "ceiling_error": [ceiling[0] for ceiling in ceilings],
        "ceiling_deviance": [ceiling[1] for ceiling in ceilings],
    }


TEXTS = {
    "standing": ("1", "how the set stands to the data"),
    "reason": ("1", "why the rule says nothing about the data"),
    "fitted": ("1", "what was fitted here, with one gain or the rule's free parameters"),
    "free_parameters": ("1", "parameters that were fitted to these data"),
    "deviance": ("1", "deviance D"),
    "aic": ("1", "D + 2 x free parameters"),
    "error": ("1", "normalised error E, standard errors alone"),
    "skill": ("1", "1 - E/E of no change"),
    "met": ("1", "points within two errors"),
    "signs_right": ("1", "directions that are right"),
    "deviance_left_out": ("1", "deviance of each point as predicted from the others"),
    "error_left_out": ("1", "E of each point as predicted from the others"),
    "rank": ("1", "place by AIC; ties share it"),
    "rank_low": ("1", "5th percentile of the place over the data's errors"),
    "rank_high": ("1", "95th percentile of the place over the data's errors"),
    "points": ("1", "points with numbers"),
    "signs": ("1", "known directions"),
    "error_no_change": ("1", "E of a model that never changes"),
    "ceiling_error": ("1", "median E of the true rule, given the number of squares"),
    "ceiling_deviance": ("1", "median D of the true rule, given the number of squares"),
    "ratio": ("1", "efficacy at the end of induction / initial efficacy"),
    "chance": ("1", "standard error of the ratio over synapses or sessions"),
    "ratio_left_out": ("1", "the ratio as predicted from the other points"),
    "published_ratio": ("1", "published after / before"),
    "published_error": ("1", "published SEM and digitisation error combined"),
}
