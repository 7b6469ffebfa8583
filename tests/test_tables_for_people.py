"""What a prompt, a notebook and a spreadsheet show of rules, cells, protocols and results."""

from __future__ import annotations

import csv
import re
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import spikeheb as sh
from spikeheb import library
from spikeheb.engines.compiler import compiler

EVIL = '<script>alert("x")</script>\n\x1b[31m'
THINGS = [*((sh.rule, name) for name in library.names("rule")), *((sh.cell, name) for name in library.names("cell"))]
THINGS += [(sh.protocol, name) for name in library.names("protocol")]


@pytest.mark.parametrize(("load", "name"), THINGS, ids=lambda part: part if isinstance(part, str) else "")
def test_everything_of_the_library_is_short(load, name):
    thing = load(name)
    assert name in repr(thing)
    assert len(repr(thing)) < 400
    assert "\n" not in repr(thing)
    page = thing._repr_html_()
    assert len(page) < 20_000
    assert page.startswith("<table>")
    assert page.endswith("</table>")


def test_what_was_chosen_of_a_rule_stands_in_its_line():
    text = repr(sh.rule("pair", set="multiplicative", interaction="restricted", tau_plus="30 ms"))
    assert text.startswith("rule pair / multiplicative (")
    assert "tau_plus" in text
    assert "restricted, soft bounds" in text
    assert "<td" in sh.rule("pair")._repr_html_()
    assert "20 ms" in sh.rule("pair")._repr_html_()


@pytest.mark.parametrize("load", [lambda: sh.rule("pair"), lambda: sh.cell("l5_pyramidal"), lambda: sh.protocol("pairing")])
def test_a_shared_file_cannot_write_markup_or_escapes(load):
    thing = replace(load(), title=EVIL, name=EVIL)
    if hasattr(thing, "parameters") and isinstance(thing.parameters, dict):
        first, *_ = thing.parameters
        thing = replace(thing, parameters={first: replace(thing.parameters[first], doc=EVIL, source=EVIL)})
    assert "<script" not in thing._repr_html_()
    assert "\x1b" not in repr(thing) + thing._repr_html_()
    assert "\n" not in repr(thing)


def test_list_names_what_there_is():
    everything = sh.list()
    assert {row[0] for row in everything.rows} == {"rule", "cell", "network", "protocol", "rate"}
    assert [row[1] for row in sh.list("rules").rows] == sorted(library.names("rule"))
    assert "triplet" in repr(sh.list("rules"))
    assert sh.list("cells")._repr_html_().count("<tr>") == len(library.names("cell")) + 1
    with pytest.raises(sh.UnknownName, match='no kind of thing named "rule"; did you mean "rules"'):
        sh.list("rule")


def test_list_says_which_file_cannot_be_used(tmp_path, monkeypatch):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "broken.toml").write_text("schema = 1\n")
    monkeypatch.setenv("SPIKEHEB_PATH", str(tmp_path))
    listing = sh.list("rules")
    assert ("rule", "broken", "(not usable)") in listing.rows
    assert len(listing.problems) == 1


# results in a notebook


@pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
def test_the_page_of_a_result_with_many_variables_is_short_and_says_all_names():
    data = sh.weights(["pair", "triplet"], None, sh.poisson_inputs(300), "1 s", 2, imposed="10 Hz", snapshots=8)
    data.attrs["note"] = EVIL
    page = data._repr_html_()
    assert len(page) < 20_000
    assert all(f">{name}<" in page for name in data.variables)
    assert ">rate of the cells over the second half<" in page
    assert "<script" not in page


def test_a_result_is_short_in_a_notebook_and_whole_in_its_attributes(tmp_path):
    data = sh.run("pairing", "pair", delta_t="10 ms", pairs=2, test_pulses=False, engine="brian:numpy")
    data.attrs["text_of_a_file"] = "x" * 50_000
    loaded = sh.load(sh.save(data, tmp_path / "r.nc"))
    for result in (data, loaded, loaded.isel(condition=[0]), loaded.assign(a=1)):
        assert len(result._repr_html_()) < 20_000
        assert "50000 characters" in result._repr_html_()
        assert len(result.attrs["text_of_a_file"]) == 50_000
    assert loaded.identical(data)


# CSV


