"""Recorded sweeps, measured like virtual ones: one condition, and the variables of an experiment."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spikeheb.errors import FormatError
from spikeheb.measure.course import FOLLOW
from spikeheb.measure.epsp import measure_sweeps
from spikeheb.recordings import Sweeps, read_sweeps
from spikeheb.studies.labels import VERSION, describe
from spikeheb.studies.readout import MEASURED, TEXTS

if TYPE_CHECKING:
    import xarray as xr


def analyse(
    path: Path | str,
    *,
    unit: str | None = None,
    pulse: float = 0.0,
    channel: int | str = 0,
    interval: float | None = None,
    first_after: int | None = None,
    reader: str | None = None,
    follow: tuple[float, float] = FOLLOW,
) -> xr.Dataset:
    """Measure the sweeps of a file as those of a virtual experiment are measured.

    Parameters
    ----------
    path, unit, pulse, channel, interval, first_after, reader
        As in `spikeheb.recordings.read_sweeps`.
    follow : pair of float
        Minutes after the induction in which the outcome is measured.

    Returns
    -------
    xarray.Dataset
        As `run` gives, with one condition; of currents under clamp the variables keep their names and have the unit A.

    Raises
    ------
    FormatError, UnitError, NonFiniteError
    """
    import xarray as xr

    if not (math.isfinite(follow[0]) and math.isfinite(follow[1]) and 0 <= follow[0] < follow[1]):
        raise FormatError(f"expected two minutes, the first before the second (got {follow[0]:g} and {follow[1]:g})", key="follow")
    sweeps = read_sweeps(path, unit=unit, pulse=pulse, channel=channel, interval=interval, first_after=first_after, reader=reader)
    minutes = sweeps.minutes - sweeps.induction_end
    try:
        measured = measure_sweeps(sweeps.v[np.newaxis], sweeps.time, minutes, 0.0, kind=sweeps.kind, follow=follow)
    except FormatError as error:
        raise FormatError(error.message, path=str(path), key=error.key) from None
    data = xr.Dataset(
        {
            "epsp": (("condition", "sweep"), measured.amplitude),
            "rejected": (("condition", "sweep"), measured.rejected),
            "drift_before": ("condition", measured.drift.slope),
            "v_before": (("condition", "time"), measured.trace_before),
            "v_after": (("condition", "time"), measured.trace_after),
            **{name: ("condition", getattr(measured, source)) for name, source in MEASURED.items()},
        },
        coords={"recording": ("condition", [Path(path).stem]), "minutes": ("sweep", minutes), "time": sweeps.time},
        attrs={
            "study": "recording",
            "spikeheb": VERSION,
            "recording": Path(path).name,
            "response": sweeps.kind,
            "pulse_s": pulse,
            "follow_from_min": follow[0],
            "follow_to_min": follow[1],
        },
    )
    return _in_its_unit(describe(data, _texts(follow)), sweeps)


def _texts(follow: tuple[float, float]) -> dict[str, tuple[str, str]]:
    """Units and names of an experiment's variables, with the minutes that count here."""
    standard, chosen = (f"{first:g}-{last:g} min" for first, last in (FOLLOW, follow))
    return {name: (units, text.replace(standard, chosen)) for name, (units, text) in TEXTS.items()}


def _in_its_unit(data: xr.Dataset, sweeps: Sweeps) -> xr.Dataset:
    """Units and names of currents, where these were measured."""
    for name in data.variables if sweeps.unit == "A" else ():
        attrs = data[name].attrs
        if "units" in attrs:
            units = {"V": "A", "V/s": "A/s"}.get(attrs["units"], attrs["units"])
            attrs.update(units=units, long_name=attrs["long_name"].replace("EPSP", "EPSC"))
    return data
