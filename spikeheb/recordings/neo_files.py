"""Spikes and sweeps from the files that Neo reads."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError, ScheduleError, printable, unknown_name
from spikeheb.limits import MEMORY, check_file
from spikeheb.recordings.sweeps import Sweeps, checked, size_of
from spikeheb.schedules import NOTHING, Lane

Floats = npt.NDArray[np.float64]

_PICKLES = (".pkl", ".pickle")
_REFUSED = {"PickleIO": "would unpickle the file", "ElphyIO": "would evaluate text of the file"}
_TRAIN_NAME = re.compile(r"(pre|post)[ _-]*(\d*)", re.IGNORECASE)


def segments_of(path: Path, reader: str | None) -> list[Any]:
    """The segments of the file's first block.

    Raises
    ------
    FormatError
        Without Neo, for a file that would be unpickled, and where no reader makes sense of it.
    """
    where = str(path)
    if path.suffix.lower() in _PICKLES:
        raise FormatError("is a pickle, which may run any program; nothing is ever unpickled (save it in another format)", path=where)
    if not path.exists():
        raise FormatError("there is no such file", path=where)
    if not path.is_dir():  # some recordings are folders
        check_file(path, MEMORY)
    problems = []
    for candidate in _neo_readers(path, reader):
        try:
            blocks = candidate(where).read()
        except Exception as error:  # a reader may fail in any way on a file that is not its own
            problems.append(f"{candidate.__name__}: {type(error).__name__} {' '.join(str(error).split())[:80]}")
            continue
        if blocks and blocks[0].segments:
            return list(blocks[0].segments)
        problems.append(f"{candidate.__name__}: no segments")
    raise FormatError(f"Neo found nothing to read ({'; '.join(problems) or 'no reader for such files'})", path=where)


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


def minutes_of(segments: list[Any], interval: float | None, first_after: int | None, path: str) -> Floats:
    """Minutes of the sweeps from the end of the induction."""
    count = len(segments)
    if interval is None or first_after is None:
        raise FormatError(f"say the interval in seconds and first_after, the first of its {count} sweeps after the induction", path=path)
    if not (math.isfinite(interval) and interval > 0):
        raise FormatError(f"expected a time in seconds, more than 0 (got {interval})", path=path, key="interval")
    if not 0 <= first_after <= count:
        raise FormatError(f"the file has {count} sweeps, so expected 0 to {count} (got {first_after})", path=path, key="first_after")
    steps = np.arange(count) - first_after
    return np.where(steps < 0, steps, steps + 1) * interval / 60


def sweeps_of_segments(segments: list[Any], minutes: Floats, *, unit: str | None, pulse: float, channel: int | str, path: str) -> Sweeps:
    """One channel of each segment; a FormatError where they are not alike."""
    found = [_signal(segment, channel, n, path) for n, segment in enumerate(segments)]
    first_values, rate, first_unit = found[0]
    for n, (values, other_rate, other_unit) in enumerate(found):
        if values.shape != first_values.shape or not math.isclose(other_rate, rate) or other_unit != first_unit:
            what = f"{values.size} samples at {other_rate:g} Hz in {other_unit}"
            expected = f"{first_values.size} at {rate:g} Hz in {first_unit} like the first"
            raise FormatError(f"{what}; expected {expected}", path=path, key=f"sweep {n}")
    size, name = size_of(unit or first_unit, path)
    time = np.arange(first_values.size) / rate - pulse
    return checked(np.stack([values for values, _, _ in found]) * size, time, minutes, name, path)


def _signal(segment: Any, channel: int | str, n: int, path: str) -> tuple[Floats, float, str]:
    """Samples, sampling rate in Hz and unit of one channel of a segment."""
    columns = [(signal, k) for signal in segment.analogsignals for k in range(signal.shape[1])]
    names = [_channel_name(signal, k) for signal, k in columns]
    if isinstance(channel, str) and channel not in names:
        raise unknown_name("channel", channel, names, path=path, key=f"sweep {n}")
    position = names.index(channel) if isinstance(channel, str) else channel
    if not 0 <= position < len(columns):
        raise FormatError(f"there is no channel {channel}; {len(columns)} found: {', '.join(names)}", path=path, key=f"sweep {n}")
    signal, k = columns[position]
    return np.asarray(signal.magnitude[:, k], dtype=float), float(signal.sampling_rate.rescale("Hz")), signal.units.dimensionality.string


def _channel_name(signal: Any, k: int) -> str:
    own = signal.array_annotations.get("channel_names", ())
    return str(own[k] if len(own) > k else signal.name)
