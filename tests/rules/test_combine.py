"""Rules combined on one synapse: each does what it does alone, and the conductance is the product."""

from __future__ import annotations

import numpy as np
import pytest
from circuits_by_hand import of_lanes

import spikeheb as sh
from spikeheb.engines.choice import carry_out
from spikeheb.errors import FormatError, UnknownName
from spikeheb.expressions.printers import to_brian
from spikeheb.rules import combine

DT = 1e-4
NONE = np.zeros(0, dtype=np.int64)


def trains(seed=3, lanes=3, steps=20_000, rate=25.0):
    """Random steps for pre and post, with ties."""
    rng = np.random.default_rng(seed)
    pre, post = ([np.unique(rng.integers(0, steps, rng.poisson(rate * steps * DT))) for _ in range(lanes)] for _ in range(2))
    return tuple(pre), tuple(np.union1d(b, a[::5]) for a, b in zip(pre, post, strict=True))


def end(rule, pre, post, engine="auto", **more):
    steps = max(int(train[-1]) for train in (*pre, *post) if train.size) + 1
    return carry_out(of_lanes(rule, None, DT, steps, np.arange(len(pre)), pre, post, **more), engine)


@pytest.mark.parametrize("order", ["triplet+tsodyks_markram", "tsodyks_markram+triplet"])
def test_each_rule_does_what_it_does_alone(order):
    pre, post = trains()
    both = end(sh.rule(order), pre, post)
    assert np.ptp(both.w) > 0.01
    np.testing.assert_array_equal(both.w, end(sh.rule("triplet"), pre, post).w)
    alone = end(sh.rule("tsodyks_markram"), pre, post).variables
    for name in ("x", "u"):
        np.testing.assert_array_equal(both.variables[f"tsodyks_markram_{name}"], alone[name])


def test_names_are_prefixed_except_the_weight_that_the_first_rule_with_one_gives():
    rule = sh.rule("tsodyks_markram+triplet")
    assert (rule.name, rule.weight, to_brian(rule.efficacy)) == ("tsodyks_markram+triplet", "w", "w")
    assert {"triplet_r1", "tsodyks_markram_x", "w"} <= set(rule.variables)
    assert {name.split("_")[0] for name in rule.parameters} == {"tsodyks", "triplet"}
    assert (rule.bounds.kind, rule.bounds.w_max, to_brian(rule.initial["w"])) == ("hard", 10.0, "1")
    assert rule.parameters["triplet_tau_plus"].source in rule.references


def test_rules_that_move_a_weight_share_it_with_bounds_and_start_of_the_first():
    first, second = sh.rule("pair+vogels"), sh.rule("vogels+pair")
    assert (first.bounds.w_max, to_brian(first.initial["w"])) == (1.0, "0.5")
    assert (second.bounds.w_max, to_brian(second.initial["w"])) == (10.0, "0.1")
    free = [sh.rule(name, bounds="none") for name in ("pair", "vogels")]
    pre, post = trains()
    changes = [end(rule, pre, post, initial={"w": np.full(3, 5.0)}).w - 5 for rule in free]
    both = end(combine(free), pre, post, initial={"w": np.full(3, 5.0)}).w - 5
    np.testing.assert_allclose(both, changes[0] + changes[1], rtol=0, atol=1e-13)


def test_handlers_run_in_the_named_order(tmp_path):
    """At the upper bound it decides: what the first adds is cut off before the second takes away."""
    grows = mine(tmp_path, "grows", '["w += 0.5"]')
    falls = mine(tmp_path, "falls", '["w -= 0.3"]')
    limits = {"bounds": {"kind": "hard", "w_min": 0, "w_max": 1}}
    rules = [sh.rule(grows, **limits), sh.rule(falls, **limits)]
    weights = [end(combine(order), (np.array([10]),), (NONE,), initial={"w": np.array([0.9])}).w[0] for order in (rules, rules[::-1])]
    assert weights == pytest.approx([0.7, 1.0])


