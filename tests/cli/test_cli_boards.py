"""``score``, ``weights`` and ``compare`` from the command line: what they print, write and refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.engines.compiler import compiler

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")


def test_score_prints_the_best_and_writes_all_of_it(spikeheb, mine):
    done = spikeheb("score", "--rule", "pair:additive", "--join", mine, "--protocol", "mishra_2016", "--no-refit", "--out", "board")
    assert done.code == 0
    assert {row["rule / set"] for row in done.table} == {"pair / additive", "mine"}
    assert {row["data set"] for row in done.table} == {"mishra_2016/timing", "mishra_2016/controls"}
    assert "everything as text: board/score.md" in done.err
    assert sh.load("board/score.nc").attrs["study"] == "score"


def test_score_takes_data_of_ones_own(spikeheb, tmp_path):
    (tmp_path / "mine.csv").write_text("frequency_hz,delta_t_ms,ratio,sem\n1,7,1.4,0.1\n1,-7,0.7,0.1\n")
    done = spikeheb("score", "--rule", "pair:additive", "--data", tmp_path / "mine.csv", "--no-refit")
    assert [(row["data set"], row["signs right"]) for row in done.table] == [("pairing/mine", "2 of 2")]


def test_a_template_is_written_filled_in_and_scored(spikeheb, tmp_path):
    done = spikeheb("data", "template", "mishra_2016")
    assert "score --data mishra_2016=mishra_2016.csv" in done.err
    file = Path("mishra_2016.csv")
    lines = file.read_text().splitlines()
    assert "pattern,delta_t_ms,ratio,sem,n" in lines
    file.write_text("\n".join(line.replace("pairing,10,,,", "pairing,10,1.5,0.2,8") for line in lines))
    scored = spikeheb("score", "--rule", "pair:additive", "--data", "mishra_2016=mishra_2016.csv", "--no-refit")
    assert [row["within 2 errors"][-5:] for row in scored.table] == [" of 1"]
    assert "mishra_2016.csv: exists already; --force replaces it" in spikeheb("data", "template", "mishra_2016").refusal


def test_the_board_says_how_much_chance_is_left(spikeheb):
    done = spikeheb("score", "--rule", "pair:van_rossum", "--rule", "pair:additive", "--protocol", "mishra_2016", "--no-refit")
    chance = {(row["rule / set"], row["data set"]): row["chance"] for row in done.table}
    assert 0 < float(chance["pair / van_rossum", "mishra_2016/timing"]) <= 0.2
    assert chance["pair / additive", "mishra_2016/timing"] == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mean,std\n1.4,0.1\n", "missing columns: ratio, sem or n (got mean, std)"),
        ("ratio\n1.4\n", "missing columns: sem or n, a condition such as delta_t_ms (got ratio)"),
        ("delta,dose,ratio,n\n10,1,1.4,6\n", "pairing has no condition for the columns delta, dose; it has frequency_hz, delta_t_ms"),
        ("delta_t_ms,ratio,n\n10,,\n", "no row has a ratio or an outcome"),
    ],
)
def test_what_a_file_of_data_lacks_is_one_line(spikeheb, tmp_path, text, message):
    (tmp_path / "mine.csv").write_text(text)
    assert message in spikeheb("score", "--rule", "pair", "--data", tmp_path / "mine.csv").refusal


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("score", "--protocol", "pairing"), "pairing: has no published data to score against"),
        (("score", "--rule", "nosuch"), 'no rule named "nosuch"'),
        (("weights",), "--rule: give at least one rule"),
        (("weights", "--rule", "pair", "--normalise", "odd", "--imposed", "5 Hz", "--duration", "1 s"), 'got "odd"'),
        (("weights", "--rule", "pair", "--correlated", "2000"), "expected at most 1000, the number of inputs (got 2000)"),
        (("weights", "--rule", "pair", "--memory", "0.001", "--cells", "1000"), "GB are allowed"),
        (("weights", "--rule", "pair", "--duration", "20 mV"), "expected a time"),
        (("compare", "nothing.nc"), "nothing.nc: there is no such file"),
    ],
)
def test_mistakes_are_one_line(spikeheb, words, message):
    assert message in spikeheb(*words).refusal


@needs_compiler
def test_weights_and_compare(spikeheb, tmp_path):
    words = ("--inputs", "50", "--imposed", "15 Hz", "--duration", "5 s", "--seeds", "2", "--out", "dist")
    done = spikeheb("weights", "--rule", "pair", "--set", "additive", "--set", "gutig", "--rule", "pair:multiplicative", *words)
    assert done.code == 0
    assert [row["rule"] for row in done.table] == ["pair / additive", "pair / gutig", "pair / multiplicative"]
    assert "engine: kernel:fan-in" in done.err
    np.save(tmp_path / "mine.npy", np.random.default_rng(0).random(100))
    compared = spikeheb("compare", "dist/result.nc", tmp_path / "mine.npy", "--low", "0", "--high", "1")
    assert compared.code == 0
    assert "pair / additive\tpair / gutig" in compared.out
    assert "mine\t100" in compared.out
