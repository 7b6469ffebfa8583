"""The record of bytes leaves nothing out, sees a changed bit, and is the same twice."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import recorded_bytes
import xarray as xr
from recorded_cases import cases, names

CASE = "numpy lanes/pair/no cell"
BEFORE = {"machine": {}, "cases": {"a/pair": {"engine": "x", "compiler": "", "arrays": {"w": "1", "v": "2"}}, "b": {"refused": "no"}}}


@pytest.mark.parametrize("loop", ["lanes", "session", "window", "fan-in", "fan-in in blocks", "numpy lanes"])
def test_every_rule_file_runs_in_every_loop(loop):
    assert {name.split("/")[1] for name in cases() if name.startswith(f"{loop}/") and ":" not in name} >= set(names("rules"))


@pytest.mark.parametrize("rule", names("rules"))
def test_every_cell_file_runs_as_lanes_with_every_rule(rule):
    assert {f"lanes/{rule}/{cell}" for cell in ("no cell", *names("cells"))} <= set(cases())


def test_every_cell_file_runs_as_fan_in():
    assert {name.split("/")[-1] for name in cases() if name.startswith("fan-in/")} >= set(names("cells"))


@pytest.mark.parametrize(
    "word",
    "float32 noise delays clamp current reward normalise inhibition pre_first post_first discard exact processors rerun resumed".split(),
)
def test_every_option_runs(word):
    assert any(name.startswith("option/") and word in name for name in cases())


def test_the_hash_sees_a_bit_a_type_and_a_shape():
    values = np.array([[0.1, 0.2]])
    others = [np.nextafter(values, 1), values.astype(np.float32), values.ravel(), values.T]
    assert len({recorded_bytes.hashed(each) for each in (values, *others)}) == 5
    assert recorded_bytes.hashed(np.array(["yes"])) != recorded_bytes.hashed(np.array(["no"]))


def test_attributes_and_descriptions_of_the_engine_do_not_count():
    data = xr.Dataset({"w": ("lane", [0.5]), "engine": ("rule", ["kernel"])}, attrs={"spikeheb": "0.1"})
    assert list(recorded_bytes.arrays(data)) == ["w"]


@pytest.fixture
def short(monkeypatch, tmp_path):
    """The script with one case, in this process; gives the exit code."""
    monkeypatch.setattr(recorded_bytes, "recorded", lambda chosen, jobs: {name: recorded_bytes.entry(name) for name in chosen})
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["recorded_bytes.py", *arguments, "--only", CASE])
        return recorded_bytes.main()

    return call


def test_twice_the_same_and_then_a_changed_byte(short, tmp_path, capsys):
    assert short("before.json") == 0
    assert short("after.json", "--against", "before.json") == 0
    assert capsys.readouterr().out == ""
    record = json.loads((tmp_path / "before.json").read_text())
    assert {"w", "w_record"} <= set(record["cases"][CASE]["arrays"])
    record["cases"][CASE]["arrays"]["w"] = "0"
    (tmp_path / "before.json").write_text(json.dumps(record))
    assert short("after.json", "--against", "before.json") == 1
    assert capsys.readouterr().out.startswith(f"{CASE}: w (")


@pytest.mark.parametrize(
    ("after", "line"),
    [
        ({"a/pair": {"engine": "y", "compiler": "", "arrays": {"w": "1", "v": "3"}}}, "a/pair: v (x -> y)"),
        ({"a/pair": {"engine": "x", "compiler": "", "arrays": {"w": "1"}}}, "a/pair: v (x -> x)"),
        ({"a/pair": {"refused": "too much"}}, "a/pair: not refused -> too much"),
        ({"b": {"engine": "x", "compiler": "", "arrays": {}}}, "b: no -> not refused"),
        ({"c": {"refused": "no"}}, "c: was not carried out before"),
    ],
)
def test_a_line_for_each_difference(after, line):
    assert list(recorded_bytes.differences(BEFORE["cases"], BEFORE["cases"] | after)) == [line]


def test_a_case_that_is_gone_is_a_difference():
    assert list(recorded_bytes.differences(BEFORE["cases"], {"b": {"refused": "no"}})) == ["a/pair: is not carried out any more"]
