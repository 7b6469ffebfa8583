"""What is drawn once for all synapses of a cell is averaged over cells, and several draws of one start are independent."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.plots.windows import _population
from spikeheb.schedules import Schedule
from spikeheb.studies.board.predictions import predict
from spikeheb.studies.windows.drift import drift

NOISE = '[post]\nmodel = "dr/dt = -r/(20*ms) + 0.5*xi/(20*ms)**0.5 : 1"\nmethod = "euler"\n'
ADDED = '[post]\nmodel = "dr/dt = -r/(20*ms) : 1"\n'
PAIR = Path(sh.rule("pair").path).read_text(encoding="utf-8")
CELL = Path(sh.cell("l5_pyramidal").path).read_text(encoding="utf-8")


def rule(folder: Path, *changes: tuple[str, str]) -> sh.Rule:
    text = PAIR
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "drawing.toml").write_text(text, encoding="utf-8")
    return sh.rule(folder / "drawing.toml")


@pytest.fixture
def noisy_post(tmp_path: Path) -> sh.Rule:
    return _with_post(tmp_path, NOISE)


def _with_post(folder: Path, post: str, *changes: tuple[str, str]) -> sh.Rule:
    first = '[[on]]\nevent = "pre"'
    return rule(folder, (first, f"{post}\n{first}"), ("A_plus*x", "A_plus*x*clip(1 + r, 0, 2)"), *changes)


def test_noise_of_post_variables_is_averaged_over_cells(noisy_post: sh.Rule) -> None:
    windows = [sh.window(noisy_post, [0.01], pairs=10, seed=seed) for seed in range(12)]
    assert (windows[0].attrs["cells"], windows[0].attrs["synapses"]) == (200, 1)
    spread = np.std([data["change"].values for data in windows], ddof=1)
    sem = np.mean([data["change_sem"].values for data in windows])
    assert sem == pytest.approx(spread, rel=0.6)


def test_synapses_of_one_cell_are_no_draws_of_their_own(noisy_post: sh.Rule) -> None:
    assert "change_sem" not in sh.window(noisy_post, [0.01], cells=1, synapses=50)
    few = sh.window(noisy_post, [0.01], cells=20, synapses=5)
    single = sh.window(noisy_post, [0.01], cells=20, synapses=1)
    np.testing.assert_allclose(few["change_sem"], single["change_sem"], rtol=1e-6)


def test_a_session_counts_cells_too(noisy_post: sh.Rule) -> None:
    short = {"baseline": "1 min", "follow_up": "1 min", "test_interval": "30 s", "delta_t": "10 ms"}
    data = sh.run("pairing", noisy_post, cells=8, **short)
    few = sh.run("pairing", noisy_post, cells=8, synapses=3, **short)
    assert float(data["efficacy_ratio_sem"][0]) > 1e-4
    np.testing.assert_allclose(few["efficacy_ratio_sem"], data["efficacy_ratio_sem"], rtol=1e-6)
    assert sh.run("pairing", noisy_post, test_pulses=False, delta_t="10 ms").attrs["cells"] == 32


def test_synapses_that_add_to_one_cell_stand_on_cells_of_their_own(tmp_path: Path) -> None:
    """Two hundred on one cell would give its variable two hundred times as much."""
    adding = _with_post(tmp_path, ADDED, ("ltd = A_minus*y", 'r += 0.1*(1 + 0.1*randn())", "ltd = A_minus*y'))
    data = sh.window(adding, [0.01])
    assert (data.attrs["cells"], data.attrs["synapses"]) == (200, 1)
    still = _with_post(tmp_path, ADDED, ("ltd = A_minus*y", 'r += 0.1", "ltd = A_minus*y'))
    expected = float(sh.window(still, [0.01])["change"][0])
    assert float(data["change"][0]) == pytest.approx(expected, abs=5 * float(data["change_sem"][0]))


def test_a_noisy_membrane_is_a_population_of_cells(tmp_path: Path) -> None:
    text = CELL.replace("+ I_ext", "+ I_ext + 2*pA*second**0.5*xi*0.01", 1)
    assert text != CELL
    text = re.sub(r"^method = .*$", 'method = "euler"', text, count=1, flags=re.MULTILINE)
    (tmp_path / "noisy.toml").write_text(text, encoding="utf-8")
    noisy = sh.cell(tmp_path / "noisy.toml")
    data = sh.window("clopath", [0.01], pairs=5, cell=noisy)
    assert (data.attrs["cells"], data.attrs["synapses"]) == (200, 1)
    assert 0 < float(data["change_sem"][0]) < abs(float(data["change"][0]))


def test_drift_of_noise_of_the_cell_is_a_mean_over_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cell's noise is its own, so that the mean of 32 scatters less than single cells do; 30 pulses show it as 300 would."""
    short = partial(Schedule, baseline=60.0, follow_up=240.0)
    monkeypatch.setattr("spikeheb.studies.windows.drift.Schedule", short)
    post = NOISE.replace("0.5*xi", "xi")
    first = '[[on]]\nevent = "pre"\ndo = ["transmit = 1"'
    kicked = rule(tmp_path, (first, f'{post}\n{first}, "w += 0.01*r"'))
    values = [drift(kicked, seed=seed) for seed in range(3)]
    assert 0 < np.std(values) < 3 * 2 * 0.01 * np.sqrt(0.5) * np.sqrt(30) / np.sqrt(32)


STARTS = {
    "rand()*rand()": 0.25,
    "int(rand() < 0.5)*rand()": 0.25,
    "clip(0.3 + 0.1*randn()*randn(), 0, 1)": 0.3,
    "clip(rand() - rand() + 0.5, 0, 1)": 0.5,
    "rand()": 0.5,
}


@pytest.mark.parametrize("start", STARTS)
def test_several_draws_of_one_start_are_independent(tmp_path: Path, start: str) -> None:
    drawn = rule(tmp_path, ("w = 0.5", f'w = "{start}"'))
    data = sh.window(drawn, [0.01], pairs=1, synapses=4000)
    assert data.attrs["w0"] == pytest.approx(STARTS[start], abs=0.012)
    free = rule(tmp_path, ("w = 0.5", f'w = "{start}"'), ("ltp = A_plus*x", "w += 0.01*x"), ("ltd = A_minus*y", "w -= 0*y"))
    ratio = predict(sh.protocol("pairing", delta_t="10 ms", pairs=1), sh.rule(free, bounds="none")).ratio[0]
    assert ratio - 1 == pytest.approx(0.01 * np.exp(-0.5) / STARTS[start], rel=0.1)


def test_the_legend_counts_all_seeds() -> None:
    data = sh.window("graupner_brunel:DP", [0.01], pairs=1, seeds=3, synapses=4)
    assert _population(data) == "mean of 12 synapses ± SEM"


def test_a_line_of_the_cell_draws_nothing(tmp_path: Path) -> None:
    with pytest.raises(sh.ExpressionError, match=r"post\.on_spike\[0\]: randn\(\) is not allowed here; write noise as xi"):
        _with_post(tmp_path, ADDED + 'on_spike = ["r = randn()"]\n')
