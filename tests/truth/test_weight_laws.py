"""Weight dependences of the pair rule: Morrison, Aertsen & Diesmann (2007), 10.1162/neco.2007.19.6.1437 (power law), and
Gilson & Fukai (2011), 10.1371/journal.pone.0025339 (log-STDP).

Under independent Poisson trains the drift is nu_pre*nu_post*(F_plus A_plus tau_plus - F_minus A_minus tau_minus).
"""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh

RATE, DURATION, LANES = 10.0, 20.0, 400


def dependence(rule, w):
    """F_plus and F_minus without noise."""
    p = rule.constants
    if rule.set == "morrison":
        return w ** p["mu"], w
    ratio = w / p["J_0"]
    falling = ratio if ratio <= 1 else 1 + np.log(1 + p["alpha"] * (ratio - 1)) / p["alpha"]
    return np.exp(-ratio / p["beta"]), falling


def drift(rule, w):
    """Weight a second."""
    p = rule.constants
    rise, fall = dependence(rule, w)
    return RATE**2 * (rise * p["A_plus"] * p["tau_plus"] - fall * p["A_minus"] * p["tau_minus"])


def simulated(rule, w0, seed=1):
    """Mean change of the weight a second under independent trains, and its standard error."""
    rng = np.random.default_rng(seed)
    steps = int(DURATION * 1e4)
    pre, post = ([np.unique(rng.integers(0, steps, rng.poisson(RATE * DURATION))) * 1e-4 for _ in range(LANES)] for _ in range(2))
    change = (sh.replay(rule, pre, post, w0, seed=seed)["w"].values - w0) / DURATION
    return change.mean(), change.std() / np.sqrt(LANES)


def test_the_power_law_has_its_equilibrium_where_derived():
    """(tau_plus/(alpha tau_minus))**(1/(1 - mu)) = 39.6 w_0."""
    rule = sh.rule("pair", set="morrison")
    equilibrium = (1 / 0.11) ** (1 / 0.6)
    assert equilibrium == pytest.approx(39.6, abs=0.05)
    assert drift(rule, equilibrium) == pytest.approx(0, abs=1e-9)
    assert drift(rule, 0.8 * equilibrium) > 0 > drift(rule, 1.2 * equilibrium)


@pytest.mark.parametrize(("name", "w0"), [("morrison", 10.0), ("morrison", 39.6), ("morrison", 80.0)])
def test_simulated_drift_of_the_power_law(name, w0):
    """With amplitudes a tenth as large, so that the weight stays where the drift is evaluated."""
    rule = sh.rule("pair", set=name, A_plus=0.01, A_minus=0.0011)
    mean, error = simulated(rule, w0)
    assert mean == pytest.approx(drift(rule, w0), abs=4 * error + 0.03 * abs(drift(rule, w0)))


@pytest.mark.parametrize("ratio", [0.5, 1.0, 4.0])
def test_simulated_drift_of_log_stdp(ratio):
    rule = sh.rule("pair", set="log_stdp", A_plus=5e-4, A_minus=2.5e-4)
    w0 = ratio * rule.constants["J_0"]
    mean, error = simulated(rule, w0)
    assert mean == pytest.approx(drift(rule, w0), abs=4 * error + 0.03 * abs(drift(rule, w0)))


def test_log_stdp_stands_near_J_0_and_depresses_strong_weights_less_than_in_proportion():
    rule = sh.rule("pair", set="log_stdp")
    J_0 = rule.constants["J_0"]
    assert drift(rule, 0.9 * J_0) > 0 > drift(rule, 1.1 * J_0)
    assert dependence(rule, J_0 * (1 + 1e-9))[1] == pytest.approx(1)
    assert dependence(rule, 10 * J_0)[1] < 2


def test_the_signs_of_the_other_pair_rules():
    """Anti-Hebbian, Mishra's symmetric potentiation (178 and 159 % at +10 and -10 ms), depression in both orders."""
    names = sh.rule("signed_pair").sets
    changes = {name: sh.window(sh.rule("signed_pair", set=name), [-0.01, 0.01], pairs=300)["change"].values for name in names}
    assert changes["anti_hebbian"][1] < 0 < changes["anti_hebbian"][0]
    np.testing.assert_allclose(changes["symmetric"], [0.593, 0.780], atol=1e-3)
    assert np.all(changes["symmetric_ltd"] < 0)
