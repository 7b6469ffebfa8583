"""Recorded sweeps made ready to be measured: files read and joined, pathways parted, groups averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError
from spikeheb.limits import whole
from spikeheb.recordings import Sweeps, read_sweeps

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

Source = Path | str | Sweeps


@dataclass(frozen=True)
class Files:
    """How recordings are read: as in `spikeheb.recordings.read_sweeps`."""

    unit: str | None = None
    channel: int | str = 0
    interval: float | None = None
    first_after: int | None = None
    reader: str | None = None
    cut_at: object = None
    around: tuple[float, float] = (0.0, 0.0)


OF_FILES = ("unit", "channel", "interval", "first_after", "reader", "cut_at")
"""What is said of files alone."""


# --- reading -------------------------------------------------------------------------------------------------------------


def gathered(sources: Sequence[Source], files: Files, pulses: tuple[float, ...]) -> tuple[Sweeps, tuple[float, ...], list[str]]:
    """The sweeps of all sources one after the other, the times of their pulses from the first of these, and notes about them.

    Raises
    ------
    FormatError
        Where no pulse was given and none can be known, and where the sources do not fit together.
    """
    paths = [source for source in sources if not isinstance(source, Sweeps)]
    own = [source for source in sources if isinstance(source, Sweeps)]
    if paths and own:
        raise FormatError("give files or sweeps, not both", key="recording")
    if own:
        _check_unused(files)
        first = pulses[0] if pulses else 0.0
        _check_inside(own[0], first)
        sweeps = joined([replace(part, time=part.time - first, pulse=first) for part in own])
        return sweeps, _from_first(pulses or (0.0,)), []
    sweeps, notes = _read(paths, files, pulses[0] if pulses else None)
    if pulses:
        return sweeps, _from_first(pulses), notes
    in_file = tuple(float(pulse) for pulse in sweeps.pulses if pulse >= 0) or (0.0,)
    if sweeps.pulses.size:
        at = ", ".join(f"{(pulse + sweeps.pulse) * 1e3:g} ms" for pulse in in_file)
        notes = [f"the stimulus comes at {at}, as the file says"]
    return sweeps, in_file, notes


def _check_unused(files: Files) -> None:
    """Raise an error for options that say how a file is read if sweeps are given instead."""
    standard = Files()
    for name in OF_FILES:
        if getattr(files, name) != getattr(standard, name):
            raise FormatError("says how a file is read, and these sweeps are read already; leave it out", key=name)


def _check_inside(sweeps: Sweeps, pulse: float) -> None:
    start, stop = float(sweeps.time[0]), float(sweeps.time[-1])
    if not start <= pulse < stop:
        message = f"the sweep goes from {start * 1e3:g} to {stop * 1e3:g} ms and must contain the pulse, at {pulse * 1e3:g} ms"
        raise FormatError(message, key="pulse")


def _from_first(pulses: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(pulse - pulses[0] for pulse in pulses)


def _read(paths: Sequence[Path | str], files: Files, pulse: float | None) -> tuple[Sweeps, list[str]]:
    """The sweeps of files; without a pulse, time 0 serves where the times of the sweeps begin before it, and this is said."""
    try:
        return _sweeps_of(paths, files, pulse), []
    except FormatError as error:
        if error.key != "pulse" or pulse is not None:
            raise
        asked = error
    try:
        sweeps = _sweeps_of(paths, files, 0.0)
    except FormatError:
        raise asked from None
    if not sweeps.time[0] < 0:
        raise asked
    return sweeps, ["the stimulus is assumed to come at time 0, because the sweeps begin before it (--pulse changes this)"]


def _sweeps_of(paths: Sequence[Path | str], files: Files, pulse: float | None) -> Sweeps:
    return read_sweeps(
        paths, unit=files.unit, pulse=pulse, channel=files.channel, interval=files.interval, first_after=files.first_after,
        reader=files.reader, cut_at=files.cut_at, around=files.around,
    )  # fmt: skip


def joined(parts: Sequence[Sweeps]) -> Sweeps:
    """Sweeps one after the other.

    Raises
    ------
    FormatError
        Where they differ in unit or times, or are not in order.
    """
    first = parts[0]
    for part in parts:
        if part.unit != first.unit or part.time.shape != first.time.shape or not np.allclose(part.time, first.time, rtol=0, atol=1e-7):
            given, expected = (f"{sweeps.time.size} samples in {sweeps.unit}" for sweeps in (part, first))
            raise FormatError(f"the {given} of some sweeps do not lie at the times of the {expected} of the first", key="recording")
    minutes = np.concatenate([part.minutes - part.induction_end for part in parts])
    if np.any(np.diff(minutes) <= 0):
        late = int(np.flatnonzero(np.diff(minutes) <= 0)[0])
        raise FormatError(
            f"sweep {late + 1} was taken at minute {minutes[late + 1]:g}, the one before at {minutes[late]:g}; give the files in the order "
            "of their times"
        )
    return replace(first, v=np.concatenate([part.v for part in parts]), minutes=minutes, induction_end=0.0)


# --- arranging -----------------------------------------------------------------------------------------------------------


def pathways(count: int, every: int, first: int) -> list[npt.NDArray[np.int64]]:
    """The numbers of the sweeps of each interleaved pathway; the one of sweep `first` comes first.

    Raises
    ------
    FormatError
    """
    every = whole(every, "every", most=count)
    first = whole(first, "from_", least=0, most=every - 1)
    return [np.arange((first + k) % every, count, every) for k in range(every)]


def in_groups(sweeps: Sweeps, out: Flags, size: int) -> tuple[Sweeps, Flags, list[str]]:
    """Averages over groups of successive sweeps, on either side of the induction; rejected sweeps are left out of them.

    Raises
    ------
    FormatError
    """
    size = whole(size, "average")
    if size == 1:
        return sweeps, out, []
    before = np.flatnonzero(sweeps.minutes < 0)
    after = np.flatnonzero(sweeps.minutes >= 0)
    fewest = min(before.size, after.size)
    if size > max(fewest, 1):
        raise FormatError(
            f"expected 1 to {fewest}, as there are {before.size} sweeps before and {after.size} after (got {size})", key="average"
        )
    groups = [side[n : n + size] for side in (before, after) for n in range(0, side.size, size)]
    short = sorted({group.size for group in groups if group.size < size})
    notes = [f"sweeps were averaged {size} at a time; a last group holds {' or '.join(map(str, short))} only"] if short else []
    kept = [group[~out[group]] if not out[group].all() else group for group in groups]
    averaged = replace(
        sweeps,
        v=np.stack([sweeps.v[group].mean(axis=0) for group in kept]),
        minutes=np.array([sweeps.minutes[group].mean() for group in groups]),
    )
    return averaged, np.array([bool(out[group].all()) for group in groups]), notes
