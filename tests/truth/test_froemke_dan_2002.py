"""Froemke & Dan (2002), 10.1038/416433a: the first pair of a triplet decides (Figs. 2 and 3), unlike in culture (Wang 2005)."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import spikeheb as sh

MOTIFS = np.arange(60) * 5.0 + 0.1
"""Sixty motifs at 0.2 Hz."""
sets = pytest.mark.parametrize("name", sh.rule("suppression").sets)


def trains(pre, post):
    """Sixty motifs with spikes at those milliseconds."""
    return tuple(np.sort(np.add.outer(MOTIFS, np.asarray(times) * 1e-3).ravel()) for times in (pre, post))


def change(rule, *motifs):
    pairs = [trains(*motif) for motif in motifs]
    return sh.replay(rule, [pre for pre, _ in pairs], [post for _, post in pairs], 1.0)["w"].values - 1


def by_hand(rule, pre, post):
    """All pairs of a train, each with the efficacies of its two spikes."""
    p = rule.constants

    def efficacies(times, tau):
        return np.concatenate([[1.0], -np.expm1(-np.diff(times) / tau)])

    first, second = efficacies(pre, p["tau_s_of_pre"]), efficacies(post, p["tau_s_of_post"])
    total = 0.0
    for (t_pre, a), (t_post, b) in product(zip(pre, first, strict=True), zip(post, second, strict=True)):
        delay = t_post - t_pre
        window = p["A_plus"] * np.exp(-delay / p["tau_plus"]) if delay > 0 else -p["A_minus"] * np.exp(delay / p["tau_minus"])
        total += a * b * window / p["pairings"]
    return total


@sets
def test_single_pairs_are_the_published_window(name):
    rule = sh.rule("suppression", set=name)
    p = rule.constants
    later, earlier = change(rule, ([0], [10]), ([10], [0]))
    assert later == pytest.approx(p["A_plus"] * np.exp(-0.010 / p["tau_plus"]), rel=1e-6)
    assert earlier == pytest.approx(-p["A_minus"] * np.exp(-0.010 / p["tau_minus"]), rel=1e-6)


@sets
def test_the_first_pair_of_a_triplet_decides(name):
    """Pre-post-pre potentiates and post-pre-post depresses, at each of several intervals."""
    rule = sh.rule("suppression", set=name)
    for interval in (5, 10, 15):
        around_post, around_pre = change(rule, ([0, 2 * interval], [interval]), ([interval], [0, 2 * interval]))
        assert around_post > 0.1
        assert around_pre < -0.1


def test_culture_does_the_opposite():
    """Wang et al. (2005): the triplet rule's hippocampal sets potentiate by post-pre-post and do nothing by pre-post-pre."""
    rule = sh.rule("triplet", set="hippocampus_all_min")
    around_post, around_pre = change(rule, ([0, 20], [10]), ([10], [0, 20]))
    assert around_pre > 0.15
    assert abs(around_post) < 0.05


@sets
def test_random_trains_are_the_sum_over_all_pairs(name):
    rule = sh.rule("suppression", set=name, bounds="none")
    rng = np.random.default_rng(5)
    pre, post = (np.unique(rng.integers(0, 20_000, 60)) * 1e-4 for _ in range(2))
    post = post[~np.isin(post, pre)]
    change = float(sh.replay(rule, pre, post, 1.0)["w"][0]) - 1
    assert change == pytest.approx(by_hand(rule, pre, post), abs=1e-10)
