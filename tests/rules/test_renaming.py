"""A rule under other names is the same rule: nothing of it is lost, and nothing keeps an old name."""

from __future__ import annotations

import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.expressions import tree as t
from spikeheb.rules.names import LIMITS, declared, renamed
from spikeheb.rules.numbers import trees_of_post, trees_of_synapse

NAMES = sorted(library.names("rule"))


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back_is_the_same_rule(name: str) -> None:
    rule = sh.rule(name)
    back = renamed(renamed(rule, lambda each: f"q_{each}"), lambda each: each.removeprefix("q_"))
    assert back.hash == rule.hash
    assert (back.readout, back.post, back.interactions, back.before) == (rule.readout, rule.post, rule.interactions, rule.before)


@pytest.mark.parametrize("name", NAMES)
def test_no_expression_keeps_an_old_name(name: str) -> None:
    rule = sh.rule(name)
    old = {*declared(rule), *rule.bounds.values} - set(LIMITS)
    new = renamed(rule, lambda each: f"q_{each}")
    for key, tree in (*trees_of_synapse(new), *trees_of_post(new)):
        assert not t.names(tree) & old, key
    assert new.post is None or new.post.method == sh.rule(name).post.method  # type: ignore[union-attr]
