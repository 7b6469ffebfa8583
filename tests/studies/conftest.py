"""Fixtures of several studies."""

import csv

import pytest

import spikeheb as sh
from spikeheb.cli.app import run


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """``command(text, ...)`` writes the table, analyses it and gives the row of ``result.csv``, stderr and the result."""
    monkeypatch.chdir(tmp_path)

    def carry_out(text, *options):
        (tmp_path / "r.csv").write_text(text, encoding="utf-8")
        code = run(["analyse", "r.csv", "--follow", "0", "40", "--csv", "--force", "--out", "out", *options])
        err = capsys.readouterr().err
        if code:
            return code, err, None
        with (tmp_path / "out" / "result.csv").open(newline="", encoding="utf-8-sig") as file:
            return dict(next(csv.DictReader(file))), err, sh.load(tmp_path / "out" / "result.nc")

    return carry_out
