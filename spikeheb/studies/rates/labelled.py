"""What all studies of rates have in common: seed first, labels on everything, and enough said to repeat them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeheb.declared import declared, described
from spikeheb.errors import ScheduleError, unknown_name
from spikeheb.limits import MOST, whole
from spikeheb.studies.calls import recorded
from spikeheb.studies.labels import VERSION, describe

if TYPE_CHECKING:
    import xarray as xr

Variables = Mapping[str, tuple[tuple[str, ...], Any, str, str]]
"""By name: dimensions, values, units and meaning."""


def labelled(
    study: str, settings: Any, coordinates: Variables, variables: Variables, *, claim: str, table: str, notes: Iterable[str] = ()
) -> xr.Dataset:
    """The result of a study, with ``seed`` as the first dimension of what differs between seeds.

    Parameters
    ----------
    study : str
    settings : dataclass
    coordinates, variables : mapping
    claim : str
        What the figure shows, in a sentence.
    table : str
        The variables that a terminal shows, separated by spaces, all over the dimensions of the first.
    notes : iterable of str
        Where a claim of the literature does not hold at these sizes.
    """
    import xarray as xr

    every = {**coordinates, **variables}
    data = xr.Dataset(
        {name: (dims, np.asarray(values)) for name, (dims, values, _, _) in variables.items()},
        coords={name: (dims, np.asarray(values)) for name, (dims, values, _, _) in coordinates.items()},
    )
    data.attrs = {"study": study, "spikeheb": VERSION, "claim": claim, "table": table} | described(settings)
    if note := " ".join(notes):
        data.attrs["note"] = note
    described_data = describe(data, {name: (units, meaning) for name, (_, _, units, meaning) in every.items()})
    return recorded(described_data, study, {name: getattr(settings, name) for name in declared(settings.__class__)})


def among(values: Iterable[str], known: Iterable[str], what: str, key: str) -> tuple[str, ...]:
    """Words that are all known and different.

    Raises
    ------
    UnknownName, ScheduleError
    """
    chosen = tuple(values)
    for word in chosen:
        if word not in tuple(known):
            raise unknown_name(what, word, known, key=key)
    _different(chosen, key)
    return chosen


def wholes(values: Iterable[int], key: str, least: int = 1, most: int = MOST) -> tuple[int, ...]:
    """Whole numbers that are all within limits and different.

    Raises
    ------
    ScheduleError
    """
    chosen = tuple(whole(value, f"{key}[{n}]", least, most) for n, value in enumerate(values))
    _different(chosen, key)
    return chosen


def shares(values: Iterable[float], key: str, most: float) -> tuple[float, ...]:
    """Numbers above 0 and up to a limit, all different.

    Raises
    ------
    ScheduleError
    """
    chosen = tuple(values)
    for n, value in enumerate(chosen):
        if not 0.0 < value <= most:
            raise ScheduleError(f"expected a number above 0 and up to {most:g} (got {value:g})", key=f"{key}[{n}]")
    _different(chosen, key)
    return chosen


def _different(chosen: tuple[object, ...], key: str) -> None:
    if not chosen or len(set(chosen)) < len(chosen):
        raise ScheduleError("expected one or more different values", key=key)
