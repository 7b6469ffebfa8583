"""Recorded sweeps made ready to be measured: files joined, a continuous recording cut, pathways parted, groups averaged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError
from spikeheb.recordings import Sweeps, read_sweeps
from spikeheb.units import TIME, Dimension, quantity

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

Source = Path | str | Sweeps

_QUANTITY = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*[^\W\d_]*")


@dataclass(frozen=True)
class Files:
    """How recordings are read: as in `spikeheb.recordings.read_sweeps`."""

    unit: str | None = None
    channel: int | str = 0
    interval: float | None = None
    first_after: int | None = None
    reader: str | None = None


def several(value: object, key: str, dimension: Dimension = TIME) -> tuple[float, ...]:
    """Quantities from text such as ``"0 ms 50 ms"``, from one number or quantity, or from a sequence of these.

    Raises
    ------
    UnitError
        For what is none.
    """
    if isinstance(value, str):
        text = value.replace(",", " ").replace(";", " ").strip()
        parts = _QUANTITY.findall(text)
        whole = "".join(parts).replace(" ", "") == text.replace(" ", "") and parts
        return tuple(quantity(part.strip(), dimension, key=key) for part in parts) if whole else (quantity(value, dimension, key=key),)
    if isinstance(value, Sequence | np.ndarray) and np.ndim(value) == 1:
        return tuple(quantity(entry, dimension, key=key) for entry in value)
    return (quantity(value, dimension, key=key),)


def pair(value: object, key: str) -> tuple[float, float]:
    """Two times, such as ``"-5 ms 0 ms"``.

    Raises
    ------
    FormatError, UnitError
    """
    times = several(value, key)
    if len(times) != 2:
        raise FormatError(f'expected two times, such as "-5 ms 0 ms" (got {len(times)})', key=key)
    return times[0], times[1]


# --- reading -------------------------------------------------------------------------------------------------------------


def gathered(sources: Sequence[Source], files: Files, pulses: tuple[float, ...]) -> tuple[Sweeps, tuple[float, ...], list[str]]:
    """The sweeps of all sources one after the other, the times of their pulses from the first of these, and notes about them.

    Raises
    ------
    FormatError
        Where no pulse was given and none can be known, and where the sources do not fit together.
    """
    parts = [_read(source, files, pulses[0] if pulses else None, together=len(sources) > 1) for source in sources]
    known, notes = _pulses_of(parts, sources, pulses)
    shifted = [part if pulses else replace(part, time=part.time - known[0], pulses=()) for part in parts]
    relative = tuple(pulse - known[0] for pulse in known)
    sweeps = _joined(shifted, sources)
    if len(sources) > 1 and files.interval is not None and files.first_after is not None:
        steps = np.arange(len(sweeps.v)) - files.first_after
        sweeps = replace(sweeps, minutes=np.where(steps < 0, steps, steps + 1) * files.interval / 60, induction_end=0.0)
    if np.any(np.diff(sweeps.minutes) <= 0):
        late = int(np.flatnonzero(np.diff(sweeps.minutes) <= 0)[0])
        raise FormatError(
            f"sweep {late + 1} was taken at minute {sweeps.minutes[late + 1]:g}, the one before at {sweeps.minutes[late]:g}; "
            "give the files in the order of their times"
        )
    return sweeps, relative, notes


def _read(source: Source, files: Files, pulse: float | None, *, together: bool) -> Sweeps:
    """One source; of several files the number of the first sweep after the induction counts over all of them."""
    if isinstance(source, Sweeps):
        return source if not pulse else replace(source, time=source.time - pulse)
    first_after = 0 if together and files.first_after is not None else files.first_after
    try:
        return read_sweeps(
            source, unit=files.unit, pulse=pulse or 0.0, channel=files.channel, interval=files.interval, first_after=first_after,
            reader=files.reader,
        )  # fmt: skip
    except FormatError as error:
        if error.key == "pulse" and pulse is None:
            raise _unknown_pulse(source) from None
        raise


def _unknown_pulse(source: object) -> FormatError:
    return FormatError('does not say when the stimulus comes in a sweep; give its time, such as --pulse "10 ms"', path=str(source))


def _pulses_of(parts: Sequence[Sweeps], sources: Sequence[Source], given: tuple[float, ...]) -> tuple[tuple[float, ...], list[str]]:
    if given:
        return given, []
    if parts[0].pulses:
        text = ", ".join(f"{pulse * 1e3:g} ms" for pulse in parts[0].pulses)
        return parts[0].pulses, [f"the file says that the stimulus comes at {text}"]
    if isinstance(sources[0], Sweeps):
        return (0.0,), []
    if parts[0].time[0] < 0:
        return (0.0,), ["the stimulus is taken to come at time 0, for the times of the sweeps begin before it (--pulse says otherwise)"]
    raise _unknown_pulse(sources[0])


def _joined(parts: Sequence[Sweeps], sources: Sequence[Source]) -> Sweeps:
    first = parts[0]
    for part, source in zip(parts, sources, strict=True):
        if part.unit != first.unit or part.time.shape != first.time.shape or not np.allclose(part.time, first.time, rtol=0, atol=1e-7):
            where = "sweeps" if isinstance(source, Sweeps) else str(source)
            message = (
                f"its {part.time.size} samples in {part.unit} do not lie at the times of the first file's {first.time.size} in {first.unit}"
            )
            raise FormatError(message, path=where)
    minutes = np.concatenate([part.minutes - part.induction_end for part in parts])
    return replace(first, v=np.concatenate([part.v for part in parts]), minutes=minutes, induction_end=0.0)


def cut(recording: Sweeps, at: Sequence[float], span: tuple[float, float], first_after: int | None) -> Sweeps:
    """Sweeps from a continuous recording.

    Parameters
    ----------
    recording : Sweeps
        One sweep that lasts through the experiment.
    at : sequence of float
        Time of each stimulus in it, seconds.
    span : pair of float
        Seconds before (negative) and after each stimulus that belong to its sweep.
    first_after : int
        The number of the first stimulus after the induction, from 0. The induction ends one interval before it.

    Raises
    ------
    FormatError
        Where there is more than one sweep, or a stimulus has not the whole span around it.
    """
    times = np.sort(np.asarray(at, dtype=float))
    if len(recording.v) != 1:
        raise FormatError(f"only a continuous recording is cut; this one has {len(recording.v)} sweeps", key="cut")
    if first_after is None or not 0 < first_after < times.size or times.size < 2:
        raise FormatError(f"say which of the {times.size} sweeps is the first after the induction, counted from 0", key="first_after")
    step = float(np.median(np.diff(recording.time)))
    offsets = np.arange(round(span[0] / step), round(span[1] / step) + 1)
    samples = np.rint((times - recording.time[0]) / step).astype(int)
    for time, sample in zip(times, samples, strict=True):
        if sample + offsets[0] < 0 or sample + offsets[-1] >= recording.time.size:
            raise FormatError(f"the recording does not last from {time + span[0]:g} to {time + span[1]:g} s", key="cut")
    interval = float(np.median(np.diff(times)))
    minutes = (times - times[first_after] + interval) / 60
    before = np.arange(times.size) < first_after
    minutes[before] = np.minimum(minutes[before], -1e-9)
    return replace(
        recording,
        v=recording.v[0][samples[:, None] + offsets],
        time=np.asarray(offsets * step, dtype=float),
        minutes=minutes,
        induction_end=0.0,
        pulses=(),
    )


# --- arranging -----------------------------------------------------------------------------------------------------------


def pathways(count: int, every: int, first: int) -> list[npt.NDArray[np.int64]]:
    """The numbers of the sweeps of each interleaved pathway; the one of sweep `first` comes first.

    Raises
    ------
    FormatError
    """
    if not 1 <= every <= count:
        raise FormatError(f"expected 1 to {count}, the number of sweeps (got {every})", key="every")
    if not 0 <= first < every:
        raise FormatError(f"expected 0 to {every - 1}, less than every (got {first})", key="from")
    return [np.arange((first + k) % every, count, every) for k in range(every)]


def in_groups(sweeps: Sweeps, out: Flags, size: int) -> tuple[Sweeps, Flags, list[str]]:
    """Averages of so many successive sweeps each, on either side of the induction; rejected sweeps are left out of them.

    Raises
    ------
    FormatError
    """
    if size < 1:
        raise FormatError(f"expected 1 or more sweeps to average (got {size})", key="average")
    if size == 1:
        return sweeps, out, []
    before = np.flatnonzero(sweeps.minutes < 0)
    after = np.flatnonzero(sweeps.minutes >= 0)
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
