"""Bienenstock, Cooper & Munro (1982), 10.1523/JNEUROSCI.02-01-00032.1982: a threshold rate, and one that slides.

Independent trains; the triplet rule's threshold is Pfister & Gerstner's (2006, 10.1523/JNEUROSCI.1425-06.2006) BCM limit.
"""

from __future__ import annotations

import numpy as np
import pytest
from circuits_by_hand import of_lanes

import spikeheb as sh
from spikeheb.engines.choice import carry_out

DT = 1e-4


def uniform(rng, lanes, rate, duration):
    """Trains with exactly ``rate*duration`` spikes at independent uniform times."""
    return [np.sort(rng.choice(round(duration / DT), round(rate * duration), replace=False)) for _ in range(lanes)]


def drift(rule, nu, *, nu_pre=50.0, lanes=40, duration=500.0, seed=82, **initial):
    """Change of the weight a second, mean over lanes and its standard error."""
    rng = np.random.default_rng(seed)
    pre, post = uniform(rng, lanes, nu_pre, duration), uniform(rng, lanes, nu, duration)
    start = {"w": np.zeros(lanes), **{name: np.full(lanes, value) for name, value in initial.items()}}
    job = of_lanes(rule, None, DT, round(duration / DT), np.arange(lanes), tuple(pre), tuple(post), initial=start)
    rates = carry_out(job).w / duration
    return rates.mean(), rates.std(ddof=1) / np.sqrt(lanes)


def test_the_drift_changes_sign_within_one_percent_of_a_fixed_threshold():
    rule = sh.rule("bcm", interaction="fixed", bounds="none")
    rho_0 = rule.constants["rho_0"]
    assert drift(rule, 0.99 * rho_0)[0] < 0 < drift(rule, 1.01 * rho_0)[0]


@pytest.mark.parametrize("nu", [4.0, 20.0])
def test_the_drift_under_a_threshold_that_has_slid_follows_the_closed_form(nu):
    """A slow rate of mean nu has mean square nu**2 + nu/(2*tau_z); below rho_0 the weight rises, above it falls."""
    rule = sh.rule("bcm", interaction="sliding", bounds="none")
    values = rule.constants
    square = nu**2 + nu / (2 * values["tau_z"])
    expected = values["eta"] * 50.0 * values["tau_x"] * nu * values["tau_y"] * (nu - square / values["rho_0"])
    mean, error = drift(rule, nu, z=nu * values["tau_z"])
    assert np.sign(expected) == np.sign(values["rho_0"] - nu)
    assert error < 0.02 * abs(expected)
    assert mean == pytest.approx(expected, abs=3 * error + 0.01 * abs(expected))


def test_the_same_activity_potentiates_a_quiet_cell_and_depresses_a_busy_one():
    """Twelve hertz for five seconds, after a long time at 2 Hz or at 40 Hz."""
    rule = sh.rule("bcm", interaction="sliding", bounds="none")
    quiet, busy = (drift(rule, 12.0, duration=5.0, z=rate * rule.constants["tau_z"])[0] for rate in (2.0, 40.0))
    assert busy < 0 < quiet


def test_the_triplet_rule_has_its_threshold_at_nineteen_hertz():
    rule = sh.rule("triplet", set="visual_cortex_all_min", bounds="none")
    v = rule.constants
    threshold = (v["A2_minus"] * v["tau_minus"] - v["A2_plus"] * v["tau_plus"]) / (v["A3_plus"] * v["tau_plus"] * v["tau_y"])
    assert threshold == pytest.approx(19.2, abs=0.05)
    assert drift(rule, 0.98 * threshold)[0] < 0 < drift(rule, 1.02 * threshold)[0]
