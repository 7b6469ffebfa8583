"""Walking rates, patterns that come back, trains that are repeated, and spikes that are left out: what is drawn, and how files say it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeheb.circuits.check_sources import check
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.file_text import difference
from spikeheb.circuits.files import circuit_of, circuit_to_toml, read_circuit
from spikeheb.circuits.populations import Spikes
from spikeheb.circuits.sources import Between, Pasted, Poisson, Repeated, Replayed, Source, Walk
from spikeheb.draws.trains import INPUTS, Clock, presentations, trains, trains_and_dropped
from spikeheb.errors import EngineError, ScheduleError, SpikehebError

DT = 1e-4
WALK = Walk(count=200, low=0.0, high=90.0, slope=1800.0, turn=360.0, every=1e-3, silence=0.05)
PATTERN = Pasted(WALK, window=0.05, share=0.25, members=100, jitter=1e-3, noise=10.0, duplicates="drop")
EXACT = replace(PATTERN, jitter=0.0, noise=0.0, duplicates="error")
CLOCK = Clock(seed=5, dt=DT, steps=100_000)


def drawn(source: Source, clock: Clock = CLOCK) -> list[np.ndarray[Any, Any]]:
    return trains([source], clock, INPUTS)


def starts_of(source: Source, clock: Clock = CLOCK) -> np.ndarray[Any, Any]:
    return presentations([source], clock, INPUTS)[0]


def windows(steps: list[np.ndarray[Any, Any]], starts: np.ndarray[Any, Any], length: int = 500) -> list[list[list[int]]]:
    """For each start, the steps of each train from there on for the length of a window."""
    return [[(train[(train >= s) & (train < s + length)] - s).tolist() for train in steps] for s in starts]


# --- what is drawn ---


def test_a_walk_has_the_published_mean_rate_and_no_long_silence() -> None:
    """54 Hz (Hathway & Goodman 2018), of which the forced spikes are a sixth."""
    steps = drawn(WALK)
    assert np.mean([len(train) for train in steps]) / 10 == pytest.approx(54.0, rel=0.02)
    assert max(np.diff(train).max() for train in steps) <= 510
    assert max(train[0] for train in steps) <= 500
    assert all(np.all(np.diff(train) > 0) for train in steps)


def test_without_forced_spikes_a_walk_stays_within_its_limits() -> None:
    steps = drawn(replace(WALK, low=40.0, high=60.0, silence=np.inf))
    assert np.mean([len(train) for train in steps]) / 10 == pytest.approx(50.0, rel=0.02)
    still = drawn(replace(WALK, low=50.0, high=50.0, silence=np.inf))
    counts = np.array([np.histogram(train, np.arange(0, 100_001, 1000))[0] for train in still])
    assert counts.mean() == pytest.approx(5.0, rel=0.02)
    assert counts.var() == pytest.approx(5.0 * 0.95, rel=0.05)  # 100 bins with a spike of probability .05 each


def test_rates_walk_and_not_jump() -> None:
    """Counts in neighbouring windows of 20 ms are correlated, those a second apart are not; of a fixed rate neither is."""

    def correlation(source: Source, lag: int) -> float:
        counts = np.array([np.histogram(train, np.arange(0, 100_001, 200))[0] for train in drawn(source)])
        a, b = counts[:, :-lag].ravel(), counts[:, lag:].ravel()
        return float(np.corrcoef(a, b)[0, 1])

    free = replace(WALK, silence=np.inf)
    assert correlation(free, 1) > 0.15
    assert abs(correlation(free, 50)) < 0.03
    assert abs(correlation(Poisson(np.full(200, 45.0)), 1)) < 0.03


def test_presentations_are_a_share_of_the_time_and_never_adjacent() -> None:
    for share in (0.1, 0.25, 0.4):
        starts = starts_of(replace(PATTERN, share=share), replace(CLOCK, steps=5_000_000))
        assert len(starts) / 10_000 == pytest.approx(share, abs=0.02)
        assert np.diff(starts).min() == 1000
    assert np.all(np.diff(starts_of(replace(PATTERN, share=0.5))) == 1000)


def test_without_jitter_the_members_do_exactly_the_same_each_time_and_the_others_do_not() -> None:
    steps, starts = drawn(EXACT), starts_of(EXACT)
    shown = windows(steps, starts)
    assert len(shown) > 30
    assert all(window[:100] == shown[0][:100] for window in shown)
    assert sum(len(train) for train in shown[0][:100]) > 200
    assert not any(window[100:] == shown[0][100:] for window in shown[1:])
    original = windows(drawn(WALK), starts[:1])[0]
    assert shown[0] == original, "the first presentation is where the pattern is from"
    between = windows(steps, starts[np.diff(starts, append=10**6) > 1000] + 500)
    assert not any(window[:100] == shown[0][:100] for window in between)


def test_outside_the_presentations_nothing_is_changed() -> None:
    steps, starts, before = drawn(EXACT), starts_of(EXACT), drawn(WALK)
    for train, own in zip(steps, before, strict=True):
        outside = [each[~np.isin(each // 500, starts // 500)].tolist() for each in (train, own)]
        assert outside[0] == outside[1]


def test_jitter_moves_each_spike_by_a_normal_number() -> None:
    """A pattern of one spike of each member, far from the edges of its window."""
    given = Replayed(tuple(np.array([250 + 500 * n for n in range(200)]) for _ in range(50)))
    source = Pasted(given, window=0.05, share=0.3, members=50, jitter=1e-3)
    moved = np.concatenate([train[np.isin(train // 500, starts_of(source) // 500)] % 500 - 250 for train in drawn(source)])
    assert len(moved) > 1000
    assert moved.mean() == pytest.approx(0.0, abs=4 * 10 / np.sqrt(len(moved)))
    assert moved.std() == pytest.approx(10.0, rel=4 / np.sqrt(2 * len(moved)))


def test_deleted_spikes_come_elsewhere_in_the_window() -> None:
    given = Replayed(tuple(np.array([250 + 500 * n for n in range(200)]) for _ in range(50)))
    source = Pasted(given, window=0.05, share=0.3, members=50, deleted=0.4)
    places = np.concatenate([train[np.isin(train // 500, starts_of(source) // 500)] % 500 for train in drawn(source)])
    assert len(places) == 50 * len(starts_of(source))
    assert np.mean(places != 250) == pytest.approx(0.4, abs=4 * np.sqrt(0.24 / len(places)))
    assert places[places != 250].mean() == pytest.approx(249.5, abs=4 * 144 / np.sqrt(0.4 * len(places)))


def test_noise_is_added_to_every_train() -> None:
    noisy, quiet = drawn(replace(EXACT, noise=10.0, duplicates="drop")), drawn(EXACT)
    more = np.array([len(a) - len(b) for a, b in zip(noisy, quiet, strict=True)])
    assert more.mean() / 10 == pytest.approx(10.0, rel=0.05)
    assert more.min() > 50


def test_what_is_drawn_does_not_depend_on_the_length_of_the_run() -> None:
    short = replace(CLOCK, steps=40_000)
    for source in (WALK, PATTERN):
        for a, b in zip(drawn(source, short), drawn(source), strict=True):
            np.testing.assert_array_equal(a[a < 39_900], b[b < 39_900])  # a spike may be moved over the end
    starts = starts_of(PATTERN)
    np.testing.assert_array_equal(starts_of(PATTERN, short), starts[starts < 40_000])


def test_other_seeds_and_other_trains_differ() -> None:
    steps = drawn(WALK)
    assert len({train.tobytes() for train in (*steps, *drawn(WALK, replace(CLOCK, seed=6)))}) == 400
    twice = trains([WALK, WALK], CLOCK, INPUTS)
    assert len({train.tobytes() for train in twice}) == 400
    starts, which = presentations([PATTERN, PATTERN], CLOCK, INPUTS)
    assert starts[which == 0].tolist() != starts[which == 1].tolist()


def test_what_is_repeated_is_the_same_again() -> None:
    source = Repeated(PATTERN, 3.0)
    for train, once in zip(drawn(source), drawn(PATTERN, replace(CLOCK, steps=30_000)), strict=True):
        for n in range(3):
            np.testing.assert_array_equal(train[(train >= 30_000 * n) & (train < 30_000 * (n + 1))] - 30_000 * n, once)
    starts = starts_of(source)
    assert starts[starts >= 90_000].tolist() == (starts[starts < 10_000] + 90_000).tolist()


def test_a_source_that_is_there_for_a_while_presents_its_pattern_only_then() -> None:
    source = Between(PATTERN, 2.0, 5.0)
    starts, whole = starts_of(source), starts_of(PATTERN)
    assert starts.tolist() == whole[(whole >= 20_000) & (whole < 50_000)].tolist()
    assert all(train[0] >= 20_000 and train[-1] < 50_000 for train in drawn(source))


# --- two spikes in one step ---


def test_the_second_spike_of_a_step_is_left_out_and_counted() -> None:
    given = (np.array([3, 3, 8]), np.array([2, 5]), np.array([7, 7, 7]))
    steps, dropped = trains_and_dropped([Replayed(given, duplicates="drop")], CLOCK, INPUTS)
    assert [train.tolist() for train in steps] == [[3, 8], [2, 5], [7]]
    assert dropped == 3
    steps, dropped = trains_and_dropped([PATTERN], CLOCK, INPUTS)
    assert all(np.all(np.diff(train) > 0) for train in steps)
    assert 0 < dropped < 0.005 * sum(map(len, steps))


def test_two_spikes_in_one_step_are_an_error_where_nothing_is_said() -> None:
    with pytest.raises(ScheduleError, match=r'none twice; a smaller dt parts two that coincide, duplicates = "drop" leaves one out'):
        check(Replayed((np.array([3, 3]),)), DT, 1)
    check(Replayed((np.array([3, 3]),), duplicates="drop"), DT, 1)
    with pytest.raises(ScheduleError, match=r"must rise from 0 on$"):
        check(Replayed((np.array([4, 3]),), duplicates="drop"), DT, 1)
    with pytest.raises(ScheduleError, match=r'train \d+ has two spikes in the step of .* s; take a smaller dt, or .*duplicates = "drop"'):
        drawn(replace(PATTERN, duplicates="error"))


# --- files ---

SOURCES: dict[str, Source] = {
    "walk": WALK,
    "walk from a rate on": replace(WALK, low=10.0, silence=np.inf),
    "pattern": PATTERN,
    "pattern with all": replace(PATTERN, deleted=0.1, members=7, duplicates="error"),
    "pattern in Poisson trains": replace(PATTERN, source=Poisson(np.full(200, 50.0))),
    "repeated": Repeated(PATTERN, 1.5),
    "repeated for a while": Between(Repeated(PATTERN, 1.5), 0.5, 4.0),
    "given twice": Replayed((np.array([3, 3, 8]), np.array([2])), duplicates="drop"),
}


def with_source(source: Source) -> Circuit:
    network = circuit_of({
        "duration": "10 s", "populations": {"inputs": {"sources": [{"kind": "poisson", "count": 1, "rate": "1 Hz"}]},
                                           "cells": {"count": 1, "cell": "masquelier_2008"}},
        "projections": {"synapses": {"pre": "inputs", "post": "cells", "rule": "pair"}},
    })  # fmt: skip
    return replace(network, populations={**network.populations, "inputs": Spikes((source,))})


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_written_is_read(name: str, tmp_path: Path) -> None:
    circuit = with_source(SOURCES[name])
    path = tmp_path / "mine.toml"
    path.write_text(circuit_to_toml(circuit), encoding="utf-8")
    assert difference(circuit, read_circuit(path)) is None


TABLE: dict[str, Any] = {
    "kind": "walk", "count": 200, "high": "90 Hz", "slope": "1800 Hz/s", "turn": "360 Hz/s", "every": "1 ms", "silence": "50 ms",
}  # fmt: skip
WINDOW: dict[str, Any] = {"window": "50 ms", "share": 0.25, "members": 100, "jitter": "1 ms", "noise": "10 Hz"}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no highest rate": ({"high": None}, 'sources[0].high: is missing; a source of kind "walk" needs count, high, slope, turn, every'),
    "a rate of a walk": ({"rate": "5 Hz"}, 'sources[0].rate: a source of kind "walk" has no such key; it has count, high,'),
    "limits the wrong way round": ({"low": "95 Hz"}, "sources[0].low: the lowest rate of a walk must be from 0 to 90 Hz, the highest"),
    "more than a spike a bin": (
        {"high": "2000 Hz"},
        "the highest rate of a walk must be from 0 to 1000 Hz, one spike a bin at most (got 2000 Hz)",
    ),
    "a slope without a time": ({"slope": "1800 Hz"}, 'sources[0].slope: expected a'),
    "bins shorter than a step": ({"every": "0.01 ms"}, "sources[0].every: the bin of walking rates must be from 0.0001 to 1e+06 s, a time"),
    "a silence shorter than a bin": ({"silence": "0.5 ms"}, "the longest silence is a bin of 0.001 s at least (got 0.0005 s)"),
    "a negative count": ({"count": -1}, "sources[0].count: expected a whole number from 0 to"),
    "duplicates without need": ({"duplicates": "drop"}, 'sources[0].duplicates: a source of kind "walk" has no such key'),
    "another kind of duplicates": (
        {"duplicates": "keep", "pattern": WINDOW}, 'in one step are an "error", or one is left out ("drop") (got "keep")',
    ),
    "repeated after nothing": ({"repeat": "0 s"}, "the time after which trains are repeated must be from 0.0001 to 1e+09 s, a time step"),
    "a share of more than half": (
        {"pattern": WINDOW | {"share": 0.6}},
        "the share of slots that have the pattern must be from 1e-06 to 0.5, since two slots with the pattern are never adjacent",
    ),
    "more members than inputs": (
        {"pattern": WINDOW | {"members": 201}},
        "sources[0].pattern.members: the number of inputs that have the pattern must be from 1 to 200",
    ),
    "jitter beyond the window": (
        {"pattern": WINDOW | {"jitter": "1 s"}},
        "the jitter of a pattern must be from 0 to 0.05 s, the window at most (got 1 s)",
    ),
    "a window without a unit": ({"pattern": WINDOW | {"window": 50}}, "sources[0].pattern.window: expected a time such as"),
    "no window": ({"pattern": {"share": 0.25, "members": 3}}, "window"),
    "more deleted than all": ({"pattern": WINDOW | {"deleted": 1.5}}, "spikes that are deleted must be from 0 to 1"),
    "too much noise": ({"pattern": WINDOW | {"noise": "1 MHz"}}, "the noise added to a pattern must be from 0 to 10000 Hz"),
    "an unknown key": ({"pattern": WINDOW | {"jiter": "1 ms"}}, 'did you mean "jitter"?'),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_one_line(name: str) -> None:
    changes, words = WRONG[name]
    table = {key: value for key, value in (TABLE | changes).items() if value is not None}
    with pytest.raises(SpikehebError) as raised:
        circuit_of({
            "duration": "1 s", "populations": {"inputs": {"sources": [table]}, "cells": {"count": 1, "cell": "masquelier_2008"}},
            "projections": {"synapses": {"pre": "inputs", "post": "cells", "rule": "pair"}},
        })  # fmt: skip
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("source", [replace(WALK, count=10_000_000), replace(PATTERN, source=Poisson(np.full(1_000_000, 1000.0)))])
def test_absurd_sizes_are_refused_before_anything_is_drawn(source: Source) -> None:
    with pytest.raises(EngineError, match=r"allowed; use fewer"):
        replace(with_source(source), steps=10**9)
