"""What the file of a circuit may ask for: work grows with the size of the file, and no count makes more than a run may have."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import tables
from spikeheb.circuits import files
from spikeheb.circuits.file_tables import CircuitTable
from spikeheb.circuits.files import read_circuit

FAN_IN = (Path(__file__).parents[2] / "models" / "networks" / "fan_in.toml").read_text(encoding="utf-8")
SOURCE = 'sources = [{ kind = "poisson", count = 100, rate = "15 Hz" }]'
CURRENT = 'currents = [{ at = "0 ms", value = "500 pA" }]'
POPULATION = '\n[populations.p{n}]\nsources = [{{ kind = "poisson", count = {count}, rate = "1 Hz" }}]\n'


def calls(work: Callable[[Path], object], path: Path) -> int:
    """How many functions are called, those written in C included."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event.endswith("call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work(path)
    finally:
        sys.setprofile(before)
    return count


def saved(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def sources(n: int) -> str:
    return FAN_IN.replace(SOURCE, "sources = [" + ", ".join(['{ kind = "poisson", count = 1, rate = "1 Hz" }'] * n) + "]")


def trains(n: int) -> str:
    return FAN_IN.replace(SOURCE, 'sources = [{ kind = "replayed", trains = [' + ", ".join(['["1 ms"]'] * n) + "] }]")


def pairs(n: int) -> str:
    reaches = ", ".join("0" * n)
    return FAN_IN.replace("count = 100", f"count = {n}").replace('"all_to_all"', f'"pairwise"\nreaches = [{reaches}]')


def changes(n: int) -> str:
    return FAN_IN.replace(CURRENT, "currents = [" + ", ".join(['{ at = "0 ms", value = "500 pA" }'] * n) + "]")


def weights(n: int) -> str:
    return FAN_IN.replace("count = 100", f"count = {n}").replace("w = 0.5", f"w = [{', '.join(['0.5'] * n)}]")


@pytest.mark.parametrize("text", [sources, trains, pairs, changes, weights])
def test_twice_the_file_is_twice_the_work(text: Callable[[int], str], tmp_path: Path) -> None:
    read_circuit(saved(tmp_path, text(2)))  # what is kept for later is made here
    few, many = (calls(read_circuit, saved(tmp_path, text(n))) for n in (200, 800))
    assert many < 4.2 * few


def test_the_counts_of_a_file_are_added_up_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("an array is made")

    monkeypatch.setattr(np, "full", refuse)
    text = FAN_IN + "".join(POPULATION.format(n=n, count=200_000) for n in range(60))
    imposed = 'imposed = [{ kind = "poisson", count = 10000000, rate = "1 Hz" }]'
    cases = {
        "populations.p49.sources[0].count: with this there are 10,000,100 trains, and 10,000,000 are allowed in a file; use fewer": text,
        "drives.cells.imposed[0].count: with this there are 10,000,100 trains": FAN_IN.replace(CURRENT, imposed),
    }
    for message, wrong in cases.items():
        with pytest.raises(sh.FormatError) as refused:
            read_circuit(saved(tmp_path, wrong))
        assert message in str(refused.value)


def test_as_many_trains_as_are_allowed_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spikeheb.circuits.file_values.MOST", 160)
    assert read_circuit(saved(tmp_path, FAN_IN + POPULATION.format(n=0, count=60))).sources.count == 100
    with pytest.raises(sh.FormatError, match=r"there are 161 trains, and 160 are allowed"):
        read_circuit(saved(tmp_path, FAN_IN + POPULATION.format(n=0, count=61)))


def test_the_place_of_a_wrong_value_among_many_tables_is_looked_up_in_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    text = FAN_IN + "".join(POPULATION.format(n=n, count=1 if n else '"x"') for n in range(90))
    tries: list[object] = []
    convert = tables.msgspec.convert
    monkeypatch.setattr(tables.msgspec, "convert", lambda *args, **kwargs: (tries.append(args), convert(*args, **kwargs))[1])
    with pytest.raises(sh.FormatError, match=r"populations\.p0\.sources\[0\]\.count: expected a whole number, got text"):
        tables.decode_text(text, CircuitTable, "mine.toml", files.MAX_ITEMS)
    assert len(tries) < 15
