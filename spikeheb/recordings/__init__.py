"""Recordings that a user brings: spike times to replay, and sweeps to measure.

CSV files are read here; any other file goes to Neo, if that is installed (``pip install "spikeheb[neo]"``). Nothing is
ever unpickled or evaluated.

Spikes, CSV: a header with the columns ``lane``, ``side`` (``pre`` or ``post``), ``time`` in seconds (or ``time_s``,
``time_ms``) and, where a lane has several inputs, ``input`` (0, 1, ...; empty for ``post``). One spike a line, each train
in order of time::

    lane,side,time
    +10 ms,pre,0.000
    +10 ms,post,0.010

Sweeps, CSV: the first column is the time in a sweep, ``time_s`` or ``time_ms``; each further column is a sweep, headed
by the minute at which it was taken, counted from the end of the induction and negative before it::

    time_ms,-10.0,-9.8333,20.0
    0.0,-70.1,-70.2,-70.0
    0.1,-70.1,-70.1,-69.9

Empty lines and lines that begin with ``#`` are skipped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from spikeheb.errors import FormatError
from spikeheb.recordings.neo_files import minutes_of, segments_of, spikes_of_segment, sweeps_of_segments
from spikeheb.recordings.sweeps import Sweeps
from spikeheb.recordings.tables import spikes_of_table, sweeps_of_table
from spikeheb.schedules import Lane

__all__ = ["Sweeps", "read_spikes", "read_sweeps"]


def read_spikes(path: Path | str, *, reader: str | None = None, sides: Sequence[str] | None = None) -> list[Lane]:
    """The spike trains of a file, one `Lane` for each lane, its condition being ``{"lane": label}``.

    Of a file that Neo reads, the first segment is taken. A train belongs to the side that its annotation ``side`` says,
    or else its name: ``pre``, ``pre0``, ``pre1``, ... (inputs in order of their numbers) or ``post``; and to the lane
    of its annotation ``lane``, or else to the only one, "0". Times count from the earliest start of a train.

    Parameters
    ----------
    path : path
        ``.csv``, or a file (or folder) that Neo reads.
    reader : str, optional
        The Neo class to use, such as ``"AsciiSpikeTrainIO"``, where the file's name does not tell.
    sides : sequence of str, optional
        For files without names: ``"pre"`` or ``"post"`` for each spike train in turn.

    Raises
    ------
    FormatError
        With the line or spike train, for what is not as described, and for times that are negative, not finite or
        not in order.
    """
    path = Path(path)
    if path.suffix.lower() == ".csv":
        return spikes_of_table(path)
    return spikes_of_segment(segments_of(path, reader)[0], sides, str(path))


def read_sweeps(
    path: Path | str,
    *,
    unit: str | None = None,
    pulse: float = 0.0,
    channel: int | str = 0,
    interval: float | None = None,
    first_after: int | None = None,
    reader: str | None = None,
) -> Sweeps:
    """The sweeps of a file.

    Parameters
    ----------
    path : path
        ``.csv``, or a file (or folder) that Neo reads, each segment being a sweep.
    unit : str, optional
        Unit of the values, such as ``"mV"`` or ``"pA"``. By default mV in a CSV file, and in others what the file says.
    pulse : float
        Time of the stimulus in the sweep, seconds: in the time column, or from the start of the segment.
    channel : int or str
        Neo: which channel, counted over all analog signals or by name.
    interval : float
        Neo: seconds between sweeps. The first sweep after the induction is taken to come one interval after its end.
    first_after : int
        Neo: number of the first sweep after the induction, counted from 0.
    reader : str, optional
        As in `read_spikes`.

    Raises
    ------
    FormatError
        With the line, sweep or option, for what is not as described.
    UnitError
        For a unit that is neither a voltage nor a current.
    """
    path = Path(path)
    if not math.isfinite(pulse):
        raise FormatError(f"pulse must be a time in seconds (got {pulse})", path=str(path))
    if path.suffix.lower() == ".csv":
        return sweeps_of_table(path, unit or "mV", pulse)
    segments = segments_of(path, reader)
    minutes = minutes_of(segments, interval, first_after, str(path))
    return sweeps_of_segments(segments, minutes, unit=unit, pulse=pulse, channel=channel, path=str(path))
