"""The content of a file of sweeps, in the same form for every format, before it is known when the induction was."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError

Floats = npt.NDArray[np.float64]

EQUAL = 0.01
"""Largest part by which a given interval may differ from the file's."""


@dataclass(frozen=True)
class Recorded:
    """The sweeps of one file.

    Attributes
    ----------
    values : array, shape (sweeps, samples)
        In `unit`.
    time : array, shape (samples,)
        Seconds, in the sweep's own time.
    unit : str or None
        As the file says it.
    path : str
    minutes : array, shape (sweeps,), optional
        From the end of the induction, where the file says so.
    starts : array, shape (sweeps,), optional
        When each sweep began, seconds, where the file says so.
    began : datetime, optional
        Of `starts` 0.
    stimulus : array, shape (samples,), optional
        Of the sweeps' stimulus, in any unit; the largest over the sweeps where they differ.
    pulses : array, optional
        Seconds, in the sweep's own time, where the file marks the stimulus by events.
    tags : tuple of (float, str)
        Comments of the file: seconds like `starts`, and text.
    origin : float
        When the first sweep began, in the time of the tags.
    """

    values: Floats
    time: Floats
    unit: str | None
    path: str
    minutes: Floats | None = None
    starts: Floats | None = None
    began: datetime.datetime | None = None
    stimulus: Floats | None = None
    pulses: Floats | None = None
    tags: tuple[tuple[float, str], ...] = ()
    origin: float = 0.0

    def stimulated(self) -> Floats:
        """When the stimulus comes in a sweep, seconds in its own time; empty where the file does not say."""
        if self.pulses is not None:
            return self.pulses
        return np.zeros(0) if self.stimulus is None else onsets(self.stimulus, self.time)


def onsets(stimulus: Floats, time: Floats) -> Floats:
    """Times at which a stimulus leaves its resting level by half of its largest excursion: the first sample beyond it."""
    away = np.abs(stimulus - np.median(stimulus)) if stimulus.size else stimulus
    if not away.size or not away.max() > 0:
        return np.zeros(0)
    beyond = away > away.max() / 2
    return np.asarray(time[np.flatnonzero(beyond & ~np.concatenate([[False], beyond[:-1]]))])


def joined(files: list[Recorded], interval: float | None) -> Recorded:
    """Files that were recorded one after the other, as one; the times of the sweeps go on.

    Where the files say when they began, that decides the order and the gaps. Else each file begins one interval after the last
    sweep of the one before.

    Raises
    ------
    FormatError
        Where the files do not fit together.
    """
    if len(files) == 1:
        return files[0]
    dated = all(file.began is not None for file in files)
    if dated:
        files = sorted(files, key=lambda file: file.began or datetime.datetime.min)
    first = files[0]
    for file in files[1:]:
        _check_alike(file, first)
    starts, tags = _starts_of_all(files, interval, dated)
    minutes = [file.minutes for file in files if file.minutes is not None]
    return replace(
        first,
        values=np.concatenate([file.values for file in files]),
        minutes=np.concatenate(minutes) if minutes else None,
        starts=starts,
        tags=tags,
    )


def _check_alike(file: Recorded, first: Recorded) -> None:
    if file.time.shape != first.time.shape or not np.allclose(file.time, first.time, rtol=0, atol=1e-7):
        raise FormatError(f"its sweeps have other times than those of {first.path}", path=file.path)
    if file.unit != first.unit:
        raise FormatError(f"is in {file.unit} and {first.path} in {first.unit}; read them separately", path=file.path, key="unit")
    if (file.minutes is None) != (first.minutes is None):
        raise FormatError(f"only one of this file and {first.path} has minutes in its column heads", path=file.path)
    if file.stimulated().shape != first.stimulated().shape or not np.allclose(file.stimulated(), first.stimulated(), rtol=0, atol=1e-4):
        raise FormatError(f"its stimulus comes at other times than that of {first.path}", path=file.path)


def _starts_of_all(files: list[Recorded], interval: float | None, dated: bool) -> tuple[Floats | None, tuple[tuple[float, str], ...]]:
    """Starts of all sweeps, counted from the first file's zero, and tags in the same time."""
    own = [file.starts for file in files]
    steps = np.concatenate([np.diff(starts) for starts in own if starts is not None] or [np.zeros(0)])
    usual = interval or (float(np.median(steps)) if steps.size else None)
    if not steps.size and not dated:
        return None, ()
    gap = np.nan if usual is None else usual
    rows: list[Floats] = []
    tags = list(files[0].tags)
    for n, file in enumerate(files):
        starts = np.asarray(np.arange(len(file.values)) * gap if file.starts is None else file.starts, dtype=np.float64)
        zero = 0.0
        if n and dated and file.began is not None and files[0].began is not None:
            zero = (file.began - files[0].began).total_seconds()
        elif n:
            zero = float(rows[-1][-1] + gap - starts[0])
        rows.append(starts + zero)
        tags += [(at + zero, text) for at, text in file.tags] if n else []
        if n and not rows[-1][0] > rows[-2][-1]:
            raise FormatError(f"begins before {files[n - 1].path} ends", path=file.path)
    whole = np.concatenate(rows)
    return (whole if np.all(np.isfinite(whole)) else None), tuple(tags)


def minutes_of(recorded: Recorded, interval: float | None, first_after: int | None) -> tuple[Floats, float | None]:
    """Minutes of the sweeps from the end of the induction, and that end in the time of `Recorded.starts`.

    With start times, the induction is taken to have ended one interval before the first sweep after it or, where the gap is
    shorter than two intervals, in its middle. Without, the sweeps follow each other in equal intervals.

    Raises
    ------
    FormatError
        Where it is not said when the sweeps came, or said twice in different ways.
    """
    count, path = len(recorded.values), recorded.path
    if recorded.minutes is not None:
        if first_after is not None or interval is not None:
            raise FormatError(
                "the heads of the columns are minutes already; leave out interval and first_after, or name the columns Sweep 1 and so on",
                path=path,
            )
        return recorded.minutes, None
    if first_after is None or (interval is None and (recorded.starts is None or count < 2)):
        raise FormatError(f"say the interval in seconds and first_after, the first of its {count} sweeps after the induction", path=path)
    if interval is not None and not (np.isfinite(interval) and interval > 0):
        raise FormatError(f"expected a time in seconds, more than 0 (got {interval:g})", path=path, key="interval")
    if not 0 <= first_after <= count:
        raise FormatError(
            f"the file has {count} sweep{'s' * (count != 1)}, so expected 0 to {count} (got {first_after})", path=path, key="first_after"
        )
    if recorded.starts is None:
        steps = np.arange(count) - first_after
        return np.where(steps < 0, steps, steps + 1) * float(interval or 0) / 60, None
    end = _end_of_induction(recorded.starts, _usual(recorded.starts, interval, path), first_after)
    return (recorded.starts - end) / 60, end


def _usual(starts: Floats, interval: float | None, path: str) -> float:
    """The usual interval between sweeps; a given one must agree with it."""
    usual = float(np.median(np.diff(starts))) if starts.size > 1 else float(interval or 0)
    if interval is not None and abs(interval - usual) > EQUAL * usual:
        raise FormatError(f"the file has a sweep every {usual:g} s (got {interval:g} s); leave the interval out", path=path, key="interval")
    return usual


def _end_of_induction(starts: Floats, usual: float, first_after: int) -> float:
    if first_after == 0:
        return float(starts[0] - usual)
    if first_after == len(starts):
        return float(starts[-1] + usual)
    before, after = float(starts[first_after - 1]), float(starts[first_after])
    return max(after - usual, (before + after) / 2)
