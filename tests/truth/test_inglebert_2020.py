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
