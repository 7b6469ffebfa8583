"""What a rule file claims is measured, for every file and every set there is; a new file is tested by existing."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.rules.meaning import is_noisy, reads_membrane, stepped

KNOWN = {"event_driven", "bounded", "ltp_for_positive_dt", "noisy", "pre_alone_acts", "inhibitory"}
CASES = [(name, which) for name in library.names("rule") for which in (None, *sh.rule(name).sets)]
every_rule = pytest.mark.parametrize(("name", "which"), CASES, ids=str)


def weights(rule, pre, post, w0=None):
    cell = "l5_clopath" if reads_membrane(rule) else None
    return sh.replay(rule, pre, post, w0, cell, record=True)["w_record"].values


@every_rule
def test_claims_are_known_and_hold_in_the_equations(name, which):
    rule = sh.rule(name, set=which)
    assert set(rule.claims) <= KNOWN
    if "event_driven" in rule.claims:
        assert rule.claims["event_driven"] == (not stepped(rule))
    if rule.claims.get("noisy"):
        assert is_noisy(sh.rule(name))


@every_rule
def test_a_bounded_rule_stays_within_its_bounds_under_violent_trains(name, which):
    rule = sh.rule(name, set=which)
    if not rule.claims.get("bounded") or rule.bounds.kind == "law":
        pytest.skip("makes no such claim, or its law has one limit")
    pre = np.arange(400) * 0.005
    potentiated, depressed = weights(rule, [pre, pre], [pre + 0.001, np.maximum(pre - 0.001, 0)])
    low, high = rule.bounds.w_min, rule.bounds.w_max
    for course in (potentiated, depressed):
        assert course.min() >= low
        assert course.max() <= high
    assert np.ptp(potentiated) > 0.01


@every_rule
def test_a_rule_that_claims_it_potentiates_when_pre_comes_first(name, which):
    rule = sh.rule(name, set=which)
    if not rule.claims.get("ltp_for_positive_dt"):
        pytest.skip("makes no such claim")
    if is_noisy(rule):
        rule = sh.rule(name, set=which, bounds={"kind": "hard", "w_min": 0, "w_max": 100})
    change = sh.window(rule, [-0.01, 0.01], pairs=20)["change"].values
    assert change[0] < 0 < change[1]


@every_rule
def test_presynaptic_spikes_alone_change_nothing_unless_the_rule_says_so(name, which):
    rule = sh.rule(name, set=which)
    alone = rule.claims.get("pre_alone_acts", False)
    if not alone and not rule.claims.get("event_driven"):
        pytest.skip("its drift is measured, not claimed to be zero")
    course = weights(rule, [np.arange(20) * 0.1], [[]])
    assert np.any(course != course[0, 0]) == alone


@every_rule
def test_every_reference_has_a_doi_and_every_source_is_said(name, which):
    rule = sh.rule(name, set=which)
    assert all(reference.doi.startswith(("10.", "arXiv:")) for reference in rule.references.values())
    assert all(parameter.source for parameter in rule.parameters.values())
