"""Tables of weights that could be read in two ways are refused, and what other programs put around weights is none of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.studies.start_weights import start_weights

REFUSED = {
    "an index without a name": ",0\n0,0.1\n1,0.2\n",
    "an index without a header": "0,0.1\n1,0.2\n2,0.3\n",
    "an index from 1": "1;0,15\n2;0,25\n",
    "numbered columns": "1,2\n0.1,0.2\n0.3,0.4\n",
    "numbered columns and rows": ",0,1\n0,0.1,0.2\n1,0.3,0.4\n",
    "thousands": "weight\n1,000\n2,500\n",
    "thousands beside others": "weight;a\n1,000;1\n12,500;2\n999;3\n",
    "points between thousands and a decimal comma": "1.234,5\n2.345,6\n",
    "commas between thousands and a decimal point": "1,234.5\n",
    "such a number in quotation marks": '"1,234.5"\n"999.5"\n',
    "such a number among others": "999,5\n1.234,5\n",
    "several such numbers": "1.234,5,2.345,6\n",
    "such a number below a name": "weight\n1.234,5\n",
    "such a number beside others": "weight;a\n1.234,5;1\n",
    "a no-break space between thousands": "1\u00a0234.5\n2\u202f345.5\n",
    "indices alone": "index\n0\n1\n",
    "times alone": "time\n0.5\n1.5\n",
}
READ = {
    "a decimal comma": ("weight\n1,000\n0,500\n", 0.75),
    "decimal commas of three digits": ("weight\n0,125\n0,375\n", 0.25),
    "Excel's first line": ("sep=;\nweight;a\n0,5;1\n0,7;2\n", 0.6),
    "zeros and ones": ("weight\n0\n1\n", 0.5),
    "three digits and whole numbers": ("0.123,0\n0.377,0.5\n", 0.25),
    "two rows of weights": ("0.1,0.2\n0.3,0.4\n", 0.25),
    "a named index": ("index,weight\n0,0.1\n1,0.2\n", 0.15),
    "a byte order mark": ("\ufeffweight\n0.1\n0.3\n", 0.2),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_be_no_weights_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "w.csv").write_text(REFUSED[name], encoding="utf-8")
    with pytest.raises(sh.FormatError):
        sh.compare(tmp_path / "w.csv")


@pytest.mark.parametrize("name", READ)
def test_what_is_clear_is_read(tmp_path: Path, name: str) -> None:
    text, mean = READ[name]
    (tmp_path / "w.csv").write_text(text, encoding="utf-8")
    assert float(sh.compare(tmp_path / "w.csv")["mean"][0]) == pytest.approx(mean)


def test_a_layout_says_what_numbers_are(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("0,0.5\n1,0.5\n", encoding="utf-8")
    np.testing.assert_allclose(sh.compare(tmp_path / "w.csv", layout="one")["mean"], 0.5)


def test_an_underscore_is_no_part_of_a_number(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("weight\n0_1\n", encoding="utf-8")
    for given in ("1_0", tmp_path / "w.csv"):
        with pytest.raises(sh.FormatError):
            start_weights(given, sh.rule("pair", bounds="none"))
