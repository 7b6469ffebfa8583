"""What a combination of rules says of itself: its method, readout and claims follow from those of its rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import spikeheb as sh
from spikeheb.errors import FormatError
from spikeheb.expressions.equations import parse_model
from spikeheb.expressions.printers import to_brian
from spikeheb.rules import Rule, combine

TEXT = """
schema = 1
name = "{name}"
title = "{name}"
doc = "For a test."
[synapse]
model = "w : 1"
weight = "w"
efficacy = "w"
{more}
[[on]]
event = "pre"
do = {do}
"""


def rule(folder: Path, name: str, do: str = '["transmit = 1"]', more: str = "") -> Rule:
    path = folder / f"{name}.toml"
    path.write_text(TEXT.format(name=name, do=do, more=more), encoding="utf-8")
    return sh.rule(path)


def test_rules_without_a_readout_of_their_own_have_none_together() -> None:
    assert sh.rule("pair+tsodyks_markram").readout is None


def test_one_readout_of_the_rules_is_multiplied_by_the_efficacy_of_the_others(tmp_path: Path) -> None:
    seen = rule(tmp_path, "seen", more='readout = "3*w"')
    assert to_brian(combine([sh.rule("pair"), seen]).readout) == "w*(3*0)"  # type: ignore[arg-type]


def test_the_method_that_one_rule_needs_is_that_of_the_combination(tmp_path: Path) -> None:
    assert combine([sh.rule("pair"), rule(tmp_path, "stepped", more='method = "rk4"')]).method == "rk4"


def test_two_methods_that_differ_are_refused_with_the_files_of_both(tmp_path: Path) -> None:
    both = [rule(tmp_path, name, more=f'method = "{name}"') for name in ("rk2", "rk4")]
    with pytest.raises(FormatError, match=r"differs between the rules \(rk2 and rk4\)") as refusal:
        combine(both)
    assert (refusal.value.path, refusal.value.key) == (f"{tmp_path}/rk2.toml + {tmp_path}/rk4.toml", "synapse.method")


def test_two_methods_of_post_that_differ_are_refused_with_the_files_of_both() -> None:
    other, clopath = sh.rule("pair"), sh.rule("clopath")
    post = replace(clopath.post, equations=parse_model("z : 1"), method="rk4", on_spike=(), initial={}, delayed={})  # type: ignore[type-var]
    with pytest.raises(FormatError, match=r"\(euler and rk4\)") as refusal:
        combine([replace(other, post=post), replace(clopath, axonal_delay=0.0)])
    assert (refusal.value.path, refusal.value.key) == (f"{other.path} + {clopath.path}", "post.method")


def test_a_combination_is_noisy_where_one_rule_is_and_bounded_where_the_weights_owner_is() -> None:
    pair, mark = sh.rule("pair"), sh.rule("tsodyks_markram")
    claims = combine([pair, replace(mark, claims={"noisy": True})]).claims
    assert claims == {"noisy": True, "bounded": True}
    assert combine([pair, replace(mark, claims={"event_driven": False})]).claims == {"event_driven": False, "bounded": True}


@pytest.mark.parametrize("place", [1, 2])
def test_a_release_amid_three_changes_of_the_weight_is_refused(tmp_path: Path, place: int) -> None:
    lines = ["ltp = 0.1", "ltd = 0.2", "w += 0.1"]
    lines.insert(place, "transmit = 1")
    with pytest.raises(FormatError, match="between two changes of the weight"):
        combine([sh.rule("pair"), rule(tmp_path, "mid", do=str(lines).replace("'", '"'))])


@pytest.mark.parametrize("lines", ['["w += 0.1", "transmit = 1"]', '["transmit = 1", "ltp = 0.1", "ltd = 0.2", "w += 0.1"]'])
def test_a_release_beside_a_change_of_the_weight_is_combined(tmp_path: Path, lines: str) -> None:
    both = combine([sh.rule("pair"), rule(tmp_path, "beside", do=lines)])
    assert sum(line.target == "transmit" for handler in both.handlers for line in handler.lines) == 1
