"""Shouval, Bear & Cooper (2002), 10.1073/pnas.152343099, Fig. 3: pairing with a clamped potential, and spike timing.

One hundred presynaptic spikes at 1 Hz; the synapse passes no current here (the paper's EPSP is 1 mV).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.cells import with_parameters
from spikeheb.expressions import tree as t

RULE = sh.rule("shouval", set="hippocampus")
REST = 0.25
STEP = 2e-4
PULSES = 0.2 + np.arange(100.0)


def cell(**parameters):
    """CA1 with synapses that pass no current."""
    chosen = with_parameters(sh.cell("ca1_pyramidal"), parameters)
    return replace(chosen, receptors={name: replace(receptor, unit=0.0) for name, receptor in chosen.receptors.items()})


def held(millivolts):
    """Weight over initial weight after pairing with the cell resting at that potential, its threshold out of reach."""
    on = cell(E_L=f"{millivolts} mV", V_th="100 mV")
    return float(sh.replay(RULE, [PULSES], [[]], REST, on, dt=STEP)["w"][0]) / REST


def timed(milliseconds):
    delta_t = np.asarray(milliseconds) * 1e-3
    data = sh.replay(RULE, [PULSES] * len(delta_t), [PULSES + shift for shift in delta_t], REST, cell(), dt=STEP)
    return data["w"].values / REST


def test_figure_3a_pairing_has_three_regions():
    """No change below about -62.5 mV, depression up to -52.5 mV, potentiation from -50 mV on."""
    for millivolts in (-75, -65, -62.5):
        assert held(millivolts) == pytest.approx(1, abs=0.03)
    for millivolts in (-60, -57.5, -55, -52.5):
        assert held(millivolts) < 0.8
    for millivolts in (-50, -45, -30, -20):
        assert held(millivolts) > 1.5


def test_figure_3c_timing():
    """Depression at -30 < delta_t < -5 ms, potentiation at 0 < delta_t < 45 ms, then a second window of depression."""
    assert np.all(timed([-25, -20, -15, -10, -6]) < 0.95)
    assert np.all(timed([1, 10, 20, 30, 44]) > 1.2)
    assert np.all(timed([60, 70, 80, 90, 100]) < 0.7)
    np.testing.assert_allclose(timed([-100, -60, -40, 200]), 1, atol=0.02)


@pytest.mark.xfail(reason="here the second window is 52 to 140 ms: with the values at hand calcium falls later than in Fig. 3c")
def test_figure_3c_the_second_window_is_from_45_to_100_ms():
    assert np.all(timed([48, 50]) < 1)
    np.testing.assert_allclose(timed([110, 120]), 1, atol=0.05)


def test_figure_3b_the_presynaptic_rate_gives_a_curve_like_bcms():
    """900 pulses through 8 nS, an EPSP of some 7 mV that does not change: nothing at 0.5 Hz, depression, then potentiation."""
    chosen = with_parameters(sh.cell("ca1_pyramidal"), {"V_th": "100 mV"})
    on = replace(chosen, receptors={name: replace(receptor, unit=8e-9) for name, receptor in chosen.receptors.items()})
    rule = replace(RULE, efficacy=t.ONE)
    ratios = [float(sh.replay(rule, [0.2 + np.arange(900) / rate], [[]], REST, on, dt=5e-4)["w"][0]) / REST for rate in (0.5, 5, 10, 20)]
    assert ratios[0] == pytest.approx(1, abs=0.1)
    assert ratios[1] < 0.6
    assert ratios[2] > 1.5
    assert ratios[3] > ratios[2]


def test_omega_at_the_published_points():
    """Rest 0.25, half a fall at alpha_1, nothing between, half a rise at alpha_2, 1 above."""
    p = RULE.constants
    calcium = np.array([0.2, 0.35, 0.45, 0.55, 0.7])

    def rise(threshold):
        return 1 / (1 + np.exp(-p["slope"] * (calcium - threshold)))

    omega = 0.25 + rise(p["alpha_2"]) - 0.25 * rise(p["alpha_1"])
    np.testing.assert_allclose(omega, [0.25, 0.125, 0.0, 0.5, 1.0], atol=1e-3)


def test_without_calcium_the_weight_stays_for_hours():
    p = RULE.constants
    assert p["P_1"] / p["P_2"] + p["P_4"] == pytest.approx(3 * 3600, rel=0.1)
