"""Cells, heads and numbers of any length in files of recordings and measurements are read, or refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from recorded_files import saved

from spikeheb import published
from spikeheb.errors import FormatError
from spikeheb.limits import MOST
from spikeheb.recordings import read_spikes, read_sweeps
from spikeheb.recordings.heads import numbered_order, seconds_of, split_head

LONG = 100_000
DIGITS = "9" * 5000
"""More than Python makes a number of."""


def sweeps(path: Path) -> object:
    return read_sweeps(path, pulse=0, interval="10 s", first_after=1)


REFUSED: dict[str, tuple[Callable[[Path], object], str, str, str]] = {
    "an input of many digits": (read_spikes, "a.csv", f"lane,side,time,input\nx,pre,1,{DIGITS}\n", "line 2: input must be a whole number"),
    "headers of an ATF": (sweeps, "a.atf", f"ATF 1.0\n{DIGITS} 2\nt (ms)\ta (mV)\n0\t1\n", "line 1: is no Axon Text File"),
    "columns of an ATF": (sweeps, "a.atf", f"ATF 1.0\n0 {DIGITS}\nt (ms)\ta (mV)\n0\t1\n", "line 1: is no Axon Text File"),
    "the version of an ATF": (sweeps, "a.atf", f"ATF{',' * LONG}x\n0 2\nt (ms)\ta (mV)\n0\t1\n", "line 1: is no Axon Text File"),
    "a number": (sweeps, "a.csv", f"time_ms,a,b\n0,{'1' * LONG}x,1\n", 'line 2: column "a" must be a finite number'),
    "a unit of the time": (sweeps, "a.csv", f"t({' ' * LONG}x,a,b\n0,1,2\n", "line 1: expected a header with one column"),
    "several times": (read_spikes, "a.csv", f"lane,side{',time' * 15_000}\nx,pre{',1' * 15_000}\n", 'line 1: expected one column "time"'),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_too_long_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    read, file, text, message = REFUSED[name]
    path = saved(tmp_path, text, file)
    with pytest.raises(FormatError) as refused:
        read(path)
    assert str(refused.value).startswith(f"{path}: {message}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("head", ["a" + " " * LONG + "b", "a" + "(" * LONG + "b", "Sweep " + DIGITS])
def test_heads_of_any_length_are_names(head: str, tmp_path: Path) -> None:
    assert read_sweeps(saved(tmp_path, f"time_ms,{head},b 2\n0,1,2\n1,2,3\n"), pulse=0, interval="10 s", first_after=1).v.shape == (2, 2)


def test_heads_are_parted_at_their_last_bracket() -> None:
    heads = {
        "Sweep 1 (mV)": ("Sweep 1", "mV"), "a [b] [mV]": ("a [b]", "mV"), "a (b (mV)": ("a (b", "mV"), "a (b) c": ("a (b) c", None),
        "a (b": ("a (b", None), "a)": ("a)", None), "a (": ("a (", None), "a ()": ("a", None), "(mV)": ("", "mV"), "a [x(b]": ("a", "x(b"),
        "a (mV))": ("a (mV))", None),
    }  # fmt: skip
    assert {head: split_head(head) for head in heads} == heads
    times = {"time ( ms )": 1e-3, "t [ s ]": 1.0, "time _ ms": 1e-3, "time ( )": None, "t": None, "t (mV)": None}
    assert {head: seconds_of(head) for head in times} == times


def test_numbers_in_names_are_ordered_as_numbers_of_any_length() -> None:
    names = sorted(["s0", "s00", "s1", "s10", "s2", "s007", "s" + DIGITS, "s" + DIGITS + "0"])
    assert [names[n] for n in numbered_order(names)] == ["s0", "s00", "s1", "s2", "s007", "s10", "s" + DIGITS, "s" + DIGITS + "0"]


def test_each_column_is_compared_with_few_others() -> None:
    comparisons = 0

    class Name(str):
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal comparisons
            comparisons += 1
            return str.__eq__(self, other)

    published._check_header([Name(n) for n in range(1000)], [], "mine.csv")
    assert comparisons < 5000
    with pytest.raises(FormatError, match='column "b" is there twice'):
        published._check_header(["a", "b", "c", "b"], [], "mine.csv")


def test_a_table_of_start_weights_that_is_too_large_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from spikeheb.studies import start_weights

    path = tmp_path / "w.csv"
    with path.open("wb") as file:
        file.truncate(40 * MOST)  # of zero bytes, which take no place on the disk
    monkeypatch.setattr(start_weights.csv, "reader", lambda *args, **kwargs: pytest.fail("the file is read"))
    with pytest.raises(FormatError, match="has 400 MB, and 200 MB are allowed"):
        start_weights.read_weights(path)
