"""Clopath, Büsing, Vasilaki & Gerstner (2010), 10.1038/nn.2479: Fig. 2b (frequency) and Fig. 1h (voltage clamp).

The authors' program (ModelDB 144566) steps by 1 ms with Euler's method, adds 0.0805 pA of adaptation a spike, reads the
filtered voltages a step later than it says, lets synapses learn without passing current, and gives 15 bursts of 5 pairs
every 10 s (0.1 Hz: 10 times 5 pairs). Its trains at -10 ms have a sixth postsynaptic spike. w = 0.5 at the start.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import of_lanes

import spikeheb as sh
from spikeheb.cells import with_parameters
from spikeheb.circuits.drives import Change
from spikeheb.circuits.steps import NO_STEPS
from spikeheb.engines.choice import carry_out
from spikeheb.theory import clopath as theory

STEP = 1e-3
FREQUENCIES = (0.1, 10, 20, 40, 50)
START = 10
"""Steps before the first train."""


def authors_cell(**parameters):
    """The cell with the authors' method and adaptation, whose synapses pass no current."""
    cell = with_parameters(sh.cell("l5_clopath"), {"b": "0.0805 pA", **parameters})
    silent = {name: replace(receptor, unit=0.0) for name, receptor in cell.receptors.items()}
    return replace(cell, method="euler", receptors=silent)


def authors_trains(frequency, delta_t):
    """Presynaptic and postsynaptic spike times; `delta_t` in ms.

    A spike that is forced on the program's cell stands at its peak in the same step, an imposed one here in the next.
    """
    period = round(1000 / frequency)
    length = 5 * period + abs(delta_t) + 1
    pre = np.arange(abs(delta_t), length - 1, period)
    post = np.arange(abs(delta_t) + delta_t, length, period)
    starts = np.arange(10 if frequency == 0.1 else 15)[:, None] * max(length, 10_000)
    pre, post = (starts + pre).ravel(), (starts + post).ravel()
    post = post[post >= 3]  # its loop begins with the fourth step
    return (pre + START) * STEP, (post + START - 1) * STEP


def percent(delta_t, cell, frequencies=FREQUENCIES, **choices):
    rule = sh.rule("clopath", **{"set": "visual_cortex", "late": "4 ms", **choices})
    trains = [authors_trains(frequency, delta_t) for frequency in frequencies]
    data = sh.replay(rule, [pre for pre, _ in trains], [post for _, post in trains], 0.5, cell, dt=STEP)
    return 100 * data["w"].values / 0.5


def test_figure_2b_pre_before_post():
    np.testing.assert_allclose(percent(10, authors_cell()), [100.0, 102.9, 115.7, 146.3, 165.0], rtol=0, atol=0.05)


def test_figure_2b_post_before_pre():
    """What a transcription of the program into numpy gives."""
    np.testing.assert_allclose(percent(-10, authors_cell()), [71.686, 59.618, 60.511, 117.776, 173.557], rtol=0, atol=0.06)


def test_reading_the_filtered_voltages_without_delay_potentiates_isolated_pairs():
    """A pair at 0.1 Hz changes nothing unless the filters have seen the spike already."""
    assert percent(10, authors_cell(), (0.1,))[0] == pytest.approx(100.0, abs=1e-3)
    assert percent(10, authors_cell(), (0.1,), late="1 ms")[0] > 120


def test_adaptation_as_the_source_paper_has_it_lowers_fifty_hertz():
    assert percent(10, authors_cell(b="80.5 pA"), (50,))[0] == pytest.approx(143.7, abs=0.2)


def clamped(rule, millivolts, spikes=25, w0=1.0):
    return 100 * (w0 + spikes * theory.clamped_change(rule.constants, np.asarray(millivolts) * 1e-3)) / w0


def test_figure_1h_voltage_clamp():
    rule = sh.rule("clopath", set="visual_cortex")
    assert clamped(rule, -45.3) == pytest.approx(91.1, abs=0.2)
    assert clamped(rule, -26.5) == pytest.approx(250.4, abs=0.2)
    grid = np.linspace(-80, -20, 601)
    assert grid[np.argmin(clamped(rule, grid))] == pytest.approx(-45.3, abs=0.11)
    assert clamped(rule, theory.reversal(rule.constants) * 1e3) == pytest.approx(100)


def test_the_rate_at_which_depression_turns_into_potentiation():
    assert theory.reversal_rate(sh.rule("clopath", set="visual_cortex").constants) == pytest.approx(14.6, abs=0.05)


def test_figure_1h_clamped_in_the_laboratory():
    """The same through the engine: 25 presynaptic spikes every 0.5 s onto cells held from the start."""
    rule, cell, potentials = sh.rule("clopath", set="visual_cortex"), sh.cell("l5_clopath"), (-0.0453, -0.0265)
    pre = np.arange(1, 26) * 5000
    job = of_lanes(
        rule, cell, 1e-4, int(pre[-1]) + 5000, np.arange(2), (pre, pre), (NO_STEPS, NO_STEPS), initial={"w": np.ones(2)},
        clamps=tuple(Change(lane, 0, potential) for lane, potential in enumerate(potentials)),
    )  # fmt: skip
    np.testing.assert_allclose(100 * carry_out(job).w, [91.1, 250.4], rtol=0, atol=0.2)


def test_the_hippocampal_set_on_ngezahayos_five_points():
    """Ngezahayo et al. (2000), -40 to 0 mV, 100 pulses: each within two standard errors (digitised)."""
    ratio, sem = np.array([0.984, 0.627, 1.012, 1.710, 2.498]), np.array([0.107, 0.094, 0.108, 0.194, 0.292])
    ratios = clamped(sh.rule("clopath", set="hippocampus"), [-40, -30, -20, -10, 0], spikes=100) / 100
    np.testing.assert_allclose(ratios, [0.962, 0.758, 0.958, 1.558, 2.558], atol=1e-3)
    assert np.all(np.abs(ratios - ratio) < 2 * sem)
    assert clamped(sh.rule("clopath", set="hippocampus"), -45, spikes=100) == 100


def test_the_hippocampal_set_starts_where_its_paper_does():
    """The protocol on the library's cell, no weight given: the same numbers, and all five points within two standard errors."""
    data = sh.run("ngezahayo_2000", sh.rule("clopath", set="hippocampus"), "l5_clopath", test_pulses=False)
    np.testing.assert_allclose(data["efficacy_before"], 1.0)
    np.testing.assert_allclose(data["efficacy_ratio"], [0.962, 0.758, 0.958, 1.558, 2.558], atol=2e-3)
    assert sh.rule("clopath", set="visual_cortex").initial["w"] == sh.rule("clopath").initial["w"]


def test_the_homeostat_depresses_more_after_activity():
    """Interaction "homeostatic": the amplitude follows the average squared depolarisation."""
    trains = authors_trains(20, -10)
    weights = []
    for interaction in ("fixed", "homeostatic"):
        rule = sh.rule("clopath", set="visual_cortex", interaction=interaction, late="4 ms")
        weights.append(float(sh.replay(rule, [trains[0]], [trains[1]], 2.0, authors_cell(), dt=STEP)["w"][0]))
    assert weights[1] < weights[0]
