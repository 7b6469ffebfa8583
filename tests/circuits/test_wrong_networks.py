"""About two hundred wrong files of networks: each is refused when it is read, in one line with the file, the whole key and what to do."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

import spikeheb as sh
from spikeheb.circuits.files import read_circuit
from spikeheb.cli.app import run
from spikeheb.studies.networks.network import planned

CONTENT: dict[str, Any] = tomllib.loads((Path(__file__).parent / "wrong_networks.toml").read_text(encoding="utf-8"))
TABLES = ("populations", "projections", "drives", "triggers", "phases", "probes")
PHASE = "plastic = { ie = false }\n"


def saved(folder: Path, *replaced: tuple[str, str]) -> Path:
    text = CONTENT["text"]
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "net.toml").write_text(text, encoding="utf-8")
    return folder / "net.toml"


def test_the_network_itself_is_right(tmp_path: Path) -> None:
    assert read_circuit(saved(tmp_path)).is_network


@pytest.mark.parametrize("wrong", CONTENT["wrong"], ids=[str(n) for n in range(len(CONTENT["wrong"]))])
def test_a_wrong_network_is_refused_with_file_and_whole_key(wrong: dict[str, Any], tmp_path: Path) -> None:
    path = saved(tmp_path, *wrong["replaced"])
    with pytest.raises((sh.FormatError, sh.UnitError, sh.UnknownName)) as refused:
        planned(read_circuit(path))
    assert str(refused.value) == f"{path}: {wrong['says']}"
    assert refused.value.key not in (None, *TABLES)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('parameters = { ie = { tau = "30 ms" } }\n', 'phases[0].parameters.ie.tau: tau of "vogels" decides how a variable decays'),
        ("parameters = { ie = { w_max = -3 } }\n", 'phases[0].parameters.ie.w_max: "vogels" refuses this: w_min must be below w_max'),
    ],
)
def test_what_a_rule_refuses_in_a_phase_is_said_before_the_estimate(
    change: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path, (PHASE, change))
    assert run(["net", str(path), "--out", str(tmp_path / "out")]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith(f"error: {path}: {words}")
    assert shown.count("\n") == 1


def test_constants_that_a_rule_takes_only_together_may_change_together(tmp_path: Path) -> None:
    path = saved(tmp_path, (PHASE, "parameters = { ie = { w_min = 200, w_max = 300 } }\n"))
    assert read_circuit(path).phases[0].parameters == {"ie": {"w_min": 200.0, "w_max": 300.0}}


def test_what_a_rule_refuses_of_several_constants_together_names_their_table(tmp_path: Path) -> None:
    path = saved(tmp_path, (PHASE, "parameters = { ie = { w_min = 2, w_max = 1 } }\n"))
    with pytest.raises(sh.FormatError, match=r"phases\[0\]\.parameters\.ie: .* w_min must be below w_max \(got 2 and 1\)"):
        read_circuit(path)


def test_the_files_of_a_rule_and_a_cell_are_named_once_and_only_for_what_they_say(tmp_path: Path) -> None:
    for folder, name, old in (("rules", "pair", '{ name = "vogels" }'), ("cells", "l5_pyramidal", '"l5_pyramidal"')):
        source = Path(__file__).parents[2] / "models" / folder / f"{name}.toml"
        own = tmp_path / f"own_{name}.toml"
        own.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        for parameters, place in (
            ("parameters = { tau_none = 1 }", "parameters: no parameter named"),
            ("parameters = 3", "parameters: exp"),
        ):
            path = saved(tmp_path, (old, f'{{ name = "{own}", {parameters} }}'))
            with pytest.raises(sh.SpikehebError, match=place) as refused:
                read_circuit(path)
            assert str(own) not in str(refused.value)
        own.write_text(source.read_text(encoding="utf-8").replace("schema = 1", "schema = 3"), encoding="utf-8")
        path = saved(tmp_path, (old, f'"{own}"'))
        with pytest.raises(sh.SpikehebError) as refused:
            read_circuit(path)
        assert str(refused.value).count(str(own)) == 1
