"""Inglebert, Aljadeff, Brunel & Debanne (2020), 10.1073/pnas.2013663117: directions at several external calcium concentrations.

The calcium-scaled rule was fitted here to the rows with single postsynaptic spikes; the rows with bursts are predictions.
"""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.theory import graupner_brunel as theory

SINGLE = [
    (3.0, 10, "LTP"), (3.0, -25, "LTD"), (3.0, 50, "LTD"), (2.5, 10, "LTP"), (2.5, -25, "LTD"), (1.8, 10, "LTD"), (1.8, -25, "LTD"),
    (1.5, 10, "none"), (1.5, -25, "none"), (1.3, 10, "none"), (1.3, -25, "none"),
]  # fmt: skip


def at(calcium):
    return sh.rule("graupner_brunel_scaled", set="hippocampal_slices", Ca=f"{calcium} mM")


def change(calcium, delta_t, spikes=1):
    """Mean efficacy after 100 pairings (150 with the postsynaptic spike first) at 0.3 Hz, bursts at 50 Hz."""
    post = [delta_t * 1e-3 + n / 50 for n in range(spikes)]
    pairings = 100 if delta_t > 0 else 150
    return theory.outcome(theory.at_external_calcium(at(calcium).constants), [0.0], post, 1 / 0.3, pairings).change


def direction(value):
    return "LTP" if value > 1.1 else "LTD" if value < 0.9 else "none"


@pytest.mark.parametrize(("calcium", "delta_t", "published"), SINGLE)
def test_single_spikes_as_fitted(calcium, delta_t, published):
    assert direction(change(calcium, delta_t)) == published


def test_at_the_lowest_calcium_bursts_of_three_do_nothing():
    """Held out."""
    assert direction(change(1.3, 10, spikes=3)) == "none"


@pytest.mark.xfail(
    reason="held out: at 1.8 mM the scaled rule depresses with every burst, where 2 spikes did nothing and 3 or 4 potentiated"
)
@pytest.mark.parametrize(("spikes", "published"), [(2, "none"), (3, "LTP"), (4, "LTP")])
def test_bursts_bring_potentiation_back(spikes, published):
    assert direction(change(1.8, 10, spikes)) == published


@pytest.mark.parametrize("calcium", [1.8, 3.0])
def test_simulated_synapses_follow_the_analytic_form(calcium):
    rule, runs, pre = at(calcium), 2000, 0.1 + np.arange(100) / 0.3
    up = np.mean(sh.replay(rule, [pre] * runs, [pre + 0.01] * runs, 0.0, dt=2e-4, seed=2)["w"].values > 0.5)
    expected = theory.outcome(theory.at_external_calcium(rule.constants), [0.0], [0.01], 1 / 0.3, 100).up
    assert up == pytest.approx(expected, abs=0.045)


@pytest.fixture(scope="module")
def session():
    return sh.run("inglebert_2020", "graupner_brunel_scaled", test_pulses=False)


def test_the_session_counts_the_readout_and_says_where_the_efficacy_has_not_settled(session):
    """At 3 mM and -25 ms the mean efficacy is up 1 s after the induction, while the share of strong synapses is down, as published."""
    data = session
    assert data.attrs["counted"] == "readout"
    rows = [
        np.flatnonzero((data.external_calcium == ca) & (data.delta_t == ms * 1e-3) & (data.pattern == "1 AP"))[0] for ca, ms, _ in SINGLE
    ]
    expected = [change(ca, ms) for ca, ms, _ in SINGLE]
    np.testing.assert_array_less(np.abs(data.readout_ratio.values[rows] - expected), 4 * data.readout_ratio_sem.values[rows] + 0.03)
    assert list(data.published_outcome.values[rows]) == [published for _, _, published in SINGLE]
    up = data.efficacy_ratio.values[rows][1]
    assert up > 1.05
    assert data.readout_ratio.values[rows][1] < 0.9
    assert "efficacy_ratio and readout_ratio have opposite directions" in data.attrs["note"]


def test_the_session_agrees_with_the_window(session):
    window = sh.window(at(3.0), [-0.025], pairs=150, frequency=0.3)
    difference = session.readout_ratio.values[1] - 1 - window.change.values[0]
    assert abs(difference) < 4 * np.hypot(session.readout_ratio_sem.values[1], window.change_sem.values[0])
