"""What check says OK to runs: every line is computed once from the starting values, and one step is taken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from spikeheb.cli.app import run

LIBRARY = Path(__file__).parents[2] / "models"
PAIR = (LIBRARY / "rules" / "pair.toml").read_text(encoding="utf-8")
CELL = (LIBRARY / "cells" / "ca1_pyramidal.toml").read_text(encoding="utf-8")

WRONG = {
    "division by a trace that starts at 0": (
        '"ltp = A_plus*x"', '"ltp = A_plus/x"', 'on[1].do[0]: ltp: "A_plus/x" is inf at the starting values',
    ),
    "division 0/0 hidden by a clip": ('"ltp = A_plus*x"', '"ltp = clip(x/y, 0, 1)"', "on[1].do[0]: ltp"),
    "logarithm of a trace at 0 in pre": ('"ltd = A_minus*y"', '"ltd = A_minus*log(y)"', "on[0].do[1]: ltd"),
    "infinite derivative at the start": ("dx/dt = -x/tau_plus : 1", "dx/dt = -1/(x*tau_plus) : 1", "synapse.model: x"),
    "infinite efficacy": ('efficacy = "w"', 'efficacy = "1/(w - 0.5)"', "synapse.efficacy: efficacy"),
    "a weight that starts above its limit": (
        "initial = { w = 0.5 }", "initial = { w = 7 }", "synapse.initial.w: 7 lies outside the bounds 0 to 1",
    ),
    "a weight that starts below its limit": (
        "initial = { w = 0.5 }", 'initial = { w = "-A_plus" }', "synapse.initial.w: -0.005 lies outside",
    ),
    "depression below 0": ('"ltd = A_minus*y"', '"ltd = A_minus*(y - 1)"', "on[0].do[1]: ltd must be 0 or more"),
    "potentiation below 0": ('"ltp = A_plus*x"', '"ltp = A_plus*(x - 1)"', "on[1].do[0]: ltp must be 0 or more"),
    "no method where one is needed": ("dx/dt = -x/tau_plus : 1", "dx/dt = -x*x/tau_plus : 1", '"exact" needs linear equations'),
    "a method that is none": ('weight = "w"', 'weight = "w"\nmethod = "rk45"', 'no method named "rk45"'),
    "a method that cannot take noise": (
        "dx/dt = -x/tau_plus : 1", "dx/dt = -x/tau_plus + xi/sqrt(tau_plus) : 1", 'noise needs "heun" or "euler"',
    ),
    "units": ('"ltp = A_plus*x"', '"ltp = tau_plus*x"', "on[1].do[0]: ltp should be a number"),
    "a start that is drawn and impossible": ("initial = { w = 0.5 }", 'initial = { w = "log(rand() - 1)" }', "synapse.initial.w"),
}  # fmt: skip


def check(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    path = folder / "file.toml"
    path.write_text(text, encoding="utf-8")
    code = run(["check", str(path)])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("case", WRONG)
def test_what_would_not_run_is_not_ok(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, words = WRONG[case]
    assert old in PAIR
    code, out, err = check(tmp_path, PAIR.replace(old, new), capsys)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_what_runs_is_ok_without_brian2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = "brian2" in sys.modules
    for text in (PAIR, CELL):
        code, out, err = check(tmp_path, text, capsys)
        assert (code, err) == (0, "")
        assert out.startswith("OK ")
    assert ("brian2" in sys.modules) == before


def test_a_set_that_does_not_run_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = PAIR.replace("values = { A_plus = 0.01, A_minus = 0.003 }", "values = { A_plus = 0, A_minus = 0.003 }")
    assert text != PAIR
    code, _, err = check(tmp_path, text, capsys)
    assert code == 2
    assert "F_plus" in err or "ltp" in err


def test_milstein_and_coupled_linear_equations_are_brian2s_and_ok(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise = PAIR.replace("dx/dt = -x/tau_plus : 1", "dx/dt = -x/tau_plus + x*xi/sqrt(tau_plus) : 1").replace(
        'weight = "w"', 'weight = "w"\nmethod = "milstein"'
    )
    coupled = PAIR.replace('efficacy = "w"', 'efficacy = "w + x"').replace("dx/dt = -x/tau_plus", "dx/dt = (y - x)/tau_plus")
    for text in (noise, coupled):
        code, _, err = check(tmp_path, text, capsys)
        assert (code, err) == (0, "")


def test_equality_of_computed_numbers_gets_a_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = check(tmp_path, PAIR.replace('"ltp = A_plus*x"', '"ltp = A_plus*int(x == 0.3)"'), capsys)
    assert code == 0
    assert '"x == 0.3" compares computed numbers for equality' in err
    assert check(tmp_path, PAIR.replace('"ltp = A_plus*x"', '"ltp = A_plus*int(x != 0)"'), capsys)[2] == ""


def test_a_cell_that_is_infinite_at_rest_is_not_ok(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = check(tmp_path, CELL.replace("I_syn + I_ext", "I_syn + I_ext + 1*pA*mV/(v - E_L)"), capsys)
    assert code == 2
    assert "membrane.model" in err
    assert "is a division by zero with" in err
