"""Recordings that a user brings: spike times to replay, and sweeps to measure.

Tables (``.csv``, ``.tsv``; ``.txt``, ``.dat`` and ``.asc`` whose first line is their header) and Axon Text Files (``.atf``) are read
here; any other file goes to Neo, if that is installed (``pip install "spikeheb[neo]"``). Nothing is ever unpickled or evaluated.

Columns are separated by tabs, semicolons or commas, numbers have a decimal point or a decimal comma; which of them is decided by the
rules of `spikeheb.recordings.text`, never guessed. Units stand in the heads: ``time_ms``, ``Time (ms)``, ``Sweep 1 [pA]``.

Spikes: a header with the columns ``lane``, ``side`` (``pre``, ``post`` or ``reward``), ``time`` in seconds (or ``time_s``,
``time_ms``, ``Time (ms)``) and, where a lane has several inputs, ``input`` (0, 1, ...; empty for ``post``). One spike or reward a
line, each train in order of time. ``amount`` is that of a reward (1 where empty); ``axonal_delay`` and ``backpropagation_delay``,
such as ``1 ms``, may stand in a lane's first line::

    lane,side,time
    +10 ms,pre,0.000
    +10 ms,post,0.010

Sweeps: the first column is the time in a sweep; each further column is a sweep, headed by the minute at which it was taken, counted
from the end of the induction and negative before it, or by a name such as ``Sweep 1 (mV)``: then the interval between sweeps and the
first one after the induction have to be said. A column called stimulus, trigger or TTL says when the stimulus comes::

    time_ms,-10.0,-9.8333,20.0
    0.0,-70.1,-70.2,-70.0
    0.1,-70.1,-70.1,-69.9

Empty lines and lines that begin with ``#`` are skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from spikeheb.dimensions import TIME
from spikeheb.errors import FormatError, UnitError, check_kind
from spikeheb.recordings.cutting import AROUND, cut
from spikeheb.recordings.heads import numbered_order
from spikeheb.recordings.neo_files import SPIKES_AS_TABLE, recorded_by_neo, segments_of, spikes_of_segment
from spikeheb.recordings.recorded import Recorded, joined, minutes_of
from spikeheb.recordings.sweep_tables import is_text, recorded_table
from spikeheb.recordings.sweeps import Sweeps, checked, size_of
from spikeheb.recordings.tables import is_spike_table, spikes_of_table
from spikeheb.schedules import Lane
from spikeheb.units import quantity

__all__ = ["Sweeps", "read_spikes", "read_sweeps"]


def read_spikes(path: Path | str, *, reader: str | None = None, sides: Sequence[str] | None = None) -> list[Lane]:
    """The spike trains of a file, one `Lane` for each lane of the file; its condition is ``{"lane": label}`` with the lane's own delays.

    Of a file that Neo reads, the first segment is used. A train belongs to the side that its annotation ``side`` names,
    or else to that of its name: ``pre``, ``pre0``, ``pre1``, ... (inputs in order of their numbers) or ``post``; and to the lane
    of its annotation ``lane``, or else to the only one, "0". Time 0 is the earliest start of a train.

    Parameters
    ----------
    path : path
        ``.csv``, ``.tsv``, or a file (or folder) that Neo reads.
    reader : str, optional
        The Neo class to use, such as ``"AsciiSpikeTrainIO"``, where the name of the file does not decide it.
    sides : sequence of str, optional
        For files without names: ``"pre"`` or ``"post"`` for each spike train in turn.

    Raises
    ------
    FormatError
        Naming the line or spike train, where the file is not as described here, and for times that are negative, not finite
        or not in order.
    """
    check_kind(path, (str, Path), "a path", key="path")
    path = Path(path)
    if reader is None and is_spike_table(path):
        if sides is not None:
            raise FormatError("in a table the column side says the side of each spike; leave out sides", path=str(path), key="sides")
        return spikes_of_table(path)
    return spikes_of_segment(segments_of(path, reader, SPIKES_AS_TABLE)[0], sides, str(path))


def read_sweeps(
    path: Path | str | Sequence[Path | str],
    *,
    unit: str | None = None,
    pulse: object = None,
    channel: int | str = 0,
    interval: object = None,
    first_after: int | None = None,
    reader: str | None = None,
    cut_at: object = None,
    around: object = AROUND,
) -> Sweeps:
    """The sweeps of a file, or of several that were recorded one after the other.

    Parameters
    ----------
    path : path, or sequence of paths
        ``.csv``, ``.tsv``, ``.atf``, or a file (or folder) that Neo reads, each segment being a sweep. Several files come in the
        order of their dates where they have dates, else as given; names sorted as text (``a10`` before ``a2``) by their numbers.
    unit : str, optional
        Unit of the values, such as ``"mV"`` or ``"pA"``. By default what the file says, and mV in a table that says none.
    pulse : time, optional
        When the stimulus comes in the sweep: in the time column, or from the start of the segment. By default as the
        file's own stimulus says: a channel or column called stimulus, trigger or TTL, events called so, or NWB's stimuli.
    channel : int or str
        Which channel, counted over all analog signals or by name; or the electrode of an NWB file, whose sweeps are then taken alone.
    interval : time, optional
        Between sweeps, where neither heads nor start times say so.
    first_after : int
        Number of the first sweep after the induction, counted from 0; not where the heads of columns are minutes.
    reader : str, optional
        As in `read_spikes`.
    cut_at : str or times, optional
        Cut a continuous recording into sweeps around its ``"events"``, its ``"stimulus"``, the events of that label, or these times.
    around : pair of times
        From when to when such a sweep goes, from its event.

    Raises
    ------
    FormatError
        With the line, sweep or option, for what is not as described, and where the file and an option contradict each other.
    UnitError
        For a unit that is neither a voltage nor a current.
    """
    paths = [Path(path)] if isinstance(path, str | Path) else [Path(each) for each in path]
    if not paths:
        raise FormatError("expected at least one file", key="recording")
    if len({each.resolve() for each in paths}) < len(paths):
        again = next(each for n, each in enumerate(paths) if each.resolve() in {earlier.resolve() for earlier in paths[:n]})
        raise FormatError("is given twice; give each file once", path=str(again))
    paths = [paths[n] for n in numbered_order([str(each) for each in paths])]
    every = None if interval is None else _time(interval, "interval", str(paths[0]))
    files = [_recorded(each, unit, channel, reader) for each in paths]
    if cut_at is not None:
        files = [cut(file, cut_at, around) for file in files]
    whole = joined(files, every)
    minutes, end = minutes_of(whole, every, first_after)
    at = _pulse(whole, pulse)
    size, name = size_of(unit or whole.unit or "", whole.path)
    sweeps = checked(whole.values * size, whole.time - at, minutes, name, whole.path)
    tags = () if end is None else tuple(((time - end) / 60, text) for time, text in whole.tags)
    return replace(sweeps, pulses=whole.stimulated() - at, tags=tags, pulse=at)


def _recorded(path: Path, unit: str | None, channel: int | str, reader: str | None) -> Recorded:
    table = reader is None and is_text(path)
    recorded = recorded_table(path, channel, unit) if table else recorded_by_neo(path, reader, channel)
    if recorded.time.size < 2:
        raise FormatError(f"its sweeps have {recorded.time.size} samples; expected two or more", path=str(path))
    return recorded


def _pulse(recorded: Recorded, pulse: object) -> float:
    """When the stimulus comes: given, or as the file says; never assumed."""
    if pulse is not None:
        return _time(pulse, "pulse", recorded.path)
    stimuli = recorded.stimulated()
    if not stimuli.size:
        raise FormatError(
            'the file does not say when the stimulus comes in a sweep; give that time, such as "10 ms"', path=recorded.path, key="pulse"
        )
    return float(stimuli[0])


def _time(value: object, key: str, path: str) -> float:
    try:
        return quantity(value, TIME)
    except UnitError as error:
        raise FormatError(error.message, path=path, key=key) from None
