"""Zenke, Agnes & Gerstner (2015), 10.1038/ncomms7922: what the parts of the rule do by themselves and together.

For independent Poisson trains the weight at its reference drifts by
nu_pre*(A*tau_plus*tau_slow*nu**2 - B*tau_minus*nu + delta) a second.
"""

from __future__ import annotations

import numpy as np
import pytest
from circuits_by_hand import of_lanes

import spikeheb as sh
from spikeheb.engines.choice import carry_out

DT = 1e-3
NONE = np.zeros(0, dtype=np.int64)


def run(rule, pre, post, steps, **initial):
    """Variables of every lane at the end, from trains of steps of 1 ms."""
    start = {name: np.full(len(pre), value) for name, value in initial.items()}
    job = of_lanes(rule, None, DT, steps, np.arange(len(pre)), tuple(pre), tuple(post), initial=start)
    return carry_out(job).variables


def poisson(rng, lanes, rate, steps):
    return [np.flatnonzero(rng.random(steps) < rate * DT) for _ in range(lanes)]


def means(values, nu_pre, nu):
    """Mean traces z_plus at a postsynaptic spike, z_slow there, z_minus at a presynaptic one; exact for steps of 1 ms.

    A tie counts for z_plus (the presynaptic side acts first) and not for the others.
    """
    kept = {name: np.exp(-DT / values[name]) for name in ("tau_plus", "tau_slow", "tau_minus")}
    return (
        nu_pre * DT / (1 - kept["tau_plus"]),
        nu * DT * kept["tau_slow"] / (1 - kept["tau_slow"]),
        nu * DT * kept["tau_minus"] / (1 - kept["tau_minus"]),
    )


def hebbian_drift(values, nu_pre, nu):
    """Change a second of a weight that stands at its reference."""
    plus, slow, minus = means(values, nu_pre, nu)
    return values["A"] * nu * plus * slow - nu_pre * (values["B"] * minus - values["delta"])


def test_the_drift_changes_sign_twice():
    """By the transmitter up to 1.1 Hz, by triplets from 8.9 Hz on; between the two the pairs win."""
    values = sh.rule("zenke").constants
    quadratic = [values["A"] * values["tau_plus"] * values["tau_slow"], -values["B"] * values["tau_minus"], values["delta"]]
    np.testing.assert_allclose(np.sort(np.roots(quadratic)), [5 - np.sqrt(15), 5 + np.sqrt(15)])
    assert [np.sign(hebbian_drift(values, 5.0, nu)) for nu in (0.9, 1.4, 8.0, 9.5)] == [1, -1, -1, 1]


@pytest.mark.parametrize("nu", [0.4, 4.0, 16.0])
def test_the_drift_at_the_reference_follows_the_closed_form(nu):
    """The heterosynaptic part is off, so that nothing but the three others moves the weight."""
    rule = sh.rule("zenke", beta=0, tau_cons="1e9 s", bounds="none")
    rng, lanes, steps, nu_pre = np.random.default_rng(7), 40, 200_000, 20.0
    pre, post = poisson(rng, lanes, nu_pre, steps), poisson(rng, lanes, nu, steps)
    rates = (run(rule, pre, post, steps, w=1.0, w_ref=1.0)["w"] - 1) / (steps * DT)
    expected, error = hebbian_drift(rule.constants, nu_pre, nu), rates.std(ddof=1) / np.sqrt(lanes)
    assert error < 0.12 * abs(expected)
    assert rates.mean() == pytest.approx(expected, abs=3 * error)


def test_a_burst_without_input_pulls_strong_synapses_down_and_weak_ones_up():
    rule = sh.rule("zenke", tau_cons="1e9 s")
    burst = [np.arange(100, 300, 10)]
    strong = run(rule, [NONE], burst, 400, w=1.0, w_ref=0.25)["w"][0]
    weak = run(rule, [NONE], burst, 400, w=0.01, w_ref=0.25)["w"][0]
    assert 0.25 < strong < 0.9
    assert 0.1 < weak < 0.25


