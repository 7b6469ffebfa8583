"""The window against its closed form."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.cli.app import run as carry_out
from spikeheb.theory.pair import pairing_change


@pytest.mark.parametrize("coincidence", ["pre_first", "post_first"])
@pytest.mark.parametrize("frequency", [1.0, 10.0])
def test_the_additive_window_is_the_finite_double_sum(coincidence, frequency):
    rule = sh.rule("pair", set="additive", coincidence=coincidence, bounds="none")
    delta_t = np.arange(-60, 61, 2) * 1e-3
    data = sh.window(rule, delta_t=delta_t, pairs=60, frequency=frequency, engine="brian:numpy")
    constants = {name: rule.constants[name] for name in ("A_plus", "A_minus", "tau_plus", "tau_minus")}
    expected = pairing_change(delta_t, 60, frequency, **constants, coincidence=coincidence)
    np.testing.assert_allclose(data["w"].values - 0.5, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(data["change"].values, expected / 0.5, rtol=0, atol=4e-12)


def test_delta_t_zero_is_an_ordinary_point_and_the_default_grid_has_it():
    data = sh.window(sh.rule("pair"), pairs=1, engine="brian:numpy")
    assert data.sizes["delta_t"] == 61
    assert float(data["change"].sel(delta_t=0)) == pytest.approx(0.01)
    assert data["delta_t"].attrs["units"] == "s"


@pytest.mark.parametrize(("frequency", "limit"), [(16.0, 60), (20.0, 48), (30.0, 32), (100.0, 8), (600.0, 0)])
def test_the_default_grid_is_cut_to_the_period(frequency, limit):
    data = sh.window("pair", frequency=frequency, pairs=3)
    np.testing.assert_allclose(data["delta_t"], np.arange(-limit, limit + 1, 2) * 1e-3, atol=1e-15)
    assert ("is shorter than the period" in data.attrs.get("note", "")) == (limit < 60)


def test_a_delta_t_as_long_as_the_period_is_refused():
    with pytest.raises(sh.ScheduleError, match="period"):
        sh.window(sh.rule("pair"), delta_t=[0.12], frequency=10.0)


def test_times_and_rates_may_be_text():
    text = sh.window("pair", delta_t="-10 ms, 10 ms", frequency="10 Hz", engine="brian:numpy")
    plain = sh.window(sh.rule("pair"), delta_t=[-0.01, 0.01], frequency=10.0, engine="brian:numpy")
    assert text.drop_attrs().identical(plain.drop_attrs())
    assert {**text.attrs, "call": ""} == {**plain.attrs, "call": ""}
    with pytest.raises(sh.UnitError, match="delta_t"):
        sh.window("pair", delta_t=[np.nan])


def test_several_rules_are_the_comparison_of_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["pair:additive", "triplet"]
    data = sh.window(names, "-10 ms, 10 ms", 5, engine="plain")
    words = ["--rule", names[0], "--rule", names[1], "--delta-t", "-10 ms, 10 ms", "--pairs", "5", "--engine", "plain", "--out", "here"]
    assert carry_out(["window", *words]) == 0
    assert sh.load(sh.save(data, "python.nc")).identical(sh.load("here/result.nc"))
    assert data["rule"].values.tolist() == [sh.rule(name).label for name in names]
    single = sh.window(names[:1], "-10 ms, 10 ms", 5, engine="plain")
    assert single.identical(sh.window(names[0], "-10 ms, 10 ms", 5, engine="plain"))
    np.testing.assert_array_equal(single["change"], data["change"][0])
    assert sh.rerun(data).identical(data)
    with pytest.raises(sh.FormatError, match="at least one rule"):
        sh.window([])
