"""Weights that a user gives: as rows of text, as quantities without a unit, and as tables whose columns have other names."""

from __future__ import annotations

import pytest

import spikeheb as sh
from spikeheb.errors import FormatError
from spikeheb.studies.distributions.files import read_weight_table
from spikeheb.studies.start_weights import start_weights

TABLE = "a,b,c\n0.1,0.2,0.3\n0.4,0.5,0.6\n"


@pytest.mark.parametrize("given", [[0.25, 0.5], ["0.25", "0.5"], ("0.25", 0.5)])
def test_a_row_of_weights_may_hold_text(given):
    assert start_weights(given, sh.rule("pair")).tolist() == [0.25, 0.5]


def test_weights_are_pure_numbers():
    with pytest.raises(sh.SpikehebError):
        start_weights(["0.25 mV"], sh.rule("pair"))


@pytest.mark.parametrize(
    ("layout", "seeds"),
    [
        ("one", [[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]]),
        ("rows", [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]),
        ("columns", [[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]]),
    ],
)
def test_a_table_of_other_columns_is_read_as_it_is_laid_out(tmp_path, layout, seeds):
    (tmp_path / "w.csv").write_text(TABLE)
    assert [seed.tolist() for seed in read_weight_table(tmp_path / "w.csv", layout).seeds] == seeds


def test_a_table_of_other_columns_needs_a_layout(tmp_path):
    (tmp_path / "w.csv").write_text(TABLE)
    with pytest.raises(FormatError, match=r"expected a column called weight or w \(got a, b, c\)"):
        read_weight_table(tmp_path / "w.csv", None)
