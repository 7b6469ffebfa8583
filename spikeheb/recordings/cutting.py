"""Sweeps cut out of a continuous recording, around its events or given times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from spikeheb.dimensions import TIME
from spikeheb.errors import FormatError, UnitError
from spikeheb.numbers import quantities
from spikeheb.recordings.heads import is_stimulus
from spikeheb.recordings.recorded import Recorded

Floats = npt.NDArray[np.float64]

_NUMBER = re.compile(r"[\s(\[]*[-+]?\.?\d")
AROUND = (-0.105, 0.105)
"""Seconds around an event that a sweep takes, unless said otherwise."""


def cut(recorded: Recorded, at: object, around: object = AROUND) -> Recorded:
    """Sweeps around the stimuli of a continuous recording, at time 0 of each.

    Parameters
    ----------
    recorded : Recorded
        One sweep, the continuous recording.
    at : str or times
        ``"events"`` for all events of the file, ``"stimulus"`` for the onsets in its channel of a stimulus or for the events that
        are called so, the label of an event, or times in the recording's own time.
    around : pair of times
        From when to when a sweep goes, before and after its event.

    Raises
    ------
    FormatError
        For a recording in sweeps, events that it has not, and sweeps that reach beyond it.
    """
    path, time = recorded.path, recorded.time
    if len(recorded.values) != 1:
        raise FormatError(f"has {len(recorded.values)} sweeps already; only a continuous recording is cut", path=path, key="cut_at")
    first, last = _pair(around, path)
    events = np.unique(_events(recorded, at))
    step = float(np.median(np.diff(time)))
    if not np.allclose(np.diff(time), step, rtol=1e-3, atol=0):
        raise FormatError("its samples are not equally spaced", path=path, key="cut_at")
    if last - first > time[-1] - time[0]:
        raise FormatError(
            f"a sweep from {first * 1e3:g} to {last * 1e3:g} ms is longer than the file; choose a shorter one", path=path, key="around"
        )
    offsets = np.arange(round(first / step), round(last / step) + 1, dtype=np.int64)
    centres = np.rint((events - time[0]) / step).astype(np.int64)
    for event, centre in zip(events, centres, strict=True):
        if centre + offsets[0] < 0 or centre + offsets[-1] >= time.size:
            reach = f"{first * 1e3:g} to {last * 1e3:g} ms"
            raise FormatError(
                f"the sweep of {reach} around {event:g} s reaches beyond the file; choose a shorter one, or leave this stimulus out",
                path=path,
                key="around",
            )
    values = recorded.values[0][centres[:, np.newaxis] + offsets]
    return replace(
        recorded,
        values=values,
        time=np.asarray(offsets * step, dtype=np.float64),
        starts=recorded.origin + events,
        stimulus=None,
        pulses=np.zeros(1),
        minutes=None,
    )


def _pair(around: object, path: str) -> tuple[float, float]:
    try:
        numbers = quantities(around, TIME, path=path, key="around")
    except UnitError as error:
        raise FormatError(error.message, path=path, key="around") from None
    if numbers.shape != (2,) or not (np.all(np.isfinite(numbers)) and numbers[0] <= 0 < numbers[1]):
        raise FormatError("expected two times, the first 0 or less and the second more than 0", path=path, key="around")
    return float(numbers[0]), float(numbers[1])


def _events(recorded: Recorded, at: object) -> Floats:
    """The times, in the recording's own time."""
    path = recorded.path
    labelled = [(time - recorded.origin, label) for time, label in recorded.tags]
    if not isinstance(at, str) or _NUMBER.match(at):
        try:
            times = np.atleast_1d(quantities(at, TIME, path=path, key="cut_at"))
        except UnitError as error:
            raise FormatError(error.message, path=path, key="cut_at") from None
    elif at == "events":
        times = np.array([time for time, _ in labelled])
    elif at == "stimulus":
        times = recorded.stimulated() if recorded.stimulus is not None else np.array([t for t, label in labelled if is_stimulus(label)])
    else:
        times = np.array([time for time, label in labelled if label == at])
    if not times.size or not np.all(np.isfinite(times)):
        raise FormatError(f"{_named(at)}; the file has {_listed([label for _, label in labelled])}", path=path, key="cut_at")
    return times


def _named(at: object) -> str:
    return f'no event for "{at}"' if isinstance(at, str) else "expected finite times"


def _listed(labels: Sequence[str]) -> str:
    names = sorted(set(labels))
    return f"{len(labels)} events ({', '.join(names[:8])})" if names else "no events"
