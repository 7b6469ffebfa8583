"""Spikes and sweeps from the files that Neo reads."""

from __future__ import annotations

import contextlib
import datetime
import io
import logging
import math
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError, ScheduleError, SpikehebError, printable, unknown_name
from spikeheb.limits import MEMORY, check_file
from spikeheb.paths import exists, is_folder
from spikeheb.recordings.heads import is_stimulus, numbered_order
from spikeheb.recordings.recorded import Recorded
from spikeheb.schedules import NOTHING, Lane

Floats = npt.NDArray[np.float64]

_PICKLES = (".pkl", ".pickle")
_REFUSED = {
    "PickleIO": "would unpickle the file",
    "ElphyIO": "would evaluate text of the file",
    "RawBinarySignalIO": "would invent a sampling rate, which such a file does not say",
    "AsciiSignalIO": "would invent a sampling rate where the file does not say it",
}
SWEEPS_AS_TABLE = "write the sweeps as CSV, in the first column the time and then a column for each sweep"
SPIKES_AS_TABLE = "write the spikes as CSV with the columns lane, side and time"
MAX_REASONS = 300
LEAST_DONE = 0.99
"""A sweep must have come to this part of its length before the next may start: times in files are rounded."""
_TRAIN_NAME = re.compile(r"(pre|post)[ _-]*([0-9]{0,9})", re.IGNORECASE)


def segments_of(path: Path, reader: str | None, otherwise: str = SWEEPS_AS_TABLE) -> list[Any]:
    """The segments of the file's first block.

    Raises
    ------
    FormatError
        Without Neo, for a file that would be unpickled, and where no reader makes sense of it.
    """
    where = str(path)
    if path.suffix.lower() in _PICKLES:
        raise FormatError("is a pickle, which may run any program; nothing is ever unpickled (save it in another format)", path=where)
    if not exists(path):
        raise FormatError("there is no such file", path=where)
    if not is_folder(path):  # some recordings are folders
        check_file(path, MEMORY)
    problems = []
    for candidate in _neo_readers(path, reader):
        try:
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), _without_logging():
                warnings.simplefilter("ignore")
                blocks = [block for block in candidate(where).read() if block is not None]
                segments = list(blocks[0].segments) if blocks else []
        except Exception as error:  # a reader may fail in any way on a file that is not its own
            problems.append(f"{candidate.__name__}: {type(error).__name__} {' '.join(str(error).split())[:80]}")
            continue
        if segments:
            return segments
        problems.append(f"{candidate.__name__}: no segments")
    reasons = "; ".join(problems)[:MAX_REASONS] or "no reader for such files"
    raise FormatError(f"Neo found nothing to read ({reasons}); {otherwise}", path=where)


@contextlib.contextmanager
def _without_logging() -> Iterator[None]:
    """Readers of Neo log what they do not understand; the error that follows says it in one line."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _neo_readers(path: Path, reader: str | None) -> list[Any]:
    try:
        import neo.io
    except ImportError:
        raise FormatError(
            'reading this kind of file needs Neo: pip install "spikeheb[neo]" (or give a .csv file)', path=str(path)
        ) from None
    if reader is None:
        try:
            return [io for io in neo.io.list_candidate_ios(path) if io.__name__ not in _REFUSED]
        except ValueError:
            return []
    if reader in _REFUSED:
        raise FormatError(f"{reader} {_REFUSED[reader]}, so it is not used", path=str(path), key="reader")
    known = {io.__name__: io for io in neo.io.iolist if io.__name__ not in _REFUSED}
    if reader not in known:
        raise unknown_name("Neo reader", reader, known, path=str(path), key="reader")
    return [known[reader]]


def spikes_of_segment(segment: Any, sides: Sequence[str] | None, path: str) -> list[Lane]:
    """The lanes of a segment\'s spike trains."""
    trains = list(segment.spiketrains)
    if not trains:
        raise FormatError("the first segment holds no spike trains", path=path)
    if sides is not None and len(sides) != len(trains):
        raise FormatError(f"{len(trains)} spike trains but {len(sides)} sides", path=path, key="sides")
    zero = min(float(train.t_start.rescale("s")) for train in trains)
    lanes: dict[str, dict[str, list[tuple[int, Floats]]]] = {}
    for n, train in enumerate(trains):
        side, number = _side_of(train, None if sides is None else sides[n], n, path)
        times = np.asarray(train.times.rescale("s").magnitude, dtype=float) - zero
        lane = lanes.setdefault(str(train.annotations.get("lane", "0")), {"pre": [], "post": []})
        lane[side].append((number, times))
    return [_lane_of(label, lane["pre"], lane["post"], path) for label, lane in lanes.items()]


