"""Files of recordings, as tests write them."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeheb.errors import SpikehebError
from spikeheb.recordings import Sweeps, read_sweeps

VOLTS = np.array([[-70, -69.5, -68.25], [-70.5, -69, -67]]) * 1e-3
ROWS = [("0", "-70", "-70.5"), ("0.5", "-69.5", "-69"), ("1", "-68.25", "-67")]

SPIKES = """\
# exported on a Tuesday
lane,side,time,input
a,pre,0.0,0
a,pre,0.5,1

a,post,0.01,
a,pre,0.1,0
b,post,0.2,
a,post,0.11,
"""


def saved(folder: Path, text: str, name: str = "recorded.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def block_of(neo: Any, sweeps: list[tuple[str, float, float]], extra: Any = None, dates: bool = False) -> Any:
    """A block of segments: name, start in seconds, and the height of the response at 10 ms."""
    import quantities as pq

    block = neo.Block()
    for n, (name, start, height) in enumerate(sweeps):
        v = np.full((200, 1), -70.0)
        v[100:] += height
        date = datetime.datetime(2024, 1, 1) + datetime.timedelta(seconds=10 * int(name[1:])) if dates else None
        segment = neo.Segment(name=name, rec_datetime=date)
        segment.analogsignals.append(neo.AnalogSignal(v, units="mV", sampling_rate=10 * pq.kHz, t_start=start * pq.s, name="Vm"))
        if extra is not None:
            extra(segment, n, start)
        block.segments.append(segment)
    return block


def table(delimiter: str, mark: str = ".", heads: tuple[str, ...] = ("time_ms", "-10", "20")) -> str:
    lines = [heads, *([cell.replace(".", mark) for cell in row] for row in ROWS)]
    return "\n".join(delimiter.join(line) for line in lines) + "\n"


def continuous(folder: Path, extra: str = "") -> Path:
    """3 s at 1 kHz in which the value is the time in ms, in microvolts, and a trigger at 0.5, 1 and 2 s."""
    lines = [f"Time (s),Vm (uV){extra}"]
    lines += [f"{n / 1000:.3f},{n}{(',1' if n in (500, 1000, 2000) else ',0') if extra else ''}" for n in range(3000)]
    return saved(folder, "\n".join(lines))


def sweeps_of(path: Path | str, **options: object) -> Sweeps:
    """The sweeps, whose stimulus comes at 0 unless said otherwise."""
    return read_sweeps(path, **{"pulse": 0.0, **options})  # type: ignore[arg-type]


def the_line(error: pytest.ExceptionInfo[SpikehebError], path: Path) -> str:
    """The message after the file's path; it is one line."""
    line = str(error.value)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    return line.removeprefix(f"{path}: ")
