"""Recorded sweeps, and what must be true of them whatever file they came from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from spikeheb.dimensions import CURRENT, VOLTAGE
from spikeheb.errors import FormatError, UnitError
from spikeheb.units import parse_unit

Floats = npt.NDArray[np.float64]

LARGEST = {"V": 1.0, "A": 1e-6}
"""Larger values than these, in volts and amperes, mean that the unit is not the one that was said."""


@dataclass(frozen=True)
class Sweeps:
    """Recorded sweeps, as `measure.epsp.measure_sweeps` takes them.

    Attributes
    ----------
    v : array, shape (sweeps, samples)
        Volts, or amperes under clamp; NaN where a sweep is incomplete.
    time : array, shape (samples,)
        Seconds from the stimulus.
    minutes : array, shape (sweeps,)
        When each sweep was taken.
    induction_end : float
        In the same minutes.
    unit : {"V", "A"}
    pulses : array
        Seconds from the stimulus at which the file's own stimulus begins; empty where the file does not say.
    tags : tuple of (float, str)
        Comments of the file: minutes like `minutes`, and text.
    pulse : float
        When the stimulus comes, seconds in the sweep's own time.
    """

    v: Floats
    time: Floats
    minutes: Floats
    induction_end: float
    unit: str
    pulses: Floats = field(default_factory=lambda: np.zeros(0))
    tags: tuple[tuple[float, str], ...] = ()
    pulse: float = 0.0

    @property
    def kind(self) -> str:
        """``"epsp"`` for a membrane potential, ``"epsc"`` for a current."""
        return "epsp" if self.unit == "V" else "epsc"


def size_of(unit: str, path: str) -> tuple[float, str]:
    """Size of the unit in SI, and ``"V"`` or ``"A"``; a UnitError for any other kind of unit."""
    try:
        dimension, size = parse_unit(unit)
    except UnitError as error:
        raise UnitError(error.message, path=path, key="unit") from None
    if dimension not in (VOLTAGE, CURRENT):
        raise UnitError(f'sweeps are a voltage such as "mV" or a current such as "pA" (got "{unit}", {dimension})', path=path, key="unit")
    return float(size), "V" if dimension == VOLTAGE else "A"


def checked(v: Floats, time: Floats, minutes: Floats, unit: str, path: str) -> Sweeps:
    """The sweeps, or a FormatError for values, minutes or times that cannot be; NaN stands where a sweep is incomplete."""
    bad = np.argwhere(np.isinf(v))
    if bad.size:
        raise FormatError(f"sample {bad[0][1]} is {v[tuple(bad[0])]}; none may be infinite", path=path, key=f"sweep {bad[0][0]}")
    if np.isnan(v).any(axis=1).all():
        raise FormatError("all sweeps are incomplete", path=path)
    if np.any(np.diff(minutes) <= 0):
        late = int(np.flatnonzero(np.diff(minutes) <= 0)[0])
        raise FormatError(
            f"minute {minutes[late + 1]:g} comes after {minutes[late]:g}; sort the sweeps by time", path=path, key=f"sweep {late + 1}"
        )
    if not (time[0] <= 0 < time[-1]):
        raise FormatError(
            f"the pulse lies outside the sweep, which goes from {time[0]:g} s to {time[-1]:g} s around it", path=path, key="pulse"
        )
    if np.nanmax(np.abs(v)) > LARGEST[unit]:
        raise FormatError(f"values reach {np.nanmax(np.abs(v)):g} {unit}, so the unit is not the one that was given", path=path, key="unit")
    return Sweeps(v, time, minutes, 0.0, unit)
