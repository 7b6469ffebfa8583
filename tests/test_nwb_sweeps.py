"""Sweeps of NWB files as recording programs write them: one series a sweep, with electrode, sweep number and start."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeheb.errors import FormatError, UnknownName
from spikeheb.recordings import Sweeps, read_sweeps

pynwb = pytest.importorskip("pynwb")
pytest.importorskip("neo")
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*positional arguments:FutureWarning"),  # of pynwb, to Neo
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

RATE = 10_000.0
Row = tuple[str, float, int, str, float]
"""Name, start in seconds, number, electrode, and height of the response in mV."""


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Sweeps]:
    """Writes the series in the order given, and reads them as sweeps."""

    def write_and_read(
        rows: Sequence[Row], sizes: Sequence[int] | None = None, rates: Sequence[float] | None = None, **options: Any
    ) -> Sweeps:
        from pynwb.icephys import CurrentClampSeries, VoltageClampSeries

        kinds = options.pop("kinds", [CurrentClampSeries] * len(rows))
        kinds = [VoltageClampSeries if kind == "voltage" else CurrentClampSeries for kind in kinds]
        file = pynwb.NWBFile("sweeps", "id", datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC))
        device = file.create_device("amplifier")
        electrodes = {
            name: file.create_icephys_electrode(name=name, description="patch", device=device) for name in sorted({row[3] for row in rows})
        }
        for n, (name, start, number, electrode, height) in enumerate(rows):
            values = np.full(200 if sizes is None else sizes[n], -0.07)
            values[100:] += height * 1e-3
            file.add_acquisition(
                kinds[n](
                    name=name, data=values, electrode=electrodes[electrode], gain=1.0, starting_time=start,
                    rate=RATE if rates is None else rates[n], sweep_number=np.uint64(number),
                )
            )  # fmt: skip
        path = tmp_path / f"recorded{len(list(tmp_path.iterdir()))}.nwb"
        with pynwb.NWBHDF5IO(str(path), "w") as out:
            out.write(file)
        return read_sweeps(path, **{"pulse": 0.009, "first_after": 2, **options})

    return write_and_read


def heights(sweeps: Sweeps) -> list[float]:
    return np.round((sweeps.v[:, -1] - sweeps.v[:, 0]) * 1e3, 6).tolist()


def plain(count: int, interval: float = 10.0) -> list[Row]:
    return [(f"s{n}", interval * n, n, "e0", 1.0 + n) for n in range(count)]


def test_names_and_order_in_the_file_do_not_matter(read: Any) -> None:
    rows = [(f"x{9 - n}", 10.0 * n, n, "e0", 1.0 + n) for n in (3, 0, 2, 1)]
    sweeps = read(rows)
    assert heights(sweeps) == [1, 2, 3, 4]
    assert sweeps.minutes == pytest.approx([-0.25, -1 / 12, 1 / 12, 0.25])


@pytest.mark.parametrize("turned", [False, True])
def test_a_file_without_starts_has_the_sweeps_of_its_numbers(read: Any, turned: bool) -> None:
    """NWB writes a start of 0 where none is given; s10 would come before s2 as text."""
    rows = [(f"s{n}", 0.0, 11 - n if turned else n, "e0", 1.0 + n) for n in range(12)]
    expected = [float(n) for n in range(1, 13)]
    assert heights(read(rows, interval=10)) == (expected[::-1] if turned else expected)
    with pytest.raises(FormatError, match=r"say the interval in seconds and first_after, the first of its 12 sweeps"):
        read(rows)


def test_channels_of_two_electrodes_at_one_time_are_one_sweep(read: Any) -> None:
    """Also where each series has a number of its own."""
    for numbers in ([0, 1, 2, 3] * 2, range(8)):
        rows = [(f"{'ab'[n // 4]}{n % 4}", 10.0 * (n % 4), numbers[n], f"e{n // 4}", 1.0 + n) for n in range(8)]
        assert heights(read(rows)) == [1, 2, 3, 4]
        assert heights(read(rows, channel=1)) == [5, 6, 7, 8]
        assert heights(read(rows, channel="e1")) == [5, 6, 7, 8]


def test_two_cells_in_turn_are_never_taken_for_one(read: Any) -> None:
    rows = [(f"{'ab'[k]}{n}", 10.0 * n + 5 * k, 2 * n + k, f"e{k}", 1.0 + n + 10 * k) for n in range(4) for k in range(2)]
    with pytest.raises(FormatError, match=r'channel: has sweeps of different electrodes; name one of them: "e0" or "e1"'):
        read(rows)
    assert heights(read(rows, channel="e0")) == [1, 2, 3, 4]
    assert heights(read(rows, channel="e1")) == [11, 12, 13, 14]
    with pytest.raises(UnknownName, match="e2"):
        read(rows, channel="e2")


def test_two_pathways_of_one_cell_stay_in_turn(read: Any) -> None:
    rows = [(f"{'ab'[k]}{n}", 10.0 * n + 5 * k, 2 * n + k, "e0", 1.0 + n + 10 * k) for n in range(4) for k in range(2)]
    assert heights(read(rows)) == [1, 11, 2, 12, 3, 13, 4, 14]


def changed(rows: list[Row], n: int, place: int, value: object) -> list[Row]:
    row = list(rows[n])
    row[place] = value
    return [*rows[:n], tuple(row), *rows[n + 1 :]]  # type: ignore[list-item]


CONTRADICTIONS = {
    "numbers and starts": (
        [(f"s{n}", 10.0 * n, 3 - n, "e0", 1.0) for n in range(4)],
        '"s0" and "s1" start at 0 and 10 s and have the numbers 3 and 2, which contradict each other',
    ),
    "one number twice": (changed(plain(4), 2, 2, 1), '"s1" and "s2" start at 10 and 20 s and have the numbers 1 and 1'),
    "one start twice": (changed(plain(4), 2, 1, 10.0), '"s1" and "s2" both start at 10 s'),
    "a start that is no time": (changed(plain(4), 2, 1, float("nan")), 'the start of the sweep "s2" is not a time (nan)'),
    "sweeps within each other": (plain(4, 0.01), '"s0" and "s1" start at 0 and 0.01 s, before the first has ended'),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_what_contradicts_is_refused(read: Any, case: str) -> None:
    rows, words = CONTRADICTIONS[case]
    with pytest.raises(FormatError, match=re.escape(words)):
        read(rows)


def test_sweeps_that_follow_each_other_without_a_gap_are_read(read: Any) -> None:
    assert heights(read(plain(4, 0.02))) == [1, 2, 3, 4]


@pytest.mark.parametrize("short", [0, 1, 3])
def test_whichever_sweep_is_incomplete_is_one_sweep(read: Any, short: int) -> None:
    sweeps = read(plain(4), sizes=[150 if n == short else 200 for n in range(4)])
    assert np.flatnonzero(np.isnan(sweeps.v).any(axis=1)).tolist() == [short]
    assert sweeps.v.shape == (4, 200)


def test_rates_and_units_that_differ_are_refused(read: Any) -> None:
    with pytest.raises(FormatError, match="sweep 2: 200 samples at 20000 Hz in V; expected 200 at 10000 Hz in V like sweep 0"):
        read(plain(4), rates=[RATE, RATE, 2 * RATE, 2 * RATE])
    with pytest.raises(FormatError, match="sweep 3: 200 samples at 10000 Hz in A; expected 200 at 10000 Hz in V like sweep 0"):
        read(plain(4), kinds=["current"] * 3 + ["voltage"])
