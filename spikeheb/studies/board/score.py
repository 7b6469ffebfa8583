"""The scoreboard: rules and their parameter sets against published data sets."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.declared import declared, described, takes_settings
from spikeheb.engines.choice import check_engine, shares_processors, side_by_side
from spikeheb.errors import FormatError, check_kind
from spikeheb.measure import score as measure
from spikeheb.protocols import Protocol
from spikeheb.rules.meaning import is_noisy
from spikeheb.rules.rule import Rule
from spikeheb.studies.board.entries import Entry, Square, entries_of, line, unverified_of
from spikeheb.studies.board.standing import NOT_APPLICABLE
from spikeheb.studies.calls import recorded
from spikeheb.studies.datasets import DataSet, data_sets, with_measurements
from spikeheb.studies.labels import VERSION, describe
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.settings.score import Score

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


@shows_progress
@takes_settings(Score)
def score(
    rule: Rule | str | Sequence[Rule | str] = (),
    protocol: Protocol | str | Path | Sequence[Protocol | str | Path] = (),
    *,
    join: Rule | str | Path | Sequence[Rule | str | Path] = (),
    data: str | Path | Sequence[str | Path] = (),
    settings: Score,
    progress: Progress = None,
) -> xr.Dataset:
    """Score rules against published data by the efficacy at the end of induction, without test pulses.

    Parameters
    ----------
    rule : Rule or str, or a sequence of these
        If empty, all rules of the library; ``"triplet:hippocampus_all_full"`` names a set. A rule without a
        chosen set stands for each of its sets.
    protocol : Protocol or str, or a sequence of these
        If empty, all protocols of the library with published data, or none where `data` is given.
    join : Rule or str, or a sequence of these
        Rules in addition to those of `rule`.
    data : str, or a sequence of these
        Files of the user's own measurements, in addition to the others, ``"[PROTOCOL=]CSV"``; the protocol is `pairing` if it is not given.
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``entry`` and ``data_set``: ``deviance``, ``error`` (E), ``skill``, points ``met`` within two errors, ``signs_right``,
        ``standing`` and ``reason``, ``free_parameters``, ``aic``, ``rank`` with its interval, and what each point's prediction
        from the others gives (``deviance_left_out``, ``error_left_out``), and ``chance_share``, the largest standard error of a prediction
        over drawn synapses or sessions in standard errors of the data; over ``data_set`` the number of ``points``, of known
        ``signs``, and the noise ceiling (``ceiling_error``, ``ceiling_deviance``); over ``entry`` and ``point`` the outcomes.

    Raises
    ------
    SpikehebError
        For unknown names, and for what cannot be computed.
    """
    check_engine(settings.engine)
    chosen = [library.rule(each) for each in (*(library.row(rule) or library.names("rule")), *library.row(join))]
    scripts = _protocols(library.row(protocol), library.row(data))
    sets = _data(scripts)
    entries = entries_of(chosen, settings.refit, sets)
    settings = replace(settings, cell=None if settings.cell is None else library.cell(settings.cell))
    longest_first = sorted(entries, key=lambda entry: not (entry.refitted or is_noisy(entry.rule)))
    works = [functools.partial(line, entry, sets, settings.cell, settings.engine, settings.seed) for entry in longest_first]
    lines = side_by_side(works, report_of(progress), alone=not shares_processors(settings.engine))
    table = dict(zip(map(id, longest_first), lines, strict=True))
    board = _board(entries, sets, [table[id(entry)] for entry in entries], settings)
    return recorded(board, "score", {"rule": chosen, "protocol": scripts} | {name: getattr(settings, name) for name in declared(Score)})


def _protocols(only: Sequence[Any], data: Sequence[Any]) -> list[Protocol]:
    """The protocols, and those with the user's own measurements in place of the published ones."""
    scripts = [library.protocol(each) for each in only or (() if data else library.names("protocol"))]
    for each in data:
        check_kind(each, (str, Path), 'a file, as path or as "PROTOCOL=FILE"', key="data")
        protocol, equals, path = str(each).partition("=")
        scripts.append(with_measurements(library.protocol(protocol if equals else "pairing"), path if equals else each))
    return scripts


def _data(protocols: Sequence[Protocol]) -> list[DataSet]:
    data = [each for protocol in protocols for each in data_sets(protocol)]
    if not data:
        raise FormatError("has no published data to score against", path=", ".join(protocol.name for protocol in protocols))
    return _with_names_of_their_own(data)