def read(path):
    assert path.read_bytes()[:3] == b"\xef\xbb\xbf"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_an_experiment_is_a_row_a_condition(tmp_path):
    data = sh.run("pairing", "pair", delta_t="-10 ms, 10 ms", pairs=5, paired_pulse="50 ms")
    head, *rows = read(sh.to_csv(data, tmp_path / "r.csv"))
    assert len(rows) == data.sizes["condition"] == 2
    wanted = ["delta_t (ms)", "epsp_before (mV)", "epsp_ratio", "slope_ratio", "paired_pulse_ratio_before", "paired_pulse_ratio_after"]
    assert set(wanted) <= set(head)
    assert [name for name in head if "cv2" in name]
    table = {name: [row[k] for row in rows] for k, name in enumerate(head)}
    assert table["delta_t (ms)"] == ["-10.0", "10.0"]
    assert [float(value) for value in table["epsp_before (mV)"]] == pytest.approx(data["epsp_before"].values * 1e3)
    assert [float(value) for value in table["epsp_ratio"]] == pytest.approx(data["epsp_ratio"].values, rel=1e-14)


def test_windows_replays_boards_and_weights_have_rows_of_their_own(tmp_path):
    change = xr.DataArray([[0.1, 0.2], [0.3, 0.4]], dims=("rule", "delta_t"))
    window = xr.Dataset({"change": change}, coords={"rule": ["a", "b"], "delta_t": ("delta_t", [-0.01, 0.01], {"units": "s"})})
    window.attrs["study"] = "window"
    assert read(sh.to_csv(window, tmp_path / "w.csv")) == [
        ["rule", "delta_t (ms)", "change"], ["a", "-10.0", "0.1"], ["a", "10.0", "0.2"], ["b", "-10.0", "0.3"], ["b", "10.0", "0.4"],
    ]  # fmt: skip
    replay = sh.replay("pair", [[0.0], [0.1]], [[0.01], [0.2]], record=True, engine="brian:numpy")
    head, *rows = read(sh.to_csv(replay, tmp_path / "l.csv"))
    assert head == ["lane", "w"]
    assert [float(row[1]) for row in rows] == pytest.approx(replay["w"].values)
    weights = sh.weights(["pair"], None, sh.poisson_inputs(2), "1 s", 2, imposed="5 Hz")
    head, *rows = read(sh.to_csv(weights, tmp_path / "d.csv"))
    assert {"rule", "seed"} <= set(head)
    assert {row[head.index("seed")] for row in rows} == {"0", "1"}


def test_a_comparison_is_a_table_of_every_two_samples(tmp_path):
    for name, weights in (("a", "0.1\n0.3"), ("b", "0.2\n0.6")):
        (tmp_path / f"{name}.csv").write_text(f"weight\n{weights}\n")
    head, *rows = read(sh.to_csv(sh.compare([tmp_path / "a.csv", tmp_path / "b.csv"]), tmp_path / "c.csv"))
    assert head[:2] == ["sample", "other"]
    assert [row[:2] for row in rows] == [["a", "a"], ["a", "b"], ["b", "a"], ["b", "b"]]
    assert [row[head.index("mean")] for row in rows] == ["0.2", "0.2", "0.4", "0.4"]
    distances = [float(row[head.index("wasserstein")] or "nan") for row in rows]
    assert distances[1] == distances[2] > 0


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=cmd|"/c calc"!A1'])
def test_no_text_is_a_formula(text, tmp_path):
    data = xr.Dataset({text: ("condition", [1.5])}, coords={"drug": ("condition", [text])}, attrs={"study": "experiment"})
    head, row = read(sh.to_csv(data, tmp_path / "r.csv"))
    assert head == ["drug", f"'{text}"]
    assert row == [f"'{text}", "1.5"]


def test_unknown_numbers_are_empty_and_quotes_and_commas_survive(tmp_path):
    data = xr.Dataset(
        {"x": ("condition", [np.nan, -2.0]), "n": ("condition", [1, -2]), "ok": ("condition", [True, False])},
        coords={"drug": ("condition", ['a, "b"', "µ"])},
        attrs={"study": "experiment"},
    )
    assert read(sh.to_csv(data, tmp_path / "r.csv"))[1:] == [['a, "b"', "", "1", "TRUE"], ["µ", "-2.0", "-2", "FALSE"]]


def test_a_table_is_not_overwritten_and_needs_conditions(tmp_path):
    data = xr.Dataset({"x": ("condition", [1.0])}, attrs={"study": "experiment"})
    sh.to_csv(data, tmp_path / "r.csv")
    with pytest.raises(sh.OutputExists):
        sh.to_csv(data, tmp_path / "r.csv")
    sh.to_csv(data, tmp_path / "r.csv", force=True)
    with pytest.raises(sh.FormatError, match="expected a result with the dimension condition"):
        sh.to_csv(xr.Dataset({"x": 1.0}), tmp_path / "s.csv")
    assert not re.search("s.csv", " ".join(path.name for path in tmp_path.iterdir()))