def _side_of(train: Any, given: str | None, n: int, path: str) -> tuple[str, int]:
    """Side and number of a spike train."""
    name = str(given or train.annotations.get("side") or train.name or "")
    match = _TRAIN_NAME.fullmatch(name.strip())
    if not match:
        hint = 'name it "pre", "pre1", ... or "post", annotate it with "side", or say sides=("pre", "post")'
        raise FormatError(f'"{name[:40]}" is neither "pre" nor "post"; {hint}', path=path, key=f"spike train {n}")
    return match[1].lower(), int(match[2] or 0)


def _lane_of(label: str, pre: list[tuple[int, Floats]], post: list[tuple[int, Floats]], path: str) -> Lane:
    if len(post) > 1:
        raise FormatError(
            f"{len(post)} postsynaptic spike trains; a lane has one cell (annotate the trains with lanes)", path=path, key=label
        )
    inputs = tuple(times for _, times in sorted(pre, key=lambda entry: entry[0])) or (NOTHING,)
    try:
        return Lane({"lane": printable(label)}, inputs, post[0][1] if post else NOTHING)
    except ScheduleError as error:
        raise FormatError(error.message, path=path, key=error.key) from None


# --- sweeps ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Channel:
    """One channel of a sweep; where an NWB file says so, with its electrode and the number of the sweep."""

    name: str
    values: Floats
    rate: float
    unit: str
    start: float
    stimulus: bool
    electrode: str
    number: int | None


@dataclass(frozen=True)
class _Sweep:
    """One sweep: its name, channels and events (seconds in the file's time, and labels)."""

    name: str
    start: float
    channels: tuple[_Channel, ...]
    events: tuple[tuple[float, str], ...]

    @property
    def number(self) -> int | None:
        return next((own.number for own in self.channels if own.number is not None), None)

    @property
    def electrodes(self) -> frozenset[str]:
        return frozenset(own.electrode for own in self.channels)

    @property
    def lasts(self) -> float:
        return max((own.values.size / own.rate for own in self.channels), default=0.0)


def recorded_by_neo(path: Path, reader: str | None, channel: int | str) -> Recorded:
    """The sweeps of a file that Neo reads, in the order in which they were taken.

    Raises
    ------
    FormatError, UnknownName
    """
    where = str(path)
    segments = segments_of(path, reader)
    try:
        sweeps = [sweep for segment in segments for sweep in _sweeps_of(segment)]
        began = next((segment.rec_datetime for segment in segments if segment.rec_datetime), _block_began(segments))
        dates = [segment.rec_datetime for segment in segments]
    except (SpikehebError, MemoryError):
        raise
    except Exception as error:  # what a reader made of the file may lack anything
        reason = f"{type(error).__name__} {' '.join(str(error).split())[:80]}"
        raise FormatError(f"what Neo read cannot be used ({reason})", path=where) from None
    if not any(sweep.channels for sweep in sweeps):
        raise FormatError("Neo found no regularly sampled signal in it", path=where)
    sweeps, known = _in_order(_of_electrode(sweeps, channel), dates, where)
    return _recorded(sweeps, known, channel, began, where)


def _block_began(segments: list[Any]) -> datetime.datetime | None:
    block = getattr(segments[0], "block", None)
    return getattr(block, "rec_datetime", None)


