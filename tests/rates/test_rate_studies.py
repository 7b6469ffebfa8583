"""The studies of rates: what each claims, that seeds come first, that it can be repeated, drawn, and called from the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import spikeheb as sh
from spikeheb.cli.app import run
from spikeheb.plots.rates import PANELS
from spikeheb.plots.style import DASHES
from spikeheb.studies.settings.rates import STUDIES

SMALL: Mapping[str, Mapping[str, object]] = {
    "capacity": {"cells": (60,), "loads": (0.05, 0.3), "kinds": ("unconstrained", "both")},
    "recall_course": {},
    "separation": {"stored": (10, 40), "cues": 10, "cells": 32, "flips": (3,)},
    "subspace": {"samples": (100, 200), "switch": 150, "features": 8, "units": 2, "keeps": (1, 0.9), "rules": ()},
    "three_rules": {"duration": 5, "inputs": 4},
    "prediction": {"cells": 20, "patterns": 4, "steps": 200, "recall_cells": 30, "stored": (3,), "flips": 2},
    "association": {"cells": 200, "patterns": 9, "c": (1.5, -1.0), "distances": (2, 4), "steps": 50},
    "online_pairs": {"pairs": 310, "bits": 5},
    "reward_paths": {"ratios": (0.2, 0.3), "hidden": 40, "winners": 6, "most": 200, "pairs": 2},
    "cued_recall": {"patterns": 1, "shares": (0.5,)},
    "forgetting": {"cells": 100, "connections": 20, "tau": (0.5,), "ages": (0, 0.1), "transient": 3, "measured": 4},
}
"""A call of each study that takes a moment."""


def test_every_study_is_tried() -> None:
    assert SMALL.keys() == STUDIES.keys() == PANELS.keys()
    assert set(STUDIES) <= set(sh.rates.__all__)


TRIED = [pytest.param(study, marks=pytest.mark.full if study == "cued_recall" else ()) for study in SMALL]
"""A spiking network with its cells takes some seconds each time; in short runs one claim alone has it."""


@pytest.fixture(scope="module", params=TRIED)
def small(request: pytest.FixtureRequest) -> xr.Dataset:
    result: xr.Dataset = getattr(sh.rates, request.param)(2, **SMALL[request.param])
    return result


def test_seed_is_the_first_dimension_and_everything_is_labelled(small: xr.Dataset) -> None:
    assert np.diff(small["seed"].values).tolist() == [1]
    for name in small.data_vars:
        assert "seed" not in small[name].dims[1:], name
        assert np.isfinite(small[name].values).all() or name in ("half_load", "exploded"), name
    for name in (*small.data_vars, *small.coords):
        assert small[name].attrs["long_name"], name
        assert small[name].attrs["units"] == {"time": "s", "members": "Hz", "others": "Hz"}.get(name, "1"), name
    assert small.attrs["claim"].endswith(".")
    assert {"study", "spikeheb", "call", "table"} <= small.attrs.keys()


def test_a_result_can_be_repeated_and_kept(small: xr.Dataset, tmp_path: Path) -> None:
    path = sh.save(small, tmp_path / "result.nc")
    again = sh.rerun(path)
    for name in small.data_vars:
        assert np.array_equal(again[name].values, small[name].values, equal_nan=True), name


def test_every_panel_is_drawn_from_it(small: xr.Dataset) -> None:
    study = str(small.attrs["study"])
    for panel in PANELS[study]:
        ax = sh.plot(small, panel=panel)
        assert ax.get_xlabel(), panel
        assert ax.lines or ax.images, panel
    assert len(sh.figure(small).axes) == len(PANELS[study])


@pytest.mark.parametrize(
    ("study", "panel", "several", "dashed"),
    [("capacity", "overlap", {"cells": (60, 90)}, 0), ("separation", "exact", {"flips": (3, 5)}, -1)],
)
def test_a_dashed_line_is_dashed_in_the_legend_too(study: str, panel: str, several: dict[str, object], dashed: int) -> None:
    """The marker in the middle of a short line hides its only gap."""
    data = getattr(sh.rates, study)(1, **SMALL[study] | several)
    line = sh.plot(data, panel=panel).get_legend().get_lines()[dashed]
    on, off = (line.get_linewidth() * part for part in DASHES[1][1])
    length, marker = float(np.ptp(line.get_xdata())), line.get_markersize()
    gaps = [(start, start + off) for start in np.arange(on, length - off, on + off)]
    assert any(stop <= (length - marker) / 2 or start >= (length + marker) / 2 for start, stop in gaps)


def crosses(data: xr.Dataset) -> list[tuple[float, float]]:
    lines = [line for line in sh.plot(data).lines if line.get_marker() == "x"]
    return sorted((x, y) for line in lines for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True) if np.isfinite(y))


def test_what_failed_or_was_lost_is_marked_by_a_cross() -> None:
    runs = sh.rates.reward_paths(3, **SMALL["reward_paths"])
    assert runs["failed"].any() and not runs["failed"].all()
    failed = [(float(ratio), 200.0) for ratio in runs["ratio"] for each in runs["failed"].sel(ratio=ratio).values if each]
    assert crosses(runs) == sorted(failed)
    memories = sh.rates.forgetting(1, **SMALL["forgetting"] | {"ages": (0, 0.1, 0.9)})
    assert 0 < float(memories["kept"].sum()) < memories["kept"].size
    columns = (memories[name].values.ravel() for name in ("overlap", "kept"))
    lost = [(age, overlap) for age, overlap, kept in zip(memories["age"].values, *columns, strict=True) if not kept]
    assert crosses(memories) == sorted(lost)


@pytest.mark.parametrize("study", TRIED)
def test_from_the_command_line(study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [f"--{key.replace('_', '-')}={_written(value)}" for key, value in SMALL[study].items() if value != ()]
    assert run(["rates", "run", study, "--seeds", "2", *options, "--out", str(tmp_path / "here"), "--csv"]) == 0
    table = capsys.readouterr().out.splitlines()
    data = sh.load(tmp_path / "here" / "result.nc")
    names = data.attrs["table"].split()
    assert table[0].split("\t")[-len(names) :] == names
    assert "+-" in table[1]
    assert len(table) - 1 == data[names[0]].isel(seed=0).size
    assert (tmp_path / "here" / "figure.png").stat().st_size > 5000
    assert len((tmp_path / "here" / "result.csv").read_text().splitlines()) - 1 == data[names[0]].size


def _written(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def test_rules_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rates"]) == 0
    listed = capsys.readouterr().out
    assert "rate\toja\tOja's rule" in listed
    assert "study\tcapacity\t" in listed
    assert run(["rates", "show", "oja"]) == 0
    assert "oja, dw/dt = tau*eta*y*(x - w*y)" in capsys.readouterr().out
    assert run(["show", "sanger", "--latex"]) == 0
    assert r"\Delta W_{ij}" in capsys.readouterr().out
    assert run(["show", "sanger", "--kernel"]) == 2
    path = tmp_path / "mine.toml"
    path.write_text(sh.rates.rule("oja").text)
    assert run(["check", str(path)]) == 0
    assert "OK rate rule oja, twin oja" in capsys.readouterr().out
    path.write_text(sh.rates.rule("oja").text.replace("y**2", "z**2"))
    assert run(["check", str(path)]) == 2
    assert f'error: {path}: forward.forgets: no name named "z"' in capsys.readouterr().err


BAD = [
    ("capacity", {"kinds": ("bth",)}, 'kinds: no kind of memory named "bth"; did you mean "both"'),
    ("capacity", {"cells": (200_000,)}, "cells: the weights (1.2e+11 numbers) need about"),
    ("capacity", {"loads": (0.1, -1)}, r"loads[1]: expected a number above 0 and up to 2 (got -1)"),
    ("capacity", {"flips": 600}, "flips: expected a number of BITS from 0 to 250 (got 600)"),
    ("recall_course", {"letters": "Q"}, "which: expected some of the letters AHLTXZ"),
    ("separation", {"stored": (10**6,), "cells": 1000}, "stored: the patterns"),
    ("separation", {"flips": (65,)}, "flips[0]: expected a whole number from 0 to 64"),
    ("subspace", {"rules": ("hebbian_descent",)}, 'rules: the rule reads "target", and here there is none'),
    ("subspace", {"rules": ("ojaa",)}, 'no rate named "ojaa"'),
    ("subspace", {"units": 64}, "units: expected fewer than 64 units"),
    ("three_rules", {"duration": 1}, "duration: expected at least 5 s (got 1)"),
    ("three_rules", {"duration": 1e6}, "duration: the traces"),
    ("prediction", {"patterns": 61}, "patterns: expected at most 60, the number of cells (got 61)"),
    ("prediction", {"flips": 201}, "flips: expected a number of BITS from 0 to 200"),
    ("prediction", {"recall_cells": 100_000}, "cells: the weights"),
    ("association", {"c": (-2,)}, "c[0]: expected a number above -2, where the network oscillates"),
    ("association", {"distances": (3,)}, "distances[0]: expected an even distance below 41"),
    ("online_pairs", {"pairs": 300}, "pairs: expected more than 300 pairs"),
    ("online_pairs", {"inputs": "digit"}, 'inputs'),
    ("reward_paths", {"ratios": (-0.1,)}, "ratios[0]: expected a number from 0 to 10 (got -0.1)"),
    ("reward_paths", {"pairs": 29}, "pairs"),
    ("cued_recall", {"shares": (0.25,)}, "shares[0]: expected tenths from 0.1 to 0.9 (got 0.25)"),
    ("cued_recall", {"patterns": 101}, "patterns: expected from 1 to 100 patterns (got 101)"),
    ("forgetting", {"ages": (9,)}, "ages[0]: expected an age from 0 to below"),
    ("forgetting", {"connections": 5000}, "connections: expected at most 4000"),
    ("forgetting", {"cells": 10**7, "connections": 10**6}, "cells: the"),
]  # fmt: skip


@pytest.mark.parametrize(("study", "given", "message"), BAD, ids=[f"{study}-{message[:20]}" for study, _, message in BAD])
def test_wrong_settings_are_refused_in_one_line(study: str, given: Mapping[str, object], message: str) -> None:
    with pytest.raises(sh.SpikehebError) as caught:
        getattr(sh.rates, study)(1, **given)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