def test_one_burst_follows_the_recursion():
    rule = sh.rule("zenke", tau_cons="1e9 s")
    kept, w, z = np.exp(-0.01 / rule.constants["tau_minus"]), 1.0, 0.0
    for _ in range(20):
        w -= rule.constants["beta"] * (w - 0.25) * z**3
        z = (z + 1) * kept
    weight = run(rule, [NONE], [np.arange(100, 300, 10)], 400, w=1.0, w_ref=0.25)["w"][0]
    assert weight == pytest.approx(w, abs=1e-9)


@pytest.mark.parametrize("start", [0.02, 2.0])
def test_a_high_rate_leads_to_one_weight_from_either_side(start):
    """40 Hz on both sides: triplets raise the weight, the heterosynaptic pull holds it just above the reference."""
    rng, lanes, steps = np.random.default_rng(11), 40, 20_000
    pre, post = poisson(rng, lanes, 40.0, steps), poisson(rng, lanes, 40.0, steps)
    pulled = run(sh.rule("zenke", tau_cons="1e9 s"), pre, post, steps, w=start, w_ref=0.25)["w"]
    free = run(sh.rule("zenke", tau_cons="1e9 s", beta=0, bounds="none"), pre, post, steps, w=start, w_ref=0.25)["w"]
    assert 0.25 < pulled.mean() < 0.32
    assert np.all(free - start > 0.6)


@pytest.mark.parametrize(("start", "end"), [(0.2, 0.0), (0.3, 0.5), (0.05, 0.0), (0.48, 0.5)])
def test_consolidation_has_two_wells(start, end):
    """Bursts alone hold the weight to its reference, which slides to the nearer well; sped up 200 times."""
    rule = sh.rule("zenke", tau_cons="6 s")
    steps = 60_000
    bursts = (np.arange(0, steps, 500)[:, None] + np.arange(0, 60, 6)).ravel()
    variables = run(rule, [NONE], [bursts], steps, w=start, w_ref=start)
    assert variables["w_ref"][0] == pytest.approx(end, abs=0.01)
    assert variables["w"][0] == pytest.approx(end, abs=0.02)


def test_a_memory_outlives_hours_of_background_at_one_hertz():
    """Four hours with independent trains of 1 Hz: a consolidated weight keeps more than 90 % of its distance from a weak one."""
    rng, steps = np.random.default_rng(3), 4 * 3600 * 200
    rule = sh.rule("zenke")
    trains = [tuple(np.flatnonzero(rng.random(steps) < 1.0 * 5e-3) for _ in range(2)) for _ in range(2)]
    start = {"w": np.array([0.5, 0.5, 0.0, 0.0]), "w_ref": np.array([0.5, 0.5, 0.0, 0.0])}
    job = of_lanes(rule, None, 5e-3, steps, np.arange(4), (*trains[0], *trains[0]), (*trains[1], *trains[1]), initial=start)
    w = carry_out(job).variables["w_ref"]
    assert w[:2].min() - w[2:].max() > 0.45


def test_the_homeostatic_scheme_scales_depression_by_the_square_of_the_slow_rate():
    post_first = ([np.array([1000])], [np.array([990])])
    changes = {}
    for interaction, rate in (("fixed", 10.0), ("homeostatic", 10.0), ("homeostatic", 20.0)):
        rule = sh.rule("zenke", interaction=interaction, delta=0)
        w = run(rule, *post_first, 1200, w=1.0, z_hom=rate * rule.constants["tau_hom"])["w"][0]
        changes[interaction, rate] = w - 1
    assert changes["homeostatic", 10.0] == pytest.approx(changes["fixed", 10.0], rel=2e-3)
    assert changes["homeostatic", 20.0] == pytest.approx(4 * changes["fixed", 10.0], rel=2e-3)