def _sweeps_of(segment: Any) -> list[_Sweep]:
    """The sweeps of a segment: one, or one for each start time of its signals."""
    channels: dict[float, list[_Channel]] = {}
    for signal in segment.analogsignals:
        start, rate = float(signal.t_start.rescale("s")), float(signal.sampling_rate.rescale("Hz"))
        values = np.asarray(signal.magnitude, dtype=float)
        unit = signal.units.dimensionality.string
        notes = signal.annotations
        marked = notes.get("nwb_group") == "stimulus"
        electrode = str(dict(notes.get("nwb_electrode") or {}).get("name", ""))
        number = None if notes.get("nwb:sweep_number") is None else int(notes["nwb:sweep_number"])
        for k in range(values.shape[1]):
            name = _channel_name(signal, k)
            own = _Channel(name, values[:, k], rate, unit, start, marked or is_stimulus(name), electrode, number)
            channels.setdefault(start, []).append(own)
    events = tuple(sorted(_events_of(segment)))
    if not channels:
        return [_Sweep(str(segment.name or ""), 0.0, (), events)]
    several = [rows for together in channels.values() for rows in _by_number(together)]
    name = str(segment.name or "")
    return [_Sweep(name if len(several) == 1 else rows[0].name, rows[0].start, tuple(rows), events) for rows in several]


def _by_number(together: list[_Channel]) -> list[list[_Channel]]:
    """Channels with one start, as sweeps: several where one electrode has several numbers then, as in a file without start times."""
    of_electrodes = {(own.electrode, own.number) for own in together if own.number is not None and not own.stimulus}
    if len(of_electrodes) == len({electrode for electrode, _ in of_electrodes}):
        return [together]
    numbers = sorted({number for _, number in of_electrodes if number is not None})
    return [[own for own in together if own.number in (number, None)] for number in numbers]


def _of_electrode(sweeps: list[_Sweep], channel: int | str) -> list[_Sweep]:
    """The sweeps of one electrode, if that is what the channel names, with nothing of others; else all."""
    chosen = [replace(sweep, channels=tuple(own for own in sweep.channels if own.electrode == channel)) for sweep in sweeps]
    return [sweep for sweep in chosen if any(not own.stimulus for own in sweep.channels)] or sweeps


def _events_of(segment: Any) -> Iterator[tuple[float, str]]:
    """Times and labels of the events and the beginnings of the epochs of a segment."""
    for event in (*segment.events, *segment.epochs):
        labels = [str(label) for label in event.labels] if len(event.labels) == len(event) else [""] * len(event)
        times = np.asarray(event.times.rescale("s").magnitude, dtype=float)
        yield from ((float(time), label or str(event.name or "")) for time, label in zip(times, labels, strict=True))


def _in_order(sweeps: list[_Sweep], dates: list[Any], path: str) -> tuple[list[_Sweep], bool]:
    """The sweeps by start time, and whether the file knows start times.

    Where all start at one time the dates of the segments serve, and without these the numbers in the names, if the file lists
    them sorted as text.
    """
    starts = np.array([sweep.start for sweep in sweeps])
    if not np.all(np.isfinite(starts)):
        lost = sweeps[int(np.flatnonzero(~np.isfinite(starts))[0])]
        raise FormatError(f'the start of the sweep "{lost.name}" is not a time ({lost.start})', path=path)
    if len(sweeps) > 1 and not np.ptp(starts) and len(dates) == len(sweeps) and len(set(dates)) == len(dates) and None not in dates:
        sweeps = [replace(sweep, start=(date - min(dates)).total_seconds()) for sweep, date in zip(sweeps, dates, strict=True)]
        starts = np.array([sweep.start for sweep in sweeps])
    if len(sweeps) == 1 or np.ptp(starts):
        sweeps = [sweeps[n] for n in np.argsort(starts, kind="stable")]
        for before, after in pairwise(sweeps):
            _check_succession(before, after, path)
        return sweeps, len(sweeps) > 1
    numbers = [sweep.number for sweep in sweeps if sweep.number is not None]
    if len(set(numbers)) == len(sweeps):
        return [sweeps[n] for n in np.argsort(numbers)], False
    return [sweeps[n] for n in numbered_order([sweep.name for sweep in sweeps])], False


def _check_succession(before: _Sweep, after: _Sweep, path: str) -> None:
    """Refuse two sweeps of which the second does not come after the first, by its start or, on one electrode, by its number."""
    names = f'the sweeps "{before.name}" and "{after.name}"'
    if after.start <= before.start:
        raise FormatError(f"{names} both start at {after.start:g} s", path=path)
    if before.electrodes != after.electrodes:
        return
    if after.start < before.start + LEAST_DONE * before.lasts:
        raise FormatError(f"{names} start at {before.start:g} and {after.start:g} s, before the first has ended", path=path)
    if before.number is not None and after.number is not None and after.number <= before.number:
        what = f"{names} start at {before.start:g} and {after.start:g} s and have the numbers {before.number} and {after.number}"
        raise FormatError(f"{what}, which contradict each other", path=path)


