"""Frémaux, Sprekeler & Gerstner (2010), 10.1523/JNEUROSCI.6249-09.2010: the covariance term and the unsupervised bias.

The mean weight change of reward-modulated STDP is Cov(R, e) + <R><e>; subtracting the mean reward leaves the first term.
"""

from __future__ import annotations

import numpy as np
import pytest
from circuits_by_hand import of_lanes, post_trains, pre_trains

import spikeheb as sh
from spikeheb.circuits.drives import Change
from spikeheb.engines.choice import carry_out

DT = 1e-3
TRIAL = 3000
"""Steps of a trial; what a pair leaves has decayed by exp(-6) before the next."""


def job(rule, trials, rewards, rng, inputs=1, initial=None):
    """Trials with random spikes in the first half second and a reward at their first second; also the pairs' gaps."""
    pre = tuple(np.sort(np.arange(trials) * TRIAL + rng.integers(0, 500, trials)) for _ in range(inputs))
    post = np.arange(trials) * TRIAL + rng.integers(0, 500, trials)
    changes = tuple(Change(0, n * TRIAL + 1000, float(amount)) for n, amount in enumerate(rewards))
    lane = np.zeros(inputs, dtype=np.int64)
    start = {"w": np.full(inputs, 0.5), **{name: np.full(inputs, value) for name, value in (initial or {}).items()}}
    return of_lanes(rule, None, DT, trials * TRIAL, lane, pre, (post,), initial=start, rewards=changes)


def eligibilities(rule, pre, post):
    """What each trial's one pair has left when its reward comes; earlier trials' share is added by the recursion."""
    values, gap = rule.constants, (post - pre) * DT
    left = np.where(gap >= 0, values["A_plus"] * np.exp(-gap / values["tau_plus"]), -values["A_minus"] * np.exp(gap / values["tau_minus"]))
    left = left * np.exp(-(1000 - np.maximum(pre, post) % TRIAL) * DT / values["tau_e"])
    kept, total = np.exp(-TRIAL * DT / values["tau_e"]), 0.0
    per_trial = []
    for each in left:
        total = total * kept + each
        per_trial.append(total)
    return np.array(per_trial)


@pytest.mark.parametrize("scheme", ["covariance", "plain"])
def test_every_trial_moves_the_weight_by_its_reward_and_eligibility(scheme):
    rule = sh.rule("covariance_reward", interaction=scheme, bounds="none")
    rng = np.random.default_rng(5)
    rewards = rng.random(60)
    task = job(rule, 60, rewards, rng)
    elig, mean, expected = eligibilities(rule, pre_trains(task)[0], post_trains(task)[0]), 0.0, 0.5
    for reward, each in zip(rewards, elig, strict=True):
        expected += rule.constants["eta"] * (reward - (mean if scheme == "covariance" else 0)) * each
        mean += (reward - mean) / rule.constants["n_mean"]
    recording = carry_out(task)
    assert recording.w[0] == pytest.approx(expected, abs=2e-4 * rule.constants["eta"])
    assert recording.variables["R_mean"][0] == pytest.approx(mean)


def test_a_constant_reward_teaches_nothing_under_the_covariance_rule_and_makes_the_plain_rule_drift():
    rng, trials = np.random.default_rng(8), 400
    known = {"R_mean": 1.0}
    drifts = {}
    for scheme in ("covariance", "plain"):
        rule = sh.rule("covariance_reward", interaction=scheme, bounds="none", A_minus=0.2)
        drifts[scheme] = carry_out(job(rule, trials, np.ones(trials), np.random.default_rng(8), inputs=20, initial=known)).w - 0.5
    assert np.all(drifts["covariance"] == 0)
    bias = drifts["plain"].mean() / (drifts["plain"].std(ddof=1) / np.sqrt(20))
    assert bias > 5, "the drift is as large as its mean eligibility, many standard errors from none"
    rule = sh.rule("covariance_reward", interaction="covariance", bounds="none", A_minus=0.2)
    unknown = carry_out(job(rule, trials, np.ones(trials), rng, inputs=20)).w - 0.5
    assert np.abs(unknown).max() < 5 * rule.constants["eta"], "until the mean is known, a few trials teach"


def test_a_reward_that_goes_with_one_synapse_raises_that_synapse_alone():
    """Rewarded are the trials in which the first input comes shortly before the cell; the others come at random."""
    rule = sh.rule("covariance_reward", interaction="covariance", bounds="none")
    rng, trials = np.random.default_rng(13), 1500
    blank = job(rule, trials, np.zeros(trials), np.random.default_rng(13), inputs=20)
    gap = post_trains(blank)[0] - pre_trains(blank)[0]
    rewards = ((gap > 0) & (gap <= 20)).astype(float)
    w = carry_out(job(rule, trials, rewards, rng, inputs=20)).w - 0.5
    others = w[1:]
    assert rewards.sum() > 30
    assert w[0] > others.mean() + 6 * others.std(ddof=1)
    assert abs(others.mean()) < 4 * others.std(ddof=1) / np.sqrt(others.size)