def _with_names_of_their_own(data: list[DataSet]) -> list[DataSet]:
    """Data sets of one name, such as two files of the user's own, are numbered."""
    named: list[DataSet] = []
    for each in data:
        number = 1 + sum((other.name, other.schedule) == (each.name, each.schedule) for other in data[: len(named)])
        named.append(replace(each, series=f"{each.series} {number}") if number > 1 else each)
    return named


# --- the result ----------------------------------------------------------------------------------------------------------


def _board(entries: Sequence[Entry], data: Sequence[DataSet], table: Sequence[Sequence[Square]], settings: Score) -> xr.Dataset:
    import xarray as xr

    seed = settings.seed
    columns = [_column(each, [line[n] for line in table], seed) for n, each in enumerate(data)]
    variables = {name: (("entry", "data_set"), np.array([column[name] for column in columns]).T) for name in columns[0]}
    of_data = {name: ("data_set", np.array(values)) for name, values in _of_data(data, seed).items()}
    outcomes = {
        "ratio": (("entry", "point"), np.array([np.concatenate([square.ratio for square in line]) for line in table])),
        "chance": (("entry", "point"), np.array([np.concatenate([square.chance for square in line]) for line in table])),
        "ratio_left_out": (("entry", "point"), np.array([np.concatenate([square.left_out for square in line]) for line in table])),
        "published_ratio": ("point", np.concatenate([each.points.ratio for each in data])),
        "published_error": ("point", np.concatenate([each.points.error for each in data])),
    }
    board = xr.Dataset({**variables, **of_data, **outcomes}).assign_coords(
        entry=[entry.label for entry in entries],
        data_set=[each.label for each in data],
        rule_hash=("entry", [entry.rule.hash for entry in entries]),
        data_set_of_point=("point", np.repeat([each.label for each in data], [each.lanes.size for each in data])),
        condition=("point", [label for each in data for label in each.labels]),
        tissue=("data_set", [each.protocol.tissue for each in data]),
        protocol_hash=("data_set", [each.protocol.hash for each in data]),
    )
    board = board.assign_coords(
        unverified_rule=("entry", [unverified_of(entry) for entry in entries]),
        unverified_data=("data_set", [" ".join(each.unverified) for each in data]),
    )
    cell = settings.cell
    of_cell = {} if cell is None else {"cell": cell.name, "cell_hash": cell.hash, "cell_description": cell.description}
    board.attrs = {"study": "score", "spikeheb": VERSION} | described(settings) | of_cell
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
        "note": [square.note for square in squares],
        "free_parameters": free,
        "deviance": deviance,
        "aic": deviance + 2 * free,
        "error": [measure.error(square.ratio, points) for square in squares],
        "skill": [measure.skill(square.ratio, points) for square in squares],
        "chance_share": [measure.share_of_chance(square.chance, points) for square in squares],
        "met": np.where(usable & points.numbers.any(), met, np.nan),
        "signs_right": np.where(usable, signs, np.nan),
        "deviance_left_out": [measure.deviance(square.left_out, points) for square in squares],
        "error_left_out": [measure.error(square.left_out, points) for square in squares],
        "rank": places.rank,
        "rank_low": places.low,
        "rank_high": places.high,
    }


def _of_data(data: Sequence[DataSet], seed: int) -> dict[str, list[float]]:
    ceilings = [measure.noise_ceiling(each.points, np.random.default_rng([seed, 0xCE1])) for each in data]
    nothing = [np.ones(each.lanes.size) for each in data]
    return {
        "points": [float(each.points.numbers.sum()) for each in data],
        "signs": [float(np.isfinite(each.points.sign).sum()) for each in data],
        "error_no_change": [measure.error(ones, each.points) for ones, each in zip(nothing, data, strict=True)],
        "ceiling_error": [ceiling[0] for ceiling in ceilings],
        "ceiling_deviance": [ceiling[1] for ceiling in ceilings],
    }


TEXTS = {
    "standing": ("1", "how the set stands to the data"),
    "reason": ("1", "why the rule says nothing about the data"),
    "fitted": ("1", "what was fitted here, with one gain or the rule's free parameters"),
    "note": ("1", "where values come from that were not computed here"),
    "chance_share": ("1", "largest standard error of a prediction over synapses or sessions, in SEM of the data"),
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
