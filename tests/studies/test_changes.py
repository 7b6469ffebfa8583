"""Where nothing happened to the weights, the result says so and why."""

from __future__ import annotations

import re

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.engines.compiler import compiler
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
        (sh.rule("pair", A_plus=0), FLAT, BOTH, "A_plus = 0, which makes the corresponding change 0"),
        (sh.rule("covariance_reward"), FLAT, BOTH, "waits for a reward"),
        (sh.rule("tsodyks_markram"), FLAT, BOTH, "no line of the rule changes the weight"),
        (sh.rule("clopath"), FLAT, BOTH, "thresholds"),
    ],
)
def test_the_likeliest_reason(rule, before, events, reason):
    note = change_note(rule, before, before, events)
    assert note.startswith("none of 6 weights changed; ")
    assert reason in note


def test_a_lane_without_a_reward_waits_for_one_whatever_the_others_got():
    data = sh.replay("izhikevich_reward", [[0.1], [0.1]], [[0.11], [0.11]], events=[[sh.Reward(0.12, 1.0)], []], w0=0.2)
    assert data.attrs["note"] == "1 of 2 weights changed; of the others: the rule waits for a reward, and none was given"


def test_only_some_changed():
    after = FLAT.copy()
    after[0] += 0.1
    note = change_note(PAIR, FLAT, after, Events(np.array([5, 5]), np.array([5, 0])))
    assert note == "3 of 6 weights changed; of the others: there are no postsynaptic spikes"
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


WEIGHTS = {
    "no postsynaptic spikes": ("pair", {"imposed": "0 Hz"}, "none of 10 weights changed; there are no postsynaptic spikes"),
    "no presynaptic spikes": ("pair", {"inputs": sh.poisson_inputs(10, "0 Hz")}, "none of 10 weights changed; there are no presynaptic"),
    "amplitudes of 0": (sh.rule("pair", A_plus=0, A_minus=0), {}, "none of 10 weights changed; what each spike adds is multiplied by 0"),
    "at the bound": (
        sh.rule("pair", A_minus=0),
        {"w0": 1.0},
        r"none of 10 weights changed; they start at a bound \(w_min = 0, w_max = 1\)",
    ),
    "no reward": ("izhikevich_reward", {}, "none of 10 weights changed; the rule waits for a reward, and none was given"),
    "no plasticity": ("tsodyks_markram", {}, "none of 10 weights changed; no line of the rule changes the weight"),
    "normalised": (
        "pair",
        {"inputs": sh.poisson_inputs(1), "normalise": "divisive"},
        "none of 1 weights changed; normalisation undoes what the rule changes",
    ),
    "silent cell": ("pair", {"cell": "l5_pyramidal", "imposed": None}, "none of 10 weights changed; the cell did not fire"),
}


@pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
@pytest.mark.parametrize("name", WEIGHTS)
def test_a_study_of_weights_in_which_nothing_happened_says_why(name):
    rule, changes, expected = WEIGHTS[name]
    options = {"cell": None, "inputs": sh.poisson_inputs(10), "imposed": "20 Hz", "duration": "2 s", "seeds": 1, "snapshots": 8}
    data = sh.weights(rule, **(options | changes))
    assert re.search(expected, data["note"].values[0, 0])
    assert data["settled"].values[0, 0] == "cannot tell"


@pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
def test_weights_of_inputs_without_spikes_are_counted_apart_from_those_that_changed():
    """Two of five inputs are silent; a weight that goes and comes back, as at its bound, has changed."""
    inputs = sh.Inputs((sh.Poisson(np.array([40.0, 40.0, 40.0, 0.0, 0.0])),))
    options = {"imposed": "20 Hz", "duration": "20 s", "seeds": 1, "snapshots": 40}
    note = sh.weights("pair", None, inputs, **options)["note"].values[0, 0]
    assert note.startswith("3 of 5 weights changed; of the others: there are no presynaptic spikes")
    up = sh.weights(sh.rule("pair", A_minus=0.001), None, sh.poisson_inputs(5, "40 Hz"), w0=1.0, **options)
    assert (up["near_high"] > 0).all()
    assert up["note"].values[0, 0] == ""
