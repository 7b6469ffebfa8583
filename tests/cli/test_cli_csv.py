"""`--csv`: a table that Excel opens beside the result."""

from __future__ import annotations

import csv

import pytest
import typer

import spikeheb as sh
from spikeheb.cli.app import build

COMMANDS = {
    "run": ("pairing", "--rule", "pair", "--test-pulses", "off", "-p", "pairs=2", "--engine", "brian:numpy"),
    "window": ("--rule", "pair", "--delta-t", "10 ms", "--pairs", "2", "--engine", "brian:numpy"),
    "weights": ("--rule", "pair", "--inputs", "2", "--imposed", "5 Hz", "--duration", "1 s"),
    "compare": ("one.csv", "two.csv"),
    "net": ("vogels_2011", "--duration", "5 ms"),
    "score": ("--rule", "pair:additive", "--protocol", "markram_1997", "--no-refit"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_table_is_written_beside_the_result_and_not_over_an_old_one(command, spikeheb, tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text("weight\n0.25\n0.5\n0.75\n", encoding="utf-8")
    call = (command, *COMMANDS[command], "--out", "there", "--csv")
    result = spikeheb(*call)
    assert result.code == 0, result.err
    (table,) = (tmp_path / "there").glob("*.csv")
    assert table.read_bytes()[:3] == b"\xef\xbb\xbf"
    assert f"table: there/{table.name}" in result.err
    assert len(table.read_text(encoding="utf-8-sig").splitlines()) >= 2
    for old in (tmp_path / "there").iterdir():
        if old != table:
            old.unlink()
    refused = spikeheb(*call)
    assert refused.code == 2
    assert f"{table.name}: exists already" in refused.err


def test_a_comparison_is_a_table_a_result_and_a_figure(spikeheb, tmp_path):
    for name, weights in (("one", "0.25\n0.5"), ("two", "0.5\n1")):
        (tmp_path / f"{name}.csv").write_text(f"weight\n{weights}\n", encoding="utf-8")
    result = spikeheb("compare", "one.csv", "two.csv", "--csv")
    assert result.code == 0, result.err
    folder = tmp_path / "compare-one-two"
    assert {path.name for path in folder.iterdir()} == {"result.nc", "result.csv", "figure.png"}
    with (folder / "result.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["sample"], row["other"]) for row in rows] == [("one", "one"), ("one", "two"), ("two", "one"), ("two", "two")]
    assert [float(row["wasserstein"]) for row in rows] == [0, 0.375, 0.375, 0]
    assert sh.load(folder / "result.nc").attrs["study"] == "comparison"


def test_every_command_that_makes_a_result_writes_it_the_same_way():
    commands = typer.main.get_command(build()).commands
    making = {name for name, command in commands.items() if {"out", "csv"} & {option.name for option in command.params}}
    assert making == {"run", "window", "replay", "score", "weights", "compare", "constraint", "net", "analyse"}
    options = {name: {option.name: option.opts for option in commands[name].params} for name in making}
    for name in making:
        assert {key: options[name][key] for key in ("out", "csv", "force")} == {"out": ["--out"], "csv": ["--csv"], "force": ["--force"]}


def test_replay_writes_a_row_a_lane(spikeheb, spikes, tmp_path):
    result = spikeheb("replay", "--rule", "pair", "--spikes", str(spikes), "--out", "there", "--csv", "--engine", "brian:numpy")
    assert result.code == 0, result.err
    assert (tmp_path / "there" / "result.csv").read_text(encoding="utf-8-sig").startswith("lane,w\n")
