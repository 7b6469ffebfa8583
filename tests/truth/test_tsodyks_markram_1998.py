"""Tsodyks, Pawelzik & Markram (1998), 10.1162/089976698300017502, Eqs. 2.1-2.2 and Fig. 1; Tsodyks, Uziel & Markram (2000).

The conventions for the resting use u differ in the first pulse: the paired-pulse ratio and the steady state are both held
against closed forms, for each of them.
"""

from __future__ import annotations

import numpy as np
import pytest
from circuits_by_hand import of_lanes

import spikeheb as sh
from spikeheb.engines.choice import carry_out

DT = 1e-4
SETS = ["depressing_1998", "facilitating_1998", "depressing_2000", "facilitating_2000"]
SCHEMES = ["rests_at_0", "rests_at_U", "constant_u"]


def releases(rule, interval, pulses):
    """Fractions released by a regular train: what the resources lost at each pulse, from runs that end with it."""
    period = round(interval / DT)
    after, before = [], []
    for n in range(1, pulses + 1):
        steps = np.arange(n) * period
        for trains, store in (((steps,), after), ((steps[:-1],), before)):
            job = of_lanes(rule, None, DT, int(steps[-1]) + 1, np.zeros(1, dtype=np.int64), trains, (np.zeros(0, dtype=np.int64),))
            store.append(carry_out(job).variables["x"][0])
    return np.array(before) - np.array(after)


def uses(rule, interval, pulses):
    """The use u at each pulse of a regular train: a geometric approach to its limit."""
    values, scheme = rule.constants, rule.interaction
    if scheme == "constant_u":
        return np.full(pulses, values["U"])
    big_u, kept = values["U"], np.exp(-interval / values["tau_f"])
    rest = big_u if scheme == "rests_at_U" else 0.0
    limit = (big_u + (1 - big_u) * rest * (1 - kept)) / (1 - (1 - big_u) * kept)
    first = rest + big_u * (1 - rest)
    return limit + (first - limit) * ((1 - big_u) * kept) ** np.arange(pulses)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", SETS)
def test_the_paired_pulse_ratio_follows_the_closed_form_of_its_convention(name, scheme):
    rule = sh.rule("tsodyks_markram", set=name, interaction=scheme)
    for interval in (0.02, 0.05, 0.2):
        u = uses(rule, interval, 2)
        expected = u[1] / u[0] * (1 - u[0] * np.exp(-interval / rule.constants["tau_rec"]))
        first, second = releases(rule, interval, 2)
        assert second / first == pytest.approx(expected, rel=1e-10)
        assert first == pytest.approx(u[0], rel=1e-12)


def test_a_depressing_synapse_at_fifty_milliseconds_by_two_conventions():
    """u back at rest between the pulses: 1 - U exp(-ISI/tau_rec) = 0.53 where it rests at 0, 0.30 where it rests at U."""
    ratios = {}
    for scheme in SCHEMES:
        first, second = releases(sh.rule("tsodyks_markram", set="depressing_1998", interaction=scheme, tau_f="1 ms"), 0.05, 2)
        ratios[scheme] = second / first
    assert ratios["rests_at_0"] == pytest.approx(1 - 0.5 * np.exp(-50 / 800), abs=1e-9)
    assert ratios["constant_u"] == pytest.approx(0.53, abs=0.005)
    assert ratios["rests_at_U"] == pytest.approx(0.295, abs=0.005)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", SETS)
def test_the_steady_state_of_a_train(name, scheme):
    rule = sh.rule("tsodyks_markram", set=name, interaction=scheme)
    interval, pulses = 0.05, 400
    u = uses(rule, interval, pulses)[-1]
    kept = np.exp(-interval / rule.constants["tau_rec"])
    steps = np.arange(pulses) * round(interval / DT)
    none = (np.zeros(0, dtype=np.int64),)
    lane = np.zeros(1, dtype=np.int64)
    before = carry_out(of_lanes(rule, None, DT, int(steps[-1]) + 1, lane, (steps[:-1],), none)).variables["x"][0]
    assert before == pytest.approx((1 - kept) / (1 - (1 - u) * kept), rel=1e-9)


def test_the_published_synapses_depress_and_facilitate():
    """Fig. 1: at 20 Hz the depressing synapse falls from pulse to pulse, the facilitating one rises."""
    falling = releases(sh.rule("tsodyks_markram", set="depressing_1998"), 0.05, 6)
    rising = releases(sh.rule("tsodyks_markram", set="facilitating_1998"), 0.05, 6)
    assert np.all(np.diff(falling) < 0)
    assert np.all(np.diff(rising) > 0)


def test_release_moves_the_membrane_as_the_resources_say():
    """EPSPs on a cell: the ratio of the second to the first is the paired-pulse ratio, to the membrane's own non-linearity."""
    rule, cell = sh.rule("tsodyks_markram", set="depressing_1998"), sh.cell("l23_pyramidal")
    pulses = np.array([2000, 7000])
    job = of_lanes(
        rule, cell, DT, 9000, np.zeros(1, dtype=np.int64), (pulses,), (np.zeros(0, dtype=np.int64),),
        initial={"w": np.array([0.05])}, sweeps=pulses - 1, sweep_steps=1000,
    )  # fmt: skip
    v = carry_out(job).v[0]
    peaks = v.max(axis=1) - v[:, 0]
    assert peaks[1] / peaks[0] == pytest.approx(1 - 0.5 * np.exp(-500 / 800), rel=0.01)