def test_the_release_is_the_product_and_reads_the_weight_before_the_spike_changes_it():
    """All is released at the first pulse (U = 1), a tenth at the second; the pair rule depresses at both."""
    cell, pre, post = sh.cell("l23_pyramidal"), np.array([2000, 3000]), np.array([500])
    depressed = sh.rule("pair", bounds={"kind": "hard", "w_min": 0, "w_max": 9}, A_minus=0.5, tau_minus="1 s")
    short_term = sh.rule("tsodyks_markram", interaction="constant_u", U=1, tau_rec=f"{0.1 / np.log(1 / 0.9)} s")

    def sweeps(rule):
        job = of_lanes(
            rule, cell, DT, 4000, np.zeros(1, dtype=np.int64), (pre,), (post,),
            initial={"w": np.array([1.0])}, sweeps=pre - 1, sweep_steps=500,
        )  # fmt: skip
        return carry_out(job).v[0]

    alone, both = sweeps(depressed), sweeps(combine([depressed, short_term]))
    np.testing.assert_array_equal(both[0], alone[0])
    peaks = [v[1].max() - v[1, 0] for v in (alone, both)]
    assert peaks[1] / peaks[0] == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("name", ["triplet+tsodyks_markram", "pair:van_rossum+vogels+tsodyks_markram:facilitating_1998"])
def test_both_engines_agree(name):
    rule = sh.rule(name)
    if rule.bounds.kind == "law":
        rule = sh.rule(rule, bounds={"kind": "law", "F_plus": "1 - w", "F_minus": "w", "w_min": 0})
    pre, post = trains()
    recording, expected = end(rule, pre, post, "kernel"), end(rule, pre, post, "brian:numpy")
    assert np.ptp(recording.w) > 1e-3
    np.testing.assert_allclose(recording.w, expected.w, rtol=0, atol=1e-11)


def test_sets_interactions_and_parameters_of_a_combination():
    rule = sh.rule("triplet:visual_cortex_nearest_min+tsodyks_markram:facilitating_2000", tsodyks_markram_U=0.1)
    assert (rule.name, rule.set) == ("triplet+tsodyks_markram", "visual_cortex_nearest_min+facilitating_2000")
    assert rule.interaction == "symmetric+rests_at_0"
    assert (rule.constants["triplet_adds"], rule.constants["tsodyks_markram_tau_rec"], rule.constants["tsodyks_markram_U"]) == (0, 0.1, 0.1)
    assert sh.rule(rule, interaction="symmetric+rests_at_U").constants["tsodyks_markram_rests_at_U"] == 1
    assert rule.changed == ("tsodyks_markram_U",)


MINE = """
schema = 1
name = "{name}"
title = "Mine"
doc = "For a test."
[synapse]
model = "w : 1"
weight = "w"
efficacy = "{efficacy}"
initial = {{ w = "{initial}" }}
[[on]]
event = "pre"
do = {do}
"""


def mine(tmp_path, name="mine", do='["ltp = 0.1"]', efficacy="w", initial="0.5"):
    path = tmp_path / f"{name}.toml"
    path.write_text(MINE.format(name=name, do=do, efficacy=efficacy, initial=initial))
    return sh.rule(path)


def test_a_weight_that_never_moves_becomes_its_initial_value(tmp_path):
    half = mine(tmp_path, do='["transmit = 1"]', efficacy="2*w")
    assert to_brian(combine([sh.rule("pair"), half]).efficacy) == "w*(2*0.5)"


def test_what_cannot_be_combined_is_named(tmp_path):
    pair = sh.rule("pair")
    with pytest.raises(FormatError, match='"pair" cannot be combined with itself'):
        sh.rule("pair+pair")
    with pytest.raises(FormatError, match="names the set of each rule"):
        sh.rule("pair+tsodyks_markram", set="gutig")
    with pytest.raises(UnknownName, match='no rule named "tsodyks"'):
        sh.rule("pair+tsodyks")
    with pytest.raises(UnknownName, match="no rule named"):
        sh.rule("pair+")
    with pytest.raises(FormatError, match="use the weight that they would share in different ways"):
        combine([pair, mine(tmp_path, efficacy="2*w")])
    with pytest.raises(FormatError, match="drawn at the start and never changes"):
        combine([pair, mine(tmp_path, do='["transmit = 1"]', initial="rand()")])
    with pytest.raises(FormatError, match="between two changes of the weight"):
        combine([pair, mine(tmp_path, do='["ltp = 0.1", "transmit = 1", "ltd = 0.1"]')])
    with pytest.raises(FormatError, match="axonal_delay: differs"):
        combine([sh.rule("pair", axonal_delay="1 ms"), sh.rule("triplet")])


def test_what_is_free_to_be_fitted_is_named_as_the_combination_names_it():
    rule = sh.rule("tsodyks_markram+pair")
    assert set(rule.refit) >= {"pair_A_plus", "pair_tau_minus"}
    assert set(rule.refit) <= set(rule.parameters)
