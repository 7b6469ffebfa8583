"""Where nothing happened to the weights, the result says so and why."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.studies.changes import Events, change_note, rejection_note

PAIR = sh.rule("pair")
BOTH = Events(np.array([5, 5]), np.array([5, 5]))
FLAT = np.full((2, 3), 0.5)


@pytest.mark.parametrize(
    ("rule", "before", "events", "reason"),
    [
        (PAIR, FLAT, Events(np.zeros(2), np.array([5, 5])), "no presynaptic spikes"),
        (PAIR, FLAT, Events(np.array([5, 5]), np.zeros(2)), "no postsynaptic spikes"),
        (PAIR, FLAT, Events(np.array([5, 5]), np.zeros(2), has_cell=True), "the cell did not fire"),
        (PAIR, np.ones((2, 3)), BOTH, "start at a bound"),
        (PAIR, np.zeros((2, 3)), BOTH, "start at a bound"),
        (sh.rule("pair", A_plus=0, A_minus=0), FLAT, BOTH, "A_plus = 0, A_minus = 0"),
        (sh.rule("pair", A_plus=0), FLAT, BOTH, "A_plus = 0, so that there is no such change"),
        (sh.rule("covariance_reward"), FLAT, BOTH, "waits for a reward"),
        (sh.rule("tsodyks_markram"), FLAT, BOTH, "no line that moves the weight"),
        (sh.rule("clopath"), FLAT, BOTH, "thresholds"),
    ],
)
def test_the_likeliest_reason(rule, before, events, reason):
    note = change_note(rule, before, before, events)
    assert note.startswith("none of 6 weights changed; ")
    assert reason in note


def test_only_some_changed():
    after = FLAT.copy()
    after[0] += 0.1
    note = change_note(PAIR, FLAT, after, Events(np.array([5, 5]), np.array([5, 0])))
    assert note == "3 of 6 weights changed; there are no postsynaptic spikes"
    assert change_note(PAIR, FLAT, FLAT + 0.1, BOTH) == ""


def test_weights_that_end_at_a_bound():
    after = np.array([[1.0, 0.9, 0.0], [0.6, 0.6, 0.6]])
    assert change_note(PAIR, FLAT, after, BOTH).startswith("2 of 6 weights ended at a bound (w_min = 0, w_max = 1)")


def test_all_sweeps_rejected():
    assert rejection_note(np.zeros(3, dtype=bool)) == ""
    assert "2 of 3 conditions" in rejection_note(np.array([True, True, False]))
    assert "all conditions" in rejection_note(np.ones(3, dtype=bool))


def test_every_study_says_it():
    silent = {"pre": [[0.1], [0.2]], "post": [[], []]}
    assert "none of 2 weights changed; there are no postsynaptic spikes" in sh.replay("pair", **silent).attrs["note"]
    assert "none of 1 weights changed; they start at a bound" in sh.window("pair", [0.01], w0=1.0).attrs["note"]
    data = sh.run("pairing", sh.rule("pair", A_plus=0, A_minus=0), test_pulses=False, delta_t="5 ms, 10 ms")
    assert "none of 2 weights changed; what each spike adds is multiplied by 0" in data.attrs["note"]
    assert "note" not in sh.window("pair", [0.01]).attrs


def test_a_single_draw_is_no_mean():
    rule = sh.rule("graupner_brunel", set="DP")
    assert "single draw" in sh.replay(rule, [0.1], [0.11]).attrs["note"]


def test_a_cell_that_fires_at_every_pulse_leaves_no_ratio():
    data = sh.run("pairing", "triplet", copies=60, delta_t="10 ms", pairs=5, baseline="2 min", follow_up="4 min", test_interval="20 s")
    assert np.isnan(data["epsp_ratio"]).all()
    assert "rejected because the cell fired" in data.attrs["note"]


def test_a_synapse_that_transmits_nothing_before_has_no_ratio():
    times = {"baseline": "1 min", "follow_up": "2 min", "test_interval": "20 s"}
    data = sh.run("pairing", "pair", w0=0.0, delta_t="10 ms", pairs=5, **times)
    assert float(data["epsp_before"][0]) == 0
    assert np.isnan(data["epsp_ratio"]).all()
    assert "in all conditions there is no EPSP before the induction" in data.attrs["note"]