def _recorded(sweeps: list[_Sweep], known: bool, channel: int | str, began: Any, path: str) -> Recorded:
    """One channel of each sweep; a FormatError where they are not alike."""
    chosen = [_channel(sweep, channel, n, path) for n, sweep in enumerate(sweeps)]
    usual = Counter(own.values.size for own in chosen).most_common(1)[0][0]
    like = next(n for n, own in enumerate(chosen) if own.values.size == usual)
    first = chosen[like]
    chosen = [_as_long(own, first) for own in chosen]
    for n, other in enumerate(chosen):
        if other.values.shape != first.values.shape or not math.isclose(other.rate, first.rate) or other.unit != first.unit:
            what = f"{other.values.size} samples at {other.rate:g} Hz in {other.unit}"
            expected = f"{usual} at {first.rate:g} Hz in {first.unit} like sweep {like}"
            raise FormatError(f"{what}; expected {expected}", path=path, key=f"sweep {n}")
        if other.electrode != first.electrode:
            names = f'"{first.electrode}" or "{other.electrode}"'
            raise FormatError(f"has sweeps of different electrodes; name one of them: {names}", path=path, key="channel")
    return Recorded(
        values=np.stack([own.values for own in chosen]),
        time=np.arange(first.values.size) / first.rate,
        unit=first.unit,
        path=path,
        starts=np.array([sweep.start for sweep in sweeps]) if known else None,
        began=began if isinstance(began, datetime.datetime) else None,
        stimulus=_stimulus(sweeps, first),
        pulses=_pulses(sweeps, chosen, path),
        tags=tuple(dict.fromkeys(event for sweep in sweeps for event in sweep.events)),
        origin=sweeps[0].start,
    )


def _as_long(channel: _Channel, first: _Channel) -> _Channel:
    """A sweep that was not recorded to its end as long as most, with NaN in its missing samples."""
    missing = first.values.size - channel.values.size
    return replace(channel, values=np.pad(channel.values, (0, missing), constant_values=np.nan)) if missing > 0 else channel


def _channel(sweep: _Sweep, channel: int | str, n: int, path: str) -> _Channel:
    names = [own.name for own in sweep.channels]
    if isinstance(channel, str) and channel in {own.electrode for own in sweep.channels}:
        return next(own for own in sweep.channels if own.electrode == channel and not own.stimulus)
    if isinstance(channel, str) and channel not in names:
        electrodes = [own.electrode for own in sweep.channels if own.electrode]
        raise unknown_name("channel", channel, [*names, *electrodes], path=path, key=f"sweep {n}")
    position = names.index(channel) if isinstance(channel, str) else channel
    if not 0 <= position < len(names):
        raise FormatError(f"there is no channel {channel}; the file has {len(names)}: {', '.join(names)}", path=path, key=f"sweep {n}")
    return sweep.channels[position]


def _stimulus(sweeps: list[_Sweep], like: _Channel) -> Floats | None:
    """The largest of the sweeps' stimuli at each sample, where they have channels of a stimulus as long as the chosen one."""
    rows = [own.values for sweep in sweeps for own in sweep.channels if own.stimulus and own.values.shape == like.values.shape]
    return np.max([np.abs(row - np.median(row)) for row in rows], axis=0) if rows else None


def _pulses(sweeps: list[_Sweep], chosen: list[_Channel], path: str) -> Floats | None:
    """Times in a sweep of the events that are called stimuli; the same in all sweeps, or refused."""
    rows = []
    for sweep, own in zip(sweeps, chosen, strict=True):
        inside = [time - own.start for time, label in sweep.events if is_stimulus(label)]
        rows.append(np.array([time for time in inside if 0 <= time < own.values.size / own.rate]))
    if not any(row.size for row in rows):
        return None
    for n, row in enumerate(rows):
        if row.shape != rows[0].shape or not np.allclose(row, rows[0], rtol=0, atol=1e-3):
            raise FormatError("its stimulus comes at another time than that of the first; give the pulse", path=path, key=f"sweep {n}")
    return rows[0]


def _channel_name(signal: Any, k: int) -> str:
    own = signal.array_annotations.get("channel_names", ())
    return str(own[k] if len(own) > k else signal.name)
