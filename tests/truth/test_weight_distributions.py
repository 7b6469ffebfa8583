"""Where weights settle: Gütig et al. (2003), 10.1523/JNEUROSCI.23-09-03697.2003; Morrison, Aertsen & Diesmann (2007),
10.1162/neco.2007.19.6.1437; van Rossum, Bi & Turrigiano (2000), 10.1523/JNEUROSCI.20-23-08812.2000; Gilson & Fukai (2011),
10.1371/journal.pone.0025339.

Independent Poisson inputs and imposed Poisson postsynaptic spikes, 15 Hz both; 2 seeds x 16 cells x 200 synapses. Time steps of 10
microseconds where a hundredth matters: at 0.1 ms spikes that coincide shift the balance of LTP and LTD by half a per cent.
"""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.engines.compiler import compiler
from spikeheb.theory.drift import stationary

pytestmark = [pytest.mark.slow, pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")]
TAUS = {"tau_plus": "20 ms", "tau_minus": "20 ms"}
RANGE = 0.03
"""How far simulation and theory may be apart, as a share of the range (Wasserstein)."""


def settled(rule, duration, dt="0.1 ms"):
    result = sh.weights([rule], None, sh.poisson_inputs(200), duration, 2, imposed="15 Hz", cells=16, dt=dt)
    assert result["stationary"].all()
    return result


def gutig(mu):
    bounds = {"kind": "power", "mu_plus": mu, "mu_minus": mu, "w_min": 0, "w_max": 1}
    return sh.rule("pair", A_plus=0.005, A_minus=0.005 * 1.05, bounds=bounds, **TAUS)


@pytest.mark.parametrize(
    ("mu", "expected", "tolerance", "duration"),
    [
        (0.02, 0.136, 0.003, "4000 s"),
        pytest.param(0.1, 0.380, 0.02 * 0.380, "1500 s", marks=pytest.mark.full),
        pytest.param(0.5, 0.476, 0.02 * 0.476, "600 s", marks=pytest.mark.full),
        (1.0, 0.488, 0.02 * 0.488, "600 s"),
    ],
)
def test_gutigs_mean_weights(mu, expected, tolerance, duration):
    result = settled(gutig(mu), duration, "0.01 ms")
    assert float(result["weight"].mean()) == pytest.approx(expected, abs=tolerance)
    assert float(result["theory_distance"].max()) < RANGE


@pytest.mark.parametrize("mu", [0.02, 0.1, 0.5, 1.0])
def test_the_histogram_is_that_of_the_fokker_planck_equation(mu):
    """The coincidences of the time step are in the theory."""
    result = settled(gutig(mu), "4000 s" if mu < 0.1 else "1500 s")
    assert float(result["theory_distance"].max()) < RANGE


def test_the_additive_rule_under_independent_spikes_falls_to_zero():
    rule = sh.rule("pair", set="additive", A_plus=0.005, A_minus=0.00525, **TAUS)
    result = settled(rule, "1500 s", "0.01 ms")
    assert float(result["near_low"].mean()) > 0.6
    assert float(result["theory_distance"].max()) < RANGE


def test_morrisons_weights_gather_at_the_fixed_point():
    """39.6 w_0 with alpha = 0.11, mu = 0.4."""
    result = settled(sh.rule("pair", set="morrison", **TAUS), "400 s", "0.01 ms")
    w = result["weight"].values * 0.5  # w/w0 with w0 = 0.5
    assert w.mean() == pytest.approx((1 / 0.11) ** (1 / 0.6), rel=0.03)
    assert float(result["dip_p"].min()) > 0.01


def test_log_stdp_has_a_long_tail_when_it_learns_fast():
    """Fig. 2: unimodal with its mode near J_0, skewed to the right; ten times the amplitudes of the set."""
    result = settled(sh.rule("pair", set="log_stdp", A_plus=0.05, A_minus=0.025), "300 s")
    w = result["weight"].values.ravel()
    assert float(result["skew"].min()) > 0.5
    assert np.quantile(w, 0.99) - np.median(w) > 1.3 * (np.median(w) - np.quantile(w, 0.01))
    assert np.median(w) == pytest.approx(1, abs=0.05)


def test_van_rossums_weights_are_wide_with_their_noise_and_narrow_without():
    """sd 86 pS at a mean of 333 pS (w = 1 is 100 pS) with multiplicative noise, 13 pS without."""
    noisy = settled(sh.rule("pair", set="van_rossum", **TAUS), "1000 s")["weight"].values * 50
    bounds = {"kind": "law", "F_plus": "1", "F_minus": "w", "w_min": 0}
    plain = settled(sh.rule("pair", set="van_rossum", bounds=bounds, **TAUS), "1000 s")["weight"].values * 50
    assert noisy.mean() == pytest.approx(333, rel=0.02)
    assert noisy.std() == pytest.approx(86, rel=0.05)
    assert plain.std() == pytest.approx(13, rel=0.05)
    theory = stationary(sh.rule("pair", set="van_rossum", **TAUS), 15, 15, dt=1e-4)
    assert noisy.std() == pytest.approx(100 * theory.sd, rel=0.04)
