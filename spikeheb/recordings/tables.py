"""Spikes from text files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from spikeheb.dimensions import TIME
from spikeheb.errors import FormatError, UnitError, printable
from spikeheb.recordings.heads import seconds_of
from spikeheb.recordings.text import TABLES, TEXTS, Table, first_cells, read_table
from spikeheb.schedules import Lane, Reward
from spikeheb.units import quantity

MAX_INPUTS = 100_000
DELAYS = ("axonal_delay", "backpropagation_delay")
ALLOWED = ("lane", "side", "time", "input", "amount", *DELAYS)


@dataclass
class _Trains:
    """The trains of a lane while its file is read."""

    pre: dict[int, list[float]] = field(default_factory=dict)
    post: list[float] = field(default_factory=list)
    rewards: list[Reward] = field(default_factory=list)
    delays: dict[str, float] = field(default_factory=dict)

    @property
    def inputs(self) -> int:
        """How many inputs there are, if they are numbered from 0 on."""
        return max(self.pre, default=0) + 1

    def lane(self, label: str) -> Lane:
        pre = [np.array(self.pre.get(n, ())) for n in range(self.inputs)]
        return Lane({"lane": printable(label), **self.delays}, tuple(pre), np.array(self.post), rewards=tuple(self.rewards))


def is_spike_table(path: Path) -> bool:
    """Whether a file of spikes is read here rather than by Neo."""
    suffix = path.suffix.lower()
    return suffix in TABLES or (suffix in TEXTS and {"lane", "side"} <= {cell.lower() for cell in first_cells(path)})


def spikes_of_table(path: Path) -> list[Lane]:
    """The lanes of a text file of spikes."""
    table = read_table(path)
    columns, scale = _columns(table)
    lanes: dict[str, _Trains] = {}
    for line, cells in table.whole_rows():
        named = {name: cells[n] for name, n in columns.items()}
        if not named["lane"]:
            raise table.error("lane must not be empty", line)
        time = table.number(named["time"], line, "time") * scale
        if time < 0:
            raise table.error(f"{time:g} s is negative; shift the lane", line)
        trains = lanes.setdefault(named["lane"], _Trains())
        _note_delays(trains, named, table, line)
        if named["side"] == "reward":
            _note_reward(trains, time, named.get("amount", ""), table, line)
            continue
        train = _train_of(trains, named, table, line)
        if train and time < train[-1]:
            raise table.error(f"{time:g} s comes after {train[-1]:g} s; sort each train by time", line)
        train.append(time)
    count = sum(trains.inputs for trains in lanes.values())
    if count > MAX_INPUTS:
        raise FormatError(
            f"the lanes have {count:,} inputs together, and {MAX_INPUTS:,} are allowed; number the inputs from 0", path=str(path)
        )
    return [trains.lane(label) for label, trains in lanes.items()]


def _columns(table: Table) -> tuple[dict[str, int], float]:
    """Position of each column by its plain name, and seconds of the unit of time."""
    positions: dict[str, int] = {}
    plain_names = [head.strip().lower() for head in table.header]
    for name in ("lane", "side"):
        if plain_names.count(name) != 1:
            raise table.error(f'expected one column "{name}" (found: {", ".join(table.header)[:300]})')
    times = [head for head in table.header if seconds_of(head, bare=1.0) is not None]
    for n, head in enumerate(table.header):
        name = "time" if seconds_of(head, bare=1.0) is not None else plain_names[n]
        if name not in ALLOWED or (name in positions and name != "time"):
            allowed = ", ".join(ALLOWED)
            raise table.error(f'the column "{head[:40]}" is unknown or there twice; allowed: {allowed} (also time_s, time_ms, "Time (ms)")')
        positions[name] = n
    if len(times) != 1:
        raise table.error(f'expected one column "time" or "time_s" or "time_ms" (found: {", ".join(table.header)[:300]})')
    return positions, seconds_of(times[0], bare=1.0) or 1.0


def _note_reward(trains: _Trains, time: float, amount: str, table: Table, line: int) -> None:
    trains.rewards.append(Reward(time, table.number(amount, line, "amount") if amount else 1.0))


def _note_delays(trains: _Trains, named: dict[str, str], table: Table, line: int) -> None:
    """The delays of a lane, which stand in one of its lines or in all, with their unit."""
    for name in DELAYS:
        text = named.get(name, "")
        if not text:
            continue
        try:
            delay = quantity(text.replace(",", "."), TIME)
        except UnitError as error:
            raise table.error(f"{name}: {error.message}", line) from None
        if delay < 0 or trains.delays.setdefault(name, delay) != delay:
            raise table.error(f"{name} must be 0 or more, and the same in all lines of a lane (got {text[:20]})", line)


def _train_of(trains: _Trains, named: dict[str, str], table: Table, line: int) -> list[float]:
    side, which = named["side"], named.get("input", "")
    if named.get("amount"):
        raise table.error("only a reward has an amount", line)
    if side == "post":
        return trains.post
    if side != "pre":
        raise table.error(f'side must be "pre", "post" or "reward" (got "{side[:40]}")', line)
    if which and not (which.isascii() and which.isdigit() and len(which) < 10 and int(which) < MAX_INPUTS):
        raise table.error(f'input must be a whole number below {MAX_INPUTS} (got "{which[:40]}")', line)
    return trains.pre.setdefault(int(which or 0), [])
