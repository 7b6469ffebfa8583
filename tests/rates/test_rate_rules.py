"""Rate rules as files: what each says, what a wrong one says, and that the change of weights is the one that is written."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.rates.file import parse_rate_rule

NAMES = sorted(library.names("rate"))
RNG = np.random.default_rng(0)
W, X, Y, GIVEN = RNG.normal(size=(3, 5)), RNG.normal(size=5), RNG.normal(size=3), RNG.normal(size=3)
BASE = """schema = 1
name = "mine"
title = "Mine"
doc = "A rule."
[parameters]
eta = { value = 0.1, doc = "rate", source = "chosen" }
[activity]
output = "u"
[forward]
eta = "eta"
post = "y"
pre = "x"
"""
OUTER = np.outer(Y, X)
BY_HAND = {
    "hebb": 0.1 * OUTER,
    "covariance": 0.1 * np.outer(Y - 0.5, X - 0.25),
    "instar": 0.1 * (OUTER - Y[:, None] * W),
    "oja": 0.1 * (OUTER - (Y**2)[:, None] * W),
    "oja_subspace": 0.1 * (OUTER - np.outer(Y, Y) @ W),
    "sanger": 0.1 * np.array([[Y[i] * (X[j] - sum(Y[k] * W[k, j] for k in range(i + 1))) for j in range(5)] for i in range(3)]),
    "hebbian_pca": 0.1 * np.array([[Y[i] * (X[j] - sum(Y[k] * W[k, j] for k in range(i + 1))) for j in range(5)] for i in range(3)]),
    "similarity_matching": (OUTER - (Y**2)[:, None] * W) / 2.0,
    "similarity_matching_2018": 2 / 5 * (OUTER - W),
    "hebbian_descent": 0.1 * np.outer(GIVEN - Y, X - 0.25),
    "targets_hebb": 0.1 * np.outer(GIVEN - 0.5, X - 0.25),
    "delta_rule": 0.1 * np.outer((GIVEN - Y) * Y * (1 - Y), X - 0.25),
    "bcm": 0.1 * np.outer(Y * (Y - 0.5), X),
    "competing_units": 0.1 * (OUTER - (Y * (W @ X))[:, None] * W),
}
RUNNING = {
    "covariance": {"x_mean": 0.25, "y_mean": 0.5}, "similarity_matching": {"a": 2.0},
    "hebbian_descent": {"mu": 0.25}, "targets_hebb": {"mu": 0.25}, "delta_rule": {"mu": 0.25}, "bcm": {"theta": 0.5},
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_change_is_the_one_written_by_hand(name: str) -> None:
    own = sh.rates.rule(name)
    rule = sh.rates.rule(own, eta=0.1) if "eta" in own.parameters else own
    change = sh.rates.change(rule, W, X, Y, target=GIVEN, **RUNNING.get(name, {}))
    np.testing.assert_allclose(change, BY_HAND[name], rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_is_shown_checked_and_says_its_sources(name: str) -> None:
    rule = sh.rates.rule(name)
    portrait = sh.portrait(rule)
    assert {section.heading for section in portrait.sections} >= {"Activity", "Bounds", "Parameters", "References"}
    assert r"\Delta W_{ij}" in portrait.latex
    assert portrait.latex.count("{") == portrait.latex.count("}")
    assert name in repr(rule)


def test_a_twin_is_a_rule_of_spikes_and_its_drift_reads_its_parameters() -> None:
    twins = {name: sh.rates.rule(name).twin for name in NAMES}
    assert twins["oja"] is not None
    for name, twin in twins.items():
        if twin is not None:
            assert library.split_set(twin.rule)[0] in library.names("rule"), name


def test_a_parameter_is_changed_and_the_hash_with_it() -> None:
    rule = sh.rates.rule("oja", eta=0.01)
    assert rule.values == {"eta": 0.01}
    assert rule.hash != sh.rates.rule("oja").hash
    with pytest.raises(sh.UnknownName, match='no parameter named "etta"; did you mean "eta"'):
        sh.rates.rule("oja", etta=0.01)


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(sh.UnknownName, match='no rate named "ojaa"; did you mean "oja"'):
        sh.rates.rule("ojaa")
    with pytest.raises(sh.UnknownName, match='no rate named "sangerr"'):
        sh.rates.Layer("sangerr", 2)


LATERAL = '\n[lateral]\neta = "eta"\npost = "y"\npre = "y"\neffect = "inhibitory"\n'
SETTLED = BASE.replace('output = "u"', 'output = "u"\nsettle = "linear"') + LATERAL
WRONG = [
    (BASE.replace("schema = 1", "schema = 2"), "schema: this version reads schema 1 (got 2)"),
    (BASE.replace('pre = "x"', 'pre = "z"'), 'forward.pre: no name named "z"; known: eta, x'),
    (BASE.replace('pre = "x"', 'pre = "y"'), 'forward.pre: "y" cannot be read here; this place has eta, x'),
    (BASE.replace('post = "y"', 'post = "w*y"'), 'forward.post: "w" cannot be read here; this place has amount, eta, t, target, u, y'),
    (BASE.replace('post = "y"', 'post = "randn()"'), "forward.post: randn() is not allowed: a rate rule draws no random numbers"),
    (BASE.replace('post = "y"', 'post = "__import__"'), "forward.post: only plain decimal numbers"),
    (BASE.replace("value = 0.1", 'value = "1 ms"'), "parameters.eta.value: a rate rule has no clock and no units: expected a pure number"),
    (BASE.replace("[parameters]\neta", "[parameters]\nu"), 'parameters.u: the name "u" is taken'),
    (BASE.replace('output = "u"', 'output = "u"\nwinners = 0'), 'activity.winners: expected a number of winners or "softmax" (got 0)'),
    (BASE.replace('output = "u"', 'output = "u"\nsettle = "linear"'), "activity.settle: lateral weights and settle"),
    (BASE + LATERAL, "activity.settle: lateral weights and settle"),
    (SETTLED.replace('output = "u"', 'output = "2*u"'), 'activity.output: with settle = "linear" the output is "u"'),
    (SETTLED.replace("inhibitory", "inhibiting"), 'lateral.effect: no choice for effect named "inhibiting"; did you mean "inhibitory"'),
    (BASE + 'among = "al"\n', 'forward.among: no choice for among named "al"; did you mean "all"'),
    (BASE + 'among = "all"\nforgets = "y"\n', 'forward.forgets: has no effect with among = "all"'),
    (BASE + 'among = "all"\n[twin]\nrule = "oja"\ndrift = "x"\n', 'twin: a rule with among = "all" is not local and has no spiking twin'),
    (BASE + '[twin]\nrule = "ojaa"\ndrift = "x"\n', 'no rule named "ojaa"; did you mean "oja"'),
    (BASE + '[twin]\nrule = "oja"\ndrift = "x*zeta"\n', 'twin.drift: no parameter of the rule oja named "zeta"; did you mean "eta"'),
    (BASE + '[bounds]\nkind = "soft"\nw_max = 1\n', 'bounds.kind: expected "none" or "hard" (got "soft")'),
    (BASE + '[cell]\neta = { initial = 0, next = "y" }\n', 'cell.eta: the name "eta" is used twice'),
    (BASE + '[cell]\na = { initial = "y", next = "y" }\n', 'cell.a.initial: "y" cannot be read here; this place has eta'),
    (BASE.replace("[forward]", "[forwards]"), "forward"),
    (BASE + 'forget = "y"\n', 'forward.forget: no such key; did you mean "forgets"'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_a_wrong_file_says_what_is_wrong_in_one_line(text: str, message: str) -> None:
    with pytest.raises(sh.SpikehebError) as caught:
        parse_rate_rule(text, "mine.toml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_users_own_file_works_from_its_path_and_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rates" / "mine.toml"
    path.parent.mkdir()
    path.write_text(BASE)
    assert sh.rates.rule(path).name == "mine"
    monkeypatch.setenv("SPIKEHEB_PATH", str(tmp_path))
    assert sh.rates.Layer("mine", 2).fit(np.eye(3)).weights_.shape == (2, 3)
    assert ("rate", "mine", "Mine") in sh.list("rates").rows
    assert library.kind_of(path) == "rate"


def test_a_rule_that_needs_a_target_asks_for_it() -> None:
    with pytest.raises(sh.FormatError, match='this rule reads "target", which is not given'):
        sh.rates.Layer("hebbian_descent", 2).fit(np.eye(3))


def test_every_public_name_is_at_home_and_is_no_module() -> None:
    for name in sh.rates.__all__:
        assert not inspect.ismodule(getattr(sh.rates, name)), name
        assert inspect.getdoc(getattr(sh.rates, name)), name
    assert set(sh.rates.__all__) <= set(dir(sh.rates))
    with pytest.raises(AttributeError, match="no attribute 'rulle'"):
        _ = sh.rates.rulle
