"""Quantities in several words, and errors that name the option."""

from __future__ import annotations

import pytest

from spikeheb.cli.words import joined

SWEEPS = "time_ms,-1,1\n0,-70,-70\n1,-70,-70\n2,-69,-68.5\n3,-70,-70\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--row", "-10 ms", "-1 ms"], ["--row", "-10 ms -1 ms"]),
        (["--row", "-10", "ms", "-1", "ms", "x.csv"], ["--row", "-10 ms -1 ms", "x.csv"]),
        (["--row", "-10ms,", "1ms", "--single", "3"], ["--row", "-10ms, 1ms", "--single", "3"]),
        (["--row", "20", "40", "--flag"], ["--row", "20 40", "--flag"]),
        (["--row", "-10 ms -1 ms", "x.csv"], ["--row", "-10 ms -1 ms", "x.csv"]),
        (["--row", "events", "10"], ["--row", "events", "10"]),
        (["--single", "10", "s", "name"], ["--single", "10 s", "name"]),
        (["--single", "10 s", "5 s"], ["--single", "10 s", "5 s"]),
        (["--single", "10", "--row", "1"], ["--single", "10", "--row", "1"]),
        (["--other", "1", "2"], ["--other", "1", "2"]),
        (["--row"], ["--row"]),
        (["--row", ""], ["--row", ""]),
    ],
)
def test_words_of_a_quantity_are_one(words, expected):
    assert joined(words, {"--single"}, {"--row"}) == expected


def test_a_file_called_like_a_quantity_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "2 ms").write_text("")
    assert joined(["--row", "1 ms", "2 ms"], {}, {"--row"}) == ["--row", "1 ms", "2 ms"]


@pytest.mark.parametrize(
    "words",
    [
        ("--baseline", "-1 ms", "0 ms"),
        ("--baseline", "-1", "ms", "0", "ms"),
        ("--baseline", "-1 ms 0 ms"),
        ("--follow", "0", "40", "--baseline", "-1 ms, 0 ms"),
        ("--follow", "0 40"),
        ("--search", "2", "ms"),
        ("--slope-limits", "0.2", "0.8"),
        ("--slope-limits", "0.2 0.8"),
    ],
)
def test_two_times_may_be_two_words(spikeheb, tmp_path, words):
    (tmp_path / "s.csv").write_text(SWEEPS, encoding="utf-8")
    follow = () if "--follow" in words else ("--follow", "0", "40")
    result = spikeheb("analyse", "s.csv", "--pulse", "1", "ms", *follow, *words, "--out", "there")
    assert result.code == 0, result.err


@pytest.mark.parametrize(
    ("option", "arguments"),
    [
        ("--from", ("analyse", "s.csv", "--pulse", "1 ms", "--from", "2")),
        ("--every", ("analyse", "s.csv", "--pulse", "1 ms", "--every", "9")),
        ("--baseline", ("analyse", "s.csv", "--pulse", "1 ms", "--baseline", "-1 ms")),
        ("--slope-limits", ("analyse", "s.csv", "--pulse", "1 ms", "--slope-limits", "0.2")),
        ("--delta-t[1]", ("window", "--rule", "pair", "--delta-t", "5 ms, 5 mV")),
        ("--frequency", ("window", "--rule", "pair", "--frequency", "5 mV")),
        ("--correlation-time", ("weights", "--rule", "pair", "--correlation-time", "20 ms")),
        ("--layout", ("compare", "s.csv", "--layout", "odd")),
        ("--low", ("compare", "s.csv", "--low", "nan")),
    ],
)
def test_an_error_names_the_option(spikeheb, tmp_path, option, arguments):
    (tmp_path / "s.csv").write_text(SWEEPS, encoding="utf-8")
    assert f"error: {option}: " in spikeheb(*arguments).refusal
