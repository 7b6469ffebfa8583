"""Actions of every rule are plain: nothing but assignments, and one release where the file names none."""

from __future__ import annotations

from pathlib import Path

import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.errors import ExpressionError
from spikeheb.rules import read_rule
from spikeheb.rules.meaning import TRANSMIT, actions

PAIR = library.names("rule")["pair"].read_text(encoding="utf-8")


def changed(folder: Path, old: str, new: str) -> Path:
    assert old in PAIR
    path = folder / "pair.toml"
    path.write_text(PAIR.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", sorted(library.names("rule")))
def test_every_line_of_an_action_is_an_assignment(name: str) -> None:
    assert {line.op for action in actions(sh.rule(name)) for line in action.lines} == {"="}


def test_a_rule_that_names_no_release_releases_all_at_the_top(tmp_path: Path) -> None:
    pre, _ = actions(read_rule(changed(tmp_path, '"transmit = 1", ', "")))
    with_line, _ = actions(sh.rule("pair"))
    assert pre == with_line
    assert [line.target for line in pre.lines].index(TRANSMIT) == 0


def test_an_impossible_constant_is_refused_with_its_file(tmp_path: Path) -> None:
    path = changed(tmp_path, "ltp = A_plus*x", "ltp = A_plus*x/(A_plus - A_plus)")
    with pytest.raises(ExpressionError) as refusal:
        read_rule(path)
    assert (refusal.value.path, refusal.value.key) == (str(path), "on[1].do[0]")
