"""Repeating a study from its result alone."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikeheb.engines.choice import hint_on_compiler
from spikeheb.errors import EngineError, FormatError, SpikehebError
from spikeheb.numbers import UnitWarning
from spikeheb.results import load
from spikeheb.studies.board.score import score
from spikeheb.studies.calls import CALL, decode
from spikeheb.studies.distributions.constraint import constraint
from spikeheb.studies.distributions.weights import weights
from spikeheb.studies.experiment.experiment import run
from spikeheb.studies.experiment.replay import replay
from spikeheb.studies.experiment.slices import slice_of
from spikeheb.studies.labels import VERSION
from spikeheb.studies.networks.network import network
from spikeheb.studies.rates.association import association
from spikeheb.studies.rates.capacity import capacity
from spikeheb.studies.rates.cued_recall import cued_recall
from spikeheb.studies.rates.forgetting import forgetting
from spikeheb.studies.rates.online_pairs import online_pairs
from spikeheb.studies.rates.prediction import prediction
from spikeheb.studies.rates.recall_course import recall_course
from spikeheb.studies.rates.reward_paths import reward_paths
from spikeheb.studies.rates.separation import separation
from spikeheb.studies.rates.subspace import subspace
from spikeheb.studies.rates.three_rules import three_rules
from spikeheb.studies.windows.window import window

if TYPE_CHECKING:
    import xarray as xr

RATES = (
    capacity, recall_course, three_rules, subspace, separation, prediction, forgetting, association, online_pairs, reward_paths,
    cued_recall,
)  # fmt: skip
STUDIES: Mapping[str, Callable[..., Any]] = {
    study.__name__: study for study in (run, window, replay, slice_of, score, weights, constraint, network, *RATES)
}


def rerun(result: xr.Dataset | Path | str, *, progress: Callable[[float], None] | None = None) -> xr.Dataset:
    """Carry out once more the study that made a result. On a machine with the same compiler and processor the bytes are the same.

    The result holds the full text of the rule and cell files that it was made from, so that these files are not needed. A protocol
    is a script, and no script is taken from a result: it must stand in the library, unchanged.

    Parameters
    ----------
    result : xarray.Dataset or path
        Of `run`, `window`, `replay`, `slice_of`, `score`, `weights`, `constraint` or `network`.
    progress : callable, optional
        Called with the fraction done.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    FormatError
        Where the result was made by another version, does not say how it was made, or was made by a rule, cell or protocol that cannot
        be made again as it was.
    EngineError
        Where another engine ran than for the result.
    """
    path = None if not isinstance(result, Path | str) else str(result)
    data = load(result) if isinstance(result, Path | str) else result
    if not hasattr(data, "attrs"):
        raise FormatError(f"expected a result, or the path of its file (got {type(result).__name__})", key="result")
    study, arguments = _call(data, path)
    try:
        made = {name: decode(value) for name, value in arguments.items()}
    except SpikehebError as error:
        raise FormatError(error.message, path=path, key=error.key) from None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise FormatError("is not as this program writes it", path=path, key=CALL) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnitWarning)  # the numbers of a result are SI
            again: xr.Dataset = STUDIES[study](**made, progress=progress)
    except TypeError as error:
        raise FormatError(f"is damaged or was changed by hand ({error})", path=path, key=CALL) from None
    if str(again.attrs.get("engine", "")) != str(data.attrs.get("engine", "")):
        words = f"the engine {again.attrs.get('engine', '')} ran, but the result was made by {data.attrs.get('engine', '')}"
        raise EngineError(words + hint_on_compiler(), path=path, key="engine")
    again.attrs |= {name: data.attrs[name] for name in (CALL, "circuit") if name in data.attrs}  # their files are elsewhere now
    return again


def _call(data: xr.Dataset, path: str | None) -> tuple[str, dict[str, Any]]:
    """The study and its arguments, if the result is of this version."""
    version, text = data.attrs.get("spikeheb"), data.attrs.get(CALL)
    if not isinstance(text, str) or not isinstance(version, str):
        raise FormatError("does not say how it was made: it is not the result of a study, or the study cannot be repeated", path=path)
    if version != VERSION:
        raise FormatError(f"was made by spikeheb {version}, and this is {VERSION}; install that version", path=path)
    try:
        call = json.loads(text)
        study, arguments = call["study"], call["arguments"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise FormatError("is not as this program writes it", path=path, key=CALL) from None
    if study not in STUDIES or not isinstance(arguments, dict) or "progress" in arguments:
        raise FormatError(f"knows no study called {study!r}", path=path, key=CALL)
    return study, arguments
